"""The sandbox's own database: effects and the ledger rows that tell of them commit together, or not at all."""

import json
import re
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import orjson

from app.clock import now, rfc3339

_SHOP_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")

SCHEMA = """
CREATE TABLE IF NOT EXISTS shops (
    name TEXT PRIMARY KEY, epoch INTEGER NOT NULL DEFAULT 1, imported TEXT, settings TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS products (
    shop TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (shop, id));
CREATE TABLE IF NOT EXISTS customers (
    shop TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, email TEXT, phone TEXT, body TEXT NOT NULL,
    PRIMARY KEY (shop, id));
CREATE INDEX IF NOT EXISTS customers_email ON customers (shop, email);
CREATE INDEX IF NOT EXISTS customers_phone ON customers (shop, phone);
CREATE TABLE IF NOT EXISTS orders (
    shop TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, number TEXT NOT NULL, customer_id TEXT,
    email TEXT, phone TEXT, placed_us INTEGER NOT NULL, cancel_key TEXT, body TEXT NOT NULL,
    changed_us INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (shop, id));
CREATE INDEX IF NOT EXISTS orders_number ON orders (shop, number);
CREATE INDEX IF NOT EXISTS orders_email ON orders (shop, email);
CREATE INDEX IF NOT EXISTS orders_phone ON orders (shop, phone);
CREATE INDEX IF NOT EXISTS orders_customer ON orders (shop, customer_id);
CREATE INDEX IF NOT EXISTS orders_placed ON orders (shop, placed_us, id);
CREATE INDEX IF NOT EXISTS orders_cancel ON orders (shop, cancel_key);
CREATE TABLE IF NOT EXISTS payments (
    shop TEXT NOT NULL, id TEXT NOT NULL, order_id TEXT NOT NULL, position INTEGER NOT NULL, kind TEXT NOT NULL,
    label TEXT NOT NULL, payment_method_id TEXT, amount INTEGER NOT NULL, currency TEXT NOT NULL, state TEXT NOT NULL,
    place INTEGER NOT NULL DEFAULT 0, key TEXT, origin TEXT NOT NULL DEFAULT 'import', at TEXT, failure_code TEXT,
    PRIMARY KEY (shop, id));
CREATE INDEX IF NOT EXISTS payments_order ON payments (shop, order_id, position);
CREATE TABLE IF NOT EXISTS refunds (
    shop TEXT NOT NULL, id TEXT NOT NULL, payment_id TEXT NOT NULL, position INTEGER NOT NULL, key TEXT,
    amount INTEGER NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL, reason TEXT, failure_code TEXT,
    origin TEXT NOT NULL, at TEXT NOT NULL, place INTEGER NOT NULL DEFAULT 0, lines TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (shop, id));
CREATE INDEX IF NOT EXISTS refunds_payment ON refunds (shop, payment_id, position);
CREATE INDEX IF NOT EXISTS refunds_key ON refunds (shop, key);
CREATE INDEX IF NOT EXISTS refunds_position ON refunds (shop, position);
CREATE TABLE IF NOT EXISTS payouts (
    shop TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, order_id TEXT, customer_id TEXT NOT NULL,
    payment_method_id TEXT NOT NULL, key TEXT, amount INTEGER NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL,
    reason TEXT, at TEXT NOT NULL, place INTEGER NOT NULL DEFAULT 0, failure_code TEXT, PRIMARY KEY (shop, id));
CREATE INDEX IF NOT EXISTS payouts_key ON payouts (shop, key);
CREATE INDEX IF NOT EXISTS payouts_order ON payouts (shop, order_id, position);
CREATE INDEX IF NOT EXISTS payouts_customer ON payouts (shop, customer_id, position);
CREATE INDEX IF NOT EXISTS payouts_position ON payouts (shop, position);
CREATE TABLE IF NOT EXISTS changes (
    shop TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, order_id TEXT, customer_id TEXT, key TEXT,
    kind TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (shop, id));
CREATE INDEX IF NOT EXISTS changes_key ON changes (shop, key);
CREATE INDEX IF NOT EXISTS changes_order ON changes (shop, order_id, position);
CREATE INDEX IF NOT EXISTS changes_customer ON changes (shop, customer_id, position);
CREATE INDEX IF NOT EXISTS changes_position ON changes (shop, position);
CREATE TABLE IF NOT EXISTS subscriptions (
    shop TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, customer_id TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (shop, id));
CREATE INDEX IF NOT EXISTS subscriptions_customer ON subscriptions (shop, customer_id, position);
CREATE TABLE IF NOT EXISTS labels (
    shop TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, reference TEXT NOT NULL,
    tracking_number TEXT NOT NULL, voided_at TEXT, scanned INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL,
    PRIMARY KEY (shop, id));
CREATE INDEX IF NOT EXISTS labels_position ON labels (shop, position);
CREATE INDEX IF NOT EXISTS labels_reference ON labels (shop, reference);
CREATE INDEX IF NOT EXISTS labels_tracking ON labels (shop, tracking_number);
CREATE TABLE IF NOT EXISTS parcels (
    shop TEXT NOT NULL, tracking_number TEXT NOT NULL, carrier TEXT NOT NULL, eta TEXT,
    PRIMARY KEY (shop, tracking_number));
CREATE TABLE IF NOT EXISTS scans (
    shop TEXT NOT NULL, tracking_number TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (shop, tracking_number, position));
CREATE TABLE IF NOT EXISTS messages (
    shop TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, key TEXT NOT NULL, recipient TEXT NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (shop, id));
CREATE INDEX IF NOT EXISTS messages_key ON messages (shop, key);
CREATE INDEX IF NOT EXISTS messages_position ON messages (shop, position);
CREATE TABLE IF NOT EXISTS answers (
    shop TEXT NOT NULL, operation TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,
    subject TEXT, body TEXT NOT NULL, PRIMARY KEY (shop, operation, key));
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT, shop TEXT NOT NULL, remaining INTEGER, drawn INTEGER NOT NULL DEFAULT 0,
    struck INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ledger (
    id INTEGER PRIMARY KEY AUTOINCREMENT, shop TEXT NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,
    at TEXT NOT NULL, kind TEXT NOT NULL, reference TEXT, subject TEXT, amount INTEGER, currency TEXT,
    effect INTEGER NOT NULL, fault TEXT, status INTEGER, detail TEXT, UNIQUE (shop, epoch, sequence));
CREATE TRIGGER IF NOT EXISTS ledger_keeps BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS ledger_stays BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'append only'); END;
"""

# What of an order stands in other tables is part of it: whatever changes there, the order has changed. Only a body is
# watched, so that a touch touches nothing; what is imported, or copied by a reset, is stamped by whoever does that.
TOUCHED = """
CREATE INDEX IF NOT EXISTS orders_changed ON orders (shop, changed_us, id);
CREATE TRIGGER IF NOT EXISTS order_touched AFTER UPDATE OF body ON orders BEGIN
    UPDATE orders SET changed_us = now_us() WHERE shop = NEW.shop AND id = NEW.id; END;
CREATE TRIGGER IF NOT EXISTS payment_touched AFTER UPDATE ON payments BEGIN
    UPDATE orders SET changed_us = now_us() WHERE shop = NEW.shop AND id = NEW.order_id; END;
CREATE TRIGGER IF NOT EXISTS payment_added AFTER INSERT ON payments WHEN NEW.origin <> 'import' BEGIN
    UPDATE orders SET changed_us = now_us() WHERE shop = NEW.shop AND id = NEW.order_id; END;
CREATE TRIGGER IF NOT EXISTS refund_touched AFTER UPDATE ON refunds BEGIN
    UPDATE orders SET changed_us = now_us() WHERE shop = NEW.shop AND id =
        (SELECT order_id FROM payments WHERE shop = NEW.shop AND id = NEW.payment_id); END;
CREATE TRIGGER IF NOT EXISTS refund_added AFTER INSERT ON refunds WHEN NEW.origin <> 'import' BEGIN
    UPDATE orders SET changed_us = now_us() WHERE shop = NEW.shop AND id =
        (SELECT order_id FROM payments WHERE shop = NEW.shop AND id = NEW.payment_id); END;
CREATE TRIGGER IF NOT EXISTS customer_touched AFTER UPDATE OF body ON customers BEGIN
    UPDATE orders SET changed_us = now_us() WHERE shop = NEW.shop AND customer_id = NEW.id; END;
"""

ADDED_COLUMNS = {
    "orders": {"changed_us": "INTEGER NOT NULL DEFAULT 0"},
    "payments": {
        "place": "INTEGER NOT NULL DEFAULT 0",
        "key": "TEXT",
        "origin": "TEXT NOT NULL DEFAULT 'import'",
        "at": "TEXT",
        "failure_code": "TEXT",
    },
    "refunds": {"place": "INTEGER NOT NULL DEFAULT 0", "lines": "TEXT NOT NULL DEFAULT '[]'"},
    "payouts": {"failure_code": "TEXT"},
}
"""What a file of an earlier version lacks in tables that it has."""

SHOP_TABLES = (
    "products",
    "customers",
    "orders",
    "payments",
    "refunds",
    "payouts",
    "changes",
    "subscriptions",
    "labels",
    "parcels",
    "scans",
    "messages",
    "answers",
    "faults",
)
"""What a reset empties: all but the shop itself and the ledger."""


class Store:
    """One SQLite connection; a commit is on the disk before anything is answered."""

    def __init__(self, path: str | Path) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # Handlers run on the event loop's thread alone; a test client may make the store on another one.
        self.connection = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")
        self.connection.execute("PRAGMA busy_timeout=5000")
        self.connection.create_function("now_us", 0, now_us)
        self.connection.execute("PRAGMA trusted_schema=ON")  # the triggers call it
        self.connection.executescript(SCHEMA)
        self._add_columns()
        self.connection.executescript(TOUCHED)
        self.connection.execute("CREATE INDEX IF NOT EXISTS payments_key ON payments (shop, key)")

    def _add_columns(self) -> None:
        for table, columns in ADDED_COLUMNS.items():
            there = {row["name"] for row in self.connection.execute(f"PRAGMA table_info({table})")}
            for name, kind in columns.items():
                if name not in there:
                    self.connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")

    @contextmanager
    def write(self) -> Generator[sqlite3.Connection]:
        """One transaction: all of it, or nothing where the block raises."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def is_empty(self) -> bool:
        """Whether no shop was ever made here."""
        return self.connection.execute("SELECT 1 FROM shops LIMIT 1").fetchone() is None

    def close(self) -> None:
        """Close the database."""
        self.connection.close()


def now_us() -> int:
    """The current moment in microseconds since 1970."""
    return int(now().timestamp() * 1_000_000)


def loads(text: str) -> dict[str, Any]:
    """A stored document."""
    return cast("dict[str, Any]", orjson.loads(text))


def dumps(document: Any) -> str:
    """A document to store, as short as JSON gets."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def one(db: sqlite3.Connection, sql: str, *values: Any) -> sqlite3.Row | None:
    """The first row, or None."""
    return cast("sqlite3.Row | None", db.execute(sql, values).fetchone())


def rows(db: sqlite3.Connection, sql: str, *values: Any) -> list[sqlite3.Row]:
    """All rows."""
    return db.execute(sql, values).fetchall()


def next_position(db: sqlite3.Connection, table: str, shop: str) -> int:
    """The place after the last row of a shop, so that an export keeps the order in which things were made."""
    # S608: the table names are this file's own.
    row = one(db, f"SELECT coalesce(max(position), -1) + 1 AS next FROM {table} WHERE shop = ?", shop)  # noqa: S608
    return int(row["next"]) if row is not None else 0


def is_shop_name(text: str) -> bool:
    """Whether `text` may name a shop."""
    return _SHOP_NAME.fullmatch(text) is not None


def ensure_shop(db: sqlite3.Connection, shop: str) -> None:
    """Make the shop if it is not there."""
    db.execute("INSERT OR IGNORE INTO shops (name) VALUES (?)", (shop,))


def settings(db: sqlite3.Connection, shop: str) -> dict[str, Any]:
    """The shop's settings, defaults filled in."""
    row = one(db, "SELECT settings FROM shops WHERE name = ?", shop)
    return {"ceiling": True, "refund_mode": "instant"} | (loads(row["settings"]) if row is not None else {})


def epoch(db: sqlite3.Connection, shop: str) -> int:
    """Which run of the shop's ledger is open: an import or a reset begins the next one."""
    row = one(db, "SELECT epoch FROM shops WHERE name = ?", shop)
    return int(row["epoch"]) if row is not None else 1


def record(
    db: sqlite3.Connection,
    shop: str,
    kind: str,
    *,
    effect: bool,
    reference: str | None = None,
    subject: str | None = None,
    amount: int | None = None,
    currency: str | None = None,
    fault: str | None = None,
    status: int | None = None,
    detail: str | None = None,
) -> None:
    """Append one row to the shop's ledger; nothing ever changes or removes it."""
    ensure_shop(db, shop)
    run = epoch(db, shop)
    last = one(db, "SELECT coalesce(max(sequence), 0) AS last FROM ledger WHERE shop = ? AND epoch = ?", shop, run)
    db.execute(
        "INSERT INTO ledger (shop, epoch, sequence, at, kind, reference, subject, amount, currency, effect, fault,"
        " status, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            shop,
            run,
            (int(last["last"]) if last is not None else 0) + 1,
            rfc3339(now()),
            kind,
            reference,
            subject,
            amount,
            currency,
            int(effect),
            fault,
            status,
            detail,
        ),
    )
