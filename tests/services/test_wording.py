"""The sentences that automation may send: whole in every language, plain text, and each of them in use."""

import ast
import functools
import re
import unicodedata
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from string import Formatter

import pytest

from app.money import Money
from app.services.conversation.scenes import TOLD
from app.services.order_status import day
from app.services.wording import LANGUAGES, language_of, say, sentences

APP = Path(__file__).parents[2] / "app"
OTHERS = [language for language in LANGUAGES if language != "en"]
BUILT = {
    "refund.status_": {"succeeded", "failed", "pending"},
    "no.": set(TOLD),
}
"""Keys that the code puts together: what an f-string begins with, and what may follow."""

ENGLISH = re.compile(
    r"\b(the|your|you|order|refund|return|has|been|will|please|colleague|items?|canceled)\b", re.IGNORECASE
)
LATIN_WORD = re.compile(r"[A-Za-z]+")
SCRIPTS = {"ru": "CYRILLIC", "zh": "CJK UNIFIED", "ar": "ARABIC", "ja": "HIRAGANA"}
ENDS = (".", "!", "?", "。", "？", "！", "؟")


def placeholders(text):
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]


def spoken(text):
    """The sentence without its placeholders."""
    return "".join(literal for literal, _, _, _ in Formatter().parse(text))


def facts_in(language):
    """Facts as the code writes them in that language: the date and the amounts come with its own marks."""
    for amount in (Money(123459, "EUR"), Money(5900, "JPY"), Money(1500, "KWD")):
        yield {
            "number": "#1001",
            "rma": "RMA-7F3K2",
            "days": "30",
            "date": day(datetime(2026, 12, 8, tzinfo=UTC), language),
            "amount": amount.text(language),
        }


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_sentences_with_the_same_placeholders(language):
    english = {key: sorted(placeholders(text)) for key, text in sentences("en").items()}
    assert {key: sorted(placeholders(text)) for key, text in sentences(language).items()} == english


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_placeholder_is_a_bare_name_that_code_can_fill(language):
    for text in sentences(language).values():
        for _, name, form, conversion in Formatter().parse(text):
            if name is not None:
                assert (name in {"number", "date", "amount", "days", "rma"}, form, conversion) == (True, "", None), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_plain_text_without_marks_that_steer_direction_or_hide(language):
    for text in sentences(language).values():
        odd = [mark for mark in text if unicodedata.category(mark) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}]
        assert odd == []
        assert text == text.strip()
        assert text == unicodedata.normalize("NFC", text)
        assert not set(text) & set("<>*_`|[]\\")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_ends_as_one_and_a_button_does_not(language):
    for key, text in sentences(language).items():
        assert text.endswith(ENDS) != key.startswith("button."), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_with_its_facts_has_no_doubled_mark_or_space(language):
    for facts in facts_in(language):
        for key in sentences(language):
            shown = say(key, language, **facts)
            assert not re.search(r"\.\.|  |\( | \)|[{}]| [.,]|\.,", shown), shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_sentences_of_a_language_are_the_same(language):
    assert len(set(sentences(language).values())) == len(sentences(language))


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_is_left_in_another_language(language):
    for key, text in sentences(language).items():
        assert text != sentences("en")[key]
        assert not ENGLISH.search(spoken(text)), text


@pytest.mark.parametrize(("one", "other"), list(combinations(LANGUAGES, 2)))
def test_no_sentence_was_copied_from_one_language_to_another(one, other):
    assert [key for key, text in sentences(one).items() if text == sentences(other)[key]] == []


@pytest.mark.parametrize(("language", "script"), list(SCRIPTS.items()))
def test_a_language_with_its_own_script_is_written_in_it(language, script):
    for key, text in sentences(language).items():
        assert LATIN_WORD.findall(spoken(text)) == [], text
        names = [unicodedata.name(mark, "") for mark in text]
        # A button of Japanese may be all in Chinese characters; a sentence never is.
        assert any(name.startswith(script) for name in names) or key.startswith("button."), text


def test_chinese_has_no_kana():
    assert not [text for text in sentences("zh").values() if re.search(r"[\u3040-\u30ff]", text)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_facts_with_braces_are_shown_as_they_are(language):
    nasty = "{date} {0} {number.__class__} {{x}} }{"
    for key, text in sentences(language).items():
        facts = dict.fromkeys(placeholders(text), nasty)
        assert say(key, language, **facts).count(nasty) == len(placeholders(text))


@pytest.mark.parametrize(
    ("wishes", "spoken_then"),
    [
        (("pt-BR",), "pt"),
        (("zh_Hant_TW",), "zh"),
        (("DE",), "de"),
        (("sv", None, "az-Latn"), "az"),
        ((None, "", "xx"), "en"),
        ((), "en"),
    ],
)
def test_the_first_wish_that_we_speak_is_taken(wishes, spoken_then):
    assert language_of(*wishes) == spoken_then


# ---- the code and the sentences know each other ----


@functools.cache
def calls_of_say():
    """Each call of `say` in the app: where, its keys, what an f-string begins with, the facts or None if by `**`."""
    found = []
    for path in sorted(APP.rglob("*.py")):
        if path.parent.name == "wording":
            continue
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name != "say":
                for node in ast.walk(function):
                    if isinstance(node, ast.Call) and _name(node.func) == "say":
                        given = [keyword.arg for keyword in node.keywords]
                        where = f"{path.relative_to(APP)}:{node.lineno}"
                        found.append((where, _keys(node.args[0], function), None if None in given else set(given)))
    return found


def _name(node):
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)


def _keys(node, function):
    """Every key that the first argument can be; a variable is looked up in its function."""
    if isinstance(node, ast.Constant):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return _keys(node.body, function) | _keys(node.orelse, function)
    if isinstance(node, ast.JoinedStr):
        head = node.values[0].value
        return {head + tail for tail in BUILT[head]}
    assigned = [
        step.value
        for step in ast.walk(function)
        if isinstance(step, ast.Assign) and any(_name(target) == _name(node) for target in step.targets)
    ]
    assert assigned, f"a key that this test cannot follow: {ast.unparse(node)}"
    return set().union(*(_keys(value, function) for value in assigned))


def test_the_code_says_no_sentence_that_is_not_there():
    assert [(where, key) for where, keys, _ in calls_of_say() for key in keys if key not in sentences("en")] == []


def test_no_sentence_is_there_that_the_code_never_says():
    said = set().union(*(keys for _, keys, _ in calls_of_say()))
    assert set(sentences("en")) == said


def test_each_call_gives_a_sentence_the_facts_that_it_needs():
    wrong = [
        (where, key)
        for where, keys, given in calls_of_say()
        for key in keys & set(sentences("en"))
        if given is not None and not set(placeholders(sentences("en")[key])) <= given
    ]
    assert wrong == []
