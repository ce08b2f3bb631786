"""Reads what a run has left behind: the sandbox's shop and ledger, and our own tables, straight from the database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.faults.history import Row, Shop

TABLES = (
    "stores",
    "orders",
    "order_payments",
    "operations",
    "refunds",
    "refund_allocations",
    "returns",
    "return_labels",
    "cancellations",
    "changes",
    "exchanges",
    "exchange_lines",
    "withdrawals",
    "credits",
    "spend_counters",
    "events",
    "audit_log",
)
JSON_COLUMNS = {"policy", "command", "object", "evidence"}
Call = Callable[..., Awaitable[dict[str, Any]]]


async def of_shop(call: Call) -> Shop:
    """The shop as it is now, and its whole ledger."""
    export = await call("GET", "/sandbox/v1/export")
    ledger: list[Row] = []
    after = 0
    while True:
        page = await call("GET", f"/sandbox/v1/ledger?after={after}")
        ledger += page["data"]
        if page["next_after"] is None:
            return Shop(export, ledger)
        after = page["next_after"]


def tables(url: str) -> dict[str, list[Row]]:
    """Every row that the checker reads, from one snapshot."""
    if url.startswith("sqlite"):
        with sqlite3.connect(f"file:{url.removeprefix('sqlite:///')}?mode=ro", uri=True) as connection:
            connection.row_factory = sqlite3.Row
            found = {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in TABLES}
        connection.close()
    else:
        with psycopg.connect(url, row_factory=dict_row) as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            found = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}
    for rows in found.values():
        for row in rows:
            for name in JSON_COLUMNS & row.keys():
                if isinstance(row[name], str):
                    row[name] = json.loads(row[name])
    return found


def open_operations(url: str) -> int:
    """How many operations have not ended and are still tried."""
    sql = "SELECT count(*) FROM operations WHERE status IN ('pending', 'unknown') AND dead_at IS NULL"
    if url.startswith("sqlite"):
        connection = sqlite3.connect(f"file:{url.removeprefix('sqlite:///')}?mode=ro", uri=True)
        try:
            return int(connection.execute(sql).fetchone()[0])
        finally:
            connection.close()
    with psycopg.connect(url) as connection:
        row = connection.execute(sql).fetchone()
        return int(row[0]) if row else 0
