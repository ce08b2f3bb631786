"""How a kind of resource is read after a write, and when its effect is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.errors import AppError
from app.services.callers import Caller

View = dict[str, Any]


def _never(view: View) -> bool:
    del view
    return False


def _not(view: View) -> AppError | None:
    del view
    return None


@dataclass(frozen=True, slots=True)
class Shown:
    """How one kind of resource is read after a write, and when its effect is over."""

    read: Callable[[Session, Caller, str], View]
    open: Callable[[View], bool] = _never
    failed: Callable[[View], AppError | None] = _not
    """What a provider's no, after our yes, refuses the write with."""
    accepted: int | None = 202
    """The status of an answer whose effect is not over; None: the same as of one that is."""
