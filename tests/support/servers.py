"""Servers of ours as processes of their own: started, waited for, killed, never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
COMMAND = str(Path(sys.executable).with_name("aftersale"))


@dataclass
class Server:
    """A running process and where it answers."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def said(self) -> str:
        """Read what it has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """`kill -9`, children included."""
        self._signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self, seconds: float = 20) -> int:
        """Ask it to end and give its exit code; killed when it takes longer than `seconds`."""
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        self._signal(signal.SIGKILL)  # whatever it started
        return self.process.wait(10)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


def start(
    *arguments: str,
    log: Path,
    url: str = "",
    ready: str = "/readyz",
    environment: Mapping[str, str] | None = None,
    command: str = COMMAND,
    seconds: float = 30,
    cwd: Path | None = None,
) -> Server:
    """Start `aftersale …` and return once `url` + `ready` answers 200; at once where there is no `url`.

    Nothing of the caller's `AFTERSALE_…` environment goes in. Raises AssertionError with what it printed.
    """
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AFTERSALE_")}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(
            [command, *arguments],
            cwd=cwd or ROOT,
            env={**inherited, "PYTHONUNBUFFERED": "1", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(process, url, log)
    deadline = time.monotonic() + seconds
    while url and not answers(url + ready):
        if process.poll() is not None or time.monotonic() > deadline:
            code = process.poll()
            server.kill()
            state = "takes too long" if code is None else f"ended with {code}"
            raise AssertionError(f"aftersale {' '.join(arguments)} {state}:\n{server.said()[-4000:]}")
        time.sleep(0.03)
    return server


def answers(url: str) -> bool:
    """Whether a GET is answered 200 now."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False
