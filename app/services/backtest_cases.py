"""Backtest cases: the decisions that were made, and a return of each delivered line, as it would have been asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Text, and_, cast, or_, select
from sqlalchemy.orm import Session

from app.models.approvals import Approval
from app.models.orders import Order, OrderLine
from app.models.policies import Backtest
from app.models.records import Decision
from app.services import customer_facts
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
    query = chosen.with_only_columns(*_TOLD)
    if piece.place is not None:
        query = query.where(Decision.id < piece.place)
    return _read(session, query.order_by(Decision.id.desc()).limit(max(0, min(DECISIONS, piece.left))))


def questions(session: Session, piece: Piece, rows: list[Decided]) -> list[Decided]:
    """Every question to a person about what the rows are about, the oldest first: what is decided again at each yes."""
    orders = {row.order_id for row in rows if row.order_id is not None}
    others = {row.subject[1] for row in rows if row.order_id is None and row.subject[1] is not None}
    about: list[Any] = []
    if orders:
        about.append(Decision.order_id.in_(orders))
    if others:
        about.append(and_(Decision.order_id.is_(None), Decision.subject_id.in_(others)))
    if not about:
        return []
    chosen = _which(Decision, Decision.created_at, piece.store_id, piece.livemode, piece.options)
    query = chosen.with_only_columns(*_TOLD).where(or_(*about), Decision.outcome == "ask")
    asked = _read(session, query.order_by(Decision.id))
    refunds = _waiting_refunds(session, {row.order_id for row in asked if row.subject[0] == "order"})
    return [replace(row, subject=refunds.get(row.id, row.subject)) for row in asked]


def _waiting_refunds(session: Session, orders: set[str | None]) -> dict[str, tuple[str | None, str | None]]:
    """Per question the refund that it is about: one is written after its question, and decided again as itself."""
    if not orders:
        return {}
    query = select(Approval.decision_id, Approval.subject_id).where(
        Approval.order_id.in_(orders), Approval.subject_type == "refund"
    )
    return {decision: ("refund", refund) for decision, refund in session.execute(query) if decision is not None}


_TOLD = (
    Decision.id,
    Decision.action,
    Decision.outcome,
    Decision.code,
    Decision.rules,
    cast(Decision.facts, Text),
    Decision.order_id,
    Decision.ruling["fee"].as_integer(),
    Decision.subject_type,
    Decision.subject_id,
)


def _read(session: Session, query: Any) -> list[Decided]:
    found: Any = session.execute(query)
    return [Decided(*told, fee=fee or 0, subject=(kind, about)) for *told, fee, kind, about in found]


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
    if piece.guard.plan.customer_asked or piece.baseline.plan.customer_asked:
        by_id = {order.id: order for order in orders}
        found = [replace(asked, facts=_with_customer(session, by_id[asked.order_id], asked.facts)) for asked in found]
    return found, [order.id for order in orders]


def _with_customer(session: Session, order: Order, facts: Facts) -> Facts:
    """How the customer had behaved until the day that is asked about."""
    behaved = customer_facts.of(session, order.customer_id, facts.now, order=order)
    return facts.model_copy(update={"customer": behaved})


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
