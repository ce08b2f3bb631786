"""Write what the shop and the carrier say of an order into our mirror."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, ids
from app.database import insert_missing
from app.integrations.carriers.contract import Tracking
from app.integrations.commerce.contract import OrderSnapshot
from app.models.orders import Order, OrderLine, OrderPayment, TrackingNumber
from app.services import customers, events, open_changes, outside_refunds
from app.services.callers import Caller
from app.services.ledgers import Ledger, note_outside
from app.services.order_views import order_view
from app.services.proofs import email_key, order_number_key, phone_key, postal_key


def store(session: Session, caller: Caller, snapshot: OrderSnapshot, tracking: dict[str, Tracking | None]) -> Order:
    """Bring our copy of an order up to the shop's answer; what changed is one event."""
    customer = customers.mirror(session, caller, snapshot.customer) if snapshot.customer else None
    shown = snapshot.model_dump(mode="json", exclude={"customer"})
    fields = _fields(caller, snapshot, customer.id if customer else None)
    known = find_external(session, caller, snapshot.external_id)
    if known is not None:
        shown["refunds"] = outside_refunds.remembered(known, shown["refunds"])
    created = known is None and _insert(session, caller, snapshot.external_id, shown, fields)
    order = find_external(session, caller, snapshot.external_id, lock=True)
    assert order is not None
    if order.status == "canceled" and snapshot.status != "canceled":
        return order  # an answer from before the cancellation: nothing comes back from canceled
    if not created and _same(order, shown, fields, tracking) and not Ledger.of(session, order).refunds:
        order.fetched_at = clock.now()  # nothing is new, and no money of ours moved meanwhile
        session.flush()
        return order
    if not created and open_changes.older(session, order, snapshot):
        return order
    before = None if created else order_view(session, order)
    for name, value in fields.items():
        setattr(order, name, value)
    order.snapshot = shown
    order.tracking = _merged(order.tracking, tracking)
    order.delivered_at = snapshot.delivered_at or _delivered(order)
    order.fetched_at = clock.now()
    _lines(session, order, snapshot)
    _payments(session, order, snapshot)
    for parcel in snapshot.shipments:
        if parcel.tracking_number:
            key = {"store_id": order.store_id, "livemode": order.livemode}
            insert_missing(session, TrackingNumber, {**key, "number": parcel.tracking_number, "order_id": order.id})
    session.flush()
    _tell(session, order, before)
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


def _tell(session: Session, order: Order, before: dict[str, Any] | None) -> None:
    """One event of what has changed since `before`; None: the order is new."""
    after = order_view(session, order)
    if before is None:
        events.record(session, "order.created", order, after)
        return
    changed = {name: before[name] for name in before if name != "mirror" and before[name] != after[name]}
    if changed:
        events.record(session, "order.updated", order, after, previous=changed)


def _same(order: Order, shown: dict[str, Any], fields: dict[str, Any], tracking: dict[str, Tracking | None]) -> bool:
    """Whether shop and carrier say what they said before."""
    told = {name: value for name, value in fields.items() if name != "delivered_at"}  # a carrier's scan may tell it
    kept = all(getattr(order, name) == value for name, value in told.items())
    return kept and order.snapshot == shown and order.tracking == _merged(order.tracking, tracking)


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
    query = select(Order).where(
        Order.store_id == caller.store_id, Order.livemode == caller.livemode, Order.external_id == external_id
    )
    return session.scalar(query.with_for_update() if lock else query)


def _merged(known: dict[str, Any], tracking: dict[str, Tracking | None]) -> dict[str, Any]:
    """The carrier's newest answer per number; where it did not answer, what it said before stays."""
    return {
        **known,
        **{number: said.model_dump(mode="json") for number, said in tracking.items() if said is not None},
    }


def _delivered(order: Order) -> Any:
    """The day of the last parcel, once every parcel of the order has arrived."""
    numbers = [parcel["tracking_number"] for parcel in order.snapshot["shipments"] if parcel["tracking_number"]]
    known = [Tracking.model_validate(order.tracking[number]) for number in numbers if number in order.tracking]
    if order.status != "delivered" or len(known) != len(numbers):
        return None
    moments = [said.delivered_at for said in known if said.delivered_at is not None]
    return max(moments) if moments and len(moments) == len(numbers) else None


def _lines(session: Session, order: Order, snapshot: OrderSnapshot) -> None:
    known = {
        line.external_id: line for line in session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))
    }
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


def _payments(session: Session, order: Order, snapshot: OrderSnapshot) -> None:
    rows = session.scalars(select(OrderPayment).where(OrderPayment.order_id == order.id)).all()
    known = {payment.external_id: payment for payment in rows}
    ledger = Ledger.of(session, order)
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
        # Ours that are on their way make the shop's sum ambiguous: then only the ledger can tell.
        if not ledger.reserved.get(row.id):
            note_outside(row, max(0, payment.refunded - ledger.refunded.get(row.id, 0)))
