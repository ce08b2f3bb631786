"""Chores: the texts and files of tickets that were closed long ago go, by setting; the figures stay."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import clock
from app.models.stores import Store
from app.models.tickets import KEPT, Ticket
from app.services.privacy import rows
from app.services.privacy.person import gather_ticket


def forget_tickets(session: Session, limit: int = 20) -> int:
    """Reduce closed tickets that nobody has changed for the days of the setting, some at a time; how many.

    Their messages, files, tags, ratings' comments, events, and what was sent and received about them.
    """
    days = session.info.get("ticket_days", 0)
    if not days:
        return 0
    old = (
        select(Ticket)
        .where(text(KEPT), Ticket.updated_at < clock.now() - timedelta(days=days))
        .order_by(Ticket.updated_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = session.scalars(old).all()
    for ticket in found:
        person = gather_ticket(session, session.get_one(Store, ticket.store_id), ticket)
        rows.drop_texts(session, person)
        rows.reduce_all(session, person)
    session.expire_all()
    return len(found)
