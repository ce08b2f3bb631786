"""The first triage: phrases, patterns and word lists; no model but the language's, about a millisecond per message."""

from __future__ import annotations

from app.services.triage.contract import Triage
from app.services.triage.entities import READ, entities
from app.services.triage.intents import intents
from app.services.triage.languages import detect
from app.services.triage.moods import sentiment, urgency


class PlainTriager:
    """Triage by our own phrases; sure (0.7 and more) only where one intent stands alone."""

    def triage(self, text: str, locale_hint: str | None = None) -> Triage:
        """What `text` wants, names and feels; the first 20,000 characters count; never raises for any string."""
        text = text[:READ].replace("\x00", " ")
        language = detect(text, locale_hint)
        found = intents(text, language.code, locale_hint)
        mood = sentiment(text)
        return Triage(
            language=language,
            intent=found[0],
            intents=found,
            sentiment=mood,
            urgency=urgency(text, mood, found[0].name),
            entities=entities(text, language.code, locale_hint),
        )
