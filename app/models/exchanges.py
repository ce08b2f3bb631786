"""Exchanges: what comes back, what goes out for it, and the difference."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id
from app.models.ownership import Eventful, IllegalMove, Owned

MOVES: dict[str, frozenset[str]] = {
    "requested": frozenset({"awaiting_approval", "approved", "declined", "canceled"}),
    "awaiting_approval": frozenset({"approved", "declined", "canceled", "expired"}),
    "approved": frozenset({"settling", "completed", "canceled", "expired"}),
    "settling": frozenset({"completed", "payment_failed"}),
    "payment_failed": frozenset({"settling", "completed", "canceled"}),
    "completed": frozenset({"payment_failed"}),  # a bank can take back days later what was charged
    "declined": frozenset(),
    "canceled": frozenset(),
    "expired": frozenset(),
}
STANDING = ("requested", "awaiting_approval", "approved", "settling", "payment_failed", "completed")
"""Statuses in which an exchange holds what was paid for its lines, so that nobody gets it a second time."""


class Exchange(Owned, Eventful, Base):
    """Goods on their way back and others for them; amounts in minor units of `currency`."""

    __tablename__ = "exchanges"
    __table_args__ = (
        Index("ix_exchanges_store", "store_id", "livemode", "id"),
        Index("ix_exchanges_order_id", "order_id"),
        Index("ix_exchanges_customer_id", "customer_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("orders.id"))
    return_id: Mapped[str] = mapped_column(Id, ForeignKey("returns.id"), unique=True)
    customer_id: Mapped[str | None] = mapped_column(Id)
    status: Mapped[str] = mapped_column(default="requested")
    currency: Mapped[str]
    difference: Mapped[int]
    """What is still to be paid, negative for what goes back; all lines together."""
    due: Mapped[int | None]
    """The part of the difference that what arrived stands for; known when it is completed."""
    payment_method_id: Mapped[str | None]
    payment_kind: Mapped[str | None]
    """The kind of that method: card, paypal, gift_card, store_credit, bank, other."""
    instant: Mapped[bool] = mapped_column(default=False)
    """Charged and sent at once, before the goods are back."""
    operation_id: Mapped[str | None] = mapped_column(Id)
    """The operation that has the shop expect it; None until it is approved."""
    charge_operation_id: Mapped[str | None] = mapped_column(Id)
    """The newest operation that takes the difference."""
    charged: Mapped[int | None]
    """Minor units that were taken."""
    refund_id: Mapped[str | None] = mapped_column(Id)
    actor: Mapped[dict[str, Any]]
    approved_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    """When the shop said that the other goods are sent before those that come back were here."""
    completed_at: Mapped[datetime | None]
    reserved: Mapped[int | None]
    """What counts against the caps as sent on trust, minor units; None: automation did not decide it."""
    spending_day: Mapped[str | None]
    """In which day of the store's caps it counts, so that it is given back there."""

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in MOVES[self.status]:
            raise IllegalMove(f"exchange {self.id}: {self.status} -> {status}")
        self.status = status


class ExchangeLine(Base):
    """So many of one line for as many of another variant."""

    __tablename__ = "exchange_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_exchange_lines_line_id", "line_id"),
    )

    exchange_id: Mapped[str] = mapped_column(Id, ForeignKey("exchanges.id"), primary_key=True)
    line_id: Mapped[str] = mapped_column(Id, ForeignKey("order_lines.id"), primary_key=True)
    quantity: Mapped[int]
    received_quantity: Mapped[int | None]
    """How many had come back when it was completed."""
    variant_id: Mapped[str]
    title: Mapped[str]
    options: Mapped[dict[str, Any] | None]
    paid: Mapped[int]
    """Minor units that were paid for this quantity of the line."""
    price: Mapped[int]
    """Minor units that as many of the variant cost when it was asked for, tax in."""
