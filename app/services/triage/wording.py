"""The little language in which phrases are written, and how a text is made ready for them.

A phrase is a row of words; between the words of a phrase stands:

    cancel|stop      one of these words          cancel*   a word that begins so
    please?          the word or nothing         ~   ~7    up to 4 (7) other words, none beyond the sentence
    @order           a group of the language file     #       a word that begins with a digit

Words are written as people write them; accents, case and apostrophes do not matter (`don't`, `dont`, `DON’T`). In
languages without spaces between words (zh, ja) the same signs hold for characters: `~` is up to 8 characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

READ = 2_500
"""How many characters of a text the phrases see: a request stands at its beginning."""

_FOLD = str.maketrans({"ı": "i", "ə": "e", "ł": "l", "ß": "ss", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"})
_ARABIC = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "\u0640": None})
_APOSTROPHES = re.compile(r"['\u2019\u2018\u02bc`\u00b4\uff07]")
_SENTENCE_END = re.compile(r"[.!?;:\n\r\u2026\u3002\uff01\uff1f\u061f\u061b\uff1b]+(?=\s|\Z|[^\x00-\x7f])|[\n\r]+")
_OTHER = re.compile(r"[^\w. ]+|_+|(?<! )\.|\.(?! )")
_SPACES = re.compile(r" {2,}")


def plain(text: str, *, spaced: bool, joined: bool) -> str:
    """`text` ready for phrases: ` words with single spaces . sentences apart `, folded.

    `joined`: an apostrophe vanishes (English) instead of parting words (French, Italian).
    """
    text = unicodedata.normalize("NFKC", text[:READ])[: 2 * READ]
    text = _APOSTROPHES.sub("" if joined else " ", text)
    if not spaced:
        return _SENTENCE_END.sub(" . ", text.casefold())
    text = unicodedata.normalize("NFKD", text.casefold())
    text = "".join(char for char in text if not unicodedata.combining(char)).translate(_FOLD).translate(_ARABIC)
    text = _OTHER.sub(" ", _SENTENCE_END.sub(" . ", text))
    return _SPACES.sub(" ", f" {text} ")


def pattern(phrase: str, groups: Mapping[str, str], *, spaced: bool, joined: bool) -> re.Pattern[str]:
    """The regular expression of a phrase; its gaps are bounded, so a search is linear in the text."""
    for name, words in groups.items():
        phrase = re.sub(rf"@{name}\b", words, phrase)
    parts = [_part(part, spaced=spaced, joined=joined) for part in phrase.split()]
    return re.compile(("(?: )" if spaced else "") + "".join(parts))


def _part(part: str, *, spaced: bool, joined: bool) -> str:
    if part[0] == "~":
        most = int(part[1:] or (4 if spaced else 8))
        return rf"(?:[^ .]{{1,60}} ){{0,{most}}}?" if spaced else rf"[^.]{{0,{most}}}?"
    if part == "#":
        return r"\d[^ ]{0,40} " if spaced else r"\d+"
    optional = part.endswith("?")
    words = [_word(word, spaced=spaced, joined=joined) for word in part.removesuffix("?").split("|")]
    return f"(?:{'|'.join(words)})" + ("?" if optional else "")


def _word(word: str, *, spaced: bool, joined: bool) -> str:
    begins = word.endswith("*")
    words = plain(word.removesuffix("*").replace("_", " "), spaced=spaced, joined=joined).strip()
    if not spaced:
        return re.escape(words)
    return re.escape(words) + (r"[^ ]{0,40} " if begins else " ")
