"""The event log: a change writes its event in the same transaction, numbered per resource."""

import contextlib
from collections.abc import Generator, Mapping
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Exists,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Mapped, Session

from app import clock, ids
from app.errors import EventNotFound
from app.models.records import Event
from app.statements import Part, within

API_VERSION = "2026-11-01"
Place = tuple[int, int, str]
"""Where an event stands in its store's log: position, sequence, id."""
START: Place = (-(2**62), 0, "")
"""Before every event, those of a restored copy too, whose positions are negative."""
PURGED_AT_ONCE = 5000
_cause: ContextVar[str | None] = ContextVar("cause", default=None)


@contextlib.contextmanager
def caused_by(connection: str | None) -> Generator[None]:
    """Within one unit of work: the connected system whose command this carries out, told by every event of it."""
    token = _cause.set(connection)
    try:
        yield
    finally:
        _cause.reset(token)


class Recorded(Protocol):
    """What an event can be about: an owned resource with an id and a counter (`models.ownership.Eventful`)."""

    id: Mapped[str]
    store_id: Mapped[str]
    livemode: Mapped[bool]
    event_sequence: Mapped[int]


def record(
    session: Session, kind: str, resource: Recorded, shown: dict[str, Any], previous: dict[str, Any] | None = None
) -> None:
    """Write `resource.past_verb` with the resource as it is `shown` now, and what changed in `previous`.

    The resource's row is updated first, so that two writers of one resource wait for each other here and the
    numbers have no gaps. Its place in the log is never before the resource's last event: a transaction that began
    earlier may well be the one that writes later.
    """
    model: Any = resource.__class__
    sequence: int = within(session, _counting(model.__table__), of=resource.id)[0][0]
    values: dict[str, Any] = {
        "id": ids.new("evt"),
        "store_id": resource.store_id,
        "livemode": resource.livemode,
        "type": kind,
        "resource_type": kind.partition(".")[0],
        "resource_id": resource.id,
        "sequence": sequence,
        "object": shown,
        "previous": previous,
        "origin": _cause.get(),
        "created_at": clock.now(),
    }
    if session.get_bind().dialect.name == "postgresql":
        values |= {"last": sequence - 1, "of": resource.id}
    else:
        values |= {"of_store": resource.store_id, "of_mode": resource.livemode}
    within(session, _IN_LOG, **values)


# Built once: every change of anything passes here.
_LOG = cast("Table", Event.__table__)
_LAST = select(_LOG.c.position).where(_LOG.c.resource_id == bindparam("of"), _LOG.c.sequence == bindparam("last"))
_OWN = literal_column("pg_current_xact_id()::text::bigint", BigInteger)
# Transactions are counted for a whole cluster, and a long one of another database there must not hold up this log:
# whatever the list of who is connected shows to be another database's is left out, and what it no longer shows counts
# as still running. The list is read after the snapshot was taken, so no transaction of ours is mistaken for another's.
_OLDEST = literal_column(
    """(
    SELECT coalesce(min(running.id), pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
    FROM (SELECT pg_snapshot_xip(pg_current_snapshot())::text::bigint AS id) AS running
    WHERE mod(running.id, 4294967296) NOT IN (
        SELECT other.backend_xid::text::bigint
        FROM pg_stat_get_activity(NULL) AS other JOIN pg_database AS here ON here.datname = current_database()
        WHERE other.backend_xid IS NOT NULL AND other.datid <> here.oid AND other.datid <> 0
    ))""",
    BigInteger,
)
# A place above one's own transaction is safe for readers: while that runs, they stay below both.
_ABOVE_LAST = func.greatest(_OWN, func.coalesce(_LAST.scalar_subquery(), 0))
# Within its store, as the log is read: the index gives that maximum at once, of the whole table it is a scan.
_NEXT = select(func.coalesce(func.max(_LOG.c.position), 0) + 1).where(
    _LOG.c.store_id == bindparam("of_store"), _LOG.c.livemode == bindparam("of_mode")
)
_PLAIN = {column.name: bindparam(column.name, type_=column.type) for column in _LOG.c if column.name != "position"}
_IN_LOG = Part(
    insert(_LOG).values(**_PLAIN, position=_ABOVE_LAST),
    sqlite=insert(_LOG).values(**_PLAIN, position=_NEXT.scalar_subquery()),
)
OF_NEW = Part(
    insert(_LOG).values(**_PLAIN, position=_OWN), sqlite=insert(_LOG).values(**_PLAIN, position=_NEXT.scalar_subquery())
)
"""An event of a resource that is stored with it: no other transaction has written of that."""


def of_new(kind: str, row: Mapping[str, Any], sequence: int, shown: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The values of `OF_NEW`: `record` for a resource that is only a row (its id, store and mode) yet."""
    return {
        "id": ids.new("evt"),
        "store_id": row["store_id"],
        "livemode": row["livemode"],
        "type": kind,
        "resource_type": kind.partition(".")[0],
        "resource_id": row["id"],
        "sequence": sequence,
        "object": shown,
        "previous": None,
        "origin": _cause.get(),
        "created_at": at,
        "of_store": row["store_id"],
        "of_mode": row["livemode"],
    }


@cache
def _counting(table: Table) -> Part:
    number = table.c.event_sequence
    return Part(update(table).where(table.c.id == bindparam("of")).values(event_sequence=number + 1).returning(number))


def after(
    session: Session,
    *,
    store_id: str,
    livemode: bool,
    cursor: Place | None,
    limit: int,
    kind: str | None = None,
    resource: str | None = None,
) -> list[Event]:
    """The next events behind `cursor`, oldest first, never skipping one that commits late."""
    query = select(Event).where(Event.store_id == store_id, Event.livemode == livemode, _settled(session))
    if cursor is not None:
        query = query.where(Event.position >= cursor[0], tuple_(Event.position, Event.sequence, Event.id) > cursor)
    if kind is not None:
        query = query.where(Event.type == kind)
    if resource is not None:
        query = query.where(Event.resource_id == resource)
    return list(session.scalars(query.order_by(Event.position, Event.sequence, Event.id).limit(limit)))


def passing(session: Session, *, store_id: str, livemode: bool, cursor: Place, limit: int) -> list[Any]:
    """What `after` gives, of each event only what a reader needs to decide whether it wants it; see `PASSING`."""
    log = select(*PASSING).where(Event.store_id == store_id, Event.livemode == livemode, _settled(session))
    log = log.where(Event.position >= cursor[0], tuple_(Event.position, Event.sequence, Event.id) > cursor)
    return list(session.execute(log.order_by(Event.position, Event.sequence, Event.id).limit(limit)))


PASSING = (Event.id, Event.type, Event.resource_id, Event.position, Event.sequence, Event.origin)


def waiting_behind(session: Session, store_id: Any, livemode: Any, cursor: tuple[Any, Any, Any]) -> Exists:
    """A condition: the log of this store and mode goes on behind `cursor`, all of them columns."""
    behind = tuple_(Event.position, Event.sequence, Event.id) > tuple_(*cursor)
    mine = (Event.store_id == store_id, Event.livemode == livemode, Event.position >= cursor[0])
    return select(Event.id).where(*mine, behind, _settled(session)).exists()


def end(session: Session, *, store_id: str, livemode: bool) -> Place:
    """Behind the last event that can be read now."""
    log = select(Event.position, Event.sequence, Event.id).where(
        Event.store_id == store_id, Event.livemode == livemode, _settled(session)
    )
    last = session.execute(log.order_by(Event.position.desc(), Event.sequence.desc(), Event.id.desc()).limit(1)).first()
    return START if last is None else (last.position, last.sequence, last.id)


def _settled(session: Session) -> ColumnElement[bool]:
    """Below the oldest transaction that still runs: what commits later than a reader looked comes after, not before."""
    if session.get_bind().dialect.name == "postgresql":
        return Event.position < _OLDEST
    return Event.position >= 0


def purge(session: Session) -> None:
    """Forget what is older than the days of the setting, some at a time; the numbers of a resource go on."""
    if days := session.info.get("event_days", 0):
        old = select(Event.id).where(Event.id < ids.least("evt", clock.now() - timedelta(days=days)))
        session.execute(delete(Event).where(Event.id.in_(old.order_by(Event.id).limit(PURGED_AT_ONCE))))


def place(session: Session, *, store_id: str, livemode: bool, event_id: str) -> Place:
    """Where in the log an event stands; `event_not_found` where this store has none such."""
    row = session.get(Event, event_id)
    if row is None or row.store_id != store_id or row.livemode != livemode:
        raise EventNotFound
    return row.position, row.sequence, row.id


def of_another_cluster(session: Session) -> bool:
    """Whether positions stand above what this PostgreSQL has counted to: a dump of another was restored here."""
    if session.get_bind().dialect.name != "postgresql":
        return False
    above = _LOG.c.position >= literal_column("pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    return session.scalar(select(_LOG.c.id).where(above).limit(1)) is not None


def settle_here(session: Session) -> bool:
    """Bring a restored copy's events below all that this PostgreSQL will count, in their order; whether it was one.

    Else the old ones would not show until it has counted so far, and new ones would stand before them.
    """
    if not of_another_cluster(session):
        return False
    last = select(func.max(_LOG.c.position)).scalar_subquery()
    session.execute(update(_LOG).values(position=_LOG.c.position - last - 1))
    return True


def view(event: Event) -> dict[str, Any]:
    """The event as the contract shows it."""
    return {
        "id": event.id,
        "type": event.type,
        "timestamp": clock.rfc3339(event.created_at),
        "api_version": API_VERSION,
        "livemode": event.livemode,
        "sequence": event.sequence,
        "origin": event.origin,
        "data": {"object": event.object, "previous": event.previous},
    }
