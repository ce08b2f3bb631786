"""What a text is found by: its words, folded alike wherever they were written; no I/O.

Case, accents, full and half width, the Turkish dotted and dotless i, the vowel signs of Arabic and Hebrew and the
script of digits make no difference. Writing without spaces (Chinese, Japanese, Thai …) and Korean is cut into single
characters and pairs.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from functools import lru_cache
from unicodedata import combining, normalize

from app.services.digits import ascii_digits

MOST = 1000
"""Different words of one text that it is found by: more are a paste, not a message."""
LONGEST = 100
"""Characters of a word that count."""
SUBJECT, OFTEN = 3, 3
"""What a word of the subject weighs, and how often at most a word of a text counts."""

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # Japanese
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
    "\uac00-\ud7af"  # Korean
)
_PLAIN = re.compile(r"[a-z0-9]+")
_WORD = re.compile(rf"(?P<run>[{_UNSPACED}]+)|[^\W_{_UNSPACED}]+")
_MARKS = re.compile(r"[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]")
_ALIKE = str.maketrans(
    {"İ": "i", "I": "i", "ı": "i", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d", "ł": "l", "Ł": "l", "ħ": "h", "Ħ": "h",
     "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th", "ð": "d", "Ð": "d"}
)  # fmt: skip


def words(text: str) -> list[str]:
    """The words of `text` in their order, each as often as it stands there."""
    if text.isascii():
        return [word[:LONGEST] for word in _PLAIN.findall(text.lower())]
    found: list[str] = []
    for match in _WORD.finditer(_folded(text)):
        if match["run"] is None:
            found.append(match[0][:LONGEST])
            continue
        run = match[0]
        found += [mark for mark in run if not combining(mark)]
        found += [run[at : at + 2] for at in range(len(run) - 1)]
    return found


def _folded(text: str) -> str:
    # Compatibility forms first (full width, ligatures); the marks are taken away from what they were put together with,
    # and what is left is put together again: a Korean syllable or a voiced kana is one letter.
    apart = normalize("NFKD", text.translate(_ALIKE)).casefold()
    return ascii_digits(normalize("NFC", _MARKS.sub("", normalize("NFKD", apart))))


def wanted(text: str, most: int = 16) -> list[str]:
    """The different words that are searched for, the first `most`: all of them must be there.

    Of writing without spaces the pairs alone, which find what the single characters would and less of the rest.
    """
    if text.isascii():
        return list(dict.fromkeys(words(text)))[:most]
    found: list[str] = []
    for match in _WORD.finditer(_folded(text)):
        run = match[0]
        alone = match["run"] is None or len(run) == 1
        found += [run[:LONGEST]] if alone else [run[at : at + 2] for at in range(len(run) - 1)]
    return list(dict.fromkeys(found))[:most]


def weighed(text: str, *, subject: bool = False) -> dict[str, int]:
    """How much each word of `text` weighs: more in a subject, more where it stands more than once."""
    counted = Counter(words(text))
    if subject:
        return dict.fromkeys(list(counted)[:MOST], SUBJECT)
    return {word: min(times, OFTEN) for word, times in list(counted.items())[:MOST]}


def key(store_id: str, word: str, *, livemode: bool) -> int:
    """A word of one store and mode as a signed number of 64 bits: what is another's is not even near."""
    digest = _scope(store_id, livemode).copy()
    digest.update(word.encode())
    return int.from_bytes(digest.digest(), "big", signed=True)


@lru_cache(1000)
def _scope(store_id: str, livemode: bool) -> hashlib.blake2b:  # noqa: FBT001  a cache's key
    """The hash as it is before any word: twenty words of a message begin with it."""
    return hashlib.blake2b(digest_size=8, key=f"{store_id}:{int(livemode)}".encode())
