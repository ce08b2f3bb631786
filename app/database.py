"""Two databases, one verb to write: `await db.write(work, *args)` with a synchronous `work(session, *args)`.

Because `work` cannot await, no outside call can sit inside a transaction; because the commit is awaited here, a
failing one is raised in the endpoint and never answered as a success.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    MetaData,
    String,
    Table,
    TypeDecorator,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import QueuePool

from app.errors import StorageUnavailable

P = ParamSpec("P")
T = TypeVar("T")

GROUP = 64
"""Units of work that share one commit on SQLite."""
BUSY_SECONDS = 15.0
"""How long the SQLite writer waits for the engine's own transaction before it gives up."""
RETRIED = {"40001", "40P01"}
"""PostgreSQL's serialization failure and deadlock: the whole unit runs again."""
LOCK_TIMEOUT = "55P03"
AWAY = ("08", "53", "57P", "58", "XX")
"""Classes of SQLSTATE that mean the server is away, full or broken, not that the statement is wrong."""


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time on both databases (SQLite's own type drops the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses naive times; stores UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Gives the zone back."""
        del dialect
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = String(40).with_variant(String(40, collation="C"), "postgresql")
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Base(DeclarativeBase):
    """Every table of ours; the workflow engine's tables are not in this metadata."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    # Money in minor units passes 32 bits: 22 million rupiah are 2.2 billion sen.
    type_annotation_map = {int: BigInteger, datetime: UtcTime, dict[str, Any]: Json, list[Any]: Json}  # noqa: RUF012  SQLAlchemy's own hook


Work = Callable[Concatenate[Session, P], T]


class Database(Protocol):
    """The one way to the tables."""

    info: dict[str, Any]
    """Put into every session's `info`; how `durable` gets its client into a unit of work."""
    shared: bool
    """Whether other processes write to it too."""

    async def start(self) -> None:
        """Open connections."""
        ...

    async def close(self) -> None:
        """Close them; what was acknowledged is stored."""
        ...

    async def write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` in one transaction and commit; returns only after the commit is durable."""
        ...

    async def read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` on one snapshot; it must not write."""
        ...


def connect(url: str, *, pool_size: int = 4) -> Database:
    """The database at `url`: `sqlite:///path` or `postgresql://…`."""
    if url.startswith("sqlite"):
        return SqliteDatabase(url, readers=pool_size)
    return PostgresDatabase(url, pool_size=pool_size)


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's five-character code of a failure, or an empty string."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


# ---- PostgreSQL -----------------------------------------------------------------------------------------------------


class PostgresDatabase:
    """A pool of asyncpg connections; one session and one transaction per unit."""

    shared = True

    def __init__(self, url: str, *, pool_size: int) -> None:
        self.info: dict[str, Any] = {}
        self._engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=10,
            pool_pre_ping=False,
            json_serializer=_dumps,
            json_deserializer=orjson.loads,
            connect_args={
                "timeout": 5,
                "server_settings": {
                    "application_name": "aftersale",
                    "lock_timeout": "2000",
                    "statement_timeout": "30000",
                    "idle_in_transaction_session_timeout": "30000",
                },
            },
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False, autoflush=True)
        # An answer is made of several statements; they must tell of the same moment.
        snapshots = self._engine.execution_options(isolation_level="REPEATABLE READ")
        self._readers = async_sessionmaker(snapshots, expire_on_commit=False, autoflush=False)

    async def start(self) -> None:
        """Nothing to open: the pool connects when it is first asked."""

    async def close(self) -> None:
        """Give every connection back."""
        await self._engine.dispose()

    async def write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One transaction; deadlocks and serialization failures run the unit again, three times at most."""
        for last in (False, False, True):
            try:
                async with self._sessions(info=dict(self.info)) as session, session.begin():
                    return await session.run_sync(work, *args, **kwargs)
            except (DBAPIError, OSError, PoolTimeout) as error:
                if sqlstate(error) in RETRIED and not last:
                    continue
                raise _translated(error) from error
        raise AssertionError("unreachable")

    async def read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One session, rolled back at the end; a connection that a restart broke is replaced once."""
        for last in (False, True):
            try:
                async with self._readers(info=dict(self.info)) as session:
                    return await session.run_sync(work, *args, **kwargs)
            except (DBAPIError, OSError, PoolTimeout) as error:
                broken = isinstance(error, DBAPIError) and error.connection_invalidated
                if broken and not last:
                    continue
                raise _translated(error) from error
        raise AssertionError("unreachable")


def _translated(error: DBAPIError | OSError | PoolTimeout) -> Exception:
    state = sqlstate(error)
    if isinstance(error, OSError | PoolTimeout | InterfaceError) or error.connection_invalidated:
        return StorageUnavailable()
    if state in RETRIED or state == LOCK_TIMEOUT or state.startswith(AWAY):
        return StorageUnavailable()
    return error


# ---- SQLite ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Unit:
    work: Callable[[Session], Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class _Group:
    units: list[_Unit] = field(default_factory=list["_Unit"])


class SqliteDatabase:
    """One writing connection, owned by one task: units share a commit, each in a savepoint of its own."""

    shared = False

    def __init__(self, url: str, *, readers: int) -> None:
        self.info: dict[str, Any] = {}
        self._engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=readers + 1,
            max_overflow=readers,
            connect_args={"check_same_thread": False, "isolation_level": None},
            json_serializer=_dumps,
            json_deserializer=orjson.loads,
        )
        event.listen(self._engine, "connect", _pragmas)
        self._waiting: deque[_Unit] = deque()
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-commit")
        self._writer: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._busy = self._closed = False

    async def start(self) -> None:
        """Take the writing connection and start its task."""
        if self._task is None:
            self._writer = self._engine.connect()
            self._task = asyncio.create_task(self._drain(), name="sqlite-writer")

    async def close(self) -> None:
        """Finish what is waiting, then let go of the file."""
        self._closed = True
        # A group at its commit must end, too: canceled there it would be stored, and its callers told the opposite.
        while self._waiting or self._busy:  # noqa: ASYNC110  the writer wakes nobody, and this ends at once
            await asyncio.sleep(0.001)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._engine.dispose()
        self._thread.shutdown(wait=True)

    async def write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Queue the unit; returns after the group's commit has reached the disk."""
        if self._closed:
            raise StorageUnavailable
        if self._task is None:
            await self.start()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Unit(lambda session: work(session, *args, **kwargs), future))
        self._wake.set()
        return await future

    async def read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One snapshot on a reading connection; short enough to stay on the loop."""
        try:
            with self._engine.connect() as connection:
                connection.exec_driver_sql("BEGIN")
                with Session(connection, expire_on_commit=False, info=dict(self.info)) as session:
                    return work(session, *args, **kwargs)
        except DBAPIError as error:
            raise _sqlite_translated(error) from error

    async def _drain(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
                self._busy = True
                try:
                    await self._commit(group)
                except BaseException as error:  # the callers must hear of it, whatever it was
                    for unit in group:
                        if not unit.future.done():
                            unit.future.set_exception(error if isinstance(error, Exception) else StorageUnavailable())
                    if not isinstance(error, Exception):
                        raise
                finally:
                    self._busy = False

    async def _commit(self, group: list[_Unit]) -> None:
        loop = asyncio.get_running_loop()
        try:
            if self._writer is None:
                self._writer = self._engine.connect()
            driver: sqlite3.Connection = self._writer.connection.driver_connection  # pyright: ignore[reportAssignmentType]
            await loop.run_in_executor(self._thread, _begin_immediate, driver)
            with self._writer.begin() as transaction:
                for unit in group:
                    self._attempt(unit, driver)
                await loop.run_in_executor(self._thread, transaction.commit)
        except Exception as error:
            self._drop_writer()
            if isinstance(error, DBAPIError | sqlite3.Error):
                raise StorageUnavailable from error
            raise
        for unit in group:
            if unit.future.done():  # the caller went away; what it asked for is stored all the same
                continue
            if unit.error is not None:
                unit.future.set_exception(unit.error)
            else:
                unit.future.set_result(unit.result)

    def _drop_writer(self) -> None:
        """A connection whose commit failed is in no state to go on with: closed, SQLite rolls it back."""
        broken, self._writer = self._writer, None
        if broken is not None:
            broken.invalidate()
            broken.close()

    def _attempt(self, unit: _Unit, driver: sqlite3.Connection) -> None:
        assert self._writer is not None
        try:
            with (
                Session(
                    self._writer,
                    join_transaction_mode="create_savepoint",
                    expire_on_commit=False,
                    info=dict(self.info),
                ) as session,
                session.begin(),
            ):
                unit.result = unit.work(session)
        except Exception as error:
            # A full disk rolls the whole transaction back under our feet: then nobody of the group was stored.
            if not driver.in_transaction:
                raise sqlite3.OperationalError("the transaction ended early") from error
            unit.error = _sqlite_translated(error) if isinstance(error, DBAPIError) else error


def _begin_immediate(driver: sqlite3.Connection) -> None:
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.0005)
        else:
            return


def _pragmas(connection: sqlite3.Connection, record: object) -> None:
    del record
    for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on", "busy_timeout=0", "cache_size=-8000"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_translated(error: DBAPIError) -> Exception:
    words = str(error.orig)
    away = ("locked", "disk is full", "disk I/O", "unable to open", "readonly")
    return StorageUnavailable() if any(word in words for word in away) else error


def ping(session: Session) -> None:
    """Raises where the database does not answer."""
    session.execute(text("SELECT 1"))


def insert_missing(session: Session, model: type[Base], values: dict[str, Any]) -> bool:
    """Insert a row unless a unique index has it already; whether it was inserted. Waits for a rival's commit."""
    insert = postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    table = cast("Table", model.__table__)
    done = session.execute(insert(table).values(values).on_conflict_do_nothing().returning(*table.primary_key))
    return done.first() is not None
