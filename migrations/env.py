"""Alembic's environment: SQLite and PostgreSQL alike, leaving the workflow engine's tables alone."""

import os

from alembic import context
from sqlalchemy import create_engine, pool, text

import app.models  # noqa: F401  fills the metadata
from app import database
from app.database import Base
from app.migrate import sync_url

LOCK = 7302010


def include_name(name: str | None, kind: str, parents: dict[str, str | None]) -> bool:
    """Compare only what is ours: on SQLite the engine's tables stand beside them."""
    del parents
    if kind == "schema":
        return name is None
    return kind != "table" or name in Base.metadata.tables


def render_item(kind: str, item: object, autogen: object) -> str | bool:
    """Write our own types by name."""
    del autogen
    if kind == "type":
        for name in ("Id", "Json"):
            if item is getattr(database, name) or repr(item) == repr(getattr(database, name)):
                return name
        if isinstance(item, database.UtcTime):
            return "UtcTime()"
    return False


def run() -> None:
    """Run the migrations in one transaction."""
    config = context.config
    url = config.attributes.get("url") or sync_url(os.environ["AFTERSALE_DATABASE_URL"])
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_lock({LOCK})"))
            connection.execute(text("SET lock_timeout = '5s'"))
            connection.execute(text("SET statement_timeout = '600s'"))
            connection.commit()
        with connection.begin():
            if connection.dialect.name == "sqlite":
                # Its driver begins no transaction for DDL by itself: a kill would leave half a schema behind.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                include_name=include_name,
                render_as_batch=connection.dialect.name == "sqlite",
                compare_type=True,
                render_item=render_item,
            )
            context.run_migrations()
    engine.dispose()


run()
