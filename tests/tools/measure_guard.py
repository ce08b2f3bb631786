"""How long the guard takes: `python -m tests.tools.measure_guard` prints the figures of this machine.

One decision on an order of three lines, `returnable` on an order of fifty, and 100,000 decisions on two processes,
each under a full policy of the size that a large store writes. Times are of the processor, not of the clock on the
wall, so that a busy machine does not spoil them.
"""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import Any

from app.services.policy.contract import CustomerFacts, Facts, LineFacts
from app.services.policy.document import check
from app.services.policy.engine import Guard

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


def decided(count: int) -> float:
    """Decide `count` orders, facts built anew for each as a backtest does; processor seconds."""
    rules = guard()
    before = time.process_time()
    for at in range(count):
        rules.decide(order(2, at))
    return time.process_time() - before


def main() -> int:
    rules, few, many = guard(), order(3), order(50)
    one = seconds(lambda: rules.decide(few), 200)
    fifty = seconds(lambda: rules.returnable(many), 20)
    print(f"one decision, 3 lines:       {one * 1e3:8.3f} ms  (aim: under 1)")
    print(f"returnable, 50 lines:        {fifty * 1e3:8.3f} ms  (aim: under 5)")
    before = time.perf_counter()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        spent = sum(pool.map(decided, [50_000, 50_000]))
    wall = time.perf_counter() - before
    print(f"100,000 decisions, 2 cores:  {wall:8.1f} s   ({spent:.1f} s of processor; aim: under 30)")
    return 0 if one < 1e-3 and fifty < 5e-3 and wall < 30 else 1


if __name__ == "__main__":
    sys.exit(main())
