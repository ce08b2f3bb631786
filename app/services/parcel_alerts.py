"""A late or lost parcel is raised once: an event, and, where the store wants it, a ticket before the shopper asks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.database import insert_missing
from app.models.customers import Customer
from app.models.orders import Order
from app.models.parcels import Parcel, ParcelAlert
from app.models.stores import Store
from app.models.tickets import Message, Ticket
from app.services import audit, delays, events, handovers, notices, order_status, tickets
from app.services.callers import Caller
from app.services.delays import Delay
from app.services.order_views import order_view
from app.services.parcel_looks import kind_of
from app.services.tickets import MessageSpec, TicketSpec

DELAYED, LOST = "delayed", "lost"
REASONS = frozenset({"parcel_delayed", "parcel_lost"})
"""Of a hand-over that nobody asked for."""
LIVE = ("open", "pending_customer", "pending_internal")
AUTOMATION = {"type": "automation", "id": None}
NEXT_STEP = {
    DELAYED: "Ask the carrier, and tell the shopper before they ask.",
    LOST: "Start a search at the carrier; offer the shopper a reship or their money back.",
}
WHY = {
    "promised_date_passed": "the shop promised it by {day}",
    "eta_passed": "the carrier expected it by {day}",
    "silent": "the carrier has been silent for {days} days",
    "lost": "the carrier calls it lost or has been silent for {days} days",
}


class TicketBusy(Exception):
    """Somebody is writing to the order's ticket: nothing is raised now, all of it later."""


def by_itself(store: Store, *, livemode: bool) -> Caller:
    """The store's own automation, without anybody's request."""
    return Caller(store, livemode, key_id="", scopes=frozenset(), request_id="", automation=True)


def raise_once(session: Session, caller: Caller, order: Order, parcel: Parcel, delay: Delay) -> ParcelAlert | None:
    """Raise it; None where it was raised before. Whoever calls holds the order's and the parcel's lock."""
    kind = kind_of(delay)
    row = {
        "store_id": order.store_id,
        "livemode": order.livemode,
        "created_at": clock.now(),
        "parcel_id": parcel.id,
        "kind": kind,
        "reason": delay.reason,
        "order_id": order.id,
    }
    if not insert_missing(session, ParcelAlert, row):
        return None
    alert = session.get_one(ParcelAlert, (parcel.id, kind))
    told = {"kind": kind, "reason": delay.reason, "tracking_number": parcel.tracking_number}
    events.record(session, "order.delayed", order, {**order_view(session, order), "delay": told})
    if delays.rules_of(caller.store).open_tickets:
        _ticket(session, caller, order, parcel, alert, delay)
    return alert


def _ticket(session: Session, caller: Caller, order: Order, parcel: Parcel, alert: ParcelAlert, delay: Delay) -> None:
    """Into the order's own ticket where one is still about its parcels, else into a new one."""
    text = _told(order, parcel, alert, delay)
    ticket = _running(session, order)
    theirs = ticket is not None and not untouched(session, ticket)
    if ticket is None:
        ticket = tickets.create(session, caller, _spec(session, caller, order, parcel, alert))
    tickets.add_message(session, ticket, _note(ticket, text))
    if not theirs:  # what a person works on is theirs: they are told, and nothing is changed
        pack = _pack(session, caller, ticket, order, alert, text)
        tickets.hand_off(session, ticket, pack, priority="high" if alert.kind == LOST else None)
        audit.write(
            session,
            action="ticket.handed_off",
            subject_type="ticket",
            subject_id=ticket.id,
            actor=caller.actor(),
            store_id=caller.store_id,
            livemode=caller.livemode,
            evidence={"reason": pack["reason"], "tracking_number": parcel.tracking_number},
        )
    alert.ticket_id = ticket.id
    session.flush()
    if not theirs:
        same = update(ParcelAlert).where(ParcelAlert.ticket_id == ticket.id)
        session.execute(same.values(ticket_version=ticket.version))


def _running(session: Session, order: Order) -> Ticket | None:
    """The live ticket about the order's parcels, locked; raises `TicketBusy` where somebody else has it."""
    mine = select(ParcelAlert.ticket_id).where(ParcelAlert.order_id == order.id, ParcelAlert.ticket_id.is_not(None))
    query = select(Ticket).where(Ticket.id.in_(mine), Ticket.status.in_(LIVE)).order_by(Ticket.id.desc()).limit(1)
    known = session.scalar(query)
    if known is None:
        return None
    # A message holds its ticket and then wants the order, which is held here: nobody waits for both.
    held = session.scalar(select(Ticket).where(Ticket.id == known.id).with_for_update(skip_locked=True))
    if held is None:
        raise TicketBusy
    return held if held.status in LIVE else None


def _spec(session: Session, caller: Caller, order: Order, parcel: Parcel, alert: ParcelAlert) -> TicketSpec:
    customer = session.get(Customer, order.customer_id) if order.customer_id else None
    named = {
        "email": notices.address(session, order),
        "phone": order.snapshot.get("phone") or (customer.phone if customer else None),
        "name": customer.name if customer else None,
    }
    late = "seems to be lost" if alert.kind == LOST else "is late"
    return TicketSpec(
        channel="email",
        subject=f"Parcel {parcel.tracking_number} of order {order.number} {late}",
        priority="high" if alert.kind == LOST else "normal",
        intent="order.status",
        language=notices.language(session, caller, order),
        customer_id=order.customer_id,
        order_id=order.id,
        contact={name: value for name, value in named.items() if value},
        tags=(f"parcel_{alert.kind}",),
    )


def _told(order: Order, parcel: Parcel, alert: ParcelAlert, delay: Delay) -> str:
    why = WHY[delay.reason].format(day=delay.expected, days=delay.silent_days)
    by = f" ({parcel.carrier})" if parcel.carrier else ""
    late = "seems to be lost" if alert.kind == LOST else "is late"
    return f"Parcel {parcel.tracking_number}{by} of order {order.number} {late}: {why}."


def _note(ticket: Ticket, text: str) -> MessageSpec:
    return MessageSpec(direction="internal", channel=ticket.channel, author=AUTOMATION, text=text, language="en")


def _pack(
    session: Session, caller: Caller, ticket: Ticket, order: Order, alert: ParcelAlert, text: str
) -> dict[str, Any]:
    """What the person who takes over sees; `answer` is what the shopper would be told now, in their language."""
    language = ticket.language or "en"
    return {
        "reason": f"parcel_{alert.kind}",
        "summary": text,
        "next_step": NEXT_STEP[alert.kind],
        "asked": None,
        "proof": ticket.proof,
        "language": language,
        "answer": order_status.summary(session, caller.store, order, language),
        **handovers.gathered(session, ticket, order.id),
        "by": caller.actor(),
    }


def untouched(session: Session, ticket: Ticket) -> bool:
    """Whether nobody but automation has written to the ticket or changed it since we last did."""
    ours = select(ParcelAlert.ticket_version).where(ParcelAlert.ticket_id == ticket.id)
    if ticket.version not in session.scalars(ours).all():
        return False
    writers = session.scalars(select(Message.author).where(Message.ticket_id == ticket.id))
    return all(author.get("type") == "automation" for author in writers)


def unanswered(session: Session, ticket: Ticket) -> bool:
    """Whether a shopper who writes into it is still automation's to answer: no person has taken it up."""
    if ticket.handoff is None or ticket.handoff.get("reason") not in REASONS or ticket.assignee is not None:
        return False
    answered = select(Message.author).where(Message.ticket_id == ticket.id, Message.direction == "outbound")
    return all(author.get("type") == "automation" for author in session.scalars(answered))


# ---- it has arrived after all -----------------------------------------------------------------------------------


def tend(session: Session, limit: int = 50) -> int:
    """End the alerts of parcels that have arrived, and close their tickets where nobody touched them; how many."""
    query = (
        select(ParcelAlert)
        .join(Parcel, Parcel.id == ParcelAlert.parcel_id)
        .join(Order, Order.id == ParcelAlert.order_id)
        .where(ParcelAlert.arrived_at.is_(None), or_(Parcel.status == "delivered", Order.status == "delivered"))
        .order_by(ParcelAlert.parcel_id, ParcelAlert.kind)
        .limit(limit)
        .with_for_update(of=ParcelAlert, skip_locked=True)
    )
    ended = session.scalars(query).all()
    for alert in ended:
        _end(session, alert)
    return len(ended)


def _end(session: Session, alert: ParcelAlert) -> None:
    if alert.ticket_id is not None:
        ticket = session.scalar(select(Ticket).where(Ticket.id == alert.ticket_id).with_for_update(skip_locked=True))
        if ticket is None:
            return  # somebody is writing to it: the next round knows what became of it
        _arrived(session, alert, ticket)
    alert.arrived_at = clock.now()
    session.flush()


def _arrived(session: Session, alert: ParcelAlert, ticket: Ticket) -> None:
    """Whoever has the ticket is told; the last parcel of one that nobody has touched closes it."""
    if ticket.status not in LIVE:
        return
    mine = untouched(session, ticket)
    number = session.get_one(Parcel, alert.parcel_id).tracking_number
    told = select(ParcelAlert).where(ParcelAlert.ticket_id == ticket.id, ParcelAlert.arrived_at.is_(None))
    waiting = {row.parcel_id for row in session.scalars(told)} - {alert.parcel_id}
    twin = session.get(ParcelAlert, (alert.parcel_id, DELAYED if alert.kind == LOST else LOST))
    if twin is None or twin.ticket_id != ticket.id or twin.arrived_at is None:  # told once for both kinds
        tickets.add_message(session, ticket, _note(ticket, f"Parcel {number} has arrived."))
    if mine and not waiting:
        tickets.change(session, ticket, {"status": "closed"})
