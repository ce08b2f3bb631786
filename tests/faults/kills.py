"""Stage `kills`: `kill -9` at chosen lines of the sagas; then restart, drain, and hold to account.

First every scene runs once while the processes count which places they reach. Of these the seed plans the kills:
about two of three in the sagas' own files. The client goes on asking with its key all the while.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.faults import points
from tests.faults.history import Violation
from tests.faults.points import Place, Point
from tests.faults.processes import Child
from tests.faults.scenes import SCENES
from tests.faults.world import Storefront, World

IN_SAGA = 0.65
NEEDED = 0.9
"""Share of the kills planned in the sagas' own files that have to be hit."""
REACHED_WITHIN = 10.0
RESTART = "restart"
"""Not a scene of its own: a process is killed while it has work, and killed again while it takes that up."""
LEFT_BEHIND = "refund lost with its look-up"
TAKEOVER = 1.5
"""Seconds until a worker has looked for what the dead left."""
SPARE = 60
"""Stores for places that are tried again."""
Plan = dict[str, Any]
Reached = dict[tuple[str, Place], dict[str, int]]
"""Per role and place: how often each scene reached it."""


@dataclass
class Kill:
    """What became of one planned kill."""

    point: Point
    scenes: tuple[str, ...] = ()
    """Where else its place is reached: a second try goes there."""
    hit: bool = False
    tries: int = 0


@dataclass
class Report:
    """All kills on one database."""

    kills: list[Kill] = field(default_factory=list)
    reached: int = 0
    """Places that some scene reached."""

    def saga(self) -> tuple[int, int]:
        """Hit and planned in the sagas' own files."""
        own = [kill for kill in self.kills if kill.point.saga]
        return sum(kill.hit for kill in own), len(own)

    def all(self) -> tuple[int, int]:
        """Hit and planned everywhere."""
        return sum(kill.hit for kill in self.kills), len(self.kills)

    def as_dict(self) -> dict[str, object]:
        """For the table and the file."""
        told = [{"at": str(kill.point), "hit": kill.hit, "tries": kill.tries} for kill in self.kills]
        return {"kills": told, "reached": self.reached, "saga": self.saga(), "all": self.all()}


async def run(world: World, rng: random.Random, report: Report, *, count: int) -> int:
    """Plan `count` kills, carry them out, let everything end; how many were hit."""
    stage = _Stage(world)
    await stage.start(count + SPARE)
    reached = await stage.discover()
    report.reached = len(reached)
    report.kills = [Kill(point, elsewhere(reached, point)) for point in plan(reached, rng, count)]
    for number, kill in enumerate(report.kills, 1):
        await stage.carry_out(kill)
        said = "killed" if kill.hit else "MISSED"
        print(f"{world.database} {number}/{count} {said} {kill.point}: {points.text(kill.point.place)}", flush=True)
    await stage.drain()
    hit, planned = report.saga()
    if hit < NEEDED * planned:
        detail = f"only {hit} of {planned} planned kills in the sagas' own files were hit"
        world.history.found.append(Violation("kills", world.database, detail))
    return report.all()[0]


def plan(reached: Reached, rng: random.Random, count: int) -> list[Point]:
    """So many points, each place once before any is taken twice."""
    own = [where for where in sorted(reached) if Point(where[0], "", where[1], 1).saga]
    beside = [where for where in sorted(reached) if where not in set(own)]
    chosen: list[Point] = []
    for places, wanted in ((own, round(count * IN_SAGA)), (beside, count - round(count * IN_SAGA))):
        queue: list[tuple[str, Place]] = []
        for _ in range(wanted):
            queue = queue or rng.sample(places, len(places))
            role, place = queue.pop()
            scene = rng.choice(sorted(reached[role, place]))
            chosen.append(Point(role, scene, place, rng.randint(1, min(3, reached[role, place][scene]))))
    rng.shuffle(chosen)
    return chosen


def elsewhere(reached: Reached, point: Point) -> tuple[str, ...]:
    """The other scenes that reach the place, the restart first: what happens once per process happens there."""
    others = [scene for scene in sorted(reached[point.role, point.place]) if scene != point.scene]
    return tuple(sorted(others, key=lambda scene: scene != RESTART))


class _Stage:
    """The processes that are killed, and the clients that live through it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._children: dict[str, Child] = {}
        self._open: list[asyncio.Task[None]] = []
        self._stores: list[Storefront] = []

    async def start(self, stores: int) -> None:
        await self._world.start(servers=1, workers=0)
        await self._world.servers.pop().stop()
        self._stores = await self._world.open_stores(stores)
        for role in ("server",) if self._world.database == "sqlite" else ("server", "worker"):
            await self._spawn(role)

    async def _spawn(self, role: str, plan: Plan | None = None) -> Child:
        world, watched = self._world, points.files()
        begin = world.work(traced=watched, plan=plan) if role == "worker" else world.serve(0, traced=watched, plan=plan)
        child = self._children[role] = await begin
        if role == "server" and plan is None:
            await world.up(f"{world.urls[0]}/readyz")
        return child

    async def discover(self) -> Reached:
        """Run each scene once and count the places that it reaches, per role."""
        reached: Reached = defaultdict(dict)
        for name in (*SCENES, RESTART):
            if name == RESTART:
                tasks = [await self._restart(role, {"mode": "record"}) for role in self._children]
                await asyncio.gather(*tasks)
                await asyncio.sleep(TAKEOVER)
            else:
                await asyncio.gather(*(child.obey({"mode": "record"}) for child in self._children.values()))
                await SCENES[name](self._stores.pop())
            for role, child in self._children.items():
                for place, hits in (await child.counted(self._world.folder)).items():
                    if points.counts(place):
                        reached[role, place][name] = hits
        return reached

    async def _restart(self, role: str, plan: Plan) -> asyncio.Task[None]:
        """Kill a process while it has work, and start it with a plan: what it takes up again is watched."""
        task = self._play(LEFT_BEHIND)
        await asyncio.sleep(0.2)
        child = self._children[role]
        child.kill()
        await child.dead.wait()
        await self._spawn(role, plan)
        return task

    def _play(self, scene: str) -> asyncio.Task[None]:
        task = asyncio.create_task(SCENES[scene](self._stores.pop()))
        self._open.append(task)
        return task

    async def carry_out(self, kill: Kill) -> None:
        """Arm, begin the scene, wait for the kill, start again; a place that was missed is tried twice more."""
        point = kill.point
        while not kill.hit and kill.tries < 3:
            kill.tries += 1
            name, line, phase = point.place
            hit = point.hit if kill.tries == 1 else 1
            order: Plan = {"mode": "kill", "goal": {"file": name, "line": line, "phase": phase, "hit": hit}}
            scene = ((point.scene, *kill.scenes) * 3)[kill.tries - 1]
            if scene == RESTART:
                await self._restart(point.role, order)
            else:
                await self._children[point.role].obey(order)
                self._play(scene)
            await self._wait_for(kill, self._children[point.role], patiently=scene == RESTART)
            if len(self._stores) < 2:
                self._stores += await self._world.open_stores(SPARE)

    async def _wait_for(self, kill: Kill, child: Child, *, patiently: bool) -> None:
        """The kill, or the end of the scene without it; afterwards the process runs and nothing is planned."""
        dead = asyncio.create_task(child.dead.wait())
        waits = {dead} if patiently else {dead, self._open[-1]}
        await asyncio.wait(waits, timeout=REACHED_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        if not child.dead.is_set():
            await child.obey({"mode": "off", "into": str(self._world.folder / "nothing.json")})
        dead.cancel()
        if not child.dead.is_set():
            return
        kill.hit = child.hit == kill.point.place
        if not kill.hit:
            detail = f"ended without being killed while {kill.point} was waited for"
            self._world.history.found.append(Violation("kills", kill.point.role, detail))
        await self._spawn(kill.point.role)

    async def drain(self) -> None:
        """Every client gets its answer, every operation ends."""
        done, late = await asyncio.wait(self._open, timeout=100)
        for task in late:
            task.cancel()
        for task in done:
            task.result()
        await self._world.settle(100)
