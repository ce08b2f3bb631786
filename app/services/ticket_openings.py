"""A ticket that is opened with its first message, all that belongs to it stored in one statement."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert

from app import clock
from app.database import Database
from app.errors import IdempotencyKeyInUse
from app.models.tickets import Message, Ticket, TicketTag
from app.services import events, idempotency, ticket_clocks, ticket_search, ticket_views, tickets
from app.services.callers import Caller
from app.services.idempotency import Keyed
from app.services.tickets import MessageSpec, TicketSpec
from app.statements import Part, Rows, Taken, Waited, Write
from app.work import packed


def _all_of(table: Table) -> Part:
    return Part(insert(table).values({column.name: bindparam(column.name, type_=column.type) for column in table.c}))


OPENED = Write(
    answer=idempotency.ANSWERED_AT_ONCE,
    ticket=_all_of(cast("Table", Ticket.__table__)),
    tags=Rows(cast("Table", TicketTag.__table__), "tag", same=("ticket_id",)),
    message=_all_of(cast("Table", Message.__table__)),
    opened=events.OF_NEW,
    received=events.OF_NEW,
    words=ticket_search.FOUND_BY,
)
"""What `tickets.create` and `tickets.add_message` leave behind, and the answer under its key."""


async def opened(
    db: Database, caller: Caller, spec: TicketSpec, first: MessageSpec | None, keyed: Keyed | None
) -> bytes | None:
    """The new ticket as its answer shows it (201); None where the key has been used, or has to be looked at.

    Raises `idempotency_key_in_use` where the key's first request does not end.
    """
    now = clock.now()
    row = tickets.row_of(caller, spec, now)
    ticket: Any = SimpleNamespace(**row)
    ticket_clocks.begin(caller.store, ticket)
    if first is not None and ticket.clocks and not ticket_clocks.awaits_first_answer(ticket):
        return None  # its message starts a clock
    shown = ticket_views.view(ticket)
    body = packed(shown)
    parts: dict[str, Any] = {"opened": events.of_new("ticket.created", row, 1, shown, now)}
    if first is not None:
        said = tickets.message_row_of(ticket, first, now)
        parts["message"] = said
        told = ticket_views.message_view(cast("Any", SimpleNamespace(**said)))
        parts["received"] = events.of_new("message.received", row, 2, told, now)
    row.update(clocks=ticket.clocks, due_at=ticket.due_at, event_sequence=1 if first is None else 2)
    parts["ticket"] = row
    if row["tags"]:
        parts["tags"] = {"ticket_id": row["id"], "tag": row["tags"]}
    parts["words"] = ticket_search.found_by(row, spec.subject, None if first is None else first.text)
    if keyed is not None:
        parts["answer"] = idempotency.answered_at_once(keyed, "ticket", row["id"], 201, body)
    try:
        await db.put(OPENED, **parts)
    except Taken:
        return None
    except Waited as error:
        raise IdempotencyKeyInUse from error
    return body
