"""Whether two kinds of requests can be told apart by how long they take: interleaved, and judged by Kolmogorov-Smirnov.

Each pair is asked in random order, so that whatever else the machine does meets both kinds alike. A delay is planted in
the server, in front of the app, to see that the same judge finds it.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ALIKE = 0.01
"""Above this p nothing tells the two apart."""
Ask = Callable[[], object]


def statistic(first: Sequence[float], second: Sequence[float]) -> float:
    """The greatest distance between the two empirical distributions, ties counted on both sides."""
    left, right = sorted(first), sorted(second)
    at_left = at_right = 0
    greatest = 0.0
    while at_left < len(left) and at_right < len(right):
        value = min(left[at_left], right[at_right])
        while at_left < len(left) and left[at_left] <= value:
            at_left += 1
        while at_right < len(right) and right[at_right] <= value:
            at_right += 1
        greatest = max(greatest, abs(at_left / len(left) - at_right / len(right)))
    return greatest


def p_value(first: Sequence[float], second: Sequence[float]) -> float:
    """How likely so great a distance is by chance (Kolmogorov's distribution, with Stephens's correction)."""
    share = math.sqrt(len(first) * len(second) / (len(first) + len(second)))
    scaled = (share + 0.12 + 0.11 / share) * statistic(first, second)
    if scaled < 0.2:  # the series below has not converged there, and the answer is 1
        return 1.0
    terms = (2 * (-1) ** (k - 1) * math.exp(-2 * k * k * scaled * scaled) for k in range(1, 101))
    return min(1.0, max(0.0, sum(terms)))


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds that each kind took, in the order in which they were asked."""

    right: list[float]
    wrong: list[float]

    @property
    def p(self) -> float:
        """How likely the two are of one kind."""
        return p_value(self.right, self.wrong)

    def medians(self) -> tuple[float, float]:
        """Milliseconds."""
        return tuple(1000 * sorted(each)[len(each) // 2] for each in (self.right, self.wrong))  # type: ignore[return-value]


def interleaved(right: Ask, wrong: Ask, pairs: int, seed: int) -> Timed:
    """Ask so many pairs, each in random order, after some that are not counted."""
    chance = random.Random(seed)
    timed = Timed([], [])
    for number in range(-10, pairs):
        kinds = [(right, timed.right), (wrong, timed.wrong)]
        chance.shuffle(kinds)
        for ask, taken in kinds:
            began = time.perf_counter()
            ask()
            seconds = time.perf_counter() - began
            if number >= 0:
                taken.append(seconds)
    return timed
