"""Refunds on the books: reserved with their intent, counted against what is left, released exactly."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from app import clock
from app.errors import (
    AlreadyCanceled,
    LimitReached,
    NoItems,
    OrderNotFound,
    OrderNotPending,
    ProofRequired,
    ProviderUnavailable,
    ReasonNotAllowed,
    RefundExceedsCaptured,
    RefundNotFound,
)
from app.models.operations import Operation
from app.models.orders import Order, OrderPayment
from app.models.records import Decision
from app.models.refunds import Cancellation, Refund
from app.services import cancellations, refund_views, refunds, tries
from app.services.policy.plain import Caps, Policy
from app.services.refund_quotes import RefundSpec
from app.services.refund_settlements import status_of
from tests.services.money_fixtures import Book, Line, Paid, money, one_database, open_book
from tests.support.spread import KINDS


@pytest.fixture(scope="module", params=KINDS)
async def shared(request, databases, tmp_path_factory):
    with one_database(request.param, databases, tmp_path_factory) as url:
        async with open_book(url) as opened:
            yield opened


@pytest.fixture
def book(shared: Book) -> Book:
    return shared.cleared()


# ---- the intent -----------------------------------------------------------------------------------------------------


async def test_a_refund_is_written_with_its_lines_its_parts_its_operations_and_its_trail(book):
    caller = await book.store()
    paid = [Paid(2500, kind="gift_card", method="pm-gift"), Paid(1000, method="pm-card")]
    order = await book.order(caller, Line(3, 3000, tax=480, discount=30), paid=paid, shipping=500)
    asked = {"lines": ((order.lines[0], 1),), "shipping": True, "reason": "damaged", "note": "a crack"}
    refund = await book.refund(caller, order, **asked)
    shown = await book.view(caller, refund)
    eur = {name: part["amount"] for name, part in shown["breakdown"].items()}
    assert eur == {"items": 850, "tax": 160, "discount": 10, "shipping": 500, "fee": 0}
    assert shown["amount"] == {"amount": 1500, "currency": "EUR"}
    assert shown["amount_refunded"] == {"amount": 0, "currency": "EUR"}
    assert shown["lines"] == [{"line_id": order.lines[0], "quantity": 1, "amount": {"amount": 1000, "currency": "EUR"}}]
    first, second = await book.operations(refund.id)
    assert [(row["payment_id"], row["amount"]["amount"], row["status"]) for row in shown["allocations"]] == [
        (order.payments[0], 1071, "pending"),
        (order.payments[1], 429, "pending"),
    ]
    assert [row["operation_id"] for row in shown["allocations"]] == [first.id, second.id] == shown["operations"]
    assert [row["id"][:4] for row in shown["allocations"]] == ["alc_", "alc_"]
    assert (shown["id"][:4], first.id[:4], second.id[:4]) == ("rfd_", "opr_", "opr_")
    assert (first.command["payment_id"], first.command["amount"]) == (order.accounts[0], 1071)
    assert (first.command["reason"], first.command["currency"], first.command["key"]) == ("damaged", "EUR", first.id)
    assert (first.kind, first.provider, first.schedule, first.message_id) == ("refund", "sandbox", 1, None)
    assert (shown["order"], shown["customer"], shown["return"]) == (order.id, refund.customer_id, None)
    assert refund.customer_id is not None
    assert (shown["reason"], shown["note"], shown["status"], shown["livemode"]) == (
        "damaged",
        "a crack",
        "pending",
        False,
    )
    assert shown["destination"] == {"type": "original", "payment_method_id": None}
    assert (shown["failure_code"], shown["settled_at"]) == (None, None)
    assert shown["created_at"] == clock.rfc3339(refund.created_at)
    assert shown["operation"]["id"] == first.id
    assert shown["summary"] == "€15.00 is on its way."
    (row,) = await book.audit(refund.id)
    assert (row.action, row.actor["type"], row.request_id) == ("refund.requested", "merchant", "req_1")
    assert row.evidence == {"order": order.id, "amount": 1500, "currency": "EUR", "reason": "damaged"}
    assert (row.store_id, row.livemode, row.subject_type) == (caller.store_id, False, "refund")
    assert await book.events(refund.id) == ["refund.created"]
    done = await book.settle(refund)
    shown = await book.view(caller, done)
    assert (shown["status"], shown["summary"]) == ("succeeded", "€15.00 went back.")
    assert shown["amount_refunded"] == {"amount": 1500, "currency": "EUR"}
    assert shown["settled_at"] is not None
    assert shown["operation"]["id"] == first.id
    assert [book.bank.given(account) for account in order.accounts] == [1071, 429]


async def test_a_refund_to_one_payment_method_says_which(book):
    caller = await book.store()
    order = await book.order(caller, paid=[Paid(2000, method="pm-1"), Paid(3000, method="pm-2")])
    refund = await book.refund(caller, order, amount=money(700), destination="payment_method", payment_method_id="pm-2")
    shown = await book.view(caller, refund)
    assert shown["destination"] == {"type": "payment_method", "payment_method_id": "pm-2"}
    assert [row["payment_id"] for row in shown["allocations"]] == [order.payments[1]]


async def test_a_refused_refund_leaves_nothing_behind(book):
    caller = await book.store()
    order = await book.order(caller)
    with pytest.raises(RefundExceedsCaptured):
        await book.refund(caller, order, amount=money(5001))
    assert await book.read(lambda s: s.query(Refund).filter_by(order_id=order.id).count()) == 0
    assert await book.read(lambda s: s.query(Operation).filter_by(store_id=caller.store_id).count()) == 0


async def test_a_refund_is_found_by_its_own_store_mode_and_shopper_only(book):
    caller = await book.store()
    order = await book.order(caller)
    refund = await book.refund(caller, order, amount=money(100))
    shopper = await book.shopper(caller, order)
    assert await book.read(refund_views.get, shopper, refund.id)
    strangers = [await book.store(), replace(caller, livemode=True), replace(caller, shopper="cus_other")]
    for stranger in strangers:
        with pytest.raises(RefundNotFound):
            await book.read(refund_views.get, stranger, refund.id)
    with pytest.raises(OrderNotFound):
        await book.write(refunds.request, strangers[0], order.id, {}, RefundSpec(amount=money(1)))


# ---- what is left ---------------------------------------------------------------------------------------------------


async def test_pending_unknown_and_paid_refunds_all_count_and_failed_ones_do_not(book):
    caller = await book.store()
    order = await book.order(caller)
    pending = await book.refund(caller, order, amount=money(1000))
    unknown = await book.refund(caller, order, amount=money(1000))
    await book.settle(unknown, "drop")
    paid = await book.settle(await book.refund(caller, order, amount=money(1000)))
    failed = await book.settle(await book.refund(caller, order, amount=money(2000)), "refuse")
    assert (paid.status, failed.status) == ("succeeded", "failed")
    with pytest.raises(RefundExceedsCaptured):
        await book.refund(caller, order, amount=money(2001))
    await book.settle(await book.refund(caller, order, amount=money(2000)))
    await book.settle(pending)
    await book.settle(unknown)
    assert book.bank.given(order.accounts[0]) == 5000


async def test_what_the_merchant_refunds_elsewhere_counts(book):
    caller = await book.store()
    order = await book.order(caller)
    outside = book.bank.outside(order.accounts[0], 4000)
    with pytest.raises(RefundExceedsCaptured):
        await book.refund(caller, order, amount=money(1001))
    assert await book.refund(caller, order, amount=money(1000))
    outside.status = "failed"
    with pytest.raises(RefundExceedsCaptured):  # for a minute this may be an old reading
        await book.refund(caller, order, amount=money(4000))
    await book.set(OrderPayment, order.payments[0], ledger_at=clock.now() - timedelta(hours=1))
    assert await book.refund(caller, order, amount=money(4000)), "the outside refund came back"


async def test_our_own_refunds_in_the_providers_ledger_are_not_counted_twice(book):
    caller = await book.store()
    order = await book.order(caller)
    await book.settle(await book.refund(caller, order, amount=money(2000)))
    await book.settle(await book.refund(caller, order, amount=money(3000)))
    assert book.bank.given(order.accounts[0]) == 5000
    payment = await book.read(lambda s: s.get_one(OrderPayment, order.payments[0]))
    assert payment.refunded_outside == 0


async def test_a_reading_of_the_ledger_that_was_overtaken_does_not_forget_outside_refunds(book):
    """Two requests read the ledger; the merchant refunds in between; the older reading is written last."""
    caller = await book.store()
    order = await book.order(caller)
    older = await book.ledgers(caller, order)
    book.bank.outside(order.accounts[0], 4000)
    assert await book.refund(caller, order, amount=money(500))
    with pytest.raises(RefundExceedsCaptured):
        await book.write(refunds.request, caller, order.id, older, RefundSpec(amount=money(1000)))
    assert await book.write(refunds.request, caller, order.id, older, RefundSpec(amount=money(500)))


async def test_a_payment_that_appeared_after_the_ledger_was_read_asks_the_caller_to_come_again(book):
    caller = await book.store()
    order = await book.order(caller, paid=[Paid(2000), Paid(3000)])
    said = await book.ledgers(caller, order)
    del said[order.accounts[1]]
    with pytest.raises(ProviderUnavailable):
        await book.write(refunds.request, caller, order.id, said, RefundSpec(amount=money(1000)))


@pytest.mark.parametrize("state", ["authorized", "pending", "voided"])
async def test_what_was_not_captured_is_not_refunded(book, state):
    caller = await book.store()
    order = await book.order(caller, paid=[Paid(5000, state=state)])
    with pytest.raises(RefundExceedsCaptured):
        await book.refund(caller, order, amount=money(1))
    mixed = await book.order(caller, paid=[Paid(2000, kind="gift_card"), Paid(3000, state=state)])
    with pytest.raises(RefundExceedsCaptured):
        await book.refund(caller, mixed, amount=money(2001))
    assert await book.refund(caller, mixed, amount=money(2000))


async def test_lines_and_shipping_of_a_failed_refund_are_free_again(book):
    caller = await book.store()
    order = await book.order(caller, Line(2, 2000), shipping=500)
    refund = await book.refund(caller, order, lines=((order.lines[0], 2),), shipping=True)
    for spec in ({"lines": ((order.lines[0], 1),)}, {"shipping": True}):
        with pytest.raises((RefundExceedsCaptured, NoItems)):
            await book.refund(caller, order, **spec)
    await book.settle(refund, "refuse")
    again = await book.refund(caller, order, lines=((order.lines[0], 2),), shipping=True)
    assert (again.amount, again.shipping) == (2500, 500)


async def test_a_part_that_was_paid_keeps_the_lines_of_a_refund_that_failed(book):
    caller = await book.store()
    order = await book.order(caller, Line(2, 2000), paid=[Paid(1000, kind="gift_card"), Paid(1000)])
    refund = await book.settle(await book.refund(caller, order, lines=((order.lines[0], 2),)), "succeed", "refuse")
    assert refund.status == "failed"
    with pytest.raises(RefundExceedsCaptured):
        await book.refund(caller, order, lines=((order.lines[0], 1),))
    rest = await book.refund(caller, order, amount=money(1000))
    assert (await book.settle(rest)).status == "succeeded"
    assert [book.bank.given(account) for account in order.accounts] == [1000, 1000]


async def test_ten_at_once_never_pass_what_was_captured(book):
    """The bank has no ceiling: whatever goes too far, goes too far because of us."""
    caller = await book.store()
    order = await book.order(caller)
    results = await asyncio.gather(
        *(book.refund(caller, order, amount=money(3000)) for _ in range(10)), return_exceptions=True
    )
    made = [found for found in results if isinstance(found, Refund)]
    assert len(made) == 1
    assert all(isinstance(found, RefundExceedsCaptured) for found in results if found not in made)
    await book.settle(made[0])
    assert book.bank.given(order.accounts[0]) == 3000


async def test_a_reason_that_the_store_does_not_list_is_refused(book):
    caller = await book.store(policy=Policy(reasons=["damaged"]))
    order = await book.order(caller)
    with pytest.raises(ReasonNotAllowed):
        await book.refund(caller, order, amount=money(1), reason="bored")
    assert (await book.refund(caller, order, amount=money(1), reason="damaged")).reason == "damaged"


@pytest.mark.parametrize(
    ("statuses", "word"),
    [
        (["succeeded", "unknown", "pending", "failed"], "unknown"),
        (["succeeded", "pending", "failed"], "pending"),
        (["succeeded", "failed"], "failed"),
        (["failed", "canceled"], "failed"),
        (["succeeded", "succeeded"], "succeeded"),
        (["succeeded", "canceled"], "succeeded"),
        (["canceled"], "canceled"),
    ],
)
def test_a_refund_of_several_parts_has_one_word(statuses, word):
    assert status_of(statuses) == word


# ---- what automation may spend --------------------------------------------------------------------------------------


def caps(**given: int) -> dict[str, Caps]:
    return {"EUR": Caps(**{"refund": 10**6, "order": 10**6, "customer": 10**6, "day": 10**6, **given})}


@pytest.mark.parametrize("scope", ["refund", "order", "customer", "day"])
async def test_each_cap_binds_automation_to_the_cent_and_the_merchant_not_at_all(book, scope):
    caller = await book.store(caps=caps(**{scope: 2000}))
    order = await book.order(caller)
    shopper = await book.shopper(caller, order)
    with pytest.raises(LimitReached):
        await book.refund(shopper, order, amount=money(2001))
    assert (await book.refund(shopper, order, amount=money(2000))).automated is True
    if scope != "refund":
        with pytest.raises(LimitReached):
            await book.refund(shopper, order, amount=money(1))
    by_hand = await book.refund(caller, order, amount=money(2500))
    assert by_hand.automated is False


async def test_no_cap_for_a_currency_is_no_automatic_refund_in_it(book):
    caller = await book.store(caps={"USD": Caps(refund=1, order=1, customer=1, day=1)})
    order = await book.order(caller)
    shopper = await book.shopper(caller, order)
    with pytest.raises(LimitReached, match="No automatic refund in EUR"):
        await book.refund(shopper, order, amount=money(1))
    assert await book.spent(caller) == {}


async def test_a_shopper_with_too_little_proof_gets_nothing(book):
    caller = await book.store()
    order = await book.order(caller)
    shopper = replace(await book.shopper(caller, order), proof=1)
    with pytest.raises(ProofRequired):
        await book.refund(shopper, order, amount=money(1))


async def test_the_three_counters_are_reserved_and_released_by_the_same_amount(book):
    caller = await book.store(caps=caps())
    order = await book.order(caller)
    shopper = await book.shopper(caller, order)
    kept = await book.refund(shopper, order, amount=money(700))
    gone = await book.refund(shopper, order, amount=money(300))
    day = datetime.now(UTC).date().isoformat()
    keys = {("order", order.id), ("customer", shopper.shopper), ("day", day)}
    assert await book.spent(caller) == dict.fromkeys(keys, 1000)
    await book.settle(gone, "refuse")
    assert await book.spent(caller) == dict.fromkeys(keys, 700)
    await book.settle(kept, "drop")
    assert await book.spent(caller) == dict.fromkeys(keys, 700), "unknown keeps what it reserved"
    await book.settle(kept)
    assert await book.spent(caller) == dict.fromkeys(keys, 700), "paid is spent"


async def test_each_part_of_a_failed_refund_releases_its_own_share_once(book):
    caller = await book.store(caps=caps())
    order = await book.order(caller, paid=[Paid(2000, kind="gift_card"), Paid(3000)])
    shopper = await book.shopper(caller, order)
    refund = await book.refund(shopper, order, amount=money(1000))
    await book.settle(refund, "refuse", "succeed")
    assert set((await book.spent(caller)).values()) == {600}
    for operation in await book.operations(refund.id):
        await book.run(operation)
    assert set((await book.spent(caller)).values()) == {600}


async def test_a_late_failure_is_given_back_to_the_day_on_which_it_was_taken(book):
    caller = await book.store(caps=caps(day=1000))
    order = await book.order(caller)
    shopper = await book.shopper(caller, order)
    with time_machine.travel("2026-03-01T23:59:00Z", tick=True):
        refund = await book.settle(await book.refund(shopper, order, amount=money(700)))
    with time_machine.travel("2026-03-05T10:00:00Z", tick=True):
        await book.refund(shopper, order, amount=money(400))
        operation = await book.operation(refund.id)
        book.bank.fail(operation.id)
        await tries.recheck(book.runtime, operation.id, operation.rechecks)
    spent = await book.spent(caller)
    assert (spent["day", "2026-03-01"], spent["day", "2026-03-05"]) == (0, 400)
    assert spent["order", order.id] == 400


async def test_the_day_is_the_stores_own(book):
    east = await book.store(caps=caps(), timezone="Pacific/Kiritimati")
    west = await book.store(caps=caps(), timezone="Pacific/Pago_Pago")
    days = []
    for caller in (east, west):
        order = await book.order(caller)
        await book.refund(await book.shopper(caller, order), order, amount=money(1))
        days += [name for scope, name in await book.spent(caller) if scope == "day"]
    assert datetime.fromisoformat(days[0]) - datetime.fromisoformat(days[1]) >= timedelta(days=1)


async def test_an_order_whose_customer_changed_meanwhile_releases_what_it_reserved(book):
    caller = await book.store(caps=caps())
    order = await book.order(caller)
    other = await book.order(caller, customer="cust-2")
    shopper = await book.shopper(caller, order)
    refund = await book.refund(shopper, order, amount=money(700))
    moved = await book.read(lambda s: s.get_one(Order, other.id))
    await book.set(Order, order.id, customer_id=moved.customer_id)
    await book.settle(refund, "refuse")
    assert set((await book.spent(caller)).values()) == {0}


async def test_an_order_without_a_customer_counts_for_itself(book):
    caller = await book.store(caps=caps(customer=500))
    order = await book.order(caller, customer=None)
    robot = replace(caller, automation=True)
    refund = await book.refund(robot, order, amount=money(500))
    assert ("customer", order.id) in await book.spent(caller)
    with pytest.raises(LimitReached):
        await book.refund(robot, order, amount=money(1))
    await book.settle(refund, "refuse")
    assert set((await book.spent(caller)).values()) == {0}


async def test_caps_hold_among_rivals_on_different_orders(book):
    """Eight orders of one customer at once, each within its own limits; the customer's cap lets three through."""
    caller = await book.store(caps=caps(customer=3500))
    placed = [await book.order(caller) for _ in range(8)]
    shopper = await book.shopper(caller, placed[0])
    results = await asyncio.gather(
        *(book.refund(shopper, order, amount=money(1000)) for order in placed), return_exceptions=True
    )
    made = [found for found in results if isinstance(found, Refund)]
    assert len(made) == 3, results
    spent = await book.spent(caller)
    assert spent["customer", str(shopper.shopper)] == 3000
    assert sum(amount for (scope, _), amount in spent.items() if scope == "order") == 3000


async def test_what_the_guard_said_is_kept_with_its_facts(book):
    caller = await book.store(caps=caps())
    order = await book.order(caller)
    shopper = await book.shopper(caller, order)
    await book.refund(shopper, order, amount=money(400), reason="damaged")
    refund = await book.refund(shopper, order, amount=money(700), reason="damaged")
    rows = await book.read(lambda s: s.query(Decision).filter_by(subject_id=refund.id).all())
    (row,) = rows
    assert (row.action, row.outcome, row.subject_type) == ("refund", "allow", "refund")
    facts = row.facts
    assert (facts["amount"], facts["currency"], facts["reason"]) == (700, "EUR", "damaged")
    assert (facts["actor"], facts["proof"], facts["order_status"]) == ("automation", 2, "delivered")
    assert facts["spent"] == {"order": 400, "customer": 400, "day": 400}
    assert facts["delivered_at"] is not None
    assert facts["now"] == clock.rfc3339(refund.created_at)


# ---- a refund that waits for a cancellation -------------------------------------------------------------------------


async def test_the_money_waits_for_the_shops_yes(book):
    caller = await book.store()
    order = await book.order(caller, Line(2, 2000), shipping=500, status="pending")
    cancellation = await book.cancel(caller, order)
    waiting = await book.operation(cancellation.refund_id)
    assert (waiting.schedule, waiting.next_try_at) == (0, None)
    with pytest.raises(RefundExceedsCaptured):
        await book.refund(caller, order, amount=money(1))
    done = await book.run(await book.operation(cancellation.id))
    assert done.status == "succeeded"
    assert (await book.operation(cancellation.refund_id)).schedule == 1
    assert book.bank.asked == []
    refund = await book.settle(await book.read(lambda s: s.get_one(Refund, cancellation.refund_id)))
    assert (refund.status, refund.amount, refund.shipping) == ("succeeded", 2500, 500)
    assert (await book.read(lambda s: s.get_one(Order, order.id))).status == "canceled"
    assert (await book.events(order.id))[-1] == "order.canceled"


async def test_on_the_shops_no_the_money_stays_and_is_free_again(book):
    caller = await book.store(caps=caps())
    order = await book.order(caller, status="pending")
    shopper = await book.shopper(caller, order)
    cancellation = await book.cancel(shopper, order)
    assert set((await book.spent(caller)).values()) == {5000}
    book.shop.plans.append("refuse")
    done = await book.run(await book.operation(cancellation.id))
    assert (done.status, done.error_code) == ("failed", "order_not_pending")
    refund = await book.read(lambda s: s.get_one(Refund, cancellation.refund_id))
    shown = await book.view(caller, refund)
    assert (shown["status"], shown["allocations"][0]["status"]) == ("canceled", "canceled")
    assert shown["summary"] == "€50.00 was not paid back because the order stayed as it was."
    assert shown["settled_at"] is not None
    assert shown["operation"]["status"] == "canceled"
    assert await book.events(refund.id) == ["refund.created", "refund.canceled"]
    assert set((await book.spent(caller)).values()) == {0}
    await book.run(await book.operation(refund.id))
    assert book.bank.asked == [], "nothing was ever sent"
    assert await book.refund(caller, order, amount=money(5000)), "all of it is free again"
    assert await book.cancel(caller, await book.order(caller, status="pending"))


async def test_while_the_shop_does_not_answer_the_money_waits(book):
    caller = await book.store()
    order = await book.order(caller, status="pending")
    cancellation = await book.cancel(caller, order)
    operation = await book.operation(cancellation.id)
    book.shop.plans.append("drop")
    assert (await book.run(operation)).status == "unknown"
    assert (await book.operation(cancellation.refund_id)).schedule == 0
    with pytest.raises(AlreadyCanceled):
        await book.cancel(caller, order)
    assert (await book.run(operation)).status == "succeeded"
    assert (await book.operation(cancellation.refund_id)).schedule == 1
    assert len(book.shop.canceled) == 1


async def test_a_lost_yes_of_the_shop_is_found_by_look_up(book):
    caller = await book.store()
    order = await book.order(caller, status="pending")
    cancellation = await book.cancel(caller, order)
    book.shop.plans.append("lose")
    assert (await book.run(await book.operation(cancellation.id))).status == "succeeded"
    kept = await book.read(lambda s: s.get_one(Cancellation, cancellation.id))
    assert (kept.status, len(book.shop.canceled)) == ("succeeded", 1)


async def test_what_has_left_pending_is_not_canceled_and_a_second_time_neither(book):
    caller = await book.store()
    with pytest.raises(OrderNotPending):
        await book.cancel(caller, await book.order(caller, status="shipped"))
    order = await book.order(caller, status="pending")
    await book.cancel(caller, order)
    with pytest.raises(AlreadyCanceled):
        await book.cancel(caller, order)
    found = await asyncio.gather(
        *(book.cancel(caller, again) for again in [await book.order(caller, status="pending")] * 4),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Cancellation) for one in found) == 1


async def test_an_order_that_captured_nothing_is_canceled_without_a_refund(book):
    caller = await book.store()
    order = await book.order(caller, paid=[Paid(5000, state="authorized")], status="pending")
    cancellation = await book.cancel(caller, order)
    assert cancellation.refund_id is None
    assert (await book.run(await book.operation(cancellation.id))).status == "succeeded"


async def test_a_cancellation_gives_back_what_earlier_refunds_left(book):
    caller = await book.store()
    order = await book.order(caller, Line(2, 2000), shipping=500, status="pending")
    await book.settle(await book.refund(caller, order, amount=money(300)))
    book.bank.outside(order.accounts[0], 200)
    cancellation = await book.cancel(caller, order)
    assert (await book.read(lambda s: s.get_one(Refund, cancellation.refund_id))).amount == 2000


async def test_a_cancellation_is_found_by_its_own_store_only(book):
    caller = await book.store()
    cancellation = await book.cancel(caller, await book.order(caller, status="pending"))
    shown = await book.read(lambda s: cancellations.view(s, cancellations.get(s, caller, cancellation.id)))
    assert shown["refund"] == cancellation.refund_id
    for stranger in (await book.store(), replace(caller, livemode=True)):
        with pytest.raises(OrderNotFound):
            await book.read(cancellations.get, stranger, cancellation.id)
