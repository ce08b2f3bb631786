"""What a refund would be: breakdown from the lines, split over the payments. No I/O, exact to the minor unit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from app.errors import (
    CurrencyMismatch,
    ItemNotInOrder,
    NoItems,
    PaymentMethodNotFound,
    RefundExceedsCaptured,
)
from app.models.orders import OrderLine, OrderPayment
from app.money import Money, share
from app.services.entitlements import money_left, worth
from app.services.ledgers import Ledger
from app.services.order_views import named


@dataclass(frozen=True, slots=True)
class RefundSpec:
    """What is asked to be refunded: lines and/or an amount, shipping, and where to."""

    lines: tuple[tuple[str, int], ...] = ()
    """Line id and quantity."""
    amount: Money | None = None
    shipping: bool = False
    destination: str = "original"
    payment_method_id: str | None = None
    keep_back: int = 0
    """Of what was named, minor units that are not paid back: fees, and a label that the shopper pays."""
    owed: bool = False
    """It is for something that has happened already, as goods that came back. What the named method did not pay is
    taken from the other payments and paid out to it; where less is left of a line or of the order's money, as much as
    is left goes back. Else it is paid as it was asked for, or refused."""
    reason: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """`amount` = items - discount + tax + shipping - fee, and the sum of the allocations."""

    currency: str
    amount: int
    items: int
    tax: int
    discount: int
    shipping: int
    fee: int
    lines: tuple[tuple[str, int, int], ...]
    """Line id, quantity, minor units."""
    allocations: tuple[tuple[str, int], ...]
    """Payment id, minor units."""
    pays_out: bool = False
    """The money goes to a method that did not pay, or is store credit; it stays reserved against the payments."""


@dataclass(slots=True)
class _Sums:
    items: int = 0
    tax: int = 0
    discount: int = 0
    total: int = 0
    lines: list[tuple[str, int, int]] = field(default_factory=list[tuple[str, int, int]])

    def cut(self, short: int) -> int:
        """Take `short` off, each part by its share: so much less is left than they are worth. Returns it."""
        short = min(short, self.total)
        rest = self.total - short
        self.tax, self.discount = (part * rest // self.total for part in (self.tax, self.discount))
        amounts = share(rest, [amount for _, _, amount in self.lines])
        self.lines = [(line, count, part) for (line, count, _), part in zip(self.lines, amounts, strict=True)]
        self.total, self.items = rest, rest - self.tax + self.discount
        return short


def quote(
    spec: RefundSpec,
    *,
    currency: str,
    lines: Sequence[OrderLine],
    payments: Sequence[OrderPayment],
    ledger: Ledger,
    shipping_left: int,
    others: Collection[str] = (),
) -> Quote:
    """Price and split a refund against what is left now; raises the refusal where it cannot be.

    `others`: ids of the customer's other payment methods, to which it may be paid out.
    """
    if not spec.lines and spec.amount is None and not spec.shipping:
        raise NoItems
    if spec.amount is not None and spec.amount.currency != currency:
        raise CurrencyMismatch
    sums = _price(spec, {line.id: line for line in lines}, ledger)
    shipping = shipping_left if spec.shipping else 0
    value = sums.total + shipping
    if spec.amount is not None and not spec.lines and not spec.shipping:
        value = sums.items = sums.total = spec.amount.amount + spec.keep_back
    amount = max(0, value - spec.keep_back) if spec.amount is None else spec.amount.amount
    if amount > value:
        raise RefundExceedsCaptured("The amount is more than what was paid for these lines.")
    if amount <= 0:
        raise NoItems("Nothing is left to refund of what was named.")
    left = money_left(payments, ledger, currency)
    if spec.owed and 0 < left < amount:
        value, amount = value - sums.cut(amount - left), left
    if amount > left:
        raise RefundExceedsCaptured
    chosen, pays_out = _destination(spec, payments, others)
    own, rest = ([p for p in payments if p.currency == currency and (p in chosen) is mine] for mine in (True, False))
    allocations = split(amount, own, rest, ledger) if spec.owed else allocate(amount, own, ledger)
    return Quote(
        currency=currency,
        amount=amount,
        items=sums.items,
        tax=sums.tax,
        discount=sums.discount,
        shipping=shipping,
        fee=value - amount,
        lines=tuple(sums.lines),
        allocations=tuple(allocations),
        pays_out=pays_out,
    )


def _price(spec: RefundSpec, lines: dict[str, OrderLine], ledger: Ledger) -> _Sums:
    sums = _Sums()
    ours = named(lines.values(), [ref for ref, _ in spec.lines])
    for line_id, (_, wanted) in zip(ours, spec.lines, strict=True):
        line = lines.get(line_id)
        if line is None:
            raise ItemNotInOrder
        gone = ledger.gone(line)
        quantity = max(0, min(wanted, line.quantity - gone)) if spec.owed else wanted
        if gone + quantity > line.quantity:
            raise RefundExceedsCaptured("More of a line than what is left of it.")
        if not quantity:  # of what is owed: it has gone back another way meanwhile
            continue
        tax, discount = (part_of(whole, line.quantity, gone, quantity) for whole in (line.tax, line.discount))
        total = worth(line, ledger, quantity)
        sums.total += total
        sums.tax += tax
        sums.discount += discount
        sums.items += total - tax + discount
        sums.lines.append((line_id, quantity, total))
    if spec.lines and not sums.lines:
        raise RefundExceedsCaptured("Nothing is left of these lines.")
    return sums


def part_of(whole: int, units: int, gone: int, quantity: int) -> int:
    """The share of `quantity` more units after `gone` are away; all units together are `whole`, to the last cent."""
    return whole * (gone + quantity) // units - whole * gone // units


def _destination(
    spec: RefundSpec, payments: Sequence[OrderPayment], others: Collection[str]
) -> tuple[list[OrderPayment], bool]:
    """The payments that it is reserved against, and whether it is paid out elsewhere."""
    if spec.destination == "payment_method":
        chosen = [p for p in payments if spec.payment_method_id in (p.payment_method_id, p.id, p.external_id)]
        if chosen:
            return chosen, False
        if spec.payment_method_id not in others:
            raise PaymentMethodNotFound
    return list(payments), spec.destination != "original"


def split(
    amount: int, own: Sequence[OrderPayment], others: Sequence[OrderPayment], ledger: Ledger
) -> list[tuple[str, int]]:
    """From the payments that were chosen first; what they have too little for from the others, in proportion."""
    first = min(amount, sum(ledger.refundable(payment) for payment in own))
    return allocate(first, own, ledger) + allocate(amount - first, others, ledger)


def allocate(amount: int, payments: Sequence[OrderPayment], ledger: Ledger) -> list[tuple[str, int]]:
    """Split over the payments in the proportion in which they paid, never more than what is left of each."""
    left = {payment.id: ledger.refundable(payment) for payment in payments}
    if amount > sum(left.values()):
        raise RefundExceedsCaptured
    parts = dict(zip((p.id for p in payments), share(amount, [payment.captured for payment in payments]), strict=True))
    parts = {payment: min(part, left[payment]) for payment, part in parts.items()}
    missing = amount - sum(parts.values())
    for payment in parts:
        more = min(missing, left[payment] - parts[payment])
        parts[payment] += more
        missing -= more
    return [(payment, part) for payment, part in parts.items() if part > 0]
