"""What a Medusa sells: products and variants as its answers have them, told in our words.

A variant has prices in several currencies, and lower ones for groups, lists and quantities: told is the plain one of
the currency that the connection names, else of the shop's default.
"""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from app.integrations.commerce.contract import Variant
from app.integrations.commerce.medusa_shown import Count, ShownOption, of
from app.integrations.commerce.medusa_wire import Amount, Shown, minor

_VARIANT_FIELDS = (
    "id", "title", "manage_inventory", "allow_backorder", "options.value", "options.option.title", "prices.amount",
    "prices.currency_code", "prices.min_quantity", "prices.price_list_id", "prices.rules_count",
    "inventory_items.required_quantity", "inventory_items.inventory.location_levels.available_quantity",
)  # fmt: skip
VARIANT_FIELDS = ",".join([*_VARIANT_FIELDS, "product.id", "product.title", "product.status"])
PRODUCT_FIELDS = ",".join(["id", "title", "status", *of("variants", *_VARIANT_FIELDS)])


class _Price(Shown):
    amount: Amount
    currency_code: str
    min_quantity: Count | None = None
    price_list_id: str | None = None
    rules_count: Count = 0


class _Level(Shown):
    available_quantity: Amount = Decimal()


class _Inventory(Shown):
    location_levels: list[_Level | None] = Field(default_factory=list[_Level | None])


class _Stock(Shown):
    required_quantity: Count = 1
    inventory: _Inventory | None = None


class _Product(Shown):
    id: str
    title: str
    status: str = "published"


class ShownVariant(Shown):
    """A variant of a product; `product` where it was asked for by itself."""

    id: str
    title: str | None = None
    manage_inventory: bool = False
    allow_backorder: bool = False
    options: list[ShownOption] = Field(default_factory=list[ShownOption])
    prices: list[_Price | None] = Field(default_factory=list[_Price | None])
    inventory_items: list[_Stock | None] = Field(default_factory=list[_Stock | None])
    product: _Product | None = None


class ShownProduct(_Product):
    """A product with all its variants."""

    variants: list[ShownVariant] = Field(default_factory=list[ShownVariant])


def variants_of(product: ShownProduct, currency: str) -> tuple[Variant, ...]:
    """Every variant that has a price in the currency."""
    listed = (variant_of(one.model_copy(update={"product": product}), currency) for one in product.variants)
    return tuple(variant for variant in listed if variant is not None)


def variant_of(shown: ShownVariant, currency: str) -> Variant | None:
    """A variant in our words; None where it has no price in the currency, so that nobody could pay for it."""
    prices = [
        one
        for one in shown.prices
        if one is not None
        and one.currency_code.upper() == currency
        and one.price_list_id is None
        and not one.rules_count
        and (one.min_quantity or 0) <= 1
    ]
    if not prices or shown.product is None:
        return None
    return Variant(
        external_id=shown.id,
        product_id=shown.product.id,
        title=shown.product.title,
        options={one.option.title: one.value for one in shown.options if one.option is not None},
        price=minor(prices[0].amount, currency),
        currency=currency,
        available=shown.product.status == "published" and _in_stock(shown),
    )


def _in_stock(shown: ShownVariant) -> bool:
    if not shown.manage_inventory or shown.allow_backorder:
        return True
    kept = [one for one in shown.inventory_items if one is not None and one.inventory is not None]
    return bool(kept) and all(_left(one.inventory) >= one.required_quantity for one in kept if one.inventory)


def _left(inventory: _Inventory) -> Decimal:
    return sum((level.available_quantity for level in inventory.location_levels if level is not None), Decimal())
