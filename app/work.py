"""Units of work: a synchronous function of a session, run in one transaction; and how its JSON is written."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

import orjson
from sqlalchemy.orm import Session

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[Concatenate[Session, P], T]


@dataclass(frozen=True, slots=True)
class Pool:
    """A database's connections in this process, at this moment."""

    in_use: int
    most: int
    waiting: int
    """Writes that wait for the one writing connection (SQLite); 0 where each takes one of the pool."""


REFUSED_SECONDS = 10.0
"""How long a process is not ready after its database took no write: a balancer has to see it, and to come back."""


class Room:
    """Whether the database's disk has taken what was written of late; reads do not tell, they need no room."""

    def __init__(self) -> None:
        self._lacking_until = 0.0

    def refused(self) -> None:
        """A write has failed for want of room, or of a disk that works."""
        self._lacking_until = time.monotonic() + REFUSED_SECONDS

    @property
    def lacking(self) -> bool:
        """Whether that was less than `REFUSED_SECONDS` ago."""
        return time.monotonic() < self._lacking_until


def packed(value: Any) -> bytes:
    """JSON as it is kept and answered; a time in it is RFC 3339 with `Z`, as `clock.rfc3339` writes it."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def dumps(value: Any) -> str:
    """What stands in a JSON column."""
    return packed(value).decode()
