"""Returns and their labels."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id
from app.models.ownership import Eventful, IllegalMove, Owned

MOVES: dict[str, frozenset[str]] = {
    "requested": frozenset({"awaiting_approval", "approved", "declined", "canceled"}),
    "awaiting_approval": frozenset({"approved", "declined", "canceled", "expired"}),
    "approved": frozenset({"label_issued", "in_transit", "received", "canceled", "expired", "completed"}),
    "label_issued": frozenset({"approved", "in_transit", "received", "canceled", "expired"}),
    "in_transit": frozenset({"received"}),
    "received": frozenset({"inspected", "completed"}),
    "inspected": frozenset({"received", "completed"}),  # more of it may arrive, and wants to be looked at
    "completed": frozenset(),
    "declined": frozenset(),
    "canceled": frozenset(),
    "expired": frozenset({"received"}),  # a late parcel, of a return that was approved once
}
UNSENT = ("approved", "label_issued")
"""Statuses in which the goods are waited for and nobody has seen them on their way."""
OVERDUE = "overdue_at IS NOT NULL AND status IN ('approved','label_issued','in_transit')"
"""The returns whose goods should be here and are not, as their own index has it."""
HOLDING = (
    "requested",
    "awaiting_approval",
    "approved",
    "label_issued",
    "in_transit",
    "received",
    "inspected",
    "completed",
)
"""Statuses in which a return holds its quantities, so that nobody returns them twice."""
LABEL_MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"active", "failed", "unknown"}),
    "unknown": frozenset({"active", "failed"}),
    "active": frozenset({"voiding", "voided", "expired"}),  # voided at once: one that was never bought
    "voiding": frozenset({"voided", "active"}),
    "voided": frozenset(),
    "failed": frozenset(),
    "expired": frozenset(),
}
LABEL_HOLDING = ("pending", "unknown", "active", "voiding")


class Return(Owned, Eventful, Base):
    """Goods on their way back; `rma` is the number that stands on the label."""

    __tablename__ = "returns"
    __table_args__ = (
        Index("ix_returns_store", "store_id", "livemode", "id"),
        Index("ix_returns_order_id", "order_id"),
        Index("ix_returns_customer_id", "customer_id"),
        Index("ix_returns_expires_at", "expires_at"),
        Index("ix_returns_due_at", "due_at"),
        Index("ix_returns_overdue", "overdue_reason", sqlite_where=text(OVERDUE), postgresql_where=text(OVERDUE)),
        Index("uq_returns_rma", "store_id", "livemode", "rma", unique=True),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    rma: Mapped[str]
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("orders.id"))
    customer_id: Mapped[str | None] = mapped_column(Id)
    ticket_id: Mapped[str | None] = mapped_column(Id)
    status: Mapped[str] = mapped_column(default="requested")
    method: Mapped[str] = mapped_column(default="label")
    destination: Mapped[str] = mapped_column(default="original")
    payment_method_id: Mapped[str | None]
    refund_id: Mapped[str | None] = mapped_column(Id)
    credit_refund_id: Mapped[str | None] = mapped_column(Id)
    """The refund of the lines that are paid as store credit, where others of the return are not."""
    exchange_id: Mapped[str | None] = mapped_column(Id)
    """Set where it brings back what an exchange replaces."""
    operation_id: Mapped[str | None] = mapped_column(Id)
    """The operation that has the shop expect it; None until it is approved."""
    fee: Mapped[int | None]
    """Minor units of the order's currency that the policy keeps back of it once all of it has come back."""
    label_payer: Mapped[str] = mapped_column(default="store")
    """store or shopper: out of whose money its label is paid."""
    actor: Mapped[dict[str, Any]]
    approved_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    """When it ends if its goods are not on their way; None where nothing is waited for."""
    due_at: Mapped[datetime | None]
    """When a person is told that it is late; None where nothing is waited for, and once that was told."""
    overdue_at: Mapped[datetime | None]
    """When a person was told."""
    overdue_reason: Mapped[str | None]
    """not_sent or not_arrived."""
    received_at: Mapped[datetime | None]
    inspected_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in MOVES[self.status]:
            raise IllegalMove(f"return {self.id}: {self.status} -> {status}")
        self.status = status


class ReturnLine(Base):
    """So many of one line, and why."""

    __tablename__ = "return_lines"
    __table_args__ = (Index("ix_return_lines_line_id", "line_id"),)

    return_id: Mapped[str] = mapped_column(Id, ForeignKey("returns.id"), primary_key=True)
    line_id: Mapped[str] = mapped_column(Id, ForeignKey("order_lines.id"), primary_key=True)
    quantity: Mapped[int]
    received_quantity: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str | None]
    note: Mapped[str | None]
    resolution: Mapped[str] = mapped_column(default="refund")
    condition: Mapped[str | None]
    files: Mapped[list[Any] | None]
    """Ids of the photos that came with it."""
    fee: Mapped[int] = mapped_column(default=0)
    """The line's part of the return's fee, minor units."""
    fee_fixed: Mapped[int] = mapped_column(default=0)
    """What of that is due once anything of the line comes back; the rest goes by how many do."""


class Label(Owned, Eventful, Base):
    """A return label; at most one that is not void, failed or expired stands per parcel of a return."""

    __tablename__ = "return_labels"
    __table_args__ = (
        Index("ix_return_labels_store", "store_id", "livemode", "id"),
        Index("ix_return_labels_next_look_at", "next_look_at"),
        Index("ix_return_labels_customer_id", "customer_id"),
        Index(
            "uq_return_labels_active",
            "return_id",
            "parcel_number",
            unique=True,
            sqlite_where=text("status IN ('pending','unknown','active','voiding')"),
            postgresql_where=text("status IN ('pending','unknown','active','voiding')"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    return_id: Mapped[str] = mapped_column(Id, ForeignKey("returns.id"))
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("orders.id"))
    customer_id: Mapped[str | None] = mapped_column(Id)
    operation_id: Mapped[str | None] = mapped_column(Id, ForeignKey("operations.id"))
    """The operation that buys it; None of a label that lay in the parcel of the order."""
    void_operation_id: Mapped[str | None] = mapped_column(Id)
    status: Mapped[str] = mapped_column(default="pending")
    carrier: Mapped[str]
    service: Mapped[str | None]
    tracking_number: Mapped[str | None]
    tracking_url: Mapped[str | None]
    external_id: Mapped[str | None]
    format: Mapped[str] = mapped_column(default="pdf")
    qr: Mapped[bool] = mapped_column(default=False)
    parcel_number: Mapped[int] = mapped_column(default=1)
    """Which of the return's parcels it is for, from 1."""
    parcel: Mapped[dict[str, Any]] = mapped_column(default=dict)
    cost: Mapped[int | None]
    currency: Mapped[str | None]
    credited: Mapped[int | None]
    """What the carrier has given back of the cost for a label that was voided, minor units of `currency`."""
    failure_code: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    """Its first scan in the carrier's hands."""
    next_look_at: Mapped[datetime | None]
    """When the carrier is asked where its parcel is; None where nothing hangs on that."""
    settled_at: Mapped[datetime | None]

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in LABEL_MOVES[self.status]:
            raise IllegalMove(f"label {self.id}: {self.status} -> {status}")
        self.status = status


class LabelFile(Base):
    """The bytes of a label in one format, kept once they were fetched."""

    __tablename__ = "return_label_files"

    label_id: Mapped[str] = mapped_column(Id, ForeignKey("return_labels.id"), primary_key=True)
    format: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
