"""What other instruments than refunds have given of an order's lines; each of them tells it through a source."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.exchanges import STANDING, Exchange, ExchangeLine
from app.models.operations import Operation
from app.models.orders import Order, OrderPayment


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


def exchanged(session: Session, order: Order) -> list[Use]:
    """What exchanges hold: all that was paid for their lines, less what has been given back of it, and their charge."""
    rows = session.execute(
        select(Exchange, ExchangeLine)
        .join(ExchangeLine, ExchangeLine.exchange_id == Exchange.id)
        .where(Exchange.order_id == order.id, Exchange.status.in_(STANDING))
    )
    found = [(exchange, line) for exchange, line in rows]
    charged = {exchange.charge_operation_id: line.line_id for exchange, line in found if exchange.charged}
    return [
        *(_use(exchange, line) for exchange, line in found),
        *(_charges(session, order, charged) if charged else ()),
    ]


def _charges(session: Session, order: Order, lines: dict[str | None, str]) -> list[Use]:
    """What was paid on top for the goods that go out: no refund may take it, once it is a payment of the order."""
    rows = session.execute(
        select(Exchange)
        .join(Operation, Operation.id == Exchange.charge_operation_id)
        .join(OrderPayment, OrderPayment.external_id == Operation.external_id)
        .where(Exchange.charge_operation_id.in_(lines), OrderPayment.order_id == order.id)
    ).scalars()
    return [Use(lines[row.charge_operation_id], 0, 0, held=_stands_for_goods(row), in_return=True) for row in rows]


def _stands_for_goods(exchange: Exchange) -> int:
    """Of what was charged; the rest goes back when it is completed."""
    charged = exchange.charged or 0
    return min(charged, max(0, exchange.due or 0)) if exchange.status == "completed" else charged


def _use(exchange: Exchange, line: ExchangeLine) -> Use:
    if exchange.status != "completed":
        return Use(line.line_id, line.quantity, line.paid, in_return=True)
    arrived = line.quantity if line.received_quantity is None else line.received_quantity
    value, price = (amount * arrived // line.quantity for amount in (line.paid, line.price))
    # Of a dearer item's money the rest goes back as a refund, which counts as one.
    return Use(line.line_id, arrived, value, held=min(value, price), in_return=True)
