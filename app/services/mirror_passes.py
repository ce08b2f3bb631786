"""Passes over a shop's orders, written down: where each began, which page comes next, what was found so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, select
from sqlalchemy.orm import Session, load_only

from app import clock, ids
from app.database import insert_missing
from app.errors import NotConnected
from app.integrations.commerce.contract import ChangedPage, OrderSnapshot
from app.models.mirror_passes import MirrorPass
from app.models.records import Event
from app.models.stores import Store
from app.services import events, mirror
from app.services.callers import Caller
from app.services.providers import SANDBOX, connection_of

FILL, NIGHTLY = "fill", "nightly"
OVERLAP = timedelta(hours=1)
"""How far before its beginning the pass after it looks: our clock and the shop's need not agree."""
CLAIM = timedelta(minutes=10)
"""Longer than a page takes, with all its calls."""
EXAMPLES = 20
REPLACED = "replaced"
MODES = (False, True)


class Overtaken(Exception):
    """Another process has stored the page meanwhile, or has ended the pass."""


@dataclass(frozen=True, slots=True)
class Source:
    """A store's shop in one mode."""

    store: Store
    livemode: bool
    connection: str

    @property
    def caller(self) -> Caller:
        """The store's own automation, without anybody's request."""
        return Caller(self.store, self.livemode, key_id="", scopes=frozenset(), request_id="", automation=True)


def sources(session: Session, store_id: str | None = None, connection: str | None = None) -> list[Source]:
    """The shops of one store or of all, or the one that this connection is; empty where there is none."""
    # Asked for again and again, of every store: no policy or the like comes along.
    columns = load_only(Store.name, Store.timezone, Store.connected, Store.created_at)
    query = select(Store).options(columns).order_by(Store.id)
    stores = session.scalars(query if store_id is None else query.where(Store.id == store_id)).all()
    found = [
        Source(store, livemode, serving)
        for store in stores
        for livemode in MODES
        if (serving := connection_of(store, "commerce", livemode=livemode)) is not None
    ]
    return [one for one in found if connection in {None, one.connection}]


def source_of(session: Session, passing: MirrorPass) -> Source:
    """Whose shop it goes over, as the store is connected now; `not_connected` where that is another one now."""
    store = session.get_one(Store, passing.store_id)
    if connection_of(store, "commerce", livemode=passing.livemode) != passing.connection:
        raise NotConnected("Another system is the store's shop now.")
    return Source(store, passing.livemode, passing.connection)


def begin_fill(session: Session, source: Source, since: datetime | None = None) -> MirrorPass:
    """The fill that has not ended, or a new one; one that looks from another time ends where it is.

    Without `since` a new one looks at what changed since the last began, the first at all that there is.
    """
    unended = _open(session, source, FILL)
    if unended is not None:
        if since is None or since == unended.since:
            return unended
        session.refresh(unended, with_for_update=True)  # whoever stores a page of it ends that first
        if unended.ended_at is None:
            unended.failure, unended.ended_at = REPLACED, clock.now()
        session.flush()
    last = last_of(session, source, FILL) if since is None else None
    insert(session, source, FILL, since if last is None else last.created_at - OVERLAP)
    made = _open(session, source, FILL)
    assert made is not None
    return made


def insert(session: Session, source: Source, kind: str, since: datetime | None, night: datetime | None = None) -> bool:
    """Write down a new pass; False where there is one that has not ended, or one of that night."""
    now = clock.now()
    row: dict[str, Any] = {
        "id": ids.new("mps"),
        "store_id": source.store.id,
        "livemode": source.livemode,
        "connection": source.connection,
        "kind": kind,
        "since": since,
        "night": night,
        "examples": [],
        **dict.fromkeys(("pages", "read", "missing", "changed", "unreadable"), 0),
        "created_at": now,
        "updated_at": now,
    }
    return insert_missing(session, MirrorPass, row)


def _of(source: Source, kind: str) -> Select[MirrorPass]:
    return select(MirrorPass).where(
        MirrorPass.store_id == source.store.id,
        MirrorPass.livemode == source.livemode,
        MirrorPass.connection == source.connection,
        MirrorPass.kind == kind,
    )


def _open(session: Session, source: Source, kind: str) -> MirrorPass | None:
    return session.scalar(_of(source, kind).where(MirrorPass.ended_at.is_(None)))


def last_of(session: Session, source: Source, kind: str) -> MirrorPass | None:
    """The newest that came to its end."""
    ended = _of(source, kind).where(MirrorPass.ended_at.is_not(None), MirrorPass.failure.is_(None))
    return session.scalar(ended.order_by(MirrorPass.id.desc()).limit(1))


# ---- a page ------------------------------------------------------------------------------------------------------


def keep_page(session: Session, passing: MirrorPass, page: ChangedPage, asked_at: datetime) -> MirrorPass:
    """Store the page's orders and that they are: `Overtaken` where another process has."""
    keep_orders(session, passing, page.orders, asked_at)
    return turn(session, passing, page)


def keep_orders(
    session: Session, passing: MirrorPass, orders: Iterable[OrderSnapshot], asked_at: datetime
) -> MirrorPass:
    """Bring the mirror up to what was asked for at `asked_at`, and count what differed."""
    row = _current(session, passing)
    caller = source_of(session, row).caller
    with events.caused_by(None if row.connection == SANDBOX else row.connection):
        for snapshot in orders:
            _note(row, _keep(session, caller, snapshot, asked_at))
    return row


def _keep(session: Session, caller: Caller, snapshot: OrderSnapshot, asked_at: datetime) -> dict[str, Any] | None:
    """Store one order; what differed. Whoever has read it since we asked has read it as it is now, or as we did."""
    known = mirror.find_external(session, caller, snapshot.external_id)
    if known is not None and known.fetched_at > asked_at:
        return None
    before = 0 if known is None else known.event_sequence
    order = mirror.store(session, caller, snapshot, {})  # no carrier is asked: that is for whoever reads the order
    if known is None:
        return {"order": order.id, "what": "missing"}
    told = session.scalars(_TOLD, {"order": order.id, "before": before}).all()
    if not told:
        return None
    fields = {name for previous in told for name in previous or ()}
    return {"order": order.id, "what": "changed", "fields": sorted(fields)}


_TOLD = select(Event.previous).where(
    Event.resource_id == bindparam("order"), Event.sequence > bindparam("before", type_=BigInteger)
)


def _note(row: MirrorPass, difference: dict[str, Any] | None) -> None:
    if difference is None:
        return
    what = difference["what"]
    setattr(row, what, getattr(row, what) + 1)
    # Of a first fill everything is missing: that tells nobody anything.
    if len(row.examples) < EXAMPLES and (row.kind, what) != (FILL, "missing"):
        row.examples = [*row.examples, difference]


def turn(session: Session, passing: MirrorPass, page: ChangedPage, unreadable: Iterable[str] = ()) -> MirrorPass:
    """Note that the page is stored, all but what is `unreadable`; the last one ends the pass."""
    row = _current(session, passing)
    for external_id in (*page.unreadable, *unreadable):
        _note(row, {"external_id": external_id, "what": "unreadable"})
    row.cursor, row.pages = page.next_cursor, row.pages + 1
    row.total = row.total if page.total is None else page.total
    row.read += len(page.orders) + len(page.unreadable)
    row.failure = row.next_try_at = None
    row.updated_at = clock.now()
    if row.leased_until is not None:
        row.leased_until = row.updated_at + CLAIM
    if page.next_cursor is None:
        row.ended_at, row.leased_until = row.updated_at, None
    session.flush()
    return row


def rewind(session: Session, passing: MirrorPass) -> MirrorPass:
    """The shop no longer knows the place: begin at the first page again, which writes only what is new."""
    row = _current(session, passing)
    row.cursor, row.read, row.pages, row.updated_at = None, 0, row.pages + 1, clock.now()
    session.flush()
    return row


def _current(session: Session, passing: MirrorPass) -> MirrorPass:
    """The pass, locked, where it stands as whoever read the page has seen it.

    Nobody waits for the lock: whoever holds it is storing the very page.
    """
    row = session.scalar(select(MirrorPass).where(MirrorPass.id == passing.id).with_for_update(skip_locked=True))
    if row is None or row.ended_at is not None or row.pages != passing.pages:
        raise Overtaken
    return row
