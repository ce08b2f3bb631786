"""What a store promises: clocks that run in its hours of work, stand still for the shopper, and run out once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from app import clock
from app.models.stores import Store
from app.models.tickets import Ticket
from app.services import ticket_clocks, tickets
from tests.http.talk import LUC, tell
from tests.support.app import App, Tenant

ALONE = True
"""Time is moved, for every chore of the app."""
AGENT = {"Aftersale_Actor": "agent:kim"}
LEVELS: dict[str, Any] = {
    "targets": {
        "normal": {"first_answer": 60, "next_answer": 30, "resolution": 420},
        "urgent": {"first_answer": 15, "resolution": 120},
    },
    "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
}
Json = dict[str, Any]


@contextmanager
def moment(text: str) -> Iterator[None]:
    """As if it were then, in Berlin."""
    with time_machine.travel(text, tick=True):
        yield


@pytest.fixture
def promising(app: App, store: Tenant) -> Tenant:
    """The store in Berlin, with hours and targets."""

    def work(session: Any) -> None:
        row = session.get_one(Store, store.id)
        row.timezone, row.service_levels = "Europe/Berlin", LEVELS

    app.write(work)
    return store


def open_ticket(store: Tenant, **fields: Any) -> str:
    answer = store.post("/v1/tickets", {"text": "The lamp hums", "customer": "cust-emma", **fields})
    assert answer.status_code == 201, answer.text
    return f"/v1/tickets/{answer.json()['id']}"


def due(shown: Json, name: str) -> str | None:
    return minute(shown["clocks"][name]["due_at"])


def minute(stamp: str | None) -> str | None:
    """The nearest one: a test takes its time."""
    return None if stamp is None else (datetime.fromisoformat(stamp) + timedelta(seconds=30)).isoformat()[:16]


def states(shown: Json) -> dict[str, str]:
    return {name: of["status"] for name, of in shown["clocks"].items()}


def breaches(store: Tenant, path: str) -> list[str]:
    rows = store.get(f"/v1/events?resource={path.rpartition('/')[2]}&type=ticket.sla_breached&limit=200").json()["data"]
    return [row["data"]["object"]["clock"] for row in rows]


def test_a_store_that_promises_nothing_has_no_clocks(store: Tenant) -> None:
    shown = store.get(open_ticket(store)).json()
    assert (shown["due_at"], shown["breached"], shown["clocks"]) == (None, False, {})


def test_the_first_answer_is_due_in_hours_of_work_over_the_weekend_of_the_clocks(promising: Tenant) -> None:
    with moment("2027-03-26T15:30:00Z"):
        shown = promising.get(open_ticket(promising)).json()
    assert due(shown, "first_answer") == "2027-03-29T07:30"
    assert due(shown, "resolution") == "2027-03-29T13:30"
    assert (minute(shown["due_at"]), shown["breached"]) == ("2027-03-29T07:30", False)
    assert states(shown) == {"first_answer": "running", "resolution": "running"}


def test_an_answer_stops_the_first_clock_and_the_shopper_s_next_message_starts_the_next(promising: Tenant) -> None:
    with moment("2027-03-22T08:00:00Z"):  # 09:00
        path = open_ticket(promising)
        note = promising.post(f"{path}/messages", {"text": "Looks odd", "internal": True}, **AGENT)
        assert note.status_code == 201
        assert states(promising.get(path).json())["first_answer"] == "running", "a note answers nobody"
    with moment("2027-03-22T08:40:00Z"):
        assert promising.post(f"{path}/messages", {"text": "Try another bulb"}, **AGENT).status_code == 201
        shown = promising.get(path).json()
        assert states(shown) == {"first_answer": "stopped", "resolution": "paused"}
        assert (shown["due_at"], shown["breached"]) == (None, False)
    with moment("2027-03-22T15:00:00Z"):  # the shopper takes their time, and it is not the store's
        said = promising.post(f"{path}/messages", {"text": "It still hums"}, Aftersale_Customer="cust-emma")
        assert said.status_code == 201
        shown = promising.get(path).json()
        assert states(shown) == {"first_answer": "stopped", "next_answer": "running", "resolution": "running"}
        assert due(shown, "next_answer") == "2027-03-22T15:30"
        assert due(shown, "resolution") == "2027-03-23T13:20"  # 40 of 420 minutes are used, an hour is left today
    with moment("2027-03-22T15:10:00Z"):
        promising.post(f"{path}/messages", {"text": "Are you there?"}, Aftersale_Customer="cust-emma")
        assert due(promising.get(path).json(), "next_answer") == "2027-03-22T15:30", "from the first that waits"
        assert promising.send("PATCH", path, {"status": "solved"}).status_code == 200
        shown = promising.get(path).json()
        assert set(states(shown).values()) == {"stopped"}
        assert (shown["due_at"], shown["breached"]) == (None, False)
    with moment("2027-03-22T15:20:00Z"):
        assert promising.send("PATCH", path, {"status": "open"}).json()["clocks"]["resolution"]["status"] == "running"


def test_another_priority_is_another_promise(promising: Tenant) -> None:
    with moment("2027-03-22T08:00:00Z"):
        path = open_ticket(promising)
    with moment("2027-03-22T08:05:00Z"):
        shown = promising.send("PATCH", path, {"priority": "urgent"}).json()
        assert (due(shown, "first_answer"), due(shown, "resolution")) == ("2027-03-22T08:15", "2027-03-22T10:00")
        shown = promising.send("PATCH", path, {"priority": "low"}).json()
        assert (due(shown, "first_answer"), shown["due_at"]) == (None, None)


def promises(app: App, store: Tenant, targets: Json) -> None:
    def work(session: Any) -> None:
        session.get_one(Store, store.id).service_levels = {"targets": targets}

    app.write(work)


def test_a_promise_that_only_a_higher_priority_has_begins_with_it(app: App, store: Tenant) -> None:
    promises(app, store, {"urgent": {"first_answer": 30, "resolution": 60}})
    with moment("2027-03-22T08:00:00Z"):
        path = open_ticket(store)
        assert store.get(path).json()["clocks"] == {}
    with moment("2027-03-22T09:00:00Z"):
        shown = store.send("PATCH", path, {"priority": "urgent"}).json()
        assert (due(shown, "first_answer"), due(shown, "resolution")) == ("2027-03-22T09:30", "2027-03-22T10:00")


def test_nobody_is_promised_a_first_answer_who_has_one(app: App, store: Tenant) -> None:
    promises(app, store, {"normal": {"resolution": 600}, "urgent": {"first_answer": 30, "resolution": 60}})
    with moment("2027-03-22T08:00:00Z"):
        by_person, by_automation = open_ticket(store), tell(store, "Where is my order #1002?", customer=dict(LUC))
        assert by_automation["outcome"] == "answered"
        assert store.post(f"{by_person}/messages", {"text": "Try another bulb"}, **AGENT).status_code == 201
        for path in (by_person, f"/v1/tickets/{by_automation['ticket']['id']}"):
            shown = store.send("PATCH", path, {"priority": "urgent"}).json()
            assert states(shown) == {"resolution": "paused"}
            assert store.send("PATCH", path, {"priority": "normal", "status": "open"}).status_code == 200
            shown = store.send("PATCH", path, {"priority": "urgent"}).json()
            assert states(shown) == {"resolution": "running"}


def test_a_promise_of_the_next_answer_alone_is_kept_too(app: App, store: Tenant) -> None:
    promises(app, store, {"normal": {"next_answer": 30}})
    with moment("2027-03-22T08:00:00Z"):
        path = open_ticket(store)
        assert store.post(f"{path}/messages", {"text": "Try another bulb"}, **AGENT).status_code == 201
        said = store.post(f"{path}/messages", {"text": "It still hums"}, Aftersale_Customer="cust-emma")
        assert said.status_code == 201
        assert due(store.get(path).json(), "next_answer") == "2027-03-22T08:30"


def test_a_clock_that_runs_out_is_told_once_by_the_chore(app: App, promising: Tenant) -> None:
    with moment("2027-03-22T08:00:00Z"):
        path = open_ticket(promising)
        app.write(ticket_clocks.tend)
        assert breaches(promising, path) == []
    with moment("2027-03-22T09:00:05Z"):
        assert promising.get(path).json()["breached"] is True, "whether or not the chore has come by"
        for _ in range(3):
            app.write(ticket_clocks.tend)
        shown = promising.get(path).json()
        assert breaches(promising, path) == ["first_answer"]
        assert (shown["breached"], minute(shown["due_at"])) == (True, "2027-03-22T15:00")
        assert shown["clocks"]["first_answer"]["breached"] is True
    with moment("2027-03-22T15:00:05Z"):
        app.write(ticket_clocks.tend)
        app.write(ticket_clocks.tend)
        assert breaches(promising, path) == ["first_answer", "resolution"]
        assert promising.get(path).json()["due_at"] is None
    with moment("2027-03-23T16:00:00Z"):
        promising.post(f"{path}/messages", {"text": "Sorry"}, **AGENT)
        app.write(ticket_clocks.tend)
        assert breaches(promising, path) == ["first_answer", "resolution"]


def test_an_answer_that_comes_late_is_a_breach_though_no_chore_came_by(app: App, promising: Tenant) -> None:
    with moment("2027-03-22T08:00:00Z"):
        path = open_ticket(promising)
    with moment("2027-03-22T09:30:00Z"):
        promising.post(f"{path}/messages", {"text": "Sorry"}, **AGENT)
        assert breaches(promising, path) == ["first_answer"]
        app.write(ticket_clocks.tend)
        assert breaches(promising, path) == ["first_answer"]


def test_automation_s_answer_counts_and_a_hand_over_does_not(promising: Tenant) -> None:
    with moment("2027-03-22T08:00:00Z"):
        answered = tell(promising, "Where is my order #1002?", customer=dict(LUC))
        handed = tell(promising, "I want to talk to a person", customer={"email": "emma.clarke@example.com"})
    assert (answered["outcome"], handed["outcome"]) == ("answered", "handed_off")
    assert answered["ticket"]["clocks"]["first_answer"]["status"] == "stopped"
    assert answered["ticket"]["clocks"]["resolution"]["status"] == "paused"
    assert states(handed["ticket"]) == {"first_answer": "running", "resolution": "running"}


def test_a_shopper_is_not_shown_what_the_store_promises_itself(promising: Tenant) -> None:
    path = open_ticket(promising, priority="urgent")
    shown = promising.get(path, Aftersale_Customer="cust-emma").json()
    assert (shown["due_at"], shown["breached"], shown["clocks"], shown["priority_reasons"]) == (None, False, {}, [])
    assert promising.get(path).json()["priority_reasons"] == ["set_by_person"]


# ---- snooze and priorities ----------------------------------------------------------------------------------------


def test_a_snoozed_ticket_comes_back_when_its_time_is_there(app: App, store: Tenant) -> None:
    with moment("2027-03-22T08:00:00Z"):
        path = open_ticket(store)
        shown = store.send("PATCH", path, {"snoozed_until": "2027-03-24T08:00:00Z"}).json()
        assert (shown["status"], shown["snoozed_until"]) == ("pending_internal", "2027-03-24T08:00:00Z")
        app.write(tickets.wake)
        assert store.get(path).json()["status"] == "pending_internal"
        assert store.get(path, Aftersale_Customer="cust-emma").json()["snoozed_until"] is None
    with moment("2027-03-24T08:00:01Z"):
        app.write(tickets.wake)
        app.write(tickets.wake)
        shown = store.get(path).json()
        assert (shown["status"], shown["snoozed_until"]) == ("open", None)
        assert [row["type"] for row in shown["timeline"]].count("ticket.woken") == 1


def test_a_snoozed_ticket_comes_back_when_the_shopper_writes(store: Tenant) -> None:
    asked = tell(store, "I want to talk to a person", customer=dict(LUC))
    path = f"/v1/tickets/{asked['ticket']['id']}"
    assert store.send("PATCH", path, {"snoozed_until": _soon()}).json()["status"] == "pending_internal"
    again = tell(store, "Hello? Anybody there?", customer=dict(LUC))
    assert again["ticket"]["id"] == asked["ticket"]["id"]
    assert (again["ticket"]["status"], again["ticket"]["snoozed_until"]) == ("open", None)


def test_a_snooze_ends_with_another_status_or_by_hand(store: Tenant) -> None:
    path = open_ticket(store)
    for change, status in (({"snoozed_until": None}, "open"), ({"status": "solved"}, "solved")):
        assert store.send("PATCH", path, {"snoozed_until": _soon()}).json()["snoozed_until"]
        shown = store.send("PATCH", path, change).json()
        assert (shown["status"], shown["snoozed_until"]) == (status, None)
    assert store.send("PATCH", path, {"snoozed_until": _soon()}).json()["code"] == "status_not_allowed"


@pytest.mark.parametrize(
    "change",
    [
        {"snoozed_until": "2020-01-01T00:00:00Z"},
        {"snoozed_until": "2090-01-01T00:00:00Z"},
        {"snoozed_until": "tomorrow"},
        {"snoozed_until": "2027-01-01"},
        {"snoozed_until": "2027-06-01T00:00:00Z", "status": "solved"},
    ],
)
def test_a_snooze_that_cannot_be_meant_is_refused(store: Tenant, change: Json) -> None:
    path = open_ticket(store)
    answer = store.send("PATCH", path, change)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert store.get(path).json()["snoozed_until"] is None


def test_a_priority_says_why(store: Tenant) -> None:
    path = open_ticket(store)
    assert store.get(path).json()["priority_reasons"] == []
    changed = store.send("PATCH", path, {"priority": "high", "priority_reason": "A wedding on Saturday"}).json()
    assert (changed["priority"], changed["priority_reasons"]) == ("high", ["A wedding on Saturday"])
    assert store.send("PATCH", path, {"tags": ["x"]}).json()["priority_reasons"] == ["A wedding on Saturday"]
    assert store.send("PATCH", path, {"priority": "low"}).json()["priority_reasons"] == ["set_by_person"]
    angry = tell(store, "This is fraud, my lawyer will sue you!", customer=dict(LUC))["ticket"]
    assert angry["priority"] in {"high", "urgent"}
    assert angry["priority_reasons"]


def _soon() -> str:
    return clock.rfc3339((clock.now() + timedelta(days=1)).replace(microsecond=0))


def test_a_late_ticket_of_a_store_that_promises_nothing_any_more_stops_no_chore(app: App, promising: Tenant) -> None:
    with moment("2027-03-22T08:00:00Z"):
        path = open_ticket(promising)

    def forget(session: Any) -> None:
        session.get_one(Store, promising.id).service_levels = {}

    app.write(forget)
    with moment("2027-03-22T09:30:00Z"):
        app.write(ticket_clocks.tend)
        assert breaches(promising, path) == ["first_answer"]
        assert app.read(lambda session: session.get_one(Ticket, path.rpartition("/")[2]).due_at) is not None
