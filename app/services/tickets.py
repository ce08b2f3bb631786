"""Tickets and their messages as they are written: opened, answered, changed and handed over to people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import PreconditionFailed, StatusNotAllowed, TicketClosed
from app.models.tickets import MOVES, Message, Ticket, TicketTag
from app.services import audit, events, ticket_views
from app.services.callers import Caller


@dataclass(frozen=True, slots=True)
class TicketSpec:
    """A new ticket's fields."""

    channel: str
    subject: str | None = None
    priority: str = "normal"
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


def create(session: Session, caller: Caller, spec: TicketSpec) -> Ticket:
    """Open a ticket."""
    now = clock.now()
    ticket = Ticket(
        id=ids.new("tkt"),
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=now,
        updated_at=now,
        last_message_at=now,
        subject=spec.subject,
        status="open",
        priority=spec.priority,
        channel=spec.channel,
        intent=spec.intent,
        sentiment=spec.sentiment,
        language=spec.language,
        department=spec.department,
        assignee=spec.assignee,
        team=spec.team,
        customer_id=spec.customer_id,
        order_id=spec.order_id,
        contact=spec.contact or {},
        contact_key=spec.contact_key,
        proof=spec.proof,
        tags=sorted(set(spec.tags)),
        version=1,
    )
    session.add(ticket)
    session.flush()
    _tag(session, ticket)
    events.record(session, "ticket.created", ticket, ticket_views.view(ticket))
    return ticket


def add_message(session: Session, ticket: Ticket, spec: MessageSpec) -> Message:
    """Append a message; the event is the ticket's, so that one resource's events stay in one order."""
    now = clock.now()
    message = Message(
        id=spec.id or ids.new("msg"),
        ticket_id=ticket.id,
        store_id=ticket.store_id,
        livemode=ticket.livemode,
        created_at=now,
        direction=spec.direction,
        channel=spec.channel,
        author=spec.author,
        text=spec.text,
        language=spec.language,
        external_id=spec.external_id,
        in_reply_to=spec.in_reply_to,
        triage=spec.triage,
        outcome=spec.outcome,
        buttons=list(spec.buttons),
        cards=list(spec.cards),
        details=spec.details or {},
        occurred_at=spec.occurred_at or now,
    )
    session.add(message)
    ticket.last_message_at = now
    session.flush()
    kind = {"inbound": "message.received", "outbound": "message.sent"}.get(spec.direction, "message.noted")
    events.record(session, kind, ticket, ticket_views.message_view(message))
    return message


def change(session: Session, ticket: Ticket, fields: dict[str, Any]) -> Ticket:
    """Set fields that differ, one version further, with one event that tells what they were."""
    status = fields.get("status")
    if status is not None and status != ticket.status and status not in MOVES[ticket.status]:
        raise StatusNotAllowed
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
    kind = (
        f"ticket.{fields['status']}"
        if before.get("status") and fields["status"] in {"solved", "closed"}
        else "ticket.updated"
    )
    shown = {"customer_id": "customer", "order_id": "order"}
    events.record(
        session,
        kind,
        ticket,
        ticket_views.view(ticket),
        previous={shown.get(name, name): was for name, was in before.items()},
    )
    return ticket


def _tag(session: Session, ticket: Ticket) -> None:
    for tag in ticket.tags:
        session.add(TicketTag(ticket_id=ticket.id, tag=tag))


def patch(session: Session, caller: Caller, ticket_id: str, fields: dict[str, Any], version: int | None) -> Ticket:
    """Change a ticket; raises `version_stale` where `version` is not the present one."""
    ticket = ticket_views.get(session, caller, ticket_id, lock=True)
    if version is not None and version != ticket.version:
        raise PreconditionFailed
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


def hand_off(session: Session, ticket: Ticket, pack: dict[str, Any], *, priority: str | None = None) -> None:
    """Give the ticket to a person with everything filled in."""
    ticket.handoff = pack
    fields: dict[str, Any] = {"status": "open"}
    if priority is not None:
        fields["priority"] = priority
    if pack.get("department"):
        fields["department"] = pack["department"]
    if ticket.status == "closed":
        raise TicketClosed
    change(session, ticket, fields)
    session.flush()
    events.record(session, "ticket.handed_off", ticket, ticket_views.view(ticket))
