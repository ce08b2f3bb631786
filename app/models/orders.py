"""The mirror of the shop's orders. What the ledger holds (refunds, labels) is never taken from here."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id
from app.models.ownership import Eventful, Owned

READINGS_OVERLAP = timedelta(seconds=120)
"""Longer than any reading of the shop takes from its start to its transaction."""


class Order(Owned, Eventful, Base):
    """An order with its age; `snapshot` is the shop's last answer, `tracking` the carrier's per tracking number."""

    __tablename__ = "orders"
    __table_args__ = (
        Index("uq_orders_external_id", "store_id", "livemode", "external_id", unique=True),
        Index("ix_orders_number_key", "store_id", "livemode", "number_key"),
        Index("ix_orders_email_key", "store_id", "livemode", "email_key"),
        Index("ix_orders_customer_id", "customer_id"),
        Index("ix_orders_postal_key", "store_id", "livemode", "postal_key"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    external_id: Mapped[str]
    number: Mapped[str]
    number_key: Mapped[str]
    customer_id: Mapped[str | None] = mapped_column(Id, ForeignKey("customers.id"))
    email_key: Mapped[str | None]
    phone_key: Mapped[str | None]
    postal_key: Mapped[str | None]
    status: Mapped[str]
    currency: Mapped[str]
    placed_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    canceled_at: Mapped[datetime | None]
    snapshot: Mapped[dict[str, Any]]
    tracking: Mapped[dict[str, Any]] = mapped_column(default=dict)
    fetched_at: Mapped[datetime]


class OrderLine(Base):
    """A line of the order: what was paid for it bounds what can be refunded for it."""

    __tablename__ = "order_lines"
    __table_args__ = (UniqueConstraint("order_id", "external_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("orders.id"))
    external_id: Mapped[str]
    position: Mapped[int]
    title: Mapped[str]
    quantity: Mapped[int]
    fulfilled_quantity: Mapped[int]
    unit_price: Mapped[int]
    discount: Mapped[int]
    tax: Mapped[int]
    total: Mapped[int]
    """Minor units paid for the whole line, discount off, tax in."""
    final_sale: Mapped[bool] = mapped_column(default=False)
    data: Mapped[dict[str, Any]]


class OrderPayment(Base):
    """A payment of the order: the row that a reservation locks."""

    __tablename__ = "order_payments"
    __table_args__ = (UniqueConstraint("order_id", "external_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("orders.id"))
    external_id: Mapped[str]
    position: Mapped[int]
    kind: Mapped[str]
    label: Mapped[str]
    payment_method_id: Mapped[str | None]
    currency: Mapped[str]
    captured: Mapped[int]
    """Minor units, from the provider's ledger once it was asked, from the shop before."""
    refunded_outside: Mapped[int] = mapped_column(default=0)
    """Minor units that the provider's ledger shows as refunded and not by us, when it was last asked."""
    ledger_at: Mapped[datetime | None]


class TrackingNumber(Base):
    """Which order a tracking number belongs to."""

    __tablename__ = "tracking_numbers"

    store_id: Mapped[str] = mapped_column(Id, ForeignKey("stores.id"), primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("orders.id"), primary_key=True)
