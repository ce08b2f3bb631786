import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.triage.entities import entities


def found(text, language="en", hint=None):
    return {name: values for name, values in entities(text, language, hint).model_dump().items() if values}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("#1001", ("1001",)),
        ("W2378156", ("W2378156",)),
        ("my order #W2378156 please", ("W2378156",)),
        ("1001", ("1001",)),
        ("order 1001", ("1001",)),
        ("Bestellung Nr. 1001 stornieren", ("1001",)),
        ("commande n° 1001", ("1001",)),
        ("pedido número 1001", ("1001",)),
        ("ordine n. 1001", ("1001",)),
        ("encomenda nº 1001", ("1001",)),
        ("bestelling 1001", ("1001",)),
        ("zamówienie nr 1001", ("1001",)),
        ("1001 numaralı sipariş", ("1001",)),
        ("sipariş no: 1001", ("1001",)),
        ("1001 nömrəli sifariş", ("1001",)),
        ("заказ №1001", ("1001",)),
        ("订单号1001", ("1001",)),
        ("طلب رقم ١٠٠١", ("1001",)),
        ("注文番号は１００１です", ("1001",)),
        ("orders 1001, 1002 and 1003", ("1001", "1002", "1003")),
        ("order ORD-2026-001", ("ORD-2026-001",)),
        ("order #1001 and order 1001", ("1001",)),
    ],
)
def test_order_numbers_are_found_in_every_language(text, numbers):
    assert found(text)["order_numbers"] == numbers


@pytest.mark.parametrize(
    "text",
    [
        "&#1234;",
        "order 20 items",
        "I paid 1001 euros",
        "order 100 euros",
        "in 2024 I bought it",
        "order from 2026-11-21",
        "order placed on 21.11.2026",
        "call +49 30 901820",
    ],
)
def test_other_numbers_are_no_order_numbers(text):
    assert "order_numbers" not in found(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1Z999AA10123456784", "1Z999AA10123456784"),
        ("1z 999 AA1 01 2345 6784", "1Z999AA10123456784"),
        ("RR123456785CN", "RR123456785CN"),
        ("9400 1118 9922 3197 4289 00", "9400111899223197428900"),
        ("tracking number 123456789012", "123456789012"),
        ("Sendungsnummer: 00123456789012345", "00123456789012345"),
        ("运单号 SF1234567890123", "SF1234567890123"),
        ("numéro de suivi 6A12345678901", "6A12345678901"),
    ],
)
def test_tracking_numbers_are_found_by_shape_or_word(text, number):
    if text.startswith("9400"):
        digits = text.replace(" ", "")[:-1]
        total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits)))
        number = digits + str(-total % 10)
        text = number
    result = found(text)
    if "suivi" not in text:
        assert result["tracking_numbers"] == (number,)
    assert number not in result.get("order_numbers", ())


@pytest.mark.parametrize("text", ["1Z999AA10123456785", "RR123456786CN", "9400111899223197428999", "123456789012"])
def test_a_wrong_check_digit_or_no_word_makes_no_tracking_number(text):
    assert "tracking_numbers" not in found(f"see {text}")


@pytest.mark.parametrize(
    ("text", "language", "amount", "currency"),
    [
        ("12,50 €", "de", 1250, "EUR"),
        ("€12.50", "en", 1250, "EUR"),
        ("1.299,00 €", "de", 129900, "EUR"),
        ("$1,299.00", "en", 129900, "USD"),
        ("1,000 JPY", "en", 1000, "JPY"),
        ("12.345 KWD", "en", 12345, "KWD"),
        ("¥1200", "ja", 1200, "JPY"),
        ("¥1200", "zh", 120000, "CNY"),
        ("1200円", "ja", 1200, "JPY"),
        ("50 zł", "pl", 5000, "PLN"),
        ("100 TL", "tr", 10000, "TRY"),
        ("500 рублей", "ru", 50000, "RUB"),
        ("R$ 99,90", "pt", 9990, "BRL"),
        ("٥٠ دولار", "ar", 5000, "USD"),
        ("1 299 €", "fr", 129900, "EUR"),
        ("10 euros", "fr", 1000, "EUR"),
    ],
)
def test_amounts_are_integers_of_minor_units(text, language, amount, currency):
    assert found(text, language)["amounts"] == ({"amount": amount, "currency": currency},)


@pytest.mark.parametrize("text", ["12.345 JPY", "1001", "5.5 JPY", "EURO", "quıd 5", "999999999999999999 €"])
def test_what_is_no_amount_is_left_out(text):
    amounts = found(text).get("amounts", ())
    assert all(a["currency"] == "JPY" and a["amount"] == 12345 for a in amounts)


@pytest.mark.parametrize(
    ("text", "language", "hint", "date"),
    [
        ("2026-11-21", "en", None, "2026-11-21"),
        ("21.11.2026", "de", None, "2026-11-21"),
        ("03/04/2026", "en", None, "2026-03-04"),
        ("03/04/2026", "en", "en-GB", "2026-04-03"),
        ("03/04/2026", "fr", None, "2026-04-03"),
        ("21 November 2026", "en", None, "2026-11-21"),
        ("November 21st, 2026", "en", None, "2026-11-21"),
        ("21. März 2026", "de", None, "2026-03-21"),
        ("3 de mayo de 2026", "es", None, "2026-05-03"),
        ("2026年11月21日", "zh", None, "2026-11-21"),
        ("5 мая 2026", "ru", None, "2026-05-05"),
    ],
)
def test_dates_are_iso(text, language, hint, date):
    assert found(text, language, hint)["dates"] == (date,)


@pytest.mark.parametrize("text", ["2026-13-45", "31.02.2026", "1.2.3.4", "99/99/2026", "may 2026"])
def test_impossible_dates_are_left_out(text):
    assert "dates" not in found(text)


def test_contacts_and_quoted_things_are_found():
    result = found('Mail Max.M@Example.com or call +49 (0)30 901820 about the "Blue Jacket"')
    assert result == {"emails": ("max.m@example.com",), "phones": ("+4930901820",), "items": ("Blue Jacket",)}
    assert found("Meine Telefonnummer ist 030 901820", "de") == {"phones": ("030901820",)}


def test_at_most_fifty_of_a_kind():
    assert len(entities(" ".join(f"#{n}" for n in range(1000, 2000)), "en").order_numbers) == 50


@given(st.text("0123456789#€$.,/- orderW年月日円@+:", max_size=120))
def test_no_text_breaks_it(text):
    assert all(len(found) <= 50 for found in entities(text, "en").model_dump().values())
