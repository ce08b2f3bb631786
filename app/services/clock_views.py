"""The clocks of a ticket as the contract shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app import clock
from app.models.tickets import Ticket
from app.services.service_levels import CLOCKS


def view(ticket: Ticket) -> dict[str, Any]:
    """`due_at` (the next that has not run out), `breached` (whether any has), and each clock."""
    return of(ticket.clocks, ticket.due_at)


def of(clocks: dict[str, Any], due_at: datetime | None) -> dict[str, Any]:
    """`view` of a ticket's columns."""
    now = clock.now()
    shown: dict[str, Any] = {}
    for name in CLOCKS if clocks else ():
        if name not in clocks:
            continue
        found = clocks[name]
        due = found.get("due_at")
        running = found.get("since") is not None
        shown[name] = {
            "status": "running" if running else "stopped" if found.get("stopped_at") else "paused",
            "due_at": due,
            "stopped_at": found.get("stopped_at"),
            "breached": found["breached_at"] is not None or (due is not None and datetime.fromisoformat(due) <= now),
        }
    return {
        "due_at": None if due_at is None else clock.rfc3339(due_at),
        "breached": any(one["breached"] for one in shown.values()),
        "clocks": shown,
    }


NOTHING: dict[str, Any] = {"due_at": None, "breached": False, "clocks": {}}
"""What a shopper sees of what the store promises itself."""
