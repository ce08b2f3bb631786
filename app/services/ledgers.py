"""What is left of an order's money and goods: refunds, returns and exchanges of ours, and what happened elsewhere.

Read under the order's lock by whoever reserves, so that what was reserved a moment ago counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import and_, bindparam, case, func, literal, select
from sqlalchemy.orm import Session

from app import clock
from app.integrations.payments.contract import PaymentLedger
from app.models.operations import Operation
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
_PARTS = (
    select(
        Refund.id,
        Refund.shipping,
        Allocation.payment_id,
        Allocation.status,
        Allocation.amount,
        Operation.evidence["contradicted"].as_string(),
    )
    .join(Refund, Refund.id == Allocation.refund_id)
    .join(Operation, Operation.id == Allocation.operation_id)
    .where(Refund.order_id == bindparam("order"))
)
_REFUND_LINES = (
    select(Refund.id, RefundLine.line_id, Refund.return_id, RefundLine.quantity, RefundLine.amount)
    .join(Refund, Refund.id == RefundLine.refund_id)
    .where(Refund.order_id == bindparam("order"))
)
# Of one that is over what came counts: the rest is with the shopper still. What they keep never comes.
_CAME = and_(Return.status == "completed", Return.method != "keep")
_RETURNED = (
    select(
        ReturnLine.line_id,
        func.sum(case((_CAME, ReturnLine.received_quantity), else_=ReturnLine.quantity)),
        func.sum(case((Return.method == "keep", ReturnLine.quantity), else_=0)),
    )
    .join(Return, Return.id == ReturnLine.return_id)
    .where(Return.order_id == bindparam("order"), Return.status.in_(HOLDING))
    .group_by(ReturnLine.line_id)
)
_A_REFUND = select(Refund.id).where(Refund.order_id == bindparam("order")).limit(1)


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
    shipping: int = 0
    """What of the order's shipping was refunded or is reserved to be, minor units."""
    returned: dict[str, int] = field(default_factory=dict[str, int])
    """In a return that stands, per line id."""
    let_keep: dict[str, int] = field(default_factory=dict[str, int])
    """What of that stays with the shopper, per line id."""
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
        parts = session.execute(_PARTS, {"order": order.id})
        # A refund of which any part was paid or may be paid keeps its lines and its shipping.
        live: dict[str, int] = {}
        for refund_id, shipping, payment_id, status, amount, said in parts:
            if status in RESERVING:
                held = self.refunded if status == "succeeded" else self.reserved
                held[payment_id] = held.get(payment_id, 0) + amount
                live[refund_id] = shipping
            elif said == "succeeded":  # held as failed and paid all the same: the provider's ledger tells the money
                live[refund_id] = shipping
        self.shipping = sum(live.values())
        for refund_id, line_id, return_id, quantity, amount in session.execute(_REFUND_LINES, {"order": order.id}):
            if refund_id in live:
                self._count_refund(line_id, quantity, amount, apart=return_id is None)

    def _count_refund(self, line_id: str, quantity: int, amount: int, *, apart: bool) -> None:
        self.line_quantity[line_id] = self.line_quantity.get(line_id, 0) + quantity
        self.line_amount[line_id] = self.line_amount.get(line_id, 0) + amount
        if apart:
            self.refunded_apart[line_id] = self.refunded_apart.get(line_id, 0) + quantity

    def _read_returns(self, session: Session, order: Order) -> None:
        for line_id, quantity, stays in session.execute(_RETURNED, {"order": order.id}):
            self.returned[line_id] = int(quantity)
            self.let_keep[line_id] = int(stays)

    @property
    def given(self) -> int:
        """What of all payments was refunded by us or is reserved to be, minor units."""
        return sum(self.refunded.values()) + sum(self.reserved.values())

    def refundable(self, payment: OrderPayment) -> int:
        """What is left of a payment, minor units; never below zero."""
        taken = self.refunded.get(payment.id, 0) + self.reserved.get(payment.id, 0) + payment.refunded_outside
        return max(0, payment.captured - taken)

    def gone(self, line: OrderLine) -> int:
        """How many of a line were refunded, exchanged, credited or reshipped, or are reserved to be."""
        line_id = line.id
        return self.line_quantity.get(line_id, 0) + self.line_used.get(line_id, 0)

    def free(self, line: OrderLine) -> int:
        """How many of a line have arrived, are in no other return and were not refunded without one."""
        line_id = line.id
        held = self.returned.get(line_id, 0) + self.refunded_apart.get(line_id, 0)
        return max(0, line.fulfilled_quantity - held)

    def returnable(self, line: OrderLine) -> int:
        """How many of a line could still come back."""
        return 0 if line.final_sale else self.free(line)


def has_refunds(session: Session, order: Order) -> bool:
    """Whether any refund of ours hangs on the order, however it ended."""
    return session.scalar(_A_REFUND, {"order": order.id}) is not None


def take_reading(payment: OrderPayment, said: PaymentLedger, counted: set[str]) -> None:
    """Write the provider's truth about one payment; `counted`: keys and ids that our own ledger counts already."""
    payment.captured = said.captured
    elsewhere = (refund for refund in said.refunds if counted.isdisjoint({refund.key, refund.external_id}))
    outside = sum(refund.amount for refund in elsewhere if refund.status != "failed")
    note_outside(payment, outside)
    payment.ledger_at = clock.now()


def note_outside(payment: OrderPayment, outside: int) -> None:
    """Keep what was refunded elsewhere; nothing that is known is forgotten.

    A reading may be older than one that a rival has written since: while that can be, the larger figure stands.
    """
    fresh = payment.ledger_at is not None and clock.now() - payment.ledger_at < READINGS_OVERLAP
    payment.refunded_outside = max(payment.refunded_outside, outside) if fresh else outside
