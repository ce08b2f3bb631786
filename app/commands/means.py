"""What several commands need: settings, data directory, one unit of work, whether a server answers."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, TypeVar

import click
from pydantic import ValidationError

from app.settings import Settings

T = TypeVar("T")


def settings() -> Settings:
    """The settings, or a word on what is wrong with them."""
    try:
        return Settings()  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        lines = [f"AFTERSALE_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        raise click.ClickException("\n".join(lines)) from error


def make_data_dir(found: Settings) -> None:
    """Make the data directory, for its owner alone."""
    found.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)


def answers(url: str) -> bool:
    """Whether a server is up at `url`."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/healthz", timeout=1) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError, ValueError):
        return False


def with_database(work: Callable[..., T], *args: Any) -> T:
    """Run one unit of work beside a server that may be running: rows only, no engine."""
    from sqlalchemy.exc import SQLAlchemyError

    from app.database import connect
    from app.errors import StorageUnavailable
    from app.migrate import pending

    found = settings()

    async def run() -> T:
        db = connect(found.database, pool_size=1)
        await db.start()
        try:
            return await db.write(work, *args)
        finally:
            await db.close()

    try:
        if pending(found.database):
            raise click.ClickException("the database is not at the newest schema: run aftersale migrate")
        return asyncio.run(run())
    except (SQLAlchemyError, StorageUnavailable, OSError) as error:
        raise click.ClickException(f"the database does not serve: {error}".partition("\n")[0]) from error
