"""Durable jobs: the only file that knows the workflow engine (dbos).

A job is a name and an id, enqueued in the caller's transaction and run at least once after its commit, by this
process on SQLite and by any `aftersale worker` on PostgreSQL; a killed process's jobs are taken over.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import threading
import uuid
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import psycopg
import stamina
import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from app.settings import Settings

log = structlog.get_logger()

APPLICATION = "aftersale"
VERSION = "1"
"""Pinned: with a version computed from the code a deploy would strand the work in flight."""
QUEUE = "operations"
LOCK = ".engine.lock"
Job = Callable[[str, int], Awaitable[None]]
TRIES = 8


class EngineBusyError(RuntimeError):
    """Another process runs the engine on this SQLite file."""


class _Running:
    """The jobs of the engine that runs in this process; dbos itself is one per process."""

    jobs: dict[str, Job] = {}  # noqa: RUF012  filled at launch, emptied at close


@DBOS.workflow(name="job", max_recovery_attempts=1000)
async def _job(name: str, subject_id: str, schedule: int) -> None:
    # A minute of tries, so that a restart of the database ends no job in error. No step of the engine's: the state is
    # in our tables, and its record of a step would be a transaction per job that nobody reads.
    async for attempt in stamina.retry_context(
        on=Exception, attempts=TRIES, timeout=None, wait_initial=0.5, wait_max=60, wait_exp_base=2
    ):
        with attempt:
            await _Running.jobs[name](subject_id, schedule)


def _tell(details: RetryDetails) -> None:
    """The kind of what went wrong alone: its text may hold what the row held."""
    log.warning(
        "job_goes_again", attempt=details.retry_num, wait=details.wait_for, error=type(details.caused_by).__name__
    )


set_on_retry_hooks([_tell])


def client(settings: Settings) -> DBOSClient:
    """What a session needs to enqueue; connects to nothing by itself. Goes into `Database.info["jobs"]`."""
    return DBOSClient(
        system_database_url=settings.database,
        serializer=DBOSPortableJSONSerializer(),
        application_name=APPLICATION,
        lazy=True,
    )


def enqueue(
    session: Session, name: str, subject_id: str, schedule: int, *, delay: float = 0.0, yields: bool = False
) -> None:
    """Have job `name` run for `subject_id` once this transaction has committed, `delay` seconds later at the earliest.

    The pair of id and `schedule` names the job: enqueued twice, it runs once. A job that `yields` starts after all
    that wait and do not.
    """
    jobs: DBOSClient = session.info["jobs"]
    options: dict[str, Any] = {
        "workflow_name": "job",
        "queue_name": QUEUE,
        "workflow_id": f"{name}:{subject_id}:{schedule}",
    }
    if delay > 0:
        options["delay_seconds"] = delay
    if yields:
        options["priority"] = 1  # all others have 0, which goes first
    jobs.enqueue_in_transaction(session, options, name, subject_id, schedule)  # pyright: ignore[reportArgumentType]


def migrate(url: str) -> None:
    """Bring the engine's own tables up to date (schema `dbos` on PostgreSQL, beside ours on SQLite)."""
    DBOS.migrate(url)


def tables(url: str) -> tuple[int, int]:
    """At which version the engine's own tables are (0: they are not there), and at which they should be."""
    from dbos._migration import get_migration_versions, get_sqlite_migration_versions

    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        if url.startswith("sqlite"):
            return get_sqlite_migration_versions(engine)
        return get_migration_versions(engine, "dbos", use_listen_notify=True)
    finally:
        engine.dispose()


def check_free(settings: Settings) -> None:
    """Raise `EngineBusyError` where another process runs the engine on this SQLite file, before anything is started."""
    path = settings.database.removeprefix("sqlite:///")
    if settings.embedded and Path(path + LOCK).exists():
        _lock(path).close()


@contextlib.contextmanager
def held(settings: Settings) -> Generator[None]:
    """Keep every engine off this SQLite file; raises `EngineBusyError` where one runs."""
    lock = _lock(settings.database.removeprefix("sqlite:///"))
    try:
        yield
    finally:
        lock.close()


def direct(url: str) -> bool:
    """Whether a session of the PostgreSQL at `url` lasts from one statement to the next: locks and LISTEN live there.

    Through a transaction pooler another client's transaction takes the server connection that we had.
    """
    held = (
        "SELECT pg_backend_pid(), (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype='advisory')"
    )
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as ours, psycopg.connect(url) as others:
        ours.execute("SELECT pg_advisory_lock(hashtextextended('aftersale-doctor:' || pg_backend_pid(), 0))")
        before = ours.execute(held).fetchone()
        others.execute("SELECT 1")  # its transaction is open until the end of this block
        return before == ours.execute(held).fetchone() and before is not None and before[1] == 1


class Engine:
    """The engine in this process: launch once, close once."""

    def __init__(self, settings: Settings, jobs: dict[str, Job]) -> None:
        self._settings = settings
        self._jobs = jobs
        self._lock: IO[str] | None = None
        self._takeover: _Takeover | None = None
        # dbos replaces the loop's default executor and shuts it down at its end: keep one of our own.
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self.executor_id = "embedded" if settings.embedded else f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}"

    async def launch(self) -> None:
        """Start to work; on SQLite raises `EngineBusyError` where another process does so on the same file."""
        if self._settings.embedded:
            self._lock = _lock(self._settings.database.removeprefix("sqlite:///"))
        _Running.jobs = self._jobs
        config = DBOSConfig(
            name=APPLICATION,
            system_database_url=self._settings.database,
            executor_id=self.executor_id,
            application_version=VERSION,
            serializer=DBOSPortableJSONSerializer(),
            log_level="WARNING",
            notification_listener_polling_interval_sec=1.0,
        )
        DBOS(config=config)
        if not self._settings.embedded:
            self._takeover = _Takeover(self._settings.database, self.executor_id)
            await asyncio.get_running_loop().run_in_executor(self._threads, self._takeover.start)
        DBOS.launch()
        await DBOS.register_queue_async(
            QUEUE,
            worker_concurrency=self._settings.worker_concurrency,
            polling_interval_sec=self._settings.workers_poll_seconds,
        )

    async def close(self) -> None:
        """Let running jobs end for the seconds of the setting, then stop; what did not end is recovered later."""
        seconds = int(self._settings.shutdown_seconds)

        def destroy() -> None:
            DBOS.destroy(workflow_completion_timeout_sec=seconds)

        try:
            # On a thread of its own: called on the loop it would block the very jobs that it waits for.
            await asyncio.get_running_loop().run_in_executor(self._threads, destroy)
            _Running.jobs = {}
            if self._takeover is not None:
                await asyncio.get_running_loop().run_in_executor(self._threads, self._takeover.stop)
        finally:
            self._threads.shutdown(wait=False)
            if self._lock is not None:
                self._lock.close()


def _lock(path: str) -> IO[str]:
    file = Path(path + LOCK).open("a+")  # noqa: SIM115  held as long as the engine runs
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise EngineBusyError(f"another process runs the engine on {path}: one process per SQLite file") from error
    return file


class _Takeover:
    """Takes over the jobs of workers that died: liveness is a PostgreSQL session lock, freed when its holder ends."""

    LOCK = "hashtextextended('aftersale-executor:' || %s, 0)"

    def __init__(self, url: str, me: str, every: float = 1.0) -> None:
        self._url, self._me, self._every = url, me, every
        self._held = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="takeover")

    def start(self) -> None:
        """Return once our own lock is held: it must exist before we claim work."""
        self._thread.start()
        self._held.wait()

    def stop(self) -> None:
        """Let go of the lock."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                with psycopg.connect(
                    self._url, autocommit=True, keepalives_idle=5, keepalives_interval=2, keepalives_count=3
                ) as connection:
                    connection.execute(f"SELECT pg_advisory_lock({self.LOCK})", (self._me,))  # pyright: ignore[reportArgumentType, reportCallIssue]
                    self._held.set()
                    while not self._stop.wait(self._every):
                        self._sweep(connection)
            except psycopg.Error as error:  # the database is away: the lock is gone with it, take it again
                log.warning("takeover_lost_its_connection", error=type(error).__name__)
                self._stop.wait(self._every)

    def _sweep(self, connection: psycopg.Connection[Any]) -> None:
        rows = connection.execute(
            "SELECT DISTINCT executor_id FROM dbos.workflow_status WHERE status = 'PENDING' AND executor_id <> %s",
            (self._me,),
        ).fetchall()
        for (other,) in rows:
            got = connection.execute(f"SELECT pg_try_advisory_lock({self.LOCK})", (other,)).fetchone()  # pyright: ignore[reportArgumentType, reportCallIssue]
            if got is None or not got[0]:
                continue
            try:
                log.warning("taking_over", executor=other, pid=os.getpid())
                DBOS._recover_pending_workflows([other])  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            finally:
                connection.execute(f"SELECT pg_advisory_unlock({self.LOCK})", (other,))  # pyright: ignore[reportArgumentType, reportCallIssue]
