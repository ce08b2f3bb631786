"""Ending an exchange without its other goods: nothing has come back yet, or nobody pays what they cost more."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.errors import Forbidden, ReturnNotInState
from app.models.exchanges import MOVES, Exchange
from app.models.returns import Return
from app.services import (
    audit,
    events,
    exchange_payments,
    exchange_trust,
    exchanges,
    refund_approvals,
    return_arrivals,
    return_registrations,
    return_states,
)
from app.services.callers import Caller
from app.services.exchange_states import lines_in, move, view
from app.services.orders import Ledgers
from app.services.refund_quotes import RefundSpec

UNPAID = "payment_failed"


def cancel(session: Session, caller: Caller, exchange_id: str, said: Ledgers | None, *, pay: bool) -> Exchange:
    """End an exchange of which nothing has come back and nothing was charged; a shopper may do it too.

    One whose goods are back and whose difference was not paid is given up by a named person of the store: what was
    paid for those goods is refunded unless `pay` is False, and what was charged goes back. `said` is read for that.
    """
    exchange = exchanges.get(session, caller, exchange_id)  # its return is locked first, as the shop's answer does
    if exchange.status == UNPAID:
        return _give_up(session, caller, exchange, said, pay=pay)
    if "canceled" not in MOVES[exchange.status]:
        raise ReturnNotInState(f"An exchange that is {exchange.status} cannot become canceled.")
    return_arrivals.change(session, caller, exchange.return_id, "cancel", [])
    return exchange


def _give_up(session: Session, caller: Caller, exchange: Exchange, said: Ledgers | None, *, pay: bool) -> Exchange:
    if not caller.is_merchant:
        raise Forbidden("Only the store may do that.")
    person = caller.named_person()
    return_ = return_states.get(session, caller, exchange.return_id, lock=True)
    session.refresh(exchange, with_for_update=True)
    if exchange.status != UNPAID or said is None:
        raise ReturnNotInState("The exchange has just moved: ask again.")
    if exchange_trust.gone(session, exchange):
        raise ReturnNotInState("Its other goods were sent already: have what is due for them paid.")
    move(session, exchange, "canceled")
    exchange_payments.release(session, caller, exchange)
    if pay:
        _refund_goods(session, caller, exchange, said)
    return_.refund_id = exchange.refund_id
    _tell_shop(session, caller, return_)
    events.record(session, "exchange.updated", exchange, view(session, exchange))
    audit.write(
        session,
        action="exchange.given_up",
        subject_type="exchange",
        subject_id=exchange.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"person": person, "refund": exchange.refund_id},
        request_id=caller.request_id,
    )
    return exchange


def _refund_goods(session: Session, caller: Caller, exchange: Exchange, said: Ledgers) -> None:
    """What came back is a return now: its money goes where it came from, or waits for persons where the guard asks."""
    back = tuple(
        (row.line_id, row.received_quantity) for row in lines_in(session, exchange.id) if row.received_quantity
    )
    if back:
        spec = RefundSpec(back)
        refund = refund_approvals.request(session, caller, exchange.order_id, said, spec, return_id=exchange.return_id)
        exchange.refund_id = refund.id


def _tell_shop(session: Session, caller: Caller, return_: Return) -> None:
    """Nothing goes out for what came back."""
    return_registrations.withdraw(session, caller, return_)
