"""The virtual database: one SQLite in memory for all histories, each of which is one transaction that is rolled back.

A unit of work is a savepoint of it. A process that is killed before its commit has rolled back; after it, it has not
heard that it committed. Jobs stand in a table of the same transaction, as the engine's do.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, RootTransaction, StaticPool, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.sqlite import _translated  # pyright: ignore[reportPrivateUsage]  what a writer tells of a driver's error
from app.work import P, Pool, Room, T, Work, dumps
from tests.faults.simulation.scheduler import Scheduler

JOBS = """CREATE TABLE virtual_jobs (
    id TEXT PRIMARY KEY, name TEXT, subject TEXT, schedule INTEGER, due REAL, status TEXT, owner TEXT)"""
OPEN_JOB = "status <> 'done'"


class Store:
    """The tables of one process of ours, filled from a migrated template; `begin` and `end` enclose a history."""

    def __init__(self, template: Path) -> None:
        self.driver = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        source = sqlite3.connect(template)
        source.backup(self.driver)
        source.close()
        for statement in ("PRAGMA foreign_keys=on", "PRAGMA synchronous=off", JOBS):
            self.driver.execute(statement)
        self._engine = create_engine(
            "sqlite://",
            creator=lambda: self.driver,
            poolclass=StaticPool,
            query_cache_size=5000,
            json_serializer=dumps,
            json_deserializer=orjson.loads,
        )
        self.connection: Connection = self._engine.connect()
        self._history: RootTransaction | None = None

    def begin(self) -> None:
        """Whatever is written from now on belongs to one history."""
        self.driver.execute("BEGIN")
        self._history = self.connection.begin()

    def end(self, *, keep: bool = False) -> None:
        """Forget it, or keep it for all histories to come."""
        assert self._history is not None
        (self._history.commit if keep else self._history.rollback)()
        self._history = None

    def unit(self, work: Callable[[Session], T], info: dict[str, Any]) -> T:
        """One transaction: stored when this returns, undone where it raises."""
        try:
            with (
                Session(
                    self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False, info=info
                ) as session,
                session.begin(),
            ):
                return work(session)
        except DBAPIError as error:
            raise _translated(error) from error

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Rows as they are now, past SQLAlchemy."""
        found = self.driver.execute(sql, values)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def close(self) -> None:
        """Forget all."""
        self.connection.close()
        self._engine.dispose()
        self.driver.close()


class Jobs:
    """In the place of the engine's client: a job is a row that commits, or does not, with what it is for."""

    def __init__(self, now: Callable[[], float], told: Callable[[], None]) -> None:
        self._now, self._told = now, told

    def enqueue_in_transaction(
        self, session: Session, options: dict[str, Any], name: str, subject: str, schedule: int
    ) -> None:
        """Enqueued twice under the same id, it runs once."""
        due = self._now() + options.get("delay_seconds", 0.0)
        values = (options["workflow_id"], name, subject, schedule, due)
        sql = "INSERT OR IGNORE INTO virtual_jobs VALUES (?, ?, ?, ?, ?, 'waiting', NULL)"
        session.connection().exec_driver_sql(sql, values)
        self._told()


Watch = Callable[[Session], None]
"""Looks at what a unit of work has written, before its commit."""


class VirtualDatabase:
    """The way to the tables of one process (`app.database.Database`): before and after each commit there is a step."""

    def __init__(self, store: Store, scheduler: Scheduler, info: dict[str, Any], *, shared: bool) -> None:
        self.info, self.shared, self.room = info, shared, Room()
        self._store, self._scheduler = store, scheduler
        self.watches: list[Watch] = []
        self.committed: Callable[[], None] = lambda: None

    def pool(self) -> Pool:
        """One connection for all."""
        return Pool(in_use=0, most=1, waiting=0)

    async def start(self) -> None:
        """Nothing is to be opened."""

    async def close(self) -> None:
        """Nothing is to be closed."""

    async def write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` in one transaction and commit."""
        name = getattr(work, "__name__", "work")
        await self._scheduler.step(f"commit {name}")

        def unit(session: Session) -> T:
            result = work(session, *args, **kwargs)
            session.flush()
            for watch in self.watches:
                watch(session)
            return result

        result = self._store.unit(unit, dict(self.info))
        self.committed()
        await self._scheduler.step(f"hear of the commit {name}")
        return result

    async def read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` on what is committed."""
        await self._scheduler.step(f"read {getattr(work, '__name__', '')}")
        with Session(
            self._store.connection, join_transaction_mode="rollback_only", expire_on_commit=False, info=dict(self.info)
        ) as session:
            return work(session, *args, **kwargs)

    async def fetch(self, read: Any, /, **values: Any) -> list[dict[str, Any]]:
        """No hot path is simulated."""
        raise NotImplementedError

    async def put(self, write: Any, /, **values: Any) -> None:
        """No hot path is simulated."""
        raise NotImplementedError


REQUEST: ContextVar[Any] = ContextVar("request", default=None)
"""What the request that is answered here has read of the provider's ledgers."""
