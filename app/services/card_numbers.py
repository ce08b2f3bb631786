"""Where card numbers stand in a text: any separators, any script's digits, glued or not; linear time.

A *run* is a row of digits with at most `MAX_GAP` characters that are neither letter nor digit between two of them
(`4111 1111-1111/1111`); a *token* is an unbroken piece of it. Within a run a window of 13–19 digits with a right Luhn
digit counts as a card number, when

1. a common issuer's prefix and length fit and the window begins and ends where tokens do; or
2. the same, glued to other digits, inside tokens too (13-digit Visa and Maestro apart, which would catch a tenth of all
   phone and tracking numbers), while no more than one kind of separator stands within; or
3. whatever the issuer, it is a whole token, the whole run, or grouped as cards are (4-4-4-4, 4-6-5, …), with plain
   separators (no comma, `#`, …: lists of order numbers are written so).

So a run of 20 and more digits that holds a card number of a common issuer loses it, also where it is an unknown
parcel's number (a fifth to a quarter do by chance): a leak is worse than a gap. Known ids of 12 and more digits
are left alone and break the run; a shorter known id never is a reason to keep a card number (order 1111 exists).
Time stamps, UUIDs, and 13–15 digits right after a `+` (a phone) are no card numbers.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from app.services.digits import DIGIT, ascii_digits, only_digits

MAX_GAP = 12
SHORTEST, LONGEST = 13, 19
KNOWN_MIN = 12

_HEX4 = "(?:[0-9a-fA-F]{4})"
_TOKEN = re.compile(
    rf"(?P<skip>(?<![0-9A-Za-z])(?:{_HEX4}{{2}}-{_HEX4}-[1-8][0-9a-fA-F]{{3}}-[89abAB][0-9a-fA-F]{{3}}-{_HEX4}{{3}}"
    r"|(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[T ](?:[01]\d|2[0-3]):[0-5]\d"
    r"(?::[0-5]\d(?:[.,]\d{1,9})?)?)(?![0-9A-Za-z](?<!Z)))"
    r"|(?P<escape>%(?:20|2[DEFdef]|0[9ADad]|[Cc]2%[Aa]0))|&(?:nbsp|#160|#8203|\#x(?:a0|A0|200b|200B));"
    rf"|(?P<digits>{DIGIT}+)"
)
_GAP = re.compile(r"(?:[\W_]|%(?:20|2[DEFdef]|0[9ADad]|[Cc]2%[Aa]0)|&(?:nbsp|#160|#8203|#x(?:a0|A0|200b|200B));)*\Z")
_PLAIN = re.compile(
    r"(?:[\s./\\_\-\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d\u200b-\u200f\u2060-\u2064\ufeff]|%20|&nbsp;)*\Z"
)

_GLUED = re.compile(
    r"(?P<d16_19>4)|(?P<d16>5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)|(?P<d15>3[47])|(?P<d14>30[0-59]|36|3[89])"
    r"|(?P<d16to19>35(?:2[89]|[3-8])|6011|64[4-9]|65|62|220[0-4]|81)"
)
_GLUED_LENGTHS = {"d16_19": (16, 19), "d16": (16,), "d15": (15,), "d14": (14,), "d16to19": (16, 17, 18, 19)}
_ALONE = re.compile(r"(?P<visa>4)|(?P<diners>30[0-59]|3[689])|(?P<maestro>50|5[6-8]|6)|(?P<troy>9792|82)")
_ALONE_LENGTHS = {"visa": (13,), "diners": (15, 16, 17, 18, 19), "maestro": (13, 14, 15, 16, 17, 18, 19), "troy": (16,)}
_GROUPINGS = frozenset({(4, 4, 4, 4), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (6, 13)})
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


class Span(NamedTuple):
    """A stretch of the text that holds a card number: `text[start:end]`."""

    start: int
    end: int


@dataclass(slots=True)
class Run:
    """Digits with the places where they stand, and what separates them."""

    digits: str = ""
    places: list[int] = field(default_factory=list[int])
    starts: list[int] = field(default_factory=list[int])  # indexes of digits at which a token begins
    gaps: list[str] = field(default_factory=list[str])  # the gap before starts[1], starts[2], …


def card_spans(text: str, known: Collection[str] = ()) -> list[Span]:
    """The stretches of `text` that hold card numbers, in order, apart; digits of `known` ids are left out."""
    return [
        Span(run.places[first], run.places[last - 1] + 1)
        for run in _runs(text, _known(known))
        for first, last in _merged(_windows(text, run))
    ]


def card_candidates(text: str, limit: int = 500) -> set[str]:
    """What stands in `text` and would be taken for a card number, as ids to look up (at most `limit`)."""
    found: set[str] = set()
    for run in _runs(text, frozenset()):
        for window in _windows(text, run):
            found.update(_readings(text, run, *window))
            if len(found) >= limit:
                return set(sorted(found)[:limit])
    return found


def _readings(text: str, run: Run, first: int, last: int) -> Iterator[str]:
    """The window itself, the tokens that cover it, the run, and the token with its letters (`JJD0003…`)."""
    yield run.digits[first:last]
    begin = run.starts[bisect_right(run.starts, first) - 1]
    behind = bisect_left(run.starts, last)
    end = run.starts[behind] if behind < len(run.starts) else len(run.digits)
    yield run.digits[begin:end]
    if len(run.digits) <= 64:
        yield run.digits
    left, right = run.places[begin], run.places[end - 1] + 1
    while left and run.places[begin] - left < 16 and text[left - 1].isalpha() and text[left - 1].isascii():
        left -= 1
    if left < run.places[begin]:
        yield ascii_digits(text[left:right]).upper()


def _known(known: Collection[str]) -> frozenset[str]:
    """The digits of each known id, and each of its unbroken pieces, from 12 digits on."""
    pieces = {piece for text in known for piece in (only_digits(text), *re.findall(r"\d+", ascii_digits(text)))}
    return frozenset(piece for piece in pieces if len(piece) >= KNOWN_MIN)


def _runs(text: str, known: frozenset[str]) -> Iterator[Run]:
    tokens: list[re.Match[str]] = []
    gaps: list[str] = []
    for match in _TOKEN.finditer(text):
        if match["digits"] is None and match["skip"] is None:
            continue
        gap = text[tokens[-1].end() : match.start()] if tokens else ""
        if match["skip"] is not None or (tokens and not _is_gap(gap)):
            yield from _without(_run(tokens, gaps), known)
            tokens, gaps = [], []
        elif tokens:
            gaps.append(gap)
        if match["skip"] is None:
            tokens.append(match)
    yield from _without(_run(tokens, gaps), known)


def _is_gap(gap: str) -> bool:
    if len(gap) > 3 * MAX_GAP or _GAP.match(gap) is None:
        return False
    return len(gap) <= MAX_GAP or "%" in gap or "&" in gap


def _run(tokens: list[re.Match[str]], gaps: list[str]) -> Run:
    if sum(match.end() - match.start() for match in tokens) < SHORTEST:
        return Run()
    places = [place for match in tokens for place in range(match.start(), match.end())]
    starts = [0, *accumulate(match.end() - match.start() for match in tokens[:-1])]
    return Run(ascii_digits("".join(match["digits"] for match in tokens)), places, starts, gaps)


def _without(run: Run, known: frozenset[str]) -> Iterator[Run]:
    """The parts of `run` that are left when the known ids in it are taken out; none shorter than a card number."""
    if len(run.digits) < SHORTEST:
        return
    ends = [*run.starts[1:], len(run.digits)]
    longest = max(map(len, known), default=0)
    at, token = 0, 0
    while known and token < len(run.starts):
        stop = _known_until(run, ends, token, known, longest)
        if stop is None:
            token += 1
            continue
        yield from _part(run, at, token)
        at = token = stop
    yield from _part(run, at, len(run.starts))


def _known_until(run: Run, ends: list[int], token: int, known: frozenset[str], longest: int) -> int | None:
    for last in range(token, len(ends)):
        digits = run.digits[run.starts[token] : ends[last]]
        if len(digits) > longest:
            return None
        if digits in known:
            return last + 1
    return None


def _part(run: Run, first: int, last: int) -> Iterator[Run]:
    if (first, last) == (0, len(run.starts)):
        yield run
        return
    if first >= last:
        return
    begin = run.starts[first]
    end = run.starts[last] if last < len(run.starts) else len(run.digits)
    if end - begin >= SHORTEST:
        starts = [start - begin for start in run.starts[first:last]]
        yield Run(run.digits[begin:end], run.places[begin:end], starts, run.gaps[first : last - 1])


def _windows(text: str, run: Run) -> Iterator[tuple[int, int]]:
    """Every window `[first, last)` of the run's digits that counts as a card number, by first digit."""
    sums, size = _sums(run.digits), len(run.digits)
    uniform = _uniform_from(run)
    edges = {start: index for index, start in enumerate(run.starts)}
    edges[size] = len(run.starts)
    plain = all(_PLAIN.match(gap) for gap in run.gaps)
    for first in range(size - SHORTEST + 1):
        glued = _lengths(_GLUED, _GLUED_LENGTHS, run.digits, first)
        opens = first in edges
        if not glued and not opens:
            continue
        alone = _lengths(_ALONE, _ALONE_LENGTHS, run.digits, first) if opens else ()
        phone = text[run.places[first] - 1 : run.places[first]] == "+"
        for length in range(SHORTEST, min(LONGEST, size - first) + 1):
            last = first + length
            line = sums[last & 1]
            if (line[last] - line[first]) % 10 or (phone and length <= 15):
                continue
            closes = opens and last in edges
            if (
                (length in glued and (closes or uniform[last - 1] <= first))
                or (closes and length in alone)
                or (closes and _whole(run, edges[first], edges[last], plain=plain))
            ):
                yield first, last


def _lengths(prefixes: re.Pattern[str], lengths: dict[str, tuple[int, ...]], digits: str, at: int) -> tuple[int, ...]:
    match = prefixes.match(digits, at)
    return lengths[match.lastgroup] if match and match.lastgroup else ()


def _whole(run: Run, first: int, last: int, *, plain: bool) -> bool:
    """Whether tokens first…last stand as one number does, whoever issued it."""
    if last - first == 1:
        return True
    gaps = run.gaps[first : last - 1]
    if last - first == len(run.starts):
        return plain and not run.digits.startswith("00")
    if last - first > 5 or len(set(gaps)) > 1 or not _PLAIN.match(gaps[0]):
        return False
    ends = [*run.starts[1:], len(run.digits)]
    return tuple(ends[i] - run.starts[i] for i in range(first, last)) in _GROUPINGS


def _sums(digits: str) -> tuple[list[int], list[int]]:
    """Running Luhn sums: with the even places doubled, and with the odd ones; a window is then one subtraction."""
    even, odd = [0], [0]
    for place, char in enumerate(digits):
        value = int(char)
        twice = _DOUBLED[value]
        even.append(even[-1] + (value if place & 1 else twice))
        odd.append(odd[-1] + (twice if place & 1 else value))
    return even, odd


def _uniform_from(run: Run) -> list[int]:
    """For each digit, the first digit from which on no more than one kind of separator stands up to it."""
    result = [0] * len(run.digits)
    lowest, kind, latest = 0, None, 0
    bounds = [*run.starts, len(run.digits)]
    for token, start in enumerate(run.starts):
        if token:
            gap = run.gaps[token - 1]
            if kind is not None and gap != kind:
                lowest = latest
            kind, latest = gap, start
        result[start : bounds[token + 1]] = [lowest] * (bounds[token + 1] - start)
    return result


def _merged(windows: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Overlapping windows as one: what is left over holds none of them."""
    open_from, open_to = -1, -1
    for first, last in windows:
        if first >= open_to:
            if open_to > 0:
                yield open_from, open_to
            open_from, open_to = first, last
        open_to = max(open_to, last)
    if open_to > 0:
        yield open_from, open_to
