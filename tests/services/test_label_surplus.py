"""A carrier without keys: what it makes twice, or although a person said that it did not, is voided."""

from __future__ import annotations

import time
from typing import Any

import pytest

from app.integrations.carriers.contract import LabelReceipt
from app.models.operations import Operation
from app.models.returns import Label
from app.services import label_voids
from tests.services.durable_fixtures import until
from tests.services.test_returns_and_labels import SHOP, label_for, send_back, settled
from tests.support.app import App, Tenant

SETTINGS = {"call_seconds": 0.6, "retry_seconds": (0.1,) * 8, "recheck_seconds": (0.5, 1, 2, 2, 2)}


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store(SHOP)


def bought(store: Tenant, made: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in store.sandbox.get("/sandbox/v1/export")["labels"] if one["rma"] == made["rma"]]


def test_a_purchase_that_lands_after_the_next_one_is_voided(store):
    """No look-up could find it in time: the carrier makes two, and the one that nobody was told of goes."""
    made = send_back(store).json()
    store.sandbox.fault("label", "slow", after_effect=False, delay_ms=2500)
    label = settled(store, label_for(store, made, wait=0).json())
    assert label["status"] == "active"
    until(lambda: any(one["voided_at"] for one in bought(store, made)), 60)
    first, second = bought(store, made)
    assert (first["tracking_number"], first["voided_at"]) == (label["tracking_number"], None)
    assert second["tracking_number"] != label["tracking_number"]
    time.sleep(2.5)  # later looks find one that lives and one that is gone: nothing more is to do
    assert store.get(f"/v1/return-labels/{label['id']}").json()["status"] == "active"
    assert len(store.sandbox.effects("label_void")) == 1
    kinds = [one["kind"] for one in store.get("/v1/operations").json()["data"] if one["subject"]["id"] == label["id"]]
    assert sorted(kinds) == ["return_label", "surplus_label_void"]


def test_a_label_that_a_person_called_failed_is_voided_where_it_was_bought(store):
    made = send_back(store).json()
    store.sandbox.fault("label", "error_after_effect")
    store.sandbox.fault("lookup", "malformed", variant="not_json", times=40)
    label = label_for(store, made, wait=0).json()
    operation = label["operation"]["id"]
    said = {"outcome": "failed", "note": "Nothing is there."}
    until(lambda: store.get(f"/v1/operations/{operation}").json()["status"] == "unknown", 10)

    def called_failed() -> bool:
        headers = {"Aftersale-Actor": "agent:kim"}
        return store.post(f"/v1/operations/{operation}/resolve", said, **headers).status_code == 200

    until(called_failed, 10)
    store.sandbox.call("DELETE", "/sandbox/v1/faults")
    until(lambda: [one for one in bought(store, made) if one["voided_at"]], 15)
    assert len(bought(store, made)) == 1
    assert store.get(f"/v1/return-labels/{label['id']}").json()["status"] == "failed"
    assert store.get(f"/v1/operations/{operation}").json()["evidence"]["contradicted"] == "succeeded"
    told = [one["type"] for one in store.get(f"/v1/events?resource={operation}").json()["data"]]
    assert told.count("operation.contradicted") == 1


@pytest.mark.parametrize(("status", "voids"), [("active", 0), ("expired", 0), ("voided", 1)])
def test_where_ours_is_not_among_those_that_live_only_what_was_given_up_lets_others_be_voided(store, status, voids):
    """A person may have named another one: which of them the shopper holds nobody can know then."""
    label = label_for(store, send_back(store).json()).json()

    def look(session: Any) -> None:
        session.get_one(Label, label["id"]).status = status
        session.flush()
        operation = session.get_one(Operation, label["operation"]["id"])
        label_voids.void_surplus(session, operation, LabelReceipt(status="succeeded", external_id="x", live=("x",)))

    store.app.write(look)
    found = [one["kind"] for one in store.get("/v1/operations").json()["data"] if one["subject"]["id"] == label["id"]]
    assert found.count("surplus_label_void") == voids
