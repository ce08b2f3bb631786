"""Tickets as they are read: one, its conversation and its timeline, and as the contract shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import TicketNotFound
from app.models.records import Event
from app.models.tickets import Message, Ticket
from app.services.callers import Caller


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
