"""Until when the goods of a return must be on their way, and when a person is told that they should be here.

By the policy of the day of its approval, its label or its first scan.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import clock
from app.models.returns import UNSENT, Return
from app.services import rules


def expires_at(session: Session, return_: Return, before: str) -> datetime | None:
    """Of a return that has just moved from `before`; None where nothing is waited for."""
    if return_.status not in UNSENT or return_.method == "keep":
        return None
    if before == "label_issued":  # a label that was voided buys no time
        return return_.expires_at
    days = rules.in_force(session, return_.store_id, livemode=return_.livemode).document.return_expires_after_days
    return None if days is None else clock.now() + timedelta(days=days)


def due_at(session: Session, return_: Return, before: str) -> datetime | None:
    """When a person is told that its goods are late; None where nothing is waited for, or that was told already."""
    waiting = return_.status in UNSENT or return_.status == "in_transit"
    if not waiting or return_.method == "keep" or return_.overdue_at is not None:
        return None
    if before == "label_issued" and return_.status == "approved":
        return return_.due_at
    days = rules.in_force(session, return_.store_id, livemode=return_.livemode).document.return_overdue_after_days
    return None if days is None else clock.now() + timedelta(days=days)
