"""What became of a refund, in a sentence of the shopper's language: facts from the ledger, nothing of a message."""

from importlib import import_module

from app.services.wording import language_of

_loaded: dict[str, dict[str, str]] = {}


def told(key: str, language: str, **facts: str) -> str:
    """The sentence `key` in `language` (what we do not speak: English) with `facts` put in."""
    return explanations(language_of(language))[key].format_map(facts)


def explanations(language: str) -> dict[str, str]:
    """All sentences of one language."""
    if language not in _loaded:
        _loaded[language] = import_module(f"app.services.wording.refunds.{language}").EXPLANATIONS
    return _loaded[language]
