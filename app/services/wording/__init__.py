"""Every sentence that automation may send, per language; nothing else is ever said to a shopper."""

from importlib import import_module

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "az", "ru", "zh", "ar", "ja")
_loaded: dict[str, dict[str, str]] = {}


def language_of(*wishes: str | None) -> str:
    """The first wish that we speak, by its language (`pt-BR` is `pt`); English otherwise."""
    for wish in wishes:
        code = (wish or "").replace("_", "-").partition("-")[0].lower()
        if code in LANGUAGES:
            return code
    return "en"


def say(key: str, language: str, **facts: str) -> str:
    """The sentence `key` in `language` with `facts` put in; facts come from the ledger, never from a message."""
    return sentences(language)[key].format_map(facts)


def sentences(language: str) -> dict[str, str]:
    """All sentences of one language."""
    if language not in _loaded:
        _loaded[language] = import_module(f"app.services.wording.{language}").SENTENCES
    return _loaded[language]
