"""Every table of a database as it is: how many rows, and a hash over all that stands in them."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import psycopg

MOVING = {
    "api_keys": {"last_used_at"},  # written down beside the request
    "audit_log": {"number", "hash", "evidence_digest", "evidence_salt"},  # sealed by the housekeeping
    "orders": {"fetched_at", "tracking"},  # how young the mirror is; what a carrier said stands in the next two
    "parcels": {"asked_at", "eta_told_at"},
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


class _File:
    """A SQLite file that is looked at again and again; what nobody has written to is not read again."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)
        self._version: tuple[int, int] | None = None
        self._found: Tables = {}

    def close(self) -> None:
        self._connection.close()

    def tables(self) -> Tables:
        version = self._number("data_version"), self._number("schema_version")
        if version != self._version:
            self._connection.execute("BEGIN")  # all tables as of one moment, and that of the version
            try:
                self._version = self._number("data_version"), self._number("schema_version")
                self._found = self._read()
            finally:
                self._connection.rollback()
        return self._found

    def _number(self, pragma: str) -> int:
        return self._connection.execute(f"PRAGMA {pragma}").fetchone()[0]

    def _read(self) -> Tables:
        found: Tables = {}
        for (name,) in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = [row[1] for row in self._connection.execute(f'PRAGMA table_info("{name}")')]
            kept = ", ".join(f'"{column}"' for column in columns if column not in MOVING.get(name, ()))
            rows = [hash(row) for row in self._connection.execute(f'SELECT {kept} FROM "{name}"')]
            found[name] = len(rows), str(sum(rows))  # in whatever order; compared within this process only
        return found


_file: list[_File] = []


def _sqlite(path: str) -> Tables:
    if not _file or _file[0].path != path:
        for other in _file:
            other.close()
        _file[:] = [_File(path)]
    return _file[0].tables()


_held: dict[str, psycopg.Connection[Any]] = {}
"""The connection to the database that was looked at last: a new one has yet to learn what the tables are."""


def _connection(url: str) -> psycopg.Connection[Any]:
    held = _held.get(url)
    if held is None or held.closed or held.broken:
        for other in _held.values():
            other.close()
        _held.clear()
        held = _held[url] = psycopg.connect(url, autocommit=True)
    return held


def _postgres(url: str) -> Tables:
    connection = _connection(url)
    names = connection.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'dbos') ORDER BY 1, 2"
    ).fetchall()
    parts = []
    for schema, name in names:
        less = "".join(f" - '{column}'" for column in sorted(MOVING.get(name, ())))
        row = f"(to_jsonb(t){less})::text"
        parts.append(
            f"SELECT '{name}', count(*), coalesce(md5(string_agg({row}, '|' ORDER BY {row})), '')"
            f' FROM "{schema}"."{name}" AS t'
        )
    rows = connection.execute(" UNION ALL ".join(parts)).fetchall()
    return {name: (count, content) for name, count, content in rows}
