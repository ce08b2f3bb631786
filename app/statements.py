"""Statements of the hot paths: built once by SQLAlchemy, compiled once for each database, run by its driver.

A session costs more than all that such a request has to do. A `Read` is one statement on PostgreSQL and a few in one
snapshot on SQLite, its rows plain mappings; a `Write` is one statement on PostgreSQL, committed as it ends, and a few
in a savepoint of SQLite's group commit. Times come and go as aware `datetime`, JSON as what it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, cast

import orjson
from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Executable,
    Select,
    Table,
    TypeDecorator,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.dialects.sqlite.pysqlite import dialect as sqlite_dialect
from sqlalchemy.orm import Session
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import JSON, TypeEngine

from app.work import dumps

Values = Mapping[str, Any]
Convert = Callable[[Any], Any]
_POSTGRESQL: Dialect = asyncpg_dialect()
_SQLITE: Dialect = sqlite_dialect(paramstyle="qmark")
_PLACE = re.compile(r"\$(\d+)")


class Taken(Exception):
    """A row of a `Write` is there already: nothing of it was stored."""


class Waited(Exception):
    """Somebody else writes the same row and has not ended within the lock's time: nothing was stored."""


class Compiled:
    """A statement's text, its parameters in their order, and for SQLite how each is written and read."""

    __slots__ = ("_constants", "_converted", "_names", "_texts", "_writes", "columns", "sql")

    def __init__(self, statement: Any, dialect: Dialect, columns: Sequence[Any] = ()) -> None:
        made = statement.compile(dialect=dialect)
        self.sql = str(made)
        self.columns = tuple(str(column.key) for column in columns)
        plain = dialect is _POSTGRESQL  # its driver knows times, JSON and truth by itself
        self._names: list[str] = list(made.positiontup)
        given = {name: made.binds[name] for name in self._names}
        self._constants = {name: bind.effective_value for name, bind in given.items() if not bind.required}
        writes = {} if plain else {name: _write_of(bind.type) for name, bind in given.items()}
        self._writes = [(at, write) for at, name in enumerate(self._names) if (write := writes.get(name)) is not None]
        # A session's connection has JSON written for it by SQLAlchemy's types, which are passed by here.
        self._texts = [at for at, name in enumerate(self._names) if isinstance(_decorated(given[name].type), JSON)]
        reads = [] if plain else [(at, _read_of(column.type)) for at, column in enumerate(columns)]
        self._converted = [(at, read) for at, read in reads if read is not None]

    def bound(self, values: Values) -> list[Any]:
        """The values in the order of their places."""
        merged = {**self._constants, **values}
        found = [merged[name] for name in self._names]
        for at, write in self._writes:
            if found[at] is not None:
                found[at] = write(found[at])
        return found

    def named(self, values: Values) -> dict[str, Any]:
        """Those of the values that are asked for."""
        return {name: values[name] for name in self._names if name in values}

    def bound_in_session(self, values: Values) -> tuple[Any, ...]:
        """The same for a connection of a session."""
        found = self.bound(values)
        if not self._writes:
            for at in self._texts:
                if found[at] is not None:
                    found[at] = dumps(found[at])
        return tuple(found)

    def shown(self, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
        """Rows of the driver as mappings."""
        if not self._converted:
            return [dict(zip(self.columns, row, strict=True)) for row in rows]
        found: list[dict[str, Any]] = []
        for row in rows:
            read = list(row)
            for at, convert in self._converted:
                if read[at] is not None:
                    read[at] = convert(read[at])
            found.append(dict(zip(self.columns, read, strict=True)))
        return found


def _columns(statement: Any) -> list[Any]:
    return list(statement.selected_columns)


def _decorated(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    return kind.impl_instance if isinstance(kind, TypeDecorator) else kind


def _stored(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _moment(stored: str) -> datetime:
    return datetime.fromisoformat(stored + "+00:00")


def _write_of(kind: TypeEngine[Any]) -> Convert | None:
    kind = _decorated(kind)
    return _stored if isinstance(kind, DateTime) else dumps if isinstance(kind, JSON) else None


def _read_of(kind: TypeEngine[Any]) -> Convert | None:
    kind = _decorated(kind)
    if isinstance(kind, DateTime):
        return _moment
    return orjson.loads if isinstance(kind, JSON) else bool if isinstance(kind, Boolean) else None


@dataclass(frozen=True, slots=True)
class Either:
    """The same question where the two databases answer it by different columns."""

    postgresql: Any
    sqlite: Any


def _of_postgresql(statement: Any) -> Any:
    return statement.postgresql if isinstance(statement, Either) else statement


def _of_sqlite(statement: Any) -> Any:
    return statement.sqlite if isinstance(statement, Either) else statement


class Read:
    """Rows as mappings by their labels; `lists` hang on the one row of `head`, each under its name, in their order.

    Lists may name columns of the table `of`, which `head` reads and labels by their own names.
    """

    def __init__(self, head: Any, of: Table | None = None, **lists: Any) -> None:
        self._head = head
        self._of = of
        self._lists = lists

    @cached_property
    def postgresql(self) -> Compiled:
        """One statement: each list is an array of rows."""
        head: Select[Any] = _of_postgresql(self._head)
        arrays = [func.array(_as_rows(one)).label(name) for name, one in self._rows.items()]
        return Compiled(head.add_columns(*arrays), _POSTGRESQL, [*_columns(head), *arrays])

    @cached_property
    def _rows(self) -> dict[str, Select[Any]]:
        return {name: _selected(_of_postgresql(one)) for name, one in self._lists.items()}

    @cached_property
    def sqlite(self) -> dict[str, Compiled]:
        """One statement for the head (an empty name) and one for each list."""
        lists = {name: self._apart(_selected(_of_sqlite(one))) for name, one in self._lists.items()}
        every = {"": _of_sqlite(self._head), **lists}
        return {name: Compiled(one, _SQLITE, _columns(one)) for name, one in every.items()}

    def _apart(self, statement: Select[Any]) -> Any:
        """A list by itself: what it names of the head's row comes as a parameter, `row_` before its name."""

        def given(element: Any, **_: Any) -> Any:
            if not isinstance(element, Column) or cast("Any", element).table is not self._of:
                return None
            column = cast("Column[Any]", element)
            return bindparam(f"row_{column.name}", type_=column.type)

        return statement if self._of is None else replacement_traverse(statement, {}, given)

    @cached_property
    def _labels(self) -> dict[str, tuple[str, ...]]:
        return {name: tuple(str(column.key) for column in _columns(one)) for name, one in self._rows.items()}

    def of_records(self, records: Sequence[Any]) -> list[dict[str, Any]]:
        """What asyncpg has brought, in mappings."""
        found = [dict(record) for record in records]
        for row in found:
            for name, labels in self._labels.items():
                row[name] = [dict(zip(labels, part, strict=True)) for part in row[name]]
        return found


def _selected(statement: Any) -> Select[Any]:
    return cast("Select[Any]", statement if isinstance(statement, Select) else select(statement.subquery()))


def _as_rows(statement: Select[Any]) -> Any:
    return statement.with_only_columns(func.row(*_columns(statement)), maintain_column_froms=True).scalar_subquery()


class Part:
    """One statement of a `Write`; another text for each database where they differ."""

    def __init__(self, statement: Executable, *, sqlite: Executable | None = None) -> None:
        self.statement = statement
        self.postgresql = Compiled(statement, _POSTGRESQL)
        self.sqlite = Compiled(statement if sqlite is None else sqlite, _SQLITE)

    def of_postgresql(self, values: Any) -> list[Any]:
        """Parameters for PostgreSQL."""
        return self.postgresql.bound(values)

    def on_sqlite(self, driver: Any, values: Any) -> None:
        """Run it there."""
        driver.execute(self.sqlite.sql, self.sqlite.bound(values))


def within(session: Session, part: Part, /, **values: Any) -> Sequence[Any]:
    """Run a part in a unit of work, after what the session has to write; the driver's rows, where it gives some.

    For what every unit does several times: built, compiled and read by the session it costs four times as much.
    """
    session.flush()
    connection = session.connection()
    compiled = _BY_DRIVER.get(connection.dialect.driver)
    if compiled is None:  # a tool's own connection, whose driver writes parameters otherwise
        done = connection.execute(part.statement, part.postgresql.named(values))
    else:
        text: Compiled = compiled(part)
        done = connection.exec_driver_sql(text.sql, text.bound_in_session(values))
    return done.all() if done.returns_rows else ()


_BY_DRIVER: dict[str, Callable[[Part], Compiled]] = {
    "asyncpg": lambda part: part.postgresql,
    "pysqlite": lambda part: part.sqlite,
}


class Rows(Part):
    """As many rows as there are of a table, those left out that are there already.

    The values are a list for each column, and one value for each of `same`, which is every row's.
    """

    def __init__(self, table: Table, *columns: str, same: Sequence[str] = ()) -> None:
        every = (*same, *columns)
        names, marks = ", ".join(every), ", ".join("?" * len(every))
        kinds = [table.c[name].type.compile(_POSTGRESQL).partition(" COLLATE")[0] for name in every]
        ones = [f"${at}::{kind}" for at, kind in enumerate(kinds[: len(same)], 1)]
        arrays = [f"${at}::{kind}[]" for at, kind in enumerate(kinds[len(same) :], len(same) + 1)]
        chosen = ", ".join([*ones, "given.*"])
        # In one order, so that two that write the same rows wait for each other and do not lock each other out.
        self._inserts = (
            f"INSERT INTO {table.name} ({names}) SELECT {chosen} FROM unnest({', '.join(arrays)}) AS given"  # noqa: S608  names of ours
            f" ORDER BY {len(same) + 1} ON CONFLICT DO NOTHING"
        )
        self._ignores = f"INSERT OR IGNORE INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608
        self._columns, self._same = columns, tuple(same)

    @property
    def sql(self) -> str:
        """PostgreSQL's."""
        return self._inserts

    def of_postgresql(self, values: Any) -> list[Any]:
        """The values that are the same, and an array for each column."""
        return [values[name] for name in (*self._same, *self._columns)]

    def on_sqlite(self, driver: Any, values: Any) -> None:
        """Row by row."""
        same = tuple(values[name] for name in self._same)
        rows = zip(*(values[name] for name in self._columns), strict=True)
        driver.executemany(self._ignores, [(*same, *row) for row in rows])


class Write:
    """Parts that are stored together or not at all, in their order; those without values are left out."""

    def __init__(self, **parts: Part) -> None:
        self._parts = parts
        self._made: dict[tuple[str, ...], str] = {}

    def postgresql(self, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """One statement and its parameters."""
        given = tuple(name for name in self._parts if values.get(name) is not None)
        sql = self._made.get(given)
        if sql is None:
            sql = self._made[given] = self._joined(given)
        return sql, [value for name in given for value in self._parts[name].of_postgresql(values[name])]

    def _joined(self, given: tuple[str, ...]) -> str:
        before = 0
        texts: list[str] = []
        for name in given:
            part = self._parts[name]
            text = part.sql if isinstance(part, Rows) else part.postgresql.sql
            shifted = before
            texts.append(_PLACE.sub(lambda found, by=shifted: f"${int(found[1]) + by}", text))
            before += max((int(place) for place in _PLACE.findall(text)), default=0)
        *others, last = texts
        if not others:
            return last
        return "WITH " + ", ".join(f"w{at} AS ({text})" for at, text in enumerate(others)) + " " + last

    def sqlite(self, driver: Any, values: Mapping[str, Any]) -> None:
        """Run them one after the other."""
        for name, part in self._parts.items():
            if values.get(name) is not None:
                part.on_sqlite(driver, values[name])
