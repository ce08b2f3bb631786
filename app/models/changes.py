"""Changes of an order before it ships, of a customer and of a subscription: one at a time, each with its operations."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id
from app.models.ownership import Eventful, IllegalMove, Owned

MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"succeeded", "failed", "unknown", "canceled"}),
    "unknown": frozenset({"succeeded", "failed", "pending"}),
    "succeeded": frozenset(),
    "failed": frozenset(),
    "canceled": frozenset(),
}
OPEN = ("pending", "unknown")
"""The shop or the payment provider has the last word still."""
_STILL_OPEN = text("status IN ('pending','unknown')")


class Change(Owned, Eventful, Base):
    """What is to become of an order (`address`, `items`, `payment_method`), a customer or a `subscription`.

    An open change is alone: the index keeps a second one of the same order or customer out.
    """

    __tablename__ = "changes"
    __table_args__ = (
        Index("ix_changes_order_id", "order_id"),
        Index("ix_changes_customer_id", "customer_id"),
        Index("uq_changes_open", "subject_id", unique=True, sqlite_where=_STILL_OPEN, postgresql_where=_STILL_OPEN),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    subject_id: Mapped[str] = mapped_column(Id)
    """The order's id or, of a customer's or a subscription's change, the customer's."""
    order_id: Mapped[str | None] = mapped_column(Id, ForeignKey("orders.id"))
    customer_id: Mapped[str | None] = mapped_column(Id, ForeignKey("customers.id"))
    status: Mapped[str] = mapped_column(default="pending")
    plan: Mapped[dict[str, Any]]
    """What will stand in our mirror once the shop has said yes, and the method that pays; a subscription as it is."""
    difference: Mapped[int] = mapped_column(default=0)
    """Minor units of `currency`: charged before the shop is asked, or, below zero, given back after its yes."""
    currency: Mapped[str | None]
    payment_method_id: Mapped[str | None]
    charge_operation_id: Mapped[str | None] = mapped_column(Id)
    operation_id: Mapped[str] = mapped_column(Id, ForeignKey("operations.id"))
    """What the shop is told."""
    refund_id: Mapped[str | None] = mapped_column(Id)
    """What goes back: after the shop's yes what was paid too much or otherwise; after its no the charge."""
    actor: Mapped[dict[str, Any]]
    failure_code: Mapped[str | None]
    failure_detail: Mapped[str | None]
    settled_at: Mapped[datetime | None]

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in MOVES[self.status]:
            raise IllegalMove(f"change {self.id}: {self.status} -> {status}")
        self.status = status
