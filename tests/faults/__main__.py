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
from dataclasses import asdict
from pathlib import Path

from tests.faults import accounts, checker, deliveries, kills, matrix, outages, planted, races, report
from tests.faults.launcher import ROOT
from tests.faults.processes import Nursery, folder
from tests.faults.report import Result
from tests.faults.simulation import runs
from tests.faults.world import World
from tests.support.databases import Databases

STAGES = ("simulation", "matrix", "races", "deliveries", "kills", "outages", "planted")
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
    parser.add_argument("--unmounted", action="store_true", help="outages as where no disk may be mounted")
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
    apart = None
    if stage == "outages":
        apart = outages.Apart(database, databases, where / stage, mount=not asked.unmounted)
    world = World(database, apart or databases, where / stage, nursery)
    try:
        await _play(stage, world, rng, asked, result, apart)
        history = await world.evidence()
        lost = accounts.nothing_is_lost(history) if stage == "outages" else ()
        result.violations = [*checker.check(history), *lost]
        result.faults = report.seen(history) + (result.runs if stage in {"kills", "outages"} else 0)
        if result.violations:
            print(report.telling(world.said()))
    finally:
        await world.close()
        await nursery.close()
        if apart is not None:
            await asyncio.to_thread(apart.close)
        result.seconds = time.monotonic() - began
    return result


async def _play(
    stage: str,
    world: World,
    rng: random.Random,
    asked: argparse.Namespace,
    result: Result,
    apart: outages.Apart | None,
) -> None:
    only, short = frozenset[str](asked.only), bool(asked.short)
    if apart is not None:
        seen = await outages.run(world, apart, rng, short=short)
        result.runs, result.more = seen.runs(), {"outages": asdict(seen)}
    elif stage == "matrix":
        result.runs = await matrix.run(world, rng, short=short, only=only)
    elif stage == "races":
        result.runs = await races.run(world, rng, short=short, only=only)
    elif stage == "deliveries":
        result.runs = await deliveries.run(world, rng, short=short)
    else:
        told = kills.Report()
        count = asked.kills or KILLS["short" if short else "full"]
        result.runs = await kills.run(world, rng, told, count=count)
        result.more = told.as_dict()


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
