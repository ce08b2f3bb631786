"""Persons whose data was erased: what must not come back, as hashes, and what was answered."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id


class Erasure(Base):
    """A tombstone: one row for the person, and one for each thing that a shop or a channel may send once more.

    `key` is an HMAC under the store's own secret: who reads the table cannot tell whom it is about.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        Index(
            "ix_erasures_person",
            "at",
            sqlite_where=text("statement IS NOT NULL"),
            postgresql_where=text("statement IS NOT NULL"),
        ),
    )

    store_id: Mapped[str] = mapped_column(Id, ForeignKey("stores.id"), primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(Id)
    """The row of `customers` that is left, empty."""
    at: Mapped[datetime]
    statement: Mapped[dict[str, Any] | None]
    """On the person's own row: what was erased, what is kept and why."""
