"""What is left of an order's money and goods: refunds, returns and exchanges of ours, and what happened elsewhere.

Read under the order's lock by whoever reserves, so that what was reserved a moment ago counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import bindparam, func, literal, select
from sqlalchemy.orm import Session

from app import clock
from app.integrations.payments.contract import PaymentLedger
from app.models.orders import READINGS_OVERLAP, Order, OrderLine, OrderPayment
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


def take_reading(payment: OrderPayment, said: PaymentLedger, counted: set[str]) -> None:
    """Write the provider's truth about one payment; `counted` are the keys that our own ledger counts already."""
    payment.captured = said.captured
    outside = sum(refund.amount for refund in said.refunds if refund.status != "failed" and refund.key not in counted)
    note_outside(payment, outside)
    payment.ledger_at = clock.now()


def note_outside(payment: OrderPayment, outside: int) -> None:
    """Keep what was refunded elsewhere; nothing that is known is forgotten.

    A reading may be older than one that a rival has written since: while that can be, the larger figure stands.
    """
    fresh = payment.ledger_at is not None and clock.now() - payment.ledger_at < READINGS_OVERLAP
    payment.refunded_outside = max(payment.refunded_outside, outside) if fresh else outside
