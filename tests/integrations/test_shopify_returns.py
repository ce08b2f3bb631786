"""Returns and exchanges at Shopify are opened once and closed again, over the real schema executed on loopback."""

from __future__ import annotations

import pytest

from app.integrations.commerce.contract import CloseReturn, LineSwap, OpenExchange
from app.integrations.commerce.shopify import Shopify, connect
from app.integrations.errors import OutcomeUnknown, Refused
from tests.integrations.faulty import AFTER, BEFORE
from tests.integrations.shopify_connected import back, tail


@pytest.fixture
def server(shopify_server):
    return shopify_server


@pytest.fixture
def shop(shopify_account) -> Shopify:
    return connect(shopify_account())["commerce"]


async def test_a_return_is_opened_once_found_again_and_closed(server, shop):
    order = server.order()
    server.sent(order)
    assert await shop.find_applied(back(order)) is None
    made = await shop.apply(back(order))
    assert (made.status, made.evidence["name"]) == ("succeeded", "#1001-R1")
    assert await shop.apply(back(order)) == made == await shop.find_applied(back(order))
    [line] = order.back[0].lines
    assert (line.quantity, line.reason, line.returnReasonNote) == (1, "defective", "damaged [aftersale:opr_1:RMA-1]")
    read = await shop.get_order(tail(order.id))
    assert (read.return_requested, read.exchange_requested) == (True, False)
    close = CloseReturn(key="opr_2", order_id=tail(order.id), rma="RMA-1")
    assert await shop.find_applied(close) is None
    assert (await shop.apply(close)).status == "succeeded"
    assert (await shop.apply(close)).status == "succeeded"
    assert (await shop.find_applied(close)).status == "succeeded"
    assert [told["status"] for told in server.mutations.effects("return_ended")] == ["CANCELED"]
    assert (await shop.get_order(tail(order.id))).return_requested is False


async def test_a_return_that_was_worked_on_is_closed_and_not_canceled(server, shop):
    order = server.order()
    server.sent(order)
    await shop.apply(back(order))
    order.back[0].begun = True
    assert (await shop.apply(CloseReturn(key="opr_2", order_id=tail(order.id), rma="RMA-1"))).status == "succeeded"
    assert order.back[0].status == "CLOSED"
    with pytest.raises(Refused) as caught:
        await shop.apply(CloseReturn(key="opr_3", order_id=tail(order.id), rma="RMA-2"))
    assert caught.value.code == "return_not_found"


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
async def test_a_return_whose_answer_is_lost_is_opened_once(server, shop, fault):
    order = server.order()
    server.sent(order)
    server.faults.plan("POST", "returnCreate", fault)
    with pytest.raises(OutcomeUnknown):
        await shop.apply(back(order))
    assert (await shop.find_applied(back(order)) is None) is (fault in BEFORE)
    assert (await shop.apply(back(order))).status == "succeeded"
    assert len(server.mutations.effects("return")) == 1


async def test_a_line_in_two_parcels_comes_back_from_both_and_never_more_than_was_sent(server, shop):
    order = server.order(quantities=(3, 1))
    for parcel, quantity in ((server.sent(order, "A1"), 2), (server.sent(order, "A2"), 1)):
        parcel.lines[0].quantity = quantity
    await shop.apply(back(order, 3))
    assert [line.quantity for line in order.back[0].lines] == [2, 1]
    with pytest.raises(Refused) as caught:
        await shop.apply(back(order, 1, "opr_2", "RMA-2"))
    assert caught.value.code == "item_not_returnable"
    unsent = server.order("#1002")
    with pytest.raises(Refused) as caught:
        await shop.apply(back(unsent))
    assert caught.value.code == "order_not_delivered"


async def test_an_exchange_says_what_goes_out_instead(server, shop):
    order = server.order()
    server.sent(order)
    variant = next(iter(server.products.values())).variants[1]
    swap = LineSwap(line_id=tail(order.lines[0].id), variant_id=tail(variant.id), quantity=2)
    command = OpenExchange(key="opr_1", order_id=tail(order.id), rma="RMA-1", swaps=(swap,), payment_method_id=None,
                           difference=0, currency="EUR")  # fmt: skip
    made = await shop.apply(command)
    assert await shop.apply(command) == made
    assert (made.status, order.back[0].swaps[0]["variantId"]) == ("succeeded", variant.id)
    assert len(server.mutations.effects("exchange")) == 1
    assert (await shop.get_order(tail(order.id))).exchange_requested is True
    other = command.model_copy(update={"swaps": (swap.model_copy(update={"quantity": 1}),)})
    assert (await shop.find_applied(other)).status == "unknown"  # under this key stands something else
    gone = command.model_copy(update={"key": "opr_2", "swaps": (swap.model_copy(update={"variant_id": "x"}),)})
    with pytest.raises(Refused) as caught:
        await shop.apply(gone)
    assert caught.value.code in {"new_item_not_found", "item_not_returnable"}
