"""What waits for a person's yes, and what a preview has promised."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id
from app.models.ownership import Eventful, IllegalMove, Owned

MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"approved", "rejected", "refused", "expired", "canceled"}),
    "approved": frozenset(),
    "rejected": frozenset(),
    "refused": frozenset(),  # a person said yes, today's facts say no
    "expired": frozenset(),
    "canceled": frozenset(),  # what it was for is gone
}


class Approval(Owned, Eventful, Base):
    """A write that waits for a person: nothing of its effect has happened."""

    __tablename__ = "approvals"
    __table_args__ = (
        Index("ix_approvals_store", "store_id", "livemode", "id"),
        Index("ix_approvals_waiting", "status", "expires_at"),
        Index("ix_approvals_subject_id", "subject_id"),
        Index("ix_approvals_order_id", "order_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    status: Mapped[str] = mapped_column(default="pending")
    action: Mapped[str]
    """The action's name, as `/v1/actions` lists it."""
    order_id: Mapped[str | None] = mapped_column(Id)
    subject_type: Mapped[str]
    """`refund`, `return` and `claim` wait in a state of their own, a `withdrawal` is binding and has to be carried out;
    of an `action` only its parameters are there yet."""
    subject_id: Mapped[str | None] = mapped_column(Id)
    parameters: Mapped[dict[str, Any]]
    asker: Mapped[dict[str, Any]]
    """As whom it is decided again: shopper, proof, automation, agent."""
    requested_by: Mapped[dict[str, Any]]
    approvers: Mapped[int]
    """How many different persons must say yes."""
    votes: Mapped[list[Any]] = mapped_column(default=list)
    """Who said what, when and with which note, oldest first."""
    code: Mapped[str | None]
    """Why today's facts said no."""
    reasons: Mapped[list[Any]]
    rules: Mapped[list[Any]]
    policy_version: Mapped[str]
    decision_id: Mapped[str | None] = mapped_column(Id)
    result_type: Mapped[str | None]
    result_id: Mapped[str | None] = mapped_column(Id)
    """What was made once it was approved."""
    remind_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status not in MOVES[self.status]:
            raise IllegalMove(f"approval {self.id}: {self.status} -> {status}")
        self.status = status


class Confirmation(Base):
    """What a preview has shown: one write by the same caller, with the same body, on the same facts, once."""

    __tablename__ = "confirmations"
    __table_args__ = (Index("ix_confirmations_expires_at", "expires_at"),)

    hash: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the token, which has 256 random bits of its own."""
    store_id: Mapped[str] = mapped_column(Id, ForeignKey("stores.id"))
    livemode: Mapped[bool]
    bound_to: Mapped[str]
    """SHA-256 of key, shopper, method, path and body."""
    facts: Mapped[str]
    """SHA-256 of what the decision rested on and of what would have happened."""
    shown: Mapped[dict[str, Any]]
    """The decision and the effects that were shown."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
