"""Refunds that wait for a person: nothing is reserved until one says yes, and then that day's facts count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from app import clock
from app.errors import NoItems, ProviderUnavailable
from app.models.approvals import Approval
from app.models.orders import OrderPayment
from app.models.refunds import RefundLine
from app.services import refund_approvals
from app.services.refund_quotes import RefundSpec
from tests.services.approval_fixtures import ASKS, ask, asking, decided, log, now, obey, question, say, shown_as
from tests.services.money_fixtures import Book, Line, money, one_database, open_book
from tests.support.spread import KINDS


@pytest.fixture(scope="module", params=KINDS)
async def shared(request, databases, tmp_path_factory):
    with one_database(request.param, databases, tmp_path_factory) as url:
        async with open_book(url) as opened:
            yield opened


@pytest.fixture
def book(shared: Book) -> Book:
    return shared.cleared()


# ---- what is written while it waits ---------------------------------------------------------------------------------


async def test_what_waits_is_written_whole_and_reserves_nothing(book):
    caller, order, shopper = await asking(book, Line(3, 3000, tax=480, discount=30), shipping=500)
    wanted = {"lines": ((order.lines[0], 1),), "shipping": True, "keep_back": 100, "reason": "late", "note": "a crack"}
    refund = await ask(book, shopper, order, **wanted)
    shown = await book.view(caller, refund)
    assert (shown["status"], shown["amount"], shown["order"]) == ("awaiting_approval", shown_as(1400), order.id)
    assert {name: part["amount"] for name, part in shown["breakdown"].items()} == {
        "items": 850,
        "tax": 160,
        "discount": 10,
        "shipping": 500,
        "fee": 100,
    }
    assert shown["lines"] == [{"line_id": order.lines[0], "quantity": 1, "amount": shown_as(1000)}]
    assert (shown["allocations"], shown["operations"], shown["operation"]) == ([], [], None)
    assert (shown["reason"], shown["note"], shown["customer"]) == ("late", "a crack", shopper.shopper)
    assert (shown["return"], shown["settled_at"], shown["failure_code"]) == (None, None, None)
    assert shown["summary"] == "€14.00 waits for a person at the store to say yes."
    asked = await question(book, refund)
    assert shown["approval"] == {
        "id": asked.id,
        "status": "pending",
        "code": None,
        "reasons": asked.reasons,
        "expires_at": clock.rfc3339(asked.expires_at),
    }
    row = await now(book, refund)
    assert (row.automated, row.spending_day, row.store_id, row.livemode) == (False, None, caller.store_id, False)
    assert row.actor == {"type": "automation", "id": shopper.shopper, "key": "key_1", "proof": 2}
    (event,) = await log(book, refund)
    assert (event.type, event.previous, event.object) == ("refund.created", None, shown)
    (trail,) = await book.audit(refund.id)
    assert (trail.action, trail.subject_type, trail.actor, trail.request_id) == (
        "refund.requested",
        "refund",
        row.actor,
        "req_1",
    )
    assert (trail.store_id, trail.livemode) == (caller.store_id, False)
    assert trail.evidence == {"order": order.id, "amount": 1400, "currency": "EUR", "waits": True}
    assert await book.spent(caller) == {}
    assert await book.refund(caller, order, amount=money(3500)), "all of the money is still there for others"


async def test_the_question_says_what_is_asked_by_whom_and_why(book):
    _, order, shopper = await asking(book, Line(2, 2000))
    wanted = {"lines": ((order.lines[0], 1),), "amount": money(700), "reason": "late"}
    refund = await ask(book, replace(shopper, proof=2), order, **wanted)
    asked = await question(book, refund)
    assert (asked.status, asked.action, asked.order_id) == ("pending", "refund_order", order.id)
    assert (asked.subject_type, asked.subject_id, asked.approvers, asked.votes) == ("refund", refund.id, 1, [])
    assert asked.parameters == {
        "order": order.id,
        "lines": [[order.lines[0], 1]],
        "amount": {"amount": 700, "currency": "EUR"},
        "shipping": False,
        "destination": "original",
        "payment_method_id": None,
        "keep_back": 0,
        "owed": False,
        "reason": "late",
        "note": None,
    }
    assert asked.asker == {"shopper": shopper.shopper, "proof": 2, "automation": True, "agent": None}
    assert asked.requested_by == {"type": "automation", "id": shopper.shopper, "key": "key_1", "proof": 2}
    assert asked.rules == ["approval"]
    (decision,) = await decided(book, order.id)
    assert (decision.id, decision.outcome, decision.action) == (asked.decision_id, "ask", "refund")
    assert (decision.subject_type, decision.order_id, decision.actor) == ("order", order.id, asked.requested_by)
    facts = decision.facts
    assert (facts["amount"], facts["currency"], facts["reason"], facts["follows"]) == (700, "EUR", "late", None)
    assert facts["instant"] is True
    assert [(line["line_id"], line["quantity"]) for line in facts["lines"]] == [(order.lines[0], 1)]
    assert await decided(book, refund.id) == [], "what was rolled back when the guard asked left nothing"


async def test_what_the_guard_allows_is_on_its_way_at_once(book):
    caller = await book.store()
    order = await book.order(caller)
    refund = await ask(book, caller, order, return_id="ret_7", amount=money(900))
    assert (refund.status, refund.return_id, refund.amount) == ("pending", "ret_7", 900)
    (decision,) = await decided(book, refund.id)
    assert (decision.action, decision.outcome, decision.facts["follows"]) == ("refund", "allow", "return")
    again = await ask(book, caller, order, decided="exchange", amount=money(100))
    (decision,) = await decided(book, again.id)
    assert (decision.action, decision.facts["follows"]) == ("exchange", "exchange")
    query = select(Approval).where(Approval.order_id == order.id)
    assert await book.read(lambda s: s.scalars(query).all()) == []
    plain = await book.write(
        refund_approvals.request, caller, order.id, await book.ledgers(caller, order), RefundSpec(amount=money(1))
    )
    (decision,) = await decided(book, plain.id)
    assert (decision.action, plain.return_id) == ("refund", None)


async def test_what_cannot_be_is_refused_and_not_asked_about(book):
    _, order, shopper = await asking(book)
    with pytest.raises(NoItems):
        await ask(book, shopper, order)
    query = select(Approval).where(Approval.order_id == order.id)
    assert await book.read(lambda s: s.scalars(query).all()) == []


async def test_the_providers_truth_is_kept_also_where_nothing_is_reserved(book):
    _, order, shopper = await asking(book)
    book.bank.outside(order.accounts[0], 1200)
    await ask(book, shopper, order, amount=money(100))
    payment = await book.read(lambda s: s.get_one(OrderPayment, order.payments[0]))
    assert (payment.captured, payment.refunded_outside) == (5000, 1200)


# ---- the yes --------------------------------------------------------------------------------------------------------


async def test_a_yes_reserves_and_sends_it_and_says_so_everywhere(book):
    caller, order, shopper = await asking(book, Line(2, 2000))
    refund = await ask(book, shopper, order, lines=((order.lines[0], 1),), return_id="ret_7", reason="late")
    book.shop.asked.clear()
    answered = await say(book, caller, refund)
    assert book.shop.asked == [order.external_id], "the shop is asked however young the mirror is"
    assert (answered.status, answered.result_type, answered.result_id) == ("approved", "refund", refund.id)
    row = await now(book, refund)
    assert (row.status, row.amount, row.return_id, row.reason) == ("pending", 1000, "ret_7", "late")
    assert (row.automated, row.spending_day) == (False, None), "a person has decided: no cap counts"
    assert await book.spent(caller) == {}
    shown = await book.view(caller, refund)
    assert [(part["payment_id"], part["amount"]["amount"]) for part in shown["allocations"]] == [
        (order.payments[0], 1000)
    ]
    last = (await log(book, refund))[-1]
    assert (last.type, last.previous) == ("refund.approved", {"status": "awaiting_approval"})
    assert (last.object["status"], last.object["allocations"]) == ("pending", shown["allocations"])
    (decision,) = await decided(book, refund.id)
    assert (decision.action, decision.outcome, decision.facts["follows"]) == ("refund", "ask", "return")
    assert decision.actor == {"type": "automation", "id": shopper.shopper, "key": "key_1", "proof": 2}
    trail = (await book.audit(refund.id))[-1]
    assert trail.evidence == {"order": order.id, "amount": 1000, "currency": "EUR", "reason": "late"}
    assert (await book.settle(refund)).status == "succeeded"
    assert book.bank.given(order.accounts[0]) == 1000
    assert await book.events(refund.id) == ["refund.created", "refund.approved", "refund.succeeded"]


async def test_what_a_yes_pays_is_what_is_left_that_day(book):
    """Meanwhile the shipping went back by hand, and some of the money at the bank's own counter."""
    caller, order, shopper = await asking(book, Line(2, 2000, tax=320, discount=100), Line(1, 400), shipping=500)
    wanted = {"lines": ((order.lines[0], 2),), "shipping": True, "keep_back": 100, "owed": True}
    refund = await ask(book, shopper, order, **wanted)
    assert (refund.amount, refund.items, refund.tax, refund.discount, refund.shipping, refund.fee) == (
        2400,
        1780,
        320,
        100,
        500,
        100,
    )
    await book.settle(await book.refund(caller, order, shipping=True))
    book.bank.outside(order.accounts[0], 1000)
    await say(book, caller, refund)
    row = await now(book, refund)
    assert (row.status, row.amount, row.shipping, row.fee) == ("pending", 1400, 0, 100)
    assert (row.tax, row.discount, row.items) == (240, 75, 1335)
    rows = await book.read(lambda s: s.query(RefundLine).filter_by(refund_id=refund.id).all())
    assert [(line.line_id, line.quantity, line.amount) for line in rows] == [(order.lines[0], 2, 1500)]
    (decision,) = await decided(book, refund.id)
    assert decision.facts["amount"] == 1400
    (operation,) = await book.operations(refund.id)
    assert operation.command["amount"] == 1400


async def test_what_is_kept_back_is_todays_too_and_other_refunds_keep_their_lines(book):
    """The third of three for 10.00 is worth a cent more than the first was."""
    caller, order, shopper = await asking(book, Line(3, 1000), Line(1, 500))
    first = await ask(book, shopper, order, lines=((order.lines[0], 1),), amount=money(300))
    other = await book.refund(caller, order, lines=((order.lines[0], 2), (order.lines[1], 1)))
    assert (first.fee, other.amount) == (33, 1166)
    await say(book, caller, first)
    assert (await now(book, first)).fee == 34
    rows = await book.read(lambda s: s.query(RefundLine).filter_by(refund_id=other.id).all())
    assert {(line.line_id, line.quantity) for line in rows} == {(order.lines[0], 2), (order.lines[1], 1)}


async def test_what_was_decided_as_an_exchange_is_decided_as_one_again(book):
    caller, order, shopper = await asking(book)
    refund = await ask(book, shopper, order, decided="exchange", amount=money(100))
    assert (refund.status, (await question(book, refund)).action) == ("awaiting_approval", "refund_order")
    (asked,) = await decided(book, order.id)
    assert (asked.action, asked.facts["follows"]) == ("exchange", "exchange")
    await say(book, caller, refund)
    (decision,) = await decided(book, refund.id)
    assert (decision.action, decision.facts["follows"]) == ("exchange", "exchange")


async def test_the_day_of_the_yes_is_the_one_it_is_decided_on(book):
    caller, order, shopper = await asking(book)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1), tick=True):
        refund = await ask(book, shopper, order, amount=money(100))
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=40), tick=True):
        await say(book, caller, refund)
        row = await now(book, refund)
        assert timedelta(hours=38) < clock.now() - row.created_at < timedelta(hours=40)
        (operation,) = await book.operations(refund.id)
        assert clock.now() - operation.created_at < timedelta(minutes=1)


async def test_the_first_of_two_yeses_moves_nothing(book):
    caller = await book.store()
    await obey(book, caller, {**ASKS, "two_persons_above": {"EUR": 1000}})
    order = await book.order(caller)
    refund = await ask(book, caller, order, amount=money(2000))
    assert (await question(book, refund)).approvers == 2
    assert (await say(book, caller, refund)).status == "pending"
    row = await now(book, refund)
    assert (row.status, row.amount) == ("awaiting_approval", 2000)
    assert await book.operations(refund.id) == []
    assert (await book.events(refund.id)) == ["refund.created"]
    assert (await say(book, caller, refund, by="ben")).status == "approved"
    assert (await now(book, refund)).status == "pending"


async def test_a_shop_that_is_away_leaves_the_question_open(book):
    caller, order, shopper = await asking(book)
    refund = await ask(book, shopper, order, amount=money(100))
    book.shop.away = True
    with pytest.raises(ProviderUnavailable):
        await say(book, caller, refund)
    asked = await question(book, refund)
    assert (asked.status, asked.votes, (await now(book, refund)).status) == ("pending", [], "awaiting_approval")
