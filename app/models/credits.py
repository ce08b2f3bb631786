"""Store credit that we gave, and the longer windows that a person granted."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id
from app.models.ownership import Eventful, IllegalMove, Owned

MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"succeeded", "failed", "unknown", "canceled"}),
    "unknown": frozenset({"succeeded", "failed"}),
    "succeeded": frozenset({"failed"}),
    "failed": frozenset(),
    "canceled": frozenset(),
}
HELD = ("pending", "unknown", "succeeded")
"""Statuses of a credit that was given, or may have been."""


class Credit(Owned, Eventful, Base):
    """Store credit for one customer, by one operation; `amount` in minor units of `currency`.

    With `refund_id` it is how that refund is paid: the refund counts it against lines, payments and caps.
    """

    __tablename__ = "credits"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_credits_store", "store_id", "livemode", "id"),
        Index("ix_credits_customer_id", "customer_id"),
        Index("uq_credits_operation_id", "operation_id", unique=True),
        Index("ix_credits_order_id", "order_id"),
        Index("ix_credits_refund_id", "refund_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Id, ForeignKey("customers.id"))
    order_id: Mapped[str | None] = mapped_column(Id)
    refund_id: Mapped[str | None] = mapped_column(Id)
    operation_id: Mapped[str] = mapped_column(Id, ForeignKey("operations.id"))
    status: Mapped[str] = mapped_column(default="pending")
    amount: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[str | None]
    actor: Mapped[dict[str, Any]]
    automated: Mapped[bool] = mapped_column(default=False)
    """No person at the store decided it, so caps apply."""
    spending_day: Mapped[str | None]
    failure_code: Mapped[str | None]
    settled_at: Mapped[datetime | None]

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in MOVES[self.status]:
            raise IllegalMove(f"credit {self.id}: {self.status} -> {status}")
        self.status = status


class WindowExtension(Owned, Base):
    """A person lets the return window of an order, or of one line of it, stay open until a date."""

    __tablename__ = "window_extensions"
    __table_args__ = (Index("ix_window_extensions_order_id", "order_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("orders.id"))
    line_id: Mapped[str | None] = mapped_column(Id, ForeignKey("order_lines.id"))
    """None: every line."""
    until: Mapped[datetime]
    actor: Mapped[dict[str, Any]]
