"""What an endpoint is sent next: the log is read behind its cursor, what failed waits, and every attempt is written.

One process at a time works for an endpoint, by a lease on its row; each of its turns is one transaction.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import delete, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.models.records import Event
from app.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookReplay
from app.services import events, keyrings, webhook_endpoints, webhook_outbox, webhook_replays

LEASE = timedelta(seconds=60)
READ = 200
"""Events of the log per turn."""
TAKEN = 100
"""Deliveries that are on their way for one endpoint at a time, at most."""
BACKLOG = 5_000
"""With so many that wait, an endpoint's cursor stays: the log keeps the rest."""
GIVE_UP = timedelta(days=5)
JITTER = 0.1
MOST_LATER = timedelta(hours=24)
"""Of what an endpoint asks for in `Retry-After`."""
KEPT = timedelta(days=30)
GONE = 410


@dataclass(frozen=True, slots=True)
class Sending:
    """One delivery to be tried now."""

    id: str
    event_id: str
    resource_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Tried:
    """One request and what came of it. `status`: the answer's; `error`: why there was none."""

    sending: Sending
    at: datetime
    milliseconds: int
    url: str
    status: int | None
    error: str | None = None
    response: str | None = None
    retry_after: float | None = None

    @property
    def taken(self) -> bool:
        """Whether the endpoint said yes."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Turn:
    """What an endpoint is sent now. `more`: the log or the past holds more than was read in this turn."""

    url: str = ""
    secrets: Sequence[str] = ()
    sendings: Sequence[Sending] = ()
    more: bool = False
    ours: bool = True
    """False: another process works for it, or it is not enabled any more."""


def due(session: Session, limit: int = 500) -> list[str]:
    """Ids of endpoints that nobody works for and that have something to be sent."""
    now = clock.now()
    mine = WebhookDelivery.endpoint_id == WebhookEndpoint.id
    ready = select(WebhookDelivery.id).where(
        mine, WebhookDelivery.status == "pending", WebhookDelivery.next_attempt_at <= now
    )
    asked = select(WebhookReplay.id).where(
        WebhookReplay.endpoint_id == WebhookEndpoint.id, WebhookReplay.status == "pending"
    )
    cursor = (WebhookEndpoint.position, WebhookEndpoint.at_sequence, WebhookEndpoint.at_event)
    new = events.waiting_behind(session, WebhookEndpoint.store_id, WebhookEndpoint.livemode, cursor)
    query = select(WebhookEndpoint.id).where(
        WebhookEndpoint.status == "enabled",
        or_(WebhookEndpoint.leased_until.is_(None), WebhookEndpoint.leased_until < now),
        or_(ready.exists(), asked.exists(), new),
    )
    return list(session.scalars(query.limit(limit)))


def turn(
    session: Session,
    endpoint_id: str,
    me: str,
    tried: Sequence[Tried],
    on_their_way: Collection[str],
    delays: Sequence[float],
) -> Turn:
    """Write what was tried, make what the log holds ready, and take what is due of resources not `on_their_way`."""
    row = session.scalar(select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).with_for_update())
    now = clock.now()
    free = row is not None and (row.leased_by == me or row.leased_until is None or row.leased_until < now)
    if row is None or not free:
        return Turn(ours=False)
    _note(session, row, tried, now, delays)
    if row.status != "enabled":
        return Turn(ours=False)
    row.leased_by, row.leased_until = me, now + LEASE
    waiting = _waiting(session, row)
    more = False
    if waiting < BACKLOG:
        asked, new = webhook_replays.go_on(session, row, READ), _read(session, row, now)
        more = asked or new
    sendings = _due(session, row, on_their_way, now)
    secrets = webhook_endpoints.secrets_of(keyrings.in_session(session), row, now) if sendings else []
    return Turn(row.url, secrets, sendings, more=more)


def release(session: Session, endpoint_id: str, me: str) -> None:
    """Let another process work for it."""
    session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.leased_by == me)
        .values(leased_by=None, leased_until=None)
    )


def purge(session: Session, limit: int = 2_000) -> int:
    """Forget what was delivered, or given up, thirty days ago; how many."""
    old = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.created_at < clock.now() - KEPT, WebhookDelivery.status != "pending")
        .limit(limit)
    )
    found = list(session.scalars(old))
    session.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(found)))
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.id.in_(found)))
    return len(found)


# ---- what is ready ------------------------------------------------------------------------------------------------


def _waiting(session: Session, row: WebhookEndpoint) -> int:
    some = (
        select(literal(1))
        .where(WebhookDelivery.endpoint_id == row.id, WebhookDelivery.status == "pending")
        .limit(BACKLOG)
    )
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _read(session: Session, row: WebhookEndpoint, now: datetime) -> bool:
    """Move the cursor over the next events of the log; whether there may be more."""
    cursor = (row.position, row.at_sequence, row.at_event)
    found = events.passing(session, store_id=row.store_id, livemode=row.livemode, cursor=cursor, limit=READ)
    if not found:
        return False
    wanted = [
        event
        for event in found
        if webhook_endpoints.wants(row, event.type) and (event.origin is None or event.origin != row.connection_id)
    ]
    known = _known(session, row, [event.id for event in wanted])
    webhook_outbox.make(session, row, [event for event in wanted if event.id not in known], now)
    last = found[-1]
    row.position, row.at_sequence, row.at_event = last.position, last.sequence, last.id
    return len(found) == READ


def _known(session: Session, row: WebhookEndpoint, event_ids: Sequence[str]) -> set[str]:
    """Those that were made already: by hand, as a test."""
    query = select(WebhookDelivery.event_id).where(
        WebhookDelivery.endpoint_id == row.id, WebhookDelivery.event_id.in_(event_ids)
    )
    return set(session.scalars(query)) if event_ids else set()


def _due(session: Session, row: WebhookEndpoint, on_their_way: Collection[str], now: datetime) -> list[Sending]:
    """What may go now, in the order of their numbers; all that is due of a resource is, up to the limit."""
    query = (
        select(WebhookDelivery, Event)
        .outerjoin(Event, Event.id == WebhookDelivery.event_id)
        .where(
            WebhookDelivery.endpoint_id == row.id,
            WebhookDelivery.status == "pending",
            WebhookDelivery.next_attempt_at <= now,
            WebhookDelivery.resource_id.not_in(on_their_way),
        )
        .order_by(WebhookDelivery.number)
        .limit(TAKEN)
    )
    found: list[Sending] = []
    told: list[tuple[WebhookDelivery, Event | None]] = [(row[0], row[1]) for row in session.execute(query)]
    for delivery, event in told:
        if event is None:  # the log has forgotten it: nobody can be told any more
            delivery.move("dead")
            delivery.next_attempt_at = None
            continue
        found.append(Sending(delivery.id, event.id, event.resource_id, orjson.dumps(events.view(event))))
    return found


# ---- what was tried -----------------------------------------------------------------------------------------------


def _note(
    session: Session, row: WebhookEndpoint, tried: Sequence[Tried], now: datetime, delays: Sequence[float]
) -> None:
    if not tried:
        return
    known = {
        delivery.id: delivery
        for delivery in session.scalars(
            select(WebhookDelivery).where(WebhookDelivery.id.in_([one.sending.id for one in tried]))
        )
    }
    attempts: list[dict[str, Any]] = []
    for one in tried:
        delivery = known[one.sending.id]
        delivery.tries += 1
        delivery.attempts += 1
        attempts.append(
            {
                "delivery_id": delivery.id,
                "number": delivery.attempts,
                "at": one.at,
                "milliseconds": one.milliseconds,
                "url": one.url,
                "status": one.status,
                "error": one.error,
                "response": one.response,
            }
        )
        if one.taken:
            delivery.move("succeeded")
            delivery.delivered_at, delivery.next_attempt_at = now, None
            row.failing_since = None
        else:
            _failed(session, row, delivery, one, now, delays)
    session.execute(insert(WebhookAttempt), attempts)
    session.flush()
    refused = any(one.status == GONE for one in tried)
    tired = row.failing_since is not None and now - row.failing_since >= GIVE_UP
    if row.status == "enabled" and (refused or tired):
        webhook_endpoints.disable(session, row, "gone" if refused else "failing")


def _failed(
    session: Session,
    row: WebhookEndpoint,
    delivery: WebhookDelivery,
    tried: Tried,
    now: datetime,
    delays: Sequence[float],
) -> None:
    """Plan the next try, for all that wait behind it too; after the last one it is dead, and those behind go on."""
    row.failing_since = row.failing_since or now
    following: datetime | None = now
    if delivery.tries > len(delays):
        delivery.move("dead")
        delivery.next_attempt_at = None
    else:
        delay = delays[delivery.tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  no secret
        asked = min(tried.retry_after or 0.0, MOST_LATER.total_seconds())
        following = now + timedelta(seconds=max(delay, asked))
        delivery.next_attempt_at = following
    session.flush()
    session.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.endpoint_id == row.id,
            WebhookDelivery.resource_id == delivery.resource_id,
            WebhookDelivery.status == "pending",
        )
        .values(next_attempt_at=following)
    )
