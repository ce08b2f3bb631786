"""Late and lost parcels are raised before the shopper asks: once, by whoever looks, and over when they arrive."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from app.integrations.carriers.contract import Tracking
from app.models.parcels import Parcel, ParcelAlert
from app.models.stores import Store
from app.services import parcel_alerts, parcel_pushes, parcel_watch, stores
from app.services.parcel_watch import Look
from tests.http.test_order_status import NUMBER, parcel, push, scan, shipped, shop, status
from tests.support.app import App, Tenant

ALONE = True
"""Its clock is moved."""
START = "2026-12-01T10:00:00Z"
LATE = "2026-12-04T10:00:00Z"
"""A day after the promise has passed."""
GONE = "2026-12-20T10:00:00Z"
ANSWERS = {"open_tickets": True}


def wants(app: App, store: Tenant, **rules: Any) -> None:
    app.write(lambda session: stores.change(session, session.get_one(Store, store.id), delays={**ANSWERS, **rules}))


def watched(app: App, *parcels: dict[str, Any], **rules: Any) -> Tenant:
    """A store that wants tickets, whose order was read before anything was late."""
    store = shipped(app, *(parcels or (parcel(NUMBER, scan("-1h", "PICKED_UP"), promised_by="2026-12-02"),)))
    wants(app, store, **rules)
    assert status(store)["delayed"] is False
    return store


def look(app: App) -> int:
    """The watch has its turn, and what has arrived too."""
    looked = app.wait(parcel_watch.tend(app.runtime))
    app.write(parcel_alerts.tend)
    return looked


def tickets(store: Tenant) -> list[dict[str, Any]]:
    return store.get("/v1/tickets").json()["data"]


def kinds(store: Tenant, resource: str) -> list[str]:
    return [event["type"] for event in store.get(f"/v1/events?resource={resource}&limit=200").json()["data"]]


def alerts(app: App, store: Tenant) -> list[ParcelAlert]:
    query = select(ParcelAlert).where(ParcelAlert.store_id == store.id).order_by(ParcelAlert.created_at)
    return app.read(lambda session: list(session.scalars(query)))


def test_a_late_parcel_opens_one_ticket_with_everything_filled_in(app: App) -> None:
    with time_machine.travel(START):
        store = watched(app)
        look(app)
        assert tickets(store) == []
    with time_machine.travel(LATE):
        look(app)
        look(app)
        (ticket,) = tickets(store)
        assert (ticket["status"], ticket["priority"], ticket["tags"], ticket["language"]) == (
            "open", "normal", ["parcel_delayed"], "de")  # fmt: skip
        assert ticket["contact"] == {"email": "anna.keller@example.com", "phone": "+4930901820", "name": "Anna Keller"}
        order = store.get("/v1/orders/ord-7001").json()
        assert (ticket["order"], ticket["customer"]) == (order["id"], order["customer"]["id"])
        pack = ticket["handoff"]
        assert pack["reason"] == "parcel_delayed"
        assert (
            pack["summary"] == f"Parcel {NUMBER} (NordPost) of order #7001 is late: the shop promised it by 2026-12-02."
        )
        assert pack["answer"] == status(store, "?locale=de")["summary"]
        assert (pack["order"]["number"], pack["parcels"][0]["delay_reason"]) == ("#7001", "promised_date_passed")
        assert kinds(store, ticket["id"]) == ["ticket.created", "message.noted", "ticket.handed_off"]
        assert kinds(store, order["id"]).count("order.delayed") == 1


def test_a_parcel_is_only_called_late_after_the_carrier_was_asked(app: App) -> None:
    with time_machine.travel(START):
        store = watched(app)
        store.sandbox.post("/sandbox/v1/scans", {"tracking_number": NUMBER, "word": "DELIVERED"})
    with time_machine.travel(LATE):
        look(app)
        assert (tickets(store), alerts(app, store)) == ([], [])
        assert "delivered" in status(store)["summary"]


def test_while_the_carrier_is_away_nothing_is_raised_and_later_it_is(app: App) -> None:
    with time_machine.travel(START):
        store = watched(app)
        store.sandbox.fault("tracking", "error_after_effect", times=100)
    with time_machine.travel(LATE):
        look(app)
        assert tickets(store) == []
        store.sandbox.call("DELETE", "/sandbox/v1/faults")
        look(app)
        assert tickets(store) == [], "it is asked again in half an hour"
    with time_machine.travel("2026-12-04T10:31:00Z"):
        look(app)
        assert len(tickets(store)) == 1


def test_a_store_that_wants_no_ticket_hears_it_as_an_event(app: App) -> None:
    with time_machine.travel(START):
        store = watched(app, open_tickets=False)
    with time_machine.travel(LATE):
        look(app)
        look(app)
        assert tickets(store) == []
        (event,) = store.get("/v1/events?type=order.delayed").json()["data"]
        told = {"kind": "delayed", "reason": "promised_date_passed", "tracking_number": NUMBER}
        assert event["data"]["object"]["delay"] == told


def test_a_parcel_that_was_late_when_its_order_was_first_read_is_raised_at_once(app: App) -> None:
    with time_machine.travel(LATE):
        store = shipped(app, parcel(NUMBER, scan("-1h", "PICKED_UP"), promised_by="2026-12-02"))
        wants(app, store)
        status(store)
        look(app)
        assert len(tickets(store)) == 1


def test_what_was_due_long_ago_alarms_nobody(app: App) -> None:
    with time_machine.travel(LATE):
        store = shipped(app, parcel(NUMBER, scan("-100d", "PICKED_UP"), promised_by="2026-09-02"))
        wants(app, store)
        assert status(store)["delayed"] is True
        look(app)
        assert (tickets(store), alerts(app, store)) == ([], [])
        assert look(app) == 0, "nor is it looked at again and again"


def test_a_lost_parcel_moves_its_ticket_up_and_opens_no_second(app: App) -> None:
    with time_machine.travel(START):
        store = watched(app)
    with time_machine.travel(LATE):
        look(app)
    with time_machine.travel(GONE):
        look(app)
        look(app)
        (ticket,) = tickets(store)
        assert (ticket["priority"], ticket["handoff"]["reason"]) == ("high", "parcel_lost")
        assert [alert.kind for alert in alerts(app, store)] == ["delayed", "lost"]


def test_the_parcels_of_one_order_share_a_ticket(app: App) -> None:
    with time_machine.travel(START):
        store = watched(
            app, *(parcel(name, scan("-1h", "PICKED_UP"), promised_by="2026-12-02") for name in ("P1", "P2"))
        )
    with time_machine.travel(LATE):
        look(app)
        (ticket,) = tickets(store)
        notes = [row["text"] for row in store.get(f"/v1/tickets/{ticket['id']}").json()["messages"]]
        assert sorted(text[:9] for text in notes) == ["Parcel P1", "Parcel P2"]
        push(app, store, "DELIVERED", number="P1")
        look(app)
        assert tickets(store)[0]["status"] == "open", "the other one is still missing"
        push(app, store, "DELIVERED", number="P2")
        look(app)
        assert tickets(store)[0]["status"] == "closed"


# ---- it arrives after all --------------------------------------------------------------------------------------


@pytest.fixture
def late(app: App) -> Any:
    """A store with a ticket about a late parcel."""
    with time_machine.travel(START):
        store = watched(app)
    with time_machine.travel(LATE):
        look(app)
        assert len(tickets(store)) == 1
        yield store


def test_a_ticket_that_nobody_touched_is_closed_when_the_parcel_arrives(app: App, late: Tenant) -> None:
    push(app, late, "DELIVERED")
    look(app)
    (ticket,) = tickets(late)
    assert ticket["status"] == "closed"
    assert kinds(late, ticket["id"])[-2:] == ["message.noted", "ticket.closed"]
    assert [alert.arrived_at is not None for alert in alerts(app, late)] == [True]
    look(app)
    assert kinds(late, ticket["id"]).count("ticket.closed") == 1


def test_a_ticket_that_somebody_has_taken_up_is_theirs_to_close(app: App, late: Tenant) -> None:
    (ticket,) = tickets(late)
    late.send("PATCH", f"/v1/tickets/{ticket['id']}", {"assignee": "kim"})
    push(app, late, "DELIVERED")
    look(app)
    (ticket,) = tickets(late)
    assert ticket["status"] == "open"
    shown = late.get(f"/v1/tickets/{ticket['id']}").json()["messages"]
    assert shown[-1]["text"] == f"Parcel {NUMBER} has arrived."


def test_a_note_of_a_person_keeps_a_ticket_open(app: App, late: Tenant) -> None:
    (ticket,) = tickets(late)
    late.post(f"/v1/tickets/{ticket['id']}/messages", {"text": "Called the carrier.", "internal": True})
    push(app, late, "DELIVERED")
    look(app)
    assert tickets(late)[0]["status"] == "open"


def test_a_parcel_that_comes_back_is_a_persons_matter(app: App, late: Tenant) -> None:
    push(app, late, "RETURN_TO_SENDER")
    look(app)
    assert tickets(late)[0]["status"] == "open"


def test_what_a_person_works_on_is_not_changed_when_the_parcel_is_lost(app: App, late: Tenant) -> None:
    (ticket,) = tickets(late)
    late.send("PATCH", f"/v1/tickets/{ticket['id']}", {"assignee": "kim", "status": "pending_internal"})
    with time_machine.travel(GONE):
        look(app)
        (ticket,) = tickets(late)
        assert (ticket["status"], ticket["handoff"]["reason"]) == ("pending_internal", "parcel_delayed")
        shown = late.get(f"/v1/tickets/{ticket['id']}").json()["messages"]
        assert "seems to be lost" in shown[-1]["text"]


def test_a_shopper_who_asks_is_answered_in_the_same_ticket_which_stays_open(app: App, late: Tenant) -> None:
    (ticket,) = tickets(late)
    body = {"channel": "chat", "text": "Wo ist meine Bestellung #7001?", "identity": "session",
            "customer": {"external_id": "cust-anna"}}  # fmt: skip
    answer = late.post("/v1/messages", body).json()
    assert (answer["ticket"]["id"], answer["outcome"]) == (ticket["id"], "answered")
    assert answer["reply"]["text"] == status(late, "?locale=de")["summary"]
    assert tickets(late)[0]["status"] == "open"
    push(app, late, "DELIVERED")
    look(app)
    assert tickets(late)[0]["status"] == "open", "somebody has written"


def test_once_a_person_has_answered_automation_keeps_quiet(late: Tenant) -> None:
    (ticket,) = tickets(late)
    late.send("PATCH", f"/v1/tickets/{ticket['id']}", {"assignee": "kim"})
    body = {"channel": "chat", "text": "Wo ist meine Bestellung #7001?", "identity": "session",
            "customer": {"external_id": "cust-anna"}}  # fmt: skip
    assert late.post("/v1/messages", body).json()["outcome"] == "acknowledged"


# ---- two servers, and one that dies ----------------------------------------------------------------------------


def test_many_who_judge_the_same_parcel_raise_it_once(app: App) -> None:
    with time_machine.travel(START):
        store = watched(app)
    with time_machine.travel(LATE):
        caller = parcel_alerts.by_itself(store.merchant().store, livemode=False)
        answer = app.wait(parcel_watch._ask(app.runtime, Look(caller, NUMBER)))

        async def all_at_once() -> None:
            judged = (app.runtime.db.write(parcel_watch.judge, Look(caller, NUMBER), answer) for _ in range(8))
            await asyncio.gather(*judged, parcel_watch.tend(app.runtime), parcel_watch.tend(app.runtime))

        app.wait(all_at_once())
        assert len(tickets(store)) == 1
        assert len(alerts(app, store)) == 1
        assert len(store.get("/v1/events?type=order.delayed").json()["data"]) == 1


def test_a_look_that_a_dead_server_has_claimed_is_looked_again(app: App) -> None:
    with time_machine.travel(START):
        store = watched(app)
    with time_machine.travel(LATE):
        claimed = app.write(parcel_watch.claim, 50)
        assert [one.number for one in claimed if one.caller.store_id == store.id] == [NUMBER]
        look(app)
        assert tickets(store) == [], "it is somebody's"
    with time_machine.travel("2026-12-04T10:06:00Z"):
        look(app)
        assert len(tickets(store)) == 1


def test_a_ticket_that_cannot_be_opened_leaves_nothing_and_keeps_no_other_waiting(app: App) -> None:
    with time_machine.travel(START):
        broken, store = watched(app), watched(app)
    with time_machine.travel(LATE):
        app.write(lambda session: setattr(session.get_one(Store, broken.id), "delays", {"open_tickets": "odd"}))
        look(app)
        assert alerts(app, broken) == []
        assert len(tickets(store)) == 1
        wants(app, broken)
        look(app)
        assert len(tickets(broken)) == 1


def test_new_rules_are_looked_at_soon(app: App) -> None:
    with time_machine.travel(START):
        store = watched(app, parcel(NUMBER, scan("-1h", "PICKED_UP")))
    with time_machine.travel(LATE):
        look(app)
        assert tickets(store) == []
        wants(app, store, usual={"silent_days": 1, "lost_days": 30})
        look(app)
        assert tickets(store)[0]["handoff"]["parcels"][0]["delay_reason"] == "silent"


def test_a_parcel_of_no_order_is_not_looked_at_for_ever(app: App) -> None:
    store = app.store(shop(parcel(NUMBER)))
    with time_machine.travel(START):
        app.write(parcel_pushes.push, store.merchant(), Tracking(tracking_number="X1", carrier="x", status="unknown"))
        wants(app, store)
        look(app)
    query = select(Parcel.look_at).where(Parcel.store_id == store.id, Parcel.tracking_number == "X1")
    assert app.read(lambda session: session.scalar(query)) is None
