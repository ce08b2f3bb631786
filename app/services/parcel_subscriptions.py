"""Has the carrier push the scans of what is on its way, and asks again before that lapses.

Who waits for a parcel is written down with it; the carrier is asked between transactions. Asked twice it does no harm,
so that a process that dies in the middle only leaves a claim that runs out. Pushes are a hint: whatever becomes of a
subscription, parcels are asked about as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Select, and_, literal, or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.database import Id, UtcTime, insert_missing, insert_missing_from
from app.errors import AppError, NotConnected
from app.integrations.carriers.contract import PushingCarrier, Subscribed
from app.integrations.errors import ProviderError, Refused
from app.models.connections import Connection
from app.models.orders import Order, TrackingNumber
from app.models.parcels import ENDED, Parcel, ParcelSubscription
from app.models.returns import Label
from app.models.stores import Store
from app.services.parcel_scans import number_of
from app.services.providers import connection_of, serving
from app.services.runtime import Runtime
from app.services.shipments import OVER

log = structlog.get_logger()

KINDS = ("ups",)
"""Kinds of connections that push, and whose calls are read into `tracking_number` and `push`."""
BATCH = 500
CLAIM = timedelta(minutes=5)
"""Longer than a batch takes."""
AWAY = timedelta(minutes=30)
UNSUPPORTED = timedelta(days=1)
"""The connection takes no pushes: it is asked again when it changes, or then."""
RENEWED_BEFORE = timedelta(days=2)
FORGOTTEN = timedelta(days=120)
"""Whatever has not ended by then is waited for by nobody."""
Mode = tuple[str, bool]
"""A store, and whether it is live."""


@dataclass(slots=True)
class Batch:
    """Numbers of one store and mode that are due."""

    store: Store
    livemode: bool
    connection_id: str
    claimed_until: datetime
    numbers: list[str] = field(default_factory=list[str])


# ---- who is waited for ----------------------------------------------------------------------------------------------


def want(session: Session, store: Store, numbers: Iterable[str | None], *, livemode: bool) -> None:
    """These parcels are on their way: where the store's carrier pushes, it will be asked to."""
    if serving(store, livemode=livemode).get("carrier") not in KINDS:
        return
    for number in filter(None, map(number_of, numbers)):
        row = {"store_id": store.id, "livemode": livemode, "tracking_number": number}
        insert_missing(session, ParcelSubscription, {**row, "created_at": clock.now(), "due_at": clock.now()})


def begin(session: Session, connection: Connection) -> None:
    """The connection serves the carrier from now on, or can do more than before: it is asked about all that is open."""
    if connection.kind not in KINDS or "carrier" not in connection.families:
        return
    whose = (connection.store_id, connection.livemode)
    names = ["store_id", "livemode", "tracking_number", "created_at", "due_at"]
    now = literal(clock.now(), UtcTime)
    for number, query in (_of_orders(whose), _of_labels(whose)):
        row: Any = query.with_only_columns(literal(whose[0], Id), literal(whose[1]), number, now, now).distinct()
        insert_missing_from(session, ParcelSubscription, names, row)
    unasked = or_(
        ParcelSubscription.connection_id.is_(None),
        ParcelSubscription.connection_id != connection.id,
        ParcelSubscription.taken_until.is_(None),
    )
    session.execute(update(ParcelSubscription).where(*_of(whose), unasked).values(due_at=clock.now()))


def _of(whose: Mode) -> tuple[ColumnElement[bool], ...]:
    return ParcelSubscription.store_id == whose[0], ParcelSubscription.livemode == whose[1]


def _of_orders(whose: Mode) -> tuple[ColumnElement[Any], Select[Any]]:
    """Parcels of orders that have not arrived."""
    number = TrackingNumber.number
    return number.expression, select(number).join(Order, Order.id == TrackingNumber.order_id).where(
        TrackingNumber.store_id == whose[0],
        TrackingNumber.livemode == whose[1],
        Order.status.not_in(sorted(OVER)),
        Order.placed_at > clock.now() - FORGOTTEN,
    )


def _of_labels(whose: Mode) -> tuple[ColumnElement[Any], Select[Any]]:
    """Return labels that are looked at."""
    number = Label.tracking_number
    return number.expression, select(number).where(
        Label.store_id == whose[0],
        Label.livemode == whose[1],
        Label.status == "active",
        Label.next_look_at.is_not(None),
        number.is_not(None),
    )


# ---- asking ---------------------------------------------------------------------------------------------------------


async def tend(runtime: Runtime, limit: int = BATCH) -> int:
    """Ask for what is due; for how many parcels."""
    batches = await runtime.db.write(_claim, limit)
    for batch in batches:
        try:
            carrier = runtime.connections.of(batch.store, livemode=batch.livemode).carrier
            if not isinstance(carrier, PushingCarrier):
                raise NotConnected
            found = await carrier.subscribe(batch.numbers)
        except (ProviderError, AppError) as error:
            unsupported = isinstance(error, Refused) and error.code == "unsupported"
            if not unsupported:
                log.warning("parcels_not_subscribed", store=batch.store.id, error=type(error).__name__)
            await runtime.db.write(_later, batch, UNSUPPORTED if unsupported else AWAY)
        else:
            await runtime.db.write(_keep, batch, found)
    return sum(len(batch.numbers) for batch in batches)


def _claim(session: Session, limit: int) -> list[Batch]:
    """Take what is due, so that nobody else does; forget what has arrived, is old, or is pushed by nobody any more."""
    now, until = clock.now(), clock.now() + CLAIM
    parcel = and_(
        Parcel.store_id == ParcelSubscription.store_id,
        Parcel.livemode == ParcelSubscription.livemode,
        Parcel.tracking_number == ParcelSubscription.tracking_number,
    )
    rows = session.execute(
        select(ParcelSubscription, Parcel.status)
        .outerjoin(Parcel, parcel)
        .where(ParcelSubscription.due_at <= now)
        .order_by(ParcelSubscription.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=ParcelSubscription)
    ).all()
    batches: dict[Mode, Batch | None] = {}
    for row, status in rows:
        whose = (row.store_id, row.livemode)
        if whose not in batches:
            batches[whose] = _batch(session, *whose, until)
        batch = batches[whose]
        if batch is None or status in ENDED or row.created_at <= now - FORGOTTEN:
            session.delete(row)
        else:
            row.due_at = until
            batch.numbers.append(row.tracking_number)
    session.flush()
    return [batch for batch in batches.values() if batch is not None and batch.numbers]


def _batch(session: Session, store_id: str, livemode: bool, until: datetime) -> Batch | None:  # noqa: FBT001
    store = session.get_one(Store, store_id)
    connection = connection_of(store, "carrier", livemode=livemode)
    if connection is None or serving(store, livemode=livemode).get("carrier") not in KINDS:
        return None
    return Batch(store, livemode, connection, until)


def _claimed(session: Session, batch: Batch) -> dict[str, ParcelSubscription]:
    """The rows that are still ours: one that a changed connection has made due again is not."""
    query = select(ParcelSubscription).where(
        *_of((batch.store.id, batch.livemode)),
        ParcelSubscription.tracking_number.in_(batch.numbers),
        ParcelSubscription.due_at == batch.claimed_until,
    )
    return {row.tracking_number: row for row in session.scalars(query.with_for_update())}


def _later(session: Session, batch: Batch, wait: timedelta) -> None:
    for row in _claimed(session, batch).values():
        row.due_at = clock.now() + wait


def _keep(session: Session, batch: Batch, found: Subscribed) -> None:
    """What it has taken is due before it lapses; what it has refused is not asked for again."""
    rows = _claimed(session, batch)
    for number, row in rows.items():
        taken = number in found.taken
        row.connection_id, row.taken_until = batch.connection_id, found.until if taken else None
        row.due_at = found.until - RENEWED_BEFORE if taken else row.created_at + FORGOTTEN
    if found.refused:
        log.info("parcels_not_pushed", store=batch.store.id, refused=len(found.refused))
