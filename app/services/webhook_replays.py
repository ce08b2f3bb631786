"""Replays: events of the last thirty days are made ready to be sent again, in parts, beside what is new."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import EventNotFound
from app.models.records import Event
from app.models.webhooks import WebhookDelivery, WebhookEndpoint, WebhookReplay
from app.services import audit, events, webhook_endpoints, webhook_outbox
from app.services.callers import Caller

Fields = dict[str, Any]


def ask(session: Session, caller: Caller, endpoint_id: str, given: Fields) -> WebhookReplay:
    """Note what is to be sent again. `given`: events (ids), since, until, failed; names them, bounds them, or both."""
    row = webhook_endpoints.get(session, caller, endpoint_id, lock=True)
    named: list[str] | None = given["events"]
    if named is not None:
        _check(session, caller, named)
    made = WebhookReplay(
        id=ids.new("whr"),
        store_id=row.store_id,
        livemode=row.livemode,
        endpoint_id=row.id,
        events=named,
        since=given["since"],
        until=given["until"] or clock.now(),
        failed=given["failed"],
        after="",
    )
    session.add(made)
    session.flush()
    audit.write(
        session,
        action="webhook_endpoint.replayed",
        subject_type="webhook_endpoint",
        subject_id=row.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"replay": made.id, "failed": made.failed, "events": named},
        request_id=caller.request_id,
    )
    return made


def view(row: WebhookReplay) -> Fields:
    """A replay: how far it is."""
    return {
        "id": row.id,
        "livemode": row.livemode,
        "endpoint": row.endpoint_id,
        "status": row.status,
        "replayed": row.replayed,
        "created_at": clock.rfc3339(row.created_at),
        "ended_at": None if row.ended_at is None else clock.rfc3339(row.ended_at),
    }


def go_on(session: Session, row: WebhookEndpoint, limit: int) -> bool:
    """Make the next part of the endpoint's oldest replay ready; whether there may be more."""
    replay = session.scalar(
        select(WebhookReplay)
        .where(WebhookReplay.endpoint_id == row.id, WebhookReplay.status == "pending")
        .order_by(WebhookReplay.id)
        .limit(1)
    )
    if replay is None:
        return False
    now = clock.now()
    found, whole = _failed(session, row, replay, limit) if replay.failed else _past(session, row, replay, limit)
    replay.replayed += again(session, row, found, now)
    if not whole:
        replay.status, replay.ended_at = "done", now
    session.flush()
    return True


def again(session: Session, row: WebhookEndpoint, found: Sequence[Any], now: datetime) -> int:
    """Have these events sent once more, in their order; one that waits for its turn is left as it is. How many."""
    known = {
        delivery.event_id: delivery
        for delivery in session.scalars(
            select(WebhookDelivery).where(
                WebhookDelivery.endpoint_id == row.id, WebhookDelivery.event_id.in_([event.id for event in found])
            )
        )
    }
    later = webhook_outbox.held(session, row, {event.resource_id for event in found}, now)
    count = 0
    for event in found:
        delivery = known.get(event.id)
        if delivery is None:
            webhook_outbox.make(session, row, [event], now)
        elif delivery.status == "pending":
            continue
        else:
            row.numbered += 1
            delivery.move("pending")
            delivery.number, delivery.tries, delivery.delivered_at = row.numbered, 0, None
            delivery.next_attempt_at = later.get(event.resource_id, now)
        count += 1
    session.flush()
    return count


def _check(session: Session, caller: Caller, named: Collection[str]) -> None:
    """Every event named is this store's, and still in the log."""
    found = session.scalars(
        select(Event.id).where(
            Event.id.in_(named), Event.store_id == caller.store_id, Event.livemode == caller.livemode
        )
    )
    if set(named) - set(found):
        raise EventNotFound


def _past(session: Session, row: WebhookEndpoint, replay: WebhookReplay, limit: int) -> tuple[list[Any], bool]:
    """The next events of the log that it asks for, and whether there may be more."""
    query = select(*events.PASSING).where(
        Event.store_id == row.store_id, Event.livemode == row.livemode, Event.id > replay.after
    )
    if replay.events is not None:
        query = query.where(Event.id.in_(replay.events))
    if replay.since is not None:
        query = query.where(Event.id >= ids.least("evt", replay.since), Event.created_at >= replay.since)
    if replay.until is not None:
        query = query.where(Event.created_at <= replay.until)
    found = list(session.execute(query.order_by(Event.id).limit(limit)))
    if found:
        replay.after = found[-1].id
    named = replay.events is not None  # by name: whatever the endpoint is told of by itself
    return [event for event in found if named or webhook_endpoints.wants(row, event.type)], len(found) == limit


def _failed(session: Session, row: WebhookEndpoint, replay: WebhookReplay, limit: int) -> tuple[list[Any], bool]:
    """The next events of which the delivery is dead, and whether there may be more."""
    query = (
        select(WebhookDelivery.id.label("delivery_id"), *events.PASSING)
        .join(Event, Event.id == WebhookDelivery.event_id)
        .where(
            WebhookDelivery.endpoint_id == row.id,
            WebhookDelivery.status == "dead",
            WebhookDelivery.id > replay.after,
        )
    )
    if replay.since is not None:
        query = query.where(WebhookDelivery.created_at >= replay.since)
    if replay.until is not None:
        query = query.where(WebhookDelivery.created_at <= replay.until)
    if replay.events is not None:
        query = query.where(WebhookDelivery.event_id.in_(replay.events))
    found = list(session.execute(query.order_by(WebhookDelivery.id).limit(limit)))
    if found:
        replay.after = found[-1].delivery_id
    return found, len(found) == limit
