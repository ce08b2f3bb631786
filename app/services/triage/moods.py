"""How a text feels and how soon somebody should look: word lists of 14 languages, shouting, threats, deadlines."""

from __future__ import annotations

import re
from functools import cache

from app.services.triage.contract import IntentName, Sentiment, SentimentLabel, Urgency, UrgencyLevel
from app.services.triage.mood_words import ANGER, BAD, DEADLINE, GOOD, LEGAL, LOVE, NOT
from app.services.triage.wording import READ, plain

_CAPS = re.compile(r"\b[^\W\d_a-z]{4,}\b")
_LETTER = re.compile(r"[^\W\d_]")
_SHOUTS = re.compile(r"[!！]{2,}|[?？!！]{3,}")


def sentiment(text: str) -> Sentiment:
    """The mood by words of all languages at once; a denied good word counts as a bad one ("not happy")."""
    ready = _ready(text)
    angry = _count(ANGER, ready)
    bad, good, love = _count(BAD, ready), _count(GOOD, ready), _count(LOVE, ready)
    denied = len(_denied().findall(ready))
    good, bad = max(0, good - denied), bad + denied
    shouting = is_shouting(text)
    anger = angry > 0 or (shouting and bad > 0)
    weight = good + 2 * love - bad - 2 * angry - (1 if shouting and not (good or love) else 0)
    score = round(max(-1.0, min(1.0, weight / 3)), 3)
    label: SentimentLabel = "negative" if score < 0 else "neutral" if score == 0 else "positive"
    if love and not bad and not angry:
        label = "promoter"
    return Sentiment(label=label, score=score, anger=anger)


def urgency(text: str, mood: Sentiment, intent: IntentName) -> Urgency:
    """The level and its reasons: legal threats and angry deadlines are urgent; praise and small talk can wait."""
    ready = _ready(text)
    signs = (
        ("legal_threat", _count(LEGAL, ready) > 0),
        ("deadline", _count(DEADLINE, ready) > 0),
        ("anger", mood.anger),
        ("shouting", is_shouting(text)),
        ("late", intent is IntentName.SHIPPING_DELAY and mood.label == "negative"),
    )
    reasons = tuple(name for name, seen in signs if seen)
    level: UrgencyLevel = "normal"
    if "legal_threat" in reasons or {"deadline", "anger"} <= set(reasons):
        level = "urgent"
    elif reasons:
        level = "high"
    elif intent in {IntentName.PRAISE, IntentName.PRODUCT_QUESTION} or mood.label == "promoter":
        level = "low"
    return Urgency(level=level, reasons=reasons)


def is_shouting(text: str) -> bool:
    """Whether it is mostly capitals, or its marks pile up."""
    text = text[:READ]
    letters = len(_LETTER.findall(text))
    capitals = sum(len(word) for word in _CAPS.findall(text) if word.isupper())
    return (letters >= 12 and capitals * 2 > letters) or _SHOUTS.search(text) is not None


def _ready(text: str) -> str:
    return plain(text.replace("don't", "dont"), spaced=True, joined=True)


@cache
def _words(words: str) -> re.Pattern[str]:
    """Words of spaced scripts stand at a word's beginning; of the others anywhere."""
    parts: list[str] = []
    for word in words.split():
        ready = plain(word.replace("_", " ").rstrip("*"), spaced=True, joined=True).strip()
        end = "" if word.endswith("*") or ready[0] > "\u3000" else " "
        parts.append((re.escape(ready) if ready[0] > "\u3000" else rf"(?<= ){re.escape(ready)}") + end)
    return re.compile("|".join(sorted(parts, key=len, reverse=True)))


@cache
def _denied() -> re.Pattern[str]:
    good = _words(GOOD).pattern.replace("(?<= )", "")
    return re.compile(f"{_words(NOT).pattern.join(('(?:', ')'))}(?:[^ .]{{1,30}} ){{0,2}}?(?:{good})")


def _count(words: str, ready: str) -> int:
    return min(3, len(set(_words(words).findall(ready))))
