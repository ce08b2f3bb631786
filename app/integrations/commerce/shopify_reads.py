"""What is read from a shop: orders by id and by what they are known by, customers, variants.

One order, or up to three at once, is one query: the more orders, the fewer lines of each are asked for, so that the
query stays under Shopify's ceiling. An order with more than that is read by itself and its lines in pages.
"""

from __future__ import annotations

import asyncio
from typing import Any

from app.integrations.commerce import shopify_documents as documents
from app.integrations.commerce.contract import CustomerSnapshot, OrderPage, OrderQuery, OrderSnapshot, Variant
from app.integrations.commerce.shopify_ledger import RefundOf, Transaction
from app.integrations.commerce.shopify_orders import (
    customer_snapshot,
    order_snapshot,
    parcels_in_whole,
    refunds_in_whole,
    variant_of,
)
from app.integrations.commerce.shopify_shown import Lines, ShownCustomer, ShownOrder, ShownParcel, ShownVariant
from app.integrations.commerce.shopify_wire import Page, Shop, Shown, gid, number, read
from app.integrations.errors import OutcomeUnknown

ONE = {"lines": 12, "parcels": 5, "held": 12, "refunds": 4, "parts": 15, "transactions": 12}
FEW = {"lines": 6, "parcels": 3, "held": 6, "refunds": 3, "parts": 3, "transactions": 6}
"""How much of an order one query asks for: of one, and of each of three."""
PARCELS = {"parcels": 20, "held": 20}
REFUNDS = ({"refunds": 20, "parts": 7}, {"refunds": 5, "parts": 30})
TRANSACTIONS = {"transactions": 100}
"""How much of one part alone, where that was not enough."""
AT_ONCE = 3
"""Orders that are read in whole in one query; more are listed first and read one by one."""
TOGETHER = 4
"""Orders of a long list that are read at the same time."""
PAGES = 50
LINES = 50


class TooLong(OutcomeUnknown):
    """An order of which more is there than we can ask for: it is as long the next time."""


class _Orders(Shown):
    nodes: list[ShownOrder]
    pageInfo: Page  # noqa: N815


class _Id(Shown):
    id: str


class _Listed(Shown):
    nodes: list[_Id]
    pageInfo: Page  # noqa: N815


class _Shop(Shown):
    currencyCode: str  # noqa: N815


class _Variants(Shown):
    nodes: list[ShownVariant]
    pageInfo: Page  # noqa: N815


class _Product(Shown):
    variants: _Variants


class _OrderLines(Shown):
    lineItems: Lines  # noqa: N815


class _OrderParcels(Shown):
    fulfillments: list[ShownParcel]


class _OrderRefunds(Shown):
    refunds: list[RefundOf]


class _OrderTransactions(Shown):
    transactions: list[Transaction]


class _Customers(Shown):
    nodes: list[ShownCustomer]


class Reads:
    """Reading one shop."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def order(self, external_id: str) -> OrderSnapshot | None:
        """The order with that id, or None; one query unless it is a long one."""
        wanted = gid("Order", external_id)
        if wanted is None:
            return None
        found = await self._read(wanted, ONE)
        return None if found is None else await self._in_whole(found, ONE)

    async def orders(self, query: OrderQuery) -> OrderPage:
        """Orders that match, newest first."""
        wanted = await self._search(query)
        if wanted is None:
            return OrderPage(orders=())
        first = max(1, min(query.limit, 50))
        if first <= AT_ONCE:
            said = await self._shop.ask(documents.FIND_ORDERS, query=wanted, first=first, after=query.cursor, **FEW)
            page = read(_Orders, said.get("orders"))
            orders = [await self._in_whole(order, FEW) for order in page.nodes]
            info = page.pageInfo
        else:
            said = await self._shop.ask(documents.LIST_ORDERS, query=wanted, first=first, after=query.cursor)
            listed = read(_Listed, said.get("orders"))
            orders, info = await self._each([one.id for one in listed.nodes]), listed.pageInfo
        fitting = tuple(order for order in orders if _fits(order, query))
        return OrderPage(orders=fitting, next_cursor=info.endCursor if info.hasNextPage else None)

    async def customer(self, external_id: str) -> CustomerSnapshot | None:
        """The customer with that id, or None."""
        wanted = gid("Customer", external_id)
        said = None if wanted is None else (await self._shop.ask(documents.GET_CUSTOMER, id=wanted)).get("customer")
        if said is None:
            return None
        found = customer_snapshot(read(ShownCustomer, said))
        if found.external_id != external_id:
            raise OutcomeUnknown("another customer came back than was asked for")
        return found

    async def customers(self, *, email: str | None, phone: str | None) -> tuple[CustomerSnapshot, ...]:
        """Customers with exactly this e-mail (case ignored) and phone; none where neither is given."""
        terms = [f"{name}:{_quoted(value)}" for name, value in (("email", email), ("phone", phone)) if value]
        if not terms:
            return ()
        said = await self._shop.ask(documents.FIND_CUSTOMERS, query=" AND ".join(terms))
        found = [customer_snapshot(one) for one in read(_Customers, said.get("customers")).nodes]
        return tuple(
            one
            for one in found
            if (email is None or _same(one.email, email)) and (phone is None or _digits(one.phone) == _digits(phone))
        )

    async def variant(self, variant_id: str) -> Variant | None:
        """The variant of whichever product, or None."""
        wanted = gid("ProductVariant", variant_id)
        if wanted is None:
            return None
        said = await self._shop.ask(documents.GET_VARIANT, id=wanted)
        if said.get("productVariant") is None:
            return None
        found = variant_of(read(ShownVariant, said["productVariant"]), read(_Shop, said.get("shop")).currencyCode)
        if found.external_id != variant_id:
            raise OutcomeUnknown("another variant came back than was asked for")
        return found

    async def variants(self, product_id: str) -> tuple[Variant, ...] | None:
        """Every variant of a product; None where there is no such product."""
        wanted, found = gid("Product", product_id), list[Variant]()
        after: str | None = None
        for _ in range(PAGES if wanted else 0):
            said = await self._shop.ask(documents.GET_VARIANTS, id=wanted, after=after)
            if said.get("product") is None:
                return None
            page, currency = read(_Product, said["product"]).variants, read(_Shop, said.get("shop")).currencyCode
            found += [variant_of(one, currency) for one in page.nodes]
            after = page.pageInfo.endCursor
            if not page.pageInfo.hasNextPage:
                break
        if wanted is None:
            return None
        if any(one.product_id != product_id for one in found):
            raise OutcomeUnknown("another product came back than was asked for")
        return tuple(found)

    # ---- orders ---------------------------------------------------------------------------------------------------

    async def _read(self, wanted: str, sizes: dict[str, int]) -> ShownOrder | None:
        said = (await self._shop.ask(documents.GET_ORDER, id=wanted, **sizes)).get("order")
        if said is None:
            return None
        found = read(ShownOrder, said)
        if found.id != wanted:
            raise OutcomeUnknown("another order came back than was asked for")
        return found

    async def _in_whole(self, order: ShownOrder, sizes: dict[str, int]) -> OrderSnapshot:
        """The order with what the query left out of it."""
        found: dict[str, Any] = {}
        if not parcels_in_whole(order.fulfillments, sizes["parcels"]):
            found["fulfillments"] = await self._parcels(order.id)
        if not refunds_in_whole(order.refunds, sizes["refunds"]):
            found["refunds"] = await self._refunds(order.id)
        if len(order.transactions) >= sizes["transactions"]:
            found["transactions"] = await self._transactions(order.id)
        if order.lineItems.pageInfo.hasNextPage:
            found["lineItems"] = await self._lines(order)
        return order_snapshot(order.model_copy(update=found))

    async def _parcels(self, order_id: str) -> list[ShownParcel]:
        said = await self._shop.ask(documents.MORE_PARCELS, id=order_id, **PARCELS)
        found = read(_OrderParcels, said.get("order")).fulfillments
        if not parcels_in_whole(found, PARCELS["parcels"]):
            raise TooLong("the order has more parcels than can be read")
        return found

    async def _refunds(self, order_id: str) -> list[RefundOf]:
        for sizes in REFUNDS:
            said = await self._shop.ask(documents.MORE_REFUNDS, id=order_id, **sizes)
            found = read(_OrderRefunds, said.get("order")).refunds
            if refunds_in_whole(found, sizes["refunds"]):
                return found
        raise TooLong("the order has more refunds than can be read")

    async def _transactions(self, order_id: str) -> list[Transaction]:
        said = await self._shop.ask(documents.MORE_TRANSACTIONS, id=order_id, **TRANSACTIONS)
        found = read(_OrderTransactions, said.get("order")).transactions
        if len(found) >= TRANSACTIONS["transactions"]:
            raise TooLong("the order has more transactions than can be read")
        return found

    async def _lines(self, order: ShownOrder) -> Lines:
        lines, page = list(order.lineItems.nodes), order.lineItems.pageInfo
        for _ in range(PAGES):
            if not page.hasNextPage:
                return order.lineItems.model_copy(update={"nodes": lines})
            asked: dict[str, Any] = {"id": order.id, "first": LINES, "after": page.endCursor}
            more = read(_OrderLines, (await self._shop.ask(documents.MORE_LINES, **asked)).get("order")).lineItems
            lines, page = [*lines, *more.nodes], more.pageInfo
        raise TooLong("the order has more lines than can be read")

    async def _each(self, ids: list[str]) -> list[OrderSnapshot]:
        found: list[OrderSnapshot] = []
        for at in range(0, len(ids), TOGETHER):
            chunk = [self.order(number(one, "Order")) for one in ids[at : at + TOGETHER]]
            found += [order for order in await asyncio.gather(*chunk) if order is not None]
        return found

    async def _search(self, query: OrderQuery) -> str | None:
        """The query in Shopify's search syntax; None where nothing can match. Orders are not searched by phone."""
        terms: list[str] = []
        if query.number:
            terms.append(f"name:{_quoted(_number(query.number))}")
        if query.email:
            terms.append(f"email:{_quoted(query.email)}")
        if query.customer_id:
            if gid("Customer", query.customer_id) is None:
                return None
            terms.append(f"customer_id:{query.customer_id}")
        elif query.phone and not (query.number or query.email):
            customers = await self.customers(email=None, phone=query.phone)
            if not customers:
                return None
            terms.append("(" + " OR ".join(f"customer_id:{one.external_id}" for one in customers) + ")")
        return " AND ".join(terms)


def _quoted(value: str) -> str:
    escaped = value.strip().replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _number(text: str) -> str:
    return text.strip().removeprefix("#").strip()


def _same(one: str | None, other: str) -> bool:
    return one is not None and one.strip().casefold() == other.strip().casefold()


def _digits(text: str | None) -> str:
    return "".join(sign for sign in text or "" if sign.isdecimal())


def _fits(order: OrderSnapshot, query: OrderQuery) -> bool:
    """Whether what Shopify's search found is what was asked for: it matches parts of words."""
    customer = order.customer
    emails = (order.email, customer.email if customer else None)
    phones = (order.phone, customer.phone if customer else None)
    return (
        (not query.number or _same(_number(order.number), _number(query.number)))
        and (not query.email or any(_same(email, query.email) for email in emails))
        and (not query.phone or _digits(query.phone) in {_digits(phone) for phone in phones if phone})
        and (not query.customer_id or (customer is not None and customer.external_id == query.customer_id))
    )
