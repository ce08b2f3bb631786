"""PostgreSQL: a pool of connections, a transaction per unit of work, serialization failures and deadlocks run again."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from app.errors import StorageUnavailable
from app.work import P, T, Work, dumps

RETRIED = {"40001", "40P01"}
"""PostgreSQL's serialization failure and deadlock: the whole unit runs again."""
LOCK_TIMEOUT = "55P03"
AWAY = ("08", "53", "57P", "58", "XX")
"""Classes of SQLSTATE that mean the server is away, full or broken, not that the statement is wrong."""


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's five-character code of a failure, or an empty string."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


class PostgresDatabase:
    """A pool of asyncpg connections; one session and one transaction per unit."""

    shared = True

    def __init__(self, url: str, *, pool_size: int) -> None:
        self.info: dict[str, Any] = {}
        self._engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=pool_size,
            max_overflow=0,  # a connection beyond the pool is opened and closed for a single unit
            pool_timeout=10,
            pool_pre_ping=False,
            json_serializer=dumps,
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
