"""What the guard is told of an order, whatever is asked for."""

from __future__ import annotations

from typing import Any

from app.models.orders import Order


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
