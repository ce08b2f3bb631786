"""What mails say that stand for themselves: facts from the ledger in the shopper's language, nothing of a message."""

from importlib import import_module

from app.services.wording import language_of

_loaded: dict[str, dict[str, str]] = {}


def tell(key: str, language: str, **facts: str) -> str:
    """The sentence `key` in `language` (what we do not speak: English) with `facts` put in."""
    return notices(language_of(language))[key].format_map(facts)


def notices(language: str) -> dict[str, str]:
    """All sentences of one language."""
    if language not in _loaded:
        _loaded[language] = import_module(f"app.services.wording.notices.{language}").NOTICES
    return _loaded[language]
