import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.proofs import email_key, order_number_key, phone_key, postal_key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Max.Muster@Example.COM", "max.muster@example.com"),
        ("  <a@b.co> ", "a@b.co"),
        ("mailto:a@b.co?subject=x", "a@b.co"),
        ("max@Straße.de", "max@xn--strae-oqa.de"),
        ("ｍａｘ＠ｅｘａｍｐｌｅ．ｃｏｍ", "max@example.com"),
        ("a\u200b@b.co", "a@b.co"),
        ("a+tag@b.co", "a+tag@b.co"),
    ],
)
def test_an_address_has_one_form(text, key):
    assert email_key(text) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@b",
        "@b.co",
        "a@",
        "a b@c.de",
        "a@b..de",
        ".a@b.de",
        "a@1.2.3.4",
        "x" * 65 + "@a.de",
        "a@" + "b" * 300 + ".de",
        "\u212aate@x.com",
    ],
)
def test_what_is_no_address_has_no_key(text):
    assert email_key(text) is None


def test_look_alikes_and_tags_are_other_people():
    assert email_key("m\u0131ke@x.com") != email_key("mike@x.com")
    assert email_key("a.b@gmail.com") != email_key("ab@gmail.com")
    assert email_key("max@straße.de") != email_key("max@strasse.de")


@pytest.mark.parametrize(
    ("text", "country", "key"),
    [
        ("(030) 901820", "DE", "4930901820"),
        ("+49 30 901820", None, "4930901820"),
        ("0049 30 901820", None, "4930901820"),
        ("+49 (0)30 901820", "US", "4930901820"),
        ("415-555-0100", "us", "14155550100"),
        ("٠٥٠١٢٣٤٥٦٧", "SA", "966501234567"),
        ("tel:+14155550100", None, "14155550100"),
    ],
)
def test_a_phone_number_is_its_e164_digits(text, country, key):
    assert phone_key(text, country) == key


@pytest.mark.parametrize(
    ("text", "country"),
    [("", "DE"), ("030 901820", None), ("1", "DE"), ("abc", "DE"), ("030 901820", "XX"), ("9" * 5000, "DE")],
)
def test_what_is_no_phone_number_has_no_key(text, country):
    assert phone_key(text, country) is None


@pytest.mark.parametrize(
    ("same", "key"),
    [
        (["sw1a 1aa", "SW1A1AA", " Sw1a-1AA "], "SW1A1AA"),
        (["〒100-0001", "1000001", "１００－０００１"], "1000001"),
        (["D-10115", "10115", "DE-10115", "١٠١١٥"], "10115"),
        (["94103-1234", "94103", "94103 1234"], "94103"),
        (["AZ 1000", "AZ1000", "1000"], "1000"),
        (["1234 AB", "1234ab"], "1234AB"),
    ],
)
def test_a_postal_code_has_one_form(same, key):
    assert {postal_key(text) for text in same} == {key}


@pytest.mark.parametrize("text", ["", " ", "-", "1", "x" * 40])
def test_what_is_no_postal_code_has_no_key(text):
    assert postal_key(text) is None


@pytest.mark.parametrize(
    ("same", "key"),
    [
        (["#1001", "1001", " # 1001", "＃１００１", "№ 1001", "No. 1001", "١٠٠١", "10\u200b01"], "1001"),
        (["#W2378156", "w2378156", "W 2378156"], "w2378156"),
        (["ORD-2026-001", "ord\u20132026\u2013001"], "ord-2026-001"),
    ],
)
def test_an_order_number_has_one_form(same, key):
    assert {order_number_key(text) for text in same} == {key}


def test_order_numbers_that_differ_stay_apart():
    assert order_number_key("0123") != order_number_key("123")
    assert order_number_key("1-1") != order_number_key("11")
    assert order_number_key("north-1") == "north-1"


@pytest.mark.parametrize("text", ["", "#", "  ", "1" * 150])
def test_what_is_no_order_number_has_no_key(text):
    assert order_number_key(text) is None


@given(st.text(max_size=80))
def test_no_text_breaks_a_key_and_a_key_is_its_own_key(text):
    for key in (email_key, order_number_key):
        if (found := key(text)) is not None:
            assert key(found) == found
    postal_key(text)
    phone_key(text, "DE")
