"""Scans as they are kept: cleaned of rubbish, each once, in the order of their own time; and what they come to.

Pure: whatever the order in which scans reach us, the parcel ends where their own times say.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from app.integrations.carriers.contract import TrackingEvent
from app.models.parcels import MOVES
from app.services.redaction import may_hold, redact

MOST_KEPT = 1_000
"""Scans of one parcel; of more the newest are kept. Real parcels have a dozen."""
CLOCKS_APART = timedelta(hours=14)
"""How far ahead a local time looks that is told as UTC: it did happen, and counts as of when we heard of it."""
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""What lies outside is no time of a parcel, but how a system writes none."""
MAX_NUMBER, MAX_WORD, MAX_TEXT, MAX_PLACE = 100, 100, 500, 200
_RANK = {
    "label_created": 0,
    "unknown": 1,
    "in_transit": 2,
    "exception": 3,
    "out_for_delivery": 4,
    "delivered": 5,
    "returned": 6,
}
"""Which of two scans of the same moment is the later one."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan as it is kept."""

    digest: str
    at: datetime
    status: str
    word: str
    description: str
    location: str | None
    lost: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a parcel's scans leave it."""

    status: str = "unknown"
    lost: bool = False
    delivered_at: datetime | None = None
    scanned_at: datetime | None = None


def number_of(text: str | None) -> str | None:
    """A tracking number as it is kept: without spaces and invisible characters; None where nothing can be meant."""
    shown = "".join(mark for mark in (text or "") if unicodedata.category(mark)[0] not in "CZ")
    return shown if len(shown) <= MAX_NUMBER and any(mark.isalnum() for mark in shown) else None


def cleaned(events: Iterable[TrackingEvent], zone: ZoneInfo, now: datetime, known: Collection[str] = ()) -> list[Scan]:
    """The newest scans by their own time, each once; what cannot be a time of a scan is left out.

    Their words are redacted (I13), for notes of couriers stand in there. `known`: numbers that stay, the parcel's.

    A time without zone is read in `zone`. One that lies ahead by no more than clocks and zones differ counts as of
    now; what lies further ahead is an expectation and no scan: it is kept as `unknown` and moves nothing.
    """
    unique: dict[str, Scan] = {}
    for event in events:
        scan = _cleaned(event, zone, now, known)
        if scan is not None:
            unique.setdefault(scan.digest, scan)
    return sorted(unique.values(), key=place_in_time)[-MOST_KEPT:]


def moment(told: datetime, zone: ZoneInfo) -> datetime | None:
    """In UTC; one without a zone is of `zone`. None where it can be none of a parcel's."""
    try:
        at = (told if told.tzinfo is not None else told.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return at if EARLIEST <= at < LATEST else None


def _cleaned(event: TrackingEvent, zone: ZoneInfo, now: datetime, known: Collection[str]) -> Scan | None:
    told = moment(event.at, zone)
    if told is None:
        return None
    ahead = told > now + CLOCKS_APART
    word, location = _text(event.word, MAX_WORD, known), _text(event.location or "", MAX_PLACE, known) or None
    description = _text(event.description, MAX_TEXT, known) or word
    said = "\x00".join((told.isoformat(), (word or description).casefold(), (location or "").casefold()))
    return Scan(
        digest=sha256(said.encode()).hexdigest()[:32],
        at=min(told, now),
        status="unknown" if ahead else event.status,
        word=word,
        description=description,
        location=location,
        lost=event.lost and not ahead,
    )


def _text(text: str, most: int, known: Collection[str]) -> str:
    """One line without what a database or a terminal stumbles over, and without card numbers and keys."""
    odd = {"Cc", "Cs", "Zl", "Zp"}
    shown = "".join(" " if unicodedata.category(mark) in odd else mark for mark in text[: 4 * most])
    line = " ".join(shown.split())
    return (redact(line, known).text if may_hold(line) else line)[:most].rstrip()


def place_in_time(scan: Scan) -> tuple[datetime, int, str]:
    """What scans are sorted by."""
    return scan.at, _RANK.get(scan.status, 1), scan.digest


def follow(scans: Sequence[Scan]) -> Standing:
    """Where the parcel is after `scans`, oldest first: moves that the table does not have are not made."""
    status, lost, delivered_at = "unknown", False, None
    for scan in scans:
        if scan.status != status and scan.status not in MOVES[status]:
            continue
        status, lost = scan.status, scan.lost
        if status == "delivered" and delivered_at is None:
            delivered_at = scan.at
    scanned_at = scans[-1].at if scans else None
    return Standing(status, lost, delivered_at if status == "delivered" else None, scanned_at)
