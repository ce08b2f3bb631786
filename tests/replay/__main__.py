"""`python -m tests.replay`: tasks and forbidden attempts of a public shop over HTTP, the final states compared exactly.

Every case has a fresh copy of the shop and a store of its own under the rules of `policy.json`; each write is sent
twice with its key. The last line counts what held; exit code 0: all did.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from tests.replay import runner
from tests.replay.cases import load_negatives, load_tasks
from tests.replay.world import Fault, world
from tests.tools import retail

RETAIL = Path(os.environ.get("AFTERSALE_SPECS") or Path(__file__).resolve().parents[3] / "shared") / "data" / "retail"
LANES, STRUCK_LANES = 4, 8
"""How many run at once: where answers are lost on order, more of them wait."""


def options(arguments: list[str]) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.replay", description=__doc__)
    parser.add_argument("--tasks", type=Path, default=RETAIL / "tasks_dev.jsonl")
    parser.add_argument("--negatives", type=Path, default=RETAIL / "negatives_dev.json")
    parser.add_argument("--shop", type=Path, default=RETAIL / "db.json", help="the shop that both are about")
    parser.add_argument("--only", action="append", default=[], help="only the case with this id; may be repeated")
    parser.add_argument("--lanes", type=int, help=f"how many run at once: {LANES}, with faults {STRUCK_LANES}")
    parser.add_argument(
        "--database-url", default="", help="postgresql://…; empty: a SQLite file that goes with the run"
    )
    parser.add_argument("--faults", default="", help="timeout_after_effect,error_after_effect: the sandbox's names")
    parser.add_argument("--every", type=int, default=3, help="which effect the faults strike")
    return parser.parse_args(arguments)


async def replay(asked: argparse.Namespace) -> runner.Outcome:
    """Load, start, run."""
    shop = retail.load(asked.shop)
    cases = [*load_tasks(asked.tasks, shop), *load_negatives(asked.negatives)]
    if asked.only:
        cases = [case for case in cases if case.id in asked.only]
    fault = Fault(tuple(asked.faults.split(",")), asked.every) if asked.faults else None
    lanes = max(1, min(asked.lanes or (STRUCK_LANES if fault else LANES), len(cases)))
    async with world(shop, len(cases), lanes=lanes, database_url=asked.database_url, struck=fault is not None) as made:
        return await runner.run(made, cases, fault)


def main(arguments: list[str]) -> int:
    """Say what did not hold and why, then the counts."""
    asked = options(arguments)
    began = time.monotonic()
    outcome = asyncio.run(replay(asked))
    for case_id, why in outcome.wrong.items():
        print(f"{case_id}: {why}")
    struck = f", {outcome.struck} effects struck" if asked.faults else ""
    print(f"{time.monotonic() - began:.1f} s{struck}")
    print(outcome)
    return 0 if outcome.right == outcome.total else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started ends with us
    sys.exit(main(sys.argv[1:]))
