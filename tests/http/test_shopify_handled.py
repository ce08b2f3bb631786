"""A store at Shopify: the shop hears of each return label once, and an instant exchange is sent early once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.http.shopify_store import SETTINGS, Connected, running
from tests.http.test_returnable import put_in_force
from tests.integrations.shopify_connected import tail
from tests.integrations.shopify_shop import ShopifyShop
from tests.services.durable_fixtures import until
from tests.support.app import CAPS, App

__all__ = ["SETTINGS"]


@pytest.fixture
def shop(app: App, specs: Path) -> Iterator[ShopifyShop]:
    with running(app, specs) as made:
        yield made


@pytest.fixture
def here(app: App, shop: ShopifyShop) -> Connected:
    found = Connected(app, shop)
    shop.sent(shop.order(), delivered=True)
    return found


def labelled(here: Connected, **more: Any) -> dict[str, Any]:
    body = {"order": "#1001", "lines": [{"line_id": here.order()["lines"][0]["id"], "quantity": 1}], **more}
    label = here.ok("/v1/return-labels", body)
    return until(lambda: found if (found := shown(here, label))["status"] == "active" else None)


def shown(here: Connected, label: dict[str, Any]) -> dict[str, Any]:
    return here.store.get(f"/v1/return-labels/{label['id']}").json()


def told(here: Connected, kind: str) -> list[dict[str, Any]]:
    listed = here.store.get("/v1/operations?limit=200").json()["data"]
    return [one for one in listed if one["kind"] == kind]


def ended(here: Connected, kind: str, count: int = 1) -> list[dict[str, Any]]:
    def all_of_them() -> list[dict[str, Any]] | None:
        found = [one for one in told(here, kind) if one["status"] in {"succeeded", "failed", "canceled"}]
        return found if len(found) == count else None

    return until(all_of_them)


@pytest.mark.parametrize("fault", [None, "reset_after", "error_after", "truncated", "reset_before"])
def test_a_label_is_told_to_the_shop_once(here: Connected, shop: ShopifyShop, fault: str | None):
    shop.faults.plan("POST", "reverseDeliveryCreateWithShipping", fault)
    label = labelled(here)
    [operation] = ended(here, "label_announce")
    assert (operation["status"], operation["subject"]) == ("succeeded", {"type": "label", "id": label["id"]})
    [made] = shop.mutations.effects("delivery")
    file = here.store.get(f"/v1/return-labels/{label['id']}/file").content
    assert (made["number"], made["label"]) == (label["tracking_number"], file)


def test_a_label_that_the_shop_refuses_is_ours_all_the_same(here: Connected, shop: ShopifyShop):
    shop.denied.add("reverseDeliveryCreateWithShipping")
    label = labelled(here)
    [operation] = ended(here, "label_announce")
    assert (operation["status"], operation["error"]["code"]) == ("failed", "provider_unauthorized")
    assert (shown(here, label)["status"], shop.mutations.effects("delivery")) == ("active", [])
    assert here.store.get(f"/v1/return-labels/{label['id']}/file").status_code == 200
    assert here.store.get(f"/v1/returns/{label['return_id']}").json()["status"] == "label_issued"


def test_a_label_in_the_place_of_one_that_was_voided_changes_what_the_shop_was_told(here: Connected, shop: ShopifyShop):
    first = labelled(here)
    ended(here, "label_announce")
    gone = here.store.send("DELETE", f"/v1/return-labels/{first['id']}", Prefer="wait=10")
    assert gone.json()["status"] == "voided"
    second = here.ok("/v1/return-labels", {"return_id": first["return_id"]})
    until(lambda: shown(here, second)["status"] == "active")
    ended(here, "label_announce", 2)
    [changed] = shop.mutations.effects("delivery_update")
    assert changed["number"] == shown(here, second)["tracking_number"] != first["tracking_number"]
    assert len(shop.mutations.effects("delivery")) == 1


def test_a_return_that_the_shop_hears_of_late_has_its_enclosed_label_told_then(here: Connected, shop: ShopifyShop):
    enclosed = {"enclosed": {"carrier": "ups", "tracking_number": "1Z999AA10123456784"}}
    shop.faults.plan("POST", "returnCreate", "reset_before")
    made = here.ok(
        "/v1/returns", {"order": "#1001", "lines": [{"line_id": here.order()["lines"][0]["id"], "quantity": 1}]}
    )
    here.ok("/v1/return-labels", {"return_id": made["id"], **enclosed})
    ended(here, "label_announce")
    assert [one["number"] for one in shop.mutations.effects("delivery")] == ["1Z999AA10123456784"]


@pytest.mark.parametrize("fault", [None, "reset_after", "error_after", "reset_before"])
def test_an_instant_exchange_is_sent_before_its_goods_are_back(here: Connected, shop: ShopifyShop, fault: str | None):
    put_in_force(here.store, {"caps": {"EUR": dict.fromkeys(CAPS, 100000)}, "instant_refund": True})
    shop.faults.plan("POST", "returnProcess", fault)
    [order] = shop.orders.values()
    other = next(iter(shop.products.values())).variants[1]
    line = {"line_id": here.order()["lines"][0]["id"], "variant_id": tail(other.id), "quantity": 1}
    made = here.ok("/v1/exchanges", {"order": "#1001", "lines": [line], "instant": True})
    [operation] = ended(here, "exchange_send")
    assert (operation["status"], order.back[0].status) == ("succeeded", "OPEN")
    seen = here.store.get(f"/v1/exchanges/{made['id']}").json()
    assert (seen["status"], seen["sent_at"] is not None) == ("approved", True)
    assert len(shop.mutations.effects("send")) == len(order.works) == 1
    assert (order.works[0].status, shop.moved(order)) == ("OPEN", 0)
    kept = here.store.post(f"/v1/returns/{seen['return']}/cancel")  # its goods are owed from now on
    assert kept.status_code == 409, kept.text


def test_an_exchange_that_the_shop_does_not_send_waits_for_its_goods(here: Connected, shop: ShopifyShop):
    put_in_force(here.store, {"caps": {"EUR": dict.fromkeys(CAPS, 100000)}, "instant_refund": True})
    [order] = shop.orders.values()
    order.unseen = True
    other = next(iter(shop.products.values())).variants[1]
    line = {"line_id": here.order()["lines"][0]["id"], "variant_id": tail(other.id), "quantity": 1}
    made = here.ok("/v1/exchanges", {"order": "#1001", "lines": [line], "instant": True})
    [operation] = ended(here, "exchange_send")
    assert (operation["status"], operation["error"]["code"]) == ("failed", "provider_unauthorized")
    seen = here.store.get(f"/v1/exchanges/{made['id']}").json()
    assert (seen["status"], seen["sent_at"], order.works) == ("approved", None, [])
