"""Rows that money hangs on are read under their lock by whoever decides about them: what SQLite is not told counts too.

SQLite has one writer and knows no row locks; the statements are the same, so here they are read as PostgreSQL's.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import ORMExecuteState, Session

from app.integrations.receipts import Receipt
from app.models.operations import Operation
from app.services import operation_views, operations, refund_approvals, refunds, tries
from app.services.refund_quotes import RefundSpec
from tests.services.approval_fixtures import ask, asking, question, say
from tests.services.money_fixtures import Book, money, one_database, open_book, person


@pytest.fixture(scope="module")
async def shared(databases, tmp_path_factory):
    with one_database("sqlite", databases, tmp_path_factory) as url:
        async with open_book(url) as opened:
            yield opened


@pytest.fixture
def book(shared: Book) -> Book:
    return shared.cleared()


MONEY = {"operations", "orders", "order_payments", "refunds", "refund_allocations"}


@contextmanager
def locks():
    """Which tables' rows are locked, in their order, and how where it is not for long."""
    seen: list[str] = []

    def note(state: ORMExecuteState) -> None:
        if not state.is_select:
            return
        told = str(state.statement.compile(dialect=postgresql.dialect()))
        how = re.search(r" FOR (UPDATE|SHARE)( OF \w+)?( SKIP LOCKED)?", told)
        table = re.search(r"FROM (\w+)", told)
        if how and table and table[1] in MONEY:
            rest = " ".join(part.strip() for part in how.groups()[1:] if part)
            seen.append(f"{table[1]} {how[1].lower()} {rest}".strip())

    event.listen(Session, "do_orm_execute", note)
    try:
        yield seen
    finally:
        event.remove(Session, "do_orm_execute", note)


async def refund_of(book: Book):
    caller = await book.store()
    order = await book.order(caller)
    refund = await book.refund(caller, order, amount=money(1000))
    return caller, order, refund, await book.operation(refund.id)


async def test_a_reservation_is_made_under_the_locks_of_order_payments_and_what_counts_against_them(book):
    caller = await book.store()
    order = await book.order(caller)
    said = await book.ledgers(caller, order)
    with locks() as seen:
        await book.write(refunds.request, caller, order.id, said, RefundSpec(amount=money(100)))
    assert seen == ["orders update", "order_payments update", "operations share OF refund_allocations"]


async def test_a_try_is_claimed_and_ended_under_the_operations_lock_and_settled_under_the_refunds(book):
    *_, operation = await refund_of(book)
    with locks() as seen:
        claim = await book.write(tries._claim, operation.id, 1, book.runtime, 8.0)
    assert seen == ["operations update"]
    with locks() as seen:
        ending = tries._Ending(Receipt(status="succeeded"))
        await book.write(tries._conclude, operation.id, claim, ending, book.runtime)
    assert seen[:3] == ["operations update", "refund_allocations update", "refunds update"]
    with locks() as seen:
        await tries.recheck(book.runtime, operation.id, 1)
    assert seen == ["operations update"]


async def test_whoever_finds_lost_operations_takes_those_that_nobody_holds(book):
    with locks() as seen:
        await book.write(tries.revive)
    assert seen == ["operations update SKIP LOCKED"]


@pytest.mark.parametrize("outcome", ["failed", "succeeded"])
async def test_a_person_decides_under_the_operations_lock_and_a_reader_takes_none(book, outcome):
    caller, *_, operation = await refund_of(book)
    said = {"outcome": outcome, "note": "seen", "external_id": None}
    with locks() as seen:
        await book.read(operation_views.get, caller, operation.id)
    assert seen == []
    with locks() as seen:
        await book.write(operations.resolve, person(caller), operation.id, **said)
    assert seen[:3] == ["operations update", "refund_allocations update", "refunds update"]


async def test_what_waits_for_the_shop_is_ended_under_its_locks(book):
    caller = await book.store()
    cancellation = await book.cancel(caller, await book.order(caller, status="pending"))
    with locks() as seen:
        await book.write(refunds.withdraw, cancellation.refund_id)
    assert seen == ["refunds update", "operations update"]
    (operation,) = await book.operations(cancellation.refund_id)
    assert operation.status == "canceled"


async def test_what_waits_for_a_person_goes_on_and_ends_under_its_lock(book):
    caller, order, shopper = await asking(book)
    first = await ask(book, shopper, order, amount=money(100))
    second = await ask(book, shopper, order, amount=money(200))
    with locks() as seen:
        await say(book, caller, first)
    resumed = [row for row in seen if row.startswith("refunds")]
    assert resumed == ["refunds update"]
    asked = await question(book, second)

    def end(session: Session) -> Any:
        refund_approvals._end(session, asked, "rejected")

    with locks() as seen:
        await book.write(end)
    assert seen == ["refunds update"]


async def test_an_operation_is_looked_at_anew_before_it_is_canceled(book):
    caller = await book.store()
    cancellation = await book.cancel(caller, await book.order(caller, status="pending"))
    held = await book.operation(cancellation.refund_id)
    with locks() as seen:
        await book.write(lambda s: operations.untouched(s, s.get_one(Operation, held.id)))
    assert seen == ["operations update"]
