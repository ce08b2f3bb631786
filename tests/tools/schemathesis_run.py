"""Schemathesis over the whole document: `python -m tests.tools.schemathesis_run [examples [seed]] [-- more]`.

Starts the app on a throw-away SQLite database with the demo shop, takes a key with every scope, and lets Schemathesis
send `examples` (100) requests to each operation, good ones and bad ones, with all of its checks; what is excepted
stands in `schemathesis.toml` beside this file, each with its reason. What follows `--` goes to `schemathesis run`
(`--include-path /v1/refunds`, `--phases fuzzing`). It is no dependency of ours: a virtual environment of its own is
made once under `~/.cache/aftersale`, unless `SCHEMATHESIS` names the program. Exit code 0 only where it found nothing.
"""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import httpx
import structlog

from tests.support.app import App, running, sandbox
from tests.support.databases import Databases
from tests.support.guards import forbid_the_outside

VERSION = "4.32.5"
EXCEPTIONS = Path(__file__).with_name("schemathesis.toml")


def program() -> str:
    """The program, in an environment of its own that is made where it is not there."""
    named = os.environ.get("SCHEMATHESIS")
    if named:
        return named
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = cache / "aftersale" / f"schemathesis-{VERSION}"
    found = place / "bin" / "schemathesis"
    if not found.exists():
        print(f"making {place}", file=sys.stderr, flush=True)
        venv.create(place, with_pip=True, clear=True)
        subprocess.run(
            [str(place / "bin" / "pip"), "install", "--quiet", f"schemathesis=={VERSION}"], check=True, timeout=900
        )
    return str(found)


def furnish(app: App) -> str:
    """A store that has something of most kinds; its key with every scope."""
    store = app.store()
    store.get("/v1/orders")
    for number in ("1001", "1004"):
        line = store.get(f"/v1/orders/{number}").json()["lines"][0]["id"]
        store.post("/v1/returns", {"order": number, "lines": [{"line_id": line, "quantity": 1}]})
    store.post("/v1/refunds", {"order": "1001", "amount": {"amount": 1, "currency": "EUR"}})
    store.post("/v1/messages", {"channel": "chat", "text": "Where is my order?"})
    store.post("/v1/policies", {"document": {}})
    store.rest()
    return store.key


def run(app: App, key: str, examples: int, seed: int, more: list[str], folder: Path) -> int:
    """Schemathesis against the app: its exit code."""
    document = folder / "openapi.json"
    document.write_bytes(httpx.get(f"{app.url}/openapi.json", trust_env=False).content)
    command = [program(), "--config-file", str(EXCEPTIONS), "run", str(document), "--url", app.url]
    command += ["--max-examples", str(examples), "--seed", str(seed), "--checks", "all", *more]
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return subprocess.run(
        command, check=False, cwd=folder, env={**environment, "NO_COLOR": "1", "AFTERSALE_KEY": key}
    ).returncode


def main() -> int:
    """Run it; what it found is printed by it, how long it took by us."""
    own, more = sys.argv[1:], []
    if "--" in own:
        own, more = own[: own.index("--")], own[own.index("--") + 1 :]
    examples = int(own[0]) if own else 100
    seed = int(own[1]) if len(own) > 1 else random.SystemRandom().randrange(10**6)
    program()
    forbid_the_outside()  # of this process, which is the server: made-up addresses of webhooks and connections
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    began, databases = time.monotonic(), Databases.begin()
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            url = databases.migrated_sqlite(folder / "aftersale.db")
            with sandbox(folder / "sandbox.db") as at, running(url, at, data_dir=folder) as app:
                code = run(app, furnish(app), examples, seed, more, folder)
    finally:
        databases.end()
    seconds = time.monotonic() - began
    print(f"schemathesis {VERSION}: {examples} examples an operation, seed {seed}, {seconds:.0f} s, exit code {code}")
    return code


if __name__ == "__main__":
    sys.exit(main())
