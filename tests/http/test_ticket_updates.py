"""Updates of many tickets: a job with progress, each ticket by itself, once per key, and on after a kill."""

from __future__ import annotations

import time
from typing import Any

import pytest

from app import clock, ids
from app.models.tickets import TicketUpdate
from app.services import ticket_updates
from app.services import tickets as tickets_service
from tests.support.app import App, Tenant

Json = dict[str, Any]


def open_tickets(store: Tenant, count: int, **fields: Any) -> list[str]:
    made: list[str] = []
    for number in range(count):
        answer = store.post("/v1/tickets", {"subject": f"Number {number}", **fields}, key=None)
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["id"])
    return made


def ended(store: Tenant, answer: Any) -> Json:
    assert answer.status_code in {201, 202}, answer.text
    shown = answer.json()
    give_up = time.monotonic() + 60
    while shown["status"] in {"pending", "running"}:
        assert time.monotonic() < give_up, shown
        time.sleep(0.1)
        shown = store.get(f"/v1/tickets/bulk/{shown['id']}").json()
    return shown


def test_many_tickets_are_changed_each_with_its_outcome(store: Tenant, other: Tenant) -> None:
    mine = open_tickets(store, 60)
    assert store.send("PATCH", f"/v1/tickets/{mine[0]}", {"status": "closed"}).status_code == 200
    assert store.send("PATCH", f"/v1/tickets/{mine[1]}", {"status": "solved", "tags": ["done"]}).status_code == 200
    [foreign] = open_tickets(other, 1)
    nobody = ids.new("tkt")
    wanted = [*mine, foreign, nobody, mine[5], "not a ticket"]
    body = {"tickets": wanted, "changes": {"status": "solved", "tags": ["done"]}}
    shown = ended(store, store.post("/v1/tickets/bulk", body, Prefer="wait=20"))
    assert (shown["status"], shown["failure"]) == ("completed", None)
    assert shown["progress"] == {"done": 63, "total": 63, "failed": 4}
    came = {row["ticket"]: (row["status"], row["code"]) for row in shown["outcomes"]}
    assert came[mine[0]] == ("failed", "status_not_allowed")
    assert came[mine[1]] == ("unchanged", None)
    assert {came[one] for one in (foreign, nobody, "not a ticket")} == {("failed", "ticket_not_found")}
    assert {came[one] for one in mine[2:]} == {("changed", None)}
    assert len(store.get("/v1/tickets?tag=done&status=solved&limit=200").json()["data"]) == 59
    assert other.get(f"/v1/tickets/{foreign}").json()["status"] == "open"
    types = [row["type"] for row in store.get(f"/v1/events?resource={shown['id']}").json()["data"]]
    assert types == ["ticket_update.created", "ticket_update.completed"]
    solved = store.get(f"/v1/events?resource={mine[2]}&type=ticket.solved").json()["data"]
    assert len(solved) == 1


def test_an_update_is_done_once_per_key(store: Tenant) -> None:
    tickets = open_tickets(store, 3)
    body = {"tickets": tickets, "changes": {"priority": "high", "priority_reason": "Strike"}}
    first = ended(store, store.post("/v1/tickets/bulk", body, key="once", Prefer="wait=20"))
    again = store.post("/v1/tickets/bulk", body, key="once", Prefer="wait=20")
    assert (again.json()["id"], again.headers["idempotent-replayed"]) == (first["id"], "true")
    assert again.json()["progress"] == {"done": 3, "total": 3, "failed": 0}
    assert {store.get(f"/v1/tickets/{one}").json()["version"] for one in tickets} == {2}
    assert store.get(f"/v1/tickets/{tickets[0]}").json()["priority_reasons"] == ["Strike"]
    other = store.post("/v1/tickets/bulk", {**body, "tickets": tickets[:1]}, key="once")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_an_update_goes_on_where_it_was_killed_and_does_nothing_twice(app: App, store: Tenant) -> None:
    tickets = open_tickets(store, 60)
    caller = store.merchant()

    def begun(session: Any) -> str:
        update = ticket_updates.request(session, caller, tickets, {"tags": ["late"]})
        return update.id

    update_id = app.write(begun)
    app.wait(ticket_updates.run(app.runtime, update_id, 1))  # beside the job itself
    app.wait(ticket_updates.run(app.runtime, update_id, 2))
    shown = store.get(f"/v1/tickets/bulk/{update_id}").json()
    assert shown["status"] == "completed", "one of the two has ended it"
    assert shown["progress"] == {"done": 60, "total": 60, "failed": 0}
    assert [row["ticket"] for row in shown["outcomes"]] == sorted(tickets)
    assert {store.get(f"/v1/tickets/{one}").json()["version"] for one in tickets} == {2}

    def half(session: Any) -> None:
        update = session.get_one(TicketUpdate, update_id)
        update.status, update.outcomes, update.ended_at = "running", update.outcomes[:25], None

    app.write(half)
    app.wait(ticket_updates.run(app.runtime, update_id, 3))
    shown = store.get(f"/v1/tickets/bulk/{update_id}").json()
    assert (shown["status"], shown["progress"]["done"]) == ("completed", 60)
    assert [row["status"] for row in shown["outcomes"]].count("unchanged") == 35


def test_an_update_that_the_engine_has_given_up_is_taken_up_again(app: App, store: Tenant) -> None:
    tickets = open_tickets(store, 3)
    begun = clock.now() - ticket_updates.OVERDUE

    def lost(session: Any) -> str:
        row = {"store_id": store.id, "livemode": False, "status": "running", "outcomes": [], "created_at": begun}
        actor = {"type": "merchant", "id": None, "key": "key_1"}
        update = TicketUpdate(
            id=ids.least("tup", begun), tickets=sorted(tickets), changes={"tags": ["late"]}, actor=actor, **row
        )
        session.add(update)
        return update.id

    update_id = app.write(lost)
    app.write(ticket_updates.revive)
    answer = store.get(f"/v1/tickets/bulk/{update_id}")
    assert answer.status_code == 200
    give_up = time.monotonic() + 30
    while (shown := store.get(f"/v1/tickets/bulk/{update_id}").json())["status"] == "running":
        assert time.monotonic() < give_up, "nobody takes it up"
        time.sleep(0.1)
    assert shown["progress"] == {"done": 3, "total": 3, "failed": 0}
    assert app.write(ticket_updates.revive) == 0, "what has ended is left alone"


def test_a_change_that_runs_again_after_a_deadlock_is_the_same_change(app: App, store: Tenant) -> None:
    [ticket] = open_tickets(store, 1)
    fields = {"priority": "high", "priority_reason": "Strike"}
    caller = store.merchant()

    def broken(session: Any) -> None:
        with session.begin_nested() as tried:
            tickets_service.patch(session, caller, ticket, fields, None)
            tried.rollback()
        tickets_service.patch(session, caller, ticket, fields, None)

    app.write(broken)
    assert store.get(f"/v1/tickets/{ticket}").json()["priority_reasons"] == ["Strike"]


def test_a_snooze_and_people_are_given_to_many(store: Tenant) -> None:
    tickets = open_tickets(store, 2)
    assert store.post("/v1/agents", {"id": "kim"}).status_code == 201
    changes = {"assignee": "kim", "snoozed_until": "2027-01-04T08:00:00Z"}
    agent = {"Aftersale_Actor": "agent:lee"}
    shown = ended(store, store.post("/v1/tickets/bulk", {"tickets": tickets, "changes": changes}, **agent))
    assert (shown["changes"], shown["progress"]["failed"]) == (changes, 0)
    one = store.get(f"/v1/tickets/{tickets[0]}").json()
    assert (one["assignee"], one["snoozed_until"]) == ("kim", "2027-01-04T08:00:00Z")
    refused = store.post("/v1/tickets/bulk", {"tickets": tickets, "changes": {"assignee": "nobody"}})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_agent")


@pytest.mark.parametrize(
    "body",
    [
        {"tickets": [], "changes": {"status": "solved"}},
        {"tickets": ["tkt_1"] * 1001, "changes": {"status": "solved"}},
        {"tickets": ["tkt_1"], "changes": {}},
        {"tickets": ["tkt_1"]},
        {"tickets": "tkt_1", "changes": {"status": "solved"}},
        {"tickets": [1], "changes": {"status": "solved"}},
        {"tickets": ["tkt_1"], "changes": {"status": "done"}},
        {"tickets": ["tkt_1"], "changes": {"status": None}},
        {"tickets": ["tkt_1"], "changes": {"version": 3}},
    ],
)
def test_an_update_that_cannot_be_meant_is_refused(store: Tenant, body: Json) -> None:
    refused = store.post("/v1/tickets/bulk", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed")


def test_an_update_is_the_store_s_own(store: Tenant, other: Tenant) -> None:
    tickets = open_tickets(store, 1)
    body = {"tickets": tickets, "changes": {"status": "solved"}}
    assert store.post("/v1/tickets/bulk", body, Aftersale_Customer="cust-emma").status_code == 403
    made = ended(store, store.post("/v1/tickets/bulk", body))
    path = f"/v1/tickets/bulk/{made['id']}"
    assert other.get(path).json()["code"] == "ticket_update_not_found"
    assert store.get(path, Aftersale_Customer="cust-emma").status_code == 403
