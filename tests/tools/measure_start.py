"""Measure how soon the demo answers and what it holds at rest: `python -m tests.tools.measure_start [runs]`.

`first` counts from the start of `aftersale serve --demo` on an empty data directory to its first answer, /healthz;
`ready` to the first 200 of /readyz: schema, sandbox, demo store and key are made, everything is loaded. `again` and
`ready_again` are the same on the data that stands there, `make` is from a second `make run` to ready.
`cpu` is the processor time that the server had used at `again`: where others use the machine it tells more.
Memory is that of the server with its engine and of the sandbox together, some seconds after the start: RSS counts a
page that both hold twice, PSS once.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.postgres import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
SERVE = [str(Path(sys.executable).with_name("aftersale")), "serve", "--demo"]
# The environment is the one that runs this: `make run` need not look whether it is up to date.
MAKE = ["make", "--silent", "run", f"VENV={sys.prefix}", "-o", f"{sys.prefix}/.run"]
OURS = ("AFTERSALE_", "MAKE", "MFLAGS", "PYTHONDONTWRITEBYTECODE", "COVERAGE_")
"""What of the environment the demo does not get: it starts as it does for a user."""
LIMITS = {"first": 1.5, "ready": 1.5, "again": 1.5, "ready_again": 1.5, "make": 3.0, "rss_mb": 220.0}
LOADED = {"ready", "ready_again", "make"}
"""Everything is loaded by then: seconds that count by how fast the core is."""
OTHERS = "import fastapi, sqlalchemy.orm, sqlalchemy.ext.asyncio, dbos"
YARDSTICK = 0.65
"""Seconds that `yardstick` takes on a core on which the limits hold as they stand."""
"""Seconds, and MB of 10^6 bytes."""


def yardstick() -> float:
    """The processor seconds of a start that is not ours, the mean of three: how fast this machine is now."""
    before = os.times()
    for _ in range(3):
        subprocess.run([sys.executable, "-c", OTHERS], check=True)
    after = os.times()
    return (after.children_user + after.children_system - before.children_user - before.children_system) / 3


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured: seconds, and MB of 10^6 bytes."""

    first: float
    ready: float
    again: float
    ready_again: float
    make: float
    cpu: float
    rss_mb: float
    pss_mb: float

    def above(self, slowness: float = 1.0) -> dict[str, float]:
        """The figures that are above their limit; to be ready may take longer on a core slower than the yardstick's."""
        limits = {name: limit * slowness if name in LOADED else limit for name, limit in LIMITS.items()}
        return {name: value for name, value in asdict(self).items() if value > limits.get(name, value)}


@contextmanager
def started(command: list[str], folder: Path) -> Iterator[tuple[int, float, float, float]]:
    """Run the demo with its data in `folder`.

    Gives the process, the seconds to its first answer and until it was ready, and its processor seconds till then.
    """
    port, sandbox = free_port(), free_port()
    settings = {
        "AFTERSALE_PORT": str(port),
        "AFTERSALE_SANDBOX_PORT": str(sandbox),
        "AFTERSALE_SANDBOX_URL": f"http://127.0.0.1:{sandbox}",
        "AFTERSALE_DATA_DIR": str(folder / "data"),
    }
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
    with (folder / "log").open("ab") as log:
        begin = time.monotonic()
        process = subprocess.Popen(
            command, cwd=ROOT, env={**inherited, **settings}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            first = _first_answer(f"http://127.0.0.1:{port}/healthz", process, begin)
            ready = _first_answer(f"http://127.0.0.1:{port}/readyz", process, begin)
            yield process.pid, first, ready, _processor_seconds(process.pid)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _first_answer(url: str, process: subprocess.Popen[bytes], begin: float) -> float:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < begin + 60:
        with suppress(urllib.error.URLError, OSError), opener.open(url, timeout=5) as answer:
            if answer.status == 200:
                return time.monotonic() - begin
        if process.poll() is not None:
            raise RuntimeError(f"it ended with {process.returncode}")
        time.sleep(0.005)
    raise RuntimeError("no answer within a minute")


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(process: int) -> tuple[float, float]:
    """RSS and PSS of a process and of all that it started, in MB."""
    rss = pss = 0
    for member in _family(process):
        for line in Path(f"/proc/{member}/smaps_rollup").read_text(encoding="ascii").splitlines():
            name, _, rest = line.partition(":")
            rss += int(rest.split()[0]) if name == "Rss" else 0
            pss += int(rest.split()[0]) if name == "Pss" else 0
    return rss * 1024 / 1e6, pss * 1024 / 1e6


def _family(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    return [process, *(member for child in children for member in _family(int(child)))]


def measure(folder: Path, rest: float = 3.0) -> Figures:
    """One round on an empty folder: first start, second start, `make run`, memory after `rest` seconds."""
    # Compiled first, as make does.
    subprocess.run([sys.executable, "-m", "compileall", "-q", "app", "migrations"], cwd=ROOT, check=True)
    with started(SERVE, folder) as (_, first, ready, _):
        pass
    with started(SERVE, folder) as (process, again, ready_again, cpu):
        time.sleep(rest)
        rss, pss = memory(process)
    with started(MAKE, folder) as (_, _, make, _):
        pass
    seconds = [round(found, 2) for found in (first, ready, again, ready_again, make, cpu)]
    return Figures(*seconds, round(rss, 1), round(pss, 1))


def main(runs: int) -> int:
    """Print each round, and the medians against the limits."""
    rounds: list[Figures] = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="aftersale-start-") as folder:
            rounds.append(measure(Path(folder)))
        print(json.dumps(asdict(rounds[-1])), flush=True)
    middle = Figures(*(statistics.median(getattr(found, name) for found in rounds) for name in Figures.__slots__))
    print(f"median of {runs}: {json.dumps(asdict(middle))}")
    print(f"limits: {json.dumps(LIMITS)}; above: {json.dumps(middle.above())}; load: {os.getloadavg()[0]:.1f}")
    print(f"yardstick: {yardstick():.2f} s where the limits were set for {YARDSTICK} s")
    return 1 if middle.above() else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
