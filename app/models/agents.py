"""A store's people and teams: who tickets are assigned to."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.database import Base, Id
from app.models.ownership import Eventful, Owned


class Agent(Owned, Eventful, Base):
    """A person at the store; `handle` is what tickets, approvals and `Aftersale-Actor` name them by."""

    __tablename__ = "agents"
    __table_args__ = (Index("uq_agents_handle", "store_id", "livemode", "handle", unique=True),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    handle: Mapped[str]
    name: Mapped[str | None]
    email: Mapped[str | None]
    teams: Mapped[list[Any]] = mapped_column(default=list)
    """Handles of teams."""
    active: Mapped[bool] = mapped_column(default=True)
    """Whether tickets can still be given to them."""
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)


class Team(Owned, Eventful, Base):
    """People who share a pile of tickets."""

    __tablename__ = "teams"
    __table_args__ = (Index("uq_teams_handle", "store_id", "livemode", "handle", unique=True),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    handle: Mapped[str]
    name: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
