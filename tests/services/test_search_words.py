"""What a text is found by: the same words however they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.search_words import LONGEST, MOST, key, wanted, weighed, words


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("My LAMP hums", "lamp"),
        ("Müller, Zoë und François", "MULLER zoe francois"),
        ("Die Größe stimmt nicht", "GRÖSSE"),
        ("Smørrebrød, Łódź, cœur", "smorrebrod lodz coeur"),
        ("İADE etmek istiyorum", "iade"),
        ("iade etmek istiyorum", "İADE"),
        ("ILIK su", "ılık"),
        ("KILIF kırık", "kılıf KIRIK"),
        ("Ёлка приехала", "елка"),
        ("أريد إرجاع الشُّكْر", "ارجاع الشكر"),
        ("我想退货，订单号1002", "退货"),
        ("我想退货，订单号1002", "货"),
        ("我想退货，订单号1002", "订单号 1002"),
        ("返品したいです", "返品"),
        ("ﾊﾟﾝﾂが小さい", "パンツ"),
        ("ＡＢＣ１２３", "abc123"),
        ("배송이 늦어요", "배송"),
        ("ต้องการคืนสินค้า", "คืนสินค้า"),
        ("l'été dernier", "ETE"),
        ("order #1002-B", "#1002"),
        ("طلبي رقم ١٠٠٢", "1002"),
        ("order 1002", "۱۰۰۲"),
        ("a_b", "b"),
        ("\ufb01ne", "fine"),
    ],
)
def test_a_text_is_found_by_its_words_in_any_writing(said: str, asked: str) -> None:
    assert wanted(asked)
    assert set(wanted(asked)) <= set(words(said))


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("lamps", "lamp"),
        ("我想退款", "退货"),
        ("货退", "退货"),
        ("かき", "がぎ"),
        ("バス", "ハス"),
        ("배송", "배달"),
        ("или", "йли x"),
    ],
)
def test_other_words_are_other_words(said: str, asked: str) -> None:
    assert not set(wanted(asked)) <= set(words(said))


@pytest.mark.parametrize("text", ["", " ", "_", '"*&|!:()', "---", "😀", "\u0301"])
def test_what_holds_no_word_is_searched_for_by_none(text: str) -> None:
    assert wanted(text) == words(text) == []


def test_operators_are_no_operators() -> None:
    assert wanted('"lamp" AND NOT shade* NEAR(x, 3)') == ["lamp", "and", "not", "shade", "near", "x", "3"]


def test_a_paste_counts_as_far_as_a_message_goes() -> None:
    many = " ".join(f"w{number}" for number in range(5 * MOST))
    assert len(weighed(many)) == MOST
    assert len(weighed(many, subject=True)) == MOST
    assert weighed("x" * 50_000) == {"x" * LONGEST: 1}
    assert len(wanted(many)) == 16


def test_a_word_weighs_more_in_a_subject_and_where_it_stands_more_than_once() -> None:
    assert weighed("lamp lamp lamp lamp shade") == {"lamp": 3, "shade": 1}
    assert weighed("lamp", subject=True) == {"lamp": 3}


def test_a_word_of_another_store_or_mode_is_another_word() -> None:
    keys = {key(store, "lamp", livemode=live) for store in ("sto_1", "sto_2") for live in (False, True)}
    assert len(keys) == 4
    assert all(-(2**63) <= one < 2**63 for one in keys)


@given(st.text(max_size=200))
def test_whatever_is_written_is_found_by_itself(text: str) -> None:
    assert set(wanted(text)) <= set(words(text))
    assert set(wanted(text.swapcase())) <= set(words(text.swapcase()))
    assert all(word and "\x00" not in word for word in words(text))
