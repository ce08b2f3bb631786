"""Our mirror after a change that the shop has made: what it told us it would be, until it is read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import zip_longest
from typing import Any

from sqlalchemy.orm import Session

from app import clock, ids
from app.integrations.commerce.contract import SwapReceipt
from app.integrations.commerce.subscription_contract import SubscriptionReceipt
from app.integrations.receipts import Receipt
from app.models.changes import Change
from app.models.customers import Customer
from app.models.orders import Order, OrderLine
from app.models.stores import Store
from app.services import customers, events
from app.services.order_views import lines_of, order_view
from app.services.proofs import email_key, phone_key, postal_key

OUTDATED = timedelta(hours=1)
"""How old what we have worked out ourselves is said to be, so that the next reader asks the shop."""


def follow(session: Session, change: Change, order: Order | None, receipt: Receipt) -> None:
    """Write the change into our copy, with the event that tells what is different.

    Of swapped items the receipt may tell the shop's ids of the lines that they are now, of a subscription what it is.
    """
    if change.kind == "subscription":
        _subscription(change, receipt)
        return
    if order is None:
        _customer(session, change)
        return
    before = order_view(session, order)
    line_ids = receipt.line_ids if isinstance(receipt, SwapReceipt) else ()
    write: dict[str, Callable[[], None]] = {
        "address": lambda: _address(order, change.plan["address"]),
        "items": lambda: _items(session, order, change.plan["swaps"], line_ids),
        "payment_method": lambda: _payment_method(order),
    }
    write[change.kind]()
    session.flush()
    after = order_view(session, order)
    changed = {name: before[name] for name in before if name != "mirror" and before[name] != after[name]}
    if changed:
        events.record(session, "order.updated", order, after, previous=changed)


def _subscription(change: Change, receipt: Receipt) -> None:
    """Subscriptions have no copy here: the change keeps what the shop said, or that it said nothing."""
    told = receipt.subscription if isinstance(receipt, SubscriptionReceipt) else None
    kept = {**change.plan["subscription"], "status": "unknown"} if told is None else told.model_dump(mode="json")
    change.plan = {**change.plan, "subscription": kept}


def _address(order: Order, address: dict[str, Any]) -> None:
    order.snapshot = {**order.snapshot, "shipping_address": address}
    order.postal_key = postal_key(address["postal_code"]) if address["postal_code"] else None


def _payment_method(order: Order) -> None:
    order.snapshot = {**order.snapshot, "payment_changed": True}


def _items(session: Session, order: Order, swaps: list[dict[str, Any]], line_ids: Sequence[str]) -> None:
    """The lines as they are now.

    The part that left a line becomes one of its own; where the shop did not tell its id, once the shop is read again.
    """
    lines = {line.external_id: line for line in lines_of(session, order)}
    totals = dict(order.snapshot["totals"])
    for swap, line_id in zip_longest(swaps, line_ids[: len(swaps)]):
        line = lines[swap["line"]]
        if swap["quantity"] == swap["of"] and line_id in {None, line.external_id}:
            _become(line, swap)
        else:  # a part of it, or a shop that puts another line in its place
            line.quantity, line.total = swap["of"] - swap["quantity"], swap["kept_total"]
            line.discount, line.tax = swap["kept_discount"], swap["kept_tax"]
            if line_id is not None:
                _become(lines.get(line_id) or _beside(session, lines, line, line_id, swap["quantity"]), swap)
    difference = sum(swap["difference"] for swap in swaps)
    totals |= {"total": totals["total"] + difference, "items": totals["items"] + difference}
    order.snapshot = {**order.snapshot, "items_changed": True, "totals": totals}
    order.fetched_at -= OUTDATED


def _beside(session: Session, lines: dict[str, OrderLine], line: OrderLine, line_id: str, quantity: int) -> OrderLine:
    """A line of its own right after the one that it was a part of."""
    for other in lines.values():
        other.position += other.position > line.position
    made = lines[line_id] = OrderLine(
        id=ids.new("lin"),
        order_id=line.order_id,
        external_id=line_id,
        position=line.position + 1,
        quantity=quantity,
        fulfilled_quantity=0,
        final_sale=line.final_sale,
        data=line.data,
    )
    session.add(made)
    return made


def _become(line: OrderLine, swap: dict[str, Any]) -> None:
    line.title, line.unit_price = swap["title"], swap["price"]
    line.discount, line.tax, line.total = 0, swap["tax"], swap["total"]
    line.data = {**line.data, "variant_id": swap["variant_id"], "options": swap["options"], "paid": swap["total"]}


def _customer(session: Session, change: Change) -> None:
    customer = session.get_one(Customer, change.customer_id, with_for_update=True)
    store = session.get_one(Store, change.store_id)
    before = customers.view(customer)
    plan = change.plan
    if plan["address"] is not None:
        customer.addresses = [plan["address"], *customer.addresses[1:]]
    for name in ("email", "phone", "name"):
        if plan[name] is not None:
            setattr(customer, name, plan[name])
    customer.email_key = email_key(customer.email) if customer.email else None
    customer.phone_key = phone_key(customer.phone, store.country_code) if customer.phone else None
    customer.updated_at = clock.now()
    session.flush()
    shown = customers.view(customer)
    changed = {name: before[name] for name in before if before[name] != shown[name]}
    if changed:
        events.record(session, "customer.updated", customer, shown, previous=changed)
