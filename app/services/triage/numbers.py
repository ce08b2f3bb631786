"""Order, tracking and telephone numbers in a text: known shapes with their check digits, and words beside them."""

from __future__ import annotations

import re

from app.services.triage.order_words import AFTER, CALL, LINK, NUMBERED, ORDER, TRACKING

Spans = list[tuple[int, int]]
Found = list[tuple[int, int, str]]

_GAP = r"[\s:#№.,=\-()\"'«»]{0,4}"
_ID = r"[A-Za-z]{0,5}-?\d{3,19}(?:-\d{1,8}){0,3}"
_UNIT = (
    r"(?!\s{0,2}(?:€|\$|£|¥|₺|₽|zł|%|euros?\b|eur\b|usd\b|gbp\b|dollars?\b|pounds?\b|tl\b|руб|元|円|days?\b|weeks?\b|tage?\b|hours?\b"
    r"|items?\b|pieces?\b))(?![A-Za-z0-9_@]|[.,/]\d)"
)
_BY_WORD = re.compile(
    rf"{ORDER}\w{{0,3}}?{_GAP}(?:(?:{NUMBERED}|{LINK})(?:(?<![a-z])|\b|(?=\d)){_GAP}){{0,3}}(?P<id>{_ID}){_UNIT}",
    re.IGNORECASE,
)
_BEFORE_WORD = re.compile(rf"(?<![\w.,#-])#?(?P<id>{_ID})\s{{0,2}}{AFTER}", re.IGNORECASE)
_HASHED = re.compile(rf"(?<![\w&#])[#＃№]\s?(?P<id>{_ID})(?![\w@])")
_LETTERED = re.compile(
    r"(?<![\w#@./-])(?P<id>(?:ORD(?:ER)?|SO|PO|BE|CMD|PED)[-_]?\d{3,15}(?:-\d{1,8}){0,2}|[A-Z]\d{6,10})(?![\w@-])",
    re.IGNORECASE,
)
_BARE = re.compile(r"\s*#?(?P<id>[A-Za-z]{0,3}-?\d{4,15})[\s.!]*\Z")
_NEXT = re.compile(
    rf"\s{{0,2}}(?:[,;&/+、]|,?\s?(?:and|und|et|y|e|en|i|ve|və|и|و|和|と)\s)\s{{0,2}}#?(?P<id>{_ID}){_UNIT}",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:19|20)\d\d-\d\d-\d\d\Z")


def order_numbers(text: str, taken: Spans) -> Found:
    """The order numbers of `text` (ASCII digits), outside the `taken` spans, without `#`."""
    found: Found = []
    for shape in (_BY_WORD, _BEFORE_WORD, _HASHED, _LETTERED):
        for first in shape.finditer(text):
            match: re.Match[str] | None = first
            while match:  # 1001, 1002 and 1003
                if not _DATE.match(match["id"]) and not _inside(match.span("id"), taken):
                    found.append((*match.span("id"), match["id"]))
                match = _NEXT.match(text, match.end()) if shape is _BY_WORD else None
    if not found and (bare := _BARE.match(text)) and not _inside(bare.span("id"), taken):
        found.append((*bare.span("id"), bare["id"]))
    return sorted(found)


def _inside(span: tuple[int, int], taken: Spans) -> bool:
    return any(start < span[1] and span[0] < end for start, end in taken)


_UPS = re.compile(r"(?<![0-9A-Za-z])1Z(?: ?[0-9A-Z]){15} ?\d(?![0-9A-Za-z])", re.IGNORECASE)
_S10 = re.compile(r"(?<![0-9A-Za-z])[A-Z]{2} ?\d{3} ?\d{3} ?\d{3} ?[A-Z]{2}(?![0-9A-Za-z])", re.IGNORECASE)
_LONG = re.compile(r"(?<![\w.,])\d(?:[ ]?\d){15,25}(?![\w]|[.,]\d)")
_PREFIXED = re.compile(
    r"(?<![0-9A-Za-z])(?:TBA\d{10,14}|J(?:JD|VGL)\d{10,20}|GM\d{16,20}|LP\d{14}|YT\d{16}|SF\d{12,15})(?![0-9A-Za-z])"
)
_WORDED = re.compile(
    rf"{TRACKING}{_GAP}(?:(?:{NUMBERED}|{LINK}|номер\w{{0,2}}|numarası)(?:\b|(?=\d)){_GAP}){{0,3}}"
    r"(?P<id>[A-Z]{0,4}\d[0-9A-Z]{7,21})(?![0-9A-Za-z])",
    re.IGNORECASE,
)


def tracking_numbers(text: str) -> Found:
    """The tracking numbers of `text` (ASCII digits), in capitals and without spaces."""
    found: Found = []
    for shape, right in ((_UPS, _ups), (_S10, _s10), (_LONG, _long), (_PREFIXED, bool)):
        for match in shape.finditer(text):
            number = match.group().replace(" ", "").upper()
            if right(number):
                found.append((*match.span(), number))
    for match in _WORDED.finditer(text):
        number = match["id"].upper()
        if sum(char.isdigit() for char in number) >= 8 and not _inside(match.span("id"), [pair[:2] for pair in found]):
            found.append((*match.span("id"), number))
    return sorted(found)


def _ups(number: str) -> bool:
    """UPS: letters count (ord - 63) mod 10, every second place double, modulo 10."""
    values = [int(char) if char.isdigit() else (ord(char) - 63) % 10 for char in number[2:-1]]
    total = sum(values[0::2]) + 2 * sum(values[1::2])
    return -total % 10 == int(number[-1])


def _s10(number: str) -> bool:
    """UPU S10: weights 8 6 4 2 3 5 9 7, modulo 11."""
    total = sum(int(digit) * weight for digit, weight in zip(number[2:10], (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
    check = 11 - total % 11
    return int(number[10]) == {10: 0, 11: 5}.get(check, check)


def _long(number: str) -> bool:
    """USPS (20–22, from 9) and SSCC/DHL (18–20, from 00 or 3): weights 3 and 1 from the right, modulo 10."""
    usps = 20 <= len(number) <= 22 and number[0] == "9"
    sscc = (len(number) == 20 and number.startswith("00")) or (len(number) == 18 and number[0] == "3")
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(number[-2::-1]))
    return (usps or sscc) and -total % 10 == int(number[-1])


_PHONE = r"\d(?:[ ().\-/]{0,2}\d){6,13}"
_INTERNATIONAL = re.compile(r"(?<![\w#+])(?:\+ ?|00)(?P<id>[1-9](?:[ ().\-/]{0,3}\d){6,14})(?!\w)")
_NATIONAL = re.compile(
    rf"{CALL}{_GAP}(?:(?:{NUMBERED}|{LINK}|me|at|on|under|unter|at)\b{_GAP}){{0,3}}(?P<id>\(?{_PHONE})(?!\w)",
    re.IGNORECASE,
)


def phones(text: str, taken: Spans) -> Found:
    """The telephone numbers of `text` (ASCII digits): `+4930901820`, or as many digits as stand beside such a word."""
    found: Found = []
    for shape, sign in ((_INTERNATIONAL, "+"), (_NATIONAL, "")):
        for match in shape.finditer(text):
            digits = re.sub(r"\D", "", match["id"].replace("(0)", ""))
            if 7 <= len(digits) <= 15 and not _inside(match.span(), [*taken, *(pair[:2] for pair in found)]):
                found.append((*match.span(), sign + digits))
    return sorted(found)
