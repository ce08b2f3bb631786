"""The same change to many tickets: a durable job, piece by piece, with what came of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import AppError, StorageUnavailable, TicketUpdateNotFound
from app.models.stores import Store
from app.models.tickets import Ticket, TicketUpdate
from app.services import agents, audit, durable, events, tickets
from app.services.callers import Caller
from app.services.runtime import Runtime

log = structlog.get_logger()
JOB = "ticket_update"
RUNNING = ("pending", "running")
PIECE = 25
"""Tickets that share a commit."""
OVERDUE = timedelta(minutes=10)
"""A thousand tickets take a minute."""
GIVEN_UP = timedelta(days=7)
"""What is older than that has no end that anybody waits for."""


def request(session: Session, caller: Caller, ticket_ids: Sequence[str], changes: dict[str, Any]) -> TicketUpdate:
    """Write down what is wanted and enqueue the job in the same transaction."""
    agents.check(session, caller, assignee=changes.get("assignee"), team=changes.get("team"))
    until = changes.get("snoozed_until")
    kept = {**changes, "snoozed_until": clock.rfc3339(until)} if until is not None else changes
    update = TicketUpdate(
        id=ids.new("tup"),
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=clock.now(),
        status="pending",
        # In the order of their ids: two updates of the same tickets wait for each other, and neither for ever.
        tickets=sorted(set(ticket_ids)),
        changes=kept,
        outcomes=[],
        actor=caller.actor(),
        request_id=caller.request_id,
    )
    session.add(update)
    session.flush()
    events.record(session, "ticket_update.created", update, _brief(update))
    audit.write(
        session,
        action="tickets.updated",
        subject_type="ticket_update",
        subject_id=update.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"tickets": len(update.tickets), "fields": sorted(changes)},
        request_id=caller.request_id,
    )
    durable.enqueue(session, JOB, update.id, 1)
    return update


def get(session: Session, caller: Caller, update_id: str) -> TicketUpdate:
    """The update, or `ticket_update_not_found` where this store has none such in this mode."""
    found = session.scalar(
        select(TicketUpdate).where(
            TicketUpdate.id == update_id,
            TicketUpdate.store_id == caller.store_id,
            TicketUpdate.livemode == caller.livemode,
        )
    )
    if found is None:
        raise TicketUpdateNotFound
    return found


# ---- the job ------------------------------------------------------------------------------------------------------


async def run(runtime: Runtime, update_id: str, schedule: int) -> None:
    """Do it to its end; run again after a kill it goes on where the last commit left it."""
    del schedule
    try:
        done = await runtime.db.write(_begin, update_id)
        while done is not None:
            done = await runtime.db.write(_piece, update_id, done)
    except StorageUnavailable:  # the engine tries again
        raise
    except Exception as error:
        log.exception("ticket_update_failed", update=update_id)
        await runtime.db.write(_fail, update_id, type(error).__name__)


def revive(session: Session) -> int:
    """Enqueue again what has not ended in its time: the engine gives up where the database is away too long; how many.

    Two runs of one update do nothing twice: each piece is done by whoever holds its row.
    """
    now = clock.now()
    round_of = int(now.timestamp() // OVERDUE.total_seconds())
    late = (
        select(TicketUpdate.id)
        .where(TicketUpdate.status.in_(RUNNING), TicketUpdate.created_at <= now - OVERDUE)
        .where(TicketUpdate.id > ids.least("tup", now - GIVEN_UP), TicketUpdate.id < ids.least("tup", now))
        .order_by(TicketUpdate.id)
        .limit(50)
    )
    rows = session.scalars(late).all()
    for update_id in rows:
        durable.enqueue(session, JOB, update_id, round_of)
    return len(rows)


def _begin(session: Session, update_id: str) -> int | None:
    """How many are done; None where it has ended."""
    update = session.get(TicketUpdate, update_id, with_for_update=True)
    if update is None or update.status not in RUNNING:
        return None
    if update.status == "pending":
        update.move("running")
        update.started_at = clock.now()
    return len(update.outcomes)


def _piece(session: Session, update_id: str, done: int) -> int | None:
    """Do the next few and keep what came of them; None at the end, or where another run was faster."""
    update = session.get_one(TicketUpdate, update_id, with_for_update=True)
    if update.status != "running" or len(update.outcomes) != done:
        return None
    caller = _caller(session, update)
    came = [_one(session, caller, ticket_id, update) for ticket_id in update.tickets[done : done + PIECE]]
    update.outcomes = [*update.outcomes, *came]
    if len(update.outcomes) >= len(update.tickets):
        _end(session, update, "completed")
        return None
    session.flush()
    return len(update.outcomes)


def _one(session: Session, caller: Caller, ticket_id: str, update: TicketUpdate) -> dict[str, Any]:
    """Change one in a savepoint of its own: a refusal is its outcome, and nobody else's."""
    fields = dict(update.changes)
    if fields.get("snoozed_until") is not None:
        fields["snoozed_until"] = datetime.fromisoformat(fields["snoozed_until"])
    try:
        with session.begin_nested():
            before = session.scalar(select(Ticket.version).where(Ticket.id == ticket_id))
            ticket = tickets.patch(session, caller, ticket_id, fields, None)
            same = ticket.version == before
    except AppError as error:
        return {"ticket": ticket_id, "status": "failed", "code": error.name}
    return {"ticket": ticket_id, "status": "unchanged" if same else "changed", "code": None}


def _caller(session: Session, update: TicketUpdate) -> Caller:
    """Whoever asked for it."""
    actor = update.actor
    return Caller(
        store=session.get_one(Store, update.store_id),
        livemode=update.livemode,
        key_id=actor["key"],
        scopes=frozenset(),
        request_id=update.request_id or "",
        agent=actor["id"] if actor["type"] == "agent" else None,
    )


def _end(session: Session, update: TicketUpdate, status: str) -> None:
    before = update.status
    update.move(status)
    update.ended_at = clock.now()
    session.flush()
    events.record(session, f"ticket_update.{status}", update, _brief(update), previous={"status": before})


def _fail(session: Session, update_id: str, why: str) -> None:
    update = session.get_one(TicketUpdate, update_id, with_for_update=True)
    if update.status in RUNNING:
        update.failure = why
        _end(session, update, "failed")


# ---- as it is shown -----------------------------------------------------------------------------------------------


def _brief(update: TicketUpdate) -> dict[str, Any]:
    """Without what came of each."""

    def stamp(moment: datetime | None) -> str | None:
        return None if moment is None else clock.rfc3339(moment)

    failed = sum(one["status"] == "failed" for one in update.outcomes)
    return {
        "id": update.id,
        "livemode": update.livemode,
        "status": update.status,
        "changes": update.changes,
        "progress": {"done": len(update.outcomes), "total": len(update.tickets), "failed": failed},
        "failure": update.failure,
        "created_at": clock.rfc3339(update.created_at),
        "started_at": stamp(update.started_at),
        "ended_at": stamp(update.ended_at),
    }


def view(update: TicketUpdate) -> dict[str, Any]:
    """The update as the contract shows it, with what came of each ticket so far."""
    return {**_brief(update), "outcomes": update.outcomes}
