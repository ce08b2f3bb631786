"""Which ticket a message belongs to: exactly one, across channels for the same proved customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from app import clock
from app.errors import TicketNotFound
from app.models.tickets import Ticket
from app.services import ticket_views, tickets
from app.services.callers import Caller
from app.services.conversation.inbound import Inbound
from app.services.tickets import TicketSpec
from app.services.triage.contract import Triage

LIVE = ("open", "pending_customer", "pending_internal")
SOLVED_STAYS = timedelta(days=3)
"""How long a message still belongs to a ticket that was solved."""


def hold(session: Session, *names: str | None) -> None:
    """Have rivals for the same name wait until our commit (SQLite has one writer anyway)."""
    hold_all(session, names)


def hold_all(session: Session, *things: Sequence[str | None]) -> None:
    """The same for several, in this order, with one statement."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_HOLD, {"keys": [_key(names) for names in things]})


_HOLD = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS held (key)")


def _key(names: Sequence[str | None]) -> int:
    digest = sha256("\x00".join(name or "" for name in names).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def find_or_open(
    session: Session,
    caller: Caller,
    inbound: Inbound,
    triage: Triage,
    *,
    customer_id: str | None,
    order_id: str | None,
    proof: int,
    contact_key: str | None,
    contact: dict[str, Any],
) -> tuple[Ticket, bool]:
    """The ticket, locked, and whether it is new."""
    found = _named(session, caller, inbound, customer_id)
    if found is None:
        hold(session, caller.store_id, str(caller.livemode), customer_id or contact_key)
        found = _running(session, caller, customer_id=customer_id, order_id=order_id, contact_key=contact_key)
    if found is not None:
        return found, False
    opened = tickets.create(
        session,
        caller,
        TicketSpec(
            channel=inbound.channel,
            subject=inbound.subject,
            priority=triage.urgency.level,
            priority_reasons=triage.urgency.reasons,
            intent=triage.intent.name.value,
            sentiment=triage.sentiment.label,
            language=triage.language.code,
            department=inbound.department,
            customer_id=customer_id,
            order_id=order_id,
            contact=contact,
            contact_key=contact_key,
            proof=proof,
        ),
    )
    return opened, True


def _named(session: Session, caller: Caller, inbound: Inbound, customer_id: str | None) -> Ticket | None:
    """The ticket that the caller names, or what it was merged into.

    A closed one takes no more messages, and another customer's is not theirs.
    """
    if inbound.ticket_id is None:
        return None
    if inbound.by_token:
        ticket = ticket_views.gone_on(session, caller, _of_token(session, caller, inbound.ticket_id, lock=True))
        others = ticket.customer_id not in (None, customer_id)  # whoever signed in there goes on signed in
    else:
        named = ticket_views.get(session, caller, inbound.ticket_id, lock=True)
        ticket = ticket_views.gone_on(session, caller, named)
        others = customer_id is not None and ticket.customer_id not in (None, customer_id)
    return None if ticket.status == "closed" or others else ticket


def _running(
    session: Session, caller: Caller, *, customer_id: str | None, order_id: str | None, contact_key: str | None
) -> Ticket | None:
    """The newest conversation that goes on: by the proved customer, or by the unproved sender's address."""
    query = select(Ticket).where(
        Ticket.store_id == caller.store_id,
        Ticket.livemode == caller.livemode,
        or_(
            Ticket.status.in_(LIVE),
            (Ticket.status == "solved") & (Ticket.updated_at > clock.now() - SOLVED_STAYS),
        ),
    )
    if customer_id is not None:
        query = query.where(Ticket.customer_id == customer_id)
    elif contact_key is not None:
        query = query.where(Ticket.customer_id.is_(None), Ticket.contact_key == contact_key)
    else:
        return None
    if order_id is not None:  # another order is another conversation
        query = query.where(or_(Ticket.order_id.is_(None), Ticket.order_id == order_id))
    return session.scalar(query.order_by(Ticket.id.desc()).limit(1).with_for_update())


def check_named(session: Session, caller: Caller, inbound: Inbound) -> None:
    """Raise `ticket_not_found` before anything is looked up where the caller names a ticket that is not theirs."""
    if inbound.ticket_id is not None:
        find = _of_token if inbound.by_token else ticket_views.get
        found = find(session, caller, inbound.ticket_id)
        if found.store_id != caller.store_id:
            raise TicketNotFound


def _of_token(session: Session, caller: Caller, ticket_id: str, *, lock: bool = False) -> Ticket:
    """The ticket of a conversation's token: the browser's own, also while nobody is proved in it."""
    return ticket_views.get(session, replace(caller, shopper=None), ticket_id, lock=lock)
