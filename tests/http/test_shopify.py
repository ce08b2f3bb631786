"""A store whose shop is Shopify: connected, checked, and everything that works on the sandbox works there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.http.shopify_store import SETTINGS, Connected, running
from tests.integrations.shopify_connected import tail
from tests.integrations.shopify_shop import DOMAIN, TOKEN, ShopifyShop
from tests.services.durable_fixtures import until
from tests.support.app import App

__all__ = ["SETTINGS"]


@pytest.fixture
def shop(app: App, specs: Path) -> Iterator[ShopifyShop]:
    with running(app, specs) as made:
        yield made


@pytest.fixture
def here(app: App, shop: ShopifyShop) -> Connected:
    return Connected(app, shop)


def test_a_connection_shows_what_it_can_and_a_check_what_it_may(here: Connected, shop: ShopifyShop):
    path = f"/v1/connections/{here.connection['id']}"
    shown = here.store.get(path).json()
    assert {"orders", "cancel", "returns", "exchanges", "refunds", "store_credit"} <= set(shown["capabilities"])
    assert (shown["families"], shown["config"]["shop"]) == (["commerce", "payments"], DOMAIN)
    told = here.store.post(f"{path}/check").json()
    assert (told["status"], {one["ok"] for one in told["checks"]}) == ("working", {True})
    shop.scopes = ("write_orders",)
    told = here.store.post(f"{path}/check").json()
    missing = {one["name"]: one["missing_permission"] for one in told["checks"] if not one["ok"]}
    assert told["status"] == "failing"
    assert missing["returns and exchanges"] == "read_returns, write_returns"
    assert "orders" not in missing
    assert TOKEN not in json.dumps(told)


@pytest.mark.parametrize(
    "domain", ["evil.example", "lamps.myshopify.com.evil.example", "127.0.0.1", "https://lamps.myshopify.com", ""]
)
def test_a_domain_that_is_no_shop_s_is_refused(app: App, domain: str):
    body = {"kind": "shopify", "name": "x", "config": {"shop": domain}, "credentials": {"access_token": TOKEN}}
    answer = app.store().post("/v1/connections", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == "/config/shop"


def test_an_order_is_read_there_by_number_and_by_id(here: Connected, shop: ShopifyShop):
    order = shop.order()
    shop.sent(order, delivered=True)
    shown = here.order()
    assert (shown["external_id"], shown["number"], shown["status"]) == (tail(order.id), "#1001", "delivered")
    assert here.order(tail(order.id))["id"] == shown["id"]
    assert here.store.get("/v1/orders/%239999").status_code == 404


def test_a_cold_order_is_one_call_however_many_ask(here: Connected, shop: ShopifyShop):
    shop.order()
    with ThreadPoolExecutor(10) as pool:
        shown = list(pool.map(lambda _: here.order()["number"], range(10)))
    assert set(shown) == {"#1001"}
    asked = [name for name, _ in shop.asked]
    assert asked[0] == "orders"
    assert len(asked) < 10  # what comes later may ask again: in this test nothing is young enough


def test_a_refund_as_store_credit_is_given_once(here: Connected, shop: ShopifyShop):
    order = shop.order()
    shop.sent(order, delivered=True)
    shop.faults.plan("POST", "storeCreditAccountCredit", "reset_after")
    body = {"order": "#1001", "amount": {"amount": 2000, "currency": "EUR"}, "reason": "damaged",
            "destination": {"type": "store_credit"}}  # fmt: skip
    refund = here.ok("/v1/refunds", body)
    until(lambda: here.store.get(f"/v1/refunds/{refund['id']}").json()["status"] == "succeeded")
    assert [one["amount"] for one in shop.mutations.effects("store_credit")] == ["20.00"]
    assert (shop.moved(order), here.order()["payments"][0]["refundable"]["amount"]) == (0, 13_000)


def test_a_dearer_item_cannot_be_charged_and_nothing_is_changed(here: Connected, shop: ShopifyShop):
    order = shop.order()
    dear = next(iter(shop.products.values())).variants[2]
    body = {"lines": [{"line_id": here.order()["lines"][0]["id"], "variant_id": tail(dear.id)}]}
    answer = here.store.post("/v1/orders/%231001/items", body, Prefer="wait=10")
    assert (answer.status_code, answer.json()["code"]) == (422, "payment_method_not_found")
    assert (order.edited, shop.mutations.ledger) == (False, [])


def test_an_order_is_canceled_and_its_money_goes_back_once(here: Connected, shop: ShopifyShop):
    order = shop.order()
    shown = here.ok("/v1/orders/%231001/cancel", {"reason": "no longer needed"})
    until(lambda: here.store.get(f"/v1/refunds/{shown['refund']}").json()["status"] == "succeeded")
    assert (order.cancelledAt is not None, shop.moved(order)) == (True, 15_000)
    assert len(shop.mutations.effects("cancel")) == len(shop.mutations.effects("refund")) == 1
    again = here.order()
    assert (again["status"], again["payments"][0]["refundable"]["amount"]) == ("canceled", 0)


@pytest.mark.parametrize("fault", ["reset_after", "error_after", "truncated", "reset_before"])
def test_a_refund_whose_answer_is_lost_is_made_once(here: Connected, shop: ShopifyShop, fault: str):
    order = shop.order()
    shop.sent(order, delivered=True)
    shop.faults.plan("POST", "refundCreate", fault)
    body = {"order": "#1001", "amount": {"amount": 2000, "currency": "EUR"}, "reason": "damaged"}
    refund = here.ok("/v1/refunds", body)
    until(lambda: here.store.get(f"/v1/refunds/{refund['id']}").json()["status"] == "succeeded")
    assert (shop.moved(order), len(shop.mutations.effects("refund"))) == (2000, 1)
    [payment] = here.order()["payments"]
    assert payment["refundable"]["amount"] == 13_000


def test_a_line_is_refunded_and_what_is_left_of_it_is_known(here: Connected, shop: ShopifyShop):
    order = shop.order()
    shop.sent(order, delivered=True)
    line = here.order()["lines"][0]
    refund = here.ok("/v1/refunds", {"order": "#1001", "lines": [{"line_id": line["id"], "quantity": 1}]})
    assert (refund["status"], shop.moved(order)) == ("succeeded", 5000)
    assert here.order()["lines"][0]["quantity"] == 2


def test_an_address_is_changed_before_it_ships_and_not_after(here: Connected, shop: ShopifyShop):
    order = shop.order()
    address = {"name": "Anna Keller", "address1": "Neue Straße 7", "city": "Köln", "postal_code": "50667",
               "country_code": "DE"}  # fmt: skip
    path = "/v1/orders/%231001/shipping-address"
    assert here.store.send("PUT", path, address, Prefer="wait=10").status_code == 200
    assert (order.shippingAddress or {})["zip"] == "50667"
    assert here.order()["shipping_address"]["city"] == "Köln"
    shop.sent(shop.order("#1002"))
    answer = here.store.send("PUT", path.replace("1001", "1002"), address)
    assert answer.status_code == 409, answer.text
    assert len(shop.mutations.effects("address")) == 1


def test_a_whole_line_is_swapped_and_the_order_reads_as_it_is_there(here: Connected, shop: ShopifyShop):
    order = shop.order()
    line, other = here.order()["lines"][0], next(iter(shop.products.values())).variants[1]
    body = {"lines": [{"line_id": line["id"], "variant_id": tail(other.id)}]}
    shown = here.ok("/v1/orders/%231001/items", body)
    assert shown["change"]["status"] == "succeeded"
    assert [(one.currentQuantity, one.variant) for one in order.lines[::2]] == [
        (0, order.lines[0].variant), (2, other),
    ]  # fmt: skip
    wanted = sorted([(tail(other.id), 2, 10_000), (tail(other.id), 1, 5000)])  # the line that is gone is none
    for lines in (shown["lines"], here.order()["lines"]):
        assert sorted((one["variant_id"], one["quantity"], one["total"]["amount"]) for one in lines) == wanted
    refund = here.store.post("/v1/refunds", {"order": "#1001", "lines": [{"line_id": line["id"], "quantity": 1}]})
    assert refund.json()["code"] == "item_not_in_order"
    assert len(shop.mutations.effects("edit")) == 1


def test_a_return_is_opened_there_and_closed_with_ours(here: Connected, shop: ShopifyShop):
    order = shop.order()
    shop.sent(order, delivered=True)
    line = here.order()["lines"][0]
    made = here.ok(
        "/v1/returns", {"order": "#1001", "lines": [{"line_id": line["id"], "quantity": 1, "reason": "damaged"}]}
    )
    until(lambda: order.back)
    assert order.back[0].lines[0].returnReasonNote.endswith(f":{made['rma']}]")
    here.ok(f"/v1/returns/{made['id']}/cancel")
    until(lambda: order.back[0].status == "CANCELED")


def test_an_exchange_is_a_return_with_what_goes_out(here: Connected, shop: ShopifyShop):
    order = shop.order()
    shop.sent(order, delivered=True)
    line, other = here.order()["lines"][0], next(iter(shop.products.values())).variants[1]
    body = {"order": "#1001", "lines": [{"line_id": line["id"], "variant_id": tail(other.id), "quantity": 1}]}
    here.ok("/v1/exchanges", body)
    until(lambda: order.back)
    assert (order.back[0].swaps[0]["variantId"], len(shop.mutations.effects("exchange"))) == (other.id, 1)


def test_a_shop_that_is_throttled_or_away_is_told_as_such(here: Connected, shop: ShopifyShop):
    shop.order()
    shop.level, shop.rate = 0.0, 0.5
    answer = here.store.get("/v1/orders/%231001")
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
    assert shop.mutations.ledger == []
