"""What `/metrics` tells of the database, counted at each scrape by indexes of what is open: age costs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from prometheus_client import Gauge
from sqlalchemy import Select, func, or_, select, text
from sqlalchemy.orm import Session

from app import clock, ids, metrics
from app.models.approvals import Approval
from app.models.connections import InboundDelivery
from app.models.mirror_passes import MirrorPass
from app.models.operations import DEAD, Operation
from app.models.refunds import OF_DAYS, OPEN, Refund, SpendCounter
from app.models.returns import OVERDUE, Return
from app.models.stores import Store
from app.models.webhooks import WebhookDelivery, WebhookEndpoint
from app.services import audit, rules

UNENDED = ("pending", "unknown")
MODES = (False, True)
UNDECIDED = "pending"
DIFFERED = ("missing", "changed", "unreadable")
MOST_COUNTERS = 1000
"""Stores that have spent something today, at most, whose caps are looked at: those that have spent most."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """Operations that have not ended: how many, ages in seconds; and those that wait for a person."""

    unended: int
    dead: int
    """Nobody tries them any more, or the provider contradicts how they ended."""
    age: float
    unknown_age: float
    due: int
    """Whose next try is due and whom no worker holds."""
    late: float
    """By how much the most delayed of those is late."""


def measure(session: Session) -> None:
    """Set every gauge that is read from the database."""
    now = clock.now()
    _operations(session, now)
    _refunds(session, now)
    _caps(session, now)
    _approvals(session, now)
    _returns(session)
    _webhooks(session, now)
    _inbound(session, now)
    _mirror(session, now)
    metrics.UNSEALED.set(audit.unsealed(session))


def _mode(livemode: bool) -> str:  # noqa: FBT001  a column's value
    return "live" if livemode else "test"


def _age(now: datetime, since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _cleared(*gauges: Gauge) -> None:
    """What is not there any more is not told any more."""
    for gauge in gauges:
        gauge.clear()


def _operations(session: Session, now: datetime) -> None:
    _cleared(metrics.OPERATIONS, metrics.RECENT)
    counted = select(Operation.kind, Operation.status, Operation.livemode, func.count()).group_by(
        Operation.kind, Operation.status, Operation.livemode
    )
    for kind, status, livemode, count in session.execute(counted.where(Operation.status.in_(UNENDED))):
        metrics.OPERATIONS.labels(kind, status, _mode(livemode)).set(count)
    for kind, status, livemode, count in session.execute(
        counted.where(Operation.id >= ids.least("opr", now - timedelta(hours=1)))
    ):
        metrics.RECENT.labels(kind, status, _mode(livemode)).set(count)
    found = vitals(session)
    metrics.DEAD.set(found.dead)
    metrics.OLDEST.set(found.age)
    metrics.OLDEST_UNKNOWN.set(found.unknown_age)
    metrics.QUEUE.set(found.due)
    metrics.QUEUE_LATE.set(found.late)


def vitals(session: Session) -> Vitals:
    """How it stands with the operations that have not ended."""
    now = clock.now()
    rows = session.execute(
        select(Operation.status, func.count(), func.min(Operation.created_at))
        .where(Operation.status.in_(UNENDED))
        .group_by(Operation.status)
    ).all()
    ages = {status: _age(now, since) for status, _, since in rows}
    dead = session.scalar(select(func.count()).select_from(Operation).where(text(DEAD)))
    due = select(func.count(), func.min(Operation.next_try_at)).where(
        Operation.status.in_(UNENDED),
        Operation.next_try_at <= now,
        or_(Operation.leased_until.is_(None), Operation.leased_until <= now),
    )
    count, first = session.execute(due).one()
    return Vitals(
        unended=sum(many for _, many, _ in rows),
        dead=dead or 0,
        age=max(ages.values(), default=0.0),
        unknown_age=ages.get("unknown", 0.0),
        due=count,
        late=_age(now, first),
    )


def _refunds(session: Session, now: datetime) -> None:
    _cleared(metrics.REFUNDS, metrics.REFUNDS_AMOUNT, metrics.REFUND_OLDEST)
    rows = session.execute(
        select(
            Refund.status,
            Refund.livemode,
            Refund.currency,
            func.count(),
            func.sum(Refund.amount),
            func.min(Refund.created_at),
        )
        .where(text(OPEN))
        .group_by(Refund.status, Refund.livemode, Refund.currency)
    )
    oldest: dict[tuple[str, str], float] = {}
    for status, livemode, currency, count, amount, since in rows:
        mode = _mode(livemode)
        metrics.REFUNDS.labels(status, currency, mode).set(count)
        metrics.REFUNDS_AMOUNT.labels(status, currency, mode).set(amount)
        oldest[status, mode] = max(oldest.get((status, mode), 0.0), _age(now, since))
    for (status, mode), age in oldest.items():
        metrics.REFUND_OLDEST.labels(status, mode).set(age)


def _caps(session: Session, now: datetime) -> None:
    """Today is the store's own; a store that has spent nothing has used nothing."""
    _cleared(metrics.CAP_SPENT, metrics.CAP_USED)
    around = [(now + timedelta(days=days)).date().isoformat() for days in (-1, 0, 1)]
    rows = session.execute(
        select(SpendCounter, Store.timezone)
        .join(Store, Store.id == SpendCounter.store_id)
        .where(text(OF_DAYS), SpendCounter.scope_id.in_(around), SpendCounter.spent > 0)
        .order_by(SpendCounter.spent.desc())
        .limit(MOST_COUNTERS)
    )
    spent: dict[tuple[str, str], int] = {}
    used: dict[tuple[str, str], float] = {}
    for counter, timezone in rows:
        if counter.scope_id != now.astimezone(ZoneInfo(timezone)).date().isoformat():
            continue
        where = counter.currency, _mode(counter.livemode)
        spent[where] = spent.get(where, 0) + counter.spent
        caps = rules.in_force(session, counter.store_id, livemode=counter.livemode).document.caps.get(counter.currency)
        ratio = counter.spent / caps.day if caps is not None and caps.day else 1.0
        used[where] = max(used.get(where, 0.0), ratio)
    for where, amount in spent.items():
        metrics.CAP_SPENT.labels(*where).set(amount)
        metrics.CAP_USED.labels(*where).set(used[where])


def _approvals(session: Session, now: datetime) -> None:
    rows = session.execute(
        select(Approval.livemode, func.count(), func.min(Approval.created_at))
        .where(Approval.status == UNDECIDED)
        .group_by(Approval.livemode)
    )
    found = {livemode: (count, since) for livemode, count, since in rows}
    for livemode in MODES:
        count, since = found.get(livemode, (0, None))
        metrics.APPROVALS.labels(_mode(livemode)).set(count)
        metrics.APPROVAL_OLDEST.labels(_mode(livemode)).set(_age(now, since))


def _returns(session: Session) -> None:
    _cleared(metrics.RETURNS_OVERDUE)
    rows = session.execute(
        select(Return.overdue_reason, Return.livemode, func.count())
        .where(text(OVERDUE))
        .group_by(Return.overdue_reason, Return.livemode)
    )
    for reason, livemode, count in rows:
        metrics.RETURNS_OVERDUE.labels(reason, _mode(livemode)).set(count)


def _webhooks(session: Session, now: datetime) -> None:
    _open_of(session, WebhookDelivery, metrics.WEBHOOKS)
    due = select(func.min(WebhookDelivery.next_attempt_at)).join(
        WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id
    )
    first = session.scalar(due.where(WebhookDelivery.status == "pending", WebhookEndpoint.status == "enabled"))
    metrics.WEBHOOKS_LATE.set(_age(now, first))
    off = select(WebhookEndpoint.livemode, func.count()).where(WebhookEndpoint.status == "disabled")
    _by_mode(session, off.group_by(WebhookEndpoint.livemode), metrics.WEBHOOKS_OFF)


def _inbound(session: Session, now: datetime) -> None:
    _open_of(session, InboundDelivery, metrics.INBOUND)
    due = select(func.min(InboundDelivery.next_try_at)).where(InboundDelivery.status == "pending")
    metrics.INBOUND_LATE.set(_age(now, session.scalar(due)))


def _mirror(session: Session, now: datetime) -> None:
    nightly = MirrorPass.kind == "nightly"
    sums = [func.coalesce(func.sum(column), 0) for column in (getattr(MirrorPass, name) for name in DIFFERED)]
    ended = select(MirrorPass.livemode, *sums).where(nightly, MirrorPass.ended_at >= now - timedelta(days=1))
    found = {row[0]: row[1:] for row in session.execute(ended.group_by(MirrorPass.livemode))}
    since = select(MirrorPass.livemode, func.min(MirrorPass.created_at)).where(nightly, MirrorPass.ended_at.is_(None))
    oldest: dict[bool, datetime] = {row[0]: row[1] for row in session.execute(since.group_by(MirrorPass.livemode))}
    for livemode in MODES:
        for what, count in zip(DIFFERED, found.get(livemode, (0, 0, 0)), strict=True):
            metrics.MIRROR_DIFFERED.labels(what, _mode(livemode)).set(int(count))
        metrics.MIRROR_OLDEST.labels(_mode(livemode)).set(_age(now, oldest.get(livemode)))


def _open_of(session: Session, model: type[WebhookDelivery | InboundDelivery], gauge: Gauge) -> None:
    """What waits and what was given up, by the indexes of the two."""
    for status in ("pending", "dead"):
        counted = select(model.livemode, func.count()).where(model.status == status)
        _by_mode(session, counted.group_by(model.livemode), gauge, status)


def _by_mode(session: Session, counted: Select[bool, int], gauge: Gauge, *labels: str) -> None:
    found: dict[bool, int] = {row[0]: row[1] for row in session.execute(counted)}
    for livemode in MODES:
        gauge.labels(*labels, _mode(livemode)).set(found.get(livemode, 0))
