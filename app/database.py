"""Two databases, one verb to write: `await db.write(work, *args)` with a synchronous `work(session, *args)`.

Because `work` cannot await, no outside call can sit inside a transaction; because the commit is awaited here, a
failing one is raised in the endpoint and never answered as a success.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any, Protocol, cast

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, MetaData, Select, String, Table, TypeDecorator, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session
from sqlalchemy.sql.selectable import TypedReturnsRows

from app.postgresql import PostgresDatabase
from app.sqlite import SqliteDatabase
from app.statements import Read, Write
from app.work import P, Pool, Room, T, Work


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time on both databases (SQLite's own type drops the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses naive times; stores UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Gives the zone back."""
        del dialect
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = String(40).with_variant(String(40, collation="C"), "postgresql")
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Base(DeclarativeBase):
    """Every table of ours; the workflow engine's tables are not in this metadata."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    # Money in minor units passes 32 bits: 22 million rupiah are 2.2 billion sen.
    type_annotation_map = {int: BigInteger, datetime: UtcTime, dict[str, Any]: Json, list[Any]: Json}  # noqa: RUF012  SQLAlchemy's own hook


class Database(Protocol):
    """The one way to the tables."""

    info: dict[str, Any]
    """Put into every session's `info`; how `durable` gets its client into a unit of work."""
    shared: bool
    """Whether other processes write to it too."""
    room: Room
    """Whether its disk takes what is written."""

    def pool(self) -> Pool:
        """How many of its connections are in use."""
        ...

    async def start(self) -> None:
        """Open connections."""
        ...

    async def close(self) -> None:
        """Close them; what was acknowledged is stored."""
        ...

    async def write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` in one transaction and commit; returns only after the commit is durable."""
        ...

    async def read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` on one snapshot; it must not write."""
        ...

    async def fetch(self, read: Read, /, **values: Any) -> list[dict[str, Any]]:
        """The rows of a hot path's statement, without a session."""
        ...

    async def put(self, write: Write, /, **values: Any) -> None:
        """Store a hot path's rows, without a session; returns only after the commit is durable.

        Raises `statements.Taken` where one of them is there already, `statements.Waited` where a rival does not end.
        """
        ...


@event.listens_for(Session, "do_orm_execute")
def _locked_is_fresh(state: ORMExecuteState) -> None:
    """What is read under a lock is as it is now, also where the session has read it before, unlocked.

    SQLAlchemy keeps an object as it was first read: the lock was waited for, and then what stood there before the
    rival's commit was judged, and written back. What the unit itself has changed is flushed before.
    """
    statement = state.statement
    if isinstance(statement, Select) and statement._for_update_arg is not None:  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  told by no public name
        state.update_execution_options(populate_existing=True)


def connect(url: str, *, pool_size: int = 4) -> Database:
    """The database at `url`: `sqlite:///path` or `postgresql://…`."""
    if url.startswith("sqlite"):
        return SqliteDatabase(url, readers=pool_size)
    return PostgresDatabase(url, pool_size=pool_size)


def ping(session: Session) -> None:
    """Raises where the database does not answer."""
    session.execute(text("SELECT 1"))


def insert_missing(session: Session, model: type[Base], values: dict[str, Any]) -> bool:
    """Insert a row unless a unique index has it already; whether it was inserted. Waits for a rival's commit."""
    return session.execute(_unless_there(session.get_bind().dialect.name, model), values).first() is not None


def insert_missing_from(session: Session, model: type[Base], names: list[str], query: Select[Any]) -> None:
    """Insert what `query` finds, column by column as `names` say, unless a unique index has it already.

    The query needs a WHERE: without one SQLite takes ON CONFLICT for a part of its join.
    """
    insert = postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    table = cast("Table", model.__table__)
    session.execute(insert(table).from_select(names, query).on_conflict_do_nothing())


@cache
def _unless_there(dialect: str, model: type[Base]) -> TypedReturnsRows[Any]:
    insert = postgresql_insert if dialect == "postgresql" else sqlite_insert
    table = cast("Table", model.__table__)
    return insert(table).on_conflict_do_nothing().returning(*table.primary_key)
