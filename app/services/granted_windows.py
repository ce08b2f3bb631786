"""Until when persons have let return windows stay open, for an order or for one of its lines."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.models.credits import WindowExtension

_GRANTED = select(WindowExtension.line_id, WindowExtension.until).where(WindowExtension.order_id == bindparam("order"))


def of(session: Session, order_id: str) -> dict[str | None, datetime]:
    """The latest date granted per line id; None stands for every line of the order."""
    found: dict[str | None, datetime] = {}
    for line_id, until in session.execute(_GRANTED, {"order": order_id}):
        found[line_id] = max(until, found.get(line_id, until))
    return found


def until(granted: dict[str | None, datetime], line_id: str) -> datetime | None:
    """Until when a person lets this line come back; None where nobody said so."""
    return max((moment for key, moment in granted.items() if key in {None, line_id}), default=None)
