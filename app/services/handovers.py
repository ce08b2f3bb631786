"""A ticket given to a person, filled in from what it holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.operations import Operation
from app.models.orders import Order
from app.models.records import Decision
from app.models.stores import Store
from app.models.tickets import Message, Ticket
from app.services import agents, audit, decision_views, deliveries, operation_views, tickets
from app.services.callers import Caller
from app.services.order_views import lines_of
from app.services.orders import view_facts
from app.services.shipments import shipments_view

SHOWN = 50
"""How much of what was tried and decided is shown: the newest."""


def gathered(session: Session, ticket: Ticket, order_id: str | None = None) -> dict[str, Any]:
    """What everybody who takes a ticket over sees: whose it is, the order, and what the whole ticket tried and decided.

    `order_id`: the order that the newest message is about; else the ticket's.
    """
    session.flush()
    about = order_id or ticket.order_id
    order = None if about is None else session.get(Order, about)
    here = select(Message.id).where(Message.ticket_id == ticket.id)
    tried = select(Operation).where(Operation.message_id.in_(here), Operation.kind != deliveries.KIND)
    decided = select(Decision).where(Decision.message_id.in_(here))
    operations = session.scalars(tried.order_by(Operation.id.desc()).limit(SHOWN)).all()
    decisions = session.scalars(decided.order_by(Decision.id.desc()).limit(SHOWN)).all()
    return {
        "customer": {"id": ticket.customer_id, **ticket.contact},
        "order": None if order is None else view_facts(order),
        "parcels": [] if order is None else _parcels(session, order),
        "tried": [operation_views.view(row) for row in reversed(operations)],
        "decided": [decision_views.view(row) for row in reversed(decisions)],
    }


def _parcels(session: Session, order: Order) -> list[dict[str, Any]]:
    return shipments_view(order, lines_of(session, order), session.get_one(Store, order.store_id))


def take(session: Session, caller: Caller, ticket: Ticket, given: dict[str, Any]) -> Ticket:
    """Hand it over: `given` has `reason`, and may have `summary`, `team` and `priority` (None: as it is)."""
    agents.check(session, caller, team=given["team"])
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
        "proof": ticket.proof,
        "language": ticket.language,
        **gathered(session, ticket),
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
