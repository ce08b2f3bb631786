"""How money goes back at the provider: refunded to the payment, or paid out to a method that did not pay."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.errors import PaymentMethodNotFound
from app.integrations.payments.contract import PayoutCommand, RefundCommand
from app.integrations.receipts import Receipt
from app.models.customers import Customer
from app.models.orders import Order, OrderPayment
from app.models.refunds import Refund
from app.services.providers import Providers

Command = RefundCommand | PayoutCommand


def command_of(session: Session, refund: Refund, payment: OrderPayment, amount: int, key: str) -> Command:
    """Back to the payment, unless another method or store credit was named: those can only be paid out to."""
    chosen = refund.destination == "payment_method"
    pays = chosen and refund.payment_method_id in (payment.payment_method_id, payment.id, payment.external_id)
    if pays or refund.destination == "original":
        return RefundCommand(
            key=key, payment_id=payment.external_id, amount=amount, currency=refund.currency, reason=refund.reason
        )
    order = session.get_one(Order, refund.order_id)
    customer = session.get(Customer, order.customer_id) if order.customer_id else None
    if customer is None or customer.external_id is None:
        raise PaymentMethodNotFound("Nobody is known who could be paid out to.")
    return PayoutCommand(
        key=key,
        order_id=order.external_id,
        customer_id=customer.external_id,
        payment_method_id=refund.payment_method_id if chosen else None,
        amount=amount,
        currency=refund.currency,
        reason=refund.reason,
    )


def kind_of(command: Command) -> str:
    """The kind of operation that carries the command."""
    if isinstance(command, RefundCommand):
        return "refund"
    return "credit" if command.payment_method_id is None else "payout"


async def _refund(providers: Providers, command: RefundCommand) -> Receipt:
    return _checked(command, await providers.payments.refund(command))


async def _find_refund(providers: Providers, command: RefundCommand) -> Receipt | None:
    found = await providers.payments.find_refund(command)
    return None if found is None else _checked(command, found)


async def _pay_out(providers: Providers, command: PayoutCommand) -> Receipt:
    return _checked(command, await providers.payments.pay_out(command))


async def _find_payout(providers: Providers, command: PayoutCommand) -> Receipt | None:
    found = await providers.payments.find_payout(command)
    return None if found is None else _checked(command, found)


def _checked(command: Command, receipt: Receipt) -> Receipt:
    """A yes about another amount or currency is not a yes to our question."""
    wrong = receipt.amount not in (None, command.amount) or receipt.currency not in (None, command.currency)
    if receipt.status == "succeeded" and wrong:
        return Receipt(status="unknown", evidence={**receipt.evidence, "mismatch": [receipt.amount, receipt.currency]})
    return receipt


@dataclass(frozen=True, slots=True)
class Kind:
    """One way in which money goes back."""

    name: str
    command: type[BaseModel]
    send: Callable[[Providers, Any], Awaitable[Receipt]]
    find: Callable[[Providers, Any], Awaitable[Receipt | None]]


KINDS = (
    Kind("refund", RefundCommand, _refund, _find_refund),
    Kind("payout", PayoutCommand, _pay_out, _find_payout),
)
CREDIT = Kind("credit", PayoutCommand, _pay_out, _find_payout)
"""Store credit; `credits` settles it."""
