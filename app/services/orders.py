"""Orders: found by any reference, read through the mirror, refreshed by one flight however many ask."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import NotOwner, OrderAmbiguous, OrderNotFound, ProviderUnavailable
from app.integrations.errors import ProviderError
from app.integrations.payments.contract import PaymentLedger
from app.models.orders import Order, OrderPayment
from app.services import mirror, order_flights
from app.services.callers import Caller
from app.services.order_views import payments_of
from app.services.proofs import email_key, order_number_key, phone_key, postal_key
from app.services.runtime import Runtime

Ledgers = dict[str, PaymentLedger]
"""The provider's truth per payment, by the provider's payment id."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What somebody claims to be reachable at."""

    email: str | None = None
    phone: str | None = None
    postal_code: str | None = None


async def load(runtime: Runtime, caller: Caller, ref: str, *, fresh: bool = False, tolerate: bool = False) -> str:
    """Our id of the order that `ref` names, its mirror young enough; `fresh` asks the shop whatever its age.

    With `tolerate` a shop that does not answer then leaves the mirror as it is, as where nothing fresh is wanted.
    Raises `order_not_found`, `order_ambiguous`, `not_owner` and, where the shop must be asked and does not answer,
    `provider_unavailable`.
    """
    found = await runtime.db.read(_resolve, caller, ref)
    if found is None:
        if ids.is_id(ref, "ord"):
            raise OrderNotFound
        await order_flights.fetch(runtime, caller, ref)
        found = await runtime.db.read(_resolve, caller, ref)
        if found is None:
            raise OrderNotFound
        return found.id
    age = (clock.now() - found.fetched_at).total_seconds()
    if fresh or age > runtime.settings.mirror_seconds:
        await order_flights.refresh(runtime, caller, found.external_id, tolerate=tolerate or not fresh)
    return found.id


def _resolve(session: Session, caller: Caller, ref: str) -> Order | None:
    """By our id, or by the shop's id and the number together; another shopper's is `not_owner`."""
    query = select(Order).where(Order.store_id == caller.store_id, Order.livemode == caller.livemode)
    if ids.is_id(ref, "ord"):
        query = query.where(Order.id == ref)
    else:
        query = query.where(or_(Order.external_id == ref, Order.number_key == order_number_key(ref)))
    rows = session.scalars(query.limit(3)).all()
    if len(rows) > 1:
        raise OrderAmbiguous
    if not rows:
        return None
    own(caller, rows[0])
    return rows[0]


def own(caller: Caller, order: Order) -> None:
    """Raise `not_owner` where a shopper acts and the order is another's."""
    if caller.shopper is not None and order.customer_id != caller.shopper:
        raise NotOwner


def get(session: Session, caller: Caller, order_id: str, *, lock: bool = False) -> Order:
    """The mirrored order by our id, ownership checked."""
    query = select(Order).where(
        Order.id == order_id, Order.store_id == caller.store_id, Order.livemode == caller.livemode
    )
    order = session.scalar(query.with_for_update() if lock else query)
    if order is None:
        raise OrderNotFound
    own(caller, order)
    return order


async def ledgers(runtime: Runtime, caller: Caller, order_id: str) -> Ledgers:
    """What the payment provider's own ledger says of every payment of the order; read before money is reserved."""
    payments = await runtime.db.read(_payment_ids, caller, order_id)
    provider = runtime.providers(caller).payments
    try:
        said = await asyncio.gather(*(provider.payment(payment) for payment in payments))
    except ProviderError as error:
        raise ProviderUnavailable from error
    found = {ledger.payment_id: ledger for ledger in said if ledger is not None}
    if len(found) != len(payments):
        raise ProviderUnavailable("The payment provider does not know a payment of this order.")
    return found


def _payment_ids(session: Session, caller: Caller, order_id: str) -> list[str]:
    return [payment.external_id for payment in payments_of(session, get(session, caller, order_id))]


def take_ledgers(payments: list[OrderPayment], said: Ledgers, ours: set[str]) -> None:
    """Write the provider's truth into the payments, under their lock."""
    if any(payment.external_id not in said for payment in payments):
        raise ProviderUnavailable("A payment has just been added to the order: ask again.")
    for payment in payments:
        mirror.take_ledger(payment, said[payment.external_id], ours)


def matches(order: Order, contact: Contact, country: str) -> bool:
    """Whether the contact is the one on the order: e-mail, phone or postal code."""
    pairs = (
        (order.email_key, email_key(contact.email) if contact.email else None),
        (order.phone_key, phone_key(contact.phone, country) if contact.phone else None),
        (order.postal_key, postal_key(contact.postal_code) if contact.postal_code else None),
    )
    return any(on_order is not None and on_order == claimed for on_order, claimed in pairs)


def view_facts(order: Order) -> dict[str, Any]:
    """The few facts that a hand-over shows of an order."""
    return {
        "id": order.id,
        "number": order.number,
        "status": order.status,
        "placed_at": clock.rfc3339(order.placed_at),
        "delivered_at": None if order.delivered_at is None else clock.rfc3339(order.delivered_at),
    }
