"""The clocks of a ticket: first answer, next answer, resolution, held against what the store promises.

`first_answer` runs from the opening to the first answer; `next_answer` from each message of the shopper's that follows
an answer to the next; `resolution` from the opening until it is solved, and stands still while the shopper is waited
for. Each counts hours of work. A person's reply is an answer; automation's is one where it settled the matter.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.stores import Store
from app.models.tickets import Message, Ticket
from app.services import events, ticket_views, working_hours
from app.services.service_levels import CLOCKS, ServiceLevels
from app.services.working_hours import Calendar

WAITING = "pending_customer"
OVER = ("solved", "closed")
SETTLED = ("answered", "acted", "awaiting_customer")
"""Outcomes of a message that are an answer; that a person will look at it is none."""
NONE_YET: dict[str, Any] = {"none": {}}
"""The clocks of a ticket whose store promises something, though nothing that runs yet at its priority."""
AT_ONCE = 200
"""Tickets that one round of the chore looks at."""
Clock = dict[str, Any]


class _Hands:
    """A ticket's clocks while they are set: kept with `put`."""

    def __init__(self, store: Store, ticket: Ticket) -> None:
        self.levels = ServiceLevels.model_validate(store.service_levels)
        self.calendar: Calendar = self.levels.calendar(store.timezone)
        self.ticket = ticket
        self.now = clock.now()
        self.clocks: dict[str, Clock] = {name: dict(ticket.clocks[name]) for name in CLOCKS if name in ticket.clocks}
        self.late: list[str] = []
        """Clocks that were found to have run out."""

    def start(self, name: str) -> None:
        """From zero, or on from where it stands; nothing where nothing is promised."""
        target = self.levels.target(self.ticket.priority, name)
        found = self.clocks.get(name)
        if found is None and target is None:
            return
        if found is None:
            found = self.clocks[name] = {"used": 0.0, "breached_at": None}
        if found.get("since") is None:
            found.update(since=clock.rfc3339(self.now), stopped_at=None)
        self._aim(name)

    def stop(self, name: str, *, pause: bool = False) -> None:
        """What it has counted stays; one that ran out before is late, whoever looks."""
        found = self.clocks.get(name)
        if found is None:
            return
        if found.get("since") is not None:
            self._note_late(name)
            found["used"] += working_hours.between(self.calendar, _moment(found["since"]), self.now)
            found["since"] = None
        if not pause and found.get("stopped_at") is None:
            found["stopped_at"] = clock.rfc3339(self.now)
        found["due_at"] = None

    def forget(self, name: str) -> None:
        """The next run begins from zero."""
        self.clocks.pop(name, None)

    def _aim(self, name: str) -> None:
        found = self.clocks[name]
        target = self.levels.target(self.ticket.priority, name)
        due = None
        if target is not None and found.get("since") is not None:
            left = max(0.0, target - found["used"])
            due = working_hours.after(self.calendar, _moment(found["since"]), left)
        found["due_at"] = None if due is None else clock.rfc3339(due)

    def aim(self, *, answered: bool) -> None:
        """By the targets of the priority that it has now; `answered`: nobody waits for a first answer any more."""
        for name in CLOCKS:
            if name in self.clocks:
                self._note_late(name)
                self._aim(name)
            elif self.ticket.status not in OVER and (name == "resolution" or (name == "first_answer" and not answered)):
                self.start(name)

    def look(self) -> None:
        """Find out which have run out."""
        for name in self.clocks:
            self._note_late(name)

    def _note_late(self, name: str) -> None:
        found = self.clocks[name]
        due = found.get("due_at")
        if due is not None and found["breached_at"] is None and _moment(due) <= self.now:
            found["breached_at"] = due
            self.late.append(name)

    def put(self, session: Session) -> None:
        """Write them down, with an event for each that was found to have run out."""
        waiting = [found["due_at"] for found in self.clocks.values() if found["breached_at"] is None]
        dues = [_moment(due) for due in waiting if due is not None]
        self.ticket.clocks = self.clocks or NONE_YET
        self.ticket.due_at = min(dues, default=None)
        for name in self.late:
            session.flush()
            shown = {**ticket_views.view(self.ticket), "clock": name}
            events.record(session, "ticket.sla_breached", self.ticket, shown)
        self.late = []


def _moment(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


def begin(store: Store, ticket: Ticket) -> None:
    """Start the clocks of a new ticket, where its store promises something."""
    if not store.service_levels:
        return
    hands = _Hands(store, ticket)
    for name in ("first_answer", "resolution"):
        hands.start(name)
    ticket.clocks = hands.clocks or NONE_YET
    dues = [_moment(found["due_at"]) for found in hands.clocks.values() if found["due_at"] is not None]
    ticket.due_at = min(dues, default=None)


def awaits_first_answer(ticket: Ticket) -> bool:
    """Whether that clock runs: then what the shopper writes starts no other."""
    return ticket.clocks.get("first_answer", {}).get("since") is not None


def heard(session: Session, ticket: Ticket) -> None:
    """The shopper has written: the next answer is waited for, unless the first one still is."""
    hands = _hands(session, ticket)
    if hands is None:
        return
    if _runs(hands, "first_answer") or _runs(hands, "next_answer"):
        return
    hands.forget("next_answer")
    hands.start("next_answer")
    hands.put(session)


def answered(session: Session, ticket: Ticket) -> None:
    """The shopper has an answer."""
    hands = _hands(session, ticket)
    if hands is None:
        return
    for name in ("first_answer", "next_answer"):
        if _runs(hands, name):
            hands.stop(name)
    hands.put(session)


def changed(session: Session, ticket: Ticket, before: dict[str, Any]) -> None:
    """Status or priority are others now."""
    if not {"status", "priority"} & set(before):
        return
    hands = _hands(session, ticket)
    if hands is None:
        return
    if "priority" in before:
        hands.aim(answered=_was_answered(session, ticket))
    if ticket.status in OVER:
        for name in CLOCKS:
            if name in hands.clocks:
                hands.stop(name)
    elif ticket.status == WAITING:
        hands.stop("resolution", pause=True)
    elif "status" in before:
        hands.start("resolution")
    hands.put(session)


def _was_answered(session: Session, ticket: Ticket) -> bool:
    """Whether the shopper has had an answer, also one that no clock has waited for."""
    said = select(Message.direction, Message.author, Message.outcome).where(Message.ticket_id == ticket.id)
    return any(
        outcome in SETTLED or (direction == "outbound" and author.get("type") != "automation")
        for direction, author, outcome in session.execute(said)
    )


def _runs(hands: _Hands, name: str) -> bool:
    return hands.clocks.get(name, {}).get("since") is not None


def _hands(session: Session, ticket: Ticket) -> _Hands | None:
    """None where its store promises nothing: that costs no look at the store."""
    if not ticket.clocks:
        return None
    return _Hands(session.get_one(Store, ticket.store_id), ticket)


def tend(session: Session) -> int:
    """Say of tickets whose time has run out that it has, once for each clock; how many were late."""
    late = (
        select(Ticket)
        .where(Ticket.due_at <= clock.now())
        .order_by(Ticket.due_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    rows = session.scalars(late).all()
    for ticket in rows:
        hands = _Hands(session.get_one(Store, ticket.store_id), ticket)
        hands.look()
        hands.put(session)
    return len(rows)
