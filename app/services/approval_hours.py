"""How long a question to a person stands in a store, and when it is asked again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.services import rules


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours from the asking."""

    expires: int = 168
    reminders: tuple[int, ...] = (24, 72)


def of(session: Session, store_id: str, *, livemode: bool) -> Hours:
    """The store's own."""
    said = rules.in_force(session, store_id, livemode=livemode).document.approvals
    return Hours(said.expires_after_hours, tuple(said.remind_after_hours))


def next_reminder(hours: Hours, asked_at: datetime, now: datetime) -> datetime | None:
    """The first reminder that is still to come before the end; None where there is none left."""
    moments = (asked_at + timedelta(hours=after) for after in sorted(hours.reminders) if after < hours.expires)
    return next((moment for moment in moments if moment > now), None)
