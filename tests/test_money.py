"""Money: exact, in the currency's own minor units, and shared to the last of them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.money import MAX_AMOUNT, CurrencyMismatchError, Money, exponent, known_currencies, share


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("EUR", 2), ("USD", 2), ("JPY", 0), ("KRW", 0), ("ISK", 0), ("VUV", 0), ("KWD", 3), ("TND", 3)],
)
def test_each_currency_has_the_digits_of_iso_4217(currency, digits):
    assert exponent(currency) == digits
    assert currency in known_currencies()


def test_what_iso_4217_does_not_list_is_no_currency():
    for name in ("", "EU", "eur", "XXX", "BTC", "XAU", "EURO"):
        assert name not in known_currencies()
        with pytest.raises(KeyError):
            exponent(name)
    assert len(known_currencies()) > 150
    assert all(len(name) == 3 and name.isalpha() and name.isupper() for name in known_currencies())


@pytest.mark.parametrize(
    ("major", "currency", "minor"),
    [
        ("12.99", "EUR", 1299),
        ("1299", "JPY", 1299),
        ("1.299", "KWD", 1299),
        ("-0.01", "EUR", -1),
        ("0", "EUR", 0),
        ("12.990", "EUR", 1299),
        ("1E+3", "JPY", 1000),
        (Decimal("0.5"), "KWD", 500),
    ],
)
def test_major_units_become_minor_units_and_back(major, currency, minor):
    found = Money.of(major, currency)
    assert found == Money(minor, currency)
    assert found.decimal() == Decimal(major)


@pytest.mark.parametrize(
    ("major", "currency", "why"),
    [
        ("12.999", "EUR", "not an amount of EUR: '12.999'"),
        ("0.5", "JPY", "not an amount of JPY: '0.5'"),
        ("1.2345", "KWD", "not an amount of KWD: '1.2345'"),
        ("twelve", "EUR", "not an amount: 'twelve'"),
        ("", "EUR", "not an amount: ''"),
        ("sNaN", "EUR", "not an amount"),
        ("NaN", "EUR", "not an amount of EUR: 'NaN'"),
        ("Infinity", "EUR", "not an amount of EUR: 'Infinity'"),
        ("-Infinity", "JPY", "not an amount of JPY: '-Infinity'"),
    ],
)
def test_what_is_no_amount_of_the_currency_is_refused(major, currency, why):
    with pytest.raises(ValueError, match="not an amount") as refused:
        Money.of(major, currency)
    assert str(refused.value).startswith(why)


def test_sums_and_differences_stay_in_one_currency():
    assert Money(1299, "EUR") + Money(1, "EUR") == Money(1300, "EUR")
    assert Money(1299, "EUR") - Money(1300, "EUR") == Money(-1, "EUR")
    for change in (Money.__add__, Money.__sub__):
        with pytest.raises(CurrencyMismatchError, match="EUR and USD"):
            change(Money(1, "EUR"), Money(1, "USD"))


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "text"),
    [
        (5900, "EUR", "de", "59,00\xa0€"),
        (5900, "EUR", "en", "€59.00"),
        (5900, "JPY", "en", "¥5,900"),
        (1299, "KWD", "de", "1,299\xa0KWD"),
        (-1, "USD", "en", "-$0.01"),
    ],
)
def test_an_amount_is_written_as_people_there_write_it(amount, currency, locale, text):
    assert Money(amount, currency).text(locale) == text


@pytest.mark.parametrize("currency", sorted(known_currencies()))
def test_every_currency_is_written_with_all_its_minor_units(currency):
    digits = exponent(currency)
    whole, rest = divmod(12_345_678, 10**digits)
    english = f"{whole:,}" + (f".{rest:0{digits}}" if digits else "")
    assert Money(12_345_678, currency).text().endswith(english)
    german = english.translate(str.maketrans(",.", ".,"))
    assert Money(-12_345_678, currency).text("de").startswith(f"-{german}\xa0")


def test_english_is_written_where_nobody_said_which_language():
    assert Money(123456, "EUR").text() == "€1,234.56"


def test_the_ceiling_of_one_amount_fits_a_column_of_64_bits_a_thousand_times():
    assert MAX_AMOUNT == 10**15
    assert MAX_AMOUNT * 1000 < 2**63


def test_the_odd_cent_goes_to_the_largest_remainder_and_ties_to_the_earlier():
    assert share(100, [1, 1, 1]) == [34, 33, 33]
    assert share(10, [133, 267]) == [3, 7]
    assert share(5, [0, 1, 1]) == [0, 3, 2]
    assert share(1, [1, 2]) == [0, 1]
    assert share(7, [10]) == [7]


def test_without_weights_the_first_takes_all_and_nobody_takes_from_nobody():
    assert share(9, [0, 0, 0]) == [9, 0, 0]
    assert share(9, [0]) == [9]
    assert share(9, []) == []
    assert share(0, [1, 2]) == [0, 0]


@given(total=st.integers(0, 10**12), weights=st.lists(st.integers(0, 10**9), min_size=1, max_size=8))
def test_parts_sum_to_the_total_and_none_is_off_by_a_unit(total, weights):
    parts = share(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    if whole:
        assert all(abs(part * whole - total * weight) < whole for part, weight in zip(parts, weights, strict=True))
