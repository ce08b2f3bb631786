"""What a text wants, by the phrases of its language; sure only where one intent stands alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from app.services.triage.contract import Intent, IntentName
from app.services.triage.languages import SUPPORTED
from app.services.triage.wording import pattern, plain

_MOST = 5
_POLITE = frozenset({IntentName.PRAISE, IntentName.OTHER, IntentName.COMPLAINT})
_KIN = {"tr": "az", "az": "tr"}


@dataclass(frozen=True, slots=True)
class Phrases:
    """The compiled phrases of one language."""

    signs: tuple[tuple[IntentName, tuple[tuple[float, re.Pattern[str]], ...]], ...]
    denied: tuple[tuple[IntentName, tuple[re.Pattern[str], ...]], ...]
    spaced: bool
    joined: bool


def intents(text: str, language: str, locale_hint: str | None = None) -> tuple[Intent, ...]:
    """The intents of `text`, best first, never empty; `other` at 0.3 where no phrase is known.

    The confidence is a² / (a² + b² + 2) for an intent's score a and the best other score b: one strong sign alone gives
    0.8 and more, two equal ones less than 0.5. The text's language is tried first, then its next of kin, the hint's
    language and English.
    """
    hint = (locale_hint or "")[:2].lower()
    for code in dict.fromkeys((language, _KIN.get(language, language), hint, "en")):
        if code in SUPPORTED and (scores := score(text, code)):
            return _ranked(scores)
    return (Intent(name=IntentName.OTHER, confidence=0.3),)


def score(text: str, language: str) -> dict[IntentName, float]:
    """The weight of evidence for each intent that `text` shows signs of, above zero."""
    known = phrases(language)
    ready = plain(text, spaced=known.spaced, joined=known.joined)
    scores: dict[IntentName, float] = {}
    for name, signs in known.signs:
        weights = sorted((weight for weight, sign in signs if sign.search(ready)), reverse=True)
        if weights and (total := _total(weights)) > 0:
            scores[name] = total
    for name, signs in known.denied:
        if name in scores and any(sign.search(ready) for sign in signs):
            del scores[name]
    return _weighed(scores, words=ready.count(" ") if known.spaced else len(ready) // 2)


def _weighed(scores: dict[IntentName, float], *, words: int) -> dict[IntentName, float]:
    """Thanks, greetings and complaints count little beside a clear request, greetings little in a long text."""
    clear = any(value >= 3 for name, value in scores.items() if name not in _POLITE)
    scale = dict.fromkeys(_POLITE, 0.25) if clear else {IntentName.OTHER: 0.4} if words > 12 else {}
    return {name: value * scale.get(name, 1.0) for name, value in scores.items()}


def _total(weights: list[float]) -> float:
    """The best sign counts whole, the others a quarter and at most 1.5; signs against it count whole."""
    more = [weight for weight in weights[1:] if weight > 0]
    return weights[0] + min(1.5, sum(more) / 4) + sum(weight for weight in weights if weight < 0)


def _ranked(scores: dict[IntentName, float]) -> tuple[Intent, ...]:
    ranked = sorted(scores.items(), key=lambda pair: -pair[1])[:_MOST]
    found: list[Intent] = []
    for place, (name, value) in enumerate(ranked):
        rival = ranked[0][1] if place else (ranked[1][1] if len(ranked) > 1 else 0.0)
        found.append(Intent(name=name, confidence=round(value**2 / (value**2 + rival**2 + 2), 3)))
    return tuple(found)


_CONTINUED = re.compile(r"\s*\n\s*\|")


def _rows(text: str) -> list[list[str]]:
    """Weight and phrase of each line; a line that begins with `|` goes on where the one before it ended."""
    return [line.split(maxsplit=1) for line in _CONTINUED.sub("|", text).splitlines() if line.strip()]


@cache
def phrases(language: str) -> Phrases:
    """The phrases of `language` (one of `SUPPORTED`), compiled on first use."""
    module = import_module(f"app.services.triage.phrases.{language}")
    groups: dict[str, str] = module.GROUPS
    spaced: bool = language not in {"zh", "ja"}
    joined: bool = language == "en"

    def compiled(phrase: str) -> re.Pattern[str]:
        return pattern(phrase, groups, spaced=spaced, joined=joined)

    texts: dict[str, str] = module.PHRASES
    rows = {IntentName(name): _rows(text) for name, text in texts.items()}
    return Phrases(
        signs=tuple(
            (name, tuple((float(w), compiled(p)) for w, p in lines if w != "no")) for name, lines in rows.items()
        ),
        denied=tuple((name, tuple(compiled(p) for w, p in lines if w == "no")) for name, lines in rows.items()),
        spaced=spaced,
        joined=joined,
    )
