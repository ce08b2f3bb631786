"""Our processes in a history: servers that answer, workers that do jobs, chores and webhooks; all may be killed.

On SQLite it is one process that does all and is started again; with `shared` there are two of each, as on PostgreSQL.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app import clock
from app.database import UtcTime
from app.integrations.http import Answer
from app.models.stores import Store as StoreRow
from app.services import inbound, jobs, tries, webhook_queue
from app.services.event_streams import Streams
from app.services.providers import Providers, StoreConnections
from app.services.runtime import Runtime
from app.services.webhook_sender import Sender
from app.settings import Settings
from tests.faults.simulation.scenery import KEYRING, RECHECKS
from tests.faults.simulation.scheduler import Process, Scheduler
from tests.faults.simulation.storage import Jobs, Store, VirtualDatabase, Watch
from tests.faults.simulation.trouble import SECONDS

RETRIES = (0.3, 0.5, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5, 5)
WEBHOOK_RETRIES = (0.5, 1, 1, 2, 2, 3, 3, 5, 5, 5, 5)


def _settings(retries: tuple[float, ...]) -> Settings:
    given: dict[str, Any] = {
        "database_url": "sqlite:////nowhere",
        "data_dir": Path("/nowhere"),
        "sandbox_url": "http://nowhere",
        "call_seconds": SECONDS,
        "retry_seconds": retries,
        "recheck_seconds": RECHECKS,
        "webhook_retry_seconds": WEBHOOK_RETRIES,
    }
    return Settings(**given)


PATIENT, SHORT = _settings(RETRIES), _settings(RETRIES[:3])
"""With the short one a person is asked soon."""
CHORES_EVERY = 20.0
CHORES = (tries.revive, inbound.revive)
RESTART, TAKEN_OVER = (0.3, 2.0), (0.5, 3.0)
"""Virtual seconds until a process is up again, and until its jobs are another's."""
LOST = 0.01
"""How many jobs the engine loses."""
WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Between the tries of a job that raised, as the engine makes them."""


class VirtualConnections(StoreConnections):
    """Every store's counterparts are the virtual ones of its shop; credentials are opened as ever."""

    def __init__(self, counterparts: dict[str, Providers]) -> None:
        super().__init__(PATIENT, KEYRING)
        self._counterparts = counterparts

    def of(self, store: StoreRow, *, livemode: bool) -> Providers:
        """The four of this store."""
        assert not livemode
        return self._counterparts[store.sandbox_shop]


UNSENT = """
    SELECT d.id || ' was not sent' AS what FROM webhook_deliveries d WHERE d.status = 'pending'
    UNION ALL SELECT w.id || ' has not read the log' FROM webhook_endpoints w WHERE EXISTS (SELECT 1 FROM events e
        WHERE e.store_id = w.store_id AND (e.position, e.sequence, e.id) > (w.position, w.at_sequence, w.at_event))"""
LATE_WORK = """
    SELECT 1 FROM operations WHERE next_try_at < ?
    UNION ALL SELECT 1 FROM inbound_deliveries WHERE status = 'pending' AND next_try_at < ?"""
Post = Callable[[str, bytes, dict[str, str]], Coroutine[Any, Any, Answer]]


class Wire:
    """In the place of a sender's HTTP client."""

    def __init__(self, post: Post) -> None:
        self._post = post

    async def exchange(
        self, method: str, url: str, *, content: bytes, headers: dict[str, str], **limits: Any
    ) -> Answer:
        """One request to an endpoint."""
        del method, limits
        return await self._post(url, content, headers)

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass
class Machine:
    """One process with its means."""

    process: Process
    runtime: Runtime
    works: bool
    serves: bool


@dataclass
class Machines:
    """All processes of one history."""

    scheduler: Scheduler
    store: Store
    rng: random.Random
    counterparts: dict[str, Providers]
    shared: bool
    post: Post
    sends: bool
    """Whether webhooks are sent in this history."""
    settings: Settings
    watches: list[Watch]
    lost: int = 0
    """Jobs that the engine has lost."""
    running: list[Machine] = field(default_factory=list[Machine])
    started: int = 0
    _waiters: list[asyncio.Future[None]] = field(default_factory=list[asyncio.Future[None]])

    def start(self) -> None:
        """Start what a history has."""
        self.scheduler.on_kill = self._killed
        if self.shared:
            for works in (False, True, True):
                self.run(works=works, serves=not works)
        else:
            self.run(works=True, serves=True)

    def run(self, *, works: bool, serves: bool) -> None:
        """Start one process."""
        self.started += 1
        process = Process(f"{'worker' if works else 'server'}-{self.started}")
        info = {"jobs": Jobs(self.scheduler.now, self.wake), "keyring": KEYRING, "recheck_seconds": RECHECKS}
        db = VirtualDatabase(self.store, self.scheduler, info, shared=self.shared)
        db.watches, db.committed = self.watches, self.wake
        runtime = Runtime(self.settings, db, VirtualConnections(self.counterparts), process.name, Streams(db))
        machine = Machine(process, runtime, works, serves)
        self.running.append(machine)
        self.scheduler.note(f"{process.name} is up")
        if works:
            self.scheduler.spawn(process, self._work(machine))
            self.scheduler.spawn(process, self._tend(machine))
            if self.sends:
                self.scheduler.spawn(process, self._send(machine))

    def serving(self) -> list[Machine]:
        """Those that answer now."""
        return [machine for machine in self.running if machine.serves]

    def wake(self) -> None:
        """Something was committed."""
        waiting, self._waiters = self._waiters, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    async def something(self, seconds: float | None) -> None:
        """Return once something was committed, or after so many seconds."""
        waiter: asyncio.Future[None] = self.scheduler.loop.create_future()
        self._waiters.append(waiter)
        await asyncio.wait([waiter], timeout=seconds)

    def _killed(self, process: Process) -> None:
        machine = next(one for one in self.running if one.process is process)
        self.running.remove(machine)
        later = self.scheduler.loop.call_later
        later(self.rng.uniform(*RESTART), lambda: self.run(works=machine.works, serves=machine.serves))
        later(self.rng.uniform(*TAKEN_OVER), self._take_over, process.name)

    def _take_over(self, owner: str) -> None:
        sql = "UPDATE virtual_jobs SET status = 'waiting', due = ?, owner = NULL WHERE status = 'running' AND owner = ?"
        self.store.driver.execute(sql, (self.scheduler.now(), owner))
        self.wake()

    # ---- the engine -------------------------------------------------------------------------------------------------

    async def _work(self, machine: Machine) -> None:
        table = jobs.table(machine.runtime)
        while True:
            await self._until_due()
            await self.scheduler.step("take a job")
            now = self.scheduler.now()
            due = self.store.rows("SELECT * FROM virtual_jobs WHERE status = 'waiting' AND due <= ? ORDER BY id", now)
            if not due:
                continue
            job = self.rng.choice(due)
            lost = not self.scheduler.calm and self.rng.random() < LOST
            self.lost += lost
            status = "done" if lost else "running"
            values = (status, machine.process.name, job["id"])
            self.store.driver.execute("UPDATE virtual_jobs SET status = ?, owner = ? WHERE id = ?", values)
            self.scheduler.note(f"{machine.process.name} {'loses' if lost else 'takes'} {job['id']}")
            if not lost:
                self.scheduler.spawn(machine.process, self._do(table[job["name"]], job))

    async def _until_due(self) -> None:
        while True:
            [found] = self.store.rows("SELECT min(due) AS due FROM virtual_jobs WHERE status = 'waiting'")
            now = self.scheduler.now()
            if found["due"] is not None and found["due"] <= now:
                return
            await self.something(None if found["due"] is None else found["due"] - now + 1e-6)

    async def _do(self, run: Callable[[str, int], Any], job: dict[str, Any]) -> None:
        for wait in (*WAITS, None):
            try:
                await run(job["subject"], job["schedule"])
            except Exception as error:  # as the engine does: what raised is run again
                self.scheduler.note(f"{job['id']} broke: {type(error).__name__}")
                if wait is None:
                    break
                await asyncio.sleep(wait)
            else:
                break
        await self.scheduler.step("note that a job is done")
        self.store.driver.execute("UPDATE virtual_jobs SET status = 'done' WHERE id = ?", (job["id"],))

    async def _tend(self, machine: Machine) -> None:
        """Chores, now and then."""
        while True:
            await asyncio.sleep(CHORES_EVERY)
            now = UtcTime().process_bind_param(clock.now(), self.store.connection.dialect)
            if self.store.rows(LATE_WORK, str(now), str(now)):  # else they, which take longer, have nothing to do
                for chore in CHORES:
                    await jobs.tidy(machine.runtime, chore)

    # ---- webhooks ---------------------------------------------------------------------------------------------------

    async def _send(self, machine: Machine) -> None:
        sender, working = Sender(machine.runtime), set[str]()
        sender._http = Wire(self.post)  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]

        async def work(endpoint_id: str) -> None:
            try:
                await sender.work(endpoint_id)
            finally:
                working.discard(endpoint_id)

        while True:
            if self.store.rows(UNSENT):  # else the question below, which takes longer, has no answer
                for endpoint_id in await machine.runtime.db.read(webhook_queue.due):
                    if endpoint_id not in working:
                        working.add(endpoint_id)
                        self.scheduler.spawn(machine.process, work(endpoint_id))
            await self.something(1.0 if self.store.rows(UNSENT) else None)
            await asyncio.sleep(self.rng.uniform(0.5, 3.0))
