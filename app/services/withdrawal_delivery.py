"""What was paid for delivery goes back with a withdrawal (article 13 of Directive 2011/83/EU), once and at its end.

Only who withdraws from all of an order is owed it. It goes with the payment after which nothing of the order is left
to pay back: where it is withdrawn from in parts, that is the last of them.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import RefundExceedsCaptured
from app.models.withdrawals import Withdrawal
from app.services import refunds
from app.services.callers import Caller
from app.services.ledgers import Ledger
from app.services.order_views import lines_of
from app.services.orders import Ledgers
from app.services.refund_quotes import RefundSpec


def with_delivery(session: Session, caller: Caller, order_id: str, said: Ledgers, spec: RefundSpec) -> RefundSpec:
    """The same refund, its lines by our ids, and with the last of an order what is left of its delivery."""
    order, payments = refunds.hold(session, caller, order_id, said)
    paid, back = Ledger.of(session, order).line_quantity, dict(spec.lines)
    if any(paid.get(line.id, 0) + back.get(line.id, 0) < line.quantity for line in lines_of(session, order)):
        return spec
    whole = replace(spec, shipping=True)
    try:
        refunds.price(session, order, payments, whole)
    except RefundExceedsCaptured:  # the store has paid it back by another way
        return spec
    return whole


def of_return(
    session: Session, caller: Caller, return_id: str, order_id: str, said: Ledgers, spec: RefundSpec
) -> RefundSpec:
    """The same for goods that have come back, where it was a withdrawal that had them come."""
    if session.scalar(select(Withdrawal.id).where(Withdrawal.return_id == return_id)) is None:
        return spec
    return with_delivery(session, caller, order_id, said, spec)
