"""Webhook endpoints, what each is sent, and every attempt at it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.database import Base, Id
from app.models.ownership import Eventful, IllegalMove, Owned

ENDPOINT_MOVES: dict[str, frozenset[str]] = {
    "enabled": frozenset({"disabled", "deleted"}),
    "disabled": frozenset({"enabled", "deleted"}),
    "deleted": frozenset(),
}
DELIVERY_MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"succeeded", "dead"}),
    "succeeded": frozenset({"pending"}),  # replayed
    "dead": frozenset({"pending"}),
}


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class WebhookEndpoint(Owned, Eventful, Base):
    """An address that is told of events. `secret` and `former` are sealed for this very row."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        Index("ix_webhook_endpoints_store", "store_id", "livemode", "id"),
        Index("ix_webhook_endpoints_enabled", "id", **_where("status = 'enabled'")),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    types: Mapped[list[Any]] = mapped_column(default=list)
    """Types of events, `ticket.*` for all of a resource; empty: every one."""
    connection_id: Mapped[str | None] = mapped_column(Id, ForeignKey("connections.id"))
    """What came from this connection is not told to it again."""
    status: Mapped[str] = mapped_column(default="enabled")
    disabled_reason: Mapped[str | None]
    secret: Mapped[str | None] = mapped_column(Text)
    former: Mapped[str | None] = mapped_column(Text)
    former_until: Mapped[datetime | None]
    """Until then both secrets sign."""
    sealed_by: Mapped[str | None]
    position: Mapped[int] = mapped_column(BigInteger)
    """With `at_sequence` and `at_event`: up to which event of the log deliveries were made."""
    at_sequence: Mapped[int]
    at_event: Mapped[str] = mapped_column(Id)
    numbered: Mapped[int] = mapped_column(default=0)
    """Deliveries made so far; each has its number."""
    failing_since: Mapped[datetime | None]
    """The first failure since the last success."""
    leased_by: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in ENDPOINT_MOVES[self.status]:
            raise IllegalMove(f"webhook endpoint {self.id}: {self.status} -> {status}")
        self.status = status


class WebhookDelivery(Owned, Base):
    """One event for one endpoint; those about one resource go in the order of their numbers."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("uq_webhook_deliveries_event", "endpoint_id", "event_id", unique=True),
        Index("ix_webhook_deliveries_due", "endpoint_id", "next_attempt_at", **_where("status = 'pending'")),
        Index("ix_webhook_deliveries_resource", "endpoint_id", "resource_id", **_where("status = 'pending'")),
        Index("ix_webhook_deliveries_dead", "endpoint_id", "id", **_where("status = 'dead'")),
        Index("ix_webhook_deliveries_list", "endpoint_id", "id"),
        Index("ix_webhook_deliveries_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(Id, ForeignKey("webhook_endpoints.id"))
    event_id: Mapped[str] = mapped_column(Id)
    """No foreign key: the log forgets before what was sent of it does."""
    type: Mapped[str]
    resource_id: Mapped[str] = mapped_column(Id)
    sequence: Mapped[int]
    number: Mapped[int]
    status: Mapped[str] = mapped_column(default="pending")
    tries: Mapped[int] = mapped_column(default=0)
    """Since it was made or last replayed."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Ever."""
    next_attempt_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in DELIVERY_MOVES[self.status]:
            raise IllegalMove(f"webhook delivery {self.id}: {self.status} -> {status}")
        self.status = status


class WebhookAttempt(Base):
    """One request to an endpoint, and what was answered."""

    __tablename__ = "webhook_attempts"

    delivery_id: Mapped[str] = mapped_column(
        Id, ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    milliseconds: Mapped[int]
    url: Mapped[str] = mapped_column(Text)
    status: Mapped[int | None]
    error: Mapped[str | None]
    response: Mapped[str | None] = mapped_column(Text)


class WebhookReplay(Owned, Base):
    """Events of the past to be sent again: those named, those of a time, or what failed."""

    __tablename__ = "webhook_replays"
    __table_args__ = (Index("ix_webhook_replays_pending", "endpoint_id", "id", **_where("status = 'pending'")),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(Id, ForeignKey("webhook_endpoints.id"))
    events: Mapped[list[Any] | None]
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    failed: Mapped[bool]
    after: Mapped[str] = mapped_column(Id)
    """The last one that was made ready: of the events, or of what failed, by id."""
    replayed: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(default="pending")
    ended_at: Mapped[datetime | None]
