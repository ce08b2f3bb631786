"""What is charged for an order after it was placed: a payment of it once it is taken, and how it goes back."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import ids
from app.errors import Invalid
from app.integrations.payments.contract import ChargeCommand
from app.integrations.receipts import Receipt
from app.models.operations import Operation
from app.models.orders import Order, OrderPayment
from app.models.refunds import Refund
from app.money import Money
from app.services import refunds
from app.services.callers import Caller
from app.services.destinations import Method
from app.services.ledgers import Ledger
from app.services.order_views import payments_of
from app.services.providers import Providers
from app.services.refund_quotes import Quote, RefundSpec, split


def book(session: Session, order: Order, charge: Operation, method: Method) -> OrderPayment:
    """Write what was taken down as a payment of the locked order, unless a reading of the shop was faster."""
    if charge.external_id is None:
        raise Invalid("Name the provider's id of the payment: external_id.")
    taken = int(charge.command["amount"])
    known = _payment(session, order, charge)
    if known is not None:
        known.captured = max(known.captured, taken)
        return known
    last = session.scalar(select(func.max(OrderPayment.position)).where(OrderPayment.order_id == order.id))
    made = OrderPayment(
        id=ids.new("pay"),
        order_id=order.id,
        external_id=charge.external_id,
        position=0 if last is None else last + 1,
        kind=method.kind,
        label=method.label or method.kind,
        payment_method_id=method.id,
        currency=order.currency,
        captured=taken,
        refunded_outside=0,
    )
    session.add(made)
    session.flush()
    return made


def unbook(session: Session, order: Order, charge: Operation) -> None:
    """What a bank has had back cannot be refunded any more."""
    payment = None if charge.external_id is None else _payment(session, order, charge)
    if payment is not None:
        payment.captured = max(0, payment.captured - int(charge.command["amount"]))


def give_back(
    session: Session,
    caller: Caller,
    order: Order,
    charges: Collection[Operation],
    amount: int,
    *,
    reason: str,
    return_id: str | None = None,
) -> Refund | None:
    """Write the refund of `amount` minor units that were charged and stand for nothing; the order is locked.

    It comes out of the charges first. Nobody is asked: the store took the money and has nothing to give for it. What
    was refunded of the charges elsewhere counts; None where nothing is left of it.
    """
    ours = {charge.external_id for charge in charges}
    payments = [payment for payment in payments_of(session, order, lock=True) if payment.currency == order.currency]
    ledger = Ledger.of(session, order)
    first = [payment for payment in payments if payment.external_id in ours]
    others = [payment for payment in payments if payment.external_id not in ours]
    elsewhere = sum(payment.refunded_outside for payment in first)
    amount = min(amount - elsewhere, sum(map(ledger.refundable, payments)))
    if amount <= 0:
        return None
    priced = Quote(
        currency=order.currency,
        amount=amount,
        items=amount,
        tax=0,
        discount=0,
        shipping=0,
        fee=0,
        lines=(),
        allocations=tuple(split(amount, first, others, ledger)),
    )
    spec = RefundSpec(amount=Money(amount, order.currency), reason=reason)
    return refunds.write(session, caller, order, payments, spec, priced, return_id=return_id, decided=None)


def _payment(session: Session, order: Order, charge: Operation) -> OrderPayment | None:
    query = select(OrderPayment).where(
        OrderPayment.order_id == order.id, OrderPayment.external_id == charge.external_id
    )
    return session.scalar(query)


# ---- what the worker calls --------------------------------------------------------------------------------------


async def send(providers: Providers, command: ChargeCommand) -> Receipt:
    """Take it."""
    return _checked(command, await providers.payments.charge(command))


async def find(providers: Providers, command: ChargeCommand) -> Receipt | None:
    """What the provider's own ledger says of it."""
    found = await providers.payments.find_charge(command)
    return None if found is None else _checked(command, found)


def _checked(command: ChargeCommand, receipt: Receipt) -> Receipt:
    """A yes about another amount or currency, or one that names no payment, is not a yes to our question."""
    wrong = receipt.amount not in (None, command.amount) or receipt.currency not in (None, command.currency)
    if receipt.status == "succeeded" and (wrong or receipt.external_id is None):
        mismatch = [receipt.external_id, receipt.amount, receipt.currency]
        return Receipt(status="unknown", evidence={**receipt.evidence, "mismatch": mismatch})
    return receipt
