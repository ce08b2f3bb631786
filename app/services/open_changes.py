"""What is being changed, or was: kept apart so that refunds and cancellations can ask without knowing how."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app import clock
from app.database import UtcTime
from app.errors import ChangeInProgress
from app.integrations.commerce.contract import CustomerSnapshot, OrderSnapshot
from app.models.changes import OPEN, Change
from app.models.orders import READINGS_OVERLAP, Order

MOVING_MONEY = ("items", "payment_method")
ANY = ("address", *MOVING_MONEY)


def refuse(session: Session, order: Order, kinds: tuple[str, ...] = ANY) -> None:
    """Raise `change_in_progress` where a change of one of these kinds is open; ask under the order's lock."""
    query = select(Change.id).where(Change.order_id == order.id, Change.status.in_(OPEN), Change.kind.in_(kinds))
    if session.scalar(query.limit(1)) is not None:
        raise ChangeInProgress("A change of this order is still on its way: wait for it to end.")


_MADE = select(Change.kind).where(Change.order_id == bindparam("order"), Change.status == "succeeded")


def made(session: Session, order: Order) -> tuple[bool, bool]:
    """Whether items and payment method of the order were changed before, by the shop's word or by ours."""
    ours = set(session.scalars(_MADE, {"order": order.id}))
    said = order.snapshot
    return (
        bool(said.get("items_changed")) or "items" in ours,
        bool(said.get("payment_changed")) or "payment_method" in ours,
    )


def older(session: Session, order: Order, snapshot: OrderSnapshot) -> bool:
    """Whether this reading of the order is from before a change that the shop has just made."""
    recent = session.scalars(_RECENT_OF_ORDER, {"since": _since(), "of": order.id})
    return any(_contradicts(change, snapshot) for change in recent)


def older_customer(session: Session, customer_id: str, snapshot: CustomerSnapshot) -> bool:
    """The same of a customer."""
    shown = snapshot.model_dump(mode="json")
    for change in session.scalars(_RECENT_OF_CUSTOMER, {"since": _since(), "of": customer_id}):
        wanted = change.plan
        told = any(wanted.get(name) not in (None, shown[name]) for name in ("email", "phone", "name"))
        address = wanted.get("address")
        if told or (address is not None and address not in shown["addresses"]):
            return True
    return False


_RECENT = select(Change).where(Change.status == "succeeded", Change.settled_at > bindparam("since", type_=UtcTime))
"""What ended well so lately that a reading begun before it may still arrive; built once, as every reading asks."""
_RECENT_OF_ORDER = _RECENT.where(Change.order_id == bindparam("of"))
_RECENT_OF_CUSTOMER = _RECENT.where(Change.kind == "customer", Change.customer_id == bindparam("of"))


def _since() -> datetime:
    return clock.now() - READINGS_OVERLAP


def _contradicts(change: Change, snapshot: OrderSnapshot) -> bool:
    if change.kind == "address":
        shown = snapshot.shipping_address
        return shown is None or shown.model_dump(mode="json") != change.plan["address"]
    if change.kind != "items":
        return False
    variants = {line.external_id: (line.variant_id, line.quantity) for line in snapshot.lines}
    for swap in cast("list[dict[str, Any]]", change.plan["swaps"]):
        variant, quantity = variants.get(swap["line"], (None, 0))
        untouched = variant == swap["old_variant_id"] and quantity == swap["of"]
        if untouched:
            return True
    return False
