"""Whether the guard is as quick as it has to be: `python -m tests.tools.measure_guard` prints JSON; exit code 0: it is.

One decision on an order of three lines; `returnable` on an order of fifty, by the function that the route calls, with
all that it reads from SQLite; and a backtest of 100,000 decisions by the job's own code. Each under a full policy of
the size that a large store writes. Judged are seconds of the processor, since a busy machine spoils those on the wall,
and of a core as fast as the targets mean: a yardstick, work that is always the same, is timed in the same run, because
cores differ by a factor of two.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.integrations.commerce.contract import CustomerSnapshot, LineSnapshot, OrderSnapshot, Totals
from app.main import running
from app.migrate import upgrade
from app.models.stores import Store
from app.services import mirror, policies, returnables, stores
from app.services.callers import Caller
from app.services.policy.contract import CustomerFacts, Facts, LineFacts
from app.services.policy.document import check
from app.services.policy.engine import Guard
from app.services.runtime import Runtime
from app.settings import Settings
from tests.tools import measure_backtest

TARGETS = {"decision": 1e-3, "returnable": 5e-3, "backtest": 30.0}
"""Seconds, of the issue: one decision, `returnable` on fifty lines, a backtest of 100,000 decisions."""
YARDSTICK = 0.11e-3
"""Seconds that `yardstick` takes on a core on which the targets hold as they stand."""
LINES = 50
WHOLE = 100_000

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def tag(word: str) -> dict[str, Any]:
    return {"fact": "line.tags", "op": "contains", "value": word}


def market(code: str) -> dict[str, Any]:
    return {"fact": "market", "op": "eq", "value": code}


DOCUMENT: dict[str, Any] = {
    "windows": {
        "default_days": 30,
        "rules": [
            {"id": f"w{i}", "when": {"all": [tag(f"group{i}"), market("FR")]}, "days": 10 + i} for i in range(10)
        ],
        "extensions": [
            {
                "placed_from": "2025-11-01T00:00:00Z",
                "placed_to": "2025-12-25T00:00:00Z",
                "open_until": "2026-01-31T00:00:00Z",
            }
        ],
    },
    "final_sale": {"tags": ["outlet"]},
    "hygiene": {"tags": ["underwear"]},
    "one_return_per_order": True,
    "fees": [{"id": "restocking", "percent": 10, "when": {"not": tag("free")}}],
    "label": {"payer": "store", "rules": [{"id": "far", "when": market("US"), "payer": "shopper"}]},
    "photos": [{"id": "damage", "reasons": ["damaged"]}],
    "caps": {"EUR": {"refund": 20_000, "order": 40_000, "customer": 60_000, "day": 500_000}},
    "two_persons_above": {"EUR": 100_000},
    "abuse": {"return_rate": {"above": 60}, "claims": {"above": 3}, "accounts_on_address": {"above": 4}},
    "rules": [
        {
            "id": f"r{i}",
            "actions": ["return", "exchange", "refund"],
            "when": {
                "all": [
                    {"fact": "line.value", "op": "gt", "value": {"amount": 50_000 + i, "currency": "EUR"}},
                    {"any": [tag(f"watch{i}"), {"fact": "customer.returns", "op": "gt", "value": 5 + i}]},
                ]
            },
            "outcome": "ask",
        }
        for i in range(20)
    ],
}


def order(lines: int, at: int = 0) -> Facts:
    """A return of so many lines; `at` makes orders differ, so that some are refused and some asked."""
    return Facts(
        action="return",
        actor="shopper",
        proof=2,
        now=NOW,
        order_status="delivered",
        placed_at=NOW - timedelta(days=20),
        delivered_at=NOW - timedelta(days=at % 45),
        market="DE",
        currency="EUR",
        lines=tuple(
            LineFacts(
                line_id=f"lin_{i}", title="A jacket", tags=("new", "group3"), free=1 - (at + i) % 7 // 6, value=4999
            )
            for i in range(lines)
        ),
        customer=CustomerFacts(orders=5, returns=1, return_rate=20),
    )


def guard() -> Guard:
    return Guard(check(DOCUMENT), "1")


def seconds(run: Callable[[], object], times: int) -> float:
    """Processor seconds of one run: the best of five rounds of `times`."""
    run()
    rounds: list[float] = []
    for _ in range(5):
        before = time.process_time()
        for _ in range(times):
            run()
        rounds.append((time.process_time() - before) / times)
    return min(rounds)


def decision() -> float:
    """Processor seconds of one decision."""
    rules, few = guard(), order(3)
    return seconds(lambda: rules.decide(few), 200)


def yardstick() -> float:
    """Processor seconds of a piece of work that is always the same."""
    document = [{"name": str(at), "value": at} for at in range(200)]
    return seconds(lambda: json.loads(json.dumps(document)), 50)


# ---- `returnable`, as the route has it ------------------------------------------------------------------------------


async def returnable(rounds: int = 5, times: int = 20) -> float:
    """Processor seconds of `GET /v1/orders/{ref}/returnable` behind its mirror: reads, decision, answer."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'aftersale.db'}"
        upgrade(url)
        settings: dict[str, Any] = {"database_url": url}
        async with running(Settings(**settings), None, work=False) as runtime:
            return await _returnable(runtime, rounds, times)


async def _returnable(runtime: Runtime, rounds: int, times: int) -> float:
    store: Store = await runtime.db.write(stores.create, "Measured")
    caller = Caller(store, False, "key", frozenset({"*"}), "req")
    await runtime.db.write(_obey, caller)
    bought = (await runtime.db.write(mirror.store, caller, _bought(), {})).id
    found: list[float] = []
    for _ in range(rounds + 1):  # the first one compiles what is kept
        before = time.process_time()
        for _ in range(times):
            told = await runtime.db.read(returnables.of, caller, bought, None, None)
        found.append((time.process_time() - before) / times)
    if len(told["lines"]) != LINES or told["policy_version"] != "1":
        raise AssertionError("another answer was measured")
    return min(found[1:])


def _obey(session: Any, caller: Caller) -> None:
    drafted = policies.create(session, caller, check(DOCUMENT), None)
    policies.activate(session, caller, drafted.id, None)


def _bought() -> OrderSnapshot:
    """An order of fifty lines that has arrived."""
    now = datetime.now(UTC)
    lines = tuple(
        LineSnapshot(
            external_id=f"line-{at}",
            product_id=f"product-{at}",
            variant_id=f"variant-{at}",
            title="A jacket",
            quantity=1,
            unit_price=4999,
            total=4999,
            fulfilled_quantity=1,
        )
        for at in range(LINES)
    )
    total = 4999 * LINES
    return OrderSnapshot(
        external_id="order-1",
        number="#1",
        status="delivered",
        payment_status="paid",
        fulfillment_status="fulfilled",
        placed_at=now - timedelta(days=9),
        delivered_at=now - timedelta(days=5),
        customer=CustomerSnapshot(external_id="customer-1", email="anna@example.com"),
        lines=lines,
        totals=Totals(items=total, discount=0, tax=0, shipping=0, duties=0, total=total, refunded=0),
        currency="EUR",
        presentment_currency="EUR",
    )


# ---- the judge ------------------------------------------------------------------------------------------------------


def judged(found: dict[str, float], slowness: float) -> list[str]:
    """What takes as long as its target, or longer, on a core that is so many times as slow as the targets mean."""
    return [name for name, target in TARGETS.items() if found.get(name, 0.0) >= target * max(1.0, slowness)]


def main(arguments: list[str]) -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.measure_guard")
    parser.add_argument("--decisions", type=int, default=WHOLE, help="of the backtest; fewer are not judged; 0: none")
    wanted = parser.parse_args(arguments).decisions
    shown: dict[str, Any] = {}
    slow = [yardstick()]
    found = {"decision": decision(), "returnable": asyncio.run(returnable())}
    slow.append(yardstick())
    if wanted:
        tried = measure_backtest.tried(wanted, DOCUMENT)
        shown = {
            "backtest_decisions": tried.decisions,
            "backtest_wall": tried.wall,
            "backtest_processor": tried.processor,
        }
        slow.append(yardstick())
    if wanted >= WHOLE:
        found["backtest"] = shown["backtest_processor"]
    slowness = sum(slow) / len(slow) / YARDSTICK
    above = judged(found, slowness)
    print(json.dumps({"seconds": found, **shown, "slowness": slowness, "targets": TARGETS, "above": above}, indent=1))
    return 1 if above else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
