"""No request of a stranger tells by its time that an order is there; `tests.tools.measure_timing` asks 10,000."""

from __future__ import annotations

import random

import pytest

from tests.support.app import App
from tests.tools.look_ups import Stranger
from tests.tools.timings import ALIKE, Timed, interleaved, p_value, statistic

PAIRS = 120
AGAIN = 2
"""One in a hundred is found different by chance."""
MORE = 5
"""A machine that does other things as well hides a millisecond in 120 pairs: ask more."""


@pytest.mark.parametrize("kind", ["session", "session, no order", "chat", "order by id"])
def test_a_look_up_that_hits_takes_as_long_as_one_that_cannot(app: App, kind: str) -> None:
    found: list[float] = []
    for number in range(AGAIN):
        with Stranger.at(app) as stranger:
            found.append(interleaved(*stranger.pairs()[kind], PAIRS, seed=number).p)
        if found[-1] > ALIKE:
            return
    raise AssertionError(f"{kind}: p = {found}")


def test_the_same_judge_finds_a_millisecond(app: App) -> None:
    whole = Timed([], [])
    with Stranger.at(app) as stranger:
        for number in range(MORE):
            more = interleaved(*stranger.planted(), PAIRS * 2**number, seed=number)
            whole = Timed(whole.right + more.right, whole.wrong + more.wrong)
            if whole.p < ALIKE:
                return
    raise AssertionError(f"p = {whole.p}, medians {whole.medians()}")


# ---- the judge ----------------------------------------------------------------------------------------------------


def test_the_distance_is_the_greatest_between_the_two() -> None:
    assert statistic([1, 2, 3], [1, 2, 3]) == 0
    assert statistic([1, 2], [3, 4]) == 1
    assert statistic([1, 2, 3, 4], [3, 4, 5, 6]) == 0.5
    assert statistic([1, 1, 1, 2], [1, 2, 2, 2]) == 0.5


def test_the_p_value_is_that_of_the_tables() -> None:
    """The critical distances for large samples: 1.358 and 1.628 times the root of (n + m) / nm, for 0.05 and 0.01."""
    for factor, p in ((1.224, 0.10), (1.358, 0.05), (1.628, 0.01)):
        size = 100_000
        step = factor * (2 / size) ** 0.5
        first = list(range(size))
        second = [value + step * size for value in first]
        assert p_value(first, second) == pytest.approx(p, rel=0.03)
    assert p_value([1, 2, 3] * 100, [1, 2, 3] * 100) == 1
    assert p_value([1.0] * 300, [2.0] * 300) < 1e-60


def test_what_is_alike_is_found_different_as_seldom_as_it_says() -> None:
    chance = random.Random(7)
    draws = [p_value([chance.gauss(5, 1) for _ in range(200)], [chance.gauss(5, 1) for _ in range(200)])
             for _ in range(400)]  # fmt: skip
    assert sum(p < 0.05 for p in draws) / len(draws) == pytest.approx(0.05, abs=0.03)
