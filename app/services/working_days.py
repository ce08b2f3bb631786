"""When a period ends by law (article 3 of Regulation 1182/71): never on a Saturday, a Sunday or a public holiday."""

from collections.abc import Collection
from datetime import date, timedelta

SATURDAY = 5


def working_day(day: date, holidays: Collection[date]) -> date:
    """The day itself, or the next working day; which days are public holidays the store says."""
    while day.weekday() >= SATURDAY or day in holidays:
        day += timedelta(days=1)
    return day
