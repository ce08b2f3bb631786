"""What an exchange comes to: which variants, their price now, and the difference. No I/O, exact to the minor unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.errors import (
    CurrencyMismatch,
    DifferentProduct,
    GiftCardInsufficient,
    NewItemNotFound,
    NewItemUnavailable,
    PaymentMethodNotFound,
    SameItem,
)
from app.integrations.commerce.contract import Variant
from app.models.orders import OrderLine
from app.services.destinations import Method
from app.services.return_specs import LineSpec

WITH_BALANCE = frozenset({"gift_card", "store_credit"})


@dataclass(frozen=True, slots=True)
class Catalog:
    """What the shop says of the products of the lines that are exchanged."""

    products: Mapping[str, tuple[Variant, ...]]
    """Every variant per product; a product that the shop does not have is missing."""
    elsewhere: frozenset[str] = frozenset()
    """Wanted variants that exist, but of a product that no line of the order is of."""


@dataclass(frozen=True, slots=True)
class Swap:
    """So many of a line for as many of a variant; amounts in minor units for all of them."""

    line: OrderLine
    quantity: int
    variant: Variant
    paid: int
    price: int


def variants(
    asked: Sequence[tuple[OrderLine, LineSpec]], catalog: Catalog, currency: str
) -> list[tuple[OrderLine, LineSpec, Variant]]:
    """The variant that each line is exchanged for; raises the refusal where there is none such to have."""
    return [(line, spec, _variant(line, spec.variant_id or "", catalog, currency)) for line, spec in asked]


def _variant(line: OrderLine, wanted: str, catalog: Catalog, currency: str) -> Variant:
    if wanted == line.data["variant_id"]:
        raise SameItem
    own = line.data["product_id"]
    found = next((v for v in catalog.products.get(own or "", ()) if v.external_id == wanted), None)
    if found is None:
        known = wanted in catalog.elsewhere or any(
            variant.external_id == wanted for listed in catalog.products.values() for variant in listed
        )
        raise DifferentProduct if known else NewItemNotFound
    if not found.available:
        raise NewItemUnavailable
    if found.currency != currency:
        raise CurrencyMismatch
    return found


def check_payer(swaps: Sequence[Swap], currency: str, method: Method | None, fee: int = 0) -> None:
    """Raise where nobody pays the difference, or what would be left of it once only the dearer ones come back."""
    if method is None and any(swap.price + fee > swap.paid for swap in swaps):
        raise PaymentMethodNotFound("Name a payment method for the difference of what costs more.")
    check_method(sum(swap.price - swap.paid for swap in swaps) + fee, currency, method)


def check_method(difference: int, currency: str, method: Method | None) -> None:
    """Raise where the difference cannot be paid by the method: there is none, or it does not hold as much."""
    if difference <= 0:
        return
    if method is None or method.id is None:
        raise PaymentMethodNotFound("Name a payment method for the difference.")
    if method.kind in WITH_BALANCE and method.balance is not None:
        if method.currency != currency:
            raise CurrencyMismatch
        if method.balance < difference:
            raise GiftCardInsufficient
