"""Until when persons have let return windows stay open, for an order or for one of its lines."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.credits import WindowExtension


def of(session: Session, order_id: str) -> dict[str | None, datetime]:
    """The latest date granted per line id; None stands for every line of the order."""
    found: dict[str | None, datetime] = {}
    rows = session.execute(
        select(WindowExtension.line_id, WindowExtension.until).where(WindowExtension.order_id == order_id)
    )
    for line_id, until in rows:
        found[line_id] = max(until, found.get(line_id, until))
    return found


def until(granted: dict[str | None, datetime], line_id: str) -> datetime | None:
    """Until when a person lets this line come back; None where nobody said so."""
    return max((moment for key, moment in granted.items() if key in {None, line_id}), default=None)
