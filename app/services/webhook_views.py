"""Deliveries as they are shown: the request, the answers, the times."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.records import Event
from app.models.webhooks import WebhookAttempt, WebhookDelivery
from app.services import events, webhook_endpoints, webhook_outbox
from app.services.callers import Caller

Fields = dict[str, Any]


def listed(
    session: Session, caller: Caller, endpoint_id: str, filters: Fields, before: str | None, limit: int
) -> list[Fields]:
    """The endpoint's deliveries by `status`, `type` and `event`, newest first, behind `before`."""
    webhook_endpoints.get(session, caller, endpoint_id)
    query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    for name, column in (
        ("status", WebhookDelivery.status),
        ("type", WebhookDelivery.type),
        ("event", WebhookDelivery.event_id),
    ):
        if filters[name] is not None:
            query = query.where(column == filters[name])
    if before is not None:
        query = query.where(WebhookDelivery.id < before)
    return views(session, list(session.scalars(query.order_by(WebhookDelivery.id.desc()).limit(limit))))


def views(session: Session, rows: list[WebhookDelivery]) -> list[Fields]:
    """These, each with what was sent and every attempt."""
    attempts: dict[str, list[Fields]] = {row.id: [] for row in rows}
    for attempt in session.scalars(
        select(WebhookAttempt)
        .where(WebhookAttempt.delivery_id.in_(attempts))
        .order_by(WebhookAttempt.delivery_id, WebhookAttempt.number)
    ):
        attempts[attempt.delivery_id].append(_attempt(attempt))
    sent = {
        event.id: events.view(event)
        for event in session.scalars(select(Event).where(Event.id.in_([row.event_id for row in rows])))
    }
    return [_view(row, sent.get(row.event_id), attempts[row.id]) for row in rows]


def test(session: Session, caller: Caller, endpoint_id: str) -> WebhookDelivery:
    """An event about the endpoint itself, that it is told of whatever its types are."""
    row = webhook_endpoints.get(session, caller, endpoint_id, lock=True)
    events.record(session, "webhook_endpoint.tested", row, webhook_endpoints.view(row))
    newest = select(*events.PASSING).where(Event.resource_id == row.id).order_by(Event.sequence.desc()).limit(1)
    event = session.execute(newest).one()
    (made,) = webhook_outbox.make(session, row, [event], clock.now())
    return session.get_one(WebhookDelivery, made)


def is_open(view: Fields) -> bool:
    """Whether it was not tried yet: a test is answered with what came of its first attempt."""
    return view["status"] == "pending" and not view["attempts"]


def _view(row: WebhookDelivery, sent: Fields | None, attempts: list[Fields]) -> Fields:
    return {
        "id": row.id,
        "livemode": row.livemode,
        "endpoint": row.endpoint_id,
        "event": row.event_id,
        "type": row.type,
        "resource": row.resource_id,
        "sequence": row.sequence,
        "status": row.status,
        "next_attempt_at": _moment(row.next_attempt_at),
        "delivered_at": _moment(row.delivered_at),
        "request": sent,
        "attempts": attempts,
        "created_at": clock.rfc3339(row.created_at),
    }


def _attempt(row: WebhookAttempt) -> Fields:
    return {
        "number": row.number,
        "at": clock.rfc3339(row.at),
        "url": row.url,
        "status": row.status,
        "error": row.error,
        "response": row.response,
        "milliseconds": row.milliseconds,
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else clock.rfc3339(at)
