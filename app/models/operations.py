"""Operations: the durable record of one outside effect, and each try of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id
from app.models.ownership import Eventful, IllegalMove, Owned

MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"succeeded", "failed", "unknown", "canceled"}),
    "unknown": frozenset({"succeeded", "failed"}),
    "succeeded": frozenset({"failed"}),  # a bank can send the money back days later
    "failed": frozenset(),
    "canceled": frozenset(),
}
DEAD = "dead_at IS NOT NULL"
"""What waits for a named person, as its own index has it."""
FINAL = frozenset({"succeeded", "failed", "canceled"})


class Operation(Owned, Eventful, Base):
    """One effect at one provider. `provider_key` is committed before the first byte leaves and never changes."""

    __tablename__ = "operations"
    __table_args__ = (
        Index("ix_operations_store", "store_id", "livemode", "id"),
        Index("ix_operations_subject", "subject_type", "subject_id"),
        Index("ix_operations_status", "status", "next_try_at"),
        Index("ix_operations_message_id", "message_id"),
        Index("ix_operations_dead", "dead_at", sqlite_where=text(DEAD), postgresql_where=text(DEAD)),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    provider: Mapped[str]
    provider_key: Mapped[str] = mapped_column(unique=True)
    subject_type: Mapped[str]
    subject_id: Mapped[str] = mapped_column(Id)
    message_id: Mapped[str | None] = mapped_column(Id)
    """The shopper's message that asked for it, where one did."""
    traceparent: Mapped[str | None]
    """The W3C trace context of the request that asked for it."""
    command: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(default="pending")
    schedule: Mapped[int] = mapped_column(default=0)
    """Number of the newest job; an older job that wakes up does nothing."""
    tries: Mapped[int] = mapped_column(default=0)
    uncertain: Mapped[bool] = mapped_column(default=False)
    """Some try ended without our knowing whether it had its effect."""
    leased_by: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]
    """When it is tried or, once it has succeeded, looked at again; what is late is enqueued anew."""
    external_id: Mapped[str | None]
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    rechecks: Mapped[int] = mapped_column(default=0)
    settled_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    """When we gave up trying by ourselves, or were contradicted after the end: a named person is asked."""

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in MOVES[self.status]:
            raise IllegalMove(f"operation {self.id}: {self.status} -> {status}")
        self.status = status


class OperationTry(Base):
    """One try: what was asked (send or look up), how it ended, when."""

    __tablename__ = "operation_tries"

    operation_id: Mapped[str] = mapped_column(Id, ForeignKey("operations.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    executor: Mapped[str]
    outcome: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
