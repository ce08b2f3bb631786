"""Whether kills are felt: `python -m tests.tools.measure_killing` prints JSON; exit code 0: every promise held.

Two API processes and two workers on one PostgreSQL take tickets, messages, refunds, labels and reads over several
stores at a fixed rate, and every five seconds one of each is killed with `kill -9` and started again. Each accepted
request has to be found afterwards in the state that was told or a later one, the ledgers have to agree, and the
requests whose connection no kill has cut are answered within a second at the 99th percentile.

It is a tool and no stage of `make faults`: it judges times, which a machine that does other work as well spoils, and
takes minutes. The processes are forked from one that has imported the app, so what is measured is a kill and a start,
not two seconds of imports on the cores that the others serve with. How slow the machine is, against what targets
mean, is printed beside; the 99th percentile is judged as it is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.faults import accounts, checker
from tests.faults.history import Violation
from tests.faults.processes import Nursery, folder
from tests.faults.world import World
from tests.support.databases import Databases
from tests.tools import killing_judge
from tests.tools.killing_load import Shooter
from tests.tools.measure_guard import YARDSTICK, yardstick

STORES = 4
DRAIN = 150.0
"""Seconds until every operation has to be over: a killed worker's lease has to run out first."""
SETTINGS = {"call_seconds": "10", "workers_poll_seconds": "0.2", "shutdown_seconds": "10"}
"""As they are by themselves; `World` makes them shorter."""
SHOWN = 20


class Killer:
    """Kills one server and one worker by turns, and starts them again."""

    def __init__(self, world: World, every: float) -> None:
        self._world, self._every = world, every
        self.at: list[float] = []
        """When; seconds of the loop's clock."""
        self._task: asyncio.Task[None] | None = None
        self._over = False

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._go())

    async def stop(self) -> None:
        """Kill no more; what was killed runs again."""
        self._over = True
        if self._task is not None:
            await self._task

    async def _go(self) -> None:
        loop, world = asyncio.get_running_loop(), self._world
        began = loop.time()
        for turn in range(10**6):
            while (left := began + (turn + 1) * self._every - loop.time()) > 0:
                await asyncio.sleep(min(left, 0.2))
                if self._over:
                    return
            slot = turn % 2
            victims = (world.servers[slot], world.workers[slot])
            self.at.append(loop.time())
            for victim in victims:
                victim.kill()
            await asyncio.gather(*(victim.dead.wait() for victim in victims))
            world.servers[slot] = await world.serve(slot)
            world.workers[slot] = await world.work()


async def storm(world: World, asked: argparse.Namespace) -> tuple[dict[str, Any], list[Violation]]:
    """All of it in one world: the figures, and what did not hold."""
    rng = random.Random(f"{asked.seed}/killing")
    await world.start(servers=2, workers=2, **SETTINGS)
    shooter = Shooter(world.urls, await world.open_stores(STORES), rng)
    await shooter.stock(round(asked.rate * asked.seconds))
    killer = Killer(world, asked.every)
    killer.start()
    try:
        await shooter.shoot(asked.rate, asked.seconds)
    finally:
        await killer.stop()
    await shooter.end()
    began = time.monotonic()
    await asyncio.gather(*(world.up(f"{url}/readyz") for url in world.urls))
    await world.settle(DRAIN)
    told = {**killing_judge.figures(shooter.shots, killer.at), "drained_s": round(time.monotonic() - began, 1)}
    missing = await killing_judge.lost(shooter.shots)
    history = await world.evidence()
    broken = [*checker.check(history), *accounts.nothing_is_lost(history), *accounts.answers_are_clear(shooter.told)]
    told |= {"lost": len(missing), "answers": _plain(shooter.told)}
    return told, [*missing, *killing_judge.unexpected(shooter.shots), *broken]


def _plain(told: dict[tuple[int, str, str], int]) -> dict[str, int]:
    return {f"{status} {code}".strip(): count for (status, code, _), count in sorted(told.items())}


async def measured(
    asked: argparse.Namespace, databases: Databases, where: Path
) -> tuple[dict[str, Any], list[Violation]]:
    """The same with processes of its own, which end whatever happens."""
    nursery = Nursery()
    await nursery.start()
    world = World("postgresql", databases, where, nursery)
    try:
        return await storm(world, asked)
    finally:
        await world.close()
        await nursery.close()


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.measure_killing")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--rate", type=float, default=50.0, help="requests a second")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two kills of a server and a worker")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Measure, print, judge."""
    asked = options(arguments)
    slow = [yardstick()]
    joined = Databases.joined()
    databases = joined or Databases.begin()
    where = folder()
    try:
        if missing := databases.missing():
            print(f"PostgreSQL is needed: {missing}", file=sys.stderr)
            return 2
        told, violations = asyncio.run(measured(asked, databases, where))
    finally:
        if joined is None:
            databases.end()
        shutil.rmtree(where, ignore_errors=True)
    slow.append(yardstick())
    broken = killing_judge.above(told, violations)
    told |= {"violations": len(violations), "slowness": round(sum(slow) / len(slow) / YARDSTICK, 2)}
    head = {"seed": asked.seed, "seconds": asked.seconds, "rate": asked.rate, "every": asked.every}
    print(json.dumps({**head, **told, "target_ms": killing_judge.TARGET_MS, "above": broken}, indent=1))
    for violation in violations[:SHOWN]:
        print(f"  {violation}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
