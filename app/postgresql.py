"""PostgreSQL: a pool of connections, a transaction per unit of work, serialization failures and deadlocks run again."""

from __future__ import annotations

from typing import Any, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none
import orjson
import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from app.errors import StorageUnavailable
from app.statements import Read, Taken, Waited, Write
from app.tracing import traceparent
from app.wires import Wires
from app.work import P, Pool, Room, T, Work, dumps

log = structlog.get_logger()
SETTINGS = {
    "application_name": "aftersale",
    "lock_timeout": "2000",
    "statement_timeout": "30000",
    "idle_in_transaction_session_timeout": "30000",
}
KEPT = {"prepared_statement_cache_size": 1000, "statement_cache_size": 1000, "max_cached_statement_lifetime": 0}
"""A refund alone runs a hundred different statements. Fewer kept than run means to prepare and plan each one anew."""
LOCK_TIMEOUT = "55P03"
RETRIED = {"40001", "40P01", LOCK_TIMEOUT}
"""PostgreSQL's serialization failure and deadlock, and a row that somebody holds for long: the whole unit runs again.

Who waits for a row has a connection that others want: it is given back every two seconds, and waited for anew."""
AWAY = ("08", "53", "57P", "58", "XX")
"""Classes of SQLSTATE that mean the server is away, full or broken, not that the statement is wrong."""
DRIVER = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What the driver raises; the last is no kind of the others: the server has said that it ends, and has not hung up."""
NO_ROOM = ("53100", "58")
"""The disk is full, or fails."""


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's five-character code of a failure, or an empty string."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


class PostgresDatabase:
    """A pool of asyncpg connections; one session and one transaction per unit."""

    shared = True

    def __init__(self, url: str, *, pool_size: int) -> None:
        self.info: dict[str, Any] = {}
        self.room = Room()
        self._engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=pool_size,
            max_overflow=0,  # a connection beyond the pool is opened and closed for a single unit
            pool_timeout=10,
            pool_pre_ping=False,
            json_serializer=dumps,
            json_deserializer=orjson.loads,
            connect_args={"timeout": 5, "server_settings": SETTINGS, **KEPT},
        )
        self._wires = Wires(url, pool_size, SETTINGS)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False, autoflush=True)
        # An answer is made of several statements; they must tell of the same moment.
        snapshots = self._engine.execution_options(isolation_level="REPEATABLE READ")
        self._readers = async_sessionmaker(snapshots, expire_on_commit=False, autoflush=False)

    def pool(self) -> Pool:
        """The pool's connections; whoever finds none free waits for one."""
        found = cast("AsyncAdaptedQueuePool", self._engine.pool)
        wires = self._wires
        return Pool(in_use=found.checkedout() + wires.in_use, most=found.size() + wires.most, waiting=0)

    async def start(self) -> None:
        """Nothing to open: the pool connects when it is first asked."""

    async def close(self) -> None:
        """Give every connection back."""
        await self._wires.close()
        await self._engine.dispose()

    def _about(self) -> dict[str, Any]:
        return {**self.info, "traceparent": traceparent.get()}

    async def write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One transaction; what is in `RETRIED` runs the unit again, three times at most."""
        for last in (False, False, True):
            try:
                async with self._sessions(info=self._about()) as session, session.begin():
                    return await session.run_sync(work, *args, **kwargs)
            except (DBAPIError, OSError, PoolTimeout, asyncpg.InternalClientError) as error:
                if sqlstate(error) in RETRIED and not last:
                    continue
                self._note(sqlstate(error))
                raise _translated(error) from error
        raise AssertionError("unreachable")

    def _note(self, state: str) -> None:
        if state.startswith(NO_ROOM):
            self.room.refused()

    async def read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One session, rolled back at the end; a connection that a restart broke is replaced once."""
        for last in (False, True):
            try:
                async with self._readers(info=self._about()) as session:
                    return await session.run_sync(work, *args, **kwargs)
            except (DBAPIError, OSError, PoolTimeout, asyncpg.InternalClientError) as error:
                broken = isinstance(error, asyncpg.InternalClientError) or (
                    isinstance(error, DBAPIError) and error.connection_invalidated
                )
                if broken and not last:
                    continue
                raise _translated(error) from error
        raise AssertionError("unreachable")

    async def fetch(self, read: Read, /, **values: Any) -> list[dict[str, Any]]:
        """One statement on a connection of its own kind; one that a restart broke is replaced once."""
        statement = read.postgresql
        for last in (False, True):
            try:
                return read.of_records(await self._wires.fetch(statement.sql, statement.bound(values)))
            except DRIVER as error:
                if _broken(error) and not last:
                    continue
                raise _of_driver(error) from error
        raise AssertionError("unreachable")

    async def put(self, write: Write, /, **values: Any) -> None:
        """One statement; a deadlock runs it again, three times at most. Raises `Taken`, `Waited`."""
        sql, parameters = write.postgresql(values)
        for last in (False, False, True):
            try:
                await self._wires.fetch(sql, parameters)
            except asyncpg.UniqueViolationError as error:
                raise Taken from error
            except asyncpg.LockNotAvailableError as error:
                raise Waited from error
            except DRIVER as error:
                state = str(getattr(error, "sqlstate", None) or "")
                if state in RETRIED and not last:
                    continue
                self._note(state)
                raise _of_driver(error) from error
            else:
                return
        raise AssertionError("unreachable")


def _broken(error: Exception) -> bool:
    """The connection is gone, not the database."""
    state = str(getattr(error, "sqlstate", None) or "")
    closed = isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError | ConnectionError)
    return closed or state.startswith(("08", "57P"))


def _of_driver(error: Exception) -> Exception:
    state = str(getattr(error, "sqlstate", None) or "")
    if not isinstance(error, asyncpg.PostgresError) or state in RETRIED or state.startswith(AWAY):
        return _unavailable(error, state)
    return error


def _translated(error: DBAPIError | OSError | PoolTimeout | asyncpg.InternalClientError) -> Exception:
    state = sqlstate(error)
    if not isinstance(error, DBAPIError) or isinstance(error, InterfaceError) or error.connection_invalidated:
        return _unavailable(error, state)
    if state in RETRIED or state.startswith(AWAY):
        return _unavailable(error, state)
    return error


def _unavailable(error: Exception, state: str) -> StorageUnavailable:
    """The caller is told to come again; the log tells why: no connection was free, a row was held, the server is away.

    The kind alone: the text may hold what the row held.
    """
    log.warning("storage_unavailable", error=type(error).__name__, sqlstate=state or None)
    return StorageUnavailable()
