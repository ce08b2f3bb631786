"""Paying an order with another method before it ships: the new one is charged, then the old ones get theirs back."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import errors
from app.integrations.commerce.contract import ChangePaymentMethod
from app.integrations.payments.contract import ChargeCommand
from app.models.changes import OPEN, Change
from app.models.orders import Order, OrderPayment
from app.models.refunds import Refund
from app.money import Money
from app.services import order_changes, orders, payment_methods, refunds
from app.services.callers import Caller
from app.services.entitlements import money_left
from app.services.ledgers import Ledger
from app.services.order_changes import Wish
from app.services.orders import Ledgers
from app.services.refund_quotes import RefundSpec

ACTION = "change_payment_method"


def request(session: Session, caller: Caller, order_id: str, said: Ledgers, payment_method_id: str) -> Change:
    """Decide and check, reserve all that was paid for the way back, and write the charge that comes first."""
    order = orders.get(session, caller, order_id, lock=True)
    order_changes.decide(session, caller, order, ACTION)
    method = payment_methods.of_order(session, order, payment_method_id)
    assert method is not None
    order, payments = refunds.hold(session, caller, order_id, said)
    _must_rest(session, order)
    ledger = Ledger.of(session, order)
    paying = [payment for payment in payments if ledger.refundable(payment) and payment.currency == order.currency]
    if {payment.payment_method_id for payment in paying or payments} == {payment_method_id}:
        raise errors.SamePaymentMethod
    total = money_left(paying, ledger, order.currency)
    if total == 0:
        raise errors.RefundExceedsCaptured("Nothing of this order is paid yet.")
    payment_methods.must_hold(method, total, order.currency)
    external_id, currency = order.external_id, order.currency
    wish = Wish(
        kind="payment_method",
        command=lambda key: ChangePaymentMethod(key=key, order_id=external_id, payment_method_id=payment_method_id),
        plan={"method": method, "charged": total},
        currency=currency,
        charge=lambda key: ChargeCommand(
            key=key, order_id=external_id, payment_method_id=payment_method_id, amount=total, currency=currency
        ),
        evidence={"payment_method": payment_method_id, "charged": total},
    )
    back = _give_back(session, caller, order, payments, total)
    return order_changes.begin(session, caller, wish, order=order, refund_id=back)


def _must_rest(session: Session, order: Order) -> None:
    """Raise where money of the order is on its way: what is left to charge and to give back is not known then."""
    query = select(Refund.id).where(Refund.order_id == order.id, Refund.status.in_((*OPEN, "awaiting_approval")))
    if session.scalar(query.limit(1)) is not None:
        raise errors.ChangeInProgress("A refund of this order is still on its way: wait for it to end.")


def _give_back(session: Session, caller: Caller, order: Order, payments: list[OrderPayment], total: int) -> str:
    """Reserve it. No cap counts: as much comes in from the new method before anything goes out."""
    spec = RefundSpec(amount=Money(total, order.currency))
    priced = refunds.price(session, order, payments, spec)
    return refunds.write(session, caller, order, payments, spec, priced, decided=None, waits=True).id
