"""A ticket brought to the state that another system says it has; how two that mirror each other come to rest."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.connections import TicketLink
from app.models.records import Event
from app.models.tickets import Ticket
from app.services import tickets
from app.services.callers import Caller

HISTORY = 50
"""Events of a ticket that are looked through for a field's last change."""
TURNS = 5
WITHIN = timedelta(seconds=60)
"""More than so many values turned back within this time are a quarrel of two machines, not the work of people."""


def bring(
    session: Session,
    caller: Caller,
    ticket: Ticket,
    link: TicketLink,
    fields: dict[str, Any],
    happened: datetime,
    *,
    stamped: bool,
) -> tuple[list[str], str | None]:
    """Set what differs; the names of what was set, or why nothing was.

    `stamped`: the other side said when it happened there. Then what came out of order, and what is older than a change
    that was made here, is left: the later of two changes holds on both sides, whichever way they cross.
    """
    if stamped and happened < link.seen_at:
        return [], "stale"
    if stamped:
        link.seen_at = happened
    if "tags" in fields:
        fields["tags"] = sorted(set(fields["tags"]))
    different = {name: value for name, value in fields.items() if getattr(ticket, name) != value}
    if not different:
        return [], "unchanged"
    last = _last_changes(session, ticket, set(different))
    if stamped:
        different = {
            name: value
            for name, value in different.items()
            if name not in last or last[name].origin == caller.connection or last[name].created_at <= happened
        }
        if not different:
            return [], "ours_is_newer"
    if _quarrel(link, different, last):
        return [], "loop"
    patch(session, caller, ticket, different)
    return sorted(different), None


def patch(session: Session, caller: Caller, ticket: Ticket, fields: dict[str, Any]) -> None:
    """Change it as a person's change does, with its audit row."""
    tickets.patch(session, caller, ticket.id, dict(fields), None)


def _last_changes(session: Session, ticket: Ticket, names: set[str]) -> dict[str, Event]:
    """The newest event of each of these fields, where it is not too long ago."""
    found: dict[str, Event] = {}
    rows = session.scalars(
        select(Event).where(Event.resource_id == ticket.id).order_by(Event.sequence.desc()).limit(HISTORY)
    )
    for row in rows:
        for name in names & set(row.previous or {}):
            found.setdefault(name, row)
    return found


def _quarrel(link: TicketLink, fields: dict[str, Any], last: dict[str, Event]) -> bool:
    """Whether these values have been turned back and forth too often in a short time; notes this turn."""
    back = [name for name, value in fields.items() if name in last and (last[name].previous or {}).get(name) == value]
    if not back:
        return False
    now = clock.now()
    turns = [told for told in link.turns if datetime.fromisoformat(told) > now - WITHIN]
    if len(turns) >= TURNS:
        return True
    link.turns = [*turns, clock.rfc3339(now)]
    return False
