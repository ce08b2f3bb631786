"""Prints how long a backtest takes: `python -m tests.tools.measure_backtest [--decisions 100000]`.

On a SQLite file of its own, by the job's own code, with a document that has a rule and a condition of each kind.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from app import clock, ids
from app.main import running
from app.migrate import upgrade
from app.models.records import Decision
from app.models.stores import Store
from app.services import backtest_runs, backtests, stores
from app.services.backtests import Options
from app.services.callers import Caller
from app.services.policy.contract import Facts, LineFacts
from app.services.policy.document import check
from app.settings import Settings

CAP = {"refund": 100_000, "order": 200_000, "customer": 300_000, "day": 400_000_000}
DOCUMENT: dict[str, Any] = {
    "windows": {
        "default_days": 14,
        "rules": [{"id": "vip", "days": 60, "when": {"fact": "order_tags", "op": "contains", "value": "vip"}}],
    },
    "caps": {"EUR": CAP},
    "fees": [{"id": "restocking", "percent": 10, "when": {"fact": "line.reason", "op": "eq", "value": "changed mind"}}],
    "rules": [
        {
            "id": "dear",
            "actions": ["return", "refund"],
            "outcome": "ask",
            "when": {
                "all": [
                    {"fact": "line.value", "op": "gt", "value": {"amount": 50_000, "currency": "EUR"}},
                    {"not": {"fact": "market", "op": "in", "value": ["DE", "AT"]}},
                ]
            },
        }
    ],
}
REASONS = ("damaged", "changed mind", "wrong size", None)


@dataclass(frozen=True)
class Tried:
    """What a backtest took."""

    decisions: int
    wall: float
    processor: float
    """Of all its threads."""
    result: dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a backtest.")
    parser.add_argument("--decisions", type=int, default=100_000)
    found = tried(parser.parse_args().decisions)
    print(f"{found.decisions} decisions in {found.wall:.1f} s, {found.processor:.1f} s of them on a processor")
    print(f"before {found.result['before']}, after {found.result['after']}, {found.result['changed']} changed")
    print(f"the event loop was at most {worst[0] * 1000:.0f} ms late")


def tried(wanted: int, document: dict[str, Any] = DOCUMENT) -> Tried:
    """Try the document on so many decisions of a SQLite file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'aftersale.db'}"
        upgrade(url)
        return asyncio.run(measure(url, wanted, document))


async def measure(url: str, wanted: int, document: dict[str, Any]) -> Tried:
    settings: dict[str, Any] = {"database_url": url}
    async with running(Settings(**settings), None, work=False) as runtime:
        store: Store = await runtime.db.write(stores.create, "Measured")
        for start in range(0, wanted, 5_000):
            rows = [row(store.id, number) for number in range(start, min(wanted, start + 5_000))]
            await runtime.db.write(fill, rows)
        caller = Caller(store, False, "key", frozenset({"*"}), "req")
        made = await runtime.db.write(backtests.request, caller, None, check(document), Options(limit=wanted))
        lag = asyncio.create_task(lateness())
        began, used = time.perf_counter(), time.process_time()
        await backtest_runs.run(runtime, made.id, 1)
        wall, used = time.perf_counter() - began, time.process_time() - used
        lag.cancel()
        result = backtests.view(await runtime.db.read(backtests.get, caller, made.id))["result"]
        return Tried(result["decisions"], wall, used, result)


worst = [0.0]


async def lateness() -> None:
    while True:
        asked = time.perf_counter()
        await asyncio.sleep(0.01)
        worst[0] = max(worst[0], time.perf_counter() - asked - 0.01)


def fill(session: Any, rows: list[dict[str, Any]]) -> None:
    session.execute(insert(Decision), rows)


def row(store_id: str, number: int) -> dict[str, Any]:
    now = clock.now()
    reason = REASONS[number % 4]
    delivered = now - timedelta(days=number % 60)
    line = LineFacts(line_id="lin_1", tags=("sale",), quantity=1, free=1, value=1000 + number, reason=reason)
    facts = Facts(
        action="return",
        actor="shopper",
        proof=2,
        now=now,
        order_status="delivered",
        placed_at=delivered - timedelta(days=4),
        delivered_at=delivered,
        market=("DE", "FR", "AT")[number % 3],
        order_tags=("vip",) if number % 7 == 0 else (),
        order_total=line.value,
        lines=(line,),
        currency="EUR",
        reason=reason,
    )
    return {
        "id": ids.new("dec"),
        "store_id": store_id,
        "livemode": False,
        "created_at": now,
        "action": "return",
        "outcome": "allow",
        "reasons": [],
        "rules": ["allowed"],
        "facts": facts.model_dump(mode="json"),
        "policy_version": "plain-1",
        "ruling": {"outcome": "allow", "fee": 0},
        "actor": {"type": "shopper"},
    }


if __name__ == "__main__":
    main()
