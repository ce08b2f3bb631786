"""Whose an operation is: a shopper sees those about what is theirs, whatever it is about, and no other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import OperationNotFound
from app.models.changes import Change
from app.models.credits import Credit
from app.models.exchanges import Exchange
from app.models.operations import Operation
from app.models.withdrawals import Withdrawal
from app.services import operation_views, returns
from app.services.callers import Caller
from app.services.return_specs import LineSpec, ReturnSpec
from tests.services.money_fixtures import Book, Placed, money, one_database, open_book
from tests.support.spread import KINDS


@pytest.fixture(scope="module", params=KINDS)
async def shared(request, databases, tmp_path_factory):
    with one_database(request.param, databases, tmp_path_factory) as url:
        async with open_book(url) as opened:
            yield opened


@pytest.fixture
def book(shared: Book) -> Book:
    return shared.cleared()


def rows(caller: Caller, order: Placed, customer: str | None, operation: Operation, back: str) -> dict[str, Any]:
    """One of each kind of thing that operations are about, the customer's own."""
    owned = {"store_id": caller.store_id, "livemode": False, "created_at": clock.now(), "customer_id": customer}
    actor = caller.actor()
    return {
        "change": Change(
            id=ids.new("chg"),
            kind="address",
            subject_id=ids.new("ord"),
            order_id=order.id,
            plan={},
            operation_id=operation.id,
            actor=actor,
            **owned,
        ),
        "exchange": Exchange(
            id=ids.new("exc"),
            order_id=order.id,
            return_id=back,
            currency="EUR",
            difference=0,
            actor=actor,
            **owned,
        ),
        "credit": Credit(
            id=ids.new("crd"),
            operation_id=operation.id,
            order_id=order.id,
            amount=100,
            currency="EUR",
            actor=actor,
            **owned,
        ),
        "withdrawal": Withdrawal(id=ids.new("wdr"), order_id=order.id, language="en", actor=actor, **owned),
    }


async def of_each(book: Book, caller: Caller, customer: str) -> tuple[Caller, Operation, dict[str, str]]:
    """A shopper, an operation, and what it may be about: the id of one thing of each kind."""
    order = await book.order(caller, customer=customer)
    shopper = replace(await book.shopper(caller, order), automation=False)
    refund = await book.refund(caller, order, amount=money(100))
    operation = await book.operation(refund.id)
    back = await book.write(returns.request, caller, order.id, ReturnSpec(lines=(LineSpec(order.lines[0], 1),)))
    made = rows(caller, order, shopper.shopper, operation, back.id)
    about = {"return": back.id, "order": order.id, **{kind: row.id for kind, row in made.items()}}

    def write(session: Session) -> None:
        session.add_all(made.values())

    await book.write(write)
    return shopper, operation, about


@pytest.mark.parametrize("kind", ["change", "return", "exchange", "credit", "withdrawal", "order"])
async def test_an_operation_belongs_to_the_customer_of_what_it_is_about(book, kind):
    caller = await book.store()
    neighbour, others, _ = await of_each(book, caller, "cust-2")
    shopper, operation, about = await of_each(book, caller, "cust-1")
    await book.set(Operation, operation.id, subject_type=kind, subject_id=about[kind])
    assert (await book.read(operation_views.get, shopper, operation.id)).subject_id == about[kind]
    assert (await book.read(operation_views.get, caller, operation.id)).id == operation.id
    for stranger in (neighbour, replace(shopper, shopper="cus_other")):
        with pytest.raises(OperationNotFound):
            await book.read(operation_views.get, stranger, operation.id)
    with pytest.raises(OperationNotFound):
        await book.read(operation_views.get, shopper, others.id)
