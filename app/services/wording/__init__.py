"""Every sentence that automation may send, per language; nothing else is ever said to a shopper.

A language is a file with `SENTENCES`, with `PHRASES` that stand within one, and with `COUNTED`, what has a number in
it: one form for each plural class that CLDR knows of the language.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from babel import Locale
from babel.numbers import format_decimal

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "az", "ru", "zh", "ar", "ja")


def language_of(*wishes: str | None) -> str:
    """The first wish that we speak, by its language (`pt-BR` is `pt`); English otherwise."""
    return next(filter(None, map(spoken, wishes)), "en")


def spoken(wish: str | None) -> str | None:
    """The language of a locale, where we speak it."""
    code = (wish or "").replace("_", "-").partition("-")[0].lower()
    return code if code in LANGUAGES else None


def say(key: str, language: str, **facts: str) -> str:
    """The sentence or phrase `key` in `language` with `facts` put in; they come from the ledger, never a message."""
    found = sentences(language).get(key) or phrases(language)[key]
    return found.format_map(facts)


def say_counted(key: str, language: str, count: int, **facts: str) -> str:
    """The same of what has a number in it, in the language's form for `count`."""
    forms = counted(language)[key]
    form = forms.get(plural_class(language, count), forms["other"])
    return form.format_map({**facts, "count": format_decimal(count, locale=language)})


def plural_class(language: str, count: int) -> str:
    """`zero one two few many other`: the class of CLDR for so many."""
    return _locale(language).plural_form(count)


def sentences(language: str) -> Mapping[str, str]:
    """All sentences of one language."""
    return _module(language).SENTENCES


def phrases(language: str) -> Mapping[str, str]:
    """What stands within a sentence."""
    return _module(language).PHRASES


def counted(language: str) -> Mapping[str, Mapping[str, str]]:
    """What has a number in it, by plural class."""
    return _module(language).COUNTED


@cache
def _module(language: str) -> Any:
    return import_module(f"app.services.wording.{language}")


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)
