"""A store's policies, one version after the other, and the backtests of what a version would have decided."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.database import Base, Id
from app.models.ownership import Eventful, IllegalMove, Owned

MOVES: dict[str, frozenset[str]] = {
    "draft": frozenset({"active"}),
    "active": frozenset({"retired"}),
    "retired": frozenset({"active"}),  # the way back when a new version was a mistake
}
BACKTEST_MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"running", "failed"}),
    "running": frozenset({"completed", "failed"}),
    "completed": frozenset(),
    "failed": frozenset(),
}


class Policy(Owned, Eventful, Base):
    """One version of a store's rules in one mode; what was active once never changes again."""

    __tablename__ = "policies"
    __table_args__ = (
        Index("uq_policies_number", "store_id", "livemode", "number", unique=True),
        Index(
            "uq_policies_active",
            "store_id",
            "livemode",
            unique=True,
            sqlite_where=text("status = 'active'"),
            postgresql_where=text("status = 'active'"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    number: Mapped[int]
    """1, 2, … in its store and mode."""
    status: Mapped[str] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)
    """Grows with each change; `If-Match` names it."""
    name: Mapped[str | None]
    document: Mapped[dict[str, Any]]
    created_by: Mapped[dict[str, Any]]
    activated_by: Mapped[dict[str, Any] | None]
    activated_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status not in MOVES[self.status]:
            raise IllegalMove(f"policy {self.id}: {self.status} -> {status}")
        self.status = status


class PolicyPeriod(Base):
    """From `since` on this version was in force; rows are only ever added, one with each activation."""

    __tablename__ = "policy_periods"

    store_id: Mapped[str] = mapped_column(Id, primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(primary_key=True)
    policy_id: Mapped[str] = mapped_column(Id, ForeignKey("policies.id"))


class Backtest(Owned, Eventful, Base):
    """What a document would have decided; `tally` is what was counted up to `place`, committed with it."""

    __tablename__ = "policy_backtests"
    __table_args__ = (Index("ix_policy_backtests_store", "store_id", "livemode", "id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    status: Mapped[str] = mapped_column(default="pending")
    policy_id: Mapped[str | None] = mapped_column(Id)
    document: Mapped[dict[str, Any]]
    """Frozen when it was asked for: a draft may change meanwhile."""
    baseline: Mapped[dict[str, Any]]
    """What synthetic requests are compared with: id and version of what was active then, and its rules."""
    options: Mapped[dict[str, Any]]
    """since, until, actions, limit, orders, after_days."""
    phase: Mapped[str] = mapped_column(default="decisions")
    place: Mapped[str | None] = mapped_column(Id)
    """The last id that was counted in this phase."""
    chunks: Mapped[int] = mapped_column(default=0)
    """How many pieces were counted; two runs of one job see by it which of them came late."""
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    tally: Mapped[dict[str, Any]] = mapped_column(default=dict)
    actor: Mapped[dict[str, Any]]
    failure: Mapped[str | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in BACKTEST_MOVES[self.status]:
            raise IllegalMove(f"backtest {self.id}: {self.status} -> {status}")
        self.status = status
