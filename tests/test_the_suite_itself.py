"""The suite's own promises: migrated databases of one's own, no way out of the machine, nothing skipped in silence."""

from __future__ import annotations

import re
import socket
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.guards import LeftTheMachineError

ROOT = Path(__file__).resolve().parent.parent


def tables(url: str) -> set[str]:
    if url.startswith("sqlite:///"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        connection.close()
    else:
        with psycopg.connect(url) as connection:
            rows = connection.execute("SELECT table_name FROM information_schema.tables").fetchall()
    return {row[0] for row in rows}


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_a_migrated_database_of_its_own(database_url: str, turn: int) -> None:
    assert {"alembic_version", "refunds", "workflow_status"} <= tables(database_url)
    assert "mine" not in tables(database_url), turn
    if database_url.startswith("sqlite"):
        connection = sqlite3.connect(database_url.removeprefix("sqlite:///"))
        connection.execute("CREATE TABLE mine (id INTEGER)")
        connection.close()
    else:
        with psycopg.connect(database_url) as connection:
            connection.execute("CREATE TABLE mine (id INTEGER)")


def test_what_shares_an_app_goes_to_one_process() -> None:
    """A module's tests on one database; else every process starts an app of every module."""
    select = ["-k", "every_test_has", "tests/test_the_suite_itself.py"]
    command = [sys.executable, "-m", "pytest", "-n2", "--dist=loadscope", "--no-loadscope-reorder", "-v", *select]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    workers = [set(re.findall(rf"\[(gw\d)\].* PASSED \S+\[{kind}-", ran.stdout)) for kind in ("sqlite", "postgresql")]
    assert sorted(map(sorted, workers)) == [["gw0"], ["gw1"]], ran.stdout[-4000:]


def test_postgresql_databases_can_be_had_in_any_number(postgres_url: Any) -> None:
    first, second, empty = postgres_url(), postgres_url(), postgres_url(empty=True)
    assert len({first, second, empty}) == 3
    assert "refunds" in tables(second)
    assert "refunds" not in tables(empty)


@pytest.mark.parametrize("host", ["192.0.2.1", "169.254.169.254", "2001:db8::1"])
def test_no_connection_leaves_the_machine(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as connection, pytest.raises(LeftTheMachineError):
        connection.connect((host, 80))


def test_no_name_is_looked_up_elsewhere() -> None:
    with pytest.raises(LeftTheMachineError):
        socket.getaddrinfo("shop.example", 443)
    assert socket.getaddrinfo("localhost", 80)
    assert socket.getaddrinfo("192.0.2.1", 80)


async def test_an_async_test_needs_no_mark() -> None:
    assert True


def suite(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a small suite with this conftest, as a stranger would."""
    (folder / "test_one.py").write_text(
        textwrap.dedent(
            """
            import pytest

            def test_runs():
                pass

            def test_in_the_browser(chromium):
                assert chromium
            """
        )
    )
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "tests.conftest",
            "--rootdir",
            folder,
            folder,
        ],
        cwd=ROOT,
        env={"PATH": str(folder), "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_what_is_skipped_is_said_loudly(tmp_path: Path) -> None:
    done = suite(tmp_path, {})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT EVERYTHING WAS TESTED" in done.stdout
    assert "1 skipped: no Chromium for browser tests" in done.stdout


def test_in_ci_a_skip_is_a_failure(tmp_path: Path) -> None:
    done = suite(tmp_path, {"CI": "true"})
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 passed, 1 error" in done.stdout
    assert "CI=true: nothing may be skipped" in done.stdout
