"""Whose row it is: every row of a store carries the store and whether it is live."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, event
from sqlalchemy.orm import Mapped, Session, mapped_column

from app import clock
from app.database import Id


class Owned:
    """A row of one store in one mode; every query names both."""

    store_id: Mapped[str] = mapped_column(Id, ForeignKey("stores.id"))
    livemode: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class ReadOnce:
    """What a unit of work meets again and again: `session.get` gives it without asking the database twice."""

    held: ClassVar = True


@event.listens_for(Session, "loaded_as_persistent")
@event.listens_for(Session, "pending_to_persistent")
def _hold(session: Session, row: object) -> None:
    """SQLAlchemy knows a row as long as somebody holds it; the unit of work does, until its end."""
    if isinstance(row, ReadOnce):
        session.info.setdefault("rows", []).append(row)


class Eventful(ReadOnce):
    """A resource whose changes are events, numbered here without gaps."""

    event_sequence: Mapped[int] = mapped_column(default=0)


class IllegalMove(Exception):
    """A state was asked to go where its table of moves does not lead."""
