"""Tickets and their messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import PreconditionFailed, StatusNotAllowed, TicketClosed, TicketNotFound
from app.models.customers import Customer
from app.models.records import Event
from app.models.tickets import MOVES, Message, Ticket, TicketTag
from app.services import audit, events
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
    events.record(session, "ticket.created", ticket, view(ticket))
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
    events.record(session, kind, ticket, message_view(message))
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
        session, kind, ticket, view(ticket), previous={shown.get(name, name): was for name, was in before.items()}
    )
    return ticket


def _tag(session: Session, ticket: Ticket) -> None:
    for tag in ticket.tags:
        session.add(TicketTag(ticket_id=ticket.id, tag=tag))


def patch(session: Session, caller: Caller, ticket_id: str, fields: dict[str, Any], version: int | None) -> Ticket:
    """Change a ticket; raises `version_stale` where `version` is not the present one."""
    ticket = get(session, caller, ticket_id, lock=True)
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
    events.record(session, "ticket.handed_off", ticket, view(ticket))


def get(session: Session, caller: Caller, ticket_id: str, *, lock: bool = False) -> Ticket:
    """The ticket, or `ticket_not_found` where this caller has none such."""
    query = select(Ticket).where(
        Ticket.id == ticket_id, Ticket.store_id == caller.store_id, Ticket.livemode == caller.livemode
    )
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None or (caller.shopper is not None and found.customer_id != caller.shopper):
        raise TicketNotFound
    return found


def message(session: Session, caller: Caller, message_id: str) -> Message:
    """One message of this store."""
    found = session.get(Message, message_id)
    if found is None or found.store_id != caller.store_id or found.livemode != caller.livemode:
        raise TicketNotFound
    return found


@dataclass(frozen=True, slots=True)
class Filters:
    """Which tickets are wanted; every given one must match."""

    status: str | None = None
    channel: str | None = None
    tag: str | None = None
    intent: str | None = None
    priority: str | None = None
    assignee: str | None = None
    team: str | None = None
    customer: str | None = None
    order: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    q: str | None = None


def listed(session: Session, caller: Caller, filters: Filters, *, before: str | None, limit: int) -> Sequence[Ticket]:
    """Newest first, from behind the id `before`."""
    query = select(Ticket).where(Ticket.store_id == caller.store_id, Ticket.livemode == caller.livemode)
    if caller.shopper is not None:
        query = query.where(Ticket.customer_id == caller.shopper)
    exact = {
        Ticket.status: filters.status,
        Ticket.channel: filters.channel,
        Ticket.intent: filters.intent,
        Ticket.priority: filters.priority,
        Ticket.assignee: filters.assignee,
        Ticket.team: filters.team,
        Ticket.order_id: filters.order,
    }
    for column, value in exact.items():
        if value is not None:
            query = query.where(column == value)
    if filters.customer is not None:
        theirs = or_(Customer.id == filters.customer, Customer.external_id == filters.customer)
        mine = (Customer.store_id == caller.store_id, Customer.livemode == caller.livemode)
        query = query.where(Ticket.customer_id.in_(select(Customer.id).where(*mine, theirs)))
    if filters.tag is not None:
        query = query.where(Ticket.id.in_(select(TicketTag.ticket_id).where(TicketTag.tag == filters.tag)))
    if filters.created_after is not None:
        query = query.where(Ticket.created_at > filters.created_after)
    if filters.created_before is not None:
        query = query.where(Ticket.created_at < filters.created_before)
    if filters.q is not None:
        query = query.where(_contains(filters.q))
    if before is not None:
        query = query.where(Ticket.id < before)
    return session.scalars(query.order_by(Ticket.id.desc()).limit(limit)).all()


def _contains(words: str) -> Any:
    """Every word stands in the subject or in a message; a full-text index comes behind the same filter."""
    conditions: list[Any] = []
    for word in words.split()[:8]:
        pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        spoken = select(Message.ticket_id).where(
            Message.text.ilike(pattern, escape="\\"), Message.direction != "internal"
        )
        conditions.append(or_(Ticket.subject.ilike(pattern, escape="\\"), Ticket.id.in_(spoken)))
    return conditions[0] if len(conditions) == 1 else and_(*conditions)


def messages_of(session: Session, ticket: Ticket, *, notes: bool = True) -> Sequence[Message]:
    """The conversation, oldest first; `notes` are for the store's eyes."""
    query = select(Message).where(Message.ticket_id == ticket.id)
    if not notes:
        query = query.where(Message.direction != "internal")
    return session.scalars(query.order_by(Message.id)).all()


def timeline(session: Session, ticket: Ticket, *, notes: bool = True, limit: int = 200) -> list[dict[str, Any]]:
    """What happened to the ticket, oldest first; that a note was written is for the store's eyes, as the note is."""
    query = select(Event).where(Event.resource_id == ticket.id)
    if not notes:
        query = query.where(Event.type != "message.noted")
    rows = session.scalars(query.order_by(Event.sequence).limit(limit))
    return [
        {"id": row.id, "type": row.type, "sequence": row.sequence, "at": clock.rfc3339(row.created_at)} for row in rows
    ]


def view(ticket: Ticket) -> dict[str, Any]:
    """The ticket as the contract shows it."""
    return {
        "id": ticket.id,
        "livemode": ticket.livemode,
        "subject": ticket.subject,
        "status": ticket.status,
        "priority": ticket.priority,
        "channel": ticket.channel,
        "intent": ticket.intent,
        "sentiment": ticket.sentiment,
        "language": ticket.language,
        "department": ticket.department,
        "assignee": ticket.assignee,
        "team": ticket.team,
        "customer": ticket.customer_id,
        "order": ticket.order_id,
        "contact": ticket.contact,
        "proof": ticket.proof,
        "tags": ticket.tags,
        "handoff": ticket.handoff,
        "version": ticket.version,
        "created_at": clock.rfc3339(ticket.created_at),
        "updated_at": clock.rfc3339(ticket.updated_at),
        "last_message_at": clock.rfc3339(ticket.last_message_at),
    }


def shown_to(ticket: Ticket, caller: Caller) -> dict[str, Any]:
    """The ticket for this caller; what stands in a hand-over is for the store's people."""
    shown = view(ticket)
    return shown if caller.shopper is None else {**shown, "handoff": None}


def message_view(message: Message) -> dict[str, Any]:
    """A message as the contract shows it."""
    return {
        "id": message.id,
        "livemode": message.livemode,
        "ticket": message.ticket_id,
        "direction": message.direction,
        "channel": message.channel,
        "author": message.author,
        "text": message.text,
        "language": message.language,
        "external_id": message.external_id,
        "in_reply_to": message.in_reply_to,
        "outcome": message.outcome,
        "buttons": message.buttons,
        "cards": message.cards,
        "delivery": message.delivery,
        "occurred_at": clock.rfc3339(message.occurred_at),
        "created_at": clock.rfc3339(message.created_at),
    }
