"""Where an order is: in parts, and in one sentence of the shopper's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Table, bindparam, or_, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.models.claims import Claim
from app.models.customers import Customer
from app.models.orders import Order, OrderLine, OrderPayment
from app.models.refunds import Refund
from app.models.returns import Return
from app.models.stores import Store
from app.services import order_flights, order_summaries, orders, shipments, stores
from app.services.callers import Caller
from app.services.ledgers import Ledger
from app.services.order_summaries import Subject
from app.services.order_views import lines_of, mirror_view, money, payment_status, payments_of
from app.services.proofs import order_number_key
from app.services.runtime import Runtime
from app.services.wording import language_of, spoken
from app.statements import Read

# Built once: this is what shoppers ask most.
_RETURNS = select(Return).where(Return.order_id == bindparam("order")).order_by(Return.id)
_REFUNDS = select(Refund).where(Refund.order_id == bindparam("order")).order_by(Refund.id)
_CLAIMS = select(Claim).where(Claim.order_id == bindparam("order")).order_by(Claim.id)


def of(session: Session, caller: Caller, order_id: str, locale: str | None) -> dict[str, Any]:
    """The contract's `status`: no name and no address, so that level 1 of proof is enough.

    `locale`, else the order's own, its customer's or the store's says in which language the summary is.
    """
    order = orders.get(session, caller, order_id)
    lines, ledger = lines_of(session, order), Ledger.of(session, order)
    # Most orders have neither, and the ledger has looked.
    at: dict[str, Any] = {"order": order.id}
    returns: Sequence[Return] = session.scalars(_RETURNS, at).all() if ledger.returns else ()
    refunds: Sequence[Refund] = session.scalars(_REFUNDS, at).all() if ledger.refunds else ()
    complaints = session.scalars(_CLAIMS, at).all()
    wanted = _language(session, order, caller.store, locale)
    hanging = _Hanging(ledger, returns, refunds, complaints)
    return _status(order, caller.store, lines, payments_of(session, order), hanging, wanted)


@dataclass(frozen=True, slots=True)
class _Hanging:
    """What has happened to an order beside what the shop tells."""

    ledger: Ledger = field(default_factory=Ledger)
    returns: Sequence[Return] = ()
    refunds: Sequence[Refund] = ()
    complaints: Sequence[Claim] = ()


def _status(
    order: Order, store: Store, lines: list[Any], payments: Sequence[Any], hanging: _Hanging, wanted: str
) -> dict[str, Any]:
    ledger, refunds = hanging.ledger, hanging.refunds
    subject = _subject(order, store, lines, ledger, refunds[-1] if refunds else None)
    refunded = sum(ledger.refunded.get(row.id, 0) + row.refunded_outside for row in payments)
    captured = sum(row.captured for row in payments)
    return {
        "order": _head(order),
        "payment": payment_status(order.snapshot["payment_status"], captured, refunded),
        "fulfillment": order.snapshot["fulfillment_status"],
        "shipments": shipments.viewed(subject.parcels, lines),
        "returns": [{"id": row.id, "rma": row.rma, "status": row.status} for row in hanging.returns],
        "refunds": [{"id": row.id, "status": row.status, "amount": money(row.amount, row.currency)} for row in refunds],
        "complaints": [
            {"id": row.id, "status": row.status, "resolution": row.resolution} for row in hanging.complaints
        ],
        "delayed": subject.delay is not None,
        "delay_reason": None if subject.delay is None else subject.delay.reason,
        "summary": order_summaries.told(subject, wanted),
        "locale": wanted,
    }


def _of(model: Any) -> Table:
    return cast("Table", model.__table__)


_ORDER, _LINE, _PAYMENT = _of(Order), _of(OrderLine), _of(OrderPayment)
_HEAD = select(
    *(
        _ORDER.c[name]
        for name in ("id", "external_id", "number", "customer_id", "status", "placed_at", "delivered_at",
                     "canceled_at", "snapshot", "tracking", "fetched_at")
    )
).where(_ORDER.c.store_id == bindparam("store_id"), _ORDER.c.livemode == bindparam("livemode"))  # fmt: skip
_HANGING = [select(_of(model).c.id).where(_of(model).c.order_id == _ORDER.c.id) for model in (Refund, Return, Claim)]
_LISTS: dict[str, Any] = {
    "lines": select(_LINE.c.id, _LINE.c.external_id, _LINE.c.quantity, _LINE.c.fulfilled_quantity)
    .where(_LINE.c.order_id == _ORDER.c.id)
    .order_by(_LINE.c.position),
    "payments": select(_PAYMENT.c.id, _PAYMENT.c.captured, _PAYMENT.c.refunded_outside).where(
        _PAYMENT.c.order_id == _ORDER.c.id
    ),
    "customer": select(_of(Customer).c.locale).where(_of(Customer).c.id == _ORDER.c.customer_id),
    "caller": stores.AS_IT_IS,
    **{f"hanging_{at}": query.limit(1) for at, query in enumerate(_HANGING)},
}
_BY_ID = Read(_HEAD.where(_ORDER.c.id == bindparam("ref")), of=_ORDER, **_LISTS)
_BY_NAME = Read(
    _HEAD.where(or_(_ORDER.c.external_id == bindparam("ref"), _ORDER.c.number_key == bindparam("key"))).limit(2),
    of=_ORDER,
    **_LISTS,
)


def mirrored(ref: str) -> Read:
    """The statement that reads the order `ref` with what `untouched` shows of it, and the key that asks."""
    return _BY_ID if ids.is_id(ref, "ord") else _BY_NAME


def named(caller: Caller, ref: str) -> dict[str, Any]:
    """Its values but for the key's."""
    of = {"ref": ref, "key": order_number_key(ref)}
    return {**of, "store_id": caller.store_id, "livemode": caller.livemode}


def untouched(runtime: Runtime, caller: Caller, ref: str, row: dict[str, Any]) -> dict[str, Any] | None:
    """`of`, in the order's language, of an order as it is most often: its mirror young, nothing of ours hanging on it.

    None where anything is otherwise.
    """
    order: Any = SimpleNamespace(**row)
    lately = ids.is_id(ref, "ord") or order_flights.asked_lately(caller, ref, runtime.settings.mirror_seconds)
    if not lately or orders.aged(runtime, order) or any(row[f"hanging_{at}"] for at in range(len(_HANGING))):
        return None
    if any(back["lines"] for back in order.snapshot.get("refunds") or ()):
        return None
    lines = [SimpleNamespace(**line) for line in row["lines"]]
    payments = [SimpleNamespace(**payment) for payment in row["payments"]]
    theirs = row["customer"][0]["locale"] if row["customer"] else None
    wanted = spoken(order.snapshot.get("locale")) or language_of(theirs, caller.store.locale)
    return _status(order, caller.store, lines, payments, _Hanging(), wanted)


_NEWEST = select(Refund).where(Refund.order_id == bindparam("order")).order_by(Refund.id.desc()).limit(1)


def summary(session: Session, store: Store, order: Order, language: str) -> str:
    """The newest thing that matters to the shopper, as every door tells it."""
    newest = session.scalar(_NEWEST, {"order": order.id})
    return order_summaries.told(
        _subject(order, store, lines_of(session, order), Ledger.of(session, order), newest), language
    )


def _subject(order: Order, store: Store, lines: list[Any], ledger: Ledger, newest: Refund | None) -> Subject:
    parcels = shipments.shipments_of(order, store)
    unsent = shipments.unsent_items(order, lines, ledger)
    return Subject(order, store, parcels, unsent, shipments.order_delay(order, store, parcels, unsent), newest)


def _language(session: Session, order: Order, store: Store, locale: str | None) -> str:
    first = spoken(locale) or spoken(order.snapshot.get("locale"))
    if first is not None:
        return first
    customer = session.get(Customer, order.customer_id) if order.customer_id else None
    return language_of(customer.locale if customer is not None else None, store.locale)


def _head(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "external_id": order.external_id,
        "number": order.number,
        "status": order.status,
        "placed_at": clock.rfc3339(order.placed_at),
        "delivered_at": None if order.delivered_at is None else clock.rfc3339(order.delivered_at),
        "canceled_at": None if order.canceled_at is None else clock.rfc3339(order.canceled_at),
        "mirror": mirror_view(order),
    }
