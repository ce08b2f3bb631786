"""Where money can go: the customer's own methods, and which of them paid the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.errors import PaymentMethodNotFound
from app.models.customers import Customer
from app.models.orders import Order, OrderPayment
from app.services.order_views import payments_of


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the customer's."""

    id: str | None
    """The shop's id of it; None where the shop has none for a payment."""
    kind: str
    paid: bool
    """It paid the order, so that money to it goes back where it came from."""
    balance: int | None = None
    """What a gift card or credit still holds, minor units of `currency`; None where that is not told."""
    currency: str | None = None
    label: str | None = None
    """How the shop shows it."""


def method(session: Session, order: Order, ref: str | None) -> Method:
    """The method that `ref` names; raises `payment_method_not_found` where the order's customer has none such."""
    on_file = _on_file(session, order)
    for payment in payments_of(session, order):
        if ref is not None and ref in (payment.payment_method_id, payment.id, payment.external_id):
            return _paying(payment, on_file)
    if ref is None or ref not in on_file:
        raise PaymentMethodNotFound
    return _method(on_file[ref], paid=False)


def _on_file(session: Session, order: Order) -> dict[str, dict[str, Any]]:
    customer = session.get(Customer, order.customer_id) if order.customer_id else None
    return {row["id"]: row for row in (customer.payment_methods if customer else [])}


def _paying(payment: OrderPayment, on_file: dict[str, dict[str, Any]]) -> Method:
    known = on_file.get(payment.payment_method_id or "")
    if known is not None:
        return _method(known, paid=True)
    return Method(payment.payment_method_id, payment.kind, paid=True, label=payment.label)


def _method(row: dict[str, Any], *, paid: bool) -> Method:
    return Method(row["id"], row["kind"], paid, row.get("balance"), row.get("currency"), row.get("label"))
