"""What a shop has asked of us because of a person's rights, and what has become of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id
from app.models.ownership import Eventful, IllegalMove, Owned

MOVES: dict[str, frozenset[str]] = {
    "waiting": frozenset({"erasing", "done", "stopped"}),
    "erasing": frozenset({"done", "stopped"}),
    "done": frozenset(),
    "stopped": frozenset(),
}
OPEN = "status IN ('waiting','erasing')"


class PrivacyRequest(Owned, Eventful, Base):
    """One request; of the person only our id is kept."""

    __tablename__ = "privacy_requests"
    __table_args__ = (
        Index("ix_privacy_requests_store", "store_id", "livemode", "id"),
        Index("ix_privacy_requests_customer_id", "customer_id"),
        Index("uq_privacy_requests_delivery_id", "delivery_id", unique=True),
        Index("ix_privacy_requests_open", "next_look_at", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    connection_id: Mapped[str] = mapped_column(Id, ForeignKey("connections.id"))
    delivery_id: Mapped[str] = mapped_column(Id)
    asked: Mapped[str]
    """data_request, customer_redact or shop_redact."""
    status: Mapped[str] = mapped_column(default="waiting")
    customer_id: Mapped[str | None] = mapped_column(Id)
    ticket_id: Mapped[str] = mapped_column(Id, ForeignKey("tickets.id"))
    due_at: Mapped[datetime]
    """By when the shop wants it done."""
    starts_at: Mapped[datetime | None]
    """Not before then is a whole shop erased; None of a person, for whom nothing is waited for but what is open."""
    next_look_at: Mapped[datetime | None]
    """When it is gone on with; None: a named person decides first."""
    erased: Mapped[int] = mapped_column(default=0)
    """Persons."""
    outcome: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What was kept, what holds it up, or why it was stopped."""
    decided_by: Mapped[str | None]
    """The named person who had it done at once, or stopped it."""
    ended_at: Mapped[datetime | None]

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in MOVES[self.status]:
            raise IllegalMove(f"privacy request {self.id}: {self.status} -> {status}")
        self.status = status
