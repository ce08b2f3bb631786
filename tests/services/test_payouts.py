"""Money that goes out another way than it came: to a method that did not pay, or as store credit; once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.errors import PaymentMethodNotFound, RefundExceedsCaptured
from app.models.credits import Credit
from app.models.customers import Customer
from app.models.operations import Operation
from app.models.refunds import Refund
from app.services import operation_views, refunds
from app.services.callers import Caller
from app.services.refund_quotes import RefundSpec
from tests.services.money_fixtures import Book, Paid, Placed, money, one_database, open_book
from tests.support.spread import KINDS

GIFT = "pm-gift"


@pytest.fixture(scope="module", params=KINDS)
async def shared(request, databases, tmp_path_factory):
    with one_database(request.param, databases, tmp_path_factory) as url:
        async with open_book(url) as opened:
            yield opened


@pytest.fixture
def book(shared: Book) -> Book:
    return shared.cleared()


async def paid_out(book: Book, way: str, *paid: Paid) -> tuple[Caller, Placed, Refund]:
    """A refund of 10.00 to the customer's gift card, which paid nothing, or as store credit."""
    caller = await book.store()
    order = await book.order(caller, paid=list(paid) or [Paid(5000, method="pm-card")])
    shopper = await book.shopper(caller, order)
    methods = [{"id": GIFT, "kind": "gift_card", "label": "Gift card", "currency": "EUR"}]
    await book.set(Customer, shopper.shopper, payment_methods=methods)
    to: dict[str, Any] = {"destination": "store_credit"}
    if way == "payout":
        to = {"destination": "payment_method", "payment_method_id": GIFT}
    return caller, order, await book.refund(caller, order, amount=money(1000), reason="late", **to)


PLACE = {"payout": GIFT, "credit": "store credit"}
WAYS = pytest.mark.parametrize("way", ["payout", "credit"])


@WAYS
async def test_it_goes_out_under_its_committed_key_and_stays_reserved_against_what_paid(book, way):
    caller, order, refund = await paid_out(book, way)
    operation = await book.operation(refund.id)
    assert (operation.kind, operation.status) == (way, "pending")
    assert operation.command == {
        "key": operation.provider_key,
        "order_id": order.external_id,
        "customer_id": "cust-1",
        "payment_method_id": GIFT if way == "payout" else None,
        "amount": 1000,
        "currency": "EUR",
        "reason": "late",
    }
    assert (await book.settle(refund)).status == "succeeded"
    (moved,) = book.bank.moved
    assert (moved.payment, moved.key, moved.amount) == (PLACE[way], operation.provider_key, 1000)
    assert book.bank.asked == ["payout"]
    shown = await book.view(caller, refund)
    assert [(part["payment_id"], part["status"]) for part in shown["allocations"]] == [(order.payments[0], "succeeded")]
    with pytest.raises(RefundExceedsCaptured):
        await book.refund(caller, order, amount=money(4001))


@WAYS
async def test_a_lost_answer_is_looked_up_and_nothing_goes_out_twice(book, way):
    _, _, refund = await paid_out(book, way)
    assert (await book.settle(refund, "lose")).status == "succeeded"
    assert book.bank.asked == ["payout", "find payout"]
    assert book.bank.given(PLACE[way]) == 1000


@WAYS
async def test_what_the_provider_does_not_know_is_sent_again(book, way):
    _, _, refund = await paid_out(book, way)
    assert (await book.settle(refund, "drop")).status == "unknown"
    assert (await book.settle(refund)).status == "succeeded"
    assert book.bank.asked == ["payout", "find payout", "find payout", "payout"]
    assert book.bank.given(PLACE[way]) == 1000


@WAYS
async def test_a_refusal_that_the_provider_stands_by_frees_the_money(book, way):
    caller, order, refund = await paid_out(book, way)
    done = await book.settle(refund, "refuse")
    assert (done.status, done.failure_code) == ("failed", "refund_refused")
    assert await book.refund(caller, order, amount=money(5000))


@WAYS
async def test_a_yes_about_another_amount_is_unknown_when_it_is_sent_and_when_it_is_looked_up(book, way):
    _, _, refund = await paid_out(book, way)
    book.bank.lookups.append("down")
    assert (await book.settle(refund, "garble")).status == "unknown"
    operation = await book.operation(refund.id)
    assert operation.evidence["mismatch"] == [1001, "EUR"]
    book.bank.moved[0].amount = 999
    await book.run(operation)
    done = await book.operation(refund.id)
    assert (done.status, done.evidence["mismatch"]) == ("unknown", [999, "EUR"])
    book.bank.moved[0].amount, book.bank.moved[0].currency = 1000, "USD"
    await book.run(operation)
    done = await book.operation(refund.id)
    assert (done.status, done.evidence["mismatch"]) == ("unknown", [1000, "USD"])
    attempts = await book.read(operation_views.tries, operation.id)
    assert [row.detail["detail"] for row in attempts] == ["unclear answer", "found by look-up", "found by look-up"]
    book.bank.moved[0].currency = "EUR"
    assert (await book.run(operation)).status == "succeeded"


async def test_store_credit_that_waited_for_the_shop_ends_with_its_no(book):
    caller = await book.store()
    order = await book.order(caller)
    said, spec = await book.ledgers(caller, order), RefundSpec(amount=money(1000), destination="store_credit")
    refund = await book.write(refunds.request, caller, order.id, said, spec, cancellation_id="can_7")
    query = select(Credit).where(Credit.refund_id == refund.id)
    credit = await book.read(lambda s: s.scalars(query).one())
    assert (credit.status, credit.amount, credit.settled_at) == ("pending", 1000, None)
    await book.write(refunds.withdraw, refund.id)
    credit = await book.read(lambda s: s.scalars(query).one())
    assert (credit.status, credit.failure_code, credit.settled_at is not None) == ("canceled", None, True)
    assert await book.events(credit.id) == ["credit.created", "credit.canceled"]
    assert (await book.operation(refund.id)).status == "canceled"
    assert book.bank.asked == []


async def test_a_method_that_paid_gets_it_back_as_a_refund(book):
    caller = await book.store()
    order = await book.order(caller, paid=[Paid(2000, method="pm-1"), Paid(3000, method="pm-2")])
    refund = await book.refund(caller, order, amount=money(700), destination="payment_method", payment_method_id="pm-2")
    operation = await book.operation(refund.id)
    assert (operation.kind, operation.command["payment_id"]) == ("refund", order.accounts[1])


async def test_where_nobody_is_known_nobody_is_paid_out_to(book):
    caller = await book.store()
    order = await book.order(caller, customer=None)
    with pytest.raises(PaymentMethodNotFound, match=r": Nobody is known who could be paid out to\.$"):
        await book.refund(caller, order, amount=money(100), destination="store_credit")
    known = await book.order(caller)
    shopper = await book.shopper(caller, known)
    await book.set(Customer, shopper.shopper, external_id=None)
    with pytest.raises(PaymentMethodNotFound):
        await book.refund(caller, known, amount=money(100), destination="store_credit")
    assert await book.read(lambda s: s.query(Operation).filter_by(store_id=caller.store_id).all()) == []


@pytest.mark.parametrize(("currency", "taken"), [("EUR", True), (None, True), ("USD", False)])
async def test_a_method_on_file_is_paid_out_to_in_its_own_currency_only(book, currency, taken):
    caller = await book.store()
    order = await book.order(caller)
    shopper = await book.shopper(caller, order)
    await book.set(Customer, shopper.shopper, payment_methods=[{"id": GIFT, "kind": "gift_card", "currency": currency}])
    to = {"destination": "payment_method", "payment_method_id": GIFT}
    if taken:
        refund = await book.refund(caller, order, amount=money(100), **to)
        assert (await book.operation(refund.id)).kind == "payout"
        return
    with pytest.raises(PaymentMethodNotFound):
        await book.refund(caller, order, amount=money(100), **to)
