"""The event log: every change once, in order and without gaps per resource, and no late commit is skipped."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from app import ids
from app.models.tickets import Ticket
from app.services import tickets
from tests.support.app import App, Tenant

REFUND = {"order": "#1001", "amount": {"amount": 100, "currency": "EUR"}, "reason": "damaged"}
Events = list[dict[str, Any]]


def read(store: Tenant, query: str = "", *, until: str = "", seconds: float = 5) -> Events:
    """The log from its start; read again until it has an event of the type `until`."""
    deadline = time.monotonic() + seconds
    while True:
        found: Events = []
        cursor = ""
        while True:
            page = store.get(f"/v1/events?limit=200{query}{cursor}").json()
            found += page["data"]
            cursor = f"&cursor={page['next_cursor']}"
            if not page["data"]:
                break
        if not until or any(event["type"] == until for event in found) or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def busy(store: Tenant) -> None:
    """A refund, a return with its label, a ticket that is answered and solved."""
    assert store.post("/v1/refunds", REFUND).status_code == 201
    line = {"line_id": "ln-1001-1", "quantity": 1}
    back = store.post("/v1/returns", {"order": "#1001", "lines": [line]}).json()
    assert store.post("/v1/return-labels", {"return_id": back["id"]}).status_code == 201
    ticket = store.post("/v1/tickets", {"text": "Hello", "channel": "web"}).json()
    path = f"/v1/tickets/{ticket['id']}"
    assert store.post(f"{path}/messages", {"text": "Hi", "internal": True}).status_code == 201
    assert store.send("PATCH", path, {"status": "solved", "tags": ["a"]}).status_code == 200


def by_resource(events: Events) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for event in events:
        shown = event["data"]["object"]
        kind = event["type"].partition(".")[0]
        found[shown["ticket"] if kind == "message" else shown["id"]].append(event["sequence"])
    return found


def test_every_resource_s_events_are_numbered_from_one_without_gaps(store: Tenant) -> None:
    busy(store)
    events = read(store, until="ticket.solved")
    numbered = by_resource(events)
    assert len(numbered) >= 6
    for resource, numbers in numbered.items():
        assert numbers == list(range(1, len(numbers) + 1)), (resource, numbers)
    types = [event["type"] for event in events]
    expected = {
        "order.created", "refund.created", "refund.succeeded", "operation.succeeded", "return.requested",
        "return.approved", "return.label_issued", "label.created", "ticket.created", "ticket.solved",
    }  # fmt: skip
    assert expected <= set(types)
    assert len({event["id"] for event in events}) == len(events)


def test_an_event_shows_the_thing_and_what_it_was_before(store: Tenant) -> None:
    refund = store.post("/v1/refunds", REFUND).json()
    last = read(store, f"&resource={refund['id']}", until="refund.succeeded")[-1]
    assert (last["type"], last["livemode"], last["api_version"]) == ("refund.succeeded", False, "2026-11-01")
    assert last["data"]["previous"] == {"status": "pending"}
    assert last["data"]["object"]["status"] == "succeeded"
    assert set(last["data"]["object"]) == set(store.get(f"/v1/refunds/{refund['id']}").json())
    assert last["timestamp"].endswith("Z")


def test_pages_of_the_log_bring_every_event_once_in_order(store: Tenant) -> None:
    busy(store)
    whole = [event["id"] for event in read(store, until="ticket.solved")]
    for limit in (1, 3, 7):
        paged: list[str] = []
        cursor = ""
        while True:
            page = store.get(f"/v1/events?limit={limit}{cursor}").json()
            assert isinstance(page["next_cursor"], str)
            if not page["data"]:
                break
            assert len(page["data"]) <= limit
            paged += [event["id"] for event in page["data"]]
            cursor = f"&cursor={page['next_cursor']}"
        assert paged == whole


def test_a_reader_that_has_read_all_asks_again_with_its_cursor(store: Tenant) -> None:
    start = store.get("/v1/events").json()
    assert start["data"] == []
    store.post("/v1/tickets", {"subject": "one"})
    read(store, until="ticket.created")
    first = store.get(f"/v1/events?cursor={start['next_cursor']}").json()
    assert [event["type"] for event in first["data"]] == ["ticket.created"]
    again = store.get(f"/v1/events?cursor={first['next_cursor']}").json()
    assert again["data"] == []
    store.post("/v1/tickets", {"subject": "two"})
    read(store, until="ticket.created")
    later = store.get(f"/v1/events?cursor={again['next_cursor']}").json()["data"]
    assert [event["data"]["object"]["subject"] for event in later] == ["two"]


def test_the_log_goes_on_behind_an_event(store: Tenant) -> None:
    busy(store)
    whole = [event["id"] for event in read(store, until="ticket.solved")]
    for place in (0, len(whole) // 2, len(whole) - 1):
        behind = store.get(f"/v1/events?limit=200&after={whole[place]}").json()["data"]
        assert [event["id"] for event in behind] == whole[place + 1 :]


def test_the_log_is_filtered_by_type_and_resource(store: Tenant) -> None:
    busy(store)
    events = read(store, until="ticket.solved")
    created = read(store, "&type=ticket.created")
    assert [event["id"] for event in created] == [event["id"] for event in events if event["type"] == "ticket.created"]
    ticket = created[0]["data"]["object"]["id"]
    assert [event["type"] for event in read(store, f"&resource={ticket}")] == [
        "ticket.created", "message.received", "message.noted", "ticket.solved",
    ]  # fmt: skip
    assert read(store, f"&resource={ids.new('tkt')}") == []


def test_a_change_that_changes_nothing_is_no_event(store: Tenant) -> None:
    ticket = store.post("/v1/tickets", {"subject": "one"}).json()
    for _ in range(2):
        assert store.send("PATCH", f"/v1/tickets/{ticket['id']}", {"subject": "one"}).status_code == 200
    assert [event["type"] for event in read(store, until="ticket.created")] == ["ticket.created"]


def test_a_refused_write_is_no_event(store: Tenant) -> None:
    store.get("/v1/orders/1001")
    before = len(read(store, until="order.created"))
    refused = store.post("/v1/refunds", {**REFUND, "amount": {"amount": 10**9, "currency": "EUR"}})
    assert refused.status_code == 409
    assert len(read(store)) == before


def test_writers_at_the_same_moment_leave_no_gap(store: Tenant) -> None:
    ticket = store.post("/v1/tickets", {"subject": "busy"}).json()["id"]

    def write(number: int) -> None:
        for turn in range(5):
            store.send("PATCH", f"/v1/tickets/{ticket}", {"tags": [f"{number}-{turn}"]})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    deadline = time.monotonic() + 5
    while len(events := read(store, f"&resource={ticket}")) < 21 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [event["sequence"] for event in events] == list(range(1, 22))


# ---- PostgreSQL: several writers at once ------------------------------------------------------------------------


@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_an_event_that_commits_late_is_not_skipped(app: App, store: Tenant) -> None:
    start = store.get("/v1/events").json()["next_cursor"]
    late = ids.new("evt")
    with psycopg.connect(app.settings.database) as slow:
        slow.execute(
            "INSERT INTO events (id, store_id, livemode, created_at, type, resource_type, resource_id, sequence,"
            " position, object) VALUES (%s, %s, false, now(), 'ticket.created', 'ticket', %s, 1,"
            " pg_current_xact_id()::text::bigint, '{}')",
            (late, store.id, ids.new("tkt")),
        )
        assert store.post("/v1/tickets", {"subject": "quick"}).status_code == 201
        early = store.client.get(f"/v1/events?cursor={start}").json()
        assert early["data"] == []  # the quick one waits behind the late one
        slow.commit()
    deadline = time.monotonic() + 5
    found: Events = []
    cursor = early["next_cursor"]
    while len(found) < 2 and time.monotonic() < deadline:
        page = store.get(f"/v1/events?cursor={cursor}").json()
        found, cursor = found + page["data"], page["next_cursor"]
    assert [event["data"]["object"].get("subject") for event in found] == [None, "quick"]
    assert found[0]["id"] == late


@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_an_older_transaction_that_writes_later_does_not_turn_the_order_round(app: App, store: Tenant) -> None:
    ticket = store.post("/v1/tickets", {"subject": "one"}).json()["id"]

    def slow(session: Any) -> None:
        session.execute(text("SELECT pg_current_xact_id()"))  # an older transaction than the rival's …
        session.execute(text("SELECT pg_sleep(0.8)"))
        tickets.change(session, session.get_one(Ticket, ticket, with_for_update=True), {"tags": ["slow"]})  # … later

    thread = threading.Thread(target=app.write, args=(slow,))
    thread.start()
    time.sleep(0.3)
    assert store.send("PATCH", f"/v1/tickets/{ticket}", {"tags": ["quick"]}).status_code == 200
    thread.join(20)
    deadline = time.monotonic() + 5
    while len(events := read(store, f"&resource={ticket}")) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [event["data"]["object"]["tags"] for event in events] == [[], ["quick"], ["slow"]]
    assert [event["sequence"] for event in events] == [1, 2, 3]
    behind = store.get(f"/v1/events?resource={ticket}&after={events[1]['id']}").json()["data"]
    assert [event["id"] for event in behind] == [events[2]["id"]]
