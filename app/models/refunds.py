"""Refunds, their lines, their allocations over payments, and the counters of what automation spends."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id
from app.models.ownership import Eventful, IllegalMove, Owned

MOVES: dict[str, frozenset[str]] = {
    "awaiting_approval": frozenset({"pending", "canceled"}),
    "pending": frozenset({"succeeded", "failed", "unknown", "canceled"}),
    "unknown": frozenset({"succeeded", "failed", "pending"}),
    "succeeded": frozenset({"failed"}),  # a bank can send the money back days later
    "failed": frozenset(),
    "canceled": frozenset(),
}
ALLOCATION_MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"succeeded", "failed", "unknown", "canceled"}),
    "unknown": frozenset({"succeeded", "failed"}),
    "succeeded": frozenset({"failed"}),
    "failed": frozenset(),
    "canceled": frozenset(),
}
CANCELLATION_MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"succeeded", "failed", "unknown"}),
    "unknown": frozenset({"succeeded", "failed"}),
    "succeeded": frozenset(),  # nothing un-cancels an order
    "failed": frozenset(),
}
RESERVING = ("pending", "unknown", "succeeded")
"""Allocation statuses whose amount counts against the payment."""
WAITING = "awaiting_approval"
"""A refund's status until a person has said yes; nothing is reserved for it yet."""
OPEN = "status IN ('awaiting_approval','pending','unknown')"
"""The refunds whose money has neither gone nor stayed, as their own index has it."""


class Refund(Owned, Eventful, Base):
    """Money that goes back for one order; amounts in minor units of `currency`."""

    __tablename__ = "refunds"
    __table_args__ = (
        Index("ix_refunds_store", "store_id", "livemode", "id"),
        Index("ix_refunds_order_id", "order_id"),
        Index("ix_refunds_customer_id", "customer_id"),
        Index("ix_refunds_open", "status", "id", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("orders.id"))
    customer_id: Mapped[str | None] = mapped_column(Id)
    return_id: Mapped[str | None] = mapped_column(Id)
    cancellation_id: Mapped[str | None] = mapped_column(Id)
    """Set while the money waits for the shop to cancel the order."""
    status: Mapped[str] = mapped_column(default="pending")
    currency: Mapped[str]
    amount: Mapped[int]
    items: Mapped[int]
    tax: Mapped[int]
    discount: Mapped[int]
    shipping: Mapped[int]
    fee: Mapped[int]
    destination: Mapped[str] = mapped_column(default="original")
    payment_method_id: Mapped[str | None]
    reason: Mapped[str | None]
    note: Mapped[str | None]
    actor: Mapped[dict[str, Any]]
    automated: Mapped[bool] = mapped_column(default=False)
    """No person at the store decided it, so caps apply."""
    spending_day: Mapped[str | None]
    """In which day of the store's caps it counts; fixed when it is reserved, so that a failure gives back there."""
    failure_code: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    reversed_at: Mapped[datetime | None]
    """When a bank sent back some of what had been paid."""

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in MOVES[self.status]:
            raise IllegalMove(f"refund {self.id}: {self.status} -> {status}")
        self.status = status


class RefundLine(Base):
    """So many of one line, for so much."""

    __tablename__ = "refund_lines"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"), Index("ix_refund_lines_line_id", "line_id"))

    refund_id: Mapped[str] = mapped_column(Id, ForeignKey("refunds.id"), primary_key=True)
    line_id: Mapped[str] = mapped_column(Id, ForeignKey("order_lines.id"), primary_key=True)
    quantity: Mapped[int]
    amount: Mapped[int]


class Allocation(Base):
    """The part of a refund that goes back to one payment: the reservation, and one operation."""

    __tablename__ = "refund_allocations"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_refund_allocations_refund_id", "refund_id"),
        Index("ix_refund_allocations_payment_id", "payment_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    refund_id: Mapped[str] = mapped_column(Id, ForeignKey("refunds.id"))
    payment_id: Mapped[str] = mapped_column(Id, ForeignKey("order_payments.id"))
    operation_id: Mapped[str] = mapped_column(Id, ForeignKey("operations.id"))
    amount: Mapped[int]
    status: Mapped[str] = mapped_column(default="pending")
    failure_code: Mapped[str | None]

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in ALLOCATION_MOVES[self.status]:
            raise IllegalMove(f"allocation {self.id}: {self.status} -> {status}")
        self.status = status


OF_DAYS = "scope = 'day'"


class SpendCounter(Base):
    """What automation has reserved or paid in one scope (`order`, `customer`, `day`) and currency, minor units."""

    __tablename__ = "spend_counters"
    __table_args__ = (
        Index("ix_spend_counters_day", "scope_id", sqlite_where=text(OF_DAYS), postgresql_where=text(OF_DAYS)),
    )

    store_id: Mapped[str] = mapped_column(Id, ForeignKey("stores.id"), primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    scope_id: Mapped[str] = mapped_column(primary_key=True)
    spent: Mapped[int]


class Cancellation(Owned, Eventful, Base):
    """An order being canceled in the shop; its refund waits for the shop's yes."""

    __tablename__ = "cancellations"
    __table_args__ = (
        Index(
            "uq_cancellations_order",
            "order_id",
            unique=True,
            sqlite_where=text("status IN ('pending','unknown','succeeded')"),
            postgresql_where=text("status IN ('pending','unknown','succeeded')"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("orders.id"))
    operation_id: Mapped[str] = mapped_column(Id, ForeignKey("operations.id"))
    refund_id: Mapped[str | None] = mapped_column(Id)
    reason: Mapped[str]
    status: Mapped[str] = mapped_column(default="pending")

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in CANCELLATION_MOVES[self.status]:
            raise IllegalMove(f"cancellation {self.id}: {self.status} -> {status}")
        self.status = status
