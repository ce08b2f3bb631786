"""What was erased and may be sent once more: known by its hash, and kept bare when it comes."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.integrations.commerce.contract import OrderSnapshot
from app.models.customers import Customer
from app.models.erasures import Erasure
from app.models.stores import Store
from app.services.callers import Caller
from app.services.proofs import email_key

ERASED = "[erased]"
"""What stands where a text was that cannot be empty."""


def key(store: Store, kind: str, value: str) -> str:
    """The name of a tombstone: `person` (our id), `customer` and `order` (the shop's ids), `email` (its key)."""
    return hmac.new(store.cursor_secret.encode(), f"{kind}\x00{value}".encode(), hashlib.sha256).hexdigest()


def message_id(store: Store, channel: str, external_id: str) -> str:
    """What stands for the channel's own id of a message that was erased: sent again, it is known, and stays away."""
    return "erased:" + key(store, f"message:{channel}", external_id)


_OF = select(Erasure).where(
    Erasure.store_id == bindparam("store"),
    Erasure.livemode == bindparam("mode"),
    Erasure.key.in_(bindparam("keys", expanding=True)),
)


def find(session: Session, caller: Caller, *keys: str) -> dict[str, Erasure]:
    """The tombstones with these names."""
    named = {"store": caller.store_id, "mode": caller.livemode, "keys": keys}
    return {row.key: row for row in session.scalars(_OF, named)}


def of_customer(session: Session, caller: Caller, external_id: str) -> Customer | None:
    """The empty row of an erased person, by the shop's id."""
    name = key(caller.store, "customer", external_id)
    row = find(session, caller, name).get(name)
    return None if row is None else session.get(Customer, row.customer_id)


def of_order(session: Session, caller: Caller, snapshot: OrderSnapshot) -> Erasure | None:
    """The tombstone over an order: it was erased itself, or its customer was after it had been placed."""
    customer = snapshot.customer
    email = snapshot.email or (customer.email if customer else None)
    address = email_key(email) if email else None
    itself = key(caller.store, "order", snapshot.external_id)
    persons = [key(caller.store, "customer", customer.external_id)] if customer else []
    persons += [key(caller.store, "email", address)] if address else []
    found = find(session, caller, itself, *persons)
    if itself in found:
        return found[itself]
    return next((row for row in found.values() if _before(snapshot.placed_at, row.at)), None)


def _before(placed_at: datetime, erased_at: datetime) -> bool:
    return placed_at <= erased_at


def bare(snapshot: OrderSnapshot) -> OrderSnapshot:
    """The order without the person: what was bought, paid and refunded, when, and how far it is."""
    none: dict[str, Any] = {"customer": None, "email": None, "phone": None, "shipping_address": None, "locale": None}
    lines = [line.model_copy(update={"options": {}}) for line in snapshot.lines]
    paid = {"label": ERASED, "payment_method_id": None}
    payments = [payment.model_copy(update=paid) for payment in snapshot.payments]
    parcels = [
        parcel.model_copy(update={"tracking_number": None, "tracking_url": None}) for parcel in snapshot.shipments
    ]
    lists = {"lines": tuple(lines), "payments": tuple(payments), "shipments": tuple(parcels), "tags": ()}
    return snapshot.model_copy(update={**none, **lists})
