"""The queue: what it stores, what holds a slot, and what a transaction takes with it when it fails."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from sqlalchemy import text

from app.database import connect
from app.models.stores import Store
from app.services import durable, stores
from app.settings import Settings
from tests.sandbox.served import run_sandbox
from tests.services.durable_fixtures import Site, make_site, one_database, until
from tests.support.spread import KINDS


@pytest.fixture(scope="module")
def sandbox_url(tmp_path_factory):
    with run_sandbox(tmp_path_factory.mktemp("sandbox") / "sandbox.db") as url:
        yield url


@pytest.fixture(scope="module", params=KINDS)
def shared_url(request, databases, tmp_path_factory):
    with one_database(request.param, databases, tmp_path_factory) as url:
        yield url


@pytest.fixture
def site(shared_url, sandbox_url, run_server) -> Site:
    return make_site(shared_url, sandbox_url, run_server)


def test_a_long_backoff_holds_no_slot_and_rows_are_portable(site):
    """One slot; the first refund is told to come back in a minute; the second goes through at once."""
    patient = {"worker_concurrency": "1", "call_seconds": "10"}  # a call that is cut off is another case
    api = site.start("serve", **patient)
    if not site.database_url.startswith("sqlite"):
        site.start("worker", **patient)
    site.sandbox.fault("refund", "throttle", retry_after=60)
    sleeping = site.refund(api, 1).json()["id"]
    operation = site.get(api, f"/v1/refunds/{sleeping}")["operation"]["id"]

    def told_to_wait() -> str | None:
        found = site.get(api, f"/v1/operations/{operation}")
        return found["next_try_at"] if [row["outcome"] for row in found["attempts"]] == ["not_executed"] else None

    waits = until(told_to_wait)
    started = time.monotonic()
    other = site.refund(api, 2, Prefer="wait=10")
    assert (other.status_code, other.json()["status"]) == (201, "succeeded")
    assert time.monotonic() - started < 8
    assert site.get(api, f"/v1/refunds/{sleeping}")["status"] == "pending"
    assert waits > other.json()["settled_at"]

    def ended_and_put_off() -> list[dict[str, Any]] | None:  # the engine writes a job's end after the job's own commit
        found = site.rows(f"SELECT * FROM dbos.workflow_status WHERE workflow_uuid LIKE 'operation:{operation}:%'")
        ordered = sorted(found, key=lambda row: row["workflow_uuid"])
        return found if [row["status"] for row in ordered] == ["SUCCESS", "DELAYED"] else None

    for row in until(ended_and_put_off):
        assert row["serialization"] == "portable_json"
    inputs = site.rows(f"SELECT inputs FROM dbos.workflow_input WHERE workflow_uuid LIKE 'operation:{operation}:%'")
    assert len(inputs) == 2
    for row in inputs:
        assert json.loads(row["inputs"])["positionalArgs"][:2] == ["operation", operation], "JSON, and no pickle"
    everything = site.rows("SELECT application_version, recovery_attempts FROM dbos.workflow_status")
    assert {row["application_version"] for row in everything if row["application_version"]} == {"1"}


# ---- one transaction ------------------------------------------------------------------------------------------------


async def opened(url: str):
    db = connect(url, pool_size=4)
    db.info["jobs"] = durable.client(Settings(database_url=url))
    await db.start()
    return db


def workflows(session) -> set[str]:
    schema = "dbos." if session.get_bind().dialect.name == "postgresql" else ""
    return set(session.scalars(text(f"SELECT workflow_uuid FROM {schema}workflow_status")))


async def test_a_job_and_its_row_commit_together_or_not_at_all(shared_url):
    db = await opened(shared_url)

    def work(session, name: str, *, fails: bool) -> str:
        store = stores.create(session, name)
        durable.enqueue(session, "operation", name, 1)
        durable.enqueue(session, "operation", name, 2, delay=30)
        if fails:
            raise RuntimeError("after both were written")
        return store.id

    try:
        with pytest.raises(RuntimeError, match="after both"):
            await db.write(work, "lost", fails=True)
        kept = await db.write(work, "kept", fails=False)
        found = await db.read(workflows)
        assert not {name for name in found if ":lost:" in name}
        assert {"operation:kept:1", "operation:kept:2"} <= found
        names = await db.read(lambda s: set(s.query(Store.name)))
        assert ("kept",) in names
        assert ("lost",) not in names
        await db.write(lambda s: durable.enqueue(s, "operation", "kept", 1))
        assert len([name for name in await db.read(workflows) if name == "operation:kept:1"]) == 1, kept
    finally:
        await db.close()
        db.info["jobs"].destroy()


async def test_a_job_that_yields_goes_after_those_that_do_not(shared_url):
    db = await opened(shared_url)

    def work(session) -> list[str]:
        durable.enqueue(session, "operation", "mail", 1, yields=True)
        durable.enqueue(session, "operation", "money", 1)
        schema = "dbos." if session.get_bind().dialect.name == "postgresql" else ""
        rows = text(
            f"SELECT workflow_uuid FROM {schema}workflow_status WHERE workflow_uuid LIKE 'operation:m%' "
            "ORDER BY priority, created_at"
        )
        return list(session.scalars(rows))

    try:
        assert await db.write(work) == ["operation:money:1", "operation:mail:1"], "the order in which the engine takes"
    finally:
        await db.close()


async def test_in_a_group_one_failing_unit_loses_only_its_own_row_and_job(shared_url):
    db = await opened(shared_url)

    def work(session, number: int) -> int:
        stores.create(session, f"group-{number}")
        durable.enqueue(session, "operation", f"group-{number}", 1)
        if number % 3 == 0:
            raise RuntimeError(str(number))
        return number

    try:
        results = await asyncio.gather(*(db.write(work, number) for number in range(30)), return_exceptions=True)
        good = {number for number in range(30) if number % 3}
        assert {number for number in results if isinstance(number, int)} == good
        names = {name for (name,) in await db.read(lambda s: s.query(Store.name).all()) if name.startswith("group-")}
        assert names == {f"group-{number}" for number in good}
        jobs = {name for name in await db.read(workflows) if ":group-" in name}
        assert jobs == {f"operation:group-{number}:1" for number in good}
    finally:
        await db.close()
        db.info["jobs"].destroy()


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
async def test_a_unit_whose_caller_went_away_is_stored_whole_or_not_at_all(shared_url, turns):
    db = await opened(shared_url)
    name = f"gone-{turns}"

    def work(session) -> None:
        stores.create(session, name)
        durable.enqueue(session, "operation", name, 1)

    try:
        task = asyncio.create_task(db.write(work))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await db.write(lambda s: None)
        row = await db.read(lambda s: s.query(Store).filter_by(name=name).count())
        job = f"operation:{name}:1" in await db.read(workflows)
        assert row == int(job)
        if not db.shared and turns:
            assert job, "what the writer was given is stored, whoever waits for it"
    finally:
        await db.close()
        db.info["jobs"].destroy()


async def test_closing_finishes_what_is_being_written(sqlite_url):
    """A group that is at its commit when the database is closed is committed, and its callers hear so."""
    for turns in range(6):
        db = await opened(sqlite_url)
        tasks = [
            asyncio.create_task(db.write(lambda s, n=number: stores.create(s, f"closing-{n}").name))
            for number in range(5)
        ]
        for _ in range(turns):
            await asyncio.sleep(0)
        await db.close()
        told = await asyncio.gather(*tasks, return_exceptions=True)
        assert told == [f"closing-{number}" for number in range(5)] or turns == 0, told
        db.info["jobs"].destroy()
        db = await opened(sqlite_url)
        count = await db.read(lambda s: s.query(Store).count())
        assert count >= 5 * turns
        await db.close()
        db.info["jobs"].destroy()
