"""The virtual scheduler: one event loop in which no time passes by itself, and a seed that says which step goes next.

Whatever the code of `app/` awaits outside of itself (a transaction, a call, a job) is a step. When nothing is ready,
the seed picks one of the open steps, or lets the clock go on to the next timer; and it says where a process is killed.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

SHORTEST, LONGEST = 0.0005, 0.02
"""Virtual seconds that a step takes."""
STALL, STALLED = 0.01, (1.0, 8.0)
"""How often a process stands still at a step, and for how many virtual seconds: longer than its lease, at the most."""
TIMERS_FIRST = 0.05
"""How often the next timer goes before any open step."""
MOST_STEPS = 50_000
"""No history is as long as this: something goes round in circles."""


class Endless(AssertionError):
    """A history that does not come to rest."""


@dataclass(eq=False)
class Process:
    """A server or a worker; killed, its tasks are gone and nothing that they do afterwards has an effect."""

    name: str
    mortal: bool = True
    dead: bool = False
    tasks: dict[asyncio.Task[Any], None] = field(default_factory=dict[asyncio.Task[Any], None])
    """In the order in which they were made: a set's is another in each run."""

    def kill(self) -> None:
        """Gone between two steps: what is committed stays."""
        self.dead = True
        for task in list(self.tasks):
            task.cancel()


NOBODY = Process("outside", mortal=False)
CURRENT: ContextVar[Process] = ContextVar("process", default=NOBODY)


@dataclass(eq=False)
class _Step:
    what: str
    process: Process
    gone_on: asyncio.Future[None]


class Loop(asyncio.BaseEventLoop):
    """An event loop whose time is virtual, seconds since the history began; it asks `idle` when nothing is ready."""

    def __init__(self, idle: Callable[[bool], bool]) -> None:
        super().__init__()
        self._selector = self
        self._idle, self._moment = idle, 0.0

    def time(self) -> float:
        return self._moment

    def pass_time(self, seconds: float) -> None:
        """Let the clock go on."""
        self._moment += seconds

    def select(self, timeout: float | None) -> list[Any]:
        """In the place of a selector: nothing comes from outside, so a step is taken or time passes."""
        if (timeout is None or timeout > 0) and not self._idle(timeout is not None):
            if timeout is None:
                raise Endless("nothing is open, and somebody still waits")
            self._moment += timeout
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


class Scheduler:
    """Chooses by the seed, and writes down what it chose."""

    def __init__(self, rng: random.Random, *, kills: int, kill_rate: float) -> None:
        self._rng = rng
        self._open: list[_Step] = []
        self.kills_left, self._kill_rate = kills, kill_rate
        self.killed = 0
        self.calm = False
        """Nobody is killed and nobody stands still any more."""
        self.schedule: list[str] = []
        self.on_kill: Callable[[Process], None] = lambda process: None
        self.loop = Loop(self._idle)
        self.loop.set_task_factory(_owned)

    def now(self) -> float:
        """Virtual seconds since the history began."""
        return self.loop.time()

    def spawn(self, process: Process, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start something that ends with the process."""
        token = CURRENT.set(process)
        try:
            return self.loop.create_task(work)
        finally:
            CURRENT.reset(token)

    async def step(self, what: str) -> None:
        """Wait until it is this step's turn; a process may be killed here, and may stand still before."""
        process = CURRENT.get()
        if process.dead:
            raise asyncio.CancelledError
        if not self.calm and process.mortal and self._rng.random() < STALL:
            self.note(f"{process.name} stands still before {what}")
            await asyncio.sleep(self._rng.uniform(*STALLED))
        future: asyncio.Future[None] = self.loop.create_future()
        self._open.append(_Step(what, process, future))
        await future
        if process.dead:
            raise asyncio.CancelledError

    def note(self, what: str) -> None:
        """A line of the schedule."""
        if len(self.schedule) >= MOST_STEPS:
            raise Endless("the history does not come to rest")
        self.schedule.append(f"{self.now():9.3f} {what}")

    def fingerprint(self) -> str:
        """The same for the same history."""
        return hashlib.sha256("\n".join(self.schedule).encode()).hexdigest()

    def kill(self, process: Process) -> None:
        """`kill -9`."""
        self.killed += 1
        self.note(f"{process.name} is killed")
        process.kill()
        self._open = [step for step in self._open if step.process is not process]
        self.on_kill(process)

    def _idle(self, may_wait: bool) -> bool:
        """Take one of the open steps; False where time is to pass instead."""
        if not self._open or (may_wait and self._rng.random() < TIMERS_FIRST):
            return False
        step = self._open.pop(self._rng.randrange(len(self._open)))
        self.loop.pass_time(self._rng.uniform(SHORTEST, LONGEST))
        dies = not self.calm and self.kills_left > 0 and step.process.mortal and self._rng.random() < self._kill_rate
        if dies:
            self.kills_left -= 1
            self.note(f"{step.process.name} … {step.what}")
            self.kill(step.process)
        elif not step.gone_on.done():
            self.note(f"{step.process.name}: {step.what}")
            step.gone_on.set_result(None)
        return True


def _owned(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
    """A task belongs to the process in whose context it is made, and is gone with it."""
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **options)
    process = CURRENT.get()
    process.tasks[task] = None
    task.add_done_callback(lambda ended: process.tasks.pop(ended, None))
    return task
