"""Bring a database to the newest schema: ours by Alembic, beside the workflow engine's own tables."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, inspect, text

from app.services import durable

if TYPE_CHECKING:  # loaded when there is something to migrate: a server that starts seldom has
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
REVISION = re.compile(r'^revision(?:: str)? = "(\w+)"', re.MULTILINE)


def configuration(url: str) -> Config:
    """Alembic's configuration for `url`, without an ini file."""
    from alembic.config import Config

    config = Config(stdout=sys.stdout)  # its own default is the stream of the moment at which alembic was imported
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = sync_url(url)
    return config


def sync_url(url: str) -> str:
    """`url` with a synchronous driver, for migrations and command-line tools."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def upgrade(url: str) -> None:
    """Migrate to the head, and make a restored copy's events show; on PostgreSQL an advisory lock lets several try."""
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if pending(url):
        from alembic import command

        command.upgrade(configuration(url), "head")
    durable.migrate(url)
    if not url.startswith("sqlite"):
        _settle_events(url)


def _settle_events(url: str) -> None:
    from sqlalchemy.orm import Session

    from app.services import events

    engine = create_engine(sync_url(url))
    try:
        with Session(engine) as session, session.begin():
            events.settle_here(session)
    finally:
        engine.dispose()


def head() -> str:
    """The newest revision: the last file by name, for names are dated and there is one head."""
    newest = max((MIGRATIONS / "versions").glob("*.py"))
    found = REVISION.search(newest.read_text(encoding="utf-8"))
    if found is None:
        raise RuntimeError(f"{newest.name} states no revision")
    return found[1]


def knows(revision: str) -> bool:
    """Whether a database at `revision` can be brought to the newest schema by this version."""
    return any(
        (found := REVISION.search(file.read_text(encoding="utf-8"))) is not None and found[1] == revision
        for file in (MIGRATIONS / "versions").glob("*.py")
    )


def pending(url: str) -> bool:
    """Whether the database is not at the newest revision, or a SQLite file is not there at all."""
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return True
    engine = create_engine(sync_url(url))
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return True
            at = set(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())
    finally:
        engine.dispose()
    return at != {head()}
