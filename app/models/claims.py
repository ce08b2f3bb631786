"""Claims: what arrived damaged, wrong or not at all, and what a person decided about it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id
from app.models.ownership import Eventful, IllegalMove, Owned

MOVES: dict[str, frozenset[str]] = {
    "requested": frozenset({"awaiting_approval", "accepted", "declined", "canceled"}),
    "awaiting_approval": frozenset({"accepted", "declined", "canceled"}),
    "accepted": frozenset({"completed"}),
    "completed": frozenset({"accepted"}),  # a bank can send the money back days later
    "declined": frozenset(),
    "canceled": frozenset(),
}
STANDING = ("requested", "awaiting_approval", "accepted", "completed")
"""Statuses in which a claim holds its quantities, so that nobody claims them twice."""
KINDS = ("damaged", "wrong", "missing", "lost", "not_as_described")
RESOLUTIONS = ("refund", "store_credit", "exchange", "reship")
IN_KIND = ("exchange", "reship")
"""Resolutions that a person carries out: goods are sent, no money of ours moves."""


class Claim(Owned, Eventful, Base):
    """Something is wrong with an order's items; what is claimed need not come back."""

    __tablename__ = "claims"
    __table_args__ = (
        Index("ix_claims_store", "store_id", "livemode", "id"),
        Index("ix_claims_order_id", "order_id"),
        Index("ix_claims_customer_id", "customer_id"),
        Index("ix_claims_refund_id", "refund_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("orders.id"))
    customer_id: Mapped[str | None] = mapped_column(Id)
    status: Mapped[str] = mapped_column(default="requested")
    wished: Mapped[str | None]
    """The resolution that the shopper would like."""
    resolution: Mapped[str | None]
    """The one that was decided."""
    refund_id: Mapped[str | None] = mapped_column(Id)
    """The refund that pays it, also where it is paid as store credit."""
    reason: Mapped[str | None]
    """Why it was declined."""
    failure_code: Mapped[str | None]
    """Why the money of an accepted claim was not paid."""
    actor: Mapped[dict[str, Any]]
    decided_by: Mapped[dict[str, Any] | None]
    decided_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in MOVES[self.status]:
            raise IllegalMove(f"claim {self.id}: {self.status} -> {status}")
        self.status = status


class ClaimLine(Base):
    """So many of one line, what is wrong with them, and what was granted for them."""

    __tablename__ = "claim_lines"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"), Index("ix_claim_lines_line_id", "line_id"))

    claim_id: Mapped[str] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    line_id: Mapped[str] = mapped_column(Id, ForeignKey("order_lines.id"), primary_key=True)
    quantity: Mapped[int]
    kind: Mapped[str]
    note: Mapped[str | None]
    files: Mapped[list[Any] | None]
    """Ids of its photos; rows of before there were files hold whatever the caller named."""
    amount: Mapped[int | None]
    """Minor units that a person granted for it; None: all that was paid."""
