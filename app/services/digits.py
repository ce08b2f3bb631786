"""Digits of every script, read as ASCII: the ground under redaction, proofs and entities."""

from __future__ import annotations

import re
import unicodedata

# `\d` is Unicode's Nd (fullwidth, Arabic-Indic, Devanagari, mathematical …); these stand for one digit too, but are No:
# superscripts, subscripts, circled, parenthesized, full-stopped, comma'd.
_DRESSED = (
    "\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea\u24f5-\u24fd"
    "\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792\U0001f100-\U0001f10a"
)
DIGIT = rf"[\d{_DRESSED}]"
"""A character class (a piece of a regular expression) that matches one digit of any script."""

_ANY = re.compile(DIGIT)
_FOREIGN = re.compile(rf"(?![0-9]){DIGIT}")


def ascii_digits(text: str) -> str:
    """`text` with every digit of any script as 0–9; its length and all other characters stay."""
    return text if text.isascii() else _FOREIGN.sub(_ascii, text)


def has_digit(text: str) -> bool:
    """Whether any digit of any script stands in `text`."""
    return _ANY.search(text) is not None


def only_digits(text: str) -> str:
    """The digits of `text` alone, as 0–9."""
    return "".join(char for char in ascii_digits(text) if char in "0123456789")


def luhn(digits: str) -> bool:
    """Whether ASCII `digits` end in the right check digit (ISO/IEC 7812-1 annex B)."""
    odd = sum(int(char) for char in digits[-1::-2])
    return (odd + sum(_DOUBLED[int(char)] for char in digits[-2::-2])) % 10 == 0


_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def _ascii(match: re.Match[str]) -> str:
    return str(unicodedata.digit(match.group(), 0))
