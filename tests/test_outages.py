"""What judges the outages of `make faults` can fail; and its small disk is really full once it is filled."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.faults import accounts
from tests.faults.disks import Disk, family
from tests.faults.history import Ask, History

PROBLEM = "application/problem+json"
AWAY = (503, "storage_unavailable", PROBLEM)


def broken(told: dict[tuple[int, str, str], int]) -> list[str]:
    return [violation.detail for violation in accounts.answers_are_clear(told)]


def test_successes_refusals_and_a_clear_later_are_right_answers() -> None:
    said = {(201, "", "application/json"): 9, (409, "refund_exceeds_captured", PROBLEM): 2, AWAY: 40}
    assert broken({**said, (503, "unavailable", PROBLEM): 3}) == []


@pytest.mark.parametrize(
    "told",
    [
        (500, "internal_error", PROBLEM),
        (502, "", "text/html"),
        (503, "", PROBLEM),
        (503, "internal_error", PROBLEM),
        (503, "storage_unavailable", "application/json"),
        (409, "refund_exceeds_captured", "application/json"),
        (0, "", ""),
    ],
)
def test_any_other_error_and_silence_are_none(told: tuple[int, str, str]) -> None:
    assert len(broken({(201, "", "application/json"): 9, told: 1})) == 1


def history(status: str = "succeeded", *, store: str = "sto_1", id_: str = "rfd_1") -> History:
    """A refund of one client, as the database has it, and as it was told."""
    made = History("sqlite")
    made.asks = [Ask("refund", "shop-1", "key", answers=[(202, None, "rfd_1")], shown=["pending", "succeeded"])]
    made.tables = {
        "stores": [{"id": "sto_1", "sandbox_shop": "shop-1"}, {"id": "sto_2", "sandbox_shop": "shop-2"}],
        "refunds": [{"id": id_, "store_id": store, "status": status}],
        "return_labels": [],
        "operations": [],
    }
    return made


def test_what_was_acknowledged_and_stands_as_it_was_shown_is_not_lost() -> None:
    assert list(accounts.nothing_is_lost(history())) == []
    later = history()
    later.asks[0].shown = ["pending"]
    assert list(accounts.nothing_is_lost(later)) == [], "it has gone on since"


@pytest.mark.parametrize("wrong", [history(id_="rfd_2"), history(store="sto_2"), history("pending"), history("failed")])
def test_a_false_acknowledgement_is_found(wrong: History) -> None:
    assert [violation.invariant for violation in accounts.nothing_is_lost(wrong)] == ["lost"]


def test_an_outage_that_nobody_felt_has_tested_nothing() -> None:
    felt = Counter({(201, "", "application/json"): 9, AWAY: 1})
    assert list(accounts.it_was_felt("full disk", felt, [200, 503, 200])) == []
    assert len(list(accounts.it_was_felt("full disk", felt, [200, 200]))) == 1, "/readyz did not tell"
    assert len(list(accounts.it_was_felt("full disk", felt, [200, 503]))) == 1, "/readyz tells it for ever"
    quiet = Counter({(201, "", "application/json"): 9})
    assert len(list(accounts.it_was_felt("full disk", quiet, [200, 503, 200]))) == 1


def test_a_filled_disk_takes_nothing_until_it_is_relieved(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "disk", 1 << 20)
    if not disk.mounted:
        pytest.skip("no disk may be mounted here")
    try:
        (disk.where / "before").write_bytes(b"1" * 5000)
        disk.fill([])
        with pytest.raises(OSError, match="No space") as refused:
            (disk.where / "after").write_bytes(b"1" * 5000)
        assert refused.value.errno == errno.ENOSPC
        disk.relieve()
        (disk.where / "after").write_bytes(b"1" * 5000)
    finally:
        disk.close()
    assert not list((tmp_path / "disk").iterdir()), "it is gone with all that was on it"


WRITES = """
import sys, time
for line in sys.stdin:
    try:
        with open(sys.argv[1], "wb") as file:
            file.write(b"1" * 100_000)
    except OSError as error:
        print(error.errno, flush=True)
    else:
        print(0, flush=True)
"""


def test_where_none_may_be_mounted_a_process_may_write_no_long_file(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "disk", 1 << 20, mount=False)
    assert not disk.mounted
    command = [sys.executable, "-c", WRITES, str(disk.where / "file")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None

        def tried() -> int:
            assert writer.stdin is not None
            assert writer.stdout is not None
            print(file=writer.stdin, flush=True)
            return int(writer.stdout.readline())

        assert tried() == 0
        disk.fill(family(writer.pid))
        assert tried() == errno.EFBIG
        disk.relieve()
        assert tried() == 0
        writer.stdin.close()
    disk.close()


def test_a_process_has_a_family() -> None:
    with subprocess.Popen(["sleep", "20"]) as child:
        try:
            assert {os.getpid(), child.pid} <= set(family(os.getpid()))
        finally:
            child.send_signal(signal.SIGKILL)
