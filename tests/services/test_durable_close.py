"""The engine's end: within its seconds, without blocking the loop, and what did not end is found again."""

from __future__ import annotations

import asyncio
import itertools
import signal
import time
from types import SimpleNamespace
from typing import Any

import pytest

from app.database import connect
from app.errors import StorageUnavailable
from app.services import durable, jobs
from app.settings import Settings
from tests.sandbox.served import run_sandbox
from tests.services.durable_fixtures import make_site, one_database, until
from tests.support.spread import KINDS


@pytest.fixture(scope="module")
def sandbox_url(tmp_path_factory):
    with run_sandbox(tmp_path_factory.mktemp("sandbox") / "sandbox.db") as url:
        yield url


@pytest.fixture(scope="module", params=KINDS)
def shared_url(request, databases, tmp_path_factory):
    with one_database(request.param, databases, tmp_path_factory) as url:
        yield url


async def test_closing_waits_for_a_running_job_and_keeps_the_loop_free(shared_url):
    settings = Settings(database_url=shared_url, workers_poll_seconds=0.05, shutdown_seconds=5)
    begun, ended = asyncio.Event(), []

    async def job(subject_id: str, schedule: int) -> None:
        begun.set()
        await asyncio.sleep(1.0)
        ended.append((subject_id, schedule))

    db = connect(shared_url)
    db.info["jobs"] = durable.client(settings)
    await db.start()
    engine = durable.Engine(settings, {"nap": job})
    await engine.launch()
    try:
        await db.write(lambda s: durable.enqueue(s, "nap", "one", 1))
        try:
            await asyncio.wait_for(begun.wait(), 30)
        except TimeoutError:
            await engine.close()  # the engine is one per process: left behind it would fail every test after this one
            raise
        beats: list[float] = []

        async def beat() -> None:
            while True:
                beats.append(time.monotonic())
                await asyncio.sleep(0.02)

        heart = asyncio.create_task(beat())
        started = time.monotonic()
        await engine.close()
        took = time.monotonic() - started
        heart.cancel()
    finally:
        await db.close()
        db.info["jobs"].destroy()
    assert ended == [("one", 1)]
    assert 0.5 < took < 6
    assert max(later - earlier for earlier, later in itertools.pairwise(beats)) < 0.6


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_told_to_stop_ends_cleanly_and_the_next_one_finishes_its_work(
    kind, databases, tmp_path_factory, sandbox_url, run_server
):
    with one_database(kind, databases, tmp_path_factory) as url:
        site = make_site(url, sandbox_url, run_server)
        api = site.start("serve", shutdown_seconds="1", call_seconds="2")
        working = api if kind == "sqlite" else site.start("worker", shutdown_seconds="1", call_seconds="2")
        site.sandbox.fault("refund", "slow", delay_ms=1900)
        refund = site.refund(api, 1).json()["id"]
        waiting = site.refund(api, 2, amount=300).json()["id"]
        until(lambda: site.effects("refund"))
        started = time.monotonic()
        assert working.stop() in {0, -signal.SIGTERM}, working.said()
        assert time.monotonic() - started < 8
        if kind == "sqlite":
            api = site.start("serve")
        else:
            site.start("worker")
        for one in (refund, waiting):
            assert site.settled(api, f"/v1/refunds/{one}")["status"] == "succeeded"
        assert sorted(row["amount"] for row in site.effects("refund")) == [300, 1000]


async def test_housekeeping_outlives_whatever_it_meets():
    """A database that is away, then a failure that nobody foresaw: the other chores go on; so does the next turn."""
    meets = iter([StorageUnavailable(), RuntimeError("a bad row")])
    done: list[str] = []

    class Met:
        async def write(self, work: Any, *args: Any) -> None:
            for trouble in meets:
                raise trouble
            done.append(work.__name__)

    runtime: Any = SimpleNamespace(db=Met(), settings=SimpleNamespace(parcel_watch_seconds=0, nightly_seconds=0))
    turning = asyncio.create_task(jobs.housekeeping(runtime))
    for _ in range(100):
        await asyncio.sleep(0.05)
        if "seal" in done:
            break
    turning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turning
    others = [chore.__name__ for chore in jobs.CHORES[1:]]
    turn = [name for name in done if name != "_take"]  # shops' erasures have a turn of their own
    assert turn[: len(others) + 1] == [*others, "seal"]
