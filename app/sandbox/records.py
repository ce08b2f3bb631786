"""Payouts and changes out of a document, under the order or the customer that they hang on."""

import sqlite3
from typing import Any

from app.sandbox.imports import ChangeRecordIn
from app.sandbox.store import dumps, next_position

_OUTER = {"id", "kind", "at", "key"}
Document = dict[str, Any]


def insert_payouts(db: sqlite3.Connection, shop: str, order_id: str | None, payouts: list[Document]) -> None:
    """Keep payouts as exported; `order_id` None for those that hang on none."""
    for payout in payouts:
        values = payout | {"place": payout["place"] or 0, "shop": shop, "order_id": order_id}
        db.execute(
            "INSERT INTO payouts (shop, id, position, order_id, customer_id, payment_method_id, key, amount, currency,"
            " status, reason, at, place, failure_code) VALUES (:shop, :id, :position, :order_id, :customer_id,"
            " :payment_method_id, :key, :amount, :currency, :status, :reason, :at, :place, :failure_code)",
            values | {"position": next_position(db, "payouts", shop)},
        )


def insert_changes(
    db: sqlite3.Connection, shop: str, changes: list[ChangeRecordIn], *, order_id: str | None, customer_id: str | None
) -> None:
    """Keep changes as exported, of an order or of a customer."""
    for change in changes:
        # What a change does not have, its document does not hold: an address keeps its empty fields.
        body = {name: value for name, value in change.model_dump(exclude=_OUTER).items() if value not in (None, [])}
        db.execute(
            "INSERT INTO changes (shop, id, position, order_id, customer_id, key, kind, at, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                shop,
                change.id,
                next_position(db, "changes", shop),
                order_id,
                customer_id,
                change.key,
                change.kind,
                change.at,
                dumps(body),
            ),
        )
