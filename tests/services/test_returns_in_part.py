"""A return of which a part comes, now or later: what may still come, what is paid, and what is asked for again."""

from __future__ import annotations

from typing import Any

import pytest

from app.models.orders import Order
from app.models.returns import Label, Return
from app.services import label_watch, return_fees
from tests.services.durable_fixtures import until
from tests.services.test_return_inspections import arrive, inspect, paid
from tests.services.test_returns_and_labels import SHOP, change, label_for, put_in_force, send_back
from tests.support.app import App, Tenant

SETTINGS = {"retry_seconds": (0.1,) * 4, "recheck_seconds": (0.5,) * 20}


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store(SHOP)


def in_transit(app: App, store: Tenant, label: dict[str, Any]) -> None:
    """The carrier has scanned the label's parcel."""
    store.sandbox.post("/sandbox/v1/scans", {"tracking_number": label["tracking_number"], "word": "PICKED_UP"})

    def due(session: Any) -> None:
        session.get_one(Label, label["id"]).next_look_at = session.get_one(Label, label["id"]).created_at

    app.write(due)
    app.wait(label_watch.look(app.runtime))


def test_a_return_of_which_nothing_has_come_is_not_completed(store: Tenant) -> None:
    made = send_back(store, quantity=3).json()
    done = change(store, made, "complete")
    assert (done.status_code, done.json()["code"]) == (409, "return_not_in_state")
    assert store.get(f"/v1/returns/{made['id']}").json()["status"] == "approved"


def test_what_did_not_come_may_be_sent_back_another_time(store: Tenant) -> None:
    made = send_back(store, quantity=3).json()
    arrive(store, made, a_1=1)
    assert paid(store, made)["amount"]["amount"] == 333
    line = store.get("/v1/orders/1").json()["lines"][0]
    assert (line["returnable_quantity"], line["refunded_quantity"]) == (2, 1)
    store.rest()
    rest = store.post(
        "/v1/returns", {"order": "#1", "lines": [{"line_id": "a-1", "quantity": 2}]}, Prefer="wait=10"
    ).json()
    assert (rest["status"], rest["operation"]["status"]) == ("approved", "succeeded"), "the shop takes it, too"
    assert send_back(store, quantity=1).json()["code"] == "already_returned"
    change(store, rest, "receive")
    assert paid(store, rest)["amount"]["amount"] == 667
    assert sum(row["amount"] for row in store.sandbox.effects("refund")) == 1000


def test_a_parcel_that_comes_after_the_inspection_is_added_and_looked_at(store: Tenant) -> None:
    put_in_force(store, {"inspection": {"damaged": 50}})
    made = send_back(store, quantity=3).json()
    arrive(store, made, a_1=1)
    inspect(store, made, a_1="as_described")
    more = arrive(store, made, a_1=2).json()
    assert (more["status"], more["lines"][0]["received_quantity"]) == ("received", 3)
    inspect(store, made, a_1="damaged")
    assert paid(store, made)["amount"]["amount"] == 500


def test_what_an_inspection_found_may_be_put_right_until_it_is_paid(store: Tenant) -> None:
    made = send_back(store, quantity=3).json()
    change(store, made, "receive")
    inspect(store, made, a_1="wrong_item")
    inspect(store, made, a_1="as_described")
    kinds = [event["type"] for event in store.get(f"/v1/events?resource={made['id']}").json()["data"]]
    assert kinds[-2:] == ["return.inspected", "return.inspection_changed"]
    assert paid(store, made)["amount"]["amount"] == 1000
    late = change(store, made, "inspect", {"lines": [{"line_id": "a-1", "condition": "damaged"}]})
    assert (late.status_code, late.json()["code"]) == (409, "return_not_in_state")


def test_the_second_parcel_gets_its_label_while_the_first_is_on_its_way(app: App, store: Tenant) -> None:
    made = send_back(store, quantity=3).json()
    in_transit(app, store, label_for(store, made).json())
    assert store.get(f"/v1/returns/{made['id']}").json()["status"] == "in_transit"
    second = label_for(store, made, parcel_number=2)
    assert (second.status_code, second.json()["status"]) == (201, "active")
    shown = store.get(f"/v1/returns/{made['id']}").json()
    assert (shown["status"], len(shown["labels"])) == ("in_transit", 2)


def test_a_shopper_gets_labels_for_as_many_parcels_as_there_are_items(store: Tenant) -> None:
    made = send_back(store, quantity=2, Aftersale_Customer="cust-1").json()

    def ask(number: int, **headers: str) -> Any:
        body = {"return_id": made["id"], "parcel_number": number}
        return store.post("/v1/return-labels", body, Prefer="wait=10", **headers)

    beyond = ask(3, Aftersale_Customer="cust-1")
    assert (beyond.status_code, beyond.json()["errors"][0]["pointer"]) == (422, "/parcel_number")
    assert store.sandbox.effects("label") == []
    assert ask(2, Aftersale_Customer="cust-1").status_code == 201
    assert ask(3).status_code == 201, "the store knows its boxes"


def test_a_label_that_is_being_voided_costs_the_shopper_nothing(app: App, store: Tenant) -> None:
    put_in_force(store, {"label": {"payer": "shopper"}})
    made = send_back(store, quantity=3).json()
    first, second = (label_for(store, made, parcel_number=number).json() for number in (1, 2))
    assert first["cost"]["amount"] > 0

    def kept(session: Any) -> int:
        session.get_one(Label, second["id"]).status = "voiding"
        session.flush()
        return_ = session.get_one(Return, made["id"])
        return return_fees.label(session, return_, session.get_one(Order, return_.order_id).currency)

    assert app.write(kept) == first["cost"]["amount"]


def test_a_label_that_a_person_calls_bought_wants_the_carrier_s_id(app: App, store: Tenant) -> None:
    made = send_back(store).json()
    store.sandbox.fault("label", "error_after_effect")
    store.sandbox.fault("lookup", "malformed", variant="not_json", times=40)
    label = label_for(store, made, wait=0).json()
    path = f"/v1/operations/{label['operation']['id']}"
    until(lambda: store.get(path).json()["needs_person"], 15)
    said = {"outcome": "succeeded", "note": "It is in their portal."}
    without = store.post(f"{path}/resolve", said, Aftersale_Actor="agent:kim")
    assert (without.status_code, without.json()["code"]) == (422, "validation_failed")
    store.sandbox.call("DELETE", "/sandbox/v1/faults")
    (bought,) = store.sandbox.get(f"/carrier/v1/return-labels?reference={label['operation']['key']}")["data"]
    done = store.post(f"{path}/resolve", {**said, "external_id": bought["id"]}, Aftersale_Actor="agent:kim")
    assert done.status_code == 200, done.text
    shown = until(
        lambda: (found := store.get(f"/v1/return-labels/{label['id']}").json())["tracking_number"] and found, 15
    )
    assert (shown["status"], shown["tracking_number"]) == ("active", bought["tracking_number"])
    assert shown["cost"]["amount"] > 0
    assert store.send("GET", f"/v1/return-labels/{label['id']}/file").content.startswith(b"%PDF")
