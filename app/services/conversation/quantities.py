"""How many of an item a text means, in the fourteen languages; where that is not clear somebody must ask. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.services.digits import ascii_digits

_WORDS = {
    "ar": "واحد|واحدة اثنان|اثنين|اثنتين ثلاثة|ثلاث أربعة|أربع خمسة|خمس ستة|ست سبعة|سبع ثمانية|ثماني تسعة|تسع عشرة|عشر",
    "az": "bir|biri|birini iki|ikisi|ikisini üç|üçü|üçünü dörd|dördünü beş|beşini altı yeddi səkkiz doqquz on",
    "de": "ein|eins|eine|einen|eines|einer zwei|zwo drei vier fünf sechs sieben acht neun zehn",
    "en": "one two|both three four five six seven eight nine ten",
    "es": "un|uno|una dos tres cuatro cinco seis siete ocho nueve diez",
    "fr": "un|une deux trois quatre cinq six sept huit neuf dix",
    "it": "un|uno|una due tre quattro cinque sei sette otto nove dieci",
    "ja": "一|一つ|ひとつ 二|二つ|ふたつ 三|三つ|みっつ 四|四つ 五|五つ 六 七 八 九 十",
    "nl": "een|één twee drie vier vijf zes zeven acht negen tien",
    "pl": "jeden|jedna|jedną|jedno dwa|dwie|dwóch trzy|trzech cztery pięć sześć siedem osiem dziewięć dziesięć",
    "pt": "um|uma dois|duas três quatro cinco seis sete oito nove dez",
    "ru": "один|одна|одну|одно два|две|двух три|трёх|трех четыре пять шесть семь восемь девять десять",
    "tr": "bir|biri|birini|birisini iki|ikisi|ikisini üç|üçü|üçünü dört|dördünü beş|beşini altı yedi sekiz dokuz on",
    "zh": "一 二|两|兩 三 四 五 六 七 八 九 十",
}
"""One to ten, forms of a number parted by `|`."""
NUMBERS = {
    language: {form: value for value, forms in enumerate(row.split(), 1) for form in forms.split("|")}
    for language, row in _WORDS.items()
}
ARTICLES = frozenset("ein eine einen eines einer un uno una une um uma een bir on".split())  # noqa: SIM905  a list of words
"""Words that are a number only before `of`: everywhere else they are mostly none."""
OF = frozenset("of out von der des de dei degli delle di dos das van z ze из من".split())  # noqa: SIM905  a list of words
_DIGITS = re.compile(r"(?<![\w#.,/:+-])(?:[1-9]|10)(?![\d%€$£]|[.,/:-]\d)")
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_COUNTED = re.compile(r"([0-9]+|[一二两兩三四五六七八九十])(?=[つ个個点點件枚本双雙只隻条條])")
NEAR = 3
"""How many words after a number its item may stand: `two pairs of socks`."""


def quantities(text: str, language: str, titles: Mapping[str, str], most: Mapping[str, int]) -> dict[str, int] | None:
    """How many of each line: what the text says of it, else all; None where a number may mean this or that.

    `titles` and `most` go by the line's id; only of what there are several anything must be understood.
    """
    if all(most[line] < 2 for line in titles):
        return {line: most[line] for line in titles}
    text = _folded(ascii_digits(text))
    tokens = [(found.start(), found.group()) for found in _TOKEN.finditer(_apart(text))]
    words = [word for _, word in tokens]
    said = _numbers(_apart(text), tokens, language)
    partitive = {place for place in said if words[place + 1 : place + 2] and words[place + 1] in OF}
    found: dict[str, set[int]] = {line: set() for line in titles}
    loose = False
    for place, number in said.items():
        after = words[place + 1 : place + 1 + NEAR + (place in partitive)]
        lines = [line for line, title in titles.items() if _names(title, after)]
        if not lines and place in partitive and number == len(titles) == 1 and not words[place].isdigit():
            lines = list(titles)  # `one of them`; others of a larger number may be a date, `dos de mayo`
        if words[place] in ARTICLES and place not in partitive:
            loose = loose or bool(lines)
        elif not lines:
            loose = True
        else:
            for line in lines:
                found[line].add(number)
    return _chosen(found, {number for place, number in said.items() if place in partitive}, most, loose=loose)


def _chosen(found: dict[str, set[int]], of: set[int], most: Mapping[str, int], *, loose: bool) -> dict[str, int] | None:
    chosen: dict[str, int] = {}
    for line, numbers in found.items():
        meant = numbers & of or numbers  # of `one of my three` the one is meant
        if len(meant) > 1 or (not meant and loose and most[line] > 1) or any(number > most[line] for number in meant):
            return None
        chosen[line] = next(iter(meant), most[line])
    return chosen


def _folded(text: str) -> str:
    return text.casefold().replace("\u0307", "")  # what is left of the Turkish capital İ


def _apart(text: str) -> str:
    """Numbers before a counter of Chinese or Japanese as words of their own."""
    return _COUNTED.sub(r" \1 ", text)


def _numbers(text: str, tokens: list[tuple[int, str]], language: str) -> dict[int, int]:
    """The small numbers among the words, by their place."""
    figures = {found.start() for found in _DIGITS.finditer(text)}
    spelled = NUMBERS.get(language, {})
    return {
        place: int(word) if word.isdigit() else spelled[word]
        for place, (start, word) in enumerate(tokens)
        if (start in figures if word.isdigit() else word in spelled)
    }


def _names(title: str, words: list[str]) -> bool:
    """Whether one of the words is of the title, whatever its ending."""
    stems = [word[: max(3, len(word) - 2)] for word in _TOKEN.findall(_folded(title)) if len(word) >= 3]
    return any(word.startswith(stem) for word in words for stem in stems)
