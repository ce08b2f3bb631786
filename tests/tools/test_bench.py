"""`make bench` runs whole, in its shortest form, and tells the two lines that others read."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from benchmarks import __main__ as bench
from tests.support.postgres import programs
from tests.support.servers import ROOT

FIVE = r"create=\d+\.\d\d get=\d+\.\d\d list=\d+\.\d\d status=\d+\.\d\d message=\d+\.\d\d"


@pytest.mark.skipif(programs() is None, reason="no PostgreSQL programs")
def test_the_shortest_run_tells_both_lines_last() -> None:
    command = [sys.executable, "-m", "benchmarks", "--rounds", "1", "--seconds", "0.1", "--sizes", "200", "400"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=300)
    lines = done.stdout.splitlines()
    assert re.fullmatch(f"postgres {FIVE}", lines[-2]), done.stdout + done.stderr
    assert re.fullmatch(f"sqlite {FIVE}", lines[-1]), done.stdout
    assert lines[-3].startswith(("every target is reached", "below its target: "))
    assert done.returncode == (0 if lines[-3] == "every target is reached" else 1)


def rates(**ours: float) -> bench.Rates:
    """What a run would have measured: the yardstick makes 100 of everything a second."""
    found: bench.Rates = bench.Rates(dict)
    found["yardstick"] = {"create": [100.0], "get": [100.0], "list": [100.0]}
    found["textbook"] = {"create": [10.0]}
    for name in ("postgres", "sqlite"):
        found[name] = {operation: [ours.get(operation, 100.0)] for operation in bench.OPERATIONS}
    return found


ALONE = {"create": 200.0, "get": 200.0, "list": 200.0}
EVEN = {"sqlite": [2.0]}


def test_a_ratio_below_its_target_fails_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.tell(rates(), EVEN, ALONE) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "postgres create=1.00 get=1.00 list=1.00 status=1.00 message=1.00",
        "sqlite create=1.00 get=1.00 list=1.00 status=1.00 message=1.00",
    ]
    assert bench.tell(rates(get=44.0), EVEN, ALONE) == 1
    assert "postgres get" in capsys.readouterr().out.splitlines()[-3]
    assert bench.tell(rates(message=99.0), EVEN, ALONE) == 1, "a hundred messages a second"
    assert bench.tell(rates(), {"sqlite": [5.1]}, ALONE) == 1, "one writer makes others wait"


def test_a_yardstick_that_is_slow_itself_fails_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.tell(rates(), EVEN, {**ALONE, "create": 251.0}) == 1
    assert "the yardstick's create" in capsys.readouterr().out.splitlines()[-3]


def test_rounds_are_compared_within_themselves() -> None:
    found: bench.Rates = bench.Rates(dict)
    found["yardstick"] = {"get": [100.0, 10.0, 50.0]}
    found["postgres"] = {"get": [60.0, 6.0, 30.0]}
    assert bench.ratios(found, "postgres")["get"] == pytest.approx(0.6)
