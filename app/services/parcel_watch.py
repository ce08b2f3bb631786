"""Looks at every parcel on the day on which it would be late: asks the carrier first, and raises what is true then.

The look is claimed for a few minutes, the carrier asked between transactions, and what it said is judged in one: a
server that dies in the middle leaves a claim that runs out, two servers never look at the same parcel at once.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import NotConnected, StorageUnavailable
from app.integrations.carriers.contract import Tracking
from app.models.parcels import Parcel
from app.models.stores import Store
from app.services import order_flights, parcel_alerts, parcel_pushes, parcels
from app.services.callers import Caller
from app.services.parcel_alerts import TicketBusy, by_itself
from app.services.parcel_looks import WHILE_LATE
from app.services.runtime import Runtime
from app.services.shipments import OVER, shipments_of

log = structlog.get_logger()

BATCH = 50
AT_ONCE = 5
"""Calls to carriers: a watch is in no hurry."""
CLAIM = timedelta(minutes=5)
"""Longer than a batch takes."""
CARRIER_AWAY = timedelta(minutes=30)
OLD_NEWS = timedelta(days=45)
"""A parcel that was due so long ago is the past of a store that has just been connected: nobody is alarmed."""


@dataclass(frozen=True, slots=True)
class Look:
    """A parcel to look at."""

    caller: Caller
    number: str


async def tend(runtime: Runtime, limit: int = BATCH) -> int:
    """Look at the parcels whose day has come; how many there were."""
    looks = await runtime.db.write(claim, limit)
    busy = asyncio.Semaphore(AT_ONCE)

    async def look(one: Look) -> None:
        try:
            async with busy:
                answer = await _ask(runtime, one)
            if answer is None:
                await runtime.db.write(_later, one)
            else:
                await runtime.db.write(judge, one, answer)
        except StorageUnavailable:
            log.warning("parcel_watch_waits_for_the_database")
        except Exception:  # its claim runs out and it is tried again; the others are looked at all the same
            log.exception("parcel_watch_failed", store=one.caller.store_id, parcel=one.number)

    await asyncio.gather(*(look(one) for one in looks))
    return len(looks)


def claim(session: Session, limit: int) -> list[Look]:
    """Take the parcels whose look is due, so that no other server does; they come back where we die."""
    query = (
        select(Parcel)
        .where(Parcel.look_at <= clock.now())
        .order_by(Parcel.look_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = session.scalars(query).all()
    looks: list[Look] = []
    for parcel in rows:
        parcel.look_at = clock.now() + CLAIM
        store = session.get_one(Store, parcel.store_id)
        looks.append(Look(by_itself(store, livemode=parcel.livemode), parcel.tracking_number))
    session.flush()
    return looks


async def _ask(runtime: Runtime, look: Look) -> dict[str, Tracking | None] | None:
    """What the carrier says; empty where it only pushes, None where it is away."""
    try:
        return await order_flights.ask_carrier(runtime, look.caller, look.number) or None
    except NotConnected:
        return {}


def _later(session: Session, look: Look) -> None:
    """Nobody knows where the parcel is, so nothing is said of it."""
    for parcel in parcels.found(session, look.caller, [look.number]).values():
        parcel.look_at = clock.now() + CARRIER_AWAY


def judge(session: Session, look: Look, answer: dict[str, Tracking | None]) -> None:
    """Write down what the carrier said, plan the next look, and raise what is late now."""
    heard = parcel_pushes.answered(session, look.caller, look.number, answer)
    if heard is None:
        return
    parcel, orders = heard
    if parcel.look_at is not None and parcel.look_at <= clock.now():
        parcel.look_at = clock.now() + WHILE_LATE
    for order in orders:
        if order.status in OVER:
            continue
        found = [one for one in shipments_of(order, look.caller.store) if one.told["tracking_number"] == look.number]
        delay = found[0].delay if found else None
        if delay is None or delay.since < clock.now() - OLD_NEWS:
            continue
        try:
            with session.begin_nested():
                parcel_alerts.raise_once(session, look.caller, order, parcel, delay)
        except TicketBusy:
            parcel.look_at = clock.now() + CLAIM
        return  # a parcel is raised once, for the first of its orders
