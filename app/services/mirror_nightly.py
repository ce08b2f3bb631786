"""Every night each shop's orders of the last day are read again: calls get lost, and nobody tells of what did not come.

A pass is planned once per store, mode and day, from three in the store's own night on; whoever claims it works on it
for some seconds and gives it back. A server that dies leaves a claim that runs out, and the page after the last one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from datetime import time as clock_time
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app import clock
from app.errors import NotConnected, StorageUnavailable
from app.integrations.errors import ProviderError, Refused
from app.models.mirror_passes import MirrorPass
from app.services import mirror_passes, mirror_reading
from app.services.mirror_passes import NIGHTLY, Overtaken, Source
from app.services.runtime import Runtime

log = structlog.get_logger()
AT = clock_time(3)
"""Of the store's own clock, when little happens."""
LOOKS_BACK = timedelta(hours=26)
"""How far the first pass looks back; each other one to where the one before began, and an hour more."""
AT_MOST = timedelta(days=7)
AWAY = timedelta(minutes=30)
KEPT = timedelta(days=90)
PAGE = 10
"""Orders in one transaction: on SQLite requests wait for it."""
TURN = 30.0
"""Seconds after which all passes are given back, and looked at anew."""


async def tend(runtime: Runtime) -> int:
    """Plan what is due and work on it for a while; how many passes came to their end."""
    due_now = await runtime.db.read(due)
    if due_now:
        await runtime.db.write(plan, due_now)
    until, ended = time.monotonic() + TURN, 0
    while time.monotonic() < until:
        passing = await runtime.db.write(claim)
        if passing is None:
            break
        ended += await _work_on(runtime, passing, until)
    return ended


def due(session: Session) -> list[Source]:
    """The shops whose night has come and who have no pass of it yet, nor one that has not ended."""
    newest = func.max(MirrorPass.night)
    unended = func.count().filter(MirrorPass.ended_at.is_(None))
    whose = (MirrorPass.store_id, MirrorPass.livemode, MirrorPass.connection)
    rows = session.execute(
        select(*whose, newest, unended)
        .where(
            MirrorPass.kind == NIGHTLY,
            or_(MirrorPass.ended_at.is_(None), MirrorPass.ended_at >= clock.now() - timedelta(days=3)),
        )
        .group_by(*whose)
    )
    known = {(row[0], row[1], row[2]): (row[3], row[4]) for row in rows}
    found: list[Source] = []
    for source in mirror_passes.sources(session):
        night = _night(source.store.timezone)
        last, open_ = known.get((source.store.id, source.livemode, source.connection), (None, 0))
        # A store that was made since then has nothing yet that could differ.
        if not open_ and source.store.created_at <= night and (last is None or last < night):
            found.append(source)
    return found


def _night(timezone: str) -> datetime:
    """The last moment at which it was time in that zone."""
    zone, now = ZoneInfo(timezone), clock.now()
    today = datetime.combine(now.astimezone(zone).date(), AT, zone)
    return today if today <= now else today - timedelta(days=1)


def plan(session: Session, shops: Iterable[Source]) -> None:
    """Write down a pass of this night for each, where no other server has; forget those of long ago."""
    now = clock.now()
    for source in shops:
        last = mirror_passes.last_of(session, source, NIGHTLY)
        since = now - LOOKS_BACK if last is None else last.created_at - mirror_passes.OVERLAP
        mirror_passes.insert(session, source, NIGHTLY, max(since, now - AT_MOST), _night(source.store.timezone))
    _forget(session, now - KEPT)


def _forget(session: Session, before: datetime) -> None:
    """The newest of each shop stays: the one after it begins there."""
    newer = aliased(MirrorPass)
    same = and_(
        newer.store_id == MirrorPass.store_id,
        newer.livemode == MirrorPass.livemode,
        newer.connection == MirrorPass.connection,
        newer.kind == MirrorPass.kind,
        newer.id > MirrorPass.id,
        newer.ended_at.is_not(None),
        newer.failure.is_(None),
    )
    session.execute(
        delete(MirrorPass)
        .where(MirrorPass.ended_at < before, exists().where(same))
        .execution_options(synchronize_session=False)
    )


def claim(session: Session) -> MirrorPass | None:
    """Take the pass that has waited longest, so that no other server does; it comes back where we die."""
    now = clock.now()
    row = session.scalar(
        select(MirrorPass)
        .where(
            MirrorPass.kind == NIGHTLY,
            MirrorPass.ended_at.is_(None),
            or_(MirrorPass.leased_until.is_(None), MirrorPass.leased_until <= now),
            or_(MirrorPass.next_try_at.is_(None), MirrorPass.next_try_at <= now),
        )
        .order_by(MirrorPass.updated_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if row is not None:
        row.leased_until, row.updated_at = now + mirror_passes.CLAIM, now
        session.flush()
    return row


async def _work_on(runtime: Runtime, passing: MirrorPass, until: float) -> int:
    """Pages of it as long as the turn lasts; 1 where that was its end. What does not answer is asked again later."""
    try:
        while time.monotonic() < until:
            passing = await mirror_reading.advance(runtime, passing, PAGE)
            if passing.ended_at is not None:
                _report(passing)
                return 1
        await runtime.db.write(_later, passing, None)
    except Overtaken:
        log.warning("mirror_pass_overtaken", store=passing.store_id)
    except StorageUnavailable:
        log.warning("mirror_pass_waits_for_the_database", store=passing.store_id)
    except NotConnected as error:
        await runtime.db.write(_end, passing, error.name)
    except Refused as refusal:
        if refusal.code == "unsupported":
            await runtime.db.write(_end, passing, refusal.code)
        else:
            await runtime.db.write(_later, passing, refusal.code)
    except ProviderError:
        await runtime.db.write(_later, passing, "provider_unavailable")
    return 0


def _later(session: Session, passing: MirrorPass, failure: str | None) -> None:
    """Give it back: for another turn, or until the shop may answer again."""
    row = session.get(MirrorPass, passing.id, with_for_update=True)
    if row is None or row.ended_at is not None or row.pages != passing.pages:
        return
    row.leased_until, row.failure, row.updated_at = None, failure, clock.now()
    row.next_try_at = None if failure is None else clock.now() + AWAY
    if failure is not None:
        log.warning("mirror_pass_waits_for_the_shop", store=row.store_id, connection=row.connection, code=failure)


def _end(session: Session, passing: MirrorPass, failure: str) -> None:
    """Give it up: there is nothing to read it from."""
    row = session.get(MirrorPass, passing.id, with_for_update=True)
    if row is not None and row.ended_at is None:
        row.failure, row.ended_at, row.leased_until = failure, clock.now(), None
        log.warning("mirror_pass_given_up", store=row.store_id, connection=row.connection, code=failure)


def _report(passing: MirrorPass) -> None:
    """Say what differed: our ids of orders and names of fields, nothing of what is in them."""
    differed = passing.missing + passing.changed + passing.unreadable
    tell = log.warning if differed else log.info
    tell(
        "mirror_reconciled",
        store=passing.store_id,
        livemode=passing.livemode,
        connection=passing.connection,
        read=passing.read,
        missing=passing.missing,
        changed=passing.changed,
        unreadable=passing.unreadable,
        examples=passing.examples,
    )
