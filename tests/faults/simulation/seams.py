"""Where `app/` takes the time, ids and chance from: for the length of a history they come from the seed.

`app.clock.now` is the one place for the time of day; columns have kept it as their default. What is measured
(`time.monotonic`) is read in three modules, whose `time` is exchanged; ids and random words come from a counter and a
generator. All of it is put back afterwards.
"""

from __future__ import annotations

import itertools
import random
import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from app import clock, ids
from app.database import Base
from app.routers import waiting
from app.services import order_flights, webhook_sender
from tests.faults.simulation.scheduler import CURRENT

BEGAN = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
"""The virtual moment at which every history begins; the template is made some days before."""
MEASURING = (order_flights, waiting, webhook_sender)
_TIMES: list[Any] = [
    column.default
    for table in Base.metadata.tables.values()
    for column in table.columns
    if getattr(getattr(column.default, "arg", None), "__name__", "") == "now"
]
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


class Flights(dict[Any, Any]):
    """Whoever asks the shop at once shares a flight with the others of the same process alone."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((CURRENT.get().name, key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__((CURRENT.get().name, key), value)

    def __delitem__(self, key: Any) -> None:
        super().__delitem__((CURRENT.get().name, key))


def _ids(now: Callable[[], datetime]) -> Callable[[str], str]:
    """Ids as `app.ids.new` makes them: each greater than the one before, below all of a later millisecond."""
    numbers = itertools.count(1)

    def new(prefix: str) -> str:
        bits = (int(now().timestamp() * 1000) << 80) | next(numbers)
        return f"{prefix}_" + "".join(DIGITS[bits >> 5 * at & 31] for at in range(25, -1, -1))

    return new


@contextmanager
def moved(now: Callable[[], float], seed: str) -> Generator[None]:
    """Within: time, ids and chance by `now` (virtual seconds) and the seed."""
    rng = random.Random(f"{seed}/app")

    def today(_: object = None) -> datetime:
        return BEGAN + timedelta(seconds=now())

    put: list[tuple[Any, str, Any]] = [
        (clock, "now", today),
        (ids, "new", _ids(today)),
        (secrets, "choice", rng.choice),
        (secrets, "token_hex", lambda size=32: rng.randbytes(size).hex()),
        (order_flights, "_flights", Flights()),
        (order_flights, "_asked", {}),
        *((module, "time", SimpleNamespace(monotonic=now)) for module in MEASURING),
        *((default, "arg", today) for default in _TIMES),
    ]
    before = [(place, name, getattr(place, name)) for place, name, _ in put]
    state = random.getstate()
    random.seed(f"{seed}/jitter")
    try:
        for place, name, value in put:
            setattr(place, name, value)
        yield
    finally:
        random.setstate(state)
        for place, name, value in before:
            setattr(place, name, value)
