"""Backtest cases: the decisions that were made, and a return of each delivered line, as it would have been asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from app.models.orders import Order, OrderLine
from app.models.policies import Backtest
from app.models.records import Decision
from app.services.backtest_tally import Asked, Decided
from app.services.backtests import Options
from app.services.order_facts import arrived_at, order_facts
from app.services.policy.contract import Facts, LineFacts
from app.services.policy.engine import Guard

DECISIONS = 500
"""How many decisions are counted in one piece."""
ORDERS = 100


@dataclass(frozen=True, slots=True)
class Piece:
    """Where a backtest stands, and what it decides by."""

    id: str
    store_id: str
    livemode: bool
    created_at: datetime
    options: Options
    phase: str
    place: str | None
    chunks: int
    left: int
    """How many cases of this phase may still be looked at."""
    guard: Guard
    baseline: Guard


def queries(backtest: Backtest, options: Options) -> list[Any]:
    """What counts them: the ids of the decisions, and of the orders where those are tried."""
    found = [_which(Decision, Decision.created_at, backtest.store_id, backtest.livemode, options)]
    if tries_orders(options):
        found.append(_which(Order, Order.placed_at, backtest.store_id, backtest.livemode, options))
    return found


def tries_orders(options: Options) -> bool:
    """Whether returns of past orders are tried besides."""
    return options.orders and (options.actions is None or "return" in options.actions)


def _which(model: Any, moment: Any, store_id: str, livemode: bool, options: Options) -> Any:  # noqa: FBT001
    query = select(model.id).where(model.store_id == store_id, model.livemode == livemode)
    if model is Order:
        query = query.where(Order.status == "delivered")
    elif options.actions is not None:
        query = query.where(Decision.action.in_(options.actions))
    if options.since is not None:
        query = query.where(moment >= options.since)
    if options.until is not None:
        query = query.where(moment < options.until)
    return query


def decisions(session: Session, piece: Piece) -> list[Decided]:
    """The next decisions, newest first; their facts stay text until the thread reads them."""
    chosen = _which(Decision, Decision.created_at, piece.store_id, piece.livemode, piece.options)
    query = chosen.with_only_columns(
        Decision.id,
        Decision.action,
        Decision.outcome,
        Decision.code,
        Decision.rules,
        cast(Decision.facts, Text),
        Decision.order_id,
        Decision.ruling["fee"].as_integer(),
    )
    if piece.place is not None:
        query = query.where(Decision.id < piece.place)
    rows: Any = session.execute(query.order_by(Decision.id.desc()).limit(max(0, min(DECISIONS, piece.left))))
    return [Decided(*told, fee=fee or 0) for *told, fee in rows]


def requests(session: Session, piece: Piece) -> tuple[list[Asked], list[str]]:
    """A return of each delivered line of the next orders, newest first, as their customer would ask."""
    query = _which(Order, Order.placed_at, piece.store_id, piece.livemode, piece.options).with_only_columns(Order)
    if piece.place is not None:
        query = query.where(Order.id < piece.place)
    orders = session.scalars(query.order_by(Order.id.desc()).limit(max(0, min(ORDERS, piece.left)))).all()
    lines: dict[str, list[OrderLine]] = {}
    for line in session.scalars(
        select(OrderLine).where(OrderLine.order_id.in_([order.id for order in orders])).order_by(OrderLine.position)
    ):
        lines.setdefault(line.order_id, []).append(line)
    found = [
        _asked(order, line, piece) for order in orders for line in lines.get(order.id, ()) if line.fulfilled_quantity
    ]
    return found, [order.id for order in orders]


def _asked(order: Order, line: OrderLine, piece: Piece) -> Asked:
    arrived = arrived_at(order, line) or order.delivered_at
    told = LineFacts(
        line_id=line.id,
        product_id=line.data.get("product_id"),
        variant_id=line.data.get("variant_id"),
        title=line.title,
        tags=tuple(line.data.get("tags") or ()),
        quantity=line.fulfilled_quantity,
        free=line.fulfilled_quantity,
        value=line.total * line.fulfilled_quantity // line.quantity,
        final_sale=line.final_sale,
        delivered_at=arrived,
    )
    facts = Facts(
        action="return",
        actor="shopper",
        proof=2,
        now=piece.created_at if arrived is None else arrived + timedelta(days=piece.options.after_days),
        lines=(told,),
        **order_facts(order),
    )
    return Asked(order.id, told, facts)
