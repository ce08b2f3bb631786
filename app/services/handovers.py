"""A ticket given to a person, filled in from what it holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.orders import Order
from app.models.tickets import Message, Ticket
from app.services import audit, tickets
from app.services.callers import Caller
from app.services.order_views import lines_of, shipments_view
from app.services.orders import view_facts


def take(session: Session, caller: Caller, ticket: Ticket, given: dict[str, Any]) -> Ticket:
    """Hand it over: `given` has `reason`, and may have `summary`, `team` and `priority` (None: as it is)."""
    order = None if ticket.order_id is None else session.get(Order, ticket.order_id)
    last = session.scalar(
        select(Message)
        .where(Message.ticket_id == ticket.id, Message.direction == "inbound")
        .order_by(Message.id.desc())
        .limit(1)
    )
    pack: dict[str, Any] = {
        "reason": given["reason"],
        "summary": given["summary"] or ticket.subject,
        "next_step": "Answer the shopper.",
        "asked": None
        if last is None
        else {"intent": ticket.intent, "confidence": None, "text": last.text[:500], "message": last.id},
        "customer": {"id": ticket.customer_id, **ticket.contact},
        "proof": ticket.proof,
        "language": ticket.language,
        "order": None if order is None else view_facts(order),
        "parcels": [] if order is None else shipments_view(order, lines_of(session, order)),
        "tried": [],
        "decided": [],
        "by": caller.actor(),
    }
    if given["team"]:
        tickets.change(session, ticket, {"team": given["team"]})
    tickets.hand_off(session, ticket, pack, priority=given["priority"])
    audit.write(
        session,
        action="ticket.handed_off",
        subject_type="ticket",
        subject_id=ticket.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"reason": pack["reason"]},
        request_id=caller.request_id,
    )
    return ticket
