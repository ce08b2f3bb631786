"""Tickets as they are asked for most: one with all that hangs on it, and the plain list; a statement each."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Table, bindparam, select

from app.database import Database
from app.models.tickets import Message, Ticket
from app.services import ratings, stores, ticket_views, timelines
from app.services.callers import Caller
from app.statements import Read

TIMELINE = 200
"""What happened to a ticket is shown with it as far as that."""
_ROW, _SAID = cast("Table", Ticket.__table__), cast("Table", Message.__table__)
_MINE = (_ROW.c.store_id == bindparam("store_id"), _ROW.c.livemode == bindparam("livemode"))
WHOLE = Read(
    select(*ticket_views.SHOWN).where(_ROW.c.id == bindparam("of"), *_MINE),
    messages=select(*ticket_views.SAID).where(_SAID.c.ticket_id == bindparam("of")).order_by(_SAID.c.id),
    timeline=timelines.statement(store=True),
    ratings=ratings.OF_TICKET,
    caller=stores.AS_IT_IS,
)
"""A ticket with all that hangs on it, for the store's eyes, and the key that asks."""
_NEWEST = select(*ticket_views.SHOWN).where(*_MINE).order_by(_ROW.c.id.desc()).limit(bindparam("most"))
_PAGE = Read(_NEWEST.where(_ROW.c.id < bindparam("before")))
AFTER_ALL = "tkt_~"


def named(caller: Caller, ticket_id: str) -> dict[str, Any]:
    """The values of `WHOLE` but for the key's."""
    of = {"of": ticket_id, "before": timelines.AFTER_ALL, "limit": TIMELINE}
    return {**of, "store_id": caller.store_id, "livemode": caller.livemode}


def whole(row: dict[str, Any]) -> dict[str, Any]:
    """The row of `WHOLE` as the contract shows it."""
    messages, timeline, rated = row.pop("messages"), row.pop("timeline"), row.pop("ratings")
    return {
        **ticket_views.as_view(row),
        "messages": [ticket_views.as_message_view(message) for message in messages],
        "timeline": timelines.shown(timeline, TIMELINE)[::-1],
        "ratings": ratings.shown(rated),
    }


async def page(db: Database, caller: Caller, before: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """For the store's eyes: all its tickets, newest first, from behind the id `before`; and where the next page is."""
    mine = {"store_id": caller.store_id, "livemode": caller.livemode}
    rows = await db.fetch(_PAGE, **mine, before=before or AFTER_ALL, most=limit + 1)
    shown = [ticket_views.as_view(row) for row in rows[:limit]]
    return shown, shown[-1]["id"] if len(rows) > limit else None
