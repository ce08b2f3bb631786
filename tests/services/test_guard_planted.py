"""The histories are tested: whatever hole is dug under the guard, one of them falls into it.

Each hole is looked for from a seed on that is known to find it soon; `HISTORIES=500` looks from the first on instead.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import object_session

from app.services import (
    approval_votes,
    customer_merges,
    exchange_trust,
    granted_windows,
    guard_facts,
    instant_refunds,
    refund_guard,
    return_states,
    withdrawal_rights,
)
from app.services.ledgers import Ledger
from tests.services.guard_carrier import Carrier
from tests.services.guard_fixtures import Counter, Till
from tests.services.guard_goods import GOODS, Goods
from tests.services.guard_history import EXCHANGES
from tests.services.money_fixtures import one_database, open_book

LONG = int(os.environ.get("HISTORIES", "0"))
MOST, STEPS = 40, 32
Dig = Callable[[pytest.MonkeyPatch], None]


def no_fee_once_it_has_a_label(patch: pytest.MonkeyPatch) -> None:
    right: Any = instant_refunds.further_fees

    def wrong(rows: Any, before: Any, more: Any) -> dict[str, int]:
        session = object_session(rows[0])
        assert session is not None
        labeled = return_states.live_labels(session, rows[0].return_id)
        return dict.fromkeys(more, 0) if labeled else right(rows, before, more)

    patch.setattr(instant_refunds, "further_fees", wrong)


def given_does_not_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(guard_facts, "_given", lambda *args, **said: 0)


def what_is_kept_is_not_gone(patch: pytest.MonkeyPatch) -> None:
    right = Ledger.gone
    patch.setattr(Ledger, "gone", lambda self, line: max(0, right(self, line) - self.let_keep.get(line.id, 0)))


def nobody_waits_for_a_label(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(instant_refunds, "wait_for_labels", lambda *args: None)


def a_label_that_is_being_voided_is_gone(patch: pytest.MonkeyPatch) -> None:
    right: Any = vars(instant_refunds)["_any_label"]

    def wrong(session: Any, return_: Any, *statuses: str) -> bool:
        return right(session, return_, *(word for word in statuses if word != "voiding"))

    patch.setattr(instant_refunds, "_any_label", wrong)


def a_return_is_paid_part_by_part(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(refund_guard, "_paid_before", lambda *args: 0)


def what_a_person_grants_is_the_law(patch: pytest.MonkeyPatch) -> None:
    right = withdrawal_rights.ends

    def wrong(order: Any, store: Any, right_: Any) -> Any:
        session = object_session(order)
        assert session is not None
        found = right(order, store, right_)
        granted = granted_windows.of(session, order.id).values()
        return None if found is None else max([found, *granted])

    patch.setattr(withdrawal_rights, "ends", wrong)


def the_last_day_does_not_count(patch: pytest.MonkeyPatch) -> None:
    right = withdrawal_rights.ends

    def wrong(*args: Any) -> Any:
        found = right(*args)
        return None if found is None else found - timedelta(days=1)

    patch.setattr(withdrawal_rights, "ends", wrong)


def one_person_with_two_spellings_is_two(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(approval_votes, "_same_person", lambda one, other: one == other)


def who_is_merged_has_spent_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(customer_merges, "_add_spending", lambda *args: None)


def nothing_on_trust_is_counted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(exchange_trust, "reserve", lambda *args: None)


def what_came_back_stays_counted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(exchange_trust, "weigh", lambda *args: None)


KEPT = ["return_"] * 8 + ["a_return_goes_on"] * 5 + ["refund"] * 12
"""One after the other: what stays with the shopper is paid, and then asked for again."""
LAW = {"withdraw": 6, "extend_window": 3, "a_withdrawal_goes_on": 3, "workers_do_all_there_is": 1}
PERSONS = {"refund": 6, "a_person_says": 9, "workers_do_all_there_is": 1}
TWINS = {"refund": 4, "goodwill": 4, "two_customers_are_one": 2, "workers_do_all_there_is": 1}
"""The same moves where little else happens, for holes into which few histories of everything fall."""
HOLES: list[tuple[Dig, dict[str, int] | list[str], int]] = [
    (no_fee_once_it_has_a_label, GOODS, 12),
    (given_does_not_count, GOODS, 11),
    (what_is_kept_is_not_gone, KEPT, 4),
    (nobody_waits_for_a_label, GOODS, 129),
    (a_label_that_is_being_voided_is_gone, GOODS, 156),
    (a_return_is_paid_part_by_part, GOODS, 104),
    (what_a_person_grants_is_the_law, LAW, 1),
    (the_last_day_does_not_count, LAW, 4),
    (one_person_with_two_spellings_is_two, PERSONS, 3),
    (who_is_merged_has_spent_nothing, TWINS, 4),
    (nothing_on_trust_is_counted, EXCHANGES, 9),
    (what_came_back_stays_counted, EXCHANGES, 9),
]
"""What is planted, in which histories it is looked for, and from which seed on."""


@pytest.mark.parametrize(("dig", "moves", "first"), HOLES, ids=[dig.__name__ for dig, _, _ in HOLES])
def test_a_hole_under_the_guard_is_found(dig, moves, first, databases, tmp_path_factory, monkeypatch):
    dig(monkeypatch)
    with one_database("sqlite", databases, tmp_path_factory) as url, asyncio.Runner() as loop:
        stack = AsyncExitStack()
        shop, carrier = Counter(), Carrier()
        books = open_book(url, bank=Till(), shop=shop, channel=shop, carrier=carrier, retry_seconds=(1.0,) * 30)
        book = loop.run(stack.enter_async_context(books))
        start = 0 if LONG else first
        try:
            for seed in range(start, start + (LONG or MOST)):
                steps = _drawn(moves, random.Random(seed))
                if not _holds(Goods(loop, book, carrier, seed=steps[0][1]), steps):
                    print(f"{dig.__name__}: found by history {seed}")
                    return
        finally:
            loop.run(stack.aclose())
    pytest.fail("no history has noticed it")


def _drawn(moves: dict[str, int] | list[str], draws: random.Random) -> list[tuple[str, int]]:
    """Moves as often as they are named, or in their order."""
    if isinstance(moves, list):
        return [(name, draws.randrange(2**32)) for name in moves]
    names = [name for name, often in moves.items() for _ in range(often)]
    return [(draws.choice(names), draws.randrange(2**32)) for _ in range(STEPS)]


def _holds(history: Goods, steps: list[tuple[str, int]]) -> bool:
    try:
        for move, seed in steps:
            history.step(move, seed)
        history.end()
    except AssertionError:
        return False
    return True
