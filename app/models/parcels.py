"""Parcels on their way to shoppers: every scan that a carrier ever told us, and what was raised about them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.database import Base, Id
from app.models.ownership import Owned

MOVES: dict[str, frozenset[str]] = {
    "unknown": frozenset({"label_created", "in_transit", "out_for_delivery", "exception", "delivered", "returned"}),
    "label_created": frozenset({"in_transit", "out_for_delivery", "exception", "delivered", "returned"}),
    "in_transit": frozenset({"out_for_delivery", "exception", "delivered", "returned"}),
    "out_for_delivery": frozenset({"in_transit", "exception", "delivered", "returned"}),
    "exception": frozenset({"in_transit", "out_for_delivery", "delivered", "returned"}),
    "delivered": frozenset({"returned"}),
    "returned": frozenset(),  # "delivered" after it means: at the sender's
}
"""Where the next scan, by its own time, may take a parcel; any other is shown and moves nothing."""
ENDED = frozenset({"delivered", "returned"})


class Parcel(Owned, Base):
    """What the carrier has told us of one tracking number, by push and by poll; no order need be known yet."""

    __tablename__ = "parcels"
    __table_args__ = (
        Index("uq_parcels_number", "store_id", "livemode", "tracking_number", unique=True),
        Index("ix_parcels_look_at", "look_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    tracking_number: Mapped[str]
    carrier: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="unknown")
    lost: Mapped[bool] = mapped_column(default=False)
    """The newest scan that counts says so in the carrier's own words."""
    eta: Mapped[datetime | None]
    eta_told_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    scanned_at: Mapped[datetime | None]
    """The newest scan's own time, whatever its word."""
    asked_at: Mapped[datetime | None]
    """When the carrier last answered a poll; None where it only pushes."""
    look_at: Mapped[datetime | None]
    """When the watch has to look at it next: the next day on which it would be late, silent or lost."""


class ParcelScan(Base):
    """One scan, once: the same time, word and place is the same scan, pushed or polled."""

    __tablename__ = "parcel_scans"

    parcel_id: Mapped[str] = mapped_column(Id, ForeignKey("parcels.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    """Of the time as it was told, the word and the place."""
    at: Mapped[datetime]
    """Its own time, or when we heard of it where that lies ahead of us."""
    status: Mapped[str]
    word: Mapped[str]
    """The carrier's own."""
    description: Mapped[str]
    location: Mapped[str | None]
    lost: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str]
    """`push` or `poll`: whichever told it first."""
    heard_at: Mapped[datetime] = mapped_column(default=clock.now)


class ParcelSubscription(Owned, Base):
    """A parcel whose scans a carrier is asked to push. That lapses, and is asked for again before it does."""

    __tablename__ = "parcel_subscriptions"
    __table_args__ = (
        PrimaryKeyConstraint("store_id", "livemode", "tracking_number"),
        Index("ix_parcel_subscriptions_due_at", "due_at"),
    )

    tracking_number: Mapped[str]
    connection_id: Mapped[str | None] = mapped_column(Id, ForeignKey("connections.id"))
    """Whom we asked last; None: nobody yet."""
    taken_until: Mapped[datetime | None]
    """Until when it is pushed; None: nobody has promised it."""
    due_at: Mapped[datetime]
    """When it is asked for (again), or forgotten."""


class ParcelAlert(Owned, Base):
    """What was raised about a parcel: once per parcel and kind, however many servers look at it."""

    __tablename__ = "parcel_alerts"
    __table_args__ = (Index("ix_parcel_alerts_ticket_id", "ticket_id"),)

    parcel_id: Mapped[str] = mapped_column(Id, ForeignKey("parcels.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    """`delayed` or `lost`."""
    reason: Mapped[str]
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("orders.id"))
    ticket_id: Mapped[str | None] = mapped_column(Id, ForeignKey("tickets.id"))
    """None where the store wants no tickets."""
    ticket_version: Mapped[int | None]
    """The ticket's when we last wrote to it: another one says that somebody has touched it."""
    arrived_at: Mapped[datetime | None]
    """When the parcel ended all the same: the alert is over."""
