"""What the guard is told of a refund: how much, of what, where to, and what has been decided before."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.customers import Customer
from app.models.records import Decision
from app.models.refunds import Refund
from app.services import refunds, returns
from app.services.callers import Caller
from app.services.refund_quotes import RefundSpec
from app.services.return_specs import LineSpec, ReturnSpec
from tests.services.money_fixtures import Book, Line, Paid, Placed, money, one_database, open_book
from tests.support.spread import KINDS


@pytest.fixture(scope="module", params=KINDS)
async def shared(request, databases, tmp_path_factory):
    with one_database(request.param, databases, tmp_path_factory) as url:
        async with open_book(url) as opened:
            yield opened


@pytest.fixture
def book(shared: Book) -> Book:
    return shared.cleared()


async def decisions_about(book: Book, refund: Refund) -> list[Decision]:
    query = select(Decision).where(Decision.subject_id == refund.id)
    return await book.read(lambda s: list(s.scalars(query)))


async def facts_of(book: Book, caller: Caller, order: Placed, **spec: Any) -> dict[str, Any]:
    (decision,) = await decisions_about(book, await book.refund(caller, order, **spec))
    assert (decision.subject_type, decision.order_id) == ("refund", order.id)
    return decision.facts


async def test_where_the_money_goes_is_told_with_the_kind_of_the_method(book):
    caller = await book.store()
    paid = [Paid(2000, kind="gift_card", method="pm-1"), Paid(3000, kind="paypal", method="pm-2")]
    order = await book.order(caller, paid=paid)
    shopper = await book.shopper(caller, order)
    methods = [{"id": "pm-8", "kind": "bank", "currency": None}, {"id": "pm-9", "kind": "gift_card", "currency": None}]
    await book.set(Customer, shopper.shopper, payment_methods=methods)
    told = []
    by_method = {"destination": "payment_method"}
    for to in (
        {},
        {"destination": "store_credit"},
        {**by_method, "payment_method_id": "pm-1"},
        {**by_method, "payment_method_id": order.payments[1]},
        {**by_method, "payment_method_id": order.accounts[1]},
        {**by_method, "payment_method_id": "pm-9"},
    ):
        facts = await facts_of(book, caller, order, amount=money(100), **to)
        told.append((facts["destination"], facts["destination_kind"]))
    assert told == [
        ("original", None),
        ("store_credit", "store_credit"),
        ("original", "gift_card"),
        ("original", "paypal"),
        ("original", "paypal"),
        ("payment_method", "gift_card"),
    ]


async def test_named_lines_are_told_with_their_quantity_and_worth(book):
    caller = await book.store()
    order = await book.order(caller, Line(3, 3000), Line(1, 500))
    wanted = ((order.lines[0], 2),)
    facts = await facts_of(book, caller, order, lines=wanted, amount=money(1500), reason="damaged")
    assert [(line["line_id"], line["quantity"], line["value"]) for line in facts["lines"]] == [
        (order.lines[0], 2, 2000)
    ]
    assert (facts["amount"], facts["currency"], facts["reason"]) == (1500, "EUR", "damaged")
    assert (facts["action"], facts["actor"], facts["order_status"]) == ("refund", "merchant", "delivered")


async def test_an_amount_alone_may_be_for_any_line_that_the_shopper_has(book):
    caller = await book.store()
    order = await book.order(caller, Line(1, 1000), Line(2, 2000))
    facts = await facts_of(book, caller, order, amount=money(10))
    assert [line["line_id"] for line in facts["lines"]] == order.lines
    back = ReturnSpec(lines=(LineSpec(order.lines[0], 1),))
    await book.write(returns.request, caller, order.id, back)
    facts = await facts_of(book, caller, order, amount=money(10))
    assert [line["line_id"] for line in facts["lines"]] == [order.lines[1]], "the first is on its way back"
    await book.write(returns.request, caller, order.id, ReturnSpec(lines=(LineSpec(order.lines[1], 2),)))
    facts = await facts_of(book, caller, order, amount=money(10))
    assert [line["line_id"] for line in facts["lines"]] == order.lines, "of none is anything left: it is for any"


@pytest.mark.parametrize(
    ("more", "action", "follows"),
    [
        ({}, "refund", None),
        ({"return_id": "ret_7"}, "refund", "return"),
        ({"decided": "exchange"}, "exchange", "exchange"),
        ({"decided": "exchange", "return_id": "ret_7"}, "exchange", "exchange"),
        ({"follows": "claim"}, "refund", "claim"),
        ({"follows": "claim", "return_id": "ret_7"}, "refund", "claim"),
    ],
)
async def test_what_was_decided_before_is_told_and_else_it_is_money_before_goods(book, more, action, follows):
    caller = await book.store()
    order = await book.order(caller)
    said = await book.ledgers(caller, order)
    spec = RefundSpec(amount=money(100))
    refund = await book.write(refunds.request, caller, order.id, said, spec, **more)
    (decision,) = await decisions_about(book, refund)
    facts = decision.facts
    assert (decision.action, facts["action"], facts["follows"]) == (action, action, follows)
    assert facts["instant"] is (follows is None)


async def test_what_the_store_took_a_moment_ago_goes_back_without_a_question_or_a_cap(book):
    """It has nothing to give for it: no decision, no counter, and yet a refund with its trail."""
    caller = await book.store(caps={})
    order = await book.order(caller)
    shopper = await book.shopper(caller, order)
    said, spec = await book.ledgers(caller, order), RefundSpec(amount=money(100), reason="exchange_not_due")

    def write(session: Session) -> Refund:
        placed, payments = refunds.hold(session, shopper, order.id, said)
        priced = refunds.price(session, placed, payments, spec)
        return refunds.write(session, shopper, placed, payments, spec, priced, decided=None)

    refund = await book.write(write)
    assert (refund.automated, refund.spending_day, refund.status) == (False, None, "pending")
    assert await decisions_about(book, refund) == []
    assert await book.spent(caller) == {}
    (operation,) = await book.operations(refund.id)
    assert (operation.schedule, operation.command["amount"]) == (1, 100)
    assert await book.events(refund.id) == ["refund.created"]
    (row,) = await book.audit(refund.id)
    assert (row.action, row.evidence["reason"]) == ("refund.requested", "exchange_not_due")
