"""What other instruments than refunds have given of an order's lines; each of them tells it through a source."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.models.exchanges import STANDING, Exchange, ExchangeLine
from app.models.orders import Order


@dataclass(frozen=True, slots=True)
class Use:
    """So many of a line that its customer has got something else for: an exchange, a credit, a reship."""

    line_id: str
    quantity: int
    value: int
    """Minor units of what was paid for the line that may not go out a second time."""
    held: int | None = None
    """The part of the value that is not a refund in the books; None: all of it."""
    in_return: bool = False
    """Its quantity stands in a return already, so that it is not counted as gone twice."""


SOURCES: list[Callable[[Session, Order], Iterable[Use]]] = []
"""Asked for every order whose ledger is read: one indexed query each."""


_EXCHANGED = (
    select(Exchange, ExchangeLine)
    .join(ExchangeLine, ExchangeLine.exchange_id == Exchange.id)
    .where(Exchange.order_id == bindparam("order"), Exchange.status.in_(STANDING))
)


def exchanged(session: Session, order: Order) -> list[Use]:
    """What exchanges hold: what was paid for their lines and on top of them, less what goes back of it."""
    found = [(exchange, line) for exchange, line in session.execute(_EXCHANGED, {"order": order.id})]
    on_top = {exchange.id: Use(line.line_id, 0, 0, held=_on_top(exchange), in_return=True) for exchange, line in found}
    owed = [_owed(line) for exchange, line in found if exchange.sent_at and line.received_quantity is not None]
    return [*(_use(exchange, line) for exchange, line in found), *owed, *on_top.values()]


def _on_top(exchange: Exchange) -> int:
    """Of what was charged that which is due for goods; or, below zero, what their lines were paid too much for them."""
    if exchange.due is None:
        return exchange.charged or 0
    return min(exchange.charged or 0, exchange.due)  # what was charged beyond it goes back


def _use(exchange: Exchange, line: ExchangeLine) -> Use:
    """A line of it: until it is known what has come back, all that was asked for."""
    if exchange.due is None or line.received_quantity is None:
        return Use(line.line_id, line.quantity, line.paid, in_return=True)
    value = line.paid * line.received_quantity // line.quantity
    return Use(line.line_id, line.received_quantity, value, in_return=True)


def _owed(line: ExchangeLine) -> Use:
    """What has not come back of a line whose other goods were sent before: given for, and in no return any more."""
    came = line.received_quantity or 0
    return Use(line.line_id, line.quantity - came, line.paid - line.paid * came // line.quantity)
