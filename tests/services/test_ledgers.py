"""What counts of an order's money and goods: refunds by how they stand, here and elsewhere, returns, other goods."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from app import clock, ids
from app.models.exchanges import Exchange, ExchangeLine
from app.models.orders import Order
from app.models.refunds import Allocation
from app.models.returns import Return, ReturnLine
from app.services import line_uses, refunds, returns
from app.services.callers import Caller
from app.services.ledgers import Ledger
from app.services.line_uses import Use
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


LINES = (Line(6, 6000), Line(4, 2000))
PAID = [Paid(5000, kind="gift_card"), Paid(3000)]


async def placed(book: Book, caller: Caller) -> Placed:
    return await book.order(caller, *LINES, paid=PAID)


async def ledger(book: Book, order: Placed) -> Ledger:
    return await book.read(lambda s: Ledger.of(s, s.get_one(Order, order.id)))


async def refund(book: Book, caller: Caller, order: Placed, line: int, quantity: int, *plans: str, **more: Any) -> str:
    made = await book.refund(caller, order, lines=((order.lines[line], quantity),), **more)
    if plans:
        await book.settle(made, *plans)
    return made.id


async def send_back(book: Book, caller: Caller, order: Placed, *lines: tuple[int, int], status: str = "") -> str:
    spec = ReturnSpec(lines=tuple(LineSpec(order.lines[line], quantity) for line, quantity in lines))
    made = await book.write(returns.request, caller, order.id, spec)
    if status:
        await book.set(Return, made.id, status=status)
    return made.id


async def told_elsewhere(book: Book, order: Placed, *refunds: dict[str, Any]) -> None:
    """The shop tells of refunds that were made there."""

    def tell(session: Session) -> None:
        row = session.get_one(Order, order.id)
        row.snapshot = {**row.snapshot, "refunds": list(refunds)}

    await book.write(tell)


# ---- refunds --------------------------------------------------------------------------------------------------------


async def test_an_order_that_nothing_happened_to_has_an_empty_ledger(book):
    caller = await book.store()
    assert await ledger(book, await placed(book, caller)) == Ledger()


async def test_refunds_count_by_how_they_stand_per_payment_and_per_line(book):
    caller = await book.store()
    order, neighbour = await placed(book, caller), await placed(book, caller)
    await refund(book, caller, neighbour, 0, 1, "succeed", "drop")
    paid = [await refund(book, caller, order, 0, 1, "succeed", "succeed") for _ in range(2)]
    open_ = await refund(book, caller, order, 1, 1)
    unknown = await refund(book, caller, order, 1, 2, "drop", "drop")
    failed = await refund(book, caller, order, 0, 3, "refuse", "refuse")
    first, second = order.payments
    found = await ledger(book, order)
    assert found.refunded == {first: 1250, second: 750}, "two of 10.00, five eighths by gift card"
    assert found.reserved == {first: 313 + 625, second: 187 + 375}, "pending and unknown"
    assert found.line_quantity == found.refunded_apart == {order.lines[0]: 2, order.lines[1]: 3}
    assert found.line_amount == {order.lines[0]: 2000, order.lines[1]: 1500}
    assert found.refunds == sorted([*paid, open_, unknown, failed]), "the failed one too: it is one of the order's"
    assert (found.returned, found.line_used, found.line_value, found.held, found.returns) == ({}, {}, {}, 0, [])


async def test_a_refund_keeps_its_lines_while_any_part_of_it_may_have_gone_back(book):
    caller = await book.store()
    order = await placed(book, caller)
    await refund(book, caller, order, 0, 1, "succeed", "refuse")
    found = await ledger(book, order)
    assert (found.refunded, found.reserved) == ({order.payments[0]: 625}, {})
    assert (found.line_quantity, found.line_amount) == ({order.lines[0]: 1}, {order.lines[0]: 1000})


async def test_what_is_refunded_with_a_return_is_not_gone_a_second_time(book):
    caller = await book.store()
    order = await placed(book, caller)
    back = await send_back(book, caller, order, (0, 2))
    said = await book.ledgers(caller, order)
    spec = RefundSpec(lines=((order.lines[0], 2),))
    await book.write(refunds.request, caller, order.id, said, spec, return_id=back)
    await refund(book, caller, order, 0, 1)
    found = await ledger(book, order)
    assert (found.line_quantity, found.refunded_apart) == ({order.lines[0]: 3}, {order.lines[0]: 1})
    assert found.returned == {order.lines[0]: 2}


async def test_a_canceled_part_counts_nowhere(book):
    caller = await book.store()
    order = await placed(book, caller)
    made = await book.refund(caller, order, amount=money(800))

    def cancel(session: Session) -> None:
        for part in session.query(Allocation).filter_by(refund_id=made.id):
            part.status = "canceled"

    await book.write(cancel)
    found = await ledger(book, order)
    assert (found.refunded, found.reserved, found.refunds) == ({}, {}, [made.id])


async def test_what_the_shop_paid_back_for_a_line_elsewhere_is_gone_too(book):
    caller = await book.store()
    order = await placed(book, caller)
    await refund(book, caller, order, 0, 1)
    shown = (await book.read(lambda s: s.get_one(Order, order.id))).snapshot["lines"]
    first, second = (line["external_id"] for line in shown)
    row = {"key": None, "status": "succeeded"}
    lines = [{"line_id": first, "quantity": 1, "amount": 900}, {"line_id": second, "quantity": 2, "amount": None}]
    await told_elsewhere(
        book,
        order,
        {**row, "external_id": "out-1", "lines": lines},
        {**row, "external_id": "out-2", "lines": lines[:1]},
        {**row, "external_id": "out-3", "lines": lines, "status": "failed"},
    )
    found = await ledger(book, order)
    assert found.line_quantity == found.refunded_apart == {order.lines[0]: 3, order.lines[1]: 2}
    assert found.line_amount == {order.lines[0]: 1000 + 900 + 900, order.lines[1]: 1000}
    assert found.refunded == {}, "how much of a payment went back that way is the bank's word"


# ---- returns --------------------------------------------------------------------------------------------------------


async def test_returns_hold_their_quantities_while_they_stand(book):
    caller = await book.store()
    order, neighbour = await placed(book, caller), await placed(book, caller)
    await send_back(book, caller, neighbour, (0, 1), (1, 3))
    stand = [
        await send_back(book, caller, order, (0, 1), (1, 1)),
        await send_back(book, caller, order, (0, 2), status="completed"),
    ]
    await book.set(ReturnLine, (stand[1], order.lines[0]), received_quantity=1)
    gone = await send_back(book, caller, order, (0, 2), (1, 2), status="canceled")
    found = await ledger(book, order)
    assert found.returned == {order.lines[0]: 1 + 1, order.lines[1]: 1}, "what did not come may come another time"
    await book.set(Return, stand[1], method="keep")
    assert (await ledger(book, order)).returned[order.lines[0]] == 1 + 2, "what the shopper keeps is gone"
    assert found.returns == sorted([*stand, gone])
    assert (found.refunds, found.line_quantity, found.refunded_apart) == ([], {}, {})


# ---- other goods ----------------------------------------------------------------------------------------------------


async def test_what_other_instruments_gave_counts_as_they_say(book):
    caller = await book.store()
    order, neighbour = await placed(book, caller), await placed(book, caller)
    first, second = order.lines
    given = [
        Use(first, 2, 1900),
        Use(first, 1, 950, held=100),
        Use(second, 1, 500, held=-40, in_return=True),
        Use(second, 2, 700, in_return=True),
    ]

    def source(_: Session, asked: Order) -> list[Use]:
        return given if asked.id == order.id else []

    line_uses.SOURCES.append(source)
    try:
        found, other = await ledger(book, order), await ledger(book, neighbour)
    finally:
        line_uses.SOURCES.remove(source)
    assert found.line_used == {first: 3, second: 3}
    assert found.line_value == {first: 2850, second: 1200}
    assert found.held == 1900 + 100 - 40 + 700
    assert found.refunded_apart == {first: 3}, "what stands in a return is not counted as gone twice"
    assert (found.line_quantity, found.line_amount) == ({}, {})
    assert other == Ledger()


@pytest.mark.parametrize(
    ("fields", "held"),
    [
        ({"status": "approved"}, 2000),
        ({"status": "approved", "charged": 300}, 2300),
        ({"status": "completed", "due": -150, "charged": 0}, 1000 - 150),
        ({"status": "completed", "due": 250, "charged": 250}, 1000 + 250),
        ({"status": "canceled"}, 0),
    ],
)
async def test_an_exchange_holds_what_was_paid_for_what_it_replaces(book, fields, held):
    caller = await book.store()
    order = await placed(book, caller)
    back = await send_back(book, caller, order, (0, 2))
    line = order.lines[0]

    def exchange(session: Session) -> None:
        row = Exchange(
            id=ids.new("exc"),
            store_id=caller.store_id,
            livemode=False,
            created_at=clock.now(),
            order_id=order.id,
            return_id=back,
            currency="EUR",
            difference=0,
            actor=caller.actor(),
            **fields,
        )
        session.add(row)
        session.flush()
        received = 1 if fields["status"] == "completed" else None
        session.add(
            ExchangeLine(
                exchange_id=row.id,
                line_id=line,
                quantity=2,
                received_quantity=received,
                variant_id="v-1",
                title="Mug, blue",
                paid=2000,
                price=2000,
            )
        )

    await book.write(exchange)
    found = await ledger(book, order)
    assert found.held == held
    assert found.returned == {line: 2}
    assert found.refunded_apart.get(line, 0) == 0, "it is in the return"
    units = {"approved": 2, "completed": 1, "canceled": 0}[fields["status"]]
    assert (found.line_used.get(line, 0), found.line_value.get(line, 0)) == (units, 1000 * units)
