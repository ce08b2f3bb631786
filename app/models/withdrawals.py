"""Withdrawals from a contract (Directive 2023/2673): declared in two steps, acknowledged, with clocks of their own."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id
from app.models.ownership import Eventful, IllegalMove, Owned

MOVES: dict[str, frozenset[str]] = {
    "requested": frozenset({"confirmed", "canceled"}),
    "confirmed": frozenset({"completed", "canceled"}),  # canceled: a named person answers for it
    "completed": frozenset({"confirmed"}),  # a bank can send the money back days later
    "canceled": frozenset(),
}
BINDING = ("confirmed", "completed")
"""Statuses in which a withdrawal holds its quantities."""


class Withdrawal(Owned, Eventful, Base):
    """The declaration and what followed from it. No reason is asked for, and none is kept."""

    __tablename__ = "withdrawals"
    __table_args__ = (
        Index("ix_withdrawals_store", "store_id", "livemode", "id"),
        Index("ix_withdrawals_order_id", "order_id"),
        Index("ix_withdrawals_customer_id", "customer_id"),
        Index("ix_withdrawals_refund_id", "refund_id"),
        Index("ix_withdrawals_return_id", "return_id"),
        Index("ix_withdrawals_cancellation_id", "cancellation_id"),
        Index("ix_withdrawals_due", "status", "refund_due_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("orders.id"))
    customer_id: Mapped[str | None] = mapped_column(Id)
    status: Mapped[str] = mapped_column(default="requested")
    language: Mapped[str]
    deadline_at: Mapped[datetime | None]
    """The last moment of the period; None while it has not begun."""
    declared_at: Mapped[datetime | None]
    """When it was confirmed, which makes it binding."""
    refund_due_at: Mapped[datetime | None]
    overdue_at: Mapped[datetime | None]
    """When we noticed that the money was late; told once."""
    needs_person: Mapped[bool] = mapped_column(default=False)
    """It is binding, and what follows from it is more than automation may do."""
    operation_id: Mapped[str | None] = mapped_column(Id)
    """The mail that acknowledges it."""
    acknowledgement: Mapped[str | None]
    """What the mail says, word for word."""
    acknowledged_at: Mapped[datetime | None]
    cancellation_id: Mapped[str | None] = mapped_column(Id)
    refund_id: Mapped[str | None] = mapped_column(Id)
    return_id: Mapped[str | None] = mapped_column(Id)
    actor: Mapped[dict[str, Any]]
    completed_at: Mapped[datetime | None]

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in MOVES[self.status]:
            raise IllegalMove(f"withdrawal {self.id}: {self.status} -> {status}")
        self.status = status


class WithdrawalLine(Base):
    """So many of one line."""

    __tablename__ = "withdrawal_lines"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"), Index("ix_withdrawal_lines_line_id", "line_id"))

    withdrawal_id: Mapped[str] = mapped_column(Id, ForeignKey("withdrawals.id"), primary_key=True)
    line_id: Mapped[str] = mapped_column(Id, ForeignKey("order_lines.id"), primary_key=True)
    quantity: Mapped[int]
