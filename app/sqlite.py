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
from typing import Any, cast

import orjson
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from app.errors import StorageUnavailable
from app.statements import Compiled, Read, Taken, Write
from app.tracing import traceparent
from app.work import P, Pool, Room, T, Work, dumps

GROUP = 64
"""Units of work that share one commit on SQLite."""
BUSY_SECONDS = 15.0
"""How long the SQLite writer waits for the engine's own transaction before it gives up."""


@dataclass(slots=True)
class _Put:
    write: Write
    values: dict[str, Any]


@dataclass(slots=True)
class _Unit:
    work: Callable[[Session], Any] | _Put
    future: asyncio.Future[Any]
    info: dict[str, Any]
    result: Any = None
    error: BaseException | None = None


class SqliteDatabase:
    """One writing connection, owned by one task: units share a commit, each in a savepoint of its own."""

    shared = False

    def __init__(self, url: str, *, readers: int) -> None:
        self.info: dict[str, Any] = {}
        self.room = Room()
        self._most = 2 * readers + 1
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
        self._path = url.removeprefix("sqlite:///")
        self._reader: sqlite3.Connection | None = None

    def pool(self) -> Pool:
        """Readers and the one writer."""
        found = cast("QueuePool", self._engine.pool)
        return Pool(in_use=found.checkedout(), most=self._most, waiting=len(self._waiting))

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
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        self._engine.dispose()
        self._thread.shutdown(wait=True)

    def _about(self) -> dict[str, Any]:
        return {**self.info, "traceparent": traceparent.get()}  # the writer's task is nobody's request

    async def write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Queue the unit; returns after the group's commit has reached the disk."""

        def unit(session: Session) -> T:
            return work(session, *args, **kwargs)

        return await self._queued(unit)

    async def read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One snapshot on a reading connection; short enough to stay on the loop."""
        try:
            with self._engine.connect() as connection:
                connection.exec_driver_sql("BEGIN")
                with Session(connection, expire_on_commit=False, info=self._about()) as session:
                    return work(session, *args, **kwargs)
        except DBAPIError as error:
            raise _translated(error) from error

    async def fetch(self, read: Read, /, **values: Any) -> list[dict[str, Any]]:
        """One snapshot on a connection of the driver's own; short enough to stay on the loop."""
        try:
            if self._reader is None:
                self._reader = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
                _pragmas(self._reader, None)
            head, *lists = read.sqlite.items()
            if not lists:
                return _rows(self._reader, head[1], values)
            self._reader.execute("BEGIN")
            try:
                found = _rows(self._reader, head[1], values)
                for row in found[:1]:
                    hanging = {**values, **{f"row_{name}": value for name, value in row.items()}}
                    row.update({name: _rows(self._reader, one, hanging) for name, one in lists})
                return found
            finally:
                self._reader.execute("COMMIT")
        except sqlite3.Error as error:
            raise _of_driver(error) from error

    async def put(self, write: Write, /, **values: Any) -> None:
        """In a savepoint of the group's transaction, without a session. Raises `Taken`."""
        await self._queued(_Put(write, values))

    async def _queued(self, work: Any) -> Any:
        if self._closed:
            raise StorageUnavailable
        if self._task is None:
            await self.start()
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Unit(work, future, self._about()))
        self._wake.set()
        return await future

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
                if "locked" not in str(error):  # that is the engine's own transaction, which takes its time
                    self.room.refused()
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
        if isinstance(unit.work, _Put):
            self._put(unit, unit.work, driver)
            return
        try:
            with (
                Session(
                    self._writer,
                    join_transaction_mode="create_savepoint",
                    expire_on_commit=False,
                    info=unit.info,
                ) as session,
                session.begin(),
            ):
                unit.result = unit.work(session)
        except Exception as error:
            # A full disk rolls the whole transaction back under our feet: then nobody of the group was stored.
            if not driver.in_transaction:
                raise sqlite3.OperationalError("the transaction ended early") from error
            unit.error = self._noted(error, _translated(error)) if isinstance(error, DBAPIError) else error

    def _noted(self, error: Exception, told: Exception) -> Exception:
        if isinstance(told, StorageUnavailable) and "locked" not in str(error):
            self.room.refused()
        return told

    def _put(self, unit: _Unit, put: _Put, driver: sqlite3.Connection) -> None:
        try:
            driver.execute("SAVEPOINT unit")
            put.write.sqlite(driver, put.values)
            driver.execute("RELEASE unit")
        except Exception as error:
            if not driver.in_transaction:
                raise sqlite3.OperationalError("the transaction ended early") from error
            driver.execute("ROLLBACK TO unit")
            driver.execute("RELEASE unit")
            taken = isinstance(error, sqlite3.IntegrityError) and "UNIQUE" in str(error)
            told = self._noted(error, _of_driver(error)) if isinstance(error, sqlite3.Error) else error
            unit.error = Taken() if taken else told


def _rows(driver: sqlite3.Connection, one: Compiled, values: dict[str, Any]) -> list[dict[str, Any]]:
    return one.shown(driver.execute(one.sql, one.bound(values)).fetchall())


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
    pragmas = ("journal_mode=wal", "synchronous=full", "foreign_keys=on", "busy_timeout=0", "cache_size=-8000")
    # What is deleted is overwritten: an erased person stands in no free page of the file.
    for pragma in (*pragmas, "secure_delete=on"):
        connection.execute(f"PRAGMA {pragma}")


AWAY = ("locked", "disk is full", "disk I/O", "unable to open", "readonly")


def _translated(error: DBAPIError) -> Exception:
    return StorageUnavailable() if any(word in str(error.orig) for word in AWAY) else error


def _of_driver(error: sqlite3.Error) -> Exception:
    return StorageUnavailable() if any(word in str(error) for word in AWAY) else error
