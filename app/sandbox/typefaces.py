"""The typefaces of printed labels: which one has a character, how wide it is, and in which order characters are seen.

They come from the package weblate-fonts (OFL-1.1): Source Sans, and Kurinto for the scripts that it lacks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from importlib.resources import files
from typing import Any

_SOURCE, _KURINTO = "source-sans/ttf/SourceSans3-{}.ttf", "kurinto/ttf/KurintoSans{}.ttf"
_PLAIN = (_SOURCE.format("Regular"), _KURINTO.format("-Rg"))
_BOLD = (_SOURCE.format("Bold"), _KURINTO.format("-Bd"))
_HAN = {"JP": "JP", "KR": "KR", "CN": "SC", "SG": "SC", "TW": "TC", "HK": "TC", "MO": "TC"}
"""Which drawing of a Han character a country reads."""


def chain(*, bold: bool, country: str = "") -> tuple[str, ...]:
    """Name the typefaces to look a character up in, in this order."""
    weight = "-Bd" if bold else "-Rg"
    first = _HAN.get(country, "JP")
    han = [first, *(name for name in ("JP", "SC", "TC", "KR") if name != first)]
    return (*(_BOLD if bold else _PLAIN), *(_KURINTO.format(name + weight) for name in han))


@lru_cache(maxsize=16)
def _face(font: str) -> Any:
    """The typeface's tables, registered for PDF under its file's name."""
    ttfonts, metrics = import_module("reportlab.pdfbase.ttfonts"), import_module("reportlab.pdfbase.pdfmetrics")
    loaded = ttfonts.TTFont(font, path(font))
    metrics.registerFont(loaded)
    return loaded.face


def path(font: str) -> str:
    """Find the typeface's file."""
    return str(files("weblate_fonts") / "static" / "weblate_fonts" / font)


def measure(font: str, text: str, size: float) -> float:
    """Add up how wide `text` is, in points."""
    face = _face(font)
    return sum(face.charWidths.get(ord(c), face.defaultWidth) for c in text) * size / 1000


def split(text: str, fonts: tuple[str, ...]) -> list[tuple[str | None, str]]:
    """Cut `text`, as it is seen, into stretches of one typeface; None for characters that none of `fonts` has."""
    runs: list[tuple[str | None, str]] = []
    for character in _as_seen(text):
        font = next((name for name in fonts if ord(character) in _face(name).charToGlyph), None)
        if runs and runs[-1][0] == font:
            runs[-1] = (font, runs[-1][1] + character)
        else:
            runs.append((font, character))
    return runs


def clean(text: str) -> str:
    """Make one line of NFC text without control and format characters."""
    kept = (" " if unicodedata.category(c)[0] in "CZ" else c for c in unicodedata.normalize("NFC", text))
    return " ".join("".join(kept).split())


def _as_seen(text: str) -> str:
    """`text` from left to right as a reader sees it: Arabic letters joined, right-to-left stretches turned round.

    The part of Unicode's UAX #9 that addresses need: the first letter decides the line's direction.
    """
    kinds = _kinds(text)
    if "R" not in kinds:
        return text
    joined: str = import_module("arabic_reshaper").reshape(text)
    if kinds.replace("L", "R").index("R") == kinds.index("R"):
        return _turned(joined)
    return _each(joined, r"R(?:[^L]*[RN])?", _turned)


def _turned(text: str) -> str:
    """The text reversed, words and numbers that run from left to right left as they are."""
    upright = _each(text, r"L(?:[^R]*[LN])?|N+(?:,N+)*", lambda part: part[::-1])
    return "".join(_MIRRORED.get(character, character) for character in reversed(upright))


def _each(text: str, pattern: str, change: Callable[[str], str]) -> str:
    """`text` with `change` applied to the stretches whose kinds match `pattern`."""
    out, last = "", 0
    for match in re.finditer(pattern, _kinds(text)):
        out += text[last : match.start()] + change(text[match.start() : match.end()])
        last = match.end()
    return out + text[last:]


def _kinds(text: str) -> str:
    """A letter a character: L and R by direction, N in numbers, `,` what may stand inside one, `.` the rest."""
    return "".join(_KINDS.get(unicodedata.bidirectional(character), ".") for character in text)


_KINDS = {"L": "L", "R": "R", "AL": "R", "EN": "N", "AN": "N", "ES": ",", "CS": ","}
_MIRRORED = {"(": ")", ")": "(", "[": "]", "]": "["}
