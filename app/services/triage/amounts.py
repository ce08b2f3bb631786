"""Amounts of money and dates in a text, exact and only where they can be meant one way."""

from __future__ import annotations

import re
from datetime import date

from app.money import MAX_AMOUNT, Money, exponent, known_currencies
from app.services.triage.contract import Amount

_SIGNS = {
    sign: row[:3]
    for row in (
        "EUR €", "GBP £", "TRY ₺ tl", "RUB ₽", "PLN zł zl", "AZN ₼", "BRL r$", "INR ₹", "KRW ₩", "USD $ us$", "CAD c$",
        "AUD a$", "JPY ¥ ￥ 円", "CNY 元 块", "CHF fr.",
    )
    for sign in row[4:].split()
}  # fmt: skip
_WORDS = {
    word: row[:3]
    for row in (
        "EUR euro euros евро 欧元 يورو ユーロ",
        "USD dollar dollars dólares dolar dollari долларов bucks 美元 دولار ドル",
        "GBP pound pounds quid", "TRY lira", "RUB рублей рубля руб", "PLN złotych złote", "AZN manat", "BRL reais",
        "JPY yen", "CNY yuan 人民币",
    )
    for word in row[4:].split()
}  # fmt: skip
_CODES = "|".join(sorted(known_currencies()))
_NUMBER = r"\d{1,3}(?:[ \u00a0\u202f.,'’]\d{3}){1,4}(?:[.,]\d{1,3})?|\d{1,12}(?:[.,]\d{1,3})?"
_SIGN = "|".join(sorted(map(re.escape, _SIGNS), key=len, reverse=True))
_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_AHEAD = re.compile(
    rf"(?<![A-Za-z])(?:(?P<code>(?-i:{_CODES}))|(?P<sign>{_SIGN}))[ \u00a0\u202f]?"
    rf"(?P<number>{_NUMBER})(?![\d.,]{{0,16}}\d)",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    rf"(?<![\w.,#])(?P<number>{_NUMBER})[ \u00a0\u202f]?"
    rf"(?:(?P<code>(?-i:{_CODES}))\b|(?P<sign>{_SIGN})(?![a-zа-я])|(?P<word>{_WORD})(?![a-zа-я]))",
    re.IGNORECASE,
)


def amounts(text: str, language: str) -> list[Amount]:
    """The amounts of `text` (ASCII digits) in minor units, each place once; impossible ones are left out."""
    found: dict[tuple[int, int], Amount] = {}
    for shape in (_AHEAD, _BEHIND):
        for match in shape.finditer(text):
            span = match.span("number")
            currency = _currency(match, language)
            amount = _amount(match["number"], currency) if currency else None
            if amount and span not in found:
                found[span] = amount
    return [found[span] for span in sorted(found)]


def _currency(match: re.Match[str], language: str) -> str | None:
    """The code for what stands there; None for look-alikes that match without case (`quıd`)."""
    groups = match.groupdict()
    if groups["code"]:
        return groups["code"].upper()
    if groups.get("word"):
        return _WORDS.get(groups["word"].lower())
    sign = groups["sign"].lower()
    if sign in {"¥", "￥", "元"}:
        return "CNY" if language == "zh" else "JPY"
    return _SIGNS.get(sign)


def _amount(number: str, currency: str) -> Amount | None:
    """Digits by threes are thousands, unless the currency has three decimals; a sign before one or two is a point."""
    whole, point, decimals = number, "", ""
    last = max(number.rfind("."), number.rfind(","))
    if last >= 0:
        tail = number[last + 1 :]
        several = number.count(number[last]) > 1
        if not several and (len(tail) < 3 or (exponent(currency) == 3 and number[last] == ".")):
            whole, point, decimals = number[:last], ".", tail
    try:
        money = Money.of(re.sub(r"\D", "", whole) + point + decimals, currency)
    except ValueError:
        return None
    return Amount(amount=money.amount, currency=currency) if money.amount <= MAX_AMOUNT else None


_MONTHS = (
    "jan|ene|gen|sty|oca|yan|янв",
    "feb|fév|fev|lut|şub|fev|фев",
    "mar|mär|mrt|maa|март|mars",
    "apr|avr|abr|kwi|nis|апр",
    "may|mai|maj|mei|mag|май|мая",
    "jun|juin|giu|cze|haz|iyn|июн",
    "jul|juil|lug|lip|tem|iyl|июл",
    "aug|aoû|ago|sie|ağu|avq|авг",
    "sep|set|wrz|eyl|sen|сен",
    "oct|okt|out|ott|paź|eki|окт",
    "nov|noy|lis|kas|ноя",
    "dec|dez|déc|dic|gru|ara|dek|дек",
)
_MONTH_OF = {word: number for number, words in enumerate(_MONTHS, start=1) for word in words.split("|")}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTH_OF, key=len, reverse=True))})[a-zäéûğüışçąćęłńóśźżа-я]{{0,8}}"
_YEAR = r"(?P<y>(?:19|20)\d\d)"
_DATES = (
    re.compile(rf"(?<![\d-]){_YEAR}[-/.](?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}})(?!\d)"),
    re.compile(rf"{_YEAR} ?年 ?(?P<m>\d{{1,2}}) ?月 ?(?P<d>\d{{1,2}}) ?[日号號]"),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.|º|er)?(?: (?:of|de|di))? {{0,2}}"
        rf"{_MONTH}\.?,?(?: de)? {{0,2}}{_YEAR}(?!\d)",
        re.IGNORECASE,
    ),
    re.compile(rf"\b{_MONTH}\.? {{0,2}}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? {{0,2}}{_YEAR}(?!\d)", re.IGNORECASE),
)
_SLASHED = re.compile(
    r"(?<![\d./-])(?P<a>\d{1,2})(?P<sep>[./-])(?P<b>\d{1,2})(?P=sep)(?P<y>(?:19|20)\d\d|\d\d)(?![\d./-]{0,8}\d)"
)


def dates(text: str, language: str, locale_hint: str | None) -> list[str]:
    """The whole dates of `text` (ASCII digits) as ISO 8601; 03/04/2026 is March in `en`, unless hinted `en-GB`."""
    found: dict[int, str] = {}
    for shape in _DATES:
        for match in shape.finditer(text):
            groups = match.groupdict()
            month = groups.get("m") or _MONTH_OF.get(groups["month"].lower(), 0)
            _keep(found, match.start(), groups["y"], str(month), groups["d"])
    months_first = language == "en" and (locale_hint or "en-US").replace("_", "-") in {"en", "en-US", "en-CA", "en-PH"}
    for match in _SLASHED.finditer(text):
        first, second = match["a"], match["b"]
        swap = (months_first and match["sep"] == "/" and int(first) <= 12) or int(second) > 12
        month, day = (first, second) if swap else (second, first)
        _keep(found, match.start(), match["y"], month, day)
    return [found[start] for start in sorted(found)]


def _keep(found: dict[int, str], start: int, year: str, month: str, day: str) -> None:
    try:
        when = date(int(year) if len(year) == 4 else 2000 + int(year), int(month), int(day))
    except ValueError:
        return
    found.setdefault(start, when.isoformat())
