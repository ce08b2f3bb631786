"""What a text names: numbers, contacts, amounts, dates, quoted things."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from app.services.digits import ascii_digits
from app.services.proofs import email_key
from app.services.triage.amounts import amounts, dates
from app.services.triage.contract import Entities
from app.services.triage.numbers import order_numbers, phones, tracking_numbers

READ = 20_000
"""How many characters of a text are read for entities."""

T = TypeVar("T")

MOST = 50
"""How many entities of a kind are told."""

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_QUOTED = re.compile(r"[\"“„«「『]([^\"“”„«»「」『』\n]{2,80})[\"”“»」』]")


def entities(text: str, language: str, locale_hint: str | None = None) -> Entities:
    """The entities of the first 20,000 characters of `text`, at most 50 of a kind; linear in the text."""
    text = ascii_digits(text[:READ])
    addresses = [(*match.span(), match.group().strip("'")) for match in _EMAIL.finditer(text)] if "@" in text else []
    taken = [found[:2] for found in addresses]
    tracking = tracking_numbers(text)
    taken += [found[:2] for found in tracking]
    calls = phones(text, taken)
    taken += [found[:2] for found in calls]
    return Entities(
        order_numbers=_once(number.upper() for _, _, number in order_numbers(text, taken)),
        tracking_numbers=_once(number for _, _, number in tracking),
        emails=_once(address.lower() for _, _, address in addresses if email_key(address)),
        phones=_once(number for _, _, number in calls),
        amounts=_once(amounts(text, language)),
        dates=_once(dates(text, language, locale_hint)),
        items=_once(match[1].strip() for match in _QUOTED.finditer(text) if not match[1].strip().isdigit()),
    )


def _once(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))[:MOST]
