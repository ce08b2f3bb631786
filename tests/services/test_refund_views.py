"""A refund as the contract shows it, field by field, and the one sentence that says where the money is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app import clock
from app.models.orders import Order
from app.models.refunds import Refund
from app.services import operation_views, refund_views
from app.services.refund_explanations import Parts
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


def kwd(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "KWD"}


async def test_a_refund_is_shown_whole(book):
    caller = await book.store(caps={})
    paid = [Paid(3000, kind="gift_card", method="pm-1"), Paid(1500, method="pm-2")]
    lines = Line(3, 3000, tax=480, discount=30), Line(1, 1000, tax=160)
    order = await book.order(caller, *lines, paid=paid, shipping=500, currency="KWD")
    asked = {"lines": ((order.lines[1], 1), (order.lines[0], 1)), "shipping": True, "keep_back": 100}
    refund = await book.refund(caller, order, **asked, reason="late", note="a crack")
    first, second = await book.operations(refund.id)
    book.bank.plans.append("refuse")
    first = await book.run(first)
    row = await book.read(lambda s: s.get_one(Refund, refund.id))
    parts = await book.read(refund_views.allocations_of, row)
    shown = await book.view(caller, refund)
    number = (await book.read(lambda s: s.get_one(Order, order.id))).number
    assert shown == {
        "id": refund.id,
        "livemode": False,
        "order": order.id,
        "customer": refund.customer_id,
        "return": None,
        "status": "pending",
        "amount": kwd(2400),
        "amount_refunded": kwd(0),
        "breakdown": {
            "items": kwd(1690),
            "tax": kwd(320),
            "discount": kwd(10),
            "shipping": kwd(500),
            "fee": kwd(100),
        },
        "lines": [{"line_id": line, "quantity": 1, "amount": kwd(1000)} for line in sorted(order.lines)],
        "allocations": [
            {
                "id": parts[0].id,
                "payment_id": order.payments[0],
                "amount": kwd(1600),
                "status": "failed",
                "operation_id": first.id,
                "failure_code": "refund_refused",
            },
            {
                "id": parts[1].id,
                "payment_id": order.payments[1],
                "amount": kwd(800),
                "status": "pending",
                "operation_id": second.id,
                "failure_code": None,
            },
        ],
        "destination": {"type": "original", "payment_method_id": None},
        "reason": "late",
        "note": "a crack",
        "failure_code": None,
        "summary": "KWD1.600 could not be paid back; KWD0.800 is on its way.",
        "approval": None,
        "operation": operation_views.view(second),
        "operations": [first.id, second.id],
        "created_at": clock.rfc3339(row.created_at),
        "settled_at": None,
        "reversed_at": None,
        "explanation": f"Your refund of KWD2.400 for order {number} is on its way. "
        "KWD1.600 of it could not be paid. KWD0.500 of it is for shipping. "
        "KWD0.100 was kept back as a fee.",
    }
    await book.run(second)
    shown, row = await book.view(caller, refund), await book.read(lambda s: s.get_one(Refund, refund.id))
    assert (shown["status"], shown["amount_refunded"], shown["operation"]) == (
        "failed",
        kwd(800),
        operation_views.view(first),
    ), "the money that went back is told, and of what has ended the first operation"
    assert shown["settled_at"] == clock.rfc3339(row.settled_at)
    assert shown["summary"] == "KWD0.800 went back; KWD1.600 could not be paid back."


async def test_the_operation_that_is_still_open_is_shown_first(book):
    caller = await book.store()
    order = await book.order(caller, paid=[Paid(2000, kind="gift_card"), Paid(3000)])
    refund = await book.refund(caller, order, amount=money(1000))
    first, second = await book.operations(refund.id)
    await book.run(first)
    assert (await book.view(caller, refund))["operation"]["id"] == second.id
    book.bank.plans.append("drop")
    await book.run(second)
    shown = await book.view(caller, refund)
    assert (shown["operation"]["id"], shown["operation"]["status"]) == (second.id, "unknown")
    await book.run(second)
    assert (await book.view(caller, refund))["operation"]["id"] == first.id


def parts(paid: int = 0, lost: int = 0, open: int = 0, **more: Any) -> Parts:  # noqa: A002  as the field is named
    given: dict[str, Any] = {"late": False, "codes": frozenset(), "reserved": True, **more}
    return Parts(paid=paid, lost=lost, open=open, **given)


REVERSED = {"reversed_at": datetime(2026, 11, 20, tzinfo=UTC)}
NOT_TOLD = "the payment provider has not told the outcome; it stays reserved and is being looked up."


@pytest.mark.parametrize(
    ("status", "became", "fields", "said"),
    [
        ("pending", parts(open=1000), {}, "€10.00 is on its way."),
        ("pending", parts(400, 0, 600), {}, "€4.00 went back; €6.00 is on its way."),
        ("pending", parts(0, 400, 600), {}, "€4.00 could not be paid back; €6.00 is on its way."),
        ("succeeded", parts(1000), {}, "€10.00 went back."),
        ("failed", parts(lost=1000), {}, "€10.00 could not be paid back."),
        ("failed", parts(400, 600), {}, "€4.00 went back; €6.00 could not be paid back."),
        ("failed", parts(400, 600), REVERSED, "€4.00 went back; €6.00 was sent back by the bank."),
        ("failed", parts(lost=1000), REVERSED, "€10.00 was sent back by the bank."),
        ("failed", parts(1000, late=True), {}, "€10.00 went back, though some of it had been called failed."),
        ("unknown", parts(open=1000), {}, f"€10.00: {NOT_TOLD}"),
        ("unknown", parts(100, 300, 600), {}, f"€1.00 went back; €3.00 could not be paid back; €6.00: {NOT_TOLD}"),
        ("awaiting_approval", parts(reserved=False), {}, "€10.00 waits for a person at the store to say yes."),
        (
            "canceled",
            parts(reserved=False),
            {},
            "€10.00 was not paid back: nobody at the store said yes to it.",
        ),
        ("canceled", parts(), {}, "€10.00 was not paid back because the order stayed as it was."),
    ],
)
def test_one_sentence_says_where_the_money_is(status, became, fields, said):
    refund = Refund(amount=1000, currency="EUR", status=status, **fields)
    assert refund_views.summary(refund, became) == said
