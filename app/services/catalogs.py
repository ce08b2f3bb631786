"""What the shop sells: the variants of a product, asked when they are needed and not kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.errors import ProductNotFound, ProviderUnavailable
from app.integrations.commerce.contract import Variant
from app.integrations.errors import ProviderError
from app.services import orders
from app.services.callers import Caller
from app.services.order_views import lines_of, money
from app.services.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every variant of an order's products, and which of the others that are asked for the shop has."""

    products: dict[str, tuple[Variant, ...]]
    elsewhere: frozenset[str] = frozenset()

    def variant(self, product_id: str | None, variant_id: str) -> Variant | None:
        """The variant where it is of that product."""
        own = self.products.get(product_id or "", ())
        return next((variant for variant in own if variant.external_id == variant_id), None)

    def knows(self, variant_id: str) -> bool:
        """Whether the shop has the variant, of whichever product."""
        listed = (variant.external_id for sold in self.products.values() for variant in sold)
        return variant_id in self.elsewhere or variant_id in listed


async def of_order(runtime: Runtime, caller: Caller, order_id: str, wanted: Sequence[str]) -> Catalog:
    """The products of the order's lines, and which of the `wanted` variants the shop has elsewhere."""
    return await of_products(runtime, caller, await runtime.db.read(_products, caller, order_id), wanted)


async def of_products(runtime: Runtime, caller: Caller, products: Sequence[str], wanted: Sequence[str]) -> Catalog:
    """These products, and which of the `wanted` variants the shop has elsewhere."""
    product_ids = list(dict.fromkeys(products))
    listed = await asyncio.gather(*(variants(runtime, caller, product_id) for product_id in product_ids))
    sold = dict(zip(product_ids, listed, strict=True))
    catalog = Catalog({product_id: found for product_id, found in sold.items() if found is not None})
    missing = [variant_id for variant_id in dict.fromkeys(wanted) if not catalog.knows(variant_id)]
    found = await asyncio.gather(*(_exists(runtime, caller, variant_id) for variant_id in missing))
    elsewhere = frozenset(variant_id for variant_id, known in zip(missing, found, strict=True) if known)
    return Catalog(catalog.products, elsewhere)


def _products(session: Session, caller: Caller, order_id: str) -> list[str]:
    lines = lines_of(session, orders.get(session, caller, order_id))
    return list(dict.fromkeys(line.data["product_id"] for line in lines if line.data["product_id"]))


async def variants(runtime: Runtime, caller: Caller, product_id: str) -> tuple[Variant, ...] | None:
    """Every variant of a product; None where the shop has no such product. Raises `provider_unavailable`."""
    try:
        return await runtime.providers(caller).commerce.get_variants(product_id)
    except ProviderError as error:
        raise ProviderUnavailable from error


async def _exists(runtime: Runtime, caller: Caller, variant_id: str) -> bool:
    try:
        return await runtime.providers(caller).commerce.find_variant(variant_id) is not None
    except ProviderError as error:
        raise ProviderUnavailable from error


async def shown(runtime: Runtime, caller: Caller, product_id: str) -> list[dict[str, Any]]:
    """The variants of a product as the contract shows them; raises `product_not_found`."""
    found = await variants(runtime, caller, product_id)
    if found is None:
        raise ProductNotFound
    return [
        {
            "id": variant.external_id,
            "product_id": variant.product_id,
            "title": variant.title,
            "options": variant.options,
            "price": money(variant.price, variant.currency),
            "available": variant.available,
        }
        for variant in found
    ]
