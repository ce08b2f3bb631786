"""Which tickets a caller is shown, by status, people, customer, tag, time and words; newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.models.customers import Customer
from app.models.tickets import Message, Ticket, TicketTag
from app.services.callers import Caller


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
