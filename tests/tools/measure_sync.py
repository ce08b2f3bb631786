"""What `aftersale sync` takes: `python -m tests.tools.measure_sync [--sizes 1000 20000] [--on sqlite postgresql]`.

A sandbox shop with so many orders is served on the loopback, and the command fills an empty database from it, as a
process of its own. Prints for each size the peak of its memory (`VmHWM`, of Linux), the seconds from its start to its
end, and orders a second, then by how much the peaks differ; ends with 1 where that is above 20 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app.migrate import sync_url
from app.services import stores
from tests.sandbox.many import many
from tests.support import servers
from tests.support.databases import Databases
from tests.support.postgres import free_port

TARGET = 20.0
"""Megabytes between the peaks."""
EVERY = 0.05


def measure(size: int, sandbox_url: str, database_url: str, folder: Path) -> dict[str, Any]:
    """Fill an empty database with so many orders."""
    shop = f"sync-{size}"
    _imported(sandbox_url, shop, size)
    engine = create_engine(sync_url(database_url))
    with Session(engine) as session, session.begin():
        stores.create(session, "Shop", sandbox_shop=shop)
    environment = {
        "AFTERSALE_DATABASE_URL": database_url,
        "AFTERSALE_SANDBOX_URL": sandbox_url,
        "AFTERSALE_DATA_DIR": str(folder),
    }
    began = time.monotonic()
    running = servers.start("sync", log=folder / "sync.log", environment=environment)
    peak = 0.0
    while running.process.poll() is None:
        peak = max(peak, _peak(running.process))
        time.sleep(EVERY)
    seconds = time.monotonic() - began
    with engine.connect() as connection:
        stored = connection.execute(text("SELECT count(*) FROM orders")).scalar_one()
    engine.dispose()
    if running.process.returncode or stored != size:
        raise SystemExit(
            f"{stored} of {size} orders, exit code {running.process.returncode}:\n{running.said()[-2000:]}"
        )
    told = {"orders": size, "peak_mb": round(peak, 1), "seconds": round(seconds, 1)}
    return told | {"orders_per_second": round(size / seconds, 1)}


def _imported(sandbox_url: str, shop: str, size: int) -> None:
    headers = {"X-Sandbox-Shop": shop, "Content-Type": "application/json"}
    body = json.dumps(many(size)).encode()
    request = urllib.request.Request(f"{sandbox_url}/sandbox/v1/import", body, headers, method="POST")
    with urllib.request.urlopen(request, timeout=900) as answer:
        answer.read()


def _peak(process: subprocess.Popen[bytes]) -> float:
    """The most memory that it has had until now, MB; 0 once it has ended."""
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found[0]) / 1024 if found else 0.0


def run(sizes: list[int], on: str, databases: Databases, folder: Path) -> dict[str, Any]:
    """Each size on a database of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {"AFTERSALE_SANDBOX_PORT": str(port), "AFTERSALE_DATA_DIR": str(folder / "sandbox")}
    sandbox = servers.start(
        "sandbox", "serve", log=folder / "sandbox.log", url=url, ready="/healthz", environment=environment
    )
    found: list[dict[str, Any]] = []
    try:
        for size in sizes:
            own = folder / f"{on}-{size}"
            own.mkdir()
            embedded = on == "sqlite"
            target = databases.migrated_sqlite(own / "aftersale.db") if embedded else databases.migrated_postgres()
            found.append(measure(size, url, target, own))
            print(json.dumps({"on": on, **found[-1]}), flush=True)
    finally:
        sandbox.stop()
    peaks = [one["peak_mb"] for one in found]
    return {"on": on, "difference_mb": round(max(peaks) - min(peaks), 1), "load": round(os.getloadavg()[0], 1)}


def main() -> int:
    """Measure, print, judge."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--sizes", type=int, nargs="+", default=[1000, 20_000])
    asked.add_argument("--on", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite"])
    given = asked.parse_args()
    databases = Databases.begin()
    try:
        with tempfile.TemporaryDirectory() as folder:
            told = [run(given.sizes, on, databases, _made(Path(folder) / on)) for on in given.on]
    finally:
        databases.end()
    for one in told:
        print(json.dumps(one))
    return 1 if any(one["difference_mb"] > TARGET for one in told) else 0


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    sys.exit(main())
