"""Killed processes: whoever is left finishes the work, and the provider sees one effect."""

from __future__ import annotations

import os
import subprocess

import pytest

from app.services.durable import Engine
from app.settings import Settings
from tests.sandbox.served import run_sandbox
from tests.services.durable_fixtures import Site, make_site, until
from tests.support.servers import COMMAND


@pytest.fixture(scope="module")
def sandbox_url(tmp_path_factory):
    with run_sandbox(tmp_path_factory.mktemp("sandbox") / "sandbox.db") as url:
        yield url


@pytest.fixture
def site(postgres_url, sandbox_url, run_server) -> Site:
    return make_site(postgres_url(), sandbox_url, run_server)


@pytest.fixture
def embedded(sqlite_url, sandbox_url, run_server) -> Site:
    return make_site(sqlite_url, sandbox_url, run_server)


def test_a_killed_workers_refund_and_label_are_finished_by_another_and_happen_once(site):
    """kill -9 in the middle of slow calls; the label's carrier has no idempotency, only its ledger tells."""
    api, first = site.start("serve"), site.start("worker", call_seconds="2")
    site.sandbox.fault("refund", "slow", delay_ms=1800)
    site.sandbox.fault("label", "slow", delay_ms=1800)
    refund = site.refund(api, 1).json()["id"]
    body = {"order": "#2", "lines": [{"line_id": "l-2", "quantity": 1}]}
    answer = site.call(api, "POST", "/v1/return-labels", body, Prefer="wait=0")
    assert answer.status_code == 202, answer.text
    label = answer.json()["id"]
    until(lambda: site.effects("refund") and site.effects("label"))
    first.kill()
    assert site.get(api, f"/v1/refunds/{refund}")["status"] == "pending"
    second = site.start("worker")
    assert site.settled(api, f"/v1/refunds/{refund}")["status"] == "succeeded"
    assert site.settled(api, f"/v1/return-labels/{label}")["status"] == "active"
    assert [len(site.effects(kind)) for kind in ("refund", "label")] == [1, 1]
    assert site.effects("refund")[0]["amount"] == 1000
    assert "taking_over" in second.said()
    for resource in ("refunds/" + refund, "return-labels/" + label):
        operation = site.get(api, f"/v1/{resource}")["operation"]["id"]
        attempts = site.get(api, f"/v1/operations/{operation}")["attempts"]
        first_try, *looks, last = [row["outcome"] for row in attempts]  # on a busy machine one may be too slow
        assert (first_try, set(looks) <= {"unknown"}, last) == (None, True, "succeeded")
        assert attempts[-1]["detail"]["detail"] == "found by look-up"
    executors = site.rows("SELECT DISTINCT executor FROM operation_tries")
    assert len(executors) == 2


def test_two_workers_share_the_work_under_two_names(site):
    api = site.start("serve")
    for _ in range(2):
        site.start("worker", worker_concurrency="1")
    site.sandbox.fault("refund", "slow", delay_ms=400, times=4)
    made = [site.refund(api, 1, amount=100 + number).json()["id"] for number in range(4)]
    for refund in made:
        assert site.settled(api, f"/v1/refunds/{refund}")["status"] == "succeeded"
    assert sorted(row["amount"] for row in site.effects("refund")) == [100, 101, 102, 103]
    names = site.rows("SELECT DISTINCT executor_id FROM dbos.workflow_status WHERE status = 'SUCCESS'")
    assert len(names) == 2


def test_executor_ids_are_never_the_same_twice_on_postgresql_and_constant_on_sqlite():
    shared = Settings(database_url="postgresql://nobody@127.0.0.1/none")
    assert len({Engine(shared, {}).executor_id for _ in range(20)}) == 20
    alone = Settings(database_url="sqlite:////nonexistent/aftersale.db")
    assert {Engine(alone, {}).executor_id for _ in range(3)} == {"embedded"}, "the next start finds its own work"


def test_a_killed_server_on_sqlite_finds_its_own_work_again(embedded):
    first = embedded.start("serve")
    embedded.sandbox.fault("refund", "slow", delay_ms=900)
    refund = embedded.refund(first, 1).json()["id"]
    waiting = embedded.refund(first, 2, amount=700).json()["id"]
    until(lambda: embedded.effects("refund"))
    first.kill()
    second = embedded.start("serve")
    assert embedded.settled(second, f"/v1/refunds/{refund}")["status"] == "succeeded"
    assert embedded.settled(second, f"/v1/refunds/{waiting}")["status"] == "succeeded"
    assert sorted(row["amount"] for row in embedded.effects("refund")) == [700, 1000]


def test_one_process_per_sqlite_file_and_tools_beside_it(embedded):
    first = embedded.start("serve")
    second = embedded.run_server(
        "serve", database_url=embedded.database_url, environment=embedded.environment, ready=None
    )
    assert second.process.wait(20) != 0
    assert "one process per SQLite file" in second.said()
    for arguments in (("serve", "--workers", "2"), ("worker",)):
        refused = tool(embedded, *arguments)
        assert refused.returncode != 0
        assert "SQLite" in refused.stderr
        assert "Traceback" not in refused.stderr
    made = tool(embedded, "stores", "create", "Beside")
    assert made.returncode == 0, made.stderr
    assert '"Beside"' in made.stdout
    assert tool(embedded, "stores", "list").stdout.count("\n") == 2
    refund = embedded.refund(first, 1, Prefer="wait=10")
    assert (refund.status_code, refund.json()["status"]) == (201, "succeeded"), "the first one works on"


def tool(site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command-line tool beside the server."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AFTERSALE_")}
    return subprocess.run(
        [COMMAND, *arguments],
        env={**inherited, **site.environment, "AFTERSALE_DATABASE_URL": site.database_url, "AFTERSALE_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
