"""Calls of connected systems to us: known by their signature, kept once and redacted, answered; worked on later.

In this order and no other: is there such a connection with a secret, is the raw body signed, can it be parsed, can it
be meant, have we had it before. What is refused leaves nothing behind; what is accepted is committed with its job.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from app import clock, ids, strict_json
from app.database import insert_missing
from app.errors import ConnectionNotFound, Invalid, NotConnected, SignatureInvalid
from app.integrations import connecting
from app.integrations.connecting import Account, Inbound, Known, NotGenuine, Received
from app.models.connections import Connection, InboundDelivery
from app.models.stores import Store
from app.services import durable
from app.services.callers import Caller
from app.services.connection_checks import account_of
from app.services.runtime import Runtime
from app.services.scrubbing import scrub

JOB = "inbound"
ORPHANED_AFTER = timedelta(seconds=60)
AT_ONCE = 500
"""Rows that one round of a chore takes."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivery as whoever works on it sees it."""

    id: str
    connection_id: str
    topic: str | None
    document: dict[str, Any]
    received: Any


@dataclass(frozen=True, slots=True)
class Handler:
    """What is done with the deliveries of one kind of connection; registered by whoever does it, when it is imported.

    `check` raises an AppError for what cannot be meant, before it is kept. `run` does it: run again after a kill it
    must do no harm. It gives what came of it, `{"ignored": why}` where that is nothing; an AppError is a no, and
    anything else is tried again.
    """

    check: Callable[[dict[str, Any], str | None], None]
    run: Callable[[Runtime, Caller, Delivered], Awaitable[dict[str, Any]]]


HANDLERS: dict[str, Handler] = {}


def register(kind: str, handler: Handler) -> None:
    """Make known what is done with the deliveries of a kind."""
    HANDLERS[kind] = handler


def caller_of(store: Store, row: Connection, request_id: str) -> Caller:
    """The connected system as a caller: automation of the store's, within the scopes that the store gave it."""
    return Caller(
        store=store,
        livemode=row.livemode,
        key_id=row.id,
        scopes=frozenset(row.config.get("scopes", ())),
        request_id=request_id,
        automation=True,
        connection=row.id,
    )


async def take(
    runtime: Runtime, connection_id: str, headers: Mapping[str, str], body: bytes, request_id: str
) -> dict[str, Any]:
    """Keep a delivery and have it worked on; raises `connection_not_found` where nothing is to be had at all."""
    found = await runtime.db.read(_find, connection_id)
    if found is None:
        raise ConnectionNotFound
    row, store = found
    inbound, account, known = _known(runtime, row, Received(headers, body, clock.now()))
    document = strict_json.loads(body)
    if not isinstance(document, dict):
        raise Invalid("The body is not a JSON object.")
    given = dict(inbound.read(account, cast("dict[str, Any]", document)))
    HANDLERS[row.kind].check(given, known.topic)
    caller = caller_of(store, row, request_id)
    ids = {name: given[name] for name in inbound.ids & given.keys()}
    cleaned = await scrub(runtime, caller, given) | ids
    external_id = known.external_id or inbound.named(given)
    digest = hashlib.sha256(body).hexdigest()
    values: dict[str, Any] = {
        "connection_id": row.id,
        "store_id": row.store_id,
        "livemode": row.livemode,
        "key": hashlib.sha256(f"id:{external_id}".encode()).hexdigest() if external_id else digest,
        "content": digest if known.external_id and not known.id_is_signed else None,
        "topic": known.topic,
        "resource": inbound.resource(known, cleaned),
        "document": cleaned,
    }
    delivery_id, fresh = await runtime.db.write(_keep, values)
    return {"id": delivery_id, "status": "accepted" if fresh else "duplicate"}


_WITH_STORE = select(Connection, Store).join(Store, Store.id == Connection.store_id)


def _find(session: Session, connection_id: str) -> tuple[Connection, Store] | None:
    query = _WITH_STORE.where(Connection.id == connection_id, Connection.deleted_at.is_(None))
    found = session.execute(query).first()
    return None if found is None else (found[0], found[1])


def _known(runtime: Runtime, row: Connection, received: Received) -> tuple[Inbound[Any, Any], Account[Any, Any], Known]:
    """Who sent it; by the former credentials, too, as long as they sign."""
    kind = connecting.every().get(row.kind)
    if kind is None or kind.inbound is None or row.kind not in HANDLERS:
        raise ConnectionNotFound
    overlap = row.former is not None and row.former_until is not None and row.former_until > clock.now()
    refused = False
    for former in (False, True) if overlap else (False,):
        try:
            account = account_of(runtime, row, former=former)
            if not kind.inbound.configured(account):
                continue
            return kind.inbound, account, kind.inbound.verify(account, received)
        except NotConnected:
            continue
        except NotGenuine:
            refused = True
    raise SignatureInvalid if refused else ConnectionNotFound


def _keep(session: Session, values: dict[str, Any]) -> tuple[str, bool]:
    """The id of the delivery, and whether it is new."""
    now = clock.now()
    made, waits = ids.new("inb"), {"status": "pending", "tries": 0, "schedule": 1, "next_try_at": now}
    if insert_missing(session, InboundDelivery, {**values, **waits, "id": made, "created_at": now}):
        durable.enqueue(session, JOB, made, 1)
        return made, True
    same = [InboundDelivery.key == values["key"]]
    if values["content"] is not None:
        same.append(InboundDelivery.content == values["content"])
    found = session.scalar(
        select(InboundDelivery.id)
        .where(InboundDelivery.connection_id == values["connection_id"], or_(*same))
        .order_by(InboundDelivery.id)
        .limit(1)
    )
    return found or "", False


# ---- chores -------------------------------------------------------------------------------------------------------


def revive(session: Session) -> int:
    """Enqueue again what should have been worked on a minute ago and was not."""
    late = clock.now() - ORPHANED_AFTER
    rows = session.scalars(
        select(InboundDelivery)
        .where(
            InboundDelivery.status == "pending",
            InboundDelivery.next_try_at < late,
            or_(InboundDelivery.leased_until.is_(None), InboundDelivery.leased_until < late),
        )
        .order_by(InboundDelivery.next_try_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.schedule += 1
        row.next_try_at = clock.now()
        session.flush()
        durable.enqueue(session, JOB, row.id, row.schedule)
    return len(rows)


def purge(session: Session) -> None:
    """Forget what has been kept for its days, and former credentials that sign no more."""
    now = clock.now()
    kept = now - timedelta(days=session.info.get("inbound_days", 90))
    old = select(InboundDelivery.id).where(InboundDelivery.created_at < kept, InboundDelivery.status != "pending")
    session.execute(delete(InboundDelivery).where(InboundDelivery.id.in_(old.limit(AT_ONCE))))
    session.execute(update(Connection).where(Connection.former_until <= now).values(former=None, former_until=None))
