"""What arrives in several parcels is added up; what an inspection found decides what of it is paid."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.durable_fixtures import until
from tests.services.test_returns_and_labels import SHOP, change, of_two, put_in_force, send_back
from tests.support.app import App, Tenant

SETTINGS = {"retry_seconds": (0.1,) * 4}


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store(SHOP)


@pytest.fixture
def mixed(app: App) -> Tenant:
    gift = {"id": "pm-gift", "kind": "gift_card", "label": "Gift", "balance": 0, "currency": "EUR"}
    customer = {**SHOP["customers"][0], "payment_methods": [gift]}
    return app.store({**SHOP, "customers": [customer], "orders": [of_two(6)]})


def arrive(store: Tenant, made: dict[str, Any], **counts: int) -> Any:
    lines = [{"line_id": line.replace("_", "-"), "quantity": count} for line, count in counts.items()]
    return change(store, made, "receive", {"lines": lines})


def inspect(store: Tenant, made: dict[str, Any], **found: str) -> None:
    lines = [{"line_id": line.replace("_", "-"), "condition": condition} for line, condition in found.items()]
    assert change(store, made, "inspect", {"lines": lines}).json()["status"] == "inspected"


def paid(store: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    """The refund that completing it brings, once it is paid."""
    done = change(store, made, "complete", {"refund": True}).json()
    assert done["status"] == "completed", done
    path = f"/v1/refunds/{done['refund']}"
    return until(lambda: (found := store.get(path).json())["status"] == "succeeded" and found, 15)


# ---- several parcels ---------------------------------------------------------------------------------------------


def test_what_comes_in_a_second_parcel_is_added(store: Tenant) -> None:
    made = send_back(store, quantity=3).json()
    assert arrive(store, made, a_1=1).json()["lines"][0]["received_quantity"] == 1
    second = arrive(store, made, a_1=1).json()
    assert (second["status"], second["lines"][0]["received_quantity"]) == ("received", 2)
    beyond = arrive(store, made, a_1=2)
    assert (beyond.status_code, beyond.json()["code"]) == (422, "item_not_in_order")
    rest = change(store, made, "receive").json()
    assert rest["lines"][0]["received_quantity"] == 3
    nothing = change(store, made, "receive")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "return_not_in_state")
    assert paid(store, made)["amount"]["amount"] == 1000
    kinds = [event["type"] for event in store.get(f"/v1/events?resource={made['id']}").json()["data"]]
    assert (kinds.count("return.received"), kinds.count("return.more_received")) == (1, 2)
    mails = [row for row in store.sandbox.effects("mail") if row["reference"] == f"{made['id']}.arrived"]
    assert len(mails) == 1, "the shopper is told once that it has arrived"


def test_what_never_arrived_is_not_paid(store: Tenant) -> None:
    made = send_back(store, quantity=3).json()
    arrive(store, made, a_1=2)
    assert paid(store, made)["amount"]["amount"] == 666
    late = change(store, made, "receive")
    assert (late.status_code, late.json()["code"]) == (409, "return_not_in_state")


# ---- what was found ----------------------------------------------------------------------------------------------


def test_as_described_is_paid_whole(store: Tenant) -> None:
    made = send_back(store, quantity=3).json()
    change(store, made, "receive")
    inspect(store, made, a_1="as_described")
    assert paid(store, made)["amount"]["amount"] == 1000


def test_damaged_is_paid_less_what_the_policy_keeps_back(store: Tenant) -> None:
    put_in_force(store, {"inspection": {"damaged": 33}})
    made = send_back(store, quantity=3).json()
    change(store, made, "receive")
    inspect(store, made, a_1="damaged")
    refund = paid(store, made)
    assert (refund["amount"]["amount"], refund["breakdown"]["fee"]["amount"]) == (670, 330)


def test_damaged_is_paid_whole_where_the_policy_says_nothing(store: Tenant) -> None:
    made = send_back(store, quantity=3).json()
    change(store, made, "receive")
    inspect(store, made, a_1="damaged")
    assert paid(store, made)["amount"]["amount"] == 1000


def test_another_item_than_was_bought_is_not_paid_and_the_others_are(mixed: Tenant) -> None:
    body = {"order": "#6", "lines": [{"line_id": "a-6", "quantity": 3}, {"line_id": "c-6", "quantity": 1}]}
    made = mixed.post("/v1/returns", body).json()
    change(mixed, made, "receive")
    inspect(mixed, made, a_6="wrong_item", c_6="as_described")
    refund = paid(mixed, made)
    assert refund["amount"]["amount"] == 100
    assert sum(row["amount"] for row in mixed.sandbox.effects("refund")) == 100


def test_where_all_of_it_is_another_item_the_return_ends_without_money(store: Tenant) -> None:
    made = send_back(store, quantity=3).json()
    change(store, made, "receive")
    inspect(store, made, a_1="wrong_item")
    done = change(store, made, "complete", {"refund": True}).json()
    assert (done["status"], done["refund"]) == ("completed", None)
    assert store.sandbox.effects("refund") == []
    assert send_back(store, quantity=1).json()["code"] == "already_returned"


def test_a_part_of_another_item_may_be_paid_where_the_policy_says_so(store: Tenant) -> None:
    put_in_force(store, {"inspection": {"wrong_item": 50}})
    made = send_back(store, quantity=3).json()
    arrive(store, made, a_1=2)
    inspect(store, made, a_1="wrong_item")
    assert paid(store, made)["amount"]["amount"] == 333


def test_fees_and_what_an_inspection_keeps_back_never_pass_what_was_paid(store: Tenant) -> None:
    put_in_force(store, {"inspection": {"damaged": 90}, "fees": [{"id": "restocking", "percent": 20}]})
    made = send_back(store, quantity=3).json()
    change(store, made, "receive")
    inspect(store, made, a_1="damaged")
    done = change(store, made, "complete", {"refund": True}).json()
    assert (done["status"], done["refund"]) == ("completed", None)
    assert store.sandbox.effects("refund") == []


@pytest.mark.parametrize("share", [-1, 101, "50", None])
def test_a_share_that_cannot_be_is_refused(store: Tenant, share: Any) -> None:
    answer = store.post("/v1/policies", {"document": {"inspection": {"damaged": share}}})
    assert answer.status_code == 422
