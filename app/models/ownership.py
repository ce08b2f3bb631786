"""Whose row it is: every row of a store carries the store and whether it is live."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.database import Id


class Owned:
    """A row of one store in one mode; every query names both."""

    store_id: Mapped[str] = mapped_column(Id, ForeignKey("stores.id"))
    livemode: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Eventful:
    """A resource whose changes are events, numbered here without gaps."""

    event_sequence: Mapped[int] = mapped_column(default=0)


class IllegalMove(Exception):
    """A state was asked to go where its table of moves does not lead."""
