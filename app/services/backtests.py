"""Backtests: what a policy document would have decided of what was asked, frozen when it is asked for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import BacktestNotFound
from app.models.policies import Backtest
from app.services import audit, durable, events, policies, rules
from app.services.backtest_tally import Tally
from app.services.callers import Caller
from app.services.policy.document import PolicyDocument

JOB = "backtest"
RUNNING = ("pending", "running")


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
