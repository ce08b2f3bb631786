"""The event log: a change writes its event in the same transaction, numbered per resource."""

from functools import cache
from typing import Any, Protocol, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Table,
    bindparam,
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

API_VERSION = "2026-11-01"
Place = tuple[int, int, str]
"""Where an event stands in its store's log: position, sequence, id."""
START: Place = (-(2**62), 0, "")
"""Before every event, those of a restored copy too, whose positions are negative."""


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
    session.flush()
    model: Any = resource.__class__
    sequence = session.scalar(_counting(model.__table__), {"of": resource.id})
    values = {
        "id": ids.new("evt"),
        "store_id": resource.store_id,
        "livemode": resource.livemode,
        "type": kind,
        "resource_type": kind.partition(".")[0],
        "resource_id": resource.id,
        "sequence": sequence,
        "object": shown,
        "previous": previous,
        "created_at": clock.now(),
    }
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_IN_SHARED_LOG, {**values, "last": sequence - 1, "of": resource.id})
    else:
        session.execute(_IN_ONE_WRITERS_LOG, {**values, "of_store": resource.store_id, "of_mode": resource.livemode})


# Built once: every change of anything passes here.
_LOG = cast("Table", Event.__table__)
_LAST = select(_LOG.c.position).where(_LOG.c.resource_id == bindparam("of"), _LOG.c.sequence == bindparam("last"))
_OWN = literal_column("pg_current_xact_id()::text::bigint", BigInteger)
# A place above one's own transaction is safe for readers: while that runs, they stay below both.
_IN_SHARED_LOG = insert(_LOG).values(position=func.greatest(_OWN, func.coalesce(_LAST.scalar_subquery(), 0)))
# Within its store, as the log is read: the index gives that maximum at once, of the whole table it is a scan.
_NEXT = select(func.coalesce(func.max(_LOG.c.position), 0) + 1).where(
    _LOG.c.store_id == bindparam("of_store"), _LOG.c.livemode == bindparam("of_mode")
)
_IN_ONE_WRITERS_LOG = insert(_LOG).values(position=_NEXT.scalar_subquery())


@cache
def _counting(table: Table) -> Any:
    number = table.c.event_sequence
    return update(table).where(table.c.id == bindparam("of")).values(event_sequence=number + 1).returning(number)


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


def _settled(session: Session) -> ColumnElement[bool]:
    """Below the oldest transaction that still runs: what commits later than a reader looked comes after, not before."""
    if session.get_bind().dialect.name == "postgresql":
        return Event.position < literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    return Event.position >= 0


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
        "data": {"object": event.object, "previous": event.previous},
    }
