"""What a person called failed and was paid after all: it counts again, is told as it is, and asks for a person."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import OperationSettled, RefundExceedsCaptured
from app.models.credits import Credit
from app.models.customers import Customer
from app.models.operations import Operation
from app.models.refunds import Refund
from app.money import Money
from app.services import credits as store_credits
from app.services import gauges, operation_views, operations, tries
from app.services.callers import Caller
from app.services.credits import Goodwill
from tests.services.approval_fixtures import obey
from tests.services.money_fixtures import Book, Line, Placed, one_database, open_book, person
from tests.support.spread import KINDS

GIFT = "pm-gift"
TO: dict[str, dict[str, Any]] = {
    "refund": {},
    "payout": {"destination": "payment_method", "payment_method_id": GIFT},
    "credit": {"destination": "store_credit"},
}
WAYS = pytest.mark.parametrize("way", list(TO))
CAPS = {"refund": 10**6, "order": 10**6, "customer": 10**6, "day": 10**6}
GIVES = {"caps": {"EUR": CAPS}, "auto_approve": {"goodwill": True}}


@pytest.fixture(scope="module", params=KINDS)
async def shared(request, databases, tmp_path_factory):
    with one_database(request.param, databases, tmp_path_factory) as url:
        async with open_book(url) as opened:
            yield opened


@pytest.fixture
def book(shared: Book) -> Book:
    return shared.cleared()


async def now(book: Book, operation: Operation) -> Operation:
    return await book.read(lambda s: s.get_one(Operation, operation.id))


async def look(book: Book, operation: Operation) -> Operation:
    await tries.recheck(book.runtime, operation.id, (await now(book, operation)).rechecks)
    return await now(book, operation)


async def resolve(book: Book, caller: Caller, operation: Operation, outcome: str) -> Operation:
    said = {"outcome": outcome, "note": "nothing is there", "external_id": None}
    return await book.write(operations.resolve, person(caller), operation.id, **said)


async def lands_late(book: Book, caller: Caller, operation: Operation) -> Operation:
    """Sent without an answer, called failed by a person, and then it is in the provider's ledger all the same."""
    book.bank.plans.append("drop")
    await book.run(operation)
    book.bank.plans.clear()
    assert (await resolve(book, caller, operation, "failed")).status == "failed"
    command = operations.EFFECTS[operation.kind].command.model_validate(operation.command)
    book.bank.move(command, "succeeded")  # pyright: ignore[reportArgumentType]
    return await look(book, operation)


async def paid_late(book: Book, way: str) -> tuple[Caller, Placed, Refund, Operation]:
    """A refund of one of two lines that automation gave."""
    caller = await book.store()
    order = await book.order(caller, Line(1, 2000), Line(1, 3000), shipping=500)
    shopper = await book.shopper(caller, order)
    methods = [{"id": GIFT, "kind": "gift_card", "label": "Gift card", "currency": "EUR"}]
    await book.set(Customer, shopper.shopper, payment_methods=methods)
    asked = {"lines": ((order.lines[0], 1),), "shipping": True, **TO[way]}
    refund = await book.refund(shopper, order, **asked)
    operation = await book.operation(refund.id)
    assert (operation.kind, set((await book.spent(caller)).values())) == (way, {2500})
    return caller, order, refund, operation


@WAYS
async def test_it_counts_in_the_caps_again_once(book, way):
    caller, _, refund, operation = await paid_late(book, way)
    done = await lands_late(book, caller, operation)
    assert (done.status, done.evidence["contradicted"]) == ("failed", "succeeded")
    assert set((await book.spent(caller)).values()) == {2500}, "what left counts"
    await look(book, operation)
    assert set((await book.spent(caller)).values()) == {2500}, "and counts once"
    assert (await book.events(refund.id))[-1] == "refund.updated"


@WAYS
async def test_until_the_provider_says_so_what_a_person_called_failed_is_free(book, way):
    caller, _, _, operation = await paid_late(book, way)
    book.bank.plans.append("drop")
    await book.run(operation)
    book.bank.plans.clear()
    await resolve(book, caller, operation, "failed")
    await look(book, operation)
    assert set((await book.spent(caller)).values()) == {0}


@WAYS
async def test_what_a_bank_sends_back_then_is_free_again(book, way):
    caller, _, refund, operation = await paid_late(book, way)
    await lands_late(book, caller, operation)
    book.bank.fail(operation.provider_key)
    done = await look(book, operation)
    assert (done.status, done.evidence.get("contradicted")) == ("failed", None)
    assert set((await book.spent(caller)).values()) == {0}
    shown = await book.view(caller, refund)
    assert (shown["status"], shown["amount_refunded"]["amount"]) == ("failed", 0)
    await look(book, operation)
    assert set((await book.spent(caller)).values()) == {0}


@WAYS
async def test_its_line_its_shipping_and_its_payment_are_not_paid_a_second_time(book, way):
    caller, order, _, operation = await paid_late(book, way)
    await lands_late(book, caller, operation)
    with pytest.raises(RefundExceedsCaptured):
        await book.refund(caller, order, lines=((order.lines[0], 1),))
    rest = await book.refund(caller, order, lines=((order.lines[1], 1),), amount=Money(3000, "EUR"))
    assert rest.amount == 3000
    with pytest.raises(RefundExceedsCaptured):
        await book.refund(caller, order, amount=Money(1, "EUR"))


@WAYS
async def test_it_is_told_as_it_is(book, way):
    caller, _, refund, operation = await paid_late(book, way)
    await lands_late(book, caller, operation)
    shown = await book.view(caller, refund)
    assert (shown["status"], shown["amount_refunded"]["amount"]) == ("failed", 2500)
    assert shown["summary"] == "€25.00 went back, though some of it had been called failed."
    assert shown["explanation"].endswith("; the payment provider now says that it has been paid.")


async def test_goodwill_counts_in_the_caps_again_until_it_is_taken_back(book):
    caller = await book.store()
    await obey(book, caller, GIVES)
    order = await book.order(caller)
    shopper = await book.shopper(caller, order)
    credit = await book.write(store_credits.give, shopper, Goodwill(Money(700, "EUR"), order_id=order.id))
    operation = await book.read(lambda s: s.get_one(Operation, credit.operation_id))
    done = await lands_late(book, caller, operation)
    assert (done.evidence["contradicted"], set((await book.spent(caller)).values())) == ("succeeded", {700})
    await look(book, operation)
    assert set((await book.spent(caller)).values()) == {700}
    book.bank.fail(operation.provider_key)
    await look(book, operation)
    assert set((await book.spent(caller)).values()) == {0}
    assert (await book.read(lambda s: s.get_one(Credit, credit.id))).status == "failed"
    assert await book.events(credit.id) == [
        "credit.created",
        "credit.unknown",
        "credit.failed",
        *["credit.updated"] * 2,
    ]


async def test_it_waits_for_a_person_until_one_has_taken_note(book):
    caller, _, _, operation = await paid_late(book, "refund")
    before = (await book.read(gauges.vitals)).dead
    done = await lands_late(book, caller, operation)
    assert operation_views.view(done)["needs_person"] is True
    assert (await book.read(gauges.vitals)).dead == before + 1
    with pytest.raises(OperationSettled):
        await resolve(book, caller, operation, "replay")
    noted = await resolve(book, caller, operation, "succeeded")
    assert (noted.status, operation_views.view(noted)["needs_person"]) == ("failed", False)
    assert set((await book.spent(caller)).values()) == {2500}
    assert (await book.read(gauges.vitals)).dead == before
    with pytest.raises(OperationSettled):
        await resolve(book, caller, operation, "succeeded")
    rows = [row for row in await book.audit(operation.id) if row.action == "operation.resolved"]
    assert [row.evidence["before"] for row in rows] == ["unknown", "succeeded"]
