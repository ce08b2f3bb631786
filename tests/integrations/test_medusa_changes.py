"""Items swapped and exchanges opened at Medusa: once for a key, and nothing of ours is left open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.integrations.commerce.contract import CloseReturn, LineSwap, OpenExchange, SwapItems
from app.integrations.commerce.medusa import Medusa, shop_of
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.integrations.http import load
from tests.integrations.faulty import served
from tests.integrations.medusa_changes import MedusaChanges
from tests.integrations.test_medusa import account


@pytest.fixture
async def server(specs: Path) -> AsyncIterator[MedusaChanges]:
    load()
    made = MedusaChanges(specs)
    async with served(made.app()) as made.url:
        yield made


@pytest.fixture
async def shop(server: MedusaChanges) -> AsyncIterator[Medusa]:
    made = account(server.url)
    yield Medusa(shop_of(made))
    await made.close()


def line(server: MedusaChanges, variant: str) -> str:
    return next(item["id"] for item in server.orders["order_1"]["items"] if item["variant_id"] == variant)


def swap(server: MedusaChanges, key: str = "opr_1", to: str = "variant_M") -> SwapItems:
    swaps = (
        LineSwap(line_id=line(server, "variant_S"), variant_id=to, quantity=2),
        LineSwap(line_id=line(server, "variant_M"), variant_id="variant_S", quantity=1),
    )
    return SwapItems(key=key, order_id="order_1", swaps=swaps)


def exchange(server: MedusaChanges, key: str = "opr_1", to: str = "variant_M") -> OpenExchange:
    swaps = (LineSwap(line_id=line(server, "variant_S"), variant_id=to, quantity=1),)
    return OpenExchange(
        key=key, order_id="order_1", rma="RMA-1", swaps=swaps, payment_method_id=None, difference=450, currency="USD"
    )


async def test_items_are_swapped_once_and_the_new_lines_are_told_in_the_order_of_the_swaps(server, shop):
    order = server.order()
    command = swap(server)
    assert await shop.find_applied(command) is None
    made = await shop.apply(command)
    assert (made.status, await shop.apply(command), await shop.find_applied(command)) == ("succeeded", made, made)
    assert made.line_ids == (line(server, "variant_M"), line(server, "variant_S"))
    told = await shop.get_order("order_1")
    assert (sorted(one.quantity for one in told.lines), told.items_changed) == ([1, 2], True)
    assert (server.busy(order), len(server.changes["order_1"])) == (False, 1)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"variant_id": "variant_nope"}, "new_item_not_found"),
        ({"line_id": "ordli_nope"}, "item_not_in_order"),
        ({"quantity": 9}, "item_count_mismatch"),
    ],
)
async def test_a_swap_that_is_refused_changes_nothing_and_leaves_nothing_open(server, shop, changed, code):
    order = server.order()
    command = swap(server)
    swaps = (command.swaps[0].model_copy(update=changed),)
    with pytest.raises(Refused) as caught:
        await shop.apply(command.model_copy(update={"swaps": swaps}))
    assert (caught.value.code, server.busy(order)) == (code, False)
    assert sorted(item["detail"]["quantity"] for item in order["items"]) == [1, 2]


@pytest.mark.parametrize("path", ["", "/order_1/items/item", "/order_1/items", "/order_1/confirm"])
@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "error_after"])
async def test_a_swap_that_breaks_off_leaves_nothing_open_and_is_made_once(server, shop, path, fault):
    order = server.order()
    command = swap(server)
    server.faults.plan("POST", f"/admin/order-edits{path}", fault)
    [ended] = await asyncio.gather(shop.apply(command), return_exceptions=True)
    assert isinstance(ended, OutcomeUnknown) or ended.status == "succeeded"
    assert not server.busy(order)
    assert (await shop.apply(command)).status == "succeeded"
    assert [one["status"] for one in server.changes["order_1"]] == ["confirmed"]


async def test_nothing_is_swapped_once_it_is_sent_or_while_somebody_edits(server, shop):
    order = server.order()
    server.open_change(order, "by hand")
    with pytest.raises(NotExecuted):
        await shop.apply(swap(server))
    server.order(sent=True)
    with pytest.raises(Refused) as caught:
        await shop.apply(swap(server))
    assert caught.value.code == "order_not_pending"


async def test_an_edit_of_ours_that_a_kill_left_open_is_taken_away_first(server, shop):
    order = server.order()
    server.open_change(order, "[aftersale:opr_1]", actions=[], less={})
    assert (await shop.apply(swap(server))).status == "succeeded"
    assert [one["status"] for one in server.changes["order_1"]] == ["confirmed"]


async def test_an_exchange_is_opened_once_and_canceled(server, shop):
    order = server.order(sent=True)
    command = exchange(server)
    made = await shop.apply(command)
    assert (made.status, await shop.apply(command), await shop.find_applied(command)) == ("succeeded", made, made)
    told = await shop.get_order("order_1")
    assert (told.exchange_requested, told.return_requested, server.busy(order)) == (True, False, False)
    close = CloseReturn(key="opr_2", order_id="order_1", rma="RMA-1")
    assert (await shop.apply(close)).status == (await shop.find_applied(close)).status == "succeeded"
    assert not (await shop.get_order("order_1")).exchange_requested
    other = exchange(server, "opr_1").model_copy(
        update={"swaps": (command.swaps[0].model_copy(update={"quantity": 2}),)}
    )
    assert (await shop.find_applied(other)).status == "unknown", "another was asked under the key"


@pytest.mark.parametrize("step", ["", "/inbound/items", "/outbound/items", "/request"])
@pytest.mark.parametrize("fault", ["reset_before", "error_after"])
async def test_an_exchange_that_breaks_off_leaves_nothing_open_and_is_opened_once(server, shop, step, fault):
    order = server.order(sent=True)
    server.faults.plan("POST", f"/admin/exchanges/oexc_1{step}" if step else "/admin/exchanges", fault)
    [ended] = await asyncio.gather(shop.apply(exchange(server)), return_exceptions=True)
    assert isinstance(ended, OutcomeUnknown) or ended.status == "succeeded"
    assert not server.busy(order)
    assert (await shop.apply(exchange(server))).status == "succeeded"
    assert len(server.exchanges) == 1


async def test_an_exchange_for_what_is_not_sold_is_refused_and_leaves_nothing_open(server, shop):
    order = server.order(sent=True)
    with pytest.raises(Refused) as caught:
        await shop.apply(exchange(server, to="variant_nope"))
    assert (caught.value.code, server.busy(order), server.exchanges) == ("new_item_not_found", False, {})
