"""Wrong guesses at what proves a shopper: counted, so that guessing ends."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id


class WrongGuess(Base):
    """So many wrong guesses at one order, or of one sender, since a moment; forgotten when its time is over."""

    __tablename__ = "wrong_guesses"
    __table_args__ = (Index("ix_wrong_guesses_since", "since"),)

    store_id: Mapped[str] = mapped_column(Id, ForeignKey("stores.id"), primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of what is guarded: it may be any text that a stranger sent."""
    count: Mapped[int]
    since: Mapped[datetime]
    """The first guess that counts; once no more is listened to, the last one."""
