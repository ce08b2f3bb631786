"""Connections to a store's own systems, what each of them serves, and what they send us."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.database import Base, Id
from app.models.ownership import Eventful, IllegalMove, Owned

FAMILIES = ("commerce", "payments", "carrier", "channel")
"""What a store has one of in each mode."""
INBOUND_MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"done", "refused", "ignored", "dead"}),
    "dead": frozenset({"pending"}),  # a person has it tried again
    "refused": frozenset({"pending"}),
    "done": frozenset(),
    "ignored": frozenset(),
}


class Connection(Owned, Eventful, Base):
    """One system of a store's, with what we need to call it and to know its calls.

    `credentials` and `former` are sealed for this very row (`services/keyrings.py`); nobody is ever shown them.
    """

    __tablename__ = "connections"
    __table_args__ = (
        Index("ix_connections_store", "store_id", "livemode", "id"),
        Index("ix_connections_sealed_by", "sealed_by"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    families: Mapped[list[Any]] = mapped_column(default=list)
    config: Mapped[dict[str, Any]] = mapped_column(default=dict)
    credentials: Mapped[str | None] = mapped_column(Text)
    sealed_by: Mapped[str | None]
    """The id of the key that sealed `credentials` and `former`."""
    shown: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """By the credential's name: its last four characters and a fingerprint."""
    former: Mapped[str | None] = mapped_column(Text)
    """The credentials before these, with which calls to us may be signed until `former_until`."""
    former_until: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(default="unchecked")
    """`unchecked`, `working`, `failing` as the last check found it; `deleted`."""
    checks: Mapped[list[Any]] = mapped_column(default=list)
    checked_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    deleted_at: Mapped[datetime | None]


class ConnectionFamily(Base):
    """Which connection is a store's shop, payment provider, carrier or channel; one of each in each mode."""

    __tablename__ = "connection_families"

    store_id: Mapped[str] = mapped_column(Id, ForeignKey("stores.id"), primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    family: Mapped[str] = mapped_column(primary_key=True)
    connection_id: Mapped[str] = mapped_column(Id, ForeignKey("connections.id"), index=True)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class InboundDelivery(Owned, Base):
    """One call of a connected system to us: verified, redacted, kept once, worked on later in order per `resource`."""

    __tablename__ = "inbound_deliveries"
    __table_args__ = (
        Index("uq_inbound_deliveries_key", "connection_id", "key", unique=True),
        Index(
            "uq_inbound_deliveries_content",
            "connection_id",
            "content",
            unique=True,
            **_where("content IS NOT NULL"),
        ),
        Index("ix_inbound_deliveries_list", "connection_id", "id"),
        Index("ix_inbound_deliveries_waiting", "connection_id", "resource", "id", **_where("status = 'pending'")),
        Index("ix_inbound_deliveries_late", "next_try_at", **_where("status = 'pending'")),
        Index("ix_inbound_deliveries_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    connection_id: Mapped[str] = mapped_column(Id, ForeignKey("connections.id"))
    key: Mapped[str]
    """SHA-256 of the sender's own id of the delivery, or of its body where it has none."""
    content: Mapped[str | None]
    """SHA-256 of the body, where the sender's id is not signed: the same body under another id is the same."""
    topic: Mapped[str | None]
    resource: Mapped[str]
    """Deliveries about the same thing are worked on in their order; a failing one holds back these alone."""
    document: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(default="pending")
    tries: Mapped[int] = mapped_column(default=0)
    schedule: Mapped[int] = mapped_column(default=0)
    """Number of the newest job."""
    leased_by: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any] | None]
    """What came of it: the resource that it made or changed, or the code that it was refused with."""
    ended_at: Mapped[datetime | None]

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in INBOUND_MOVES[self.status]:
            raise IllegalMove(f"inbound delivery {self.id}: {self.status} -> {status}")
        self.status = status


class TicketLink(Base):
    """Which of our tickets is which in a connected system."""

    __tablename__ = "ticket_links"

    connection_id: Mapped[str] = mapped_column(Id, ForeignKey("connections.id"), primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    ticket_id: Mapped[str] = mapped_column(Id, ForeignKey("tickets.id"), index=True)
    seen_at: Mapped[datetime]
    """When what was last mirrored from there happened there: older news comes too late."""
    turns: Mapped[list[Any]] = mapped_column(default=list)
    """When values were last turned back to what they had been: two systems that answer each other do that."""
