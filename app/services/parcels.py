"""What carriers tell of parcels, pushed or polled: kept once per scan, and read in the order of their own time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.database import insert_missing
from app.integrations.carriers.contract import Tracking
from app.models.parcels import ENDED, Parcel, ParcelScan
from app.services import parcel_scans
from app.services.callers import Caller
from app.services.parcel_scans import MOST_KEPT, Scan

PUSH, POLL = "push", "poll"
MOST_SHOWN = 50
"""Scans of a parcel in an answer: the newest."""
Reading = dict[str, Any]
"""A parcel as it stands in `Order.tracking`: what every look at the order needs, in one row."""


def take(session: Session, caller: Caller, tracking: Tracking, source: str) -> Parcel | None:
    """Keep what a carrier told of a parcel; the parcel, locked. None where its number cannot be one.

    Told again it changes nothing, told late it never takes a parcel back.
    """
    number = parcel_scans.number_of(tracking.tracking_number)
    if number is None:
        return None
    now = clock.now()
    parcel = _locked(session, caller, number)
    parcel.carrier = tracking.carrier or parcel.carrier
    zone = ZoneInfo(caller.store.timezone)
    told = parcel_scans.cleaned(tracking.events, zone, now, {number})
    scans = _merge(session, parcel, told, source)
    _expect(parcel, tracking, zone, now if source == POLL or not told else told[-1].at)
    stands = parcel_scans.follow(scans)
    if parcel.status not in ENDED or stands.status in ENDED:  # with very many scans the one that ended it may be gone
        parcel.status, parcel.lost = stands.status, stands.lost
        parcel.delivered_at, parcel.scanned_at = stands.delivered_at, stands.scanned_at
    if source == POLL:
        parcel.asked_at = now
    session.flush()
    return parcel


def asked(session: Session, caller: Caller, number: str, tracking: Tracking | None) -> Parcel | None:
    """Keep a carrier's answer to a poll; None: it does not know the number, which is an answer too."""
    if tracking is not None:
        return take(session, caller, tracking, POLL)
    parcel = _locked(session, caller, number)
    parcel.asked_at = clock.now()
    session.flush()
    return parcel


def found(session: Session, caller: Caller, numbers: Iterable[str]) -> dict[str, Parcel]:
    """The parcels that are known, by their numbers."""
    if not (wanted := sorted(set(numbers))):
        return {}
    query = select(Parcel).where(
        Parcel.store_id == caller.store_id, Parcel.livemode == caller.livemode, Parcel.tracking_number.in_(wanted)
    )
    return {parcel.tracking_number: parcel for parcel in session.scalars(query)}


ENDED_STAYS = timedelta(days=1)
"""How long the word of a parcel that has ended stays young: it may still be sent back."""


def asked_lately(session: Session, caller: Caller, numbers: frozenset[str], since: datetime) -> set[str]:
    """Those of `numbers` whose carrier has answered `since` then."""
    return {
        number
        for number, parcel in found(session, caller, numbers).items()
        if parcel.asked_at is not None and parcel.asked_at > (since - ENDED_STAYS if parcel.status in ENDED else since)
    }


def reading(session: Session, parcel: Parcel) -> Reading:
    """What an order keeps of its parcel."""
    newest = select(ParcelScan).where(ParcelScan.parcel_id == parcel.id).order_by(ParcelScan.at.desc())
    scans = sorted(map(_scan, session.scalars(newest.limit(MOST_SHOWN))), key=parcel_scans.place_in_time)
    return {
        "tracking_number": parcel.tracking_number,
        "carrier": parcel.carrier,
        "status": parcel.status,
        "lost": parcel.lost,
        "eta": _told(parcel.eta),
        "delivered_at": _told(parcel.delivered_at),
        "scanned_at": _told(parcel.scanned_at),
        "asked_at": _told(parcel.asked_at),
        "seen_at": _told(parcel.created_at),
        "events": [
            {
                "at": clock.rfc3339(scan.at),
                "status": scan.status,
                "description": scan.description,
                "location": scan.location,
            }
            for scan in scans
        ],
    }


def _told(moment: datetime | None) -> str | None:
    return None if moment is None else clock.rfc3339(moment)


def _locked(session: Session, caller: Caller, number: str) -> Parcel:
    """The parcel's row, made where there is none."""
    row = {
        "id": ids.new("prc"),
        "store_id": caller.store_id,
        "livemode": caller.livemode,
        "created_at": clock.now(),
        "tracking_number": number,
        "status": "unknown",
        "lost": False,
    }
    query = (
        select(Parcel)
        .where(Parcel.store_id == caller.store_id, Parcel.livemode == caller.livemode, Parcel.tracking_number == number)
        .with_for_update()
    )
    known = session.scalar(query)
    if known is None:
        insert_missing(session, Parcel, row)
        known = session.scalars(query).one()
    return known


def _merge(session: Session, parcel: Parcel, told: list[Scan], source: str) -> list[Scan]:
    """Add what is new; all that is kept, oldest first."""
    rows = session.scalars(select(ParcelScan).where(ParcelScan.parcel_id == parcel.id))
    known = {row.digest: _scan(row) for row in rows}
    new = {scan.digest: scan for scan in told if scan.digest not in known}
    kept = sorted([*known.values(), *new.values()], key=parcel_scans.place_in_time)[-MOST_KEPT:]
    here = {scan.digest for scan in kept}
    if gone := sorted(set(known) - here):
        session.execute(delete(ParcelScan).where(ParcelScan.parcel_id == parcel.id, ParcelScan.digest.in_(gone)))
    if added := [scan for scan in new.values() if scan.digest in here]:
        session.execute(insert(ParcelScan), [_row(parcel, scan, source) for scan in added])
    return kept


def _row(parcel: Parcel, scan: Scan, source: str) -> dict[str, Any]:
    return {
        "parcel_id": parcel.id,
        "digest": scan.digest,
        "at": scan.at,
        "status": scan.status,
        "word": scan.word,
        "description": scan.description,
        "location": scan.location,
        "lost": scan.lost,
        "source": source,
        "heard_at": clock.now(),
    }


def _scan(row: ParcelScan) -> Scan:
    return Scan(row.digest, row.at, row.status, row.word, row.description, row.location, row.lost)


def _expect(parcel: Parcel, tracking: Tracking, zone: ZoneInfo, told_at: datetime) -> None:
    """The carrier's newest expectation; what it pushed before that and comes late is passed over."""
    eta = None if tracking.eta is None else parcel_scans.moment(tracking.eta, zone)
    if eta is None or (parcel.eta_told_at is not None and told_at < parcel.eta_told_at):
        return
    parcel.eta, parcel.eta_told_at = eta, told_at
