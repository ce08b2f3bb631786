"""What Shopify calls to tell us: of that shop and as its topic says, kept once, and looked up before it is believed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.http.shopify_store import SETTINGS, Connected, running
from tests.integrations.shopify_basics import new_id
from tests.integrations.shopify_connected import tail
from tests.integrations.shopify_shop import DOMAIN, SECRET, TOKEN, ShopifyShop
from tests.integrations.shopify_things import Refund
from tests.services.durable_fixtures import until
from tests.support.app import App

__all__ = ["SETTINGS"]
LIKE_A_CARD = "4242424242424242"
PRIVACY: dict[str, dict[str, Any]] = {
    "customers/data_request": {
        "shop_id": 954889, "shop_domain": DOMAIN, "orders_requested": [299938, 280263], "data_request": {"id": 9999},
        "customer": {"id": 191167, "email": "john@example.com", "phone": "555-625-1199"},
    },
    "customers/redact": {
        "shop_id": 954889, "shop_domain": DOMAIN, "orders_to_redact": [299938],
        "customer": {"id": 191167, "email": "john@example.com", "phone": "555-625-1199"},
    },
    "shop/redact": {"shop_id": 954889, "shop_domain": DOMAIN},
}  # fmt: skip


@pytest.fixture
def shop(app: App, specs: Path) -> Iterator[ShopifyShop]:
    with running(app, specs) as made:
        yield made


@pytest.fixture
def here(app: App, shop: ShopifyShop) -> Connected:
    return Connected(app, shop)


def samples(specs: Path, name: str, inside: str) -> list[dict[str, Any]]:
    """Bodies as Shopify's own recordings have them."""
    folder = specs / "specs" / "shopify" / "webhook-bodies-2026-07"
    told = [one["response"] for one in json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))]
    found = [one[inside] for one in told if isinstance(one, dict) and isinstance(one.get(inside), dict)]
    return [one for one in found if one.get("admin_graphql_api_id")]


def about(order: Any, **more: Any) -> dict[str, Any]:
    return {"id": int(tail(order.id)), "admin_graphql_api_id": order.id, "name": order.name, **more}


def refund_body(order: Any, refund: Any) -> dict[str, Any]:
    return {"id": int(tail(refund.id)), "order_id": int(tail(order.id)), "admin_graphql_api_id": refund.id,
            "note": refund.note}  # fmt: skip


@pytest.mark.parametrize("prefix", ["X-Shopify-", "Shopify-"])
def test_an_order_that_changed_there_changes_here(here: Connected, shop: ShopifyShop, prefix: str):
    order = shop.order()
    assert here.came_of(here.sends("orders/create", about(order), prefix=prefix))[0] == "done"
    [known] = here.store.get("/v1/orders?number=1001").json()["data"]
    order.tags.append("vip")
    shop.sent(order)
    body = {"id": 1, "order_id": int(tail(order.id)), "admin_graphql_api_id": "gid://shopify/Fulfillment/1"}
    assert here.came_of(here.sends("fulfillments/create", body, prefix=prefix)) == ("done", {"order": known["id"]})
    events = [one for one in here.store.get("/v1/events").json()["data"] if one["data"]["object"]["id"] == known["id"]]
    assert [one["type"] for one in events] == ["order.created", "order.updated"]
    assert {one["origin"] for one in events} == {here.connection["id"]}


def test_shopify_s_own_samples_are_read(here: Connected, shop: ShopifyShop, specs: Path):
    order = shop.order(id="gid://shopify/Order/450789469")
    shop.sent(order)
    for topic, name, inside in (
        ("orders/updated", "order", "order"),
        ("fulfillments/update", "fulfillment", "fulfillment"),
        ("refunds/create", "refund", "refund"),
    ):
        found = [one for one in samples(specs, name, inside) if 450789469 in {one.get("order_id"), one["id"]}]
        assert found
        status, outcome = here.came_of(here.sends(topic, found[0]))
        assert (status, outcome["order"].startswith("ord_")) == ("done", True)
    kept = here.store.get(f"/v1/connections/{here.connection['id']}/deliveries").text
    assert "bob.norman" not in kept  # of a person nothing is kept that is not needed to ask
    assert {one["resource"] for one in here.deliveries()} == {"order:450789469"}


def test_an_edit_is_read_by_its_order(here: Connected, shop: ShopifyShop):
    order = shop.order()
    body = {"order_edit": {"id": 78912328793, "order_id": int(tail(order.id)), "line_items": {}}}
    assert here.came_of(here.sends("orders/edited", body))[0] == "done"
    assert here.came_of(here.sends("orders/delete", {"id": 820982911946154508}))[0] == "ignored"


def test_an_id_that_looks_like_a_card_s_number_is_one(here: Connected, shop: ShopifyShop):
    order = shop.order(id=f"gid://shopify/Order/{LIKE_A_CARD}")
    assert here.came_of(here.sends("orders/create", about(order)))[0] == "done"
    assert here.order(LIKE_A_CARD)["number"] == "#1001"


def test_a_refund_that_was_made_there_counts_at_once(here: Connected, shop: ShopifyShop):
    order = shop.order()
    shop.sent(order, delivered=True)
    here.order()
    part = shop.paid(order, 14_000, "REFUND", parentTransaction=order.paid[0])
    refund = Refund(new_id("Refund"), "by hand", order, [part])
    order.given.append(refund)
    assert here.came_of(here.sends("refunds/create", refund_body(order, refund)))[0] == "done"
    body = {"order": "#1001", "amount": {"amount": 1001, "currency": "EUR"}, "reason": "damaged"}
    answer = here.store.post("/v1/refunds", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "refund_exceeds_captured")
    [payment] = here.order()["payments"]
    assert payment["refundable"]["amount"] == 1000


def test_a_refund_of_ours_is_settled_by_what_the_shop_s_ledger_says(here: Connected, shop: ShopifyShop):
    order = shop.order()
    shop.sent(order, delivered=True)
    shop.mutations.refund_status = "PENDING"
    asked = {"order": "#1001", "amount": {"amount": 2000, "currency": "EUR"}, "reason": "damaged"}
    refund = here.store.post("/v1/refunds", asked, Prefer="wait=2").json()
    assert refund["status"] == "pending"
    [there] = order.given
    there.parts[0].status = "SUCCESS"
    status, outcome = here.came_of(here.sends("refunds/create", refund_body(order, there)))
    assert (status, outcome["status"]) == ("done", "succeeded")
    shown = here.store.get(f"/v1/refunds/{refund['id']}").json()
    assert (shown["status"], here.order()["payments"][0]["refundable"]["amount"]) == ("succeeded", 13_000)
    there.parts[0].status = "FAILURE"  # weeks later
    assert (
        here.came_of(here.sends("refunds/create", {**refund_body(order, there), "processed_at": "later"}))[0] == "done"
    )
    assert here.store.get(f"/v1/refunds/{refund['id']}").json()["status"] == "failed"
    assert len(shop.mutations.effects("refund")) == 1


def test_what_is_not_this_shop_s_leaves_nothing_behind(here: Connected, shop: ShopifyShop):
    order = shop.order()
    body, redact = about(order), PRIVACY["customers/redact"]
    forged = [
        here.sends("orders/updated", body, secret="another-secret-0123"),
        here.sends("orders/updated", body, Hmac_SHA256=None),
        here.sends("orders/updated", body, Hmac_SHA256=""),
        here.sends("orders/updated", body, Hmac_SHA256="%%%"),
        here.sends("orders/updated", body, Shop_Domain="other.myshopify.com"),
        here.sends("orders/updated", body, Shop_Domain=None),
        here.sends("orders/updated", body, Topic=None),
        here.sends("orders/updated", body, Webhook_Id=None),
        here.sends("refunds/create", body),  # signed, and under another label
        here.sends("returns/approve", body),
        here.sends("customers/redact", body),
        here.sends("shop/redact", redact),
        here.sends("customers/data_request", redact),
        here.sends("orders/updated", redact),
        here.sends("customers/redact", {**redact, "shop_domain": "other.myshopify.com"}),
    ]
    assert {(one.status_code, one.json()["code"]) for one in forged} == {(401, "signature_invalid")}
    assert here.deliveries() == []
    assert here.sends("orders/updated", b"{").status_code == 400
    assert here.deliveries() == []


def test_a_delivery_that_comes_again_is_the_same_under_any_id(here: Connected, shop: ShopifyShop):
    order = shop.order()
    first = here.sends("orders/updated", about(order), external_id="one")
    same = [
        here.sends("orders/updated", about(order), external_id="one"),
        here.sends("orders/updated", about(order), external_id="two"),
        here.sends("orders/paid", about(order), external_id="three", prefix="Shopify-"),
        here.sends("orders/updated", about(order, note="x"), external_id="one"),
    ]
    assert (first.json()["status"], {one.json()["status"] for one in same}) == ("accepted", {"duplicate"})
    assert len(here.deliveries()) == 1


def test_without_a_secret_there_is_no_address(app: App, shop: ShopifyShop):
    bare = Connected(app, shop, secret=None)
    answer = bare.sends("orders/updated", about(shop.order()))
    assert (answer.status_code, answer.json()["code"]) == (404, "connection_not_found")


def test_a_connection_that_is_not_the_store_s_shop_changes_nothing(here: Connected, shop: ShopifyShop):
    order = shop.order()
    changed = here.store.send("PATCH", f"/v1/connections/{here.connection['id']}", {"families": ["payments"]})
    assert changed.status_code == 200, changed.text
    assert here.came_of(here.sends("orders/create", about(order))) == ("ignored", {"ignored": "not_serving"})


def test_an_order_that_is_not_there_is_ignored_and_a_shop_that_is_away_asked_again(here: Connected, shop: ShopifyShop):
    order = shop.order()
    gone = {"id": 1, "admin_graphql_api_id": "gid://shopify/Order/1"}
    assert here.came_of(here.sends("orders/create", gone)) == ("ignored", {"ignored": "not_found_there"})
    shop.faults.plan("POST", "order", "reset_before")
    shop.faults.plan("POST", "order", "reset_before")
    assert here.came_of(here.sends("orders/updated", about(order)))[0] == "done"


def test_our_own_act_s_echo_changes_nothing(here: Connected, shop: ShopifyShop):
    order = shop.order()
    shop.sent(order, delivered=True)
    asked = {"order": "#1001", "amount": {"amount": 2000, "currency": "EUR"}, "reason": "damaged"}
    here.ok("/v1/refunds", asked)
    here.order()
    here.store.rest()
    before = [one["id"] for one in here.store.get("/v1/events").json()["data"]]
    [there] = order.given
    assert here.came_of(here.sends("refunds/create", refund_body(order, there)))[0] == "done"
    assert here.came_of(here.sends("orders/updated", about(order)))[0] == "done"
    assert [one["id"] for one in here.store.get("/v1/events").json()["data"]] == before
    [payment] = here.order()["payments"]
    assert payment["refundable"]["amount"] == 13_000


def test_the_secret_before_still_signs_for_a_while(here: Connected, shop: ShopifyShop):
    order = shop.order()
    fresh = {"access_token": TOKEN, "webhook_secret": "a-new-secret-of-the-app"}
    body = {"credentials": fresh, "overlap_seconds": 600}
    assert here.store.send("PATCH", f"/v1/connections/{here.connection['id']}", body).status_code == 200
    assert here.sends("orders/updated", about(order), secret=SECRET).status_code == 200
    assert here.sends("orders/updated", about(order, note="x"), secret="a-new-secret-of-the-app").status_code == 200
    until(lambda: all(one["status"] == "done" for one in here.deliveries()))
