"""Whether a stranger can tell by the time that an order is there: `python -m tests.tools.measure_timing [10000]`.

So many right and wrong look-ups together of each kind, interleaved, over HTTP, on SQLite and, where there is one, on
PostgreSQL. Prints JSON; exit code 0: no kind can be told apart (Kolmogorov-Smirnov, p > 0.01), and a planted
millisecond can.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import structlog

from tests.support.app import App, running, sandbox
from tests.support.databases import Databases
from tests.tools.look_ups import Stranger
from tests.tools.timings import ALIKE, Timed, interleaved


def measured(app: App, pairs: int, seed: int, only: str | None = None) -> dict[str, Any]:
    """What each kind came to, `planted` last."""
    found: dict[str, Any] = {}
    for kind in ("session", "session, no order", "chat", "message", "order by id", "order by number", "planted"):
        if only not in (None, kind):
            continue
        with Stranger.at(app) as stranger:  # a store of its own: what was asked before is no help
            right, wrong = stranger.planted() if kind == "planted" else stranger.pairs()[kind]
            found[kind] = _told(interleaved(right, wrong, pairs, seed))
    return found


def _told(timed: Timed) -> dict[str, Any]:
    right, wrong = timed.medians()
    return {"p": round(timed.p, 5), "right_ms": round(right, 3), "wrong_ms": round(wrong, 3), "each": len(timed.right)}


def wrong(found: dict[str, Any]) -> list[str]:
    """The kinds that are not as they must be."""
    return [kind for kind, told in found.items() if (told["p"] > ALIKE) is (kind == "planted")]


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser()
    parser.add_argument("look_ups", nargs="?", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--kind")
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    databases, bad = Databases.begin(), 0
    try:
        with tempfile.TemporaryDirectory() as folder, sandbox(Path(folder) / "sandbox.db") as at:
            for name in [asked.database] if asked.database else ["sqlite", "postgresql"]:
                if name == "postgresql" and databases.missing():
                    continue
                url = databases.migrated_sqlite(Path(folder) / "a.db") if name == "sqlite" else None
                with running(url or databases.migrated_postgres(), at) as app:
                    found = measured(app, asked.look_ups // 2, asked.seed, asked.kind)
                print(json.dumps({"database": name, "seed": asked.seed, "wrong": wrong(found), **found}), flush=True)
                bad += len(wrong(found))
    finally:
        databases.end()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
