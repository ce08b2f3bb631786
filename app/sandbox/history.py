"""In which order an order's money moved: payments, refunds and payouts share one row of places, from 0."""

import sqlite3
from typing import Any

from app.sandbox.store import one

KINDS = ("payments", "refunds", "payouts")


def next_place(db: sqlite3.Connection, shop: str, order_id: str) -> int:
    """The place after the last movement on the order."""
    row = one(
        db,
        "SELECT max(place) AS last FROM (SELECT place FROM payments WHERE shop = ? AND order_id = ?"
        " UNION ALL SELECT r.place FROM refunds r JOIN payments p ON p.shop = r.shop AND p.id = r.payment_id"
        " WHERE r.shop = ? AND p.order_id = ?"
        " UNION ALL SELECT place FROM payouts WHERE shop = ? AND order_id = ?)",
        *(shop, order_id) * 3,
    )
    return 0 if row is None or row["last"] is None else int(row["last"]) + 1


def number(order: dict[str, Any]) -> None:
    """Give every movement of the order its place.

    Those without one come last: payments, then refunds, then payouts.
    """
    moved = [entry for kind in KINDS for entry in order[kind]]
    # The sort is stable: what says nothing keeps the order in which it was written.
    for place, entry in enumerate(sorted(moved, key=lambda entry: (entry["place"] is None, entry["place"] or 0))):
        entry["place"] = place
