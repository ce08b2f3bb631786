"""Dates as a person writes them."""

from datetime import date, datetime
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date


def day(on: date, language: str) -> str:
    """A date as a person of that language writes it; of a moment the date that it has in its own zone."""
    return _written(on.date() if isinstance(on, datetime) else on, language)


@lru_cache(maxsize=4096)
def _written(on: date, language: str) -> str:
    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse("en")
    written = format_date(on, format="long", locale=locale)
    # CLDR has no word for the first of a month, which is the only day that French does not count.
    return f"1er{written[1:]}" if locale.language == "fr" and on.day == 1 else written
