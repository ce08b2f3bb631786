"""The things of the tests' Shopify shop that are there before any order: money, products, customers, store credit.

A field that the schema has and a thing has not is null, and an error where the schema wants a value.
"""

# ruff: noqa: N802, N815  fields have Shopify's names
from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

NOW = datetime.now(UTC).replace(microsecond=0)
DAY, ARRIVED = ((NOW - timedelta(days=days)).isoformat() for days in (5, 2))
"""When what has no time of its own happened, and when parcels arrived."""
_ids = itertools.count(9_000_000_001)


def new_id(kind: str) -> str:
    return f"gid://shopify/{kind}/{next(_ids)}"


@dataclass
class Money:
    """Minor units of two decimals in the shopper's currency, and what that is in the shop's."""

    minor: int
    currency: str = "EUR"
    shop_currency: str = "EUR"
    rate: Decimal = Decimal(1)
    decimals: int = 2
    typename = "MoneyBag"

    @property
    def presentmentMoney(self) -> dict[str, Any]:
        return self._money(Decimal(self.minor).scaleb(-self.decimals), self.currency)

    @property
    def shopMoney(self) -> dict[str, Any]:
        return self._money((Decimal(self.minor).scaleb(-self.decimals) * self.rate).quantize(Decimal("0.01")),
                           self.shop_currency)  # fmt: skip

    @staticmethod
    def _money(amount: Decimal, currency: str) -> dict[str, Any]:
        return {"amount": str(amount), "currencyCode": currency}


@dataclass
class Thing:
    """Anything with an id."""

    id: str
    typename = "Node"


class Noted:
    """What metafields hang on, by namespace and key."""

    notes: dict[tuple[str, str], str]

    def metafield(self, namespace: str, key: str) -> dict[str, Any] | None:
        value = self.notes.get((namespace, key))
        return None if value is None else {"key": key, "value": value}

    def metafields(self, namespace: str | None = None, **_: Any) -> list[dict[str, Any]]:
        return [
            {"key": key, "value": value} for (space, key), value in self.notes.items() if namespace in {None, space}
        ]


def like(money: Money, minor: int) -> Money:
    """As much in the same currencies."""
    return Money(minor, money.currency, money.shop_currency, money.rate, money.decimals)


@dataclass
class Product(Thing):
    title: str
    tags: list[str]
    variants: list[Variant] = field(default_factory=list)
    typename = "Product"


@dataclass
class Variant(Thing):
    product: Product
    title: str
    price: str
    options: dict[str, str]
    availableForSale: bool = True
    typename = "ProductVariant"

    @property
    def selectedOptions(self) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in self.options.items()]


@dataclass
class Account(Thing):
    currency: str
    credits: list[dict[str, Any]] = field(default_factory=list)
    typename = "StoreCreditAccount"

    @property
    def balance(self) -> dict[str, str]:
        return {
            "amount": str(sum(Decimal(one.amount["amount"]) for one in self.credits)),
            "currencyCode": self.currency,
        }

    @property
    def transactions(self) -> list[Any]:
        return self.credits


@dataclass
class Credit(Thing):
    amount: dict[str, str]
    account: Account
    createdAt: str = DAY
    typename = "StoreCreditAccountCreditTransaction"


@dataclass
class Customer(Thing, Noted):
    firstName: str
    lastName: str
    email: str | None
    phone: str | None = None
    locale: str = "de"
    defaultAddress: dict[str, Any] | None = None
    notes: dict[tuple[str, str], str] = field(default_factory=dict)
    accounts: list[Account] = field(default_factory=list)
    typename = "Customer"

    @property
    def displayName(self) -> str:
        return f"{self.firstName} {self.lastName}".strip()

    @property
    def defaultEmailAddress(self) -> dict[str, str] | None:
        return {"emailAddress": self.email} if self.email else None

    @property
    def defaultPhoneNumber(self) -> dict[str, str] | None:
        return {"phoneNumber": self.phone} if self.phone else None

    @property
    def addressesV2(self) -> list[dict[str, Any]]:
        return [self.defaultAddress] if self.defaultAddress else []

    @property
    def storeCreditAccounts(self) -> list[Account]:
        return self.accounts
