"""What a store promises: how soon a ticket of each priority is answered and solved, in which hours of work.

```json
{"targets": {"urgent": {"first_answer": 30, "next_answer": 60, "resolution": 480}},
 "hours": {"mon": [["09:00", "12:30"], ["13:00", "17:00"]], "sat": [["10:00", "14:00"]]},
 "holidays": {"country": "DE", "subdivision": "BE"}, "closed_on": ["2026-12-24"]}
```

Targets are minutes of work. Without `hours` the store works around the clock; holidays and the days of `closed_on` are
free of work in any case. The time zone is the store's.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, model_validator

from app.services.params import In
from app.services.working_hours import AROUND_THE_CLOCK, Calendar, Spans

Priority = Literal["low", "normal", "high", "urgent"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOCKS = ("first_answer", "next_answer", "resolution")
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00", re.ASCII)
Minutes = Annotated[int, Field(ge=1, le=525_600)]


class Targets(In):
    """Minutes of work; what is not named is not promised."""

    first_answer: Minutes | None = None
    next_answer: Minutes | None = None
    resolution: Minutes | None = None


class Holidays(In):
    """Whose public holidays are free of work: ISO 3166."""

    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    subdivision: Annotated[str, Field(pattern="^[A-Z0-9]{1,3}$")] | None = None

    @model_validator(mode="after")
    def _known(self) -> Holidays:
        known = _countries().get(self.country)
        if known is None:
            raise ValueError(f"no holidays are known of {self.country}")
        if self.subdivision is not None and self.subdivision not in known:
            raise ValueError(f"{self.country} has no subdivision {self.subdivision}")
        return self


class ServiceLevels(In):
    """The whole document."""

    model_config = ConfigDict(strict=True, extra="forbid")

    targets: dict[Priority, Targets] = Field(default_factory=dict[Priority, Targets])
    hours: dict[Weekday, list[list[str]]] | None = None
    holidays: Holidays | None = None
    closed_on: Annotated[list[Annotated[date, Field(strict=False)]], Field(max_length=1000)] = Field(
        default_factory=list[date]
    )

    @model_validator(mode="after")
    def _open_at_some_time(self) -> ServiceLevels:
        if not any(self.week()):
            raise ValueError("the hours leave no time for work")
        return self

    def week(self) -> tuple[Spans, ...]:
        """The spans of each weekday from Monday on."""
        if self.hours is None:
            return AROUND_THE_CLOCK
        return tuple(_spans(self.hours.get(day, [])) for day in WEEKDAYS)

    def target(self, priority: str, clock: str) -> int | None:
        """Seconds of work that a clock may take at this priority; None where nothing is promised."""
        of = {str(name): targets for name, targets in self.targets.items()}.get(priority)
        minutes: int | None = None if of is None else getattr(of, clock)
        return None if minutes is None else minutes * 60

    def calendar(self, timezone: str) -> Calendar:
        """When the store works."""
        zone, week, free = ZoneInfo(timezone), self.week(), frozenset(self.closed_on)
        if self.holidays is None and not free:
            return Calendar(zone, week)
        public: Any = {} if self.holidays is None else _public(self.holidays.country, self.holidays.subdivision)
        return Calendar(zone, week, lambda day: day in free or day in public)


def _spans(given: list[list[str]]) -> Spans:
    found: list[tuple[int, int]] = []
    for span in given:
        if len(span) != 2 or not all(TIME.fullmatch(time) for time in span):
            raise ValueError("a span is two times, such as 09:00 and 17:30")
        begins, ends = (int(time[:2]) * 60 + int(time[3:]) for time in span)
        if begins >= ends or (found and begins < found[-1][1]):
            raise ValueError("spans go forward and do not overlap")
        found.append((begins, ends))
    return tuple(found)


# Half a second to import: only where a store has holidays at all.
@cache
def _countries() -> dict[str, list[str]]:
    from holidays import list_supported_countries

    return list_supported_countries(include_aliases=True)


@cache
def _public(country: str, subdivision: str | None) -> Any:
    """The public holidays, of whatever year is looked at."""
    from holidays import country_holidays

    return country_holidays(country, subdiv=subdivision)
