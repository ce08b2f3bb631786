"""Backtest runs: the durable job that counts the cases piece by piece.

Each piece is read, counted on a thread of its own, and committed with the place up to which it reaches: a killed run
goes on from there, and of two runs of one job the later to commit a piece finds that it is counted already.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import StorageUnavailable
from app.models.policies import Backtest
from app.services import backtest_cases, backtests, events
from app.services.backtest_cases import DECISIONS, ORDERS, Piece
from app.services.backtest_tally import Tally, of_decisions, of_requests
from app.services.backtests import RUNNING, Options
from app.services.policy.document import PolicyDocument
from app.services.policy.engine import Guard
from app.services.runtime import Runtime

log = structlog.get_logger()
_threads = ThreadPoolExecutor(1, thread_name_prefix="backtest")


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


async def _count(runtime: Runtime, piece: Piece) -> Piece | None:
    loop = asyncio.get_running_loop()
    if piece.phase == "decisions":
        rows = await runtime.db.read(backtest_cases.decisions, piece)
        asked = await runtime.db.read(backtest_cases.questions, piece, rows)
        tally = await loop.run_in_executor(_threads, of_decisions, piece.guard, rows, asked)
        last, looked, full = (rows[-1].id if rows else None), len(rows), DECISIONS
    else:
        found, orders = await runtime.db.read(backtest_cases.requests, piece)
        tally = await loop.run_in_executor(_threads, of_requests, piece.baseline, piece.guard, found)
        last, looked, full = (orders[-1] if orders else None), len(orders), ORDERS
    return await runtime.db.write(_advance, piece, tally, last, looked, looked < full)


def _begin(session: Session, backtest_id: str) -> Piece | None:
    """Take it up, or where it was left; None where it has ended."""
    backtest = session.get(Backtest, backtest_id, with_for_update=True)
    if backtest is None or backtest.status not in RUNNING:
        return None
    if backtest.status == "pending":
        backtest.move("running")
        backtest.started_at = clock.now()
        options = Options.of(backtest.options)
        counted = [
            select(func.count()).select_from(query.subquery()) for query in backtest_cases.queries(backtest, options)
        ]
        backtest.total = sum(min(options.limit, session.scalar(query) or 0) for query in counted)
        session.flush()
    return _piece(backtest)


def _piece(backtest: Backtest) -> Piece:
    options = Options.of(backtest.options)
    seen = int(backtest.tally.get(f"looked_{backtest.phase}", 0))
    return Piece(
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


def _advance(
    session: Session,
    piece: Piece,
    tally: Tally,
    last: str | None,
    looked: int,
    ended: bool,  # noqa: FBT001
) -> Piece | None:
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
        if piece.phase == "decisions" and backtest_cases.tries_orders(piece.options):
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
    events.record(session, f"backtest.{status}", backtest, backtests.view(backtest), previous={"status": before})


def _fail(session: Session, backtest_id: str, why: str) -> None:
    backtest = session.get_one(Backtest, backtest_id, with_for_update=True)
    if backtest.status in RUNNING:
        backtest.failure = why
        _end(session, backtest, "failed")
