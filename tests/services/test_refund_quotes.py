"""What a refund would be: exact to the minor unit, whatever was refunded before and in which order."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import (
    CurrencyMismatch,
    Invalid,
    ItemNotInOrder,
    NoItems,
    PaymentMethodNotFound,
    RefundExceedsCaptured,
)
from app.models.orders import OrderLine, OrderPayment
from app.money import Money
from app.services.ledgers import Ledger
from app.services.refund_quotes import Quote, RefundSpec, allocate, part_of, quote


def line(name: str, quantity: int, total: int, tax: int = 0, discount: int = 0) -> OrderLine:
    return OrderLine(
        id=name,
        external_id=f"shop-{name}",
        quantity=quantity,
        total=total,
        tax=tax,
        discount=discount,
        final_sale=False,
    )


def payment(name: str, captured: int, *, outside: int = 0, currency: str = "EUR", method: str | None = None):
    return OrderPayment(
        id=name,
        external_id=f"shop-{name}",
        captured=captured,
        refunded_outside=outside,
        currency=currency,
        payment_method_id=method,
    )


def price(spec: RefundSpec, lines=(), payments=None, ledger: Ledger | None = None, shipping=0, currency="EUR") -> Quote:
    payments = [payment("p1", 100_000, currency=currency)] if payments is None else payments
    return quote(
        spec,
        currency=currency,
        lines=list(lines),
        payments=payments,
        ledger=ledger or Ledger(),
        shipping_left=shipping,
    )


def identity_holds(found: Quote) -> bool:
    parts = found.items - found.discount + found.tax + found.shipping - found.fee
    return found.amount == parts == sum(amount for _, amount in found.allocations)


def took(ledger: Ledger, found: Quote) -> None:
    """Write a quote into the ledger, as a refund that stands would."""
    for line_id, quantity, amount in found.lines:
        ledger.line_quantity[line_id] = ledger.line_quantity.get(line_id, 0) + quantity
        ledger.line_amount[line_id] = ledger.line_amount.get(line_id, 0) + amount
    for payment_id, amount in found.allocations:
        ledger.reserved[payment_id] = ledger.reserved.get(payment_id, 0) + amount


@pytest.mark.parametrize("steps", [(1, 1, 1), (2, 1), (1, 2), (3,)])
def test_three_for_ten_sum_to_exactly_ten_in_every_order_of_partial_refunds(steps):
    ledger, goods, paid = Ledger(), line("l1", 3, 1000, tax=160, discount=2), payment("p1", 1000)
    found = []
    for quantity in steps:
        found.append(price(RefundSpec(lines=(("l1", quantity),)), [goods], [paid], ledger))
        took(ledger, found[-1])
    assert sum(part.amount for part in found) == 1000
    assert sum(part.tax for part in found) == 160
    assert sum(part.discount for part in found) == 2
    assert all(identity_holds(part) for part in found)
    assert ledger.refundable(paid) == 0


def test_one_of_three_for_ten_is_three_thirty_three_with_its_share_of_tax_and_discount():
    found = price(RefundSpec(lines=(("l1", 1),)), [line("l1", 3, 1000, tax=160, discount=2)])
    assert (found.amount, found.tax, found.discount, found.items) == (333, 53, 0, 280)
    assert found.lines == (("l1", 1, 333),)
    assert (found.shipping, found.fee, found.currency) == (0, 0, "EUR")


def test_a_line_whose_first_part_failed_is_never_paid_above_its_total():
    """1 + 1 + 1 of three for ten; the first fails and is asked again: 333 + 334 stand, so 333 are left, not 334."""
    goods, paid = line("l1", 3, 1000), payment("p1", 5000)
    standing = Ledger(line_quantity={"l1": 2}, line_amount={"l1": 667}, refunded={"p1": 667})
    assert price(RefundSpec(lines=(("l1", 1),)), [goods], [paid], standing).amount == 333


@given(data=st.data())
def test_no_order_of_refunds_and_failures_passes_the_total_of_a_line(data):
    units = data.draw(st.integers(1, 7), "units")
    total = data.draw(st.integers(units, 2000), "total")
    goods, paid = line("l1", units, total, tax=total // 5), payment("p1", total * 10)
    standing: list[tuple[int, int]] = []
    for _ in range(data.draw(st.integers(1, 8), "steps")):
        if standing and data.draw(st.booleans(), "one fails"):
            standing.pop(data.draw(st.integers(0, len(standing) - 1), "which"))
        ledger = Ledger(
            line_quantity={"l1": sum(quantity for quantity, _ in standing)},
            line_amount={"l1": sum(amount for _, amount in standing)},
        )
        left = units - ledger.line_quantity["l1"]
        if not left:
            continue
        quantity = data.draw(st.integers(1, left), "quantity")
        try:
            found = price(RefundSpec(lines=(("l1", quantity),)), [goods], [paid], ledger)
        except NoItems:  # a cent shared by many: nothing falls on this one
            continue
        assert identity_holds(found)
        standing.append((quantity, found.lines[0][2]))
        paid_back = sum(amount for _, amount in standing)
        assert paid_back <= total
        if sum(quantity for quantity, _ in standing) == units:
            assert paid_back == total


@given(
    totals=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 5000), st.integers(0, 400)), min_size=1, max_size=4),
    shipping=st.integers(0, 900),
    keep=st.integers(0, 300),
    shares=st.lists(st.integers(1, 1000), min_size=1, max_size=4),
)
def test_the_breakdown_and_the_allocations_always_sum_to_the_amount(totals, shipping, keep, shares):
    goods = [line(f"l{n}", units, total, tax=total // 6, discount=off) for n, (units, total, off) in enumerate(totals)]
    value = sum(total for _, total, _ in totals) + shipping
    paid = [payment(f"p{n}", value * part) for n, part in enumerate(shares)]
    amount = max(1, value - keep)
    spec = RefundSpec(lines=tuple((row.id, row.quantity) for row in goods), shipping=True, amount=Money(amount, "EUR"))
    found = price(spec, goods, paid, shipping=shipping)
    assert identity_holds(found)
    assert (found.amount, found.fee, found.shipping) == (amount, value - amount, shipping)


def test_less_than_the_lines_are_worth_keeps_a_fee():
    found = price(RefundSpec(lines=(("l1", 1),), amount=Money(700, "EUR")), [line("l1", 1, 1000, tax=100)])
    assert (found.amount, found.items, found.tax, found.fee) == (700, 900, 100, 300)


def test_more_than_the_lines_are_worth_is_refused():
    with pytest.raises(RefundExceedsCaptured, match="more than what was paid for these lines"):
        price(RefundSpec(lines=(("l1", 1),), amount=Money(1001, "EUR")), [line("l1", 1, 1000)])
    assert price(RefundSpec(lines=(("l1", 1),), amount=Money(1000, "EUR")), [line("l1", 1, 1000)]).fee == 0


def test_an_amount_alone_is_all_items():
    found = price(RefundSpec(amount=Money(250, "EUR")), [line("l1", 1, 1000, tax=100)])
    assert (found.amount, found.items, found.tax, found.fee, found.lines) == (250, 250, 0, 0, ())


def test_shipping_is_refunded_once_and_then_nothing_is_left_of_it():
    assert price(RefundSpec(shipping=True), shipping=490).shipping == 490
    with pytest.raises(NoItems, match="Nothing is left"):
        price(RefundSpec(shipping=True), shipping=0)


def test_an_amount_with_shipping_and_no_lines_is_bounded_by_the_shipping():
    assert price(RefundSpec(shipping=True, amount=Money(200, "EUR")), shipping=490).fee == 290
    with pytest.raises(RefundExceedsCaptured):
        price(RefundSpec(shipping=True, amount=Money(491, "EUR")), shipping=490)


def test_shipping_that_nobody_named_stays():
    found = price(RefundSpec(lines=(("l1", 1),)), [line("l1", 1, 1000)], shipping=490)
    assert (found.amount, found.shipping) == (1000, 0)


def test_nothing_named_is_nothing_to_refund():
    with pytest.raises(NoItems):
        price(RefundSpec())


def test_more_of_a_line_than_is_left_is_refused():
    goods, gone = line("l1", 3, 900), Ledger(line_quantity={"l1": 2}, line_amount={"l1": 600})
    assert price(RefundSpec(lines=(("l1", 1),)), [goods], ledger=gone).amount == 300
    with pytest.raises(RefundExceedsCaptured, match="More of a line than what is left of it"):
        price(RefundSpec(lines=(("l1", 2),)), [goods], ledger=gone)
    with pytest.raises(RefundExceedsCaptured):
        price(RefundSpec(lines=(("l1", 4),)), [goods])


def test_a_line_may_be_named_by_the_shops_id_but_not_twice_and_not_from_elsewhere():
    goods = line("l1", 2, 900)
    assert price(RefundSpec(lines=(("shop-l1", 2),)), [goods]).lines == (("l1", 2, 900),)
    with pytest.raises(Invalid, match="named twice"):
        price(RefundSpec(lines=(("shop-l1", 1), ("l1", 1))), [goods])
    with pytest.raises(ItemNotInOrder):
        price(RefundSpec(lines=(("l2", 1),)), [goods])


def test_another_currency_than_the_orders_is_refused():
    with pytest.raises(CurrencyMismatch):
        price(RefundSpec(amount=Money(100, "USD")))


@pytest.mark.parametrize(("currency", "total", "part"), [("JPY", 1000, 333), ("KWD", 1000, 333), ("EUR", 1000, 333)])
def test_minor_units_are_the_currencys_own(currency, total, part):
    goods, paid = line("l1", 3, total), payment("p1", total, currency=currency)
    found = price(RefundSpec(lines=(("l1", 1),)), [goods], [paid], currency=currency)
    assert (found.amount, found.currency) == (part, currency)


def test_a_payment_in_another_currency_pays_nothing_back():
    paid = [payment("p1", 500), payment("p2", 9000, currency="USD")]
    assert price(RefundSpec(amount=Money(500, "EUR")), payments=paid).allocations == (("p1", 500),)
    with pytest.raises(RefundExceedsCaptured):
        price(RefundSpec(amount=Money(501, "EUR")), payments=paid)


# ---- the split over the payments ------------------------------------------------------------------------------------


def test_gift_card_and_card_share_a_refund_as_they_shared_the_price():
    paid = [payment("gift", 2500), payment("card", 7500)]
    assert allocate(1000, paid, Ledger()) == [("gift", 250), ("card", 750)]


def test_the_largest_remainder_gets_the_odd_cent_and_ties_go_to_the_earlier():
    thirds = [payment("a", 100), payment("b", 100), payment("c", 100)]
    assert allocate(100, thirds, Ledger()) == [("a", 34), ("b", 33), ("c", 33)]
    assert allocate(10, [payment("a", 133), payment("b", 267)], Ledger()) == [("a", 3), ("b", 7)]


def test_what_one_payment_cannot_give_the_others_do():
    paid = [payment("gift", 2500), payment("card", 7500)]
    assert allocate(1000, paid, Ledger(refunded={"gift": 2400})) == [("gift", 100), ("card", 900)]
    assert allocate(1000, paid, Ledger(reserved={"gift": 2500})) == [("card", 1000)]
    assert allocate(3000, paid, Ledger(reserved={"card": 7000})) == [("gift", 2500), ("card", 500)]


def test_refunds_made_elsewhere_count_against_a_payment():
    paid = [payment("p1", 1000, outside=400)]
    assert allocate(600, paid, Ledger()) == [("p1", 600)]
    with pytest.raises(RefundExceedsCaptured):
        allocate(601, paid, Ledger())


def test_a_payment_that_captured_nothing_gives_nothing():
    with pytest.raises(RefundExceedsCaptured):
        allocate(1, [payment("p1", 0)], Ledger())
    assert allocate(5, [payment("p1", 0), payment("p2", 5)], Ledger()) == [("p2", 5)]


@given(
    held=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 5000)), min_size=1, max_size=5),
    wanted=st.integers(1, 20_000),
)
def test_no_split_takes_more_of_a_payment_than_is_left(held, wanted):
    paid = [payment(f"p{n}", captured, outside=outside) for n, (captured, outside, _) in enumerate(held)]
    ledger = Ledger(reserved={f"p{n}": reserved for n, (_, _, reserved) in enumerate(held)})
    left = {row.id: max(0, c - o - r) for row, (c, o, r) in zip(paid, held, strict=True)}
    if wanted > sum(left.values()):
        with pytest.raises(RefundExceedsCaptured):
            allocate(wanted, paid, ledger)
        return
    parts = allocate(wanted, paid, ledger)
    assert sum(amount for _, amount in parts) == wanted
    assert all(0 < amount <= left[name] for name, amount in parts)


# ---- where the money goes -------------------------------------------------------------------------------------------


def test_a_payment_method_is_chosen_by_its_id_or_the_payments():
    paid = [payment("gift", 500, method="pm-1"), payment("card", 500, method="pm-2")]
    for name in ("pm-2", "card", "shop-card"):
        spec = RefundSpec(amount=Money(300, "EUR"), destination="payment_method", payment_method_id=name)
        assert price(spec, payments=paid).allocations == (("card", 300),)
    too_much = RefundSpec(amount=Money(501, "EUR"), destination="payment_method", payment_method_id="pm-2")
    with pytest.raises(RefundExceedsCaptured):
        price(too_much, payments=paid)


def test_what_is_owed_is_taken_from_the_others_too_where_the_named_method_paid_too_little():
    paid = [payment("gift", 500, method="pm-1"), payment("card", 500, method="pm-2"), payment("debit", 1000)]
    spec = RefundSpec(amount=Money(800, "EUR"), destination="payment_method", payment_method_id="pm-1", owed=True)
    found = price(spec, payments=paid)
    assert (found.pays_out, dict(found.allocations)) == (False, {"gift": 500, "card": 100, "debit": 200})


def test_what_is_owed_is_as_much_as_is_left_and_says_so_in_its_parts():
    spec = RefundSpec((("a", 2), ("b", 1)), keep_back=100, owed=True)
    lines = [line("a", 2, 2000, tax=400, discount=100), line("b", 1, 1000)]
    found = price(spec, lines, [payment("card", 3000, outside=1600)])
    assert (found.amount, found.fee, identity_holds(found)) == (1400, 100, True)
    assert [amount for _, _, amount in found.lines] == [1000, 500], "what is left is for both, by what they are worth"
    with pytest.raises(RefundExceedsCaptured):
        price(spec, lines, [payment("card", 3000, outside=3000)])


def test_where_less_is_left_tax_and_discount_shrink_with_it_to_whole_cents():
    spec = RefundSpec((("a", 3),), shipping=True, owed=True)
    found = price(spec, [line("a", 3, 1000, tax=160, discount=55)], [payment("card", 1490, outside=501)], shipping=490)
    assert (found.amount, found.shipping, found.fee) == (989, 490, 0)
    assert (found.tax, found.discount, found.items) == (79, 27, 499 - 79 + 27), "499 are left of 1000"
    assert all(isinstance(part, int) for part in (found.tax, found.discount, found.items))
    assert found.lines == (("a", 3, 499),)


def test_a_payment_method_that_did_not_pay_gets_nothing():
    spec = RefundSpec(amount=Money(300, "EUR"), destination="payment_method", payment_method_id="pm-9")
    with pytest.raises(PaymentMethodNotFound):
        price(spec, payments=[payment("card", 500, method="pm-2")])


def test_a_method_of_the_customer_that_did_not_pay_is_paid_out_to_against_what_paid():
    spec = RefundSpec(amount=Money(300, "EUR"), destination="payment_method", payment_method_id="pm-gift")
    priced = quote_with(spec, {"pm-gift"})
    assert (priced.pays_out, priced.allocations) == (True, (("card", 300),))


def test_store_credit_is_reserved_against_what_paid_and_never_more():
    priced = price(RefundSpec(amount=Money(300, "EUR"), destination="store_credit"), payments=[payment("card", 500)])
    assert (priced.pays_out, priced.allocations) == (True, (("card", 300),))
    with pytest.raises(RefundExceedsCaptured):
        price(RefundSpec(amount=Money(501, "EUR"), destination="store_credit"), payments=[payment("card", 500)])


def quote_with(spec, others):
    paid = [payment("card", 500, method="pm-2")]
    return quote(spec, currency="EUR", lines=[], payments=paid, ledger=Ledger(), shipping_left=0, others=others)


@given(units=st.integers(1, 30), whole=st.integers(0, 10**6), data=st.data())
def test_parts_of_a_line_sum_to_the_whole_and_none_is_off_by_a_unit(units, whole, data):
    cuts = sorted(data.draw(st.sets(st.integers(1, units), max_size=5)) | {units})
    parts = [(a, b, part_of(whole, units, a, b - a)) for a, b in itertools.pairwise([0, *cuts])]
    assert sum(part for _, _, part in parts) == whole
    assert all(abs(part * units - whole * (b - a)) < units for a, b, part in parts)
