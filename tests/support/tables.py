"""Every table of a database as it is: how many rows, and a hash over all that stands in them."""

from __future__ import annotations

import sqlite3
import time

import psycopg

MOVING = {
    "api_keys": {"last_used_at"},  # written down beside the request
    "audit_log": {"number", "hash"},  # sealed by the housekeeping
    "orders": {"fetched_at"},  # how young the mirror is
    "order_payments": {"ledger_at"},
}
"""Columns that change by themselves."""
Tables = dict[str, tuple[int, str]]


def tables(url: str) -> Tables:
    """Rows and content of every table, ours and the engine's."""
    return _sqlite(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else _postgres(url)


def still(url: str, seconds: float = 5) -> Tables:
    """The tables once nothing moves any more: what runs behind the requests has ended."""
    deadline = time.monotonic() + seconds
    found = tables(url)
    while time.monotonic() < deadline:
        time.sleep(0.03)
        again = tables(url)
        if again == found:
            return again
        found = again
    raise AssertionError(f"the database does not come to rest in {seconds} s")


def differing(before: Tables, after: Tables) -> dict[str, tuple[int, int]]:
    """The tables that are not as they were, with their rows before and after."""
    return {name: (before.get(name, (0, ""))[0], after[name][0]) for name in after if before.get(name) != after[name]}


def _sqlite(path: str) -> Tables:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        found: Tables = {}
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')]
            kept = ", ".join(f'"{column}"' for column in columns if column not in MOVING.get(name, ()))
            rows = [hash(row) for row in connection.execute(f'SELECT {kept} FROM "{name}"')]
            found[name] = len(rows), str(sum(rows))  # in whatever order; compared within this process only
        return found
    finally:
        connection.close()


def _postgres(url: str) -> Tables:
    with psycopg.connect(url, autocommit=True) as connection:
        names = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'dbos')"
        ).fetchall()
        parts = []
        for schema, name in names:
            less = "".join(f" - '{column}'" for column in sorted(MOVING.get(name, ())))
            row = f"(to_jsonb(t){less})::text"
            parts.append(
                f"SELECT '{name}', count(*), coalesce(md5(string_agg({row}, '|' ORDER BY {row})), '')"
                f' FROM "{schema}"."{name}" AS t'
            )
        rows = connection.execute(" UNION ALL ".join(parts)).fetchall()  # type: ignore[arg-type]
    return {name: (count, content) for name, count, content in rows}
