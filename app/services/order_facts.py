"""What the guard is told of an order, whatever is asked for, and when its lines arrived."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.models.orders import Order, OrderLine


def order_facts(order: Order) -> dict[str, Any]:
    """Status, dates, market, tags, total and currency, as fields of `Facts`."""
    address: dict[str, str | None] = order.snapshot.get("shipping_address") or {}
    return {
        "order_status": order.status,
        "placed_at": order.placed_at,
        "delivered_at": order.delivered_at,
        "market": address.get("country_code"),
        "order_tags": tuple(order.snapshot.get("tags") or ()),
        "order_total": int(order.snapshot["totals"]["total"]),
        "currency": order.currency,
    }


def arrived_at(order: Order, line: OrderLine) -> datetime | None:
    """When the last parcel with this line was delivered, by the carrier's word; None where it does not say."""
    return arrivals(order).get(line.external_id)


def arrivals(order: Order) -> dict[str, datetime | None]:
    """The same of every line that is in a parcel, by the shop's id."""
    found: dict[str, datetime | None] = {}
    for parcel in order.snapshot.get("shipments") or ():
        said: dict[str, Any] = order.tracking.get(parcel["tracking_number"] or "") or {}
        told = said.get("delivered_at")
        moment = None if told is None else datetime.fromisoformat(told)
        for line in parcel["line_ids"]:
            before = found.get(line, moment)
            found[line] = None if moment is None or before is None else max(before, moment)
    return found
