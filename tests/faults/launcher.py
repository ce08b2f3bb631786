"""Starts `aftersale …` in forked children, and kills a child with SIGKILL at the line that was chosen for it.

`python -m tests.faults.launcher` imports the app once and then obeys JSON lines on its standard input; each child
runs the very commands that a person runs. A child that is `traced` watches itself by `sys.settrace`, so that no
switch for any of this stands in `app/`.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import select
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Tracer:
    """Counts how often a process reaches a place, or kills it there the n-th time.

    A place is (file, line, phase): `before` the line runs, or `after` its await has come back.
    """

    def __init__(self, say: int, pid: int, files: list[str]) -> None:
        self._say, self._pid = say, pid
        self._watched = {str(ROOT / name): name for name in files}
        self._goal: tuple[str, int, str] | None = None
        self._left = 0
        self.counts: dict[tuple[str, int, str], int] = {}
        self.active = False

    def obey(self, plan: dict[str, Any]) -> None:
        """`record` counts, `kill` waits for one place, `off` rests and tells what was counted."""
        self.active = False
        goal = plan.get("goal")
        self._goal = (goal["file"], goal["line"], goal["phase"]) if goal else None
        self._left = goal["hit"] if goal else 0
        counted = [[*place, hits] for place, hits in self.counts.items()] if plan["mode"] == "off" else []
        self.counts = {}
        if counted:  # longer than a pipe takes in one piece: beside it
            Path(plan["into"]).write_text(json.dumps(counted), encoding="utf-8")
        self.active = plan["mode"] != "off"
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    def follow(self, *_: object) -> None:
        """In the main thread, which alone can trace itself: begin or end with it, and say so."""
        sys.settrace(self.calls if self.active else None)
        os.write(self._say, json.dumps({"told": self._pid}).encode() + b"\n")

    def calls(self, frame: FrameType, event: str, arg: object) -> Any:
        """Python's trace function for calls; a coroutine that goes on is called again."""
        del arg
        name = self._watched.get(frame.f_code.co_filename)
        if name is None:
            return None
        if self.active and event == "call" and frame.f_trace is not None:
            self._reach(name, frame.f_lineno, "after")
        return self.lines  # also while nothing is planned: a thread's loop is never called again

    def lines(self, frame: FrameType, event: str, arg: object) -> Any:
        """Python's trace function inside of a watched file."""
        del arg
        if event == "line" and self.active:
            name = self._watched.get(frame.f_code.co_filename)
            if name is not None:
                self._reach(name, frame.f_lineno, "before")
        return self.lines

    def _reach(self, name: str, line: int, phase: str) -> None:
        place = (name, line, phase)
        if self._goal is None:
            self.counts[place] = self.counts.get(place, 0) + 1
        elif place == self._goal:
            self._left -= 1
            if self._left == 0:
                os.write(self._say, json.dumps({"hit": self._pid, "at": place}).encode() + b"\n")
                os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Fork on demand, pass plans on, tell who has died."""
    sys.path[0] = str(ROOT)
    _warm()
    if threading.active_count() != 1:
        raise SystemExit(f"a fork wants a single thread: {threading.enumerate()}")
    pipes: dict[int, int] = {}
    buffer = b""
    while True:
        ready, _, _ = select.select([0], [], [], 0.01)
        _reap(pipes)
        if not ready:
            continue
        piece = os.read(0, 65536)
        if not piece:
            break
        buffer += piece
        while b"\n" in buffer:
            line, _, buffer = buffer.partition(b"\n")
            order = json.loads(line)
            if order["do"] == "spawn":
                _spawn(order, pipes)
            elif order["pid"] in pipes:
                os.write(pipes[order["pid"]], json.dumps(order["plan"]).encode() + b"\n")
    for pid in pipes:
        os.kill(pid, signal.SIGKILL)


def _warm() -> None:
    """Import and build what every child needs, once: a child then is up in a tenth of a second."""
    import app

    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name != "app.asgi":  # that is an app with the settings of whoever imports it
            importlib.import_module(module.name)
    for name in (
        "uvicorn.loops.auto",
        "uvicorn.protocols.http.auto",
        "uvicorn.lifespan.on",
        "httpx_aiohttp",
        "asyncpg",
    ):
        importlib.import_module(name)
    from app.main import create_app
    from app.settings import Settings

    create_app(Settings())


def _reap(pipes: dict[int, int]) -> None:
    while pipes:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        os.close(pipes.pop(pid))
        _tell({"dead": pid, "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0})


def _spawn(order: dict[str, Any], pipes: dict[int, int]) -> None:
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            for other in (theirs, *pipes.values()):
                os.close(other)
            _child(order, ours)
        except SystemExit as end:
            os._exit(end.code if isinstance(end.code, int) else 1)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(ours)
    pipes[pid] = theirs
    _tell({"spawned": pid, "ticket": order["ticket"]})


def _child(order: dict[str, Any], plans: int) -> None:
    os.setsid()
    say = os.dup(1)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    for name in [name for name in os.environ if name.startswith("AFTERSALE_")]:
        del os.environ[name]
    os.environ.update(order["environment"])
    os.chdir(ROOT)
    if order["traced"]:
        tracer = Tracer(say, os.getpid(), order["traced"])
        signal.signal(signal.SIGUSR1, tracer.follow)
        if order.get("plan"):
            tracer.obey(order["plan"])
        threading.Thread(target=_listen, args=(plans, tracer), daemon=True).start()
        threading.settrace(tracer.calls)
    from app.cli import main as command

    command(order["arguments"])


def _listen(plans: int, tracer: Tracer) -> None:
    with os.fdopen(plans, encoding="utf-8") as lines:
        for line in lines:
            tracer.obey(json.loads(line))


def _tell(said: dict[str, Any]) -> None:
    os.write(1, json.dumps(said).encode() + b"\n")


if __name__ == "__main__":
    main()
