"""What is left of each line: refund, credit, exchange and reship together never pass what was paid for it.

Read and take under the order's lock, in the transaction that writes what is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.errors import AlreadyReturned, RefundExceedsCaptured
from app.models.orders import OrderLine, OrderPayment
from app.services.ledgers import Ledger


@dataclass(frozen=True, slots=True)
class Left:
    """What may still be given for one line: units, and minor units of the order's currency."""

    quantity: int
    value: int


def left(line: OrderLine, ledger: Ledger) -> Left:
    """What no refund, exchange, credit or reship has taken of a line."""
    quantity = units_left(line, ledger)
    return Left(quantity, worth(line, ledger, quantity))


def units_left(line: OrderLine, ledger: Ledger) -> int:
    """How many of a line no refund, exchange, credit or reship has taken."""
    return max(0, line.quantity - ledger.gone(line))


def worth(line: OrderLine, ledger: Ledger, quantity: int) -> int:
    """What was paid for `quantity` more units of a line, never more than what is left of its money; minor units.

    By what stands, not by position: after an earlier part failed, positions may add up to a cent too much.
    """
    line_id = line.id
    taken = ledger.line_amount.get(line_id, 0) + ledger.line_value.get(line_id, 0)
    return max(0, line.total * (ledger.gone(line) + quantity) // line.quantity - taken)


def money_left(payments: Iterable[OrderPayment], ledger: Ledger, currency: str) -> int:
    """What is left of the order's money, minor units: paid, less refunds (outside ones too) and what goods hold."""
    return max(0, sum(ledger.refundable(p) for p in payments if p.currency == currency) - ledger.held)


def rest(payments: Iterable[OrderPayment], ledger: Ledger, currency: str) -> int | None:
    """What is left of the order's money where some of it has gone back, here or elsewhere; None where none has.

    Without that the lines alone say what they are worth; an amount that went back without lines bounds them all.
    """
    own = [payment for payment in payments if payment.currency == currency]
    given = any(p.refunded_outside or ledger.refunded.get(p.id) or ledger.reserved.get(p.id) for p in own)
    return money_left(own, ledger, currency) if given else None


def take(
    wanted: Sequence[tuple[OrderLine, int]], payments: Iterable[OrderPayment], ledger: Ledger, currency: str
) -> list[int]:
    """What each `(line, quantity)` is worth as goods, a credit or a reship; raises where it is not left.

    `already_returned`: the units are taken. `refund_exceeds_captured`: the money has gone back another way.
    """
    values: list[int] = []
    for line, quantity in wanted:
        if ledger.gone(line) + quantity > line.quantity:
            raise AlreadyReturned("The items were refunded or replaced already.")
        values.append(worth(line, ledger, quantity))
    if sum(values) > money_left(payments, ledger, currency):
        raise RefundExceedsCaptured("What was paid for these items has gone back already.")
    return values
