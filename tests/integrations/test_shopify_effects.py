"""What Shopify's adapter has done, it has done once, over the real schema executed: a lost answer is found."""

from __future__ import annotations

import pytest

from app.integrations.commerce.contract import (
    Address,
    ChangeAddress,
    ChangeCustomer,
    ChangePaymentMethod,
    CloseReturn,
    LineSwap,
    SwapItems,
)
from app.integrations.commerce.shopify import Shopify, connect
from app.integrations.errors import OutcomeUnknown, Refused
from tests.integrations.faulty import AFTER, BEFORE
from tests.integrations.shopify_connected import back, cancel, swap_of, tail

BERLIN = Address(name="Anna Maria Keller", address1="Nebenstraße 2", city="Potsdam", country_code="DE",
                 postal_code="14467")  # fmt: skip


@pytest.fixture
def server(shopify_server):
    return shopify_server


@pytest.fixture
def shop(shopify_account) -> Shopify:
    return connect(shopify_account())["commerce"]


# ---- canceling ---------------------------------------------------------------------------------------------------


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


async def test_an_edit_that_lands_while_it_is_tried_again_is_not_made_twice(server, shop):
    order = server.order()
    command = swap_of(server, order)
    server.faults.plan("POST", "orderEditCommit", "reset_before")
    with pytest.raises(OutcomeUnknown):
        await shop.apply(command)
    [session] = server.mutations.sessions
    commit, root = server.mutations.orderEditCommit, type(server.mutations)

    def late(id: str, **more):  # noqa: A002  the schema's argument has that name
        server.mutations.orderEditCommit = commit
        commit(session)  # the first try's, a moment before
        return root.orderEditCommit(server.mutations, id, **more)

    server.mutations.orderEditCommit = late
    assert (await shop.apply(command)).status == "succeeded"
    assert (order.lines[0].currentQuantity, len(server.mutations.effects("edit"))) == (1, 1)


@pytest.mark.parametrize("effect", ["orderCancel", "orderEditCommit", "returnCreate", "returnCancel"])
async def test_a_look_that_is_throttled_after_an_effect_does_not_say_that_nothing_happened(server, shop, effect):
    """As a no connection, or a breaker that has opened, in between would."""
    order = server.order()
    told = {"orderCancel": (shop.cancel_order, cancel(order)), "orderEditCommit": (shop.apply, swap_of(server, order))}
    if effect.startswith("return"):
        server.sent(order)
        told = {"returnCreate": (shop.apply, back(order))}
    if effect == "returnCancel":
        await shop.apply(back(order))
        told = {effect: (shop.apply, CloseReturn(key="opr_2", order_id=tail(order.id), rma="RMA-1"))}
    run, command = told[effect]
    before = getattr(server.mutations, effect)

    def then_throttled(**given):
        for _ in range(3):
            server.faults.plan("POST", "order", (429, {"errors": "Exceeded"}, {"Retry-After": "1"}))
        return before(**given)

    setattr(server.mutations, effect, then_throttled)
    with pytest.raises(OutcomeUnknown) as caught:
        await run(command)
    assert type(caught.value) is OutcomeUnknown
    assert len(server.mutations.ledger) == (2 if effect == "returnCancel" else 1)


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


async def test_another_customer_than_was_asked_for_is_not_changed(server, shop):
    mine, other = server.customer(), server.customer("mia@example.com")
    server.customers[mine.id] = other
    command = ChangeCustomer(key="opr_1", customer_id=tail(mine.id), email="new@example.com")
    with pytest.raises(OutcomeUnknown):
        await shop.apply(command)
    assert (other.email, server.mutations.ledger) == ("mia@example.com", [])
