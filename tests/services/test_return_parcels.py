"""A return may come in several parcels: one live label for each, and the return goes by all of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.models.returns import Label, Return
from app.services import label_watch, return_expiry
from tests.services.durable_fixtures import until
from tests.services.test_returns_and_labels import SHOP, change, label_for, put_in_force, send_back, settled
from tests.support.app import App, Tenant

SETTINGS = {"retry_seconds": (0.1,) * 4}


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store(SHOP)


def now(store: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    return store.get(f"/v1/returns/{made['id']}").json()


def two(store: Tenant) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A return with a label for each of its two parcels."""
    made = send_back(store, quantity=3).json()
    labels = [label_for(store, made, parcel_number=number).json() for number in (1, 2)]
    assert [label["status"] for label in labels] == ["active", "active"]
    return made, labels[0], labels[1]


def void(store: Tenant, label: dict[str, Any]) -> None:
    done = store.send("DELETE", f"/v1/return-labels/{label['id']}", Prefer="wait=10").json()
    assert done["status"] == "voided"


def test_each_parcel_has_a_label_of_its_own(store: Tenant) -> None:
    made, first, second = two(store)
    assert (first["parcel_number"], second["parcel_number"]) == (1, 2)
    assert first["tracking_number"] != second["tracking_number"]
    shown = now(store, made)
    assert (shown["status"], shown["label"], shown["labels"]) == (
        "label_issued",
        first["id"],
        [first["id"], second["id"]],
    )
    again = label_for(store, made, parcel_number=2)
    assert (again.status_code, again.json()["code"]) == (409, "label_exists")
    assert len(store.sandbox.effects("label")) == 2


def test_many_requests_at_once_buy_one_label_per_parcel(store: Tenant) -> None:
    made = send_back(store, quantity=3).json()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda number: label_for(store, made, parcel_number=number), [1, 2, 1, 2, 1, 2]))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409, 409, 409]
    assert len(store.sandbox.effects("label")) == 2


def test_the_return_is_open_for_a_label_again_only_when_the_last_was_voided(store: Tenant) -> None:
    made, first, second = two(store)
    void(store, first)
    shown = now(store, made)
    assert (shown["status"], shown["label"], shown["labels"]) == ("label_issued", second["id"], [second["id"]])
    assert label_for(store, made).json()["status"] == "active", "the first parcel may have another"
    for label_id in now(store, made)["labels"]:
        void(store, {"id": label_id})
    assert (now(store, made)["status"], now(store, made)["labels"]) == ("approved", [])


def test_a_return_with_a_label_is_not_canceled_until_all_are_void(store: Tenant) -> None:
    made, first, second = two(store)
    void(store, first)
    assert change(store, made, "cancel").json()["code"] == "return_not_in_state"
    void(store, second)
    assert change(store, made, "cancel").json()["status"] == "canceled"


def test_a_return_that_nobody_sends_has_all_its_labels_voided_before_it_expires(app: App, store: Tenant) -> None:
    made, first, second = two(store)

    def late(session: Any) -> None:
        session.get_one(Return, made["id"]).expires_at = clock.now() - timedelta(seconds=1)

    app.write(late)
    app.write(return_expiry.tend)
    assert {settled(store, label)["status"] for label in (first, second)} == {"voided"}
    app.write(return_expiry.tend)
    assert now(store, made)["status"] == "expired"
    assert len(store.sandbox.effects("label_void")) == 2


def test_the_first_parcel_that_is_scanned_puts_the_return_on_its_way(app: App, store: Tenant) -> None:
    made, _, second = two(store)
    store.sandbox.post("/sandbox/v1/scans", {"tracking_number": second["tracking_number"], "word": "PICKED_UP"})

    def due(session: Any) -> None:
        session.get_one(Label, second["id"]).next_look_at = clock.now()

    app.write(due)
    app.wait(label_watch.look(app.runtime))
    assert now(store, made)["status"] == "in_transit"


def test_the_shopper_pays_for_each_parcel_where_the_policy_says_so(store: Tenant) -> None:
    put_in_force(store, {"label": {"payer": "shopper"}})
    made, first, second = two(store)
    change(store, made, "receive")
    done = change(store, made, "complete", {"refund": True})
    assert done.status_code in {200, 202}, done.text
    cost = first["cost"]["amount"] + second["cost"]["amount"]
    path = f"/v1/refunds/{done.json()['refund']}"
    refund = until(lambda: (found := store.get(path).json())["status"] == "succeeded" and found, 15)
    assert (refund["amount"]["amount"], refund["breakdown"]["fee"]["amount"]) == (1000 - cost, cost)
