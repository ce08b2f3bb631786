"""Card numbers and keys that are made up to be planted, and found again in bytes, however they are spelled there."""

from __future__ import annotations

import random
import re
import string
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

MARK = "Zq7"
"""Begins the random part of each key, so that it is found again without ten thousand searches."""
CORE = 21
NETWORKS: dict[str, tuple[tuple[str, ...], int]] = {
    "visa": (("4",), 16),
    "visa of 19": (("4",), 19),
    "mastercard": (("51", "55", "2221", "2720"), 16),
    "amex": (("34", "37"), 15),
    "diners": (("36", "305"), 14),
    "discover": (("6011", "65", "644"), 16),
    "jcb": (("3528", "3589"), 16),
    "unionpay": (("62",), 16),
    "maestro": (("5018", "6304"), 16),
    "mir": (("2200", "2204"), 16),
    "troy": (("9792",), 16),
}


def luhn(head: str) -> str:
    """`head` with the digit that makes it valid."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(head))]
    return head + str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def _groups(digits: str) -> list[str]:
    sizes = {15: (4, 6, 5), 14: (4, 6, 4)}.get(len(digits), (4, 4, 4, 4, 3))
    found: list[str] = []
    for size in sizes:
        found, digits = [*found, digits[:size]], digits[size:]
    return [group for group in found if group]


def _joined(by: str) -> Callable[[str], str]:
    return lambda digits: by.join(_groups(digits))


def _script(zero: int) -> Callable[[str], str]:
    return lambda digits: "".join(chr(zero + int(digit)) for digit in digits)


PLAIN: dict[str, Callable[[str], str]] = {
    "bare": str,
    "spaces": _joined(" "),
    "dashes": _joined("-"),
    "dots": _joined("."),
    "slashes": _joined("/"),
    "underscores": _joined("_"),
    "two spaces": _joined("  "),
    "each digit apart": " ".join,
}
"""Of ASCII and of one line: for headers, addresses and ids."""
LINE: dict[str, Callable[[str], str]] = {
    **PLAIN,
    "full-width": _script(0xFF10),
    "full-width, spaces": lambda digits: "\u3000".join(map(_script(0xFF10), _groups(digits))),
    "Arabic": _script(0x660),
    "Persian": _script(0x6F0),
    "Devanagari": _script(0x966),
    "zero-width": _joined("\u200b"),
    "joiners": _joined("\u200d"),
    "no-break": _joined("\u00a0"),
    "soft hyphens": _joined("\u00ad"),
    "en dashes": _joined(" \u2013 "),
    "two scripts": lambda digits: digits[:8] + _script(0xFF10)(digits[8:]),
}
TEXT: dict[str, Callable[[str], str]] = {
    **LINE,
    "line breaks": _joined("\n"),
    "returns": _joined("\r\n"),
    "tabs": _joined("\t"),
    "commas": _joined(", "),
    "glued to letters": lambda digits: f"card{digits}x",
}
SPELLINGS = {"plain": PLAIN, "line": LINE, "text": TEXT}
KEYS: dict[str, str] = {
    "our live key": "sk_live_{}",
    "our test key": "sk_test_{}",
    "publishable key": "pk_live_{}",
    "publishable test key": "pk_test_{}",
    "shopper token": "st_{}",
    "webhook secret": "whsec_{}",
    "restricted key": "rk_live_{}",
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJz{}.{}",
    "bearer": "Bearer {}",
    "GitHub": "ghp_{}",
    "Slack": "xoxb-{}",
}


@dataclass
class Values:
    """What was planted: by its digits or its random part, how it was spelled and where it went in."""

    rng: random.Random
    planted: dict[str, str] = field(default_factory=dict[str, str])

    def card(self, door: str, kind: str = "text") -> str:
        """A number that nobody has been given, in one of the spellings that the door takes."""
        network, (heads, length) = self.rng.choice(list(NETWORKS.items()))
        head = self.rng.choice(heads)
        digits = luhn(head + "".join(self.rng.choices(string.digits, k=length - len(head) - 1)))
        name, spelled = self.rng.choice(list(SPELLINGS[kind].items()))
        self.planted[digits] = f"{door}: {network}, {name}"
        return spelled(digits)

    def key(self, door: str) -> str:
        """A key or a token."""
        name, form = self.rng.choice(list(KEYS.items()))
        cores = [MARK + "".join(self.rng.choices(string.ascii_letters + string.digits, k=CORE)) for _ in range(2)]
        for core in cores[: form.count("{}")]:
            self.planted[core] = f"{door}: {name}"
        return form.format(*cores)

    def any(self, door: str, kind: str = "text") -> str:
        """Seven cards to three keys."""
        return self.card(door, kind) if self.rng.random() < 0.7 else self.key(door)


_DIGIT = (
    rb"[0-9]|\xef\xbc[\x90-\x99]|\xd9[\xa0-\xa9]|\xdb[\xb0-\xb9]|\xe0\xa5[\xa6-\xaf]"
    rb"|\\+u(?:[fF][fF]1|066|06[fF])[0-9]|\\+u096[6-9a-fA-F]"
)
_APART = (
    rb"[ \-./,_\t\r\n:;+|#*\x00]|\\+[nrt/]|\\+u(?:200[b-fB-F]|00[aA][0dD]|201[0-5]|202[fF]|3000)"
    rb"|\xe2\x80[\x80-\xaf]|\xc2[\xa0\xad]|\xe3\x80\x80"
)
_ROW = re.compile(rb"(?:%s)(?:(?:%s){0,12}(?:%s)){12,}" % (_DIGIT, _APART, _DIGIT))
_KEY = re.compile(MARK.encode() + rb"[A-Za-z0-9]{%d}" % CORE)


def _digits(row: bytes) -> str:
    text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), row.decode("utf-8", "replace"))
    return "".join(str(int(character)) for character in text if character.isdecimal())


def _windows(digits: str) -> Iterator[str]:
    for length in {length for _, length in NETWORKS.values()}:
        for start in range(len(digits) - length + 1):
            yield digits[start : start + length]


def found(content: bytes, planted: dict[str, str]) -> Counter[str]:
    """Which of them stand in the bytes, in any spelling or escape, and how often."""
    seen: Counter[str] = Counter()
    bare = unquote_to_bytes(content) if b"%" in content else content
    for form in (content,) if bare == content else (content, bare):
        for match in _ROW.finditer(form):
            seen.update(window for window in _windows(_digits(match.group())) if window in planted)
        seen.update(core for match in _KEY.finditer(form) if (core := match.group().decode()) in planted)
    return seen
