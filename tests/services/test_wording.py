"""The sentences that automation may send: whole in every language, plain text, and each of them in use."""

import ast
import functools
import re
import unicodedata
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path
from string import Formatter

import pytest

from app.money import Money
from app.services.conversation.scenes import TOLD
from app.services.order_summaries import TOLD as PARCEL_STATES
from app.services.wording import LANGUAGES, counted, language_of, phrases, plural_class, say, say_counted, sentences
from app.services.wording.dates import day

APP = Path(__file__).parents[2] / "app"
OTHERS = [language for language in LANGUAGES if language != "en"]
BUILT = {
    "refund.status_": {"succeeded", "failed", "pending"},
    "no.": set(TOLD),
    "part.": set(PARCEL_STATES),
    "status.": {"out_for_delivery", "shipped", "announced", "exception", "lost", "returned"},
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
            "parts": say("part.shipped", language, parcels=say_counted("parcels", language, 2)),
            "date": day(datetime(2026, 12, 8, tzinfo=UTC), language),
            "amount": amount.text(language),
        }


def test_the_first_of_a_month_is_the_one_that_french_counts_by_order():
    assert day(date(2026, 12, 1), "fr-CA") == "1er décembre 2026"
    assert [day(date(2026, 12, on), "fr") for on in (2, 11, 21)] == [f"{on} décembre 2026" for on in (2, 11, 21)]
    assert day(date(2026, 12, 1), "de") == "1. Dezember 2026"


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_sentences_with_the_same_placeholders(language):
    english = {key: sorted(placeholders(text)) for key, text in sentences("en").items()}
    assert {key: sorted(placeholders(text)) for key, text in sentences(language).items()} == english


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_placeholder_is_a_bare_name_that_code_can_fill(language):
    for text in sentences(language).values():
        for _, name, form, conversion in Formatter().parse(text):
            if name is not None:
                assert (name in {"number", "date", "amount", "rma", "parts"}, form, conversion) == (True, "", None), (
                    text
                )


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


# ---- phrases, and what has a number in it ----

FORMS = {
    "en": {"one", "other"},
    "de": {"one", "other"},
    "nl": {"one", "other"},
    "tr": {"one", "other"},
    "az": {"one", "other"},
    "fr": {"one", "many", "other"},
    "es": {"one", "many", "other"},
    "it": {"one", "many", "other"},
    "pt": {"one", "many", "other"},
    "pl": {"one", "few", "many", "other"},
    "ru": {"one", "few", "many", "other"},
    "ar": {"zero", "one", "two", "few", "many", "other"},
    "zh": {"other"},
    "ja": {"other"},
}
"""The plural classes of CLDR: a language has a form for each of its own, and no other."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_counted_has_a_form_for_each_plural_class_of_the_language(language):
    for key, forms in counted(language).items():
        assert set(forms) == FORMS[language], key
    assert {plural_class(language, count) for count in range(200)} <= FORMS[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_counted_forms_and_phrases_want_the_same_facts_in_every_language(language):
    for key, text in phrases("en").items():
        assert sorted(placeholders(phrases(language)[key])) == sorted(placeholders(text)), key
    assert set(phrases(language)) == set(phrases("en"))
    assert set(counted(language)) == set(counted("en"))
    for key, forms in counted(language).items():
        wanted = set(placeholders(counted("en")[key]["other"]))
        for name, form in forms.items():
            # Arabic says one and two by the word itself.
            spelled = {"count"} if language == "ar" and name in {"zero", "one", "two"} else set()
            assert wanted - spelled <= set(placeholders(form)) <= wanted, (key, name)


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_is_left_in_what_is_counted_or_stands_within_a_sentence(language):
    texts = [*phrases(language).values(), *(form for forms in counted(language).values() for form in forms.values())]
    for text in texts:
        # French and English share the one word.
        assert not re.search(
            r"\b(the|your|you|of|order|parcels?|items|days?|carrier)\b", spoken(text), re.IGNORECASE
        ), text
        if language in SCRIPTS:
            assert LATIN_WORD.findall(spoken(text)) == [], text


@pytest.mark.parametrize(
    ("language", "count", "expected"),
    [
        ("en", 1, "1 parcel"),
        ("en", 2, "2 parcels"),
        ("en", 12345, "12,345 parcels"),
        ("de", 1, "1 Paket"),
        ("de", 5, "5 Pakete"),
        ("fr", 0, "0 colis"),
        ("fr", 1_000_000, "1\u202f000\u202f000 de colis"),
        ("es", 21, "21 paquetes"),
        ("pl", 1, "1 paczka"),
        ("pl", 2, "2 paczki"),
        ("pl", 5, "5 paczek"),
        ("pl", 12, "12 paczek"),
        ("pl", 21, "21 paczek"),
        ("pl", 22, "22 paczki"),
        ("pl", 112, "112 paczek"),
        ("ru", 1, "1 посылка"),
        ("ru", 2, "2 посылки"),
        ("ru", 5, "5 посылок"),
        ("ru", 11, "11 посылок"),
        ("ru", 21, "21 посылка"),
        ("ru", 22, "22 посылки"),
        ("ru", 111, "111 посылок"),
        ("ar", 1, "طرد واحد"),
        ("ar", 2, "طردان"),
        ("ar", 3, "3 طرود"),
        ("ar", 10, "10 طرود"),
        ("ar", 11, "11 طردًا"),
        ("ar", 99, "99 طردًا"),
        ("ar", 100, "100 طرد"),
        ("ar", 103, "103 طرود"),
        ("tr", 1, "1 koli"),
        ("tr", 7, "7 koli"),
        ("az", 7, "7 bağlama"),
        ("zh", 7, "7 个包裹"),
        ("ja", 7, "7個"),
    ],
)
def test_so_many_parcels_are_written_as_a_person_of_the_language_counts(language, count, expected):
    assert say_counted("parcels", language, count) == expected


@pytest.mark.parametrize(
    ("language", "count", "expected"),
    [
        ("en", 1, "within 1 day of"),
        ("en", 14, "within 14 days of"),
        ("de", 1, "innerhalb von 1 Tag nach"),
        ("de", 14, "innerhalb von 14 Tagen nach"),
        ("pl", 1, "w ciągu 1 dnia od"),
        ("pl", 14, "w ciągu 14 dni od"),
        ("ru", 21, "в течение 21 дня после"),
        ("ru", 14, "в течение 14 дней после"),
        ("ar", 2, "خلال يومين من"),
        ("ar", 7, "خلال 7 أيام من"),
        ("ar", 14, "خلال 14 يومًا من"),
        ("ar", 100, "خلال 100 يوم من"),
    ],
)
def test_a_return_window_is_told_in_the_case_that_the_number_wants(language, count, expected):
    assert expected in say_counted("policy.return_window", language, count)


# ---- the code and the sentences know each other ----


@functools.cache
def calls_of_say(verb="say"):
    """Each call of `say` or `say_counted` in the app: where, its keys, the facts or None if by `**`."""
    found = []
    for path in sorted(APP.rglob("*.py")):
        if path.parent.name == "wording":
            continue
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name != verb:
                for node in ast.walk(function):
                    if isinstance(node, ast.Call) and _name(node.func) == verb:
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


def plain():
    """Whatever `say` knows in English."""
    return {**sentences("en"), **phrases("en")}


def test_the_code_says_no_sentence_that_is_not_there():
    assert [(where, key) for where, keys, _ in calls_of_say() for key in keys if key not in plain()] == []
    assert [(where, key) for where, keys, _ in calls_of_say("say_counted") for key in keys - set(counted("en"))] == []


def test_no_sentence_is_there_that_the_code_never_says():
    for verb, there in (("say", set(plain())), ("say_counted", set(counted("en")))):
        assert set().union(*(keys for _, keys, _ in calls_of_say(verb))) == there


def test_each_call_gives_a_sentence_the_facts_that_it_needs():
    wrong = [
        (where, key)
        for where, keys, given in calls_of_say()
        for key in keys & set(plain())
        if given is not None and not set(placeholders(plain()[key])) <= given
    ]
    assert wrong == []
