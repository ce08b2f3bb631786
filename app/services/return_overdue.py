"""Returns that should be here and are not: never sent, or sent and never arrived. A person hears of each once.

The ticket that the return belongs to is given to a person, or a new one is opened; what happens then is theirs.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.orders import Order
from app.models.returns import Return
from app.models.stores import Store
from app.models.tickets import Ticket
from app.services import events, handovers, instant_refunds, notices, return_states, tickets
from app.services.callers import Caller
from app.services.tickets import TicketSpec

NOT_SENT, NOT_ARRIVED = "not_sent", "not_arrived"
PAID = "paid_too_early"
TAGS = {NOT_SENT: "return-overdue", NOT_ARRIVED: "return-overdue", PAID: "return-paid-too-early"}
SUMMARY = {
    NOT_SENT: "Return {rma} was approved on {day} and nobody has seen its parcel since.",
    NOT_ARRIVED: "The parcel of return {rma} was scanned by the carrier, and nobody has noted that it arrived.",
    PAID: "Return {rma} was paid or exchanged before its goods came, and less of them has come, or not as described.",
}
NEXT_STEP = {
    NOT_SENT: "Ask the shopper whether the parcel was sent; a return that was dropped can be canceled.",
    NOT_ARRIVED: "See whether it is here, else ask the carrier; then receive it, or settle what it was worth.",
    PAID: "Settle with the shopper what was paid or sent too much: nothing is charged by itself.",
}


def tend(session: Session, limit: int = 50) -> int:
    """Tell a person of what is late; how many returns were told of."""
    rows = session.scalars(
        select(Return)
        .where(Return.due_at <= clock.now())
        .order_by(Return.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for return_ in rows:
        _raise(session, return_)
    return len(rows)


def _raise(session: Session, return_: Return) -> None:
    store = session.get_one(Store, return_.store_id)
    caller = Caller(store, return_.livemode, key_id="", scopes=frozenset(), request_id="", automation=True)
    return_.due_at, return_.overdue_at = None, clock.now()
    late = return_.overdue_reason = NOT_ARRIVED if return_.status == "in_transit" else NOT_SENT
    _to_a_person(session, caller, return_, late)
    session.flush()
    events.record(session, "return.overdue", return_, return_states.view(session, return_))
    return_states.note(session, caller, return_, "return.overdue", {"reason": return_.overdue_reason})


def paid_too_early(session: Session, caller: Caller, return_: Return) -> None:
    """Tell a person that less has come, or something else, than was paid for, or sent for it, before it came."""
    _to_a_person(session, caller, return_, PAID)


def _to_a_person(session: Session, caller: Caller, return_: Return, what: str) -> None:
    order = session.get_one(Order, return_.order_id)
    day = clock.rfc3339(return_.approved_at or return_.created_at)[:10]
    summary = SUMMARY[what].format(rma=return_.rma, day=day)
    if what != PAID and instant_refunds.paid(session, return_):
        summary += " Money of it has gone back already."
    ticket = None
    if return_.ticket_id is not None:
        ticket = session.get(Ticket, return_.ticket_id, with_for_update=True)
    if ticket is None or ticket.status == "closed":
        spec = TicketSpec(
            channel="api",
            subject=summary,
            language=notices.language(session, caller, order),
            customer_id=return_.customer_id,
            order_id=return_.order_id,
            tags=(TAGS[what],),
        )
        ticket = tickets.create(session, caller, spec)
        return_.ticket_id = ticket.id
    pack: dict[str, Any] = {
        "reason": f"return_{what}",
        "summary": summary,
        "next_step": NEXT_STEP[what],
        "asked": None,
        "proof": ticket.proof,
        "language": ticket.language,
        **handovers.gathered(session, ticket, return_.order_id),
    }
    tickets.hand_off(session, ticket, pack)
