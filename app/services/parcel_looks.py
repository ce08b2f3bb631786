"""When the watch has to look at a parcel next: the first moment at which it would be late, silent or lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.models.orders import Order
from app.models.parcels import ENDED, Parcel, ParcelAlert
from app.models.stores import Store
from app.services import delays
from app.services.delays import Delay, Place
from app.services.shipments import OVER, facts_of

WHILE_LATE = timedelta(hours=6)
"""How often the carrier is asked about a parcel that is late: it may have arrived."""

GIVEN_UP = timedelta(days=120)
"""After a silence of so long the watch asks no more; whoever reads the order still does."""


def kind_of(delay: Delay) -> str:
    """What is raised about it."""
    return "lost" if delay.reason == "lost" else "delayed"


def plan(session: Session, store: Store, order: Order) -> None:
    """Set it for every parcel of the order."""
    numbers = [parcel["tracking_number"] for parcel in order.snapshot["shipments"] if parcel["tracking_number"]]
    if not numbers:
        return
    query = (
        select(Parcel)
        .where(
            Parcel.store_id == order.store_id, Parcel.livemode == order.livemode, Parcel.tracking_number.in_(numbers)
        )
        .order_by(Parcel.tracking_number)
    )
    shipped = {told["tracking_number"]: told for told in order.snapshot["shipments"]}
    for parcel in session.scalars(query).all():
        wanted = _moment(session, store, order, shipped[parcel.tracking_number], parcel)
        if parcel.look_at != wanted:
            parcel.look_at = wanted
    session.flush()


def _moment(session: Session, store: Store, order: Order, told: dict[str, Any], parcel: Parcel) -> datetime | None:
    read: dict[str, Any] = order.tracking.get(told["tracking_number"]) or {}
    facts, now = facts_of(order, told, read), clock.now()
    if order.status in OVER or facts.status in ENDED:
        return None
    place, rules = Place.of(store, order.snapshot), delays.rules_of(store)
    ahead = delays.next_look(facts, place, rules, now)
    if delays.passed(facts, place, rules, now):
        if facts.silent_from is not None and facts.silent_from < now - GIVEN_UP:
            return None
        delay = delays.find(facts, place, rules, now)
        if delay is not None and session.get(ParcelAlert, (parcel.id, kind_of(delay))) is None:
            return now
        return min(now + WHILE_LATE, ahead or now + WHILE_LATE)
    return ahead


def plan_anew(session: Session, store_id: str) -> None:
    """The store's rules have changed: whatever is still on its way is looked at by the new ones."""
    session.execute(
        update(Parcel)
        .where(Parcel.store_id == store_id, Parcel.status.not_in(sorted(ENDED)))
        .values(look_at=clock.now())
    )
