"""Shopify's orders by the time of their last change: listed in one query, read one by one as everywhere.

A cursor of Shopify's holds the place in the order, not a number: an order that changes meanwhile comes again at the
end, and none is passed over.
"""

from __future__ import annotations

import asyncio
from datetime import UTC

from app.integrations.commerce import shopify_documents as documents
from app.integrations.commerce.contract import ChangedPage, ChangedQuery, OrderSnapshot
from app.integrations.commerce.shopify_reads import TOGETHER, Reads, TooLong
from app.integrations.commerce.shopify_wire import Page, Shop, Shown, number, read
from app.integrations.errors import Refused

MOST = 50


class _Id(Shown):
    id: str


class _Listed(Shown):
    nodes: list[_Id]
    pageInfo: Page  # noqa: N815  Shopify's name


class _Count(Shown):
    count: int


async def changed(shop: Shop, reads: Reads, query: ChangedQuery) -> ChangedPage:
    """What changed longest ago first; an order that is gone when it is read is left out."""
    first = query.cursor is None
    try:
        said = await shop.ask(
            documents.CHANGED_ORDERS,
            query=_search(query),
            first=max(1, min(query.limit, MOST)),
            after=query.cursor,
            counted=first,
        )
    except Refused as refusal:
        if first or refusal.code != "request_invalid":
            raise
        raise Refused("cursor_invalid", "Shopify does not take the cursor.", evidence=refusal.evidence) from refusal
    listed, counted = read(_Listed, said.get("orders")), said.get("ordersCount")
    orders, unreadable = await _each(reads, [number(one.id, "Order") for one in listed.nodes])
    return ChangedPage(
        orders=tuple(orders),
        next_cursor=listed.pageInfo.endCursor if listed.pageInfo.hasNextPage else None,
        total=None if counted is None else read(_Count, counted).count,
        unreadable=tuple(unreadable),
    )


def _search(query: ChangedQuery) -> str:
    if query.since is None:
        return ""
    return f"updated_at:>='{query.since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"


async def _each(reads: Reads, ids: list[str]) -> tuple[list[OrderSnapshot], list[str]]:
    unreadable: list[str] = []

    async def one(external_id: str) -> OrderSnapshot | None:
        try:
            return await reads.order(external_id)
        except TooLong:
            unreadable.append(external_id)
            return None

    found: list[OrderSnapshot] = []
    for at in range(0, len(ids), TOGETHER):
        told = await asyncio.gather(*(one(external_id) for external_id in ids[at : at + TOGETHER]))
        found += [order for order in told if order is not None]
    return found, unreadable
