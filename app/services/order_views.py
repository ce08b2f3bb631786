"""An order as the contract shows it: the mirror, with what our ledger holds laid over it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import Invalid
from app.models.customers import Customer
from app.models.orders import Order, OrderLine, OrderPayment
from app.models.stores import Store
from app.services.ledgers import Ledger
from app.services.shipments import shipments_view

_EVERY_LINE = select(OrderLine).where(OrderLine.order_id == bindparam("order")).order_by(OrderLine.position)
_LINES = _EVERY_LINE.where(OrderLine.quantity > 0)
_PAYMENTS = select(OrderPayment).where(OrderPayment.order_id == bindparam("order")).order_by(OrderPayment.id)
_PAYMENTS_LOCKED = _PAYMENTS.with_for_update()
"""Built once: every order that is shown or decided about asks them."""


def lines_of(session: Session, order: Order) -> list[OrderLine]:
    """The order's lines in the shop's order; one that an edit took out of it is none."""
    return list(session.scalars(_LINES, {"order": order.id}))


def every_line_of(session: Session, order: Order) -> list[OrderLine]:
    """Also what an edit took out of the order; what hangs on it stays."""
    return list(session.scalars(_EVERY_LINE, {"order": order.id}))


def named(lines: Iterable[OrderLine], refs: Iterable[str]) -> list[str]:
    """Our ids of the lines that callers name by our id or by the shop's own; each may be named once."""
    known = {ref: line.id for line in lines for ref in (line.external_id, line.id)}
    found = [known.get(ref, ref) for ref in refs]
    if len(set(found)) != len(found):
        twice = {"pointer": "/lines", "code": "duplicate", "detail": "A line is named twice."}
        raise Invalid("A line is named twice.", errors=[twice])
    return found


def payments_of(session: Session, order: Order, *, lock: bool = False) -> list[OrderPayment]:
    """The order's payments; `lock` takes their rows, always in the same order."""
    rows = session.scalars(_PAYMENTS_LOCKED if lock else _PAYMENTS, {"order": order.id})
    return sorted(rows, key=lambda payment: payment.position)


def money(amount: int, currency: str) -> dict[str, Any]:
    """Money on the wire."""
    return {"amount": amount, "currency": currency}


def order_view(session: Session, order: Order) -> dict[str, Any]:
    """The contract's Order."""
    ledger = Ledger.of(session, order)
    snapshot = order.snapshot
    lines, payments = lines_of(session, order), payments_of(session, order)
    customer = session.get(Customer, order.customer_id) if order.customer_id else None
    refunded = sum(ledger.refunded.get(p.id, 0) + p.refunded_outside for p in payments)
    totals = snapshot["totals"]
    return {
        "id": order.id,
        "livemode": order.livemode,
        "external_id": order.external_id,
        "number": order.number,
        "status": order.status,
        "payment_status": payment_status(snapshot["payment_status"], sum(p.captured for p in payments), refunded),
        "fulfillment_status": snapshot["fulfillment_status"],
        "placed_at": clock.rfc3339(order.placed_at),
        "delivered_at": None if order.delivered_at is None else clock.rfc3339(order.delivered_at),
        "canceled_at": None if order.canceled_at is None else clock.rfc3339(order.canceled_at),
        "customer": _customer(customer),
        "shipping_address": snapshot["shipping_address"],
        "lines": [_line(line, order, ledger) for line in lines],
        "payments": [_payment(payment, ledger) for payment in payments],
        "shipments": shipments_view(order, lines, session.get_one(Store, order.store_id)),
        "totals": {
            **{name: money(totals[name], order.currency) for name in _TOTALS},
            "refunded": money(refunded, order.currency),
        },
        "currency": order.currency,
        "presentment_currency": snapshot["presentment_currency"],
        "returns": ledger.returns,
        "refunds": ledger.refunds,
        "tags": snapshot["tags"],
        "mirror": mirror_view(order),
    }


def mirror_view(order: Order) -> dict[str, Any]:
    """How old our copy of the shop's word is."""
    return {"age_seconds": max(0, int((clock.now() - order.fetched_at).total_seconds())), "source": "shop"}


_TOTALS = ("items", "discount", "tax", "shipping", "duties", "total")


def payment_status(said: str, captured: int, refunded: int) -> str:
    """The shop's word, unless our ledger knows of refunds that the shop may not show yet."""
    if captured > 0 and refunded >= captured:
        return "refunded"
    if refunded > 0:
        return "partially_refunded"
    return said


def _customer(customer: Customer | None) -> dict[str, Any] | None:
    if customer is None:
        return None
    return {
        "id": customer.id,
        "external_id": customer.external_id,
        "email": customer.email,
        "phone": customer.phone,
        "name": customer.name,
        "locale": customer.locale,
    }


def _line(line: OrderLine, order: Order, ledger: Ledger) -> dict[str, Any]:
    return {
        "id": line.id,
        "external_id": line.external_id,
        "product_id": line.data["product_id"],
        "variant_id": line.data["variant_id"],
        "title": line.title,
        "options": line.data["options"],
        "quantity": line.quantity,
        "unit_price": money(line.unit_price, order.currency),
        "discount": money(line.discount, order.currency),
        "tax": money(line.tax, order.currency),
        "total": money(line.total, order.currency),
        "fulfilled_quantity": line.fulfilled_quantity,
        "returnable_quantity": ledger.returnable(line),
        "refunded_quantity": ledger.line_quantity.get(line.id, 0),
    }


def _payment(payment: OrderPayment, ledger: Ledger) -> dict[str, Any]:
    refunded = ledger.refunded.get(payment.id, 0) + payment.refunded_outside
    return {
        "id": payment.id,
        "external_id": payment.external_id,
        "kind": payment.kind,
        "label": payment.label,
        "captured": money(payment.captured, payment.currency),
        "refunded": money(refunded, payment.currency),
        "reserved": money(ledger.reserved.get(payment.id, 0), payment.currency),
        "refundable": money(ledger.refundable(payment), payment.currency),
    }
