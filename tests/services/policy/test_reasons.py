"""Why the guard said so: whole in every language, plain text, each of them in use."""

import ast
import re
import unicodedata
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from string import Formatter

import pytest

from app.services.wording import LANGUAGES
from app.services.wording.dates import day
from app.services.wording.guard import reason, reasons

CHECKS = Path(__file__).parents[3] / "app/services/policy"
OTHERS = [language for language in LANGUAGES if language != "en"]
ENGLISH = re.compile(r"\b(the|your|order|refund|has|been|will|item|items|canceled|person|store|rule)\b", re.IGNORECASE)
SCRIPTS = {"ru": "CYRILLIC", "zh": "CJK UNIFIED", "ar": "ARABIC", "ja": "HIRAGANA"}


def placeholders(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def spoken(text):
    return "".join(literal for literal, _, _, _ in Formatter().parse(text))


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_reasons_with_the_same_placeholders(language):
    english = {key: placeholders(text) for key, text in reasons("en").items()}
    assert {key: placeholders(text) for key, text in reasons(language).items()} == english


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_is_one_plain_sentence(language):
    facts = {"date": day(datetime(2026, 12, 8, tzinfo=UTC), language), "level": "2", "currency": "EUR"}
    for key, text in reasons(language).items():
        shown = reason(key, language, **facts)
        assert [mark for mark in text if unicodedata.category(mark) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}] == []
        assert text == unicodedata.normalize("NFC", text.strip())
        assert shown.endswith((".", "。"))
        assert not re.search(r"\.\.|  |\( | \)|[{}<>*_`|\[\]]| [.,]|\.,", shown), shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_reasons_of_a_language_are_the_same(language):
    assert len(set(reasons(language).values())) == len(reasons(language))


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_is_left_in_another_language(language):
    assert [text for text in reasons(language).values() if ENGLISH.search(spoken(text))] == []


@pytest.mark.parametrize(("one", "other"), list(combinations(LANGUAGES, 2)))
def test_no_reason_was_copied_from_one_language_to_another(one, other):
    assert [key for key, text in reasons(one).items() if text == reasons(other)[key]] == []


@pytest.mark.parametrize(("language", "script"), list(SCRIPTS.items()))
def test_a_language_with_its_own_script_is_written_in_it(language, script):
    for text in reasons(language).values():
        assert re.findall(r"[A-Za-z]+", spoken(text)) == [], text
        assert any(unicodedata.name(mark, "").startswith(script) for mark in text), text


def test_every_reason_is_given_by_some_check_and_every_check_gives_one_that_is_there():
    words = {
        node.value
        for path in CHECKS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    built = {f"rule_{outcome}" for outcome in ("allow", "ask", "refuse")}
    built |= {f"caps_{scope}" for scope in ("order", "customer", "day")}
    assert set(reasons("en")) - words == built
    keys = {
        node.args[2].value
        for path in CHECKS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Finding" and len(node.args) > 2
        if isinstance(node.args[2], ast.Constant)
    }
    assert len(keys) > 20
    assert keys <= set(reasons("en"))


def test_a_language_that_we_do_not_speak_is_told_in_english():
    assert reason("allowed", "sv-SE") == reason("allowed", "en")
    assert reason("proof", "pt_BR", level="2") == reason("proof", "pt", level="2")
