"""What Shopify's adapter has done, it has done once, over the real schema executed: a lost answer is found."""

from __future__ import annotations

import pytest

from app.integrations.commerce.contract import (
    Address,
    CancelOrder,
    ChangeAddress,
    ChangeCustomer,
    ChangePaymentMethod,
    CloseReturn,
    LineBack,
    LineSwap,
    OpenExchange,
    OpenReturn,
    SwapItems,
)
from app.integrations.commerce.shopify import Shopify, connect
from app.integrations.errors import OutcomeUnknown, Refused
from tests.integrations.faulty import AFTER, BEFORE
from tests.integrations.shopify_connected import tail

BERLIN = Address(name="Anna Maria Keller", address1="Nebenstraße 2", city="Potsdam", country_code="DE",
                 postal_code="14467")  # fmt: skip


@pytest.fixture
def server(shopify_server):
    return shopify_server


@pytest.fixture
def shop(shopify_account) -> Shopify:
    return connect(shopify_account())["commerce"]


# ---- canceling ---------------------------------------------------------------------------------------------------


def cancel(order, key: str = "opr_1") -> CancelOrder:
    return CancelOrder(key=key, order_id=tail(order.id), reason="asked by the shopper")


async def test_an_order_is_canceled_once_without_money(server, shop):
    order = server.order()
    assert await shop.find_cancellation(cancel(order)) is None
    made = await shop.cancel_order(cancel(order))
    assert (made.status, made.external_id) == ("succeeded", tail(order.id))
    assert await shop.cancel_order(cancel(order)) == await shop.find_cancellation(cancel(order))
    [told] = server.mutations.effects("cancel")
    assert told["reason"] == "CUSTOMER"
    read = await shop.get_order(tail(order.id))
    assert (read.status, [line.quantity for line in read.lines], read.totals.refunded) == ("canceled", [2, 1], 0)
    with pytest.raises(Refused) as caught:
        await shop.cancel_order(cancel(order, "opr_2"))
    assert caught.value.code == "order_not_pending"
    assert await shop.find_cancellation(cancel(order, "opr_2")) is None


async def test_a_cancellation_that_takes_its_time_is_pending_and_not_asked_for_again(server, shop):
    order, server.mutations.job_looks = server.order(), 6
    assert (await shop.cancel_order(cancel(order))).status == "pending"
    assert (await shop.find_cancellation(cancel(order))).status == "pending"
    while (found := await shop.find_cancellation(cancel(order))).status == "pending":
        pass
    assert (found.status, len(server.mutations.jobs)) == ("succeeded", 1)


async def test_a_job_that_ends_without_canceling_says_nothing(server, shop):
    order, server.mutations.job_looks = server.order(), -1
    assert (await shop.cancel_order(cancel(order))).status == "pending"
    assert await shop.find_cancellation(cancel(order)) is None
    assert server.mutations.effects("cancel") == []


@pytest.mark.parametrize("fault", AFTER)
async def test_a_cancellation_whose_answer_is_lost_is_found(server, shop, fault):
    order = server.order()
    server.faults.plan("POST", "orderCancel", fault)
    with pytest.raises(OutcomeUnknown):
        await shop.cancel_order(cancel(order))
    assert (await shop.find_cancellation(cancel(order))).status == "succeeded"
    assert (await shop.cancel_order(cancel(order))).status == "succeeded"
    assert len(server.mutations.effects("cancel")) == 1


async def test_what_has_shipped_is_not_canceled_changed_or_edited(server, shop):
    order = server.order()
    server.sent(order)
    swap = LineSwap(line_id=tail(order.lines[0].id), variant_id=tail(next(iter(server.variants))), quantity=1)
    for tried in (
        shop.cancel_order(cancel(order)),
        shop.apply(ChangeAddress(key="opr_2", order_id=tail(order.id), address=BERLIN)),
        shop.apply(SwapItems(key="opr_3", order_id=tail(order.id), swaps=(swap,))),
    ):
        with pytest.raises(Refused) as caught:
            await tried
        assert caught.value.code == "order_not_pending"
    assert server.mutations.ledger == []


# ---- changing ----------------------------------------------------------------------------------------------------


async def test_an_address_is_changed_once_for_a_key(server, shop):
    order = server.order()
    command = ChangeAddress(key="opr_1", order_id=tail(order.id), address=BERLIN)
    assert await shop.find_applied(command) is None
    assert (await shop.apply(command)).status == "succeeded"
    assert (order.shippingAddress["firstName"], order.shippingAddress["lastName"]) == ("Anna Maria", "Keller")
    assert (await shop.get_order(tail(order.id))).shipping_address == BERLIN
    order.shippingAddress["zip"] = "99999"  # somebody else's change
    assert (await shop.apply(command)).status == "succeeded"
    assert (await shop.find_applied(command)).status == "succeeded"
    assert order.shippingAddress["zip"] == "99999"
    assert len(server.mutations.effects("address")) == 1


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
async def test_an_address_whose_answer_is_lost_is_looked_up(server, shop, fault):
    order = server.order()
    command = ChangeAddress(key="opr_1", order_id=tail(order.id), address=BERLIN)
    server.faults.plan("POST", "orderUpdate", fault)
    with pytest.raises(OutcomeUnknown):
        await shop.apply(command)
    assert (await shop.find_applied(command) is None) is (fault in BEFORE)
    assert (await shop.apply(command)).status == "succeeded"
    assert len(server.mutations.effects("address")) == 1


async def test_a_refused_address_is_a_no_with_our_code(server, shop):
    order = server.order()
    bad = BERLIN.model_copy(update={"postal_code": None})
    with pytest.raises(Refused) as caught:
        await shop.apply(ChangeAddress(key="opr_1", order_id=tail(order.id), address=bad))
    assert caught.value.code == "address_invalid"
    nowhere = BERLIN.model_copy(update={"country_code": "XQ"})  # the schema has no such country
    with pytest.raises(Refused) as caught:
        await shop.apply(ChangeAddress(key="opr_2", order_id=tail(order.id), address=nowhere))
    assert caught.value.code == "request_invalid"
    assert server.mutations.ledger == []


def swap_of(server, order, quantity: int = 1, to: int = 1) -> SwapItems:
    variants = next(iter(server.products.values())).variants
    swap = LineSwap(line_id=tail(order.lines[0].id), variant_id=tail(variants[to].id), quantity=quantity)
    return SwapItems(key="opr_1", order_id=tail(order.id), swaps=(swap,))


async def test_items_are_swapped_all_at_once_and_the_new_line_is_told(server, shop):
    order = server.order()
    command = swap_of(server, order)
    assert await shop.find_applied(command) is None
    made = await shop.apply(command)
    new = order.lines[-1]
    assert (made.status, made.line_ids) == ("succeeded", (tail(new.id),))
    assert (order.lines[0].currentQuantity, new.quantity) == (1, 1)
    assert await shop.apply(command) == made == await shop.find_applied(command)
    assert len(server.mutations.effects("edit")) == 1
    read = await shop.get_order(tail(order.id))
    assert ([line.quantity for line in read.lines], read.items_changed) == ([1, 1, 1], True)
    assert read.lines[0].total == 5000


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
@pytest.mark.parametrize("step", ["orderEditBegin", "orderEditSetQuantity", "metafieldsSet", "orderEditCommit"])
async def test_an_edit_that_breaks_anywhere_is_made_once(server, shop, fault, step):
    order = server.order()
    command = swap_of(server, order, 2)
    server.faults.plan("POST", step, fault)
    with pytest.raises(OutcomeUnknown):
        await shop.apply(command)
    done = step == "orderEditCommit" and fault in AFTER
    assert (await shop.find_applied(command) is not None) is done
    assert (await shop.apply(command)).status == "succeeded"
    assert (order.lines[0].currentQuantity, len(order.lines), len(server.mutations.effects("edit"))) == (0, 3, 1)


async def test_an_edit_that_shopify_refuses_changes_nothing(server, shop):
    order = server.order()
    server.variants[next(iter(server.products.values())).variants[2].id].availableForSale = False
    line = tail(order.lines[0].id)
    for command, code in (
        (swap_of(server, order, 3), "item_count_mismatch"),
        (swap_of(server, order, to=2), "new_item_unavailable"),
        (SwapItems(key="k", order_id=tail(order.id), swaps=(LineSwap(line_id="1", variant_id="1", quantity=1),)),
         "item_not_in_order"),
        (SwapItems(key="k", order_id=tail(order.id), swaps=(LineSwap(line_id=line, variant_id="1", quantity=1),)),
         "new_item_not_found"),
        (SwapItems(key="k", order_id="1", swaps=()), "order_not_found"),
    ):  # fmt: skip
        with pytest.raises(Refused) as caught:
            await shop.apply(command)
        assert caught.value.code == code
    assert server.mutations.ledger == []


async def test_an_order_that_somebody_else_edited_meanwhile_is_unknown(server, shop):
    order = server.order()
    command = swap_of(server, order, 2)
    server.faults.plan("POST", "orderEditCommit", "reset_before")
    with pytest.raises(OutcomeUnknown):
        await shop.apply(command)
    order.lines[0].currentQuantity = 1
    for tried in (shop.find_applied(command), shop.apply(command)):
        with pytest.raises(OutcomeUnknown):
            await tried
    assert server.mutations.ledger == []


async def test_a_customer_is_changed_and_a_taken_mail_is_a_no(server, shop):
    anna, _ = server.customer(), server.customer("ben@example.com")
    command = ChangeCustomer(key="opr_1", customer_id=tail(anna.id), address=BERLIN, name="Anna Berg", phone="+4930")
    assert await shop.find_applied(command) is None
    assert (await shop.apply(command)).status == "succeeded"
    assert (anna.displayName, anna.phone, anna.defaultAddress["zip"]) == ("Anna Berg", "+4930", "14467")
    assert (await shop.apply(command)).status == "succeeded"
    assert (await shop.find_applied(command)).status == "succeeded"
    assert len(server.mutations.effects("customer")) == 1
    taken = ChangeCustomer(key="opr_2", customer_id=tail(anna.id), email="ben@example.com")
    with pytest.raises(Refused) as caught:
        await shop.apply(taken)
    assert caught.value.code == "contact_taken"
    with pytest.raises(OutcomeUnknown):  # half of it would stand
        await shop.apply(taken.model_copy(update={"address": BERLIN}))


async def test_what_shopify_cannot_do_is_unsupported(shop):
    command = ChangePaymentMethod(key="opr_1", order_id="1", payment_method_id="card-1")
    with pytest.raises(Refused) as caught:
        await shop.apply(command)
    assert caught.value.code == "unsupported"
    assert await shop.find_applied(command) is None


# ---- returns -----------------------------------------------------------------------------------------------------


def back(order, quantity: int = 1, key: str = "opr_1", rma: str = "RMA-1") -> OpenReturn:
    line = LineBack(line_id=tail(order.lines[0].id), quantity=quantity, reason="damaged")
    return OpenReturn(key=key, order_id=tail(order.id), rma=rma, lines=(line,))


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
