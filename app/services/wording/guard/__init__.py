"""Why the guard said what it said: one sentence per reason and language, fit to be shown to the shopper."""

from importlib import import_module

from app.services.wording import language_of

_loaded: dict[str, dict[str, str]] = {}


def reason(key: str, language: str, **facts: str) -> str:
    """The sentence `key` in `language` (what we do not speak: English) with `facts` put in."""
    return reasons(language_of(language))[key].format_map(facts)


def reasons(language: str) -> dict[str, str]:
    """All reasons in one language."""
    if language not in _loaded:
        _loaded[language] = import_module(f"app.services.wording.guard.{language}").REASONS
    return _loaded[language]
