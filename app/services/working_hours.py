"""A store's working hours: when so many seconds of work have gone by, and how many did between two moments; no I/O.

Hours are wall-clock times of the store's time zone, seconds are real ones: the night in which the clocks go back is an
hour longer, and a moment that a spring night leaves out is the one an hour later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Spans = tuple[tuple[int, int], ...]
"""Minutes of a day from midnight, [from, to), in their order."""
AROUND_THE_CLOCK: tuple[Spans, ...] = (((0, 1440),),) * 7
DAYS = 4000
"""How far ahead is looked: a store that does not work for eleven years promises nothing."""


def _never(day: date) -> bool:
    del day
    return False


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a store works: its spans of each weekday from Monday on, but for the days that are `closed`."""

    zone: ZoneInfo
    week: tuple[Spans, ...] = AROUND_THE_CLOCK
    closed: Callable[[date], bool] = _never

    @property
    def always(self) -> bool:
        """Whether it works at any time."""
        return self.week == AROUND_THE_CLOCK and self.closed is _never

    def spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The times of work from `start` on, in UTC."""
        day = start.astimezone(self.zone).date()
        for _ in range(DAYS):
            for begins, ends in () if self.closed(day) else self.week[day.weekday()]:
                opens, closes = self._moment(day, begins), self._moment(day, ends)
                if closes > max(opens, start):
                    yield max(opens, start), closes
            day += timedelta(days=1)

    def _moment(self, day: date, minutes: int) -> datetime:
        wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001  its zone comes now
        return wall.replace(tzinfo=self.zone).astimezone(UTC)


def after(calendar: Calendar, start: datetime, seconds: float) -> datetime | None:
    """When `seconds` of work after `start` are over; None where the store does not work so much any more."""
    if calendar.always:
        return start + timedelta(seconds=seconds)
    left = timedelta(seconds=seconds)
    for opens, closes in calendar.spans(start):
        if closes - opens >= left:
            return opens + left
        left -= closes - opens
    return None


def between(calendar: Calendar, start: datetime, end: datetime) -> float:
    """Seconds of work from `start` to `end`; none where `end` comes first."""
    if calendar.always:
        return max(0.0, (end - start).total_seconds())
    worked = timedelta()
    for opens, closes in calendar.spans(start):
        if opens >= end:
            break
        worked += min(closes, end) - opens
    return worked.total_seconds()
