"""What the shop does to a subscription, in which state it refuses, and that an export tells it."""

import pytest

from app.sandbox.subscriptions import after
from tests.sandbox.served import Served

PATH = "/shop/v1/subscriptions/sub-1"
DUE = "2027-01-31T10:00:00Z"


def change(shop: Served, kind: str, **more) -> dict:
    key = f"k-{len(shop.ledger('change_subscription'))}"
    return shop.call("POST", f"{PATH}/changes", {"change": kind, **more}, {"Idempotency-Key": key})[1]


@pytest.mark.parametrize(
    ("unit", "count", "then"),
    [
        ("day", 10, "2027-02-10T10:00:00Z"),
        ("week", 2, "2027-02-14T10:00:00Z"),
        ("month", 1, "2027-02-28T10:00:00Z"),
        ("month", 13, "2028-02-29T10:00:00Z"),
        ("year", 1, "2028-01-31T10:00:00Z"),
    ],
)
def test_an_interval_ends_on_a_day_that_there_is(unit, count, then):
    assert after(DUE, {"unit": unit, "count": count}) == then


STATES = {
    "active": [],
    "paused": [("pause", {})],
    "ending": [("cancel", {})],
    "canceled": [("cancel", {"when": "now"})],
}
REFUSED = {
    ("skip", "paused"), ("skip", "ending"), ("skip", "canceled"), ("pause", "paused"), ("pause", "ending"),
    ("pause", "canceled"), ("swap", "ending"), ("swap", "canceled"), ("resume", "active"), ("resume", "canceled"),
    ("cancel", "ending"), ("cancel", "canceled"),
}  # fmt: skip
ASKED = {
    "skip": {"delivery_at": DUE},
    "pause": {"until": "2099-01-01T00:00:00Z"},
    "swap": {"line_id": "sl-1", "variant_id": "var-2"},
    "resume": {},
    "cancel": {},
}


@pytest.mark.parametrize("state", STATES)
def test_what_a_subscription_takes_depends_on_its_state_alone(shop, state):
    for kind, asked in ASKED.items():
        shop.post("/sandbox/v1/reset")
        for first, more in STATES[state]:
            change(shop, first, **more)
        before = shop.get("/sandbox/v1/export")
        told = change(shop, kind, **asked)
        if (kind, state) in REFUSED:
            assert told["code"] == ("subscription_not_paused" if kind == "resume" else "subscription_not_active")
            assert shop.get("/sandbox/v1/export") == before
        else:
            assert told["subscription"] == shop.get(PATH), (kind, state)
            assert shop.get("/sandbox/v1/export") != before


def test_what_is_changed_goes_out_and_in_again_and_is_still_found(shop, sandbox_url):
    change(shop, "skip", **ASKED["skip"])
    change(shop, "swap", **ASKED["swap"])
    change(shop, "pause", **ASKED["pause"])
    first = shop.get("/sandbox/v1/export")
    (kept,) = first["subscriptions"]
    assert (kept["status"], kept["paused_until"], kept["next_billing_at"]) == (
        "paused",
        "2099-01-01T00:00:00Z",
        "2027-02-28T10:00:00Z",
    )
    assert [(line["variant_id"], line["unit_price"]) for line in kept["lines"]] == [("var-2", 900)]
    twin = Served(sandbox_url, f"{shop.shop}-twin")
    twin.post("/sandbox/v1/import", first)
    assert twin.get("/sandbox/v1/export") == first
    assert twin.get("/shop/v1/changes?key=k-0") == shop.get("/shop/v1/changes?key=k-0")
    assert twin.get("/shop/v1/subscriptions?customer_id=cust-1") == {"data": [kept]}


def test_what_goes_on_begins_with_a_delivery_that_is_still_to_come(shop):
    document = shop.get("/sandbox/v1/export")
    document["subscriptions"][0] |= {"status": "paused", "next_billing_at": "2020-01-31T10:00:00Z"}
    shop.post("/sandbox/v1/import", document)
    assert change(shop, "resume")["subscription"]["next_billing_at"] > "2026"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"line_id": "sl-9"}, "line_not_found"),
        ({"variant_id": "var-1"}, "same_item"),
        ({"variant_id": "var-3"}, "new_item_unavailable"),
        ({"variant_id": "var-9"}, "different_product"),
        ({"variant_id": "var-none"}, "new_item_not_found"),
    ],
)
def test_a_variant_that_cannot_be_had_is_refused(shop, asked, code):
    assert change(shop, "swap", **ASKED["swap"] | asked)["code"] == code
    assert shop.effects("change_subscription") == []
