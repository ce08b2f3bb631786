"""Tickets as they are read: one, its conversation and its timeline, and as the contract shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Table, false, func, literal_column, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import TicketNotFound
from app.models.tickets import Message, Ticket
from app.services import clock_views
from app.services.callers import Caller


def get(session: Session, caller: Caller, ticket_id: str, *, lock: bool = False) -> Ticket:
    """The ticket, or `ticket_not_found` where this caller has none such."""
    if lock:
        found = session.scalar(select(Ticket).where(Ticket.id == ticket_id).with_for_update())
    else:
        found = session.get(Ticket, ticket_id)
    if found is None or (found.store_id, found.livemode) != (caller.store_id, caller.livemode):
        raise TicketNotFound
    if caller.shopper is not None and found.customer_id != caller.shopper:
        raise TicketNotFound
    return found


def gone_on(session: Session, caller: Caller, ticket: Ticket) -> Ticket:
    """Where a merged ticket goes on, locked; the ticket itself where it was not merged."""
    while ticket.merged_into is not None:
        ticket = get(session, caller, ticket.merged_into, lock=True)
    return ticket


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


EMPTY: dict[str, list[Any] | dict[str, Any]] = {
    "priority_reasons": [],
    "contact": {},
    "tags": [],
    "external_ids": {},
    "clocks": {},
}
"""What most tickets have there; it comes as null, for to read JSON takes the longest of a list."""


def _unless_empty(name: str, of: Any) -> Any:
    empty = cast("Any", literal_column("'[]'" if EMPTY[name] == [] else "'{}'"))
    return func.nullif(of, empty, type_=of.type).label(name)


def _labeled(table: Any, *names: Any) -> list[Any]:
    """Columns under the names that the contract has for them, in its order."""
    return [
        name
        if not isinstance(name, str)
        else _unless_empty(name, table.c[name])
        if name in EMPTY
        else table.c[name].label(name)
        for name in names
    ]


_TICKETS, _MESSAGES = cast("Table", Ticket.__table__), cast("Table", Message.__table__)
SHOWN = _labeled(
    _TICKETS, "id", "livemode", "subject", "status", "priority", "priority_reasons", "channel", "intent", "sentiment",
    "language", "department", "assignee", "team", _TICKETS.c.customer_id.label("customer"),
    _TICKETS.c.order_id.label("order"), "contact", "proof", "tags", "handoff", "snoozed_until", "merged_into",
    "external_ids", "due_at", false().label("breached"), "clocks", "version", "created_at",
    "updated_at", "last_message_at",
)  # fmt: skip
"""Of a ticket's row what `view` shows of it, for the statements of the hot paths; `as_view` makes the rest."""
SAID = _labeled(
    _MESSAGES, "id", "livemode", _MESSAGES.c.ticket_id.label("ticket"), "direction", "channel", "author", "text",
    "language", "external_id", "in_reply_to", "outcome", "buttons", "cards", _MESSAGES.c.details.label("files"),
    "delivery", "occurred_at", "created_at",
)  # fmt: skip
"""The same of a message."""


def as_view(row: dict[str, Any]) -> dict[str, Any]:
    """A row of `SHOWN` as `view` has it, times as they are."""
    for name, empty in EMPTY.items():
        if row[name] is None:
            row[name] = empty
    if row["clocks"]:
        row.update(clock_views.of(row["clocks"], row["due_at"]))
    return row


def as_message_view(row: dict[str, Any]) -> dict[str, Any]:
    """A row of `SAID` as `message_view` has it, times as they are."""
    row["files"] = row["files"].get("files") or []
    return row


def view(ticket: Ticket) -> dict[str, Any]:
    """The ticket as the contract shows it."""
    return {
        "id": ticket.id,
        "livemode": ticket.livemode,
        "subject": ticket.subject,
        "status": ticket.status,
        "priority": ticket.priority,
        "priority_reasons": ticket.priority_reasons,
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
        "snoozed_until": None if ticket.snoozed_until is None else clock.rfc3339(ticket.snoozed_until),
        "merged_into": ticket.merged_into,
        "external_ids": ticket.external_ids,
        **clock_views.view(ticket),
        "version": ticket.version,
        "created_at": clock.rfc3339(ticket.created_at),
        "updated_at": clock.rfc3339(ticket.updated_at),
        "last_message_at": clock.rfc3339(ticket.last_message_at),
    }


def shown_to(ticket: Ticket, caller: Caller) -> dict[str, Any]:
    """The ticket for this caller; what a hand-over says, why it is urgent and till when is for the store's people."""
    shown = view(ticket)
    if caller.shopper is None:
        return shown
    return {**shown, **NOT_FOR_SHOPPERS}


NOT_FOR_SHOPPERS: dict[str, Any] = {
    "handoff": None,
    "priority_reasons": [],
    "snoozed_until": None,
    "external_ids": {},
    **clock_views.NOTHING,
}
"""What stands in its place where a shopper reads."""


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
        "files": message.details.get("files") or [],
        "delivery": message.delivery,
        "occurred_at": clock.rfc3339(message.occurred_at),
        "created_at": clock.rfc3339(message.created_at),
    }
