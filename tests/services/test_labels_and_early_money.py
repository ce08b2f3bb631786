"""Neither the order of calls nor many small ones take from a return more than it owes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.test_instant_refunds import OWN_LABEL, SHOPPER, approved, given, now, pay
from tests.services.test_returns_and_labels import SHOP, change, label_for, put_in_force, settled
from tests.support.app import App, Tenant

SETTINGS = {"retry_seconds": (0.1,) * 4}


@pytest.fixture
def store(app: App) -> Tenant:
    made = app.store(SHOP)
    put_in_force(made, OWN_LABEL)
    return made


def a_void_that_takes_its_time(store: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    """Of a label that was used, so that the carrier will say no."""
    label = label_for(store, made).json()
    store.sandbox.post("/sandbox/v1/scans", {"tracking_number": label["tracking_number"], "word": "PICKED_UP"})
    store.sandbox.fault("label_void", "slow", delay_ms=1500)
    asked = store.send("DELETE", f"/v1/return-labels/{label['id']}", Prefer="wait=0", **SHOPPER)
    assert asked.json()["status"] == "voiding"
    return label


def test_a_return_is_not_completed_past_the_label_that_is_being_bought_for_it(store: Tenant) -> None:
    made = approved(store)
    store.sandbox.fault("label", "slow", delay_ms=1500)
    label = label_for(store, made, wait=0).json()
    change(store, made, "receive")
    early = change(store, made, "complete")
    assert (early.status_code, early.json()["code"]) == (409, "return_not_in_state")
    cost = settled(store, label)["cost"]["amount"]
    assert change(store, made, "complete").json()["status"] == "completed"
    assert given(store) == [1000 - cost]


def test_a_return_that_a_person_completes_without_money_waits_for_no_label(store: Tenant) -> None:
    made = approved(store)
    store.sandbox.fault("label", "slow", delay_ms=500)
    label_for(store, made, wait=0)
    change(store, made, "receive")
    assert change(store, made, "complete", {"refund": False}).json()["status"] == "completed"
    assert given(store) == []


def test_the_money_waits_while_a_label_is_being_voided_for_the_carrier_may_say_no(store: Tenant) -> None:
    made = approved(store)
    label = a_void_that_takes_its_time(store, made)
    early = pay(store, made, by=SHOPPER)
    assert (early.status_code, early.json()["code"]) == (409, "return_not_in_state")
    shown = settled(store, label)
    assert (shown["status"], shown["failure_code"]) == ("active", "label_used")
    assert pay(store, made, by=SHOPPER).json()["breakdown"]["fee"]["amount"] == shown["cost"]["amount"]


def test_no_second_label_comes_for_one_that_is_only_being_voided(store: Tenant) -> None:
    made = approved(store)
    first = label_for(store, made).json()
    assert pay(store, made).status_code == 201
    store.sandbox.post("/sandbox/v1/scans", {"tracking_number": first["tracking_number"], "word": "PICKED_UP"})
    store.sandbox.fault("label_void", "slow", delay_ms=1500)
    store.send("DELETE", f"/v1/return-labels/{first['id']}", Prefer="wait=0", **SHOPPER)
    second = label_for(store, made, parcel_number=2)
    assert (second.status_code, second.json()["code"]) == (409, "return_not_in_state")
    assert settled(store, first)["status"] == "active"
    store.rest()
    assert len(store.sandbox.effects("label")) == 1


def test_a_return_that_is_paid_in_parts_needs_two_persons_as_the_whole_does(store: Tenant) -> None:
    put_in_force(store, {**OWN_LABEL, "two_persons_above": {"EUR": 700}})
    made = approved(store)
    one = [{"line_id": "a-1", "quantity": 1}]
    paid = [pay(store, made, lines=one).status_code for _ in range(2)]
    assert paid == [201, 201], "666 need nobody"
    third = pay(store, made, lines=one).json()
    assert third["status"] == "awaiting_approval"
    assert store.get(f"/v1/approvals/{third['approval']['id']}").json()["approvers"] == 2
    change(store, made, "receive")
    assert change(store, made, "complete").status_code in {200, 202}
    assert now(store, made)["approval"]["status"] == "pending", "nor is the rest paid with its goods by one alone"
    assert sum(given(store)) == 666
