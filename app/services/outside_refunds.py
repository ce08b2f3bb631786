"""Refunds that were made elsewhere, as the shop tells them: they count against the lines that they were for.

How much of a payment went back that way is the payment provider's word (`OrderPayment.refunded_outside`); an amount
that the shop tells no lines of bounds the whole order alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.operations import Operation
from app.models.orders import READINGS_OVERLAP, Order, OrderLine
from app.models.refunds import Allocation, Refund


class Outside(NamedTuple):
    """So many of a line that money went back for elsewhere, and how much (minor units)."""

    line_id: str
    quantity: int
    amount: int


def of(session: Session, order: Order) -> list[Outside]:
    """What of the order's lines was refunded elsewhere."""
    told = [row for row in order.snapshot.get("refunds") or () if row["lines"] and row["status"] != "failed"]
    if not told:  # nearly all orders
        return []
    ours = _ours(session, order)
    elsewhere = [row for row in told if ours.isdisjoint({row["external_id"], row["key"]})]
    rows = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))
    known = {line.external_id: line for line in rows}
    return [
        _of_line(known[back["line_id"]], back) for row in elsewhere for back in row["lines"] if back["line_id"] in known
    ]


def _of_line(line: OrderLine, back: dict[str, Any]) -> Outside:
    """Its share of what was paid for the line, where the shop tells no amount."""
    amount, quantity = back["amount"], back["quantity"]
    return Outside(line.id, quantity, line.total * quantity // line.quantity if amount is None else amount)


def _ours(session: Session, order: Order) -> set[str | None]:
    """The keys and the provider's ids of all that we ever asked to be refunded of the order."""
    rows = session.execute(
        select(Operation.provider_key, Operation.external_id)
        .join(Allocation, Allocation.operation_id == Operation.id)
        .join(Refund, Refund.id == Allocation.refund_id)
        .where(Refund.order_id == order.id)
    )
    return {name for row in rows for name in row if name is not None}


def remembered(order: Order, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the shop tells now, and what it told a moment ago: two readings may have overtaken each other.

    A refund of lines that was known is not forgotten because an older answer does not have it yet.
    """
    if clock.now() - order.fetched_at >= READINGS_OVERLAP:
        return told
    listed = {row["external_id"] for row in told}
    known = order.snapshot.get("refunds") or ()
    return [*told, *(row for row in known if row["lines"] and row["external_id"] not in listed)]
