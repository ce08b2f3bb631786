"""Deliveries made ready: one for each event that an endpoint is to be told of."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app import ids
from app.models.webhooks import WebhookDelivery, WebhookEndpoint


def make(session: Session, row: WebhookEndpoint, found: Iterable[Any], now: datetime) -> list[str]:
    """Deliveries of these events (`events.PASSING`), numbered; behind one that has failed they wait as long as that."""
    rows = list(found)
    later = held(session, row, {event.resource_id for event in rows}, now)
    made: list[dict[str, Any]] = []
    for event in rows:
        row.numbered += 1
        made.append(
            {
                "id": ids.new("dlv"),
                "store_id": row.store_id,
                "livemode": row.livemode,
                "created_at": now,
                "endpoint_id": row.id,
                "event_id": event.id,
                "type": event.type,
                "resource_id": event.resource_id,
                "sequence": event.sequence,
                "number": row.numbered,
                "status": "pending",
                "tries": 0,
                "attempts": 0,
                "next_attempt_at": later.get(event.resource_id, now),
            }
        )
    if made:
        session.execute(insert(WebhookDelivery), made)
    return [delivery["id"] for delivery in made]


def held(session: Session, row: WebhookEndpoint, resources: Collection[str], now: datetime) -> dict[str, datetime]:
    """Until when resources wait, of which one has failed."""
    query = (
        select(WebhookDelivery.resource_id, func.max(WebhookDelivery.next_attempt_at).label("until"))
        .where(
            WebhookDelivery.endpoint_id == row.id,
            WebhookDelivery.status == "pending",
            WebhookDelivery.resource_id.in_(resources),
            WebhookDelivery.next_attempt_at > now,
        )
        .group_by(WebhookDelivery.resource_id)
    )
    return {row.resource_id: row.until for row in session.execute(query)} if resources else {}
