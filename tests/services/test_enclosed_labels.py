"""A label that lay in the parcel of the order: nothing is bought, and its parcel is followed all the same."""

from __future__ import annotations

from typing import Any

import pytest

from app import clock
from app.models.returns import Label
from app.services import label_watch
from tests.http.test_housekeeping import kinds
from tests.services.test_returns_and_labels import SHOP, change, label_for, send_back
from tests.support.app import App, Tenant

SETTINGS = {"retry_seconds": (0.1,) * 4}
LAY = {"carrier": "NordPost", "tracking_number": "NP-4711-0815"}


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store(SHOP)


def enclosed(store: Tenant) -> tuple[dict[str, Any], dict[str, Any]]:
    made = send_back(store).json()
    answer = label_for(store, made, enclosed=LAY)
    assert answer.status_code == 201, answer.text
    return made, answer.json()


def now(store: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    return store.get(f"/v1/returns/{made['id']}").json()


def test_it_is_there_at_once_and_nothing_is_bought(store: Tenant) -> None:
    made, label = enclosed(store)
    assert (label["status"], label["enclosed"], label["carrier"]) == ("active", True, "NordPost")
    assert (label["tracking_number"], label["cost"], label["file"], label["operation"]) == (
        "NP-4711-0815",
        None,
        None,
        None,
    )
    assert (now(store, made)["status"], now(store, made)["label"]) == ("label_issued", label["id"])
    assert kinds(store, label["id"]) == ["label.created", "label.issued"]
    assert store.sandbox.effects("label") == []
    assert store.get(f"/v1/return-labels/{label['id']}/file").json()["code"] == "label_not_active"
    assert label_for(store, made).json()["code"] == "label_exists"


def test_its_parcel_is_followed(app: App, store: Tenant) -> None:
    made, label = enclosed(store)
    bought = label_for(store, made, parcel_number=2).json()

    def carried(session: Any) -> None:
        row = session.get_one(Label, label["id"])
        row.tracking_number, row.next_look_at = bought["tracking_number"], clock.now()

    app.write(carried)  # under a number that the sandbox's carrier knows
    store.sandbox.post("/sandbox/v1/scans", {"tracking_number": bought["tracking_number"], "word": "PICKED_UP"})
    app.wait(label_watch.look(app.runtime))
    assert now(store, made)["status"] == "in_transit"
    assert "label.used" in kinds(store, label["id"])


def test_a_number_that_no_carrier_of_ours_knows_changes_nothing(app: App, store: Tenant) -> None:
    made, label = enclosed(store)

    def due(session: Any) -> None:
        session.get_one(Label, label["id"]).next_look_at = clock.now()

    app.write(due)
    app.wait(label_watch.look(app.runtime))
    assert now(store, made)["status"] == "label_issued"
    assert change(store, made, "receive").json()["status"] == "received"


def test_it_is_voided_without_asking_anybody_and_gives_nothing_back(store: Tenant) -> None:
    made, label = enclosed(store)
    voided = store.send("DELETE", f"/v1/return-labels/{label['id']}", Prefer="wait=10").json()
    assert (voided["status"], voided["cost_credited"]) == ("voided", None)
    assert store.sandbox.effects("label_void") == []
    assert now(store, made)["status"] == "approved"
    assert change(store, made, "cancel").json()["status"] == "canceled"


def test_a_shopper_does_not_say_which_label_the_store_sent(store: Tenant) -> None:
    made = send_back(store).json()
    body = {"return_id": made["id"], "enclosed": LAY}
    answer = store.post("/v1/return-labels", body, Aftersale_Customer="cust-1")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert now(store, made)["labels"] == []


@pytest.mark.parametrize("given", [{}, {"carrier": "X"}, {**LAY, "tracking_number": "1"}, {**LAY, "cost": 0}, "yes"])
def test_half_a_label_is_refused(store: Tenant, given: Any) -> None:
    made = send_back(store).json()
    assert label_for(store, made, enclosed=given).status_code == 422
