"""Deliveries worked on: in order per resource, one at a time; one that fails holds back its own resource alone."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import AppError, DeliveryNotDead, DeliveryNotFound, StorageUnavailable
from app.models.connections import Connection, InboundDelivery
from app.models.stores import Store
from app.services import audit, connections, durable, events, inbound
from app.services.callers import Caller
from app.services.inbound import HANDLERS, JOB, Delivered
from app.services.runtime import Runtime
from app.services.tombstones import ERASED

log = structlog.get_logger()
LATER = frozenset({"idempotency_key_in_use", "change_in_progress"})
"""Refusals that another moment may not bring."""
LEASE_CALLS = 6
"""Calls to a provider that one delivery may take."""


@dataclass(frozen=True, slots=True)
class _Claim:
    delivery: Delivered
    kind: str
    caller: Caller


@dataclass(frozen=True, slots=True)
class _Ending:
    """How one try ended; without a status it goes again."""

    status: str | None
    outcome: dict[str, Any]


async def run(runtime: Runtime, delivery_id: str, schedule: int) -> None:
    """Work on what waits of this delivery's resource, oldest first, until one has to wait or none is left."""
    del schedule  # whichever job comes takes the oldest: the claim sees to it that only one does
    lease = LEASE_CALLS * runtime.settings.call_seconds + 30
    while (claim := await runtime.db.write(_claim, delivery_id, runtime, lease)) is not None:
        ending = await _tried(runtime, claim)
        if not await runtime.db.write(_conclude, claim.delivery.id, ending, runtime):
            return


async def _tried(runtime: Runtime, claim: _Claim) -> _Ending:
    try:
        outcome = await HANDLERS[claim.kind].run(runtime, claim.caller, claim.delivery)
    except StorageUnavailable:  # the engine tries again
        raise
    except AppError as error:
        again = error.status >= 500 or error.name in LATER
        return _Ending(None if again else "refused", {"code": error.name, "detail": error.detail})
    except Exception as error:  # of what went wrong its kind alone is kept: its text may hold what the delivery held
        log.warning("inbound_delivery_broke", delivery=claim.delivery.id, error=type(error).__name__)
        return _Ending(None, {"code": "internal_error", "detail": type(error).__name__})
    return _Ending("ignored" if "ignored" in outcome else "done", outcome)


def _claim(session: Session, delivery_id: str, runtime: Runtime, lease: float) -> _Claim | None:
    """The oldest that waits of the same resource, taken for one try; None where it is another's, or must wait."""
    asked = session.get(InboundDelivery, delivery_id)
    if asked is None:
        return None
    head = session.scalar(
        select(InboundDelivery)
        .where(
            InboundDelivery.connection_id == asked.connection_id,
            InboundDelivery.resource == asked.resource,
            InboundDelivery.status == "pending",
        )
        .order_by(InboundDelivery.id)
        .limit(1)
        .with_for_update()
    )
    now = clock.now()
    if head is None or (head.next_try_at is not None and head.next_try_at > now):
        return None
    # On SQLite one process holds the file's lock, so that an older process's lease is a dead one's.
    alive = runtime.db.shared or head.leased_by == runtime.executor
    if head.leased_until is not None and head.leased_until > now and alive:
        return None  # whoever has it goes on with the next; if that one died, the chore enqueues it again
    row = session.get_one(Connection, head.connection_id)
    if row.deleted_at is not None:
        head.move("ignored")
        head.outcome, head.ended_at = {"ignored": "connection_deleted"}, now
        session.flush()
        return _claim(session, delivery_id, runtime, lease)
    head.leased_by, head.leased_until = runtime.executor, now + timedelta(seconds=lease)
    head.tries += 1
    store = session.get_one(Store, head.store_id)
    delivered = Delivered(head.id, row.id, head.topic, head.document, head.created_at)
    return _Claim(delivered, row.kind, inbound.caller_of(store, row, head.id))


def _conclude(session: Session, delivery_id: str, ending: _Ending, runtime: Runtime) -> bool:
    """Write down how it ended; whether the next of its resource may be taken."""
    row = session.get_one(InboundDelivery, delivery_id, with_for_update=True)
    now = clock.now()
    row.leased_by = row.leased_until = None
    row.outcome = ending.outcome
    waits = runtime.settings.retry_seconds
    if ending.status is None and row.tries <= len(waits):
        seconds = waits[row.tries - 1] * random.uniform(0.9, 1.1)  # noqa: S311  jitter
        row.next_try_at = now + timedelta(seconds=seconds)
        row.schedule += 1
        session.flush()
        durable.enqueue(session, JOB, row.id, row.schedule, delay=seconds + 0.05)
        return False
    row.move(ending.status or "dead")
    row.ended_at, row.next_try_at = now, None
    if ending.outcome.get("ignored") == "erased":  # what it says of an erased person is not kept either
        row.document, row.resource = {}, ERASED
    session.flush()
    if row.status == "dead":
        connection = session.get_one(Connection, row.connection_id, with_for_update=True)
        events.record(session, "connection.delivery_failed", connection, view(row))
    return True


# ---- as people see it ---------------------------------------------------------------------------------------------


def listed(
    session: Session, caller: Caller, connection_id: str, status: str | None, before: str | None, limit: int
) -> list[dict[str, Any]]:
    """What a connection has sent, newest first, from behind the id `before`."""
    connection = connections.get(session, caller, connection_id)
    query = select(InboundDelivery).where(InboundDelivery.connection_id == connection.id)
    if status is not None:
        query = query.where(InboundDelivery.status == status)
    if before is not None:
        query = query.where(InboundDelivery.id < before)
    return [view(row) for row in session.scalars(query.order_by(InboundDelivery.id.desc()).limit(limit))]


def retry(session: Session, caller: Caller, connection_id: str, delivery_id: str) -> InboundDelivery:
    """Have one that was given up or refused tried again, as if it had just come."""
    connection = connections.get(session, caller, connection_id)
    row = session.get(InboundDelivery, delivery_id, with_for_update=True)
    if row is None or row.connection_id != connection.id:
        raise DeliveryNotFound
    if row.status not in {"dead", "refused"}:
        raise DeliveryNotDead
    row.move("pending")
    row.tries, row.outcome, row.ended_at, row.next_try_at = 0, None, None, clock.now()
    row.schedule += 1
    session.flush()
    durable.enqueue(session, JOB, row.id, row.schedule)
    audit.write(
        session,
        action="connection.delivery_retried",
        subject_type="connection",
        subject_id=connection.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"delivery": row.id},
        request_id=caller.request_id,
    )
    return row


def view(row: InboundDelivery) -> dict[str, Any]:
    """A delivery as the contract shows it."""
    return {
        "id": row.id,
        "livemode": row.livemode,
        "connection": row.connection_id,
        "topic": row.topic,
        "resource": row.resource,
        "document": row.document,
        "status": row.status,
        "tries": row.tries,
        "next_try_at": None if row.next_try_at is None else clock.rfc3339(row.next_try_at),
        "outcome": row.outcome,
        "created_at": clock.rfc3339(row.created_at),
        "ended_at": None if row.ended_at is None else clock.rfc3339(row.ended_at),
    }
