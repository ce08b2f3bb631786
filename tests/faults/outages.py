"""Stage `outages`: PostgreSQL is restarted again and again under load, and the database's disk runs full under load.

The database is apart from all others: on a small disk of its own, PostgreSQL as a cluster of its own. Meanwhile
clients ask for refunds, labels and cancellations, again under their key where they are told: later.
"""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.faults import accounts
from tests.faults.disks import Disk, family
from tests.faults.history import Violation
from tests.faults.load import Load, Readiness
from tests.faults.world import World
from tests.support.databases import Databases, migrate
from tests.support.postgres import Cluster, programs

RESTARTS = {"short": 3, "full": 20}
RATE = 5.0
"""Requests a second."""
UP = (1.0, 3.0)
"""Seconds between two restarts."""
SIZE = {"sqlite": 48 << 20, "postgresql": 320 << 20}
"""Bytes of the disk."""
FULL = {"short": 6.0, "full": 15.0}
"""Seconds that the disk stays full after the first write was refused."""
FELT_WITHIN = 40.0
READY_WITHIN = 20.0
BACK_WITHIN = 60.0
"""Seconds until a write is taken again once there is room."""
SETTINGS = {"min_wal_size": "2MB", "max_wal_size": "24MB", "checkpoint_timeout": "30s", "restart_after_crash": "on"}


class Apart:
    """A database on a disk of its own."""

    def __init__(self, database: str, databases: Databases, folder: Path, *, mount: bool) -> None:
        self._databases = databases
        self.disk = Disk(folder / f"disk-{database}", SIZE[database], mount=mount)
        self.cluster: Cluster | None = None
        self._folder = folder

    def migrated_sqlite(self, path: Path) -> str:
        """The file, on the disk."""
        return self._databases.migrated_sqlite(self.disk.where / path.name)

    def migrated_postgres(self) -> str:
        """A database of a new cluster, whose logs of changes come in pieces so small that new ones are wanted soon."""
        found = programs()
        if found is None:
            raise RuntimeError("no PostgreSQL programs here")
        self._folder.chmod(0o711)
        self.cluster = Cluster(self._folder, found, data=self.disk.where / "postgres")
        url = self.cluster.start(initdb=("--wal-segsize=1",), settings=SETTINGS).create("aftersale")
        migrate(url)
        return url

    def drop(self, url: str) -> None:
        """Nothing: it goes with the disk."""

    def close(self) -> None:
        """Stop the cluster and take the disk away."""
        if self.cluster is not None:
            self.cluster.stop()
        self.disk.close()


@dataclass
class Report:
    """What happened on one database."""

    restarts: int = 0
    fillings: int = 0
    panics: int = 0
    """PostgreSQL's own crashes while its disk was full."""
    mounted: bool = True
    sent: int = 0
    slowest: float = 0.0
    """Seconds."""
    told: dict[str, int] | None = None

    def runs(self) -> int:
        """Outages."""
        return self.restarts + self.fillings


async def run(world: World, apart: Apart, rng: random.Random, *, short: bool) -> Report:
    """All outages of one database; afterwards every client has its answer and nothing is open."""
    form, report = "short" if short else "full", Report(mounted=apart.disk.mounted)
    await world.start(servers=2, workers=1)
    children = [*world.servers, *world.workers]
    if apart.cluster is not None:
        report.restarts = RESTARTS[form]
        await _phase(world, rng, "restarts", Restarts(apart.cluster, rng, report.restarts), report)
    report.fillings = 1
    await _phase(world, rng, "full disk", FullDisk(world, apart, FULL[form]), report)
    if apart.cluster is not None:
        report.panics = apart.cluster.said().count("PANIC")
    await world.settle(100)
    for child in children:
        if child.dead.is_set():
            world.history.found.append(Violation("clear", child.log.name, "a process has ended by itself"))
    report.slowest = world.slowest
    report.told = {" ".join(map(str, key)): count for key, count in sorted(world.told.items())}
    return report


async def _phase(world: World, rng: random.Random, name: str, outage: Outage, report: Report) -> None:
    """One kind of outage under a load of its own."""
    before, ready = world.told.copy(), Readiness(world)
    load = Load(world, rng, rate=RATE, seconds=outage.seconds)
    await load.start()
    ready.start()
    try:
        await asyncio.sleep(1.5)
        await outage.happen()
        await _taken(world)
        await ready.again(READY_WITHIN)
    finally:
        await load.end()
        ready.stop()
    report.sent += load.sent
    told = world.told - before
    world.history.found += accounts.answers_are_clear(told)
    world.history.found += accounts.it_was_felt(f"{world.database} {name}", told, ready.seen)


async def _taken(world: World) -> None:
    """Return once a write is taken again: the service has to recover by itself."""
    before, deadline = _successes(world), time.monotonic() + BACK_WITHIN
    while _successes(world) < before + 5:
        if time.monotonic() > deadline:
            world.history.found.append(Violation("stuck", world.database, f"no write was taken for {BACK_WITHIN} s"))
            return
        await asyncio.sleep(0.1)


def _successes(world: World) -> int:
    return sum(times for (status, _, _), times in world.told.items() if status in {201, 202})


def _refusals(world: World) -> int:
    return sum(times for (_, code, _), times in world.told.items() if code == "storage_unavailable")


class Restarts:
    """The server is stopped and started, by turns in order and as a crash."""

    def __init__(self, cluster: Cluster, rng: random.Random, count: int) -> None:
        self._cluster, self._rng, self._count = cluster, rng, count
        self.seconds = 15.0 * count + BACK_WITHIN
        """How long it takes at most, so that there are orders enough."""

    async def happen(self) -> None:
        """So many restarts."""
        for number in range(self._count):
            await asyncio.to_thread(self._cluster.restart, "immediate" if number % 2 else "fast")
            await asyncio.sleep(self._rng.uniform(*UP))


class FullDisk:
    """The disk is filled, stays full after the first refusal for a while, and has room again."""

    def __init__(self, world: World, apart: Apart, full: float) -> None:
        self._world, self._apart, self._full = world, apart, full
        self.seconds = FELT_WITHIN + full + BACK_WITHIN

    async def happen(self) -> None:
        """Fill, wait, relieve; a PostgreSQL that has crashed of it is started again."""
        before, deadline = _refusals(self._world), time.monotonic() + FELT_WITHIN
        await self._fill()
        while _refusals(self._world) == before and time.monotonic() < deadline:
            await self._fill()  # what is freed meanwhile is taken, too
            await asyncio.sleep(0.2)
        cluster, began, turned = self._apart.cluster, time.monotonic(), False
        while time.monotonic() < began + self._full:
            await self._fill()
            if cluster is not None and not turned and time.monotonic() > began + self._full / 2:
                turned = await asyncio.to_thread(_turn, self._world.database_url)
            await asyncio.sleep(0.2)
        self._apart.disk.relieve()
        await asyncio.sleep(1)  # a server that is ending has ended
        if cluster is not None and cluster.process() is None:
            await asyncio.to_thread(cluster.start_again)

    async def _fill(self) -> None:
        cluster = self._apart.cluster
        process = self._world.servers[0].pid if cluster is None else cluster.process()
        await asyncio.to_thread(self._apart.disk.fill, family(process) if process else [])


def _turn(url: str) -> bool:
    """Have PostgreSQL begin new pieces of its log of changes, for which there is no room: it crashes."""
    with suppress(psycopg.Error), psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
        for _ in range(8):
            connection.execute("SELECT pg_logical_emit_message(false, 'aftersale', 'full')")
            connection.execute("SELECT pg_switch_wal()")
    return True


Outage = Restarts | FullDisk
