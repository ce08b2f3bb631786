"""Labels of returns are told to Shopify once, and an exchange's goods go out early once, whatever gets lost."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from app.integrations.commerce.contract import AnnounceLabel, LineSwap, OpenExchange, SendExchange
from app.integrations.commerce.shopify import Shopify, connect
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from tests.integrations.faulty import AFTER, BEFORE
from tests.integrations.shopify_connected import back, tail

NUMBER = "1ZRETURN01"


@pytest.fixture
def server(shopify_server):
    return shopify_server


@pytest.fixture
def shop(shopify_account) -> Shopify:
    return connect(shopify_account())["commerce"]


@pytest.fixture
async def returned(server, shop):
    """An order with a return that Shopify expects."""
    order = server.order()
    server.sent(order)
    await shop.apply(back(order))
    return order


def label(order, number: str = NUMBER, **more) -> AnnounceLabel:
    url = f"https://www.ups.com/track?tracknum={number}"
    return AnnounceLabel(key="opr_2", order_id=tail(order.id), rma="RMA-1", tracking_number=number, tracking_url=url,
                         label_id="lbl", file=b"%PDF-1.7 label", **more)  # fmt: skip


@pytest.fixture
async def exchanged(server, shop):
    """An order with an exchange that Shopify expects."""
    order = server.order()
    server.sent(order)
    variant = next(iter(server.products.values())).variants[1]
    swap = LineSwap(line_id=tail(order.lines[0].id), variant_id=tail(variant.id), quantity=2)
    await shop.apply(OpenExchange(key="opr_1", order_id=tail(order.id), rma="RMA-1", swaps=(swap,),
                                  payment_method_id=None, difference=0, currency="EUR"))  # fmt: skip
    return order


def send(order) -> SendExchange:
    return SendExchange(key="opr_2", order_id=tail(order.id), rma="RMA-1")


# ---- labels -------------------------------------------------------------------------------------------------------


async def test_a_label_is_told_once_with_its_number_and_its_file(server, shop, returned):
    assert await shop.find_applied(label(returned)) is None
    told = await shop.apply(label(returned))
    assert (told.status, told.evidence["deliveries"]) == ("succeeded", 1)
    assert await shop.apply(label(returned)) == told == await shop.find_applied(label(returned))
    [made] = server.mutations.effects("delivery")
    assert (made["number"], made["label"]) == (NUMBER, b"%PDF-1.7 label")
    [delivery] = returned.back[0].groups[0].deliveries
    assert delivery.deliverable.tracking["url"].endswith(NUMBER)


async def test_a_label_of_which_only_the_number_is_known_is_told_without_a_file(server, shop, returned):
    bare = AnnounceLabel(key="opr_2", order_id=tail(returned.id), rma="RMA-1", tracking_number=NUMBER)
    assert (await shop.apply(bare)).status == "succeeded"
    assert server.mutations.effects("delivery") == [{"name": "#1001-R1", "number": NUMBER, "label": None}]


async def test_a_label_in_the_place_of_another_changes_what_was_told(server, shop, returned):
    await shop.apply(label(returned))
    await shop.apply(label(returned, "1ZRETURN02", replaces=(NUMBER,)))
    assert [one["number"] for one in server.mutations.effects("delivery_update")] == ["1ZRETURN02"]
    assert len(returned.back[0].groups[0].deliveries) == 1
    await shop.apply(label(returned, "1ZRETURN03"))  # another parcel's
    assert [one["number"] for one in server.mutations.effects("delivery")] == [NUMBER, "1ZRETURN03"]


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
async def test_a_label_whose_answer_is_lost_is_told_once(server, shop, returned, fault):
    server.faults.plan("POST", "reverseDeliveryCreateWithShipping", fault)
    with pytest.raises(OutcomeUnknown):
        await shop.apply(label(returned))
    assert (await shop.find_applied(label(returned)) is None) is (fault in BEFORE)
    assert (await shop.apply(label(returned))).status == "succeeded"
    assert len(server.mutations.effects("delivery")) == 1


async def test_a_return_to_two_locations_that_breaks_off_in_the_middle_is_gone_on_with(server, shop):
    server.mutations.locations = 2
    order = server.order()
    server.sent(order)
    await shop.apply(back(order))
    server.faults.plan("POST", "reverseDeliveryCreateWithShipping", None)
    server.faults.plan("POST", "reverseDeliveryCreateWithShipping", "reset_before")
    with pytest.raises(OutcomeUnknown):
        await shop.apply(label(order))
    assert len(server.mutations.effects("delivery")) == 1
    assert await shop.find_applied(label(order)) is None
    assert (await shop.apply(label(order))).evidence["deliveries"] == 2
    assert [len(group.deliveries) for group in order.back[0].groups] == [1, 1]


async def test_a_file_that_cannot_be_handed_over_leaves_nothing_behind(server, shop, returned):
    server.faults.plan("POST", "staged", "reset_before")
    with pytest.raises(NotExecuted) as caught:
        await shop.apply(label(returned))
    assert "staged" not in str(caught.value.evidence)  # the address is a key to the label
    assert server.mutations.effects("delivery") == []
    assert (await shop.apply(label(returned))).status == "succeeded"


async def test_a_label_that_shopify_does_not_want_is_refused(server, shop, returned):
    unknown = label(returned).model_copy(update={"rma": "RMA-9"})
    with pytest.raises(Refused) as caught:
        await shop.apply(unknown)
    assert caught.value.code == "return_not_found"
    returned.back[0].groups.clear()
    with pytest.raises(NotExecuted):  # Shopify says a moment later where it goes
        await shop.apply(label(returned))
    returned.back[0].status = "CLOSED"
    with pytest.raises(Refused) as caught:
        await shop.apply(label(returned))
    assert (caught.value.code, server.mutations.effects("delivery")) == ("return_not_open", [])


def test_the_file_is_never_kept_with_the_command():
    command = AnnounceLabel(key="k", order_id="1", rma="R", tracking_number="1Z", file=b"%PDF secret")
    assert "file" not in command.model_dump(mode="json")
    assert "secret" not in repr(command)


# ---- early sending ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("holds", [(), ("AWAITING_PAYMENT",), ("AWAITING_RETURN_ITEMS", "AWAITING_PAYMENT")])
async def test_an_exchange_goes_out_once_before_its_goods_are_back(server, shop, exchanged, holds):
    server.mutations.holds = holds
    assert await shop.find_applied(send(exchanged)) is None
    sent = await shop.apply(send(exchanged))
    assert (sent.status, sent.evidence["held"]) == ("succeeded", [])
    assert await shop.apply(send(exchanged)) == sent == await shop.find_applied(send(exchanged))
    assert server.mutations.effects("send") == [{"name": "#1001-R1", "items": [("Lamp", 2)]}]
    assert [work.status for work in exchanged.works] == ["OPEN"]
    assert (exchanged.back[0].status, server.moved(exchanged)) == ("OPEN", 0)


async def test_what_is_held_for_another_reason_stays_held(server, shop, exchanged):
    server.mutations.holds = ("HIGH_RISK_OF_FRAUD", "AWAITING_PAYMENT")
    sent = await shop.apply(send(exchanged))
    assert (sent.status, sent.evidence["held"]) == ("succeeded", ["HIGH_RISK_OF_FRAUD"])
    assert [one["reasons"] for one in server.mutations.effects("release")] == [["AWAITING_PAYMENT"]]


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
@pytest.mark.parametrize("field", ["returnProcess", "fulfillmentOrderReleaseHold"])
async def test_goods_whose_sending_gets_lost_are_sent_once(server, shop, exchanged, fault, field):
    server.faults.plan("POST", field, fault)
    with pytest.raises(OutcomeUnknown):
        await shop.apply(send(exchanged))
    done = field == "fulfillmentOrderReleaseHold" and fault in AFTER
    assert (await shop.find_applied(send(exchanged)) is not None) is done
    assert (await shop.apply(send(exchanged))).status == "succeeded"
    assert len(server.mutations.effects("send")) == 1
    assert len(exchanged.works) == 1


async def test_part_that_was_processed_there_is_not_processed_again(server, shop, exchanged):
    [swap] = exchanged.back[0].swaps
    server.mutations.returnProcess(
        {"returnId": exchanged.back[0].id, "exchangeLineItems": [{"id": swap["id"], "quantity": 1}]}
    )
    assert await shop.find_applied(send(exchanged)) is None
    assert (await shop.apply(send(exchanged))).status == "succeeded"
    assert [one["items"] for one in server.mutations.effects("send")] == [[("Lamp", 1)], [("Lamp", 1)]]


async def test_a_token_that_may_not_let_goods_go_begins_nothing(server, shop, exchanged):
    exchanged.unseen = True
    with pytest.raises(Refused) as caught:
        await shop.apply(send(exchanged))
    assert (caught.value.code, server.mutations.effects("send")) == ("provider_unauthorized", [])


async def test_what_is_processed_and_cannot_be_let_go_is_no_refusal(server, shop, exchanged):
    """They are owed: somebody in Shopify lets them go, and then it is a yes."""
    server.denied.add("fulfillmentOrderReleaseHold")
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await shop.apply(send(exchanged))
        assert await shop.find_applied(send(exchanged)) is None
    assert len(server.mutations.effects("send")) == 1
    exchanged.works[0].fulfillmentHolds.clear()
    assert (await shop.find_applied(send(exchanged))).status == "succeeded"


async def test_an_exchange_that_is_not_there_or_has_ended_is_refused(server, shop, exchanged):
    for status, rma, code in (("OPEN", "RMA-9", "return_not_found"), ("CANCELED", "RMA-1", "return_not_open")):
        exchanged.back[0].status = status
        with pytest.raises(Refused) as caught:
            await shop.apply(send(exchanged).model_copy(update={"rma": rma}))
        assert caught.value.code == code
    assert server.mutations.effects("send") == []


async def test_a_return_that_replaces_nothing_sends_nothing(server, shop, returned):
    with pytest.raises(Refused) as caught:
        await shop.apply(send(returned))
    assert caught.value.code == "return_not_found"


# ---- killed -------------------------------------------------------------------------------------------------------


async def killed(server, shop, command, at: int) -> bool:
    """Whether it came to an end; else it was killed once the shop had done what its call number `at` asked for."""
    task, answered, calls = asyncio.create_task(shop.apply(command)), server._answered, 0

    def counting(*asked):
        nonlocal calls
        body, calls = answered(*asked), calls + 1
        if calls == at:
            task.cancel()
        return body

    server._answered = counting
    with contextlib.suppress(asyncio.CancelledError):
        await task
    server._answered = answered
    return not task.cancelled()


@pytest.mark.parametrize("command", [label, send])
async def test_killed_after_any_call_it_has_happened_once(server, shopify_account, command):
    """Whoever takes it over looks first, with nothing of what the one before knew."""
    at, ended = 0, False
    while not ended:
        at += 1
        shop = connect(shopify_account())["commerce"]
        order = server.order(f"#{2000 + at}")
        server.sent(order)
        variant = next(iter(server.products.values())).variants[1]
        swap = LineSwap(line_id=tail(order.lines[0].id), variant_id=tail(variant.id), quantity=2)
        await shop.apply(OpenExchange(key="opr_1", order_id=tail(order.id), rma="RMA-1", swaps=(swap,),
                                      payment_method_id=None, difference=0, currency="EUR"))  # fmt: skip
        ended = await killed(server, shop, command(order), at)
        taker = connect(shopify_account())["commerce"]
        found = await taker.find_applied(command(order)) or await taker.apply(command(order))
        assert found.status == "succeeded"
        [made] = [one for one in order.back if one.exchangeLineItems]
        assert (len(made.groups[0].deliveries), len(order.works)) == ((1, 0) if command is label else (0, 1))
    assert at > 4
