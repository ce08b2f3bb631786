"""An order as the contract shows it: the mirror, with what our ledger holds laid over it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, literal, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import Invalid
from app.models.customers import Customer
from app.models.orders import Order, OrderLine, OrderPayment
from app.models.refunds import RESERVING, Allocation, Refund, RefundLine
from app.models.returns import HOLDING, Return, ReturnLine
from app.services import line_uses, outside_refunds
from app.services.line_uses import Use

# Built once: every order that is shown or decided about asks them, and building takes longer than asking.
_HANGING = (
    select(literal("refund"), Refund.id)
    .where(Refund.order_id == bindparam("order"))
    .union_all(select(literal("return"), Return.id).where(Return.order_id == bindparam("order")))
)
_LINES = select(OrderLine).where(OrderLine.order_id == bindparam("order")).order_by(OrderLine.position)


@dataclass(slots=True)
class Ledger:
    """What we hold of one order: money per payment, quantities and money per line."""

    refunded: dict[str, int] = field(default_factory=dict[str, int])
    """Succeeded, per payment id, minor units."""
    reserved: dict[str, int] = field(default_factory=dict[str, int])
    """Pending and unknown, per payment id, minor units."""
    line_quantity: dict[str, int] = field(default_factory=dict[str, int])
    """Refunded or reserved to be, per line id."""
    line_amount: dict[str, int] = field(default_factory=dict[str, int])
    line_used: dict[str, int] = field(default_factory=dict[str, int])
    """Given as other goods, a credit or a reship, per line id."""
    line_value: dict[str, int] = field(default_factory=dict[str, int])
    """What that is worth, per line id, minor units."""
    held: int = 0
    """What of the order's money stands for such goods and credits, minor units: no refund may take it."""
    returned: dict[str, int] = field(default_factory=dict[str, int])
    """In a return that stands, per line id."""
    refunded_apart: dict[str, int] = field(default_factory=dict[str, int])
    """Refunded, credited or reshipped without coming back, per line id."""
    refunds: list[str] = field(default_factory=list[str])
    """Ids of every refund of the order, oldest first."""
    returns: list[str] = field(default_factory=list[str])
    """Ids of every return of the order, oldest first."""

    @classmethod
    def of(cls, session: Session, order: Order) -> Ledger:
        """Read it from the refunds and returns."""
        ledger = cls()
        for kind, hanging in session.execute(_HANGING, {"order": order.id}):
            (ledger.refunds if kind == "refund" else ledger.returns).append(hanging)
        ledger.refunds.sort()
        ledger.returns.sort()
        if ledger.refunds:  # most orders have neither
            ledger._read_refunds(session, order)
        for line_id, quantity, amount in outside_refunds.of(session, order):
            ledger._count_refund(line_id, quantity, amount, apart=True)
        uses = [use for source in line_uses.SOURCES for use in source(session, order)]
        if ledger.returns:
            ledger._read_returns(session, order)
            uses += line_uses.exchanged(session, order)
        for use in uses:
            ledger._count(use)
        return ledger

    def _count(self, use: Use) -> None:
        self.line_used[use.line_id] = self.line_used.get(use.line_id, 0) + use.quantity
        self.line_value[use.line_id] = self.line_value.get(use.line_id, 0) + use.value
        self.held += use.value if use.held is None else use.held
        if not use.in_return:
            self.refunded_apart[use.line_id] = self.refunded_apart.get(use.line_id, 0) + use.quantity

    def _read_refunds(self, session: Session, order: Order) -> None:
        sums = session.execute(
            select(Allocation.payment_id, Allocation.status, func.sum(Allocation.amount))
            .join(Refund, Refund.id == Allocation.refund_id)
            .where(Refund.order_id == order.id, Allocation.status.in_(RESERVING))
            .group_by(Allocation.payment_id, Allocation.status)
        )
        for payment_id, status, amount in sums:
            held = self.refunded if status == "succeeded" else self.reserved
            held[payment_id] = held.get(payment_id, 0) + int(amount)
        # A refund of which any part was paid or may be paid keeps its lines.
        live = select(Allocation.refund_id).where(Allocation.status.in_(RESERVING))
        for line_id, return_id, quantity, amount in session.execute(
            select(RefundLine.line_id, Refund.return_id, RefundLine.quantity, RefundLine.amount)
            .join(Refund, Refund.id == RefundLine.refund_id)
            .where(Refund.order_id == order.id, Refund.id.in_(live))
        ):
            self._count_refund(line_id, quantity, amount, apart=return_id is None)

    def _count_refund(self, line_id: str, quantity: int, amount: int, *, apart: bool) -> None:
        self.line_quantity[line_id] = self.line_quantity.get(line_id, 0) + quantity
        self.line_amount[line_id] = self.line_amount.get(line_id, 0) + amount
        if apart:
            self.refunded_apart[line_id] = self.refunded_apart.get(line_id, 0) + quantity

    def _read_returns(self, session: Session, order: Order) -> None:
        for line_id, quantity in session.execute(
            select(ReturnLine.line_id, func.sum(ReturnLine.quantity))
            .join(Return, Return.id == ReturnLine.return_id)
            .where(Return.order_id == order.id, Return.status.in_(HOLDING))
            .group_by(ReturnLine.line_id)
        ):
            self.returned[line_id] = int(quantity)

    def refundable(self, payment: OrderPayment) -> int:
        """What is left of a payment, minor units; never below zero."""
        taken = self.refunded.get(payment.id, 0) + self.reserved.get(payment.id, 0) + payment.refunded_outside
        return max(0, payment.captured - taken)

    def gone(self, line: OrderLine) -> int:
        """How many of a line were refunded, exchanged, credited or reshipped, or are reserved to be."""
        return self.line_quantity.get(line.id, 0) + self.line_used.get(line.id, 0)

    def free(self, line: OrderLine) -> int:
        """How many of a line have arrived, are in no other return and were not refunded without one."""
        held = self.returned.get(line.id, 0) + self.refunded_apart.get(line.id, 0)
        return max(0, line.fulfilled_quantity - held)

    def returnable(self, line: OrderLine) -> int:
        """How many of a line could still come back."""
        return 0 if line.final_sale else self.free(line)


def lines_of(session: Session, order: Order) -> list[OrderLine]:
    """The order's lines in the shop's order."""
    return list(session.scalars(_LINES, {"order": order.id}))


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
    query = select(OrderPayment).where(OrderPayment.order_id == order.id).order_by(OrderPayment.id)
    rows = list(session.scalars(query.with_for_update() if lock else query))
    return sorted(rows, key=lambda payment: payment.position)


def money(amount: int, currency: str) -> dict[str, Any]:
    """Money on the wire."""
    return {"amount": amount, "currency": currency}


def order_view(session: Session, order: Order, *, personal: bool = True) -> dict[str, Any]:
    """The contract's Order; `personal=False` leaves name and address out (proof level 1)."""
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
        "customer": _customer(customer) if personal else None,
        "shipping_address": snapshot["shipping_address"] if personal else None,
        "lines": [_line(line, order, ledger) for line in lines],
        "payments": [_payment(payment, ledger) for payment in payments],
        "shipments": shipments_view(order, lines),
        "totals": {
            **{name: money(totals[name], order.currency) for name in _TOTALS},
            "refunded": money(refunded, order.currency),
        },
        "currency": order.currency,
        "presentment_currency": snapshot["presentment_currency"],
        "returns": ledger.returns,
        "refunds": ledger.refunds,
        "tags": snapshot["tags"],
        "mirror": {
            "age_seconds": max(0, int((clock.now() - order.fetched_at).total_seconds())),
            "source": "shop",
        },
    }


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


def shipments_view(order: Order, lines: list[OrderLine]) -> list[dict[str, Any]]:
    """Parcels: the shop's word on what is in them, the carrier's on where they are."""
    ours = {line.external_id: line.id for line in lines}
    now = clock.now()
    shown: list[dict[str, Any]] = []
    for parcel in order.snapshot["shipments"]:
        said = order.tracking.get(parcel["tracking_number"] or "")
        status = said["status"] if said else "unknown"
        eta = said["eta"] if said else None
        shown.append(
            {
                "id": parcel["external_id"],
                "carrier": parcel["carrier"],
                "tracking_number": parcel["tracking_number"],
                "tracking_url": parcel["tracking_url"],
                "status": status,
                "eta": eta,
                "delayed": is_delayed(status, eta, now),
                "lines": [ours[line] for line in parcel["line_ids"] if line in ours],
                "events": said["events"] if said else [],
            }
        )
    return shown


def is_delayed(status: str, eta: str | None, now: datetime) -> bool:
    """Not there although the carrier's day has passed."""
    if eta is None or status in {"delivered", "returned"}:
        return False
    return datetime.fromisoformat(eta) < now
