"""`python -m tests.faults`: order faults and kills, hold the ledgers against the promises, say what did not hold.

`--short` is what CI runs; `--seed` repeats a run; `--stage` and `--database` narrow it down; `--stage simulation --seed
S --history N` makes one history again. Exit code 0: all held.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import time
from pathlib import Path

from tests.faults import checker, deliveries, kills, matrix, planted, races, report
from tests.faults.launcher import ROOT
from tests.faults.processes import Nursery, folder
from tests.faults.report import Result
from tests.faults.simulation import runs
from tests.faults.world import World
from tests.support.databases import Databases

STAGES = ("simulation", "matrix", "races", "deliveries", "kills", "planted")
DATABASES = ("sqlite", "postgresql")
KILLS = {"short": 100, "full": 200}
"""Per database."""


def options() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--short", action="store_true", help="what CI runs")
    parser.add_argument("--stage", action="append", choices=STAGES, help="only this one; may be repeated")
    parser.add_argument("--database", action="append", choices=DATABASES, help="only this one; may be repeated")
    parser.add_argument("--only", action="append", default=[], help="only this race, or this effect of the matrix")
    parser.add_argument("--kills", type=int, help="how many per database")
    parser.add_argument("--histories", type=int, help="how many are simulated")
    parser.add_argument("--history", type=int, help="simulate this one alone")
    parser.add_argument("--processes", type=int, default=runs.PROCESSES, help="that simulate")
    parser.add_argument("--out", type=Path, default=ROOT / "faults.json")
    return parser.parse_args()


async def one(stage: str, database: str, asked: argparse.Namespace, databases: Databases, where: Path) -> Result:
    """One stage on one database, with processes of its own."""
    result = Result(stage, database)
    rng = random.Random(f"{asked.seed}/{stage}/{database}")
    began = time.monotonic()
    nursery = Nursery()
    await nursery.start()
    world = World(database, databases, where / stage, nursery)
    only = frozenset(asked.only)
    try:
        if stage == "matrix":
            result.runs = await matrix.run(world, rng, short=asked.short, only=only)
        elif stage == "races":
            result.runs = await races.run(world, rng, short=asked.short, only=only)
        elif stage == "deliveries":
            result.runs = await deliveries.run(world, rng, short=asked.short)
        else:
            told = kills.Report()
            count = asked.kills or KILLS["short" if asked.short else "full"]
            result.runs = await kills.run(world, rng, told, count=count)
            result.more = told.as_dict()
        history = await world.evidence()
        result.violations = checker.check(history)
        result.faults = report.seen(history) + (result.runs if stage == "kills" else 0)
        if result.violations:
            print(world.said()[-6000:])
    finally:
        await world.close()
        await nursery.close()
        result.seconds = time.monotonic() - began
    return result


async def simulated(asked: argparse.Namespace, databases: Databases, where: Path) -> Result:
    """Histories in memory, on a copy of the migrated SQLite file."""
    template = where / "template.db"
    await asyncio.to_thread(databases.migrated_sqlite, template)
    count = asked.histories or runs.COUNT["short" if asked.short else "full"]
    return await runs.run(template, asked.seed, count=count, processes=asked.processes, only=asked.history)


async def run(asked: argparse.Namespace, databases: Databases, where: Path) -> list[Result]:
    """Stage after stage, both databases of a stage at once."""
    results: list[Result] = []
    for stage in asked.stage or STAGES:
        began = time.monotonic()
        print(f"{stage} …", flush=True)
        (where / stage).mkdir()
        if stage == "simulation":
            results.append(await simulated(asked, databases, where / stage))
        elif stage == "planted":
            results.append(await planted.run(asked.seed, where / stage, short=asked.short))
        else:
            kinds = asked.database or DATABASES
            runs = [one(stage, kind, asked, databases, where) for kind in kinds]
            # Each ends its processes before the first failure is told: a run that is canceled waits for them for ever.
            ended = await asyncio.gather(*runs, return_exceptions=True)
            if broken := [found for found in ended if isinstance(found, BaseException)]:
                raise broken[0]
            results += [found for found in ended if isinstance(found, Result)]
        print(f"{stage}: {time.monotonic() - began:.0f} s", flush=True)
    return results


def main() -> int:
    """Run what was asked for; 0 where every promise held and every planted bug was caught."""
    asked = options()
    form = "short" if asked.short else "full"
    print(f"faults, {form} form, --seed {asked.seed}", flush=True)
    began = time.monotonic()
    joined = Databases.joined()
    databases = joined or Databases.begin()
    where = folder()
    try:
        missing = databases.missing()
        if missing and asked.database != ["sqlite"] and asked.stage != ["simulation"]:
            print(f"PostgreSQL is needed: {missing}", file=sys.stderr)
            return 2
        results = asyncio.run(run(asked, databases, where))
    finally:
        if joined is None:
            databases.end()
        shutil.rmtree(where, ignore_errors=True)
    seconds = time.monotonic() - began
    report.show(results, asked.seed, seconds)
    report.write(asked.out, results, asked.seed, form, seconds)
    return 1 if any(result.violations for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
