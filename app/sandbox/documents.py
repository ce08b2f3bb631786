"""A whole shop in: what `exports` writes and this takes in again exports the same."""

import sqlite3
from typing import Any

from app.sandbox.carrier import add_scan, insert_label, open_parcel
from app.sandbox.history import KINDS, number
from app.sandbox.imports import CustomerIn, LabelRecordIn, OrderIn, ShopIn
from app.sandbox.records import insert_changes, insert_payouts
from app.sandbox.shop import email_form, microseconds, number_form, phone_form
from app.sandbox.store import SHOP_TABLES, dumps, ensure_shop, now_us, one
from app.sandbox.subscription_records import insert_subscriptions


def replace(db: sqlite3.Connection, shop: str, parsed: ShopIn, raw: str) -> None:
    """Put `parsed` in the place of all that the shop holds; its ledger begins a new epoch, nothing of it is lost."""
    ensure_shop(db, shop)
    for table in SHOP_TABLES:
        db.execute(f"DELETE FROM {table} WHERE shop = ?", (shop,))  # noqa: S608 - our own table names
    db.execute(
        "UPDATE shops SET epoch = epoch + 1, imported = ?, settings = ? WHERE name = ?",
        (raw, dumps(parsed.settings.model_dump()), shop),
    )
    db.executemany(
        "INSERT INTO products (shop, id, position, body) VALUES (?, ?, ?, ?)",
        [(shop, item.id, place, dumps(item.model_dump())) for place, item in enumerate(parsed.products)],
    )
    for place, customer in enumerate(parsed.customers):
        _insert_customer(db, shop, place, customer)
    contacts = {item.id: (item.email, item.phone) for item in parsed.customers}
    refunds = 0
    for place, order in enumerate(parsed.orders):
        _insert_order(db, shop, place, order, contacts.get(order.customer_id or "", (None, None)), refunds)
        refunds += len(order.refunds)
    for label in parsed.labels:
        _insert_label(db, shop, label)
    insert_subscriptions(db, shop, parsed.subscriptions)


def _insert_customer(db: sqlite3.Connection, shop: str, place: int, customer: CustomerIn) -> None:
    body = customer.model_dump(exclude={"payouts", "changes"})
    db.execute(
        "INSERT INTO customers (shop, id, position, email, phone, body) VALUES (?, ?, ?, ?, ?, ?)",
        (shop, customer.id, place, email_form(customer.email), phone_form(customer.phone), dumps(body)),
    )
    insert_payouts(db, shop, None, [payout.model_dump() for payout in customer.payouts])
    insert_changes(db, shop, customer.changes, order_id=None, customer_id=customer.id)


def _insert_order(
    db: sqlite3.Connection, shop: str, place: int, order: OrderIn, contact: tuple[str | None, str | None], refunds: int
) -> None:
    body = order.model_dump(exclude={"changes"})
    number(body)
    moved = {kind: body.pop(kind) for kind in KINDS}
    for shipment in body["shipments"]:
        open_parcel(db, shop, shipment["tracking_number"], shipment["carrier"], shipment["eta"])
        for scan in shipment.pop("scans"):
            add_scan(db, shop, shipment["tracking_number"], scan)
    db.execute(
        "INSERT INTO orders (shop, id, position, number, customer_id, email, phone, placed_us, cancel_key, body,"
        " changed_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            shop,
            order.id,
            place,
            number_form(order.number),
            order.customer_id,
            email_form(order.email or contact[0]),
            phone_form(order.phone or contact[1]),
            microseconds(order.placed_at),
            order.cancel_key,
            dumps(body),
            now_us(),
        ),
    )
    _insert_money(db, shop, order, moved, refunds)
    insert_payouts(db, shop, order.id, moved["payouts"])
    insert_changes(db, shop, order.changes, order_id=order.id, customer_id=None)


def _insert_money(
    db: sqlite3.Connection, shop: str, order: OrderIn, moved: dict[str, list[dict[str, Any]]], refunds: int
) -> None:
    common = {"shop": shop, "order_id": order.id, "currency": order.currency}
    db.executemany(
        "INSERT INTO payments (shop, id, order_id, position, kind, label, payment_method_id, amount, currency, state,"
        " place, key, origin, at, failure_code) VALUES (:shop, :id, :order_id, :position, :kind, :label,"
        " :payment_method_id, :amount, :currency, :state, :place, :key, :origin, :at, :failure_code)",
        [common | item | {"position": at} for at, item in enumerate(moved["payments"])],
    )
    db.executemany(
        "INSERT INTO refunds (shop, id, payment_id, position, key, amount, currency, status, reason, failure_code,"
        " origin, at, place, lines) VALUES (:shop, :id, :payment_id, :position, :key, :amount, :currency, :status,"
        " :reason, :failure_code, :origin, :at, :place, :lines)",
        [
            common | item | {"position": refunds + at, "lines": dumps(item["lines"])}
            for at, item in enumerate(moved["refunds"])
        ],
    )


def _insert_label(db: sqlite3.Connection, shop: str, label: LabelRecordIn) -> None:
    body = label.model_dump(exclude={"voided_at", "scanned", "scans", "cost", "currency"})
    body["cost"] = {"amount": label.cost, "currency": label.currency}
    body["tracking_url"] = f"https://carrier.example/track/{label.tracking_number}"
    insert_label(db, shop, body, voided_at=label.voided_at, scanned=label.scanned)
    for scan in label.scans:
        add_scan(db, shop, label.tracking_number, scan.model_dump())


def last_import(db: sqlite3.Connection, shop: str) -> str | None:
    """The document that was imported last, as it was sent."""
    row = one(db, "SELECT imported FROM shops WHERE name = ?", shop)
    return row["imported"] if row is not None else None
