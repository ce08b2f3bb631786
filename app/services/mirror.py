"""Write what the shop and the carrier say of an order into our mirror."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, bindparam, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.database import insert_missing
from app.integrations.carriers.contract import Tracking
from app.integrations.commerce.contract import OrderSnapshot, PaymentSnapshot
from app.models.orders import Order, OrderLine, OrderPayment, TrackingNumber
from app.services import (
    customers,
    events,
    open_changes,
    outside_refunds,
    parcel_looks,
    parcel_subscriptions,
    parcels,
    shop_texts,
    tombstones,
)
from app.services.callers import Caller
from app.services.ledgers import Ledger, has_refunds, note_outside
from app.services.order_views import every_line_of, order_view, payments_of
from app.services.parcel_scans import number_of
from app.services.parcels import Reading
from app.services.proofs import email_key, order_number_key, phone_key, postal_key
from app.services.shipments import OVER


def store(session: Session, caller: Caller, snapshot: OrderSnapshot, tracking: dict[str, Tracking | None]) -> Order:
    """Bring our copy of an order up to the shop's answer; what changed is one event.

    `tracking`: what the carrier has answered for the numbers that it was asked about; None: it does not know one.
    """
    snapshot = shop_texts.of_order(_with_clean_numbers(snapshot))
    erased = tombstones.of_order(session, caller, snapshot)
    if erased is not None:
        snapshot = tombstones.bare(snapshot)
    customer = customers.mirror(session, caller, snapshot.customer, anew=True) if snapshot.customer else None
    whose = customer.id if customer else erased.customer_id if erased is not None else None
    shown = snapshot.model_dump(mode="json", exclude={"customer"})
    fields = _fields(caller, snapshot, whose)
    order = find_external(session, caller, snapshot.external_id, lock=True)
    created = order is None and _insert(session, caller, snapshot.external_id, shown, fields)
    order = order or find_external(session, caller, snapshot.external_id, lock=True)
    assert order is not None
    shown["refunds"] = outside_refunds.remembered(order, shown["refunds"])
    if order.status == "canceled" and snapshot.status != "canceled":
        return order  # an answer from before the cancellation: nothing comes back from canceled
    read = _read(session, caller, order, snapshot, tracking)
    if not created and _same(order, shown, fields, read) and not _money_moved(session, order, snapshot):
        order.tracking = read  # nothing is new but when the carrier was asked
        order.fetched_at = clock.now()
        session.flush()
        return order
    if not created and open_changes.older(session, order, snapshot):
        return order
    before = None if created else order_view(session, order)
    for name, value in fields.items():
        setattr(order, name, value)
    order.snapshot = shown
    order.tracking = read
    order.delivered_at = snapshot.delivered_at or last_arrival(order)
    order.fetched_at = clock.now()
    if not created:
        session.flush()
    _lines(session, order, snapshot, [] if created else every_line_of(session, order))
    _payments(session, order, snapshot, [] if created else payments_of(session, order))
    for parcel in snapshot.shipments:
        if parcel.tracking_number:
            key = {"store_id": order.store_id, "livemode": order.livemode}
            insert_missing(session, TrackingNumber, {**key, "number": parcel.tracking_number, "order_id": order.id})
    session.flush()
    if order.status not in OVER:
        numbers = [parcel.tracking_number for parcel in snapshot.shipments]
        parcel_subscriptions.want(session, caller.store, numbers, livemode=order.livemode)
    parcel_looks.plan(session, caller.store, order)
    tell(session, order, before)
    return order


def _insert(session: Session, caller: Caller, external_id: str, shown: dict[str, Any], fields: dict[str, Any]) -> bool:
    """Write an order that we have not seen yet; False where a rival was faster."""
    row = {
        "id": ids.new("ord"),
        "store_id": caller.store_id,
        "livemode": caller.livemode,
        "external_id": external_id,
        "event_sequence": 0,
        "created_at": clock.now(),
        "snapshot": shown,
        "tracking": {},
        "fetched_at": clock.now(),
        **fields,
    }
    return insert_missing(session, Order, row)


def tell(session: Session, order: Order, before: dict[str, Any] | None) -> None:
    """One event of what has changed since `before`; None: the order is new."""
    after = order_view(session, order)
    if before is None:
        events.record(session, "order.created", order, after)
        return
    changed = {name: before[name] for name in before if name != "mirror" and before[name] != after[name]}
    if changed:
        events.record(session, "order.updated", order, after, previous=changed)


def _same(order: Order, shown: dict[str, Any], fields: dict[str, Any], read: dict[str, Reading]) -> bool:
    """Whether shop and carrier say what they said before."""
    told = {name: value for name, value in fields.items() if name != "delivered_at"}  # a carrier's scan may tell it
    kept = all(getattr(order, name) == value for name, value in told.items())
    return kept and order.snapshot == shown and _heard(order.tracking) == _heard(read)


def _money_moved(session: Session, order: Order, snapshot: OrderSnapshot) -> bool:
    """Whether the shop's sums tell something new of the payments, now that ours may have been paid back meanwhile."""
    if not has_refunds(session, order):
        return False
    ledger, said = Ledger.of(session, order), {payment.external_id: payment for payment in snapshot.payments}

    def same(row: OrderPayment) -> bool:
        told = said.get(row.external_id)
        return (
            told is not None
            and row.captured == told.captured
            and _outside(ledger, row, told) in {None, row.refunded_outside}
        )

    return not all(same(row) for row in payments_of(session, order))


def _outside(ledger: Ledger, row: OrderPayment, told: PaymentSnapshot) -> int | None:
    """What the shop's sum says was refunded elsewhere, minor units.

    None while refunds of ours are on their way: they make that sum ambiguous, and only the provider's ledger can tell.
    """
    return None if ledger.reserved.get(row.id) else max(0, told.refunded - ledger.refunded.get(row.id, 0))


def _heard(read: dict[str, Reading]) -> dict[str, Reading]:
    return {number: {**said, "asked_at": None} for number, said in read.items()}


def keys(caller: Caller, snapshot: OrderSnapshot) -> dict[str, str | None]:
    """What of an order others name it by, and prove that it is theirs by."""
    email = snapshot.email or (snapshot.customer.email if snapshot.customer else None)
    phone = snapshot.phone or (snapshot.customer.phone if snapshot.customer else None)
    postal = snapshot.shipping_address.postal_code if snapshot.shipping_address else None
    return {
        "number_key": order_number_key(snapshot.number) or snapshot.number,
        "email_key": email_key(email) if email else None,
        "phone_key": phone_key(phone, caller.store.country_code) if phone else None,
        "postal_key": postal_key(postal) if postal else None,
    }


def _fields(caller: Caller, snapshot: OrderSnapshot, customer_id: str | None) -> dict[str, Any]:
    return {
        **keys(caller, snapshot),
        "number": snapshot.number,
        "customer_id": customer_id,
        "status": snapshot.status,
        "currency": snapshot.currency,
        "placed_at": snapshot.placed_at,
        "delivered_at": snapshot.delivered_at,
        "canceled_at": snapshot.canceled_at,
    }


def find_external(session: Session, caller: Caller, external_id: str, *, lock: bool = False) -> Order | None:
    """Our copy of the shop's order with that id."""
    named = {"store": caller.store_id, "mode": caller.livemode, "named": external_id}
    return session.scalar(_LOCKED if lock else _NAMED, named)


# Built once: every reading of an order asks it.
_NAMED = select(Order).where(
    Order.store_id == bindparam("store"),
    Order.livemode == bindparam("mode", type_=Boolean),
    Order.external_id == bindparam("named"),
)
_LOCKED = _NAMED.with_for_update()


def _with_clean_numbers(snapshot: OrderSnapshot) -> OrderSnapshot:
    """What a shop writes for a tracking number may be anything; what cannot be one is none."""
    kept = [
        parcel.model_copy(update={"tracking_number": number_of(parcel.tracking_number)})
        for parcel in snapshot.shipments
    ]
    return snapshot.model_copy(update={"shipments": tuple(kept)})


def _read(
    session: Session, caller: Caller, order: Order, snapshot: OrderSnapshot, tracking: dict[str, Tracking | None]
) -> dict[str, Reading]:
    """Keep what the carrier has answered; what is known of every parcel of the order now.

    A number that somebody asked a carrier about by another spelling is that number.
    """
    answers = {number_of(number): said for number, said in tracking.items()}
    numbers = sorted({parcel.tracking_number for parcel in snapshot.shipments if parcel.tracking_number})
    known = parcels.found(session, caller, [number for number in numbers if number not in answers])
    read = {number: order.tracking[number] for number in numbers if number in order.tracking}
    for number in numbers:
        parcel = parcels.asked(session, caller, number, answers[number]) if number in answers else known.get(number)
        if parcel is not None:
            read[number] = parcels.reading(session, parcel)
    return read


def last_arrival(order: Order) -> datetime | None:
    """The moment of the last parcel, once every parcel of the order has arrived."""
    numbers = [parcel["tracking_number"] for parcel in order.snapshot["shipments"] if parcel["tracking_number"]]
    if order.status != "delivered":
        return None
    moments: list[str | None] = [order.tracking.get(number, {}).get("delivered_at") for number in numbers]
    told = [datetime.fromisoformat(moment) for moment in moments if moment is not None]
    return max(told) if told and len(told) == len(numbers) else None


def _lines(session: Session, order: Order, snapshot: OrderSnapshot, rows: Iterable[OrderLine]) -> None:
    known = {line.external_id: line for line in rows}
    for position, line in enumerate(snapshot.lines):
        fields: dict[str, Any] = {
            "position": position,
            "title": line.title,
            "quantity": line.quantity,
            "fulfilled_quantity": line.fulfilled_quantity,
            "unit_price": line.unit_price,
            "discount": line.discount,
            "tax": line.tax,
            "total": line.total,
            "final_sale": line.final_sale,
            "data": {
                "product_id": line.product_id,
                "variant_id": line.variant_id,
                "options": line.options,
                "tags": list(line.tags),
            },
        }
        row = known.get(line.external_id)
        paid = None if row is None or row.data["variant_id"] != line.variant_id else row.data.get("paid")
        if paid is not None:  # swapped through us: what was paid for it bounds it, whatever the shop's price says
            fields["total"], fields["data"]["paid"] = min(line.total, paid), paid
        if row is None:
            session.add(OrderLine(id=ids.new("lin"), order_id=order.id, external_id=line.external_id, **fields))
        else:
            for name, value in fields.items():
                setattr(row, name, value)


def _payments(session: Session, order: Order, snapshot: OrderSnapshot, rows: Iterable[OrderPayment]) -> None:
    known = {payment.external_id: payment for payment in rows}
    ledger = Ledger.of(session, order) if known else Ledger()
    for position, payment in enumerate(snapshot.payments):
        fields: dict[str, Any] = {
            "position": position,
            "kind": payment.kind,
            "label": payment.label,
            "payment_method_id": payment.payment_method_id,
            "currency": payment.currency,
        }
        row = known.get(payment.external_id)
        if row is None:
            session.add(
                OrderPayment(
                    id=ids.new("pay"),
                    order_id=order.id,
                    external_id=payment.external_id,
                    captured=payment.captured,
                    refunded_outside=payment.refunded,
                    **fields,
                )
            )
            continue
        for name, value in fields.items():
            setattr(row, name, value)
        row.captured = payment.captured
        if (outside := _outside(ledger, row, payment)) is not None:
            note_outside(row, outside)
