"""Refund, credit, exchange, return, label, claim, withdraw and change in any order, killed anywhere: nothing twice.

`HISTORIES=500` makes it a long run with seeds of its own; without it the same histories are told each time.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.services.guard_carrier import Carrier
from tests.services.guard_fixtures import Counter, Till
from tests.services.guard_goods import EVERYTHING, GOODS, Goods
from tests.services.guard_history import EXCHANGES
from tests.services.money_fixtures import one_database, open_book
from tests.support.spread import KINDS

LONG = int(os.environ.get("HISTORIES", "0"))
SHORT = {"sqlite": 7, "postgresql": 5}
STEPS = 32


def histories(moves: dict[str, int]) -> st.SearchStrategy[list[tuple[str, int]]]:
    move = st.sampled_from([name for name, often in moves.items() for _ in range(often)])
    return st.lists(st.tuples(move, st.integers(0, 2**32)), min_size=STEPS, max_size=STEPS)


@pytest.mark.parametrize("moves", [EVERYTHING, EXCHANGES, GOODS], ids=["of everything", "of exchanges", "of goods"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_history_gives_more_than_was_paid_or_automation_may_spend(kind, moves, databases, tmp_path_factory):
    with one_database(kind, databases, tmp_path_factory) as url, asyncio.Runner() as loop:
        stack = AsyncExitStack()
        shop, carrier = Counter(), Carrier()
        books = open_book(url, bank=Till(), shop=shop, channel=shop, carrier=carrier, retry_seconds=(1.0,) * 30)
        book = loop.run(stack.enter_async_context(books))

        @settings(
            max_examples=LONG or SHORT[kind],
            derandomize=not LONG,
            print_blob=bool(LONG),
            phases=(Phase.generate,),  # a failure tells its steps; fewer of them would be other steps
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(histories(moves))
        def tell(steps: list[tuple[str, int]]) -> None:
            history = Goods(loop, book, carrier, seed=steps[0][1])
            for move, seed in steps:
                history.step(move, seed)
            history.end()

        try:
            tell()
        finally:
            loop.run(stack.aclose())
