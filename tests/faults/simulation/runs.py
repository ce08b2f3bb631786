"""Many histories in a few processes; and one alone, with its schedule.

`python -m tests.faults.simulation.runs SEED/NUMBER` tells the schedule of that history and what did not hold.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog

from tests.faults.history import Violation
from tests.faults.launcher import ROOT
from tests.faults.report import Result
from tests.faults.simulation import scenery
from tests.faults.simulation.histories import Histories, Told
from tests.support.databases import Databases

COUNT = {"short": 150, "full": 20_000}
PROCESSES = 2
SHOWN, LAST_STEPS = 5, 40
"""Broken histories that are kept whole, and how much of each schedule is printed."""


def opened(template: Path) -> Histories:
    """Tables of this process for all its histories."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    made = Histories(*scenery.build(template))
    gc.freeze()  # what is there stays: the collector need not look at it for each history
    return made


def some(template: Path, seed: int, numbers: range) -> dict[str, Any]:
    """These histories in this process, as JSON takes it."""
    histories, counts, broken = opened(template), Counter[str](), list[dict[str, Any]]()
    began = time.process_time()
    for number in numbers:
        told = histories.one(f"{seed}/{number}")
        counts.update({**told.counts, "steps": len(told.schedule), "faults": told.faults, "runs": 1})
        counts["seconds"] += round(told.seconds)
        if told.violations:
            broken.append({"seed": told.seed, "violations": [asdict(one) for one in told.violations[:20]]})
            if len(broken) <= SHOWN:
                broken[-1]["schedule"] = told.schedule
    return {"counts": dict(counts), "broken": broken, "processor": time.process_time() - began}


async def run(template: Path, seed: int, *, count: int, processes: int = PROCESSES, only: int | None = None) -> Result:
    """Histories 0 to `count` of this seed, or one `only`, spread over so many processes."""
    began = time.monotonic()
    result = Result("simulation", "sqlite")
    if only is not None:
        spread = [range(only, only + 1)]
    else:
        spread = [range(first, count, processes) for first in range(min(processes, count))]
    told = await asyncio.gather(*(_process(template, seed, numbers) for numbers in spread))
    counts = Counter[str]()
    for part in told:
        counts.update(part["counts"])
        for one in part["broken"]:
            result.violations += [Violation(**found) for found in one["violations"]]
            _show(one)
    result.runs, result.faults = counts["runs"], counts["faults"]
    result.seconds = time.monotonic() - began
    processor = sum(part["processor"] for part in told)
    result.more = {"counts": dict(counts), "broken": [one["seed"] for part in told for one in part["broken"]]}
    result.more["milliseconds"] = round(1000 * processor / max(1, counts["runs"]), 1)
    return result


async def _process(template: Path, seed: int, numbers: range) -> dict[str, Any]:
    arguments = [str(template), str(seed), str(numbers.start), str(numbers.stop), str(numbers.step)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.simulation.runs", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"a process of the simulation ended with {process.returncode}")
    return json.loads(said)


def _show(one: dict[str, Any]) -> None:
    number = one["seed"].partition("/")[2]
    print(f"history {one['seed']} (--seed {one['seed'].partition('/')[0]} --history {number}):", flush=True)
    for line in one.get("schedule", ())[-LAST_STEPS:]:
        print(f"    {line}")
    for found in one["violations"]:
        print(f"  {Violation(**found)}", flush=True)


def alone(seed: str) -> Told:
    """One history in this process, on tables of its own."""
    databases = Databases.joined()
    mine = databases or Databases.begin()
    try:
        with tempfile.TemporaryDirectory() as folder:
            mine.migrated_sqlite(Path(folder) / "template.db")
            return opened(Path(folder) / "template.db").one(seed)
    finally:
        if databases is None:
            mine.end()


def main(arguments: list[str]) -> int:
    """Some histories for `run`, or one for a person."""
    if len(arguments) == 1:
        told = alone(arguments[0])
        print("\n".join(told.schedule))
        print("\n".join(str(one) for one in told.violations) or "all held")
        return 1 if told.violations else 0
    template, seed, *numbers = arguments
    print(json.dumps(some(Path(template), int(seed), range(*map(int, numbers)))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
