"""Tickets and their messages as they are written: opened, answered, changed and handed over to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import Invalid, PreconditionFailed, StatusNotAllowed, TicketClosed
from app.models.tickets import MOVES, Message, Ticket, TicketTag
from app.services import agents, audit, events, ticket_clocks, ticket_search, ticket_views
from app.services.callers import Caller

SNOOZED_AT_MOST = timedelta(days=366)
AT_ONCE = 200
"""Tickets that one round of the chore wakes."""
BY_PERSON = "set_by_person"


@dataclass(frozen=True, slots=True)
class TicketSpec:
    """A new ticket's fields."""

    channel: str
    subject: str | None = None
    priority: str = "normal"
    priority_reasons: tuple[str, ...] = ()
    intent: str | None = None
    sentiment: str | None = None
    language: str | None = None
    department: str | None = None
    assignee: str | None = None
    team: str | None = None
    customer_id: str | None = None
    order_id: str | None = None
    contact: dict[str, Any] | None = None
    contact_key: str | None = None
    proof: int = 0
    tags: tuple[str, ...] = ()
    external_ids: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class MessageSpec:
    """A new message's fields."""

    direction: str
    channel: str
    author: dict[str, Any]
    text: str
    id: str | None = None
    language: str | None = None
    external_id: str | None = None
    in_reply_to: str | None = None
    triage: dict[str, Any] | None = None
    outcome: str | None = None
    buttons: tuple[dict[str, Any], ...] = ()
    cards: tuple[dict[str, Any], ...] = ()
    details: dict[str, Any] | None = None
    occurred_at: datetime | None = None


class Owner(Protocol):
    """What a message hangs on: a ticket, or what will be its row."""

    id: Any
    store_id: Any
    livemode: Any


def row_of(caller: Caller, spec: TicketSpec, now: datetime) -> dict[str, Any]:
    """The columns of a new ticket; its clocks do not run yet."""
    return {
        "id": ids.new("tkt"),
        "store_id": caller.store_id,
        "livemode": caller.livemode,
        "created_at": now,
        "updated_at": now,
        "last_message_at": now,
        "subject": spec.subject,
        "status": "open",
        "priority": spec.priority,
        "priority_reasons": list(spec.priority_reasons),
        "channel": spec.channel,
        "intent": spec.intent,
        "sentiment": spec.sentiment,
        "language": spec.language,
        "department": spec.department,
        "assignee": spec.assignee,
        "team": spec.team,
        "customer_id": spec.customer_id,
        "order_id": spec.order_id,
        "contact": spec.contact or {},
        "contact_key": spec.contact_key,
        "proof": spec.proof,
        "tags": sorted(set(spec.tags)),
        "external_ids": spec.external_ids or {},
        "handoff": None,
        "snoozed_until": None,
        "merged_into": None,
        "erased_at": None,
        "clocks": {},
        "due_at": None,
        "version": 1,
        "event_sequence": 0,
    }


def create(session: Session, caller: Caller, spec: TicketSpec) -> Ticket:
    """Open a ticket."""
    ticket = Ticket(**row_of(caller, spec, clock.now()))
    ticket_clocks.begin(caller.store, ticket)
    session.add(ticket)
    session.flush()
    _tag(session, ticket)
    if ticket.subject is not None:
        ticket_search.add(session, ticket, ticket.subject, subject=True)
    events.record(session, "ticket.created", ticket, ticket_views.view(ticket))
    return ticket


def message_row_of(ticket: Owner, spec: MessageSpec, now: datetime) -> dict[str, Any]:
    """The columns of a new message of this ticket."""
    return {
        "id": spec.id or ids.new("msg"),
        "ticket_id": ticket.id,
        "store_id": ticket.store_id,
        "livemode": ticket.livemode,
        "created_at": now,
        "direction": spec.direction,
        "channel": spec.channel,
        "author": spec.author,
        "text": spec.text,
        "language": spec.language,
        "external_id": spec.external_id,
        "in_reply_to": spec.in_reply_to,
        "triage": spec.triage,
        "outcome": spec.outcome,
        "buttons": list(spec.buttons),
        "cards": list(spec.cards),
        "details": spec.details or {},
        "answer": None,
        "operation_id": None,
        "delivery": None,
        "occurred_at": spec.occurred_at or now,
    }


def add_message(session: Session, ticket: Ticket, spec: MessageSpec) -> Message:
    """Append a message; the event is the ticket's, so that one resource's events stay in one order."""
    now = clock.now()
    message = Message(**message_row_of(ticket, spec, now))
    session.add(message)
    ticket.last_message_at = now
    session.flush()
    if message.direction != "internal":
        ticket_search.add(session, ticket, message.text)
    if message.direction == "inbound":
        ticket_clocks.heard(session, ticket)
    elif message.direction == "outbound" and message.author.get("type") != "automation":
        ticket_clocks.answered(session, ticket)
    kind = {"inbound": "message.received", "outbound": "message.sent"}.get(spec.direction, "message.noted")
    events.record(session, kind, ticket, ticket_views.message_view(message))
    return message


def change(session: Session, ticket: Ticket, fields: dict[str, Any], kind: str | None = None) -> Ticket:
    """Set fields that differ, one version further, with one event (`kind`) that tells what they were.

    A status of its own wakes a ticket that was snoozed.
    """
    status = fields.get("status")
    if status is not None and status != ticket.status:
        if status not in MOVES[ticket.status]:
            raise StatusNotAllowed
        fields.setdefault("snoozed_until", None)
    if "tags" in fields:
        fields["tags"] = sorted(set(fields["tags"]))
    before = {name: getattr(ticket, name) for name, value in fields.items() if getattr(ticket, name) != value}
    if not before:
        return ticket
    for name in before:
        setattr(ticket, name, fields[name])
    ticket.version += 1
    ticket.updated_at = clock.now()
    if "tags" in before:
        session.execute(delete(TicketTag).where(TicketTag.ticket_id == ticket.id))
        _tag(session, ticket)
    session.flush()
    if "subject" in before:
        ticket_search.reindex(session, ticket, before["subject"] or "")
    ticket_clocks.changed(session, ticket, before)
    over = before.get("status") and fields["status"] in {"solved", "closed"}
    kind = kind or (f"ticket.{fields['status']}" if over else "ticket.updated")
    shown = {"customer_id": "customer", "order_id": "order"}
    events.record(
        session,
        kind,
        ticket,
        ticket_views.view(ticket),
        previous={
            shown.get(name, name): clock.rfc3339(was) if isinstance(was, datetime) else was
            for name, was in before.items()
        },
    )
    return ticket


def _tag(session: Session, ticket: Ticket) -> None:
    for tag in ticket.tags:
        session.add(TicketTag(ticket_id=ticket.id, tag=tag))


def patch(session: Session, caller: Caller, ticket_id: str, fields: dict[str, Any], version: int | None) -> Ticket:
    """Change a ticket; raises `version_stale` where `version` is not the present one."""
    fields = dict(fields)  # what is added here is of this try: after a deadlock the unit runs again with the same
    ticket = ticket_views.get(session, caller, ticket_id, lock=True)
    if version is not None and version != ticket.version:
        raise PreconditionFailed
    given = {
        name: fields[name] for name in ("assignee", "team") if fields.get(name) not in (None, getattr(ticket, name))
    }
    agents.check(session, caller, **given)
    reason = fields.pop("priority_reason", None)
    if reason is not None or fields.get("priority", ticket.priority) != ticket.priority:
        fields["priority_reasons"] = [reason or BY_PERSON]
    if "snoozed_until" in fields:
        _snooze(ticket, fields)
    change(session, ticket, fields)
    audit.write(
        session,
        action="ticket.changed",
        subject_type="ticket",
        subject_id=ticket.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"fields": sorted(fields)},
        request_id=caller.request_id,
    )
    return ticket


def _snooze(ticket: Ticket, fields: dict[str, Any]) -> None:
    """Out of the pile until then: it waits for nobody but the clock. Without a time it is back in the pile."""
    until = fields["snoozed_until"]
    now = clock.now()
    if until is None:
        if ticket.snoozed_until is not None:
            fields.setdefault("status", "open")
        return
    if not now < until <= now + SNOOZED_AT_MOST:
        raise _not_then("must be in the future, a year at most")
    if fields.setdefault("status", "pending_internal") != "pending_internal":
        raise _not_then("goes with the status pending_internal alone")
    if ticket.status in ticket_clocks.OVER:
        raise StatusNotAllowed("A ticket that is over is not snoozed.")


def _not_then(detail: str) -> Invalid:
    return Invalid(errors=[{"pointer": "/snoozed_until", "code": "not_then", "detail": detail}])


def wake(session: Session) -> int:
    """Open the tickets whose time to come back is there; how many came back."""
    due = (
        select(Ticket)
        .where(Ticket.snoozed_until <= clock.now())
        .order_by(Ticket.snoozed_until)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    rows = session.scalars(due).all()
    for ticket in rows:
        change(session, ticket, {"status": "open", "snoozed_until": None}, "ticket.woken")
    return len(rows)


def hand_off(
    session: Session,
    ticket: Ticket,
    pack: dict[str, Any],
    *,
    priority: str | None = None,
    reasons: Sequence[str] = (BY_PERSON,),
) -> None:
    """Give the ticket to a person with everything filled in; `reasons`: why it has that `priority`."""
    ticket.handoff = pack
    fields: dict[str, Any] = {"status": "open"}
    if priority is not None:
        fields["priority"] = priority
        if priority != ticket.priority:
            fields["priority_reasons"] = list(reasons)
    if pack.get("department"):
        fields["department"] = pack["department"]
    if ticket.status == "closed":
        raise TicketClosed
    change(session, ticket, fields)
    session.flush()
    events.record(session, "ticket.handed_off", ticket, ticket_views.view(ticket))
