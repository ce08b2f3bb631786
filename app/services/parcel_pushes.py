"""What a carrier pushes: kept before it is acknowledged, told to every order that the parcel belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.integrations.carriers.contract import Tracking
from app.models.orders import Order, TrackingNumber
from app.models.parcels import Parcel
from app.services import mirror, parcel_looks, parcels
from app.services.callers import Caller
from app.services.order_views import order_view
from app.services.parcel_scans import number_of


def push(session: Session, caller: Caller, tracking: Tracking) -> Parcel | None:
    """Keep pushed scans and bring every order of the parcel up to them; what changed is one event of each.

    The sender has been verified before. A parcel that no order of ours names yet is kept all the same: its order finds
    the scans when it is mirrored. None where the number cannot be a tracking number.
    """
    number = number_of(tracking.tracking_number)
    if number is None:
        return None
    found = orders_of(session, caller, number)
    parcel = parcels.take(session, caller, tracking, parcels.PUSH)
    assert parcel is not None
    _tell(session, caller, parcel, found)
    return parcel


def answered(
    session: Session, caller: Caller, number: str, answer: Mapping[str, Tracking | None]
) -> tuple[Parcel, Sequence[Order]] | None:
    """The same of what a carrier was asked; an empty answer changes nothing. The parcel and its orders, locked."""
    found = orders_of(session, caller, number)
    if number in answer:
        parcel = parcels.asked(session, caller, number, answer[number])
    else:
        parcel = parcels.found(session, caller, [number]).get(number)
    if parcel is None:
        return None
    _tell(session, caller, parcel, found)
    if not found:
        parcel.look_at = None  # of no order that we know: there is nobody to tell
    return parcel, found


def _tell(session: Session, caller: Caller, parcel: Parcel, found: Sequence[Order]) -> None:
    read = parcels.reading(session, parcel)
    for order in found:
        before = order_view(session, order)
        order.tracking = {**order.tracking, parcel.tracking_number: read}
        order.delivered_at = order.delivered_at or mirror.last_arrival(order)
        session.flush()
        parcel_looks.plan(session, caller.store, order)
        mirror.tell(session, order, before)


def orders_of(session: Session, caller: Caller, number: str) -> Sequence[Order]:
    """The orders that a parcel belongs to, locked in one order always."""
    query = (
        select(Order)
        .join(TrackingNumber, TrackingNumber.order_id == Order.id)
        .where(
            TrackingNumber.store_id == caller.store_id,
            TrackingNumber.livemode == caller.livemode,
            TrackingNumber.number == number,
        )
        .order_by(Order.id)
    )
    found = session.scalars(query.with_for_update(of=Order)).all()
    # One that the shop has taken off its order again is no longer of it.
    return [order for order in found if number in {told["tracking_number"] for told in order.snapshot["shipments"]}]
