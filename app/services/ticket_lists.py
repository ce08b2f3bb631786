"""Which tickets a caller is shown, by status, people, customer, tag, time and words; newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app import ids
from app.models.tickets import Ticket, TicketTag
from app.services import customers, ticket_search
from app.services.callers import Caller
from app.services.ticket_search import Found

APART = timedelta(hours=1)
"""How far a ticket's time and its id may lie apart, with room for a clock that was set meanwhile."""


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


def listed(session: Session, caller: Caller, filters: Filters, *, before: str | None, limit: int) -> Found:
    """A page, newest first, from behind the id `before`; where `q` is given, of what it finds."""
    conditions = _conditions(session, caller, filters)
    if filters.q is not None:
        return ticket_search.newest(session, caller, filters.q, conditions, before, limit)
    query = select(Ticket).where(*conditions)
    if before is not None:
        query = query.where(Ticket.id < before)
    rows = session.scalars(query.order_by(Ticket.id.desc()).limit(limit + 1)).all()
    return Found(list(rows[:limit]), rows[limit - 1].id if len(rows) > limit else None)


def ranked(session: Session, caller: Caller, filters: Filters, *, place: list[Any] | None, limit: int) -> Found:
    """A page of the newest hits of `q`, the best first."""
    return ticket_search.best(session, caller, filters.q or "", _conditions(session, caller, filters), place, limit)


def _of_customer(session: Session, caller: Caller, ref: str) -> ColumnElement[bool]:
    """By our id or the shop's. Found out first: with a query in its place SQLite walks all tickets of the store."""
    known = session.scalars(customers.meant(caller, ref)).all()
    return Ticket.customer_id == known[0] if len(known) == 1 else Ticket.customer_id.in_(known)


def _conditions(session: Session, caller: Caller, filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Ticket.store_id == caller.store_id, Ticket.livemode == caller.livemode]
    if caller.shopper is not None:
        found.append(Ticket.customer_id == caller.shopper)
    exact = {
        Ticket.status: filters.status,
        Ticket.channel: filters.channel,
        Ticket.intent: filters.intent,
        Ticket.priority: filters.priority,
        Ticket.assignee: filters.assignee,
        Ticket.team: filters.team,
        Ticket.order_id: filters.order,
    }
    found += [column == value for column, value in exact.items() if value is not None]
    if filters.customer is not None:
        found.append(_of_customer(session, caller, filters.customer))
    if filters.tag is not None:
        found.append(Ticket.id.in_(select(TicketTag.ticket_id).where(TicketTag.tag == filters.tag)))
    # An id holds the moment it was made: the index of the ids leads to the days that are asked for.
    if filters.created_after is not None:
        found += [Ticket.created_at > filters.created_after, Ticket.id > _around(filters.created_after, -APART)]
    if filters.created_before is not None:
        found += [Ticket.created_at < filters.created_before, Ticket.id < _around(filters.created_before, APART)]
    return found


def _around(moment: datetime, apart: timedelta) -> str:
    try:
        return ids.least("tkt", moment + apart)
    except OverflowError:  # the first and the last hour of all times
        return ids.least("tkt", moment)
