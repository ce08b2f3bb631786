"""The ways to pay that an order's customer has on file, by the mirror's word; the provider has the last one."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy.orm import Session

from app.errors import CurrencyMismatch, GiftCardInsufficient, PaymentMethodNotFound
from app.models.customers import Customer
from app.models.orders import Order

HOLD_MONEY = frozenset({"gift_card", "store_credit"})
"""Kinds that hold so much and no more."""


def of_order(session: Session, order: Order, method_id: str | None) -> dict[str, Any] | None:
    """The method of the order's customer with that id; raises `payment_method_not_found`. None where none is named."""
    if method_id is None:
        return None
    customer = session.get(Customer, order.customer_id) if order.customer_id else None
    methods = cast("list[dict[str, Any]]", customer.payment_methods if customer is not None else [])
    for method in methods:
        if method["id"] == method_id:
            return method
    raise PaymentMethodNotFound("The customer has no such payment method.")


def must_hold(method: dict[str, Any], amount: int, currency: str) -> None:
    """Raise where a gift card or credit is of another currency or does not hold `amount` minor units."""
    if method.get("currency") not in (None, currency):
        raise CurrencyMismatch("The payment method is not in the order's currency.")
    balance = method.get("balance")
    if method["kind"] in HOLD_MONEY and (balance is None or balance < amount):
        raise GiftCardInsufficient
