"""What automation has sent before goods are back counts against its caps as long as it is out on trust.

As much counts as was paid for the goods that are to come back: from its yes on, less what has come, and nothing once
it is known that the other goods have not been sent.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import LimitReached
from app.models.exchanges import Exchange, ExchangeLine
from app.models.operations import Operation
from app.models.orders import Order
from app.services import decisions, operation_views, operations, return_registrations, spending
from app.services.callers import Caller

SEND_KIND = "exchange_send"
"""The operation that has the shop send the other goods before those that come back are here."""
UNDONE = frozenset({"failed", "canceled"})
MAY_BE_SENT = frozenset({"requested", "approved"})
"""Statuses of an exchange whose sending has not been asked for and may still be."""


def reserve(session: Session, caller: Caller, order: Order, exchange: Exchange, value: int) -> None:
    """Count `value`, minor units that were paid for what is to come back, with automation's yes to sending at once.

    Raises `limit_reached` where a cap would be passed. What the store or persons have decided is not counted.
    """
    if not exchange.instant or value == 0 or caller.is_merchant or decisions.approved(session):
        return
    scope_ids = spending.scopes(caller.store, order, exchange.created_at)
    caps = decisions.policy_of(session, caller).caps.get(exchange.currency)
    if caps is None:
        raise LimitReached(f"Nothing is sent at once in {exchange.currency} without a person.")
    spending.reserve(session, order, exchange.currency, value, caps, scope_ids)
    exchange.reserved, exchange.spending_day = value, scope_ids["day"]


def weigh(session: Session, exchange: Exchange) -> None:
    """Count anew what is out on trust, after whatever may have changed it; the exchange is locked by the caller."""
    if exchange.reserved is None:
        return
    out = _out(session, exchange)
    if out == exchange.reserved:
        return
    session.get_one(Order, exchange.order_id, with_for_update=True)  # before the counters, as whoever spends does
    if out < exchange.reserved:
        spending.release(session, exchange, exchange.reserved - out)
    else:
        spending.take_again(session, exchange, out - exchange.reserved)
    exchange.reserved = out


def _out(session: Session, exchange: Exchange) -> int:
    asked = bool(sendings(session, exchange))
    if not (gone(session, exchange) if asked else exchange.status in MAY_BE_SENT):
        return 0
    rows = session.scalars(select(ExchangeLine).where(ExchangeLine.exchange_id == exchange.id))
    return sum(row.paid - row.paid * (row.received_quantity or 0) // row.quantity for row in rows)


def sendings(session: Session, exchange: Exchange) -> list[Operation]:
    """The operations that have the shop send its other goods at once, oldest first."""
    return [row for row in operation_views.of_subject(session, "exchange", exchange.id) if row.kind == SEND_KIND]


def gone(session: Session, exchange: Exchange) -> bool:
    """Whether the other goods have been sent, or may have been for all that is known."""
    return any(map(_may_have_left, sendings(session, exchange)))


def _may_have_left(sending: Operation) -> bool:
    if sending.status in UNDONE:
        return operations.happened_after_all(sending)
    return return_registrations.UNSUPPORTED not in sending.evidence
