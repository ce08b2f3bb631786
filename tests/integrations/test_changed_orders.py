"""Orders by the time of their last change, as whoever keeps a copy of them reads them: the sandbox's and Shopify's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.integrations.commerce.contract import ChangedQuery
from app.integrations.commerce.sandbox import SandboxCommerce
from app.integrations.commerce.shopify import connect
from app.integrations.errors import OutcomeUnknown, Refused
from app.integrations.http import Http, load
from tests.integrations.shopify_connected import tail


async def pages(shop: Any, limit: int, since: datetime | None = None) -> list[list[str]]:
    """The ids of each page, to the end."""
    found: list[list[str]] = []
    cursor: str | None = None
    while True:
        page = await shop.changed_orders(ChangedQuery(since=since, limit=limit, cursor=cursor))
        found.append([order.external_id for order in page.orders])
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.fixture
async def sandbox(sandbox_url, shop):
    load()
    http = Http(sandbox_url)
    yield SandboxCommerce(http, shop.shop, timeout=5.0)
    await http.aclose()


async def test_the_sandbox_lists_by_change_and_an_order_that_changes_comes_last(sandbox, shop):
    first = await pages(sandbox, 1)
    ids = [order for page in first for order in page]
    assert ids == sorted(ids)
    assert all(len(page) == 1 for page in first)
    before = datetime.now(UTC)
    shop.post("/sandbox/v1/outside-refunds", {"payment_id": "pay-1", "amount": 5, "currency": "EUR", "reason": "x"})
    assert await pages(sandbox, 50, since=before) == [["ord-1"]]
    assert (await pages(sandbox, 50))[0][-1] == "ord-1"


async def test_whatever_belongs_to_an_order_touches_it(sandbox, shop):
    def changed() -> datetime:
        return datetime.now(UTC)

    at = changed()
    shop.post("/shop/v1/customers/cust-1/changes", {"name": "Mia B."}, key="k-name")
    theirs = {order for page in await pages(sandbox, 50, since=at) for order in page}
    assert {"ord-1", "ord-2"} <= theirs
    at = changed()
    shop.post("/shop/v1/orders/ord-2/cancel", {"reason": "changed my mind"}, key="k-cancel")
    assert await pages(sandbox, 50, since=at) == [["ord-2"]]
    at = changed()
    assert await pages(sandbox, 50, since=at) == [[]]
    shop.post("/sandbox/v1/reset")
    assert len((await pages(sandbox, 50, since=at))[0]) >= 2


async def test_the_sandbox_tells_how_many_there_are_and_refuses_rubbish(sandbox):
    page = await sandbox.changed_orders(ChangedQuery(limit=1))
    every = await sandbox.changed_orders(ChangedQuery(limit=50))
    assert page.total == every.total == len(every.orders)
    with pytest.raises(Refused) as refused:
        await sandbox.changed_orders(ChangedQuery(cursor="no cursor"))
    assert refused.value.code == "cursor_invalid"


async def test_the_sandbox_is_away(sandbox, shop):
    shop.fault("changed_orders", "reset")
    with pytest.raises(OutcomeUnknown):
        await sandbox.changed_orders(ChangedQuery())


# ---- Shopify -----------------------------------------------------------------------------------------------------


@pytest.fixture
def shopify(shopify_account):
    return connect(shopify_account())["commerce"]


async def test_shopify_lists_by_change_page_by_page(shopify_server, shopify):
    orders = [shopify_server.order(f"#{1000 + at}", updatedAt=f"2026-11-{20 - at:02d}T10:00:00Z") for at in range(7)]
    newest_last = [tail(order.id) for order in reversed(orders)]
    assert await pages(shopify, 3) == [newest_last[:3], newest_last[3:6], newest_last[6:]]
    since = datetime(2026, 11, 18, 12, tzinfo=UTC) - timedelta(hours=2)
    assert await pages(shopify, 3, since=since) == [newest_last[4:]]


async def test_shopify_counts_once_and_reads_each_order_in_whole(shopify_server, shopify):
    for at in range(3):
        shopify_server.order(f"#{1000 + at}", quantities=(1,) * 20)
    page = await shopify.changed_orders(ChangedQuery(limit=2))
    assert (page.total, [len(order.lines) for order in page.orders]) == (3, [20, 20])
    page = await shopify.changed_orders(ChangedQuery(limit=2, cursor=page.next_cursor))
    assert (page.total, len(page.orders), page.next_cursor) == (None, 1, None)


async def test_an_order_that_shopify_cannot_tell_in_whole_is_named_and_holds_nothing_up(shopify_server, shopify):
    long, short = shopify_server.order("#1000"), shopify_server.order("#1001")
    for _ in range(25):
        shopify_server.sent(long)
    page = await shopify.changed_orders(ChangedQuery())
    assert page.unreadable == (tail(long.id),)
    assert [order.external_id for order in page.orders] == [tail(short.id)]


async def test_a_cursor_that_shopify_does_not_take_is_told_from_a_token_that_may_not(shopify_server, shopify):
    shopify_server.order()
    invalid = {"errors": [{"message": "no such cursor", "extensions": {"code": "INVALID_VARIABLE"}}]}
    shopify_server.faults.plan("POST", "orders", (200, invalid, {}))
    with pytest.raises(Refused) as refused:
        await shopify.changed_orders(ChangedQuery(cursor="x"))
    assert refused.value.code == "cursor_invalid"
    shopify_server.denied.add("orders")
    with pytest.raises(Refused) as refused:
        await shopify.changed_orders(ChangedQuery())
    assert refused.value.code == "provider_unauthorized"
