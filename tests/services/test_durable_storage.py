"""The database fails: nothing is acknowledged that is not stored, and work in flight ends in success all the same."""

from __future__ import annotations

import resource
import signal
import tempfile
import threading
from pathlib import Path

import httpx
import pytest

from tests.sandbox.served import run_sandbox
from tests.services.durable_fixtures import Site, make_site, until
from tests.support.databases import Databases, migrate
from tests.support.postgres import cluster, wait_until_up

FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the disk is full' USING ERRCODE = '53100'; END $$;
CREATE CONSTRAINT TRIGGER full_disk AFTER INSERT ON refunds DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION full_disk();
"""


@pytest.fixture(scope="module")
def sandbox_url(tmp_path_factory):
    with run_sandbox(tmp_path_factory.mktemp("sandbox") / "sandbox.db") as url:
        yield url


def nothing_of_it_is_stored(site: Site) -> None:
    for table in ("refunds", "operations", "refund_allocations", "spend_counters", "answers"):
        assert site.rows(f"SELECT * FROM {table}") == [], table
    assert site.rows("SELECT * FROM dbos.workflow_status WHERE workflow_uuid LIKE 'operation:%'") == []
    assert site.effects("refund") == []


def test_a_commit_that_fails_on_postgresql_is_never_answered_as_a_success(postgres_url, sandbox_url, run_server):
    """Everything was written and flushed; the COMMIT itself fails."""
    site = make_site(postgres_url(), sandbox_url, run_server)
    api = site.start("serve")
    site.start("worker")
    site.run_sql(FULL)
    answer = site.refund(api, 1, Prefer="wait=1", Idempotency_Key="once")
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    not_ready = httpx.get(f"{api.url}/readyz", trust_env=False)
    assert (not_ready.status_code, not_ready.json()["code"]) == (503, "storage_unavailable"), "a balancer must see it"
    nothing_of_it_is_stored(site)
    site.run_sql("DROP TRIGGER full_disk ON refunds")
    again = site.refund(api, 1, Prefer="wait=10", Idempotency_Key="once")
    assert (again.status_code, again.json()["status"]) == (201, "succeeded"), "a 503 is not kept under the key"
    assert len(site.effects("refund")) == 1


def test_a_full_disk_under_sqlite_is_told_and_survived(sqlite_url, sandbox_url, run_server):
    """The server may write no file any longer than its log is now; then it may again."""
    site = make_site(sqlite_url, sandbox_url, run_server)
    api = site.start("serve")
    assert site.get(api, "/v1/orders/%231")["number"] == "#1"
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    room = max(path.stat().st_size for path in file.parent.glob(file.name + "*")) // 4096 * 4096
    before = resource.prlimit(api.process.pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    answers = [site.refund(api, 1, amount=100, Idempotency_Key=f"full-{number}") for number in range(40)]
    codes = {answer.status_code for answer in answers}
    assert codes <= {202, 503}, codes
    assert 503 in codes
    assert httpx.get(f"{api.url}/readyz", trust_env=False).json()["code"] == "storage_unavailable"
    acknowledged = [answer.json()["id"] for answer in answers if answer.status_code == 202]
    resource.prlimit(api.process.pid, resource.RLIMIT_FSIZE, before)
    again = until(lambda: (found := site.refund(api, 2, Prefer="wait=10")).status_code == 201 and found)
    assert again.json()["status"] == "succeeded"
    until(lambda: httpx.get(f"{api.url}/readyz", trust_env=False).status_code == 200)
    for refund in acknowledged:
        assert site.settled(api, f"/v1/refunds/{refund}")["status"] == "succeeded"
    stored = {row["id"] for row in site.rows("SELECT id FROM refunds")}
    assert stored == {*acknowledged, again.json()["id"]}
    assert len(site.effects("refund")) == len(stored)


def test_a_database_restart_in_the_middle_of_work_ends_in_success(databases: Databases, sandbox_url, run_server):
    """PostgreSQL crashes under a server, a worker, calls in flight and jobs in the queue."""
    if databases.missing():
        pytest.skip(str(databases.missing()))
    folder = Path(tempfile.mkdtemp(dir=databases._folder))  # PostgreSQL's own user must be able to get there
    with cluster(folder) as (server, postgres):
        url = postgres.create("aftersale")
        migrate(url)
        site = make_site(url, sandbox_url, run_server, orders=8)
        api, worker = site.start("serve"), site.start("worker")
        site.sandbox.fault("refund", "slow", delay_ms=700, times=6)
        made = [site.refund(api, number).json()["id"] for number in range(1, 7)]
        until(lambda: len(site.effects("refund")) >= 3)
        codes: list[int] = []
        asking = threading.Event()

        def ask() -> None:
            while not asking.wait(0.1):
                codes.append(site.refund(api, 8, amount=1).status_code)

        rival = threading.Thread(target=ask)
        rival.start()
        server.restart("immediate")
        wait_until_up(url)
        until(lambda: len(codes) > 20)
        asking.set()
        rival.join()
        assert set(codes) <= {202, 503}, "never a 500, never a lie"
        for refund in made:
            assert site.settled(api, f"/v1/refunds/{refund}", seconds=40)["status"] == "succeeded"
        stored = {row["id"] for row in site.rows("SELECT id FROM refunds")}
        assert len(stored) >= 6 + codes.count(202)
        until(lambda: len(site.effects("refund")) == len(stored), 40)
        assert site.rows("SELECT workflow_uuid FROM dbos.workflow_status WHERE status = 'ERROR'") == []
        assert worker.stop() == 0
        assert api.stop() in {0, -signal.SIGTERM}
