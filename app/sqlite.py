"""SQLite: one writing connection, owned by one task, whose units of work share a commit (group commit)."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from app.errors import StorageUnavailable
from app.work import P, T, Work, dumps

GROUP = 64
"""Units of work that share one commit on SQLite."""
BUSY_SECONDS = 15.0
"""How long the SQLite writer waits for the engine's own transaction before it gives up."""


@dataclass(slots=True)
class _Unit:
    work: Callable[[Session], Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


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
            json_serializer=dumps,
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
            raise _translated(error) from error

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
            unit.error = _translated(error) if isinstance(error, DBAPIError) else error


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


def _translated(error: DBAPIError) -> Exception:
    words = str(error.orig)
    away = ("locked", "disk is full", "disk I/O", "unable to open", "readonly")
    return StorageUnavailable() if any(word in words for word in away) else error
