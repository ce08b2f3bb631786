"""Passes over a shop's orders that fill our mirror or hold it against the shop: how far each is, what it found."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.database import Base, Id
from app.models.ownership import Owned

OPEN = "ended_at IS NULL"


class MirrorPass(Owned, Base):
    """One pass. What a page brought is written with how far it has come, so that a kill goes on where it was."""

    __tablename__ = "mirror_passes"
    __table_args__ = (
        Index(
            "uq_mirror_passes_open",
            "store_id",
            "livemode",
            "connection",
            "kind",
            unique=True,
            sqlite_where=text(OPEN),
            postgresql_where=text(OPEN),
        ),
        Index("uq_mirror_passes_night", "store_id", "livemode", "connection", "night", unique=True),
        Index("ix_mirror_passes_last", "store_id", "livemode", "connection", "kind", "id"),
        Index("ix_mirror_passes_ended_at", "kind", "ended_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    connection: Mapped[str]
    """The connection that served as the shop, or `sandbox`."""
    kind: Mapped[str]
    """`fill` (`aftersale sync`) or `nightly`."""
    night: Mapped[datetime | None]
    """Of which night it is: there is one of each (`nightly`)."""
    since: Mapped[datetime | None]
    """From which change on; None: all orders."""
    cursor: Mapped[str | None]
    """Where the next page begins; None: at the first one."""
    pages: Mapped[int] = mapped_column(default=0)
    """Pages stored: whoever stores the next one found as many."""
    total: Mapped[int | None]
    """Orders that there are, where the shop tells."""
    read: Mapped[int] = mapped_column(default=0)
    missing: Mapped[int] = mapped_column(default=0)
    """Orders that the mirror did not have."""
    changed: Mapped[int] = mapped_column(default=0)
    """Orders that the mirror had otherwise."""
    unreadable: Mapped[int] = mapped_column(default=0)
    """Orders that could not be read or stored; the pass goes on without them."""
    examples: Mapped[list[Any]] = mapped_column(default=list)
    """The first of what differed: our id of the order, what, and which fields; none of their contents."""
    failure: Mapped[str | None]
    """Why it stands still, or why it ended before its end."""
    leased_until: Mapped[datetime | None]
    """Until when a process works on it (`nightly`)."""
    next_try_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]
