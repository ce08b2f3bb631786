"""What the guard is told of a refund: how much, of what, where to, and what has been decided before."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import ApprovalRequired
from app.models.credits import Credit
from app.models.customers import Customer
from app.models.records import Decision
from app.models.refunds import Refund
from app.money import Money
from app.services import credits as store_credits
from app.services import decision_replays, refunds, returns
from app.services.callers import Caller
from app.services.credits import Goodwill
from app.services.refund_quotes import RefundSpec
from app.services.return_specs import LineSpec, ReturnSpec
from tests.services.approval_fixtures import ask, now, obey, question, say
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


# ---- two persons, in however many parts ------------------------------------------------------------------------------

TWO: dict[str, Any] = {"two_persons_above": {"EUR": 2000}}


async def of_two(book: Book) -> tuple[Caller, Placed]:
    """A store that asks two persons for more than 20.00, and an order of 50.00."""
    caller = await book.store()
    await obey(book, caller, TWO)
    return caller, await book.order(caller, Line(5, 5000))


async def asked_by(book: Book, refund: Refund) -> Decision:
    """The decision that had a person asked."""
    asked = await question(book, refund)
    return await book.read(lambda s: s.get_one(Decision, asked.decision_id))


async def test_what_is_refunded_in_parts_needs_two_persons_as_the_whole_does(book):
    caller, order = await of_two(book)
    first = await ask(book, caller, order, amount=money(2000))
    assert first.status == "pending"
    second = await ask(book, caller, order, amount=money(1))
    assert (second.status, (await question(book, second)).approvers) == ("awaiting_approval", 2)
    decision = await asked_by(book, second)
    assert (decision.rules, decision.facts["given"]) == (["two_persons"], 2000)
    other = await book.order(caller, Line(5, 5000))
    assert (await ask(book, caller, other, amount=money(2000))).status == "pending", "each order by itself"


async def test_what_waits_does_not_count_and_a_yes_does_not_count_itself(book):
    caller, order = await of_two(book)
    large = await ask(book, caller, order, amount=money(2500))
    assert large.status == "awaiting_approval"
    small = await ask(book, caller, order, amount=money(2000))
    assert small.status == "pending", "what waits holds no money"
    assert (await say(book, caller, large)).status == "pending"
    assert (await say(book, caller, large, by="ben")).status == "approved"
    assert {row.facts["given"] for row in await decisions_about(book, large)} == {2000}, "not its own money"
    assert (await now(book, large)).status == "pending"
    third = await ask(book, caller, order, amount=money(1))
    assert (await asked_by(book, third)).facts["given"] == 4500, "what two persons approved counts too"


async def test_goodwill_is_not_split_past_two_persons_either(book):
    caller, order = await of_two(book)

    async def gesture(amount: int) -> Credit:
        return await book.write(store_credits.give, caller, Goodwill(Money(amount, "EUR"), order_id=order.id))

    await gesture(1200)
    with pytest.raises(ApprovalRequired):
        await gesture(801)
    await gesture(800)
    assert (await ask(book, caller, order, amount=money(1))).status == "awaiting_approval"


async def test_money_that_follows_a_decision_is_not_asked_about_for_what_went_before(book):
    caller, order = await of_two(book)
    await ask(book, caller, order, amount=money(2000))
    paid = await ask(book, caller, order, amount=money(1000), return_id="ret_7")
    assert paid.status == "pending"


async def test_a_decision_from_before_this_was_known_is_made_again_as_it_was(book):
    caller, order = await of_two(book)
    refund = await ask(book, caller, order, amount=money(2000))
    (decision,) = await decisions_about(book, refund)
    without = {name: value for name, value in decision.facts.items() if name not in {"given", "let_keep"}}
    await book.set(Decision, decision.id, facts=without)
    again = await book.read(decision_replays.replay, caller, decision.id)
    assert (again["agrees"], again["ruling"]["outcome"]) == (True, "allow")
