"""What is read from a Medusa: orders by id and by what they are known by, customers, variants, what has changed.

Medusa passes over filters that it does not know (`display_id`, `email`): its search (`q`) looks into numbers, e-mails
and addresses alike, and what it finds is compared here. A payment that is captured, or refunded without a credit line,
does not move an order's `updated_at`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from app.integrations.commerce.contract import (
    ChangedPage,
    ChangedQuery,
    CustomerSnapshot,
    OrderPage,
    OrderQuery,
    OrderSnapshot,
    Variant,
)
from app.integrations.commerce.medusa_orders import customer_snapshot, order_snapshot
from app.integrations.commerce.medusa_products import (
    PRODUCT_FIELDS,
    VARIANT_FIELDS,
    ShownProduct,
    ShownVariant,
    variant_of,
    variants_of,
)
from app.integrations.commerce.medusa_shown import (
    CUSTOMER_FIELDS,
    ORDER_FIELDS,
    Count,
    ShownCustomer,
    ShownOrder,
)
from app.integrations.commerce.medusa_wire import ID, PAGE, Shop, Shown, currency_of, moment, read
from app.integrations.errors import OutcomeUnknown, Refused

FIRST, PAGES = 10, 5
"""How many of what a search finds are looked at first, and how many pages of `PAGE` then."""
MOST = 25
SEEN = 500
"""Orders that may have changed in one and the same millisecond."""


class _Orders(Shown):
    orders: list[dict[str, Any]]
    count: Count


class _Customers(Shown):
    customers: list[ShownCustomer]


class _Variants(Shown):
    variants: list[ShownVariant]


class _Currency(Shown):
    currency_code: str
    is_default: bool = False


class _Store(Shown):
    supported_currencies: list[_Currency]


class _Stores(Shown):
    stores: list[_Store]


class Reads:
    """Reading one shop; `currency` is the one whose prices are told, None for the shop's default."""

    def __init__(self, shop: Shop, currency: str | None = None) -> None:
        self._shop, self._currency = shop, currency

    async def order(self, external_id: str) -> OrderSnapshot | None:
        """The order with that id, or None; drafts are none."""
        if not ID.fullmatch(external_id):
            return None
        said = await self._shop.find(f"/admin/orders/{external_id}", {"fields": ORDER_FIELDS})
        if said is None:
            return None
        found = read(ShownOrder, said.get("order"))
        if found.id != external_id:
            raise OutcomeUnknown("another order came back than was asked for")
        return None if found.is_draft_order else order_snapshot(found)

    async def orders(self, query: OrderQuery) -> OrderPage:
        """Orders that match, newest first."""
        fits = _fits(query)
        if query.number is not None:
            return OrderPage(orders=tuple(await self._numbered(query.number.removeprefix("#").strip(), fits)))
        asked = {"q": query.email or _tail(query.phone), "customer_id": query.customer_id}
        at, limit = _offset(query.cursor), max(1, min(query.limit, PAGE))
        given = {name: value for name, value in asked.items() if value}
        shown, count = await self._list(given | {"order": "-created_at"}, limit, at)
        more = at + len(shown) < count and bool(shown)
        orders = (order_snapshot(one) for one in shown)
        return OrderPage(
            orders=tuple(order for order in orders if fits(order)),
            next_cursor=str(at + len(shown)) if more else None,
        )

    async def _numbered(self, number: str, fits: Callable[[OrderSnapshot], bool]) -> list[OrderSnapshot]:
        """By its number: of all whose number holds these digits it has the smallest, so it comes among the first."""
        if not number or len(number) > 100:
            return []
        found: list[OrderSnapshot] = []
        at, limit = 0, FIRST
        for _ in range(PAGES):
            shown, count = await self._list({"q": number, "order": "display_id"}, limit, at)
            same = (one for one in shown if number in {str(one.display_id), (one.custom_display_id or "").lstrip("#")})
            found += [order for one in same if fits(order := order_snapshot(one))]
            at, limit = at + len(shown), PAGE
            passed = number.isascii() and number.isdigit() and any(one.display_id > int(number) for one in shown)
            if found or passed or not shown or at >= count:
                break
        return found

    async def _list(self, given: dict[str, str], limit: int, at: int) -> tuple[list[ShownOrder], int]:
        asked = {"fields": ORDER_FIELDS, "limit": str(limit), "offset": str(at), **given}
        page = read(_Orders, await self._shop.get("/admin/orders", asked))
        shown = [read(ShownOrder, one) for one in page.orders]
        return [one for one in shown if not one.is_draft_order], page.count

    # ---- what has changed -----------------------------------------------------------------------------------------

    async def changed(self, query: ChangedQuery) -> ChangedPage:
        """By the time of their last change. The cursor holds the last time and who was told of it, and no place."""
        since, seen = _from(query)
        limit = max(1, min(query.limit, MOST))
        asked = {"order": "updated_at", "fields": ORDER_FIELDS, "limit": str(limit + len(seen))}
        if since is not None:
            asked["updated_at[$gte]"] = since
        page = read(_Orders, await self._shop.get("/admin/orders", asked))
        fresh = [one for one in page.orders if one.get("id") not in seen][:limit]
        orders, unreadable = list[OrderSnapshot](), list[str]()
        for one in fresh:
            try:
                shown = read(ShownOrder, one)
                if not shown.is_draft_order:
                    orders.append(order_snapshot(shown))
            except OutcomeUnknown:
                unreadable.append(str(one.get("id")))
        first = query.cursor is None
        return ChangedPage(
            orders=tuple(orders),
            next_cursor=_after(fresh, seen) if fresh and page.count > len(seen) + len(fresh) else None,
            total=page.count if first else None,
            unreadable=tuple(unreadable),
        )

    # ---- customers ------------------------------------------------------------------------------------------------

    async def customer(self, external_id: str) -> CustomerSnapshot | None:
        """The customer with that id, or None."""
        if not ID.fullmatch(external_id):
            return None
        said = await self._shop.find(f"/admin/customers/{external_id}", {"fields": CUSTOMER_FIELDS})
        if said is None:
            return None
        found = read(ShownCustomer, said.get("customer"))
        if found.id != external_id:
            raise OutcomeUnknown("another customer came back than was asked for")
        return customer_snapshot(found)

    async def customers(self, *, email: str | None, phone: str | None) -> tuple[CustomerSnapshot, ...]:
        """Those with exactly this e-mail (case ignored) and phone; none where neither is given."""
        wanted = email or _tail(phone)
        if not wanted:
            return ()
        asked = {"q": wanted, "fields": CUSTOMER_FIELDS, "limit": str(PAGE)}
        page = read(_Customers, await self._shop.get("/admin/customers", asked))
        found = (customer_snapshot(one) for one in page.customers)
        return tuple(one for one in found if _is(email, one.email) and (phone is None or _dials(phone, one.phone)))

    # ---- products -------------------------------------------------------------------------------------------------

    async def variants(self, product_id: str) -> tuple[Variant, ...] | None:
        """Every variant of a product that has a price; None where the shop has no such product."""
        if not ID.fullmatch(product_id):
            return None
        said = await self._shop.find(f"/admin/products/{product_id}", {"fields": PRODUCT_FIELDS})
        if said is None:
            return None
        product = read(ShownProduct, said.get("product"))
        if product.id != product_id:
            raise OutcomeUnknown("another product came back than was asked for")
        return variants_of(product, await self.currency())

    async def variant(self, variant_id: str) -> Variant | None:
        """The variant of whichever product; None where the shop has none, or no price of it."""
        if not ID.fullmatch(variant_id):
            return None
        said = await self._shop.get("/admin/product-variants", {"id": variant_id, "fields": VARIANT_FIELDS})
        found = [one for one in read(_Variants, said).variants if one.id == variant_id]
        return variant_of(found[0], await self.currency()) if found else None

    async def currency(self) -> str:
        """The currency whose prices are told; asked once for each state of a connection."""
        if self._currency is None:
            said = await self._shop.get("/admin/stores", {"fields": "id,*supported_currencies"})
            listed = [one for store in read(_Stores, said).stores for one in store.supported_currencies]
            found = next((one for one in listed if one.is_default), None)
            if found is None:
                raise Refused("currency_missing", "The shop has no default currency: name one in the connection.")
            self._currency = currency_of(found.currency_code)
        return self._currency


def _digits(phone: str) -> str:
    return re.sub(r"[^0-9]", "", phone)


def _tail(phone: str | None) -> str | None:
    """The digits that stand together however a number is written; None where there are none."""
    return _digits(phone or "")[-4:] or None


def _is(wanted: str | None, found: str | None) -> bool:
    return wanted is None or (found is not None and wanted.casefold() == found.casefold())


def _dials(wanted: str, found: str | None) -> bool:
    return bool(_digits(wanted)) and _digits(wanted) == _digits(found or "")


def _fits(query: OrderQuery) -> Callable[[OrderSnapshot], bool]:
    """Whether an order has all that is asked for."""

    def fits(order: OrderSnapshot) -> bool:
        customer = order.customer.external_id if order.customer else None
        return (
            _is(query.email, order.email)
            and (query.phone is None or _dials(query.phone, order.phone))
            and query.customer_id in {None, customer}
        )

    return fits


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not re.fullmatch(r"[0-9]{1,9}", cursor, re.ASCII):
        raise Refused("cursor_invalid", "Medusa does not take the cursor.")
    return int(cursor)


def _from(query: ChangedQuery) -> tuple[str | None, frozenset[str]]:
    """From when on, and the orders that were told of that very moment."""
    if query.cursor is None:
        return (None if query.since is None else _written(query.since)), frozenset()
    try:
        since, seen = json.loads(query.cursor)
        return _written(datetime.fromisoformat(since)), frozenset(str(one) for one in seen)
    except (ValueError, TypeError) as error:
        raise Refused("cursor_invalid", "Medusa does not take the cursor.") from error


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _after(fresh: list[dict[str, Any]], seen: frozenset[str]) -> str:
    """The cursor behind these: who stands at the last moment, so that others of it are not passed over."""
    last = moment(str(fresh[-1].get("updated_at")))
    there = [str(one.get("id")) for one in fresh if moment(str(one.get("updated_at"))) == last]
    if len(there) == len(fresh):  # all of one moment, as those before them may have been
        there = [*seen, *there]
    if len(there) > SEEN:
        raise OutcomeUnknown("more orders changed in one moment than can be told apart")
    return json.dumps([_written(last), there])
