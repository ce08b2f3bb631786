"""Backtests: what a document would have decided of what was asked, counted piece by piece by a durable job.

Each piece is read, counted on a thread of its own, and committed with the place up to which it reaches: a killed run
goes on from there, and of two runs of one job the later to commit a piece finds that it is counted already.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import BacktestNotFound, StorageUnavailable
from app.models.orders import Order, OrderLine
from app.models.policies import Backtest
from app.models.records import Decision
from app.services import audit, durable, events, policies, rules
from app.services.backtest_tally import Asked, Decided, Tally, of_decisions, of_requests
from app.services.callers import Caller
from app.services.policy.contract import Facts, LineFacts
from app.services.policy.document import PolicyDocument
from app.services.policy.engine import Guard
from app.services.returnables import arrived_at
from app.services.runtime import Runtime

log = structlog.get_logger()

JOB = "backtest"
DECISIONS = 500
"""How many decisions are counted in one piece."""
ORDERS = 100
RUNNING = ("pending", "running")
_threads = ThreadPoolExecutor(1, thread_name_prefix="backtest")


@dataclass(frozen=True, slots=True)
class Options:
    """What is looked at: decisions made and orders placed in [since, until), newest first, `limit` of each."""

    since: datetime | None = None
    until: datetime | None = None
    actions: tuple[str, ...] | None = None
    limit: int = 100_000
    orders: bool = True
    """Whether a return of each delivered line of past orders is tried, too."""
    after_days: int = 14
    """How many days after its delivery such a return is asked for."""

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        moments = {name: None if at is None else clock.rfc3339(at) for name, at in self._moments().items()}
        return {**asdict(self), **moments}

    def _moments(self) -> dict[str, datetime | None]:
        return {"since": self.since, "until": self.until}

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Options:
        """Out of JSON."""
        read: dict[str, Any] = dict(kept)
        for name in ("since", "until"):
            read[name] = None if kept[name] is None else datetime.fromisoformat(kept[name])
        read["actions"] = None if kept["actions"] is None else tuple(kept["actions"])
        return cls(**read)


@dataclass(frozen=True, slots=True)
class _Piece:
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


def request(
    session: Session, caller: Caller, policy_id: str | None, document: PolicyDocument | None, options: Options
) -> Backtest:
    """Freeze the document and what it is compared with, and enqueue the job in the same transaction."""
    frozen = policies.get(session, caller, policy_id).document if policy_id is not None else None
    if document is not None:
        frozen = document.dumped()
    assert frozen is not None
    now_in_force = rules.in_force(session, caller.store_id, livemode=caller.livemode)
    backtest = Backtest(
        id=ids.new("bkt"),
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=clock.now(),
        status="pending",
        policy_id=policy_id,
        document=frozen,
        baseline={
            "policy": now_in_force.policy_id,
            "version": now_in_force.version,
            "document": now_in_force.document.dumped(),
        },
        options=options.kept(),
        tally=asdict(Tally()),
        actor=caller.actor(),
    )
    session.add(backtest)
    session.flush()
    events.record(session, "backtest.created", backtest, view(backtest))
    audit.write(
        session,
        action="policy.backtested",
        subject_type="backtest",
        subject_id=backtest.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"policy": policy_id, "document": policies.digest(frozen)},
        request_id=caller.request_id,
    )
    durable.enqueue(session, JOB, backtest.id, 1)
    return backtest


def get(session: Session, caller: Caller, backtest_id: str) -> Backtest:
    """The backtest, or `backtest_not_found` where this store has none such in this mode."""
    found = session.scalar(
        select(Backtest).where(
            Backtest.id == backtest_id, Backtest.store_id == caller.store_id, Backtest.livemode == caller.livemode
        )
    )
    if found is None:
        raise BacktestNotFound
    return found


def view(backtest: Backtest) -> dict[str, Any]:
    """The backtest as the contract shows it; `result` is what was counted so far."""
    tally = dict(backtest.tally)
    baseline = {name: backtest.baseline[name] for name in ("policy", "version")}

    def stamp(moment: datetime | None) -> str | None:
        return None if moment is None else clock.rfc3339(moment)

    return {
        "id": backtest.id,
        "livemode": backtest.livemode,
        "status": backtest.status,
        "policy": backtest.policy_id,
        "baseline": baseline,
        "options": backtest.options,
        "progress": {"done": backtest.done or 0, "total": max(backtest.total or 0, backtest.done or 0)},
        "result": {
            "decisions": tally["decisions"],
            "requests": tally["requests"],
            "skipped": tally["skipped"],
            "changed": tally["changed"],
            "before": tally["before"],
            "after": tally["after"],
            "cost": {"before": tally["cost_before"], "after": tally["cost_after"]},
            "examples": tally["examples"],
        },
        "failure": backtest.failure,
        "created_at": clock.rfc3339(backtest.created_at),
        "started_at": stamp(backtest.started_at),
        "ended_at": stamp(backtest.ended_at),
    }


# ---- the job ------------------------------------------------------------------------------------------------------


async def run(runtime: Runtime, backtest_id: str, schedule: int) -> None:
    """Count it to its end; run again after a kill it goes on where the last commit left it."""
    del schedule
    try:
        piece = await runtime.db.write(_begin, backtest_id)
        while piece is not None:
            piece = await _count(runtime, piece)
    except StorageUnavailable:  # the engine tries again
        raise
    except Exception as error:
        log.exception("backtest_failed", backtest=backtest_id)
        await runtime.db.write(_fail, backtest_id, type(error).__name__)


async def _count(runtime: Runtime, piece: _Piece) -> _Piece | None:
    loop = asyncio.get_running_loop()
    if piece.phase == "decisions":
        rows = await runtime.db.read(_decisions, piece)
        tally = await loop.run_in_executor(_threads, of_decisions, piece.guard, rows)
        last, looked, full = (rows[-1].id if rows else None), len(rows), DECISIONS
    else:
        found, orders = await runtime.db.read(_requests, piece)
        tally = await loop.run_in_executor(_threads, of_requests, piece.baseline, piece.guard, found)
        last, looked, full = (orders[-1] if orders else None), len(orders), ORDERS
    return await runtime.db.write(_advance, piece, tally, last, looked, looked < full)


def _begin(session: Session, backtest_id: str) -> _Piece | None:
    """Take it up, or where it was left; None where it has ended."""
    backtest = session.get(Backtest, backtest_id, with_for_update=True)
    if backtest is None or backtest.status not in RUNNING:
        return None
    if backtest.status == "pending":
        backtest.move("running")
        backtest.started_at = clock.now()
        options = Options.of(backtest.options)
        counted = [select(func.count()).select_from(query.subquery()) for query in _queries(backtest, options)]
        backtest.total = sum(min(options.limit, session.scalar(query) or 0) for query in counted)
        session.flush()
    return _piece(backtest)


def _queries(backtest: Backtest, options: Options) -> list[Any]:
    queries = [_which(Decision, Decision.created_at, backtest.store_id, backtest.livemode, options)]
    if _tries_orders(options):
        queries.append(_which(Order, Order.placed_at, backtest.store_id, backtest.livemode, options))
    return queries


def _tries_orders(options: Options) -> bool:
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


def _piece(backtest: Backtest) -> _Piece:
    options = Options.of(backtest.options)
    seen = int(backtest.tally.get(f"looked_{backtest.phase}", 0))
    return _Piece(
        id=backtest.id,
        store_id=backtest.store_id,
        livemode=backtest.livemode,
        created_at=backtest.created_at,
        options=options,
        phase=backtest.phase,
        place=backtest.place,
        chunks=backtest.chunks,
        left=options.limit - seen,
        guard=Guard(PolicyDocument.model_validate(backtest.document), "backtest"),
        baseline=Guard(PolicyDocument.model_validate(backtest.baseline["document"]), backtest.baseline["version"]),
    )


def _decisions(session: Session, piece: _Piece) -> list[Decided]:
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


def _requests(session: Session, piece: _Piece) -> tuple[list[Asked], list[str]]:
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


def _asked(order: Order, line: OrderLine, piece: _Piece) -> Asked:
    arrived = arrived_at(order, line) or order.delivered_at
    address: dict[str, str | None] = order.snapshot.get("shipping_address") or {}
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
        order_status=order.status,
        placed_at=order.placed_at,
        delivered_at=order.delivered_at,
        market=address.get("country_code"),
        order_tags=tuple(order.snapshot.get("tags") or ()),
        order_total=int(order.snapshot["totals"]["total"]),
        lines=(told,),
        currency=order.currency,
    )
    return Asked(order.id, told, facts)


def _advance(
    session: Session,
    piece: _Piece,
    tally: Tally,
    last: str | None,
    looked: int,
    ended: bool,  # noqa: FBT001
) -> _Piece | None:
    """Keep a piece that was counted, and say which is next; None at the end, or where another run was faster."""
    backtest = session.get_one(Backtest, piece.id, with_for_update=True, populate_existing=True)
    if backtest.status != "running" or backtest.chunks != piece.chunks:
        return None
    kept = dict(backtest.tally)
    extra = {name: kept.pop(name) for name in list(kept) if name.startswith("looked_")}
    name = f"looked_{piece.phase}"
    extra[name] = int(extra.get(name, 0)) + looked
    backtest.tally = {**asdict(Tally(**kept).add(tally)), **extra}
    backtest.chunks += 1
    backtest.done += looked
    backtest.place = last or backtest.place
    if ended or extra[name] >= piece.options.limit:
        if piece.phase == "decisions" and _tries_orders(piece.options):
            backtest.phase, backtest.place = "orders", None
        else:
            _end(session, backtest, "completed")
            return None
    session.flush()
    return _piece(backtest)


def _end(session: Session, backtest: Backtest, status: str) -> None:
    before = backtest.status
    backtest.move(status)
    backtest.ended_at = clock.now()
    session.flush()
    events.record(session, f"backtest.{status}", backtest, view(backtest), previous={"status": before})


def _fail(session: Session, backtest_id: str, why: str) -> None:
    backtest = session.get_one(Backtest, backtest_id, with_for_update=True)
    if backtest.status in RUNNING:
        backtest.failure = why
        _end(session, backtest, "failed")
