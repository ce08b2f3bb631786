"""The processes of a run: forked by the launcher, killed, started again, never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.launcher import ROOT


@dataclass
class Child:
    """One `aftersale …` process."""

    pid: int
    nursery: Nursery
    log: Path
    dead: asyncio.Event = field(default_factory=asyncio.Event)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    hit: tuple[str, int, str] | None = None
    """Where it killed itself."""

    async def obey(self, plan: dict[str, Any]) -> None:
        """Give a traced child a plan; returns once it follows it, or is dead."""
        self.told.clear()
        self.nursery.order({"do": "plan", "pid": self.pid, "plan": plan})
        waits = [asyncio.create_task(event.wait()) for event in (self.told, self.dead)]
        _, rest = await asyncio.wait(waits, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()

    async def counted(self, folder: Path) -> dict[tuple[str, int, str], int]:
        """Stop counting; what was counted."""
        into = folder / f"counted-{self.pid}.json"
        into.write_text("[]", encoding="utf-8")
        await self.obey({"mode": "off", "into": str(into)})
        rows = json.loads(into.read_text(encoding="utf-8"))
        return {(name, line, phase): hits for name, line, phase, hits in rows}

    def kill(self) -> None:
        """`kill -9`."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    async def stop(self, seconds: float = 10) -> None:
        """Ask it to end; killed when it takes longer."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(self.dead.wait(), seconds)
        except TimeoutError:
            self.kill()
            await self.dead.wait()


class Nursery:
    """The launcher and its children."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._tickets = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[int]] = {}
        self._children: dict[int, Child] = {}
        self._early: dict[int, list[dict[str, Any]]] = {}
        self._ended = False

    async def start(self) -> None:
        """Start the launcher."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AFTERSALE_")}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.faults.launcher",
            cwd=ROOT,
            env={**inherited, "PYTHONUNBUFFERED": "1"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self._reader = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """End every child and the launcher."""
        await asyncio.gather(*(child.stop() for child in list(self._children.values())))
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await self._process.wait()
        if self._reader is not None:
            await self._reader

    def order(self, order: dict[str, Any]) -> None:
        """Tell the launcher."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")

    async def spawn(
        self,
        *arguments: str,
        environment: dict[str, str],
        log: Path,
        traced: Sequence[str] = (),
        plan: dict[str, Any] | None = None,
    ) -> Child:
        """Start `aftersale …`; does not wait until it answers."""
        if self._ended:
            raise RuntimeError("the launcher has ended")
        ticket = next(self._tickets)
        self._waiting[ticket] = asyncio.get_running_loop().create_future()
        self.order(
            {
                "do": "spawn",
                "ticket": ticket,
                "arguments": list(arguments),
                "environment": environment,
                "log": str(log),
                "traced": list(traced),
                "plan": plan,
            }
        )
        pid = await self._waiting[ticket]
        del self._waiting[ticket]
        child = self._children[pid] = Child(pid, self, log)
        for said in self._early.pop(pid, ()):
            self._take(said)
        return child

    async def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._take(json.loads(line))
        self._ended = True
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(RuntimeError("the launcher has ended"))

    def _take(self, said: dict[str, Any]) -> None:
        if "spawned" in said:
            self._waiting[said["ticket"]].set_result(said["spawned"])
            return
        pid = said.get("dead") or said.get("hit") or said.get("told")
        child = self._children.get(pid)
        if child is None:
            self._early.setdefault(pid, []).append(said)
        elif "hit" in said:
            name, line, phase = said["at"]
            child.hit = (name, line, phase)
        elif "told" in said:
            child.told.set()
        else:
            del self._children[pid]
            child.dead.set()


def folder() -> Path:
    """A folder of the run's own, in memory where there is room."""
    memory = Path("/dev/shm")
    where = memory if "TMPDIR" not in os.environ and os.access(memory, os.W_OK) else None
    made = Path(tempfile.mkdtemp(prefix=f"aftersale-faults-{os.getpid()}-", dir=where))
    made.chmod(0o711)
    return made
