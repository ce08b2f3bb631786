"""What is left of a line and of an order's money: by what stands, to the minor unit, elsewhere's refunds counted in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.errors import AlreadyReturned, RefundExceedsCaptured
from app.integrations.payments.contract import LedgerRefund, PaymentLedger
from app.models.orders import READINGS_OVERLAP, OrderLine, OrderPayment
from app.services import entitlements
from app.services.ledgers import Ledger, note_outside, take_reading
from tests.services.test_refund_quotes import line, payment


def three_for_ten() -> OrderLine:
    return line("a", 3, 1000)


def test_units_of_a_line_add_up_to_what_was_paid_for_it_whatever_was_given_before():
    taken: list[int] = []
    for gone in range(3):
        ledger = Ledger(line_quantity={"a": gone}, line_amount={"a": sum(taken)})
        assert entitlements.left(three_for_ten(), ledger) == entitlements.Left(3 - gone, 1000 - sum(taken))
        taken.append(entitlements.worth(three_for_ten(), ledger, 1))
    assert taken == [333, 333, 334]
    assert entitlements.left(three_for_ten(), Ledger(line_quantity={"a": 3}, line_amount={"a": 1000})).quantity == 0


def test_what_was_given_as_goods_counts_as_what_was_paid_back():
    ledger = Ledger(line_quantity={"a": 1}, line_amount={"a": 333}, line_used={"a": 1}, line_value={"a": 400})
    assert ledger.gone(three_for_ten()) == 2
    assert entitlements.left(three_for_ten(), ledger) == entitlements.Left(1, 267)
    dear = Ledger(line_used={"a": 1}, line_value={"a": 900})
    assert entitlements.worth(three_for_ten(), dear, 1) == 0, "more was given than two units were paid for"


def test_more_than_a_line_had_is_no_negative_rest():
    assert entitlements.left(three_for_ten(), Ledger(line_quantity={"a": 4})).quantity == 0


def test_the_money_left_is_what_no_refund_here_or_elsewhere_and_no_goods_hold():
    ledger = Ledger(refunded={"p": 100}, reserved={"p": 50}, held=30)
    paid = [payment("p", 1000, outside=20), payment("q", 500), payment("yen", 9999, currency="JPY")]
    assert (ledger.refundable(paid[0]), ledger.refundable(paid[1])) == (830, 500)
    assert entitlements.money_left(paid, ledger, "EUR") == 1300
    assert entitlements.money_left(paid, Ledger(held=2000), "EUR") == 0
    assert Ledger(refunded={"p": 1200}).refundable(paid[0]) == 0


@pytest.mark.parametrize(
    ("ledger", "outside", "left"),
    [
        (Ledger(), 0, None),
        (Ledger(), 20, 980),
        (Ledger(refunded={"p": 100}), 0, 900),
        (Ledger(reserved={"p": 100}), 0, 900),
        (Ledger(reserved={"other": 100}), 0, None),
    ],
)
def test_money_that_has_gone_back_bounds_every_line(ledger: Ledger, outside: int, left: int | None):
    assert entitlements.rest([payment("p", 1000, outside=outside)], ledger, "EUR") == left
    assert entitlements.rest([payment("p", 1000, outside=outside)], ledger, "USD") in {None, 0}


def test_what_is_taken_of_several_lines_is_worth_what_was_paid_for_it():
    lines, paid = (three_for_ten(), line("b", 1, 500)), [payment("p", 1500)]
    assert entitlements.take([(lines[0], 2), (lines[1], 1)], paid, Ledger(), "EUR") == [666, 500]
    with pytest.raises(AlreadyReturned, match=r": The items were refunded or replaced already\.$"):
        entitlements.take([(lines[0], 2)], paid, Ledger(line_quantity={"a": 2}), "EUR")
    assert entitlements.take([(lines[0], 1)], paid, Ledger(line_quantity={"a": 2}), "EUR") == [1000]
    with pytest.raises(RefundExceedsCaptured, match=r": What was paid for these items has gone back already\.$"):
        entitlements.take([(lines[1], 1)], paid, Ledger(refunded={"p": 1001}), "EUR")
    assert entitlements.take([(lines[1], 1)], paid, Ledger(refunded={"p": 1000}), "EUR") == [500]


def test_of_a_line_come_back_those_that_have_arrived_and_are_nowhere_else():
    three = three_for_ten()
    three.fulfilled_quantity = 2
    assert (Ledger().free(three), Ledger().returnable(three)) == (2, 2)
    assert Ledger(returned={"a": 1}).free(three) == 1
    assert Ledger(returned={"a": 1}, refunded_apart={"a": 1}).free(three) == 0
    assert Ledger(returned={"a": 2}, refunded_apart={"a": 1}).free(three) == 0
    three.final_sale = True
    assert (Ledger().free(three), Ledger().returnable(three)) == (2, 0)


# ---- what the provider's own ledger says ---------------------------------------------------------------------------


def said(captured: int, *refunds: tuple[str | None, int, str]) -> PaymentLedger:
    rows = [
        LedgerRefund(external_id=f"r{number}", key=key, amount=amount, status=status, created_at=clock.now())  # pyright: ignore[reportArgumentType]
        for number, (key, amount, status) in enumerate(refunds)
    ]
    return PaymentLedger(payment_id="shop-p", state="captured", currency="EUR", captured=captured, refunds=tuple(rows))


def read(payment_: OrderPayment, reading: PaymentLedger, **fields: Any) -> OrderPayment:
    for name, value in fields.items():
        setattr(payment_, name, value)
    take_reading(payment_, reading, {"ours"})
    return payment_


def test_what_is_in_the_provider_s_ledger_and_not_counted_as_ours_was_paid_elsewhere():
    reading = said(
        900, ("ours", 100, "succeeded"), ("other", 30, "succeeded"), (None, 5, "pending"), (None, 7, "failed")
    )
    found = read(payment("p", 1000), reading, ledger_at=None)
    assert (found.captured, found.refunded_outside) == (900, 35)
    assert found.ledger_at is not None
    assert clock.now() - found.ledger_at < timedelta(seconds=5)


@pytest.mark.parametrize(("age", "kept"), [(timedelta(seconds=1), 50), (READINGS_OVERLAP + timedelta(seconds=5), 20)])
def test_a_reading_that_may_be_older_than_the_last_forgets_nothing(age: timedelta, kept: int):
    known = payment("p", 1000, outside=50)
    known.ledger_at = clock.now() - age
    note_outside(known, 20)
    assert known.refunded_outside == kept
    note_outside(known, 80)
    assert known.refunded_outside == 80


def test_a_payment_that_was_never_read_takes_the_first_reading():
    known = payment("p", 1000, outside=50)
    note_outside(known, 20)
    assert known.refunded_outside == 20
