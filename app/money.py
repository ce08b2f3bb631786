"""Exact money: integer minor units by ISO 4217, no float anywhere."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache

from babel import Locale
from babel.numbers import NumberPattern, format_currency

MAX_AMOUNT = 10**15
"""Ceiling of one amount in minor units: far above any order, far below a 64-bit column."""


class CurrencyMismatchError(ValueError):
    """Two amounts of different currencies met in one calculation."""


def known_currencies() -> frozenset[str]:
    """The ISO 4217 codes that are accepted."""
    return _CURRENCIES


def exponent(currency: str) -> int:
    """How many decimal digits `currency` has: EUR 2, JPY 0, KWD 3."""
    return _ISO_EXPONENTS[currency]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency."""

    amount: int
    currency: str

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatchError(f"{self.currency} and {other.currency}")

    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.amount).scaleb(-exponent(self.currency))

    @classmethod
    def of(cls, major: str | Decimal, currency: str) -> Money:
        """Money from major units ("12.99"); raises ValueError where it has more digits than the currency."""
        try:
            scaled = Decimal(major).scaleb(exponent(currency))
        except InvalidOperation as error:
            raise ValueError(f"not an amount: {major!r}") from error
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            raise ValueError(f"not an amount of {currency}: {major!r}")
        return cls(int(scaled), currency)

    def text(self, locale: str = "en") -> str:
        """The amount as a person of `locale` writes it: `59,00 €`."""
        pattern = _pattern(locale, exponent(self.currency))
        return format_currency(self.decimal(), self.currency, pattern, locale, currency_digits=False)


@cache
def _pattern(locale: str, digits: int) -> NumberPattern:
    """How money is written there, with exactly so many decimals: CLDR has IQD without, and RSD."""
    pattern = copy(Locale.parse(locale).currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    return pattern


def share(total: int, weights: list[int]) -> list[int]:
    """Split `total` by `weights` to the last minor unit: largest remainder first, ties to the earlier one.

    The parts always sum to `total`; a part is never off by more than one unit from its exact share.
    """
    whole = sum(weights)
    if whole == 0:
        return [total, *[0] * (len(weights) - 1)] if weights else []
    parts = [total * weight // whole for weight in weights]
    rests = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in rests[: total - sum(parts)]:
        parts[i] += 1
    return parts


# CLDR says how cash is written in practice; ISO 4217 says what a minor unit is. Where the two differ, ISO rules.
_ISO_EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND"), 0),
    **dict.fromkeys(("VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(
        [
            "AED",
            "AFN",
            "ALL",
            "AMD",
            "ANG",
            "AOA",
            "ARS",
            "AUD",
            "AWG",
            "AZN",
            "BAM",
            "BBD",
            "BDT",
            "BGN",
            "BMD",
            "BND",
            "BOB",
            "BRL",
            "BSD",
            "BTN",
            "BWP",
            "BYN",
            "BZD",
            "CAD",
            "CDF",
            "CHF",
            "CNY",
            "COP",
            "CRC",
            "CUP",
            "CVE",
            "CZK",
            "DKK",
            "DOP",
            "DZD",
            "EGP",
            "ERN",
            "ETB",
            "EUR",
            "FJD",
            "FKP",
            "GBP",
            "GEL",
            "GHS",
            "GIP",
            "GMD",
            "GTQ",
            "GYD",
            "HKD",
            "HNL",
            "HTG",
            "HUF",
            "IDR",
            "ILS",
            "INR",
            "IRR",
            "JMD",
            "KES",
            "KGS",
            "KHR",
            "KPW",
            "KYD",
            "KZT",
            "LAK",
            "LBP",
            "LKR",
            "LRD",
            "LSL",
            "MAD",
            "MDL",
            "MGA",
            "MKD",
            "MMK",
            "MNT",
            "MOP",
            "MRU",
            "MUR",
            "MVR",
            "MWK",
            "MXN",
            "MYR",
            "MZN",
            "NAD",
            "NGN",
            "NIO",
            "NOK",
            "NPR",
            "NZD",
            "PAB",
            "PEN",
            "PGK",
            "PHP",
            "PKR",
            "PLN",
            "QAR",
            "RON",
            "RSD",
            "RUB",
            "SAR",
            "SBD",
            "SCR",
            "SDG",
            "SEK",
            "SGD",
            "SHP",
            "SLE",
            "SOS",
            "SRD",
            "SSP",
            "STN",
            "SVC",
            "SYP",
            "SZL",
            "THB",
            "TJS",
            "TMT",
            "TOP",
            "TRY",
            "TTD",
            "TWD",
            "TZS",
            "UAH",
            "USD",
            "UYU",
            "UZS",
            "VES",
            "WST",
            "XCD",
            "YER",
            "ZAR",
            "ZMW",
            "ZWG",
        ],
        2,
    ),
}
_CURRENCIES = frozenset(_ISO_EXPONENTS)
