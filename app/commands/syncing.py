"""`aftersale sync`: the mirror filled from the shops, page by page; whatever ends it, it goes on where it was."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from app import clock
from app.commands.means import settings

if TYPE_CHECKING:
    from app.models.mirror_passes import MirrorPass
    from app.services.mirror_passes import Source
    from app.services.runtime import Runtime
    from app.settings import Settings

    Shown = Callable[[MirrorPass], None]

PATIENCE = 60.0
"""Seconds that a shop, or the database, may be away in all before the command ends; what it has is stored."""
LINE_EVERY = 5.0
"""Seconds between two lines where nobody looks at a bar."""


def moment(text: str | None) -> datetime | None:
    """`--since`: a day (its beginning in UTC) or a time with its zone, RFC 3339; not in the future."""
    if text is None:
        return None
    try:
        at = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        try:
            at = datetime.fromisoformat(text)
        except ValueError as error:
            raise click.BadParameter(
                f"{text!r} is neither a day (2026-11-01) nor a time.", param_hint="--since"
            ) from error
    if at.tzinfo is None:
        raise click.BadParameter(f"{text!r} has no zone: write 2026-11-01T10:00:00Z.", param_hint="--since")
    if at > clock.now():
        raise click.BadParameter(f"{text!r} is yet to come.", param_hint="--since")
    return at.astimezone(UTC)


def sync(store_id: str | None, connection: str | None, since: datetime | None) -> bool:
    """Fill the mirror of one shop or of all; whether every one came to its end."""
    from sqlalchemy.exc import SQLAlchemyError

    from app import logs
    from app.errors import StorageUnavailable
    from app.migrate import pending

    found = settings()
    logs.configure("warning")
    try:
        if pending(found.database):
            raise click.ClickException("the database is not at the newest schema: run aftersale migrate")
        return asyncio.run(_sync(found, store_id, connection, since))
    except (SQLAlchemyError, StorageUnavailable, OSError) as error:
        raise click.ClickException(f"the database does not serve: {error}".partition("\n")[0]) from error


async def _sync(found: Settings, store_id: str | None, connection: str | None, since: datetime | None) -> bool:
    from app.services import mirror_passes

    async with _means(found) as runtime:
        shops = await runtime.db.read(mirror_passes.sources, store_id, connection)
        if not shops:
            raise click.ClickException(_nothing(store_id, connection))
        ended = [await _one(runtime, shop, since) for shop in shops]
    return all(ended)


@asynccontextmanager
async def _means(found: Settings) -> AsyncGenerator[Runtime]:
    """What storing orders needs, and no more: neither the engine nor the API is loaded."""
    from app.database import connect
    from app.services import keyrings
    from app.services.event_streams import Streams
    from app.services.providers import StoreConnections
    from app.services.runtime import Runtime

    db = connect(found.database, pool_size=1)
    db.info["keyring"] = keyring = keyrings.of(found)
    shops = StoreConnections(found, keyring)
    await db.start()
    try:
        yield Runtime(settings=found, db=db, connections=shops, executor="sync", streams=Streams(db))
    finally:
        await shops.close()
        await db.close()


def _nothing(store_id: str | None, connection: str | None) -> str:
    where = "" if store_id is None else f" of store {store_id}"
    if connection is not None:
        return f"no connection {connection}{where} serves as a shop"
    return "there is no store" if store_id is None else f"no store {store_id}"


async def _one(runtime: Runtime, shop: Source, since: datetime | None) -> bool:
    """Fill from one shop; False, and why, where it could not be ended."""
    from app.errors import AppError, StorageUnavailable
    from app.integrations.errors import ProviderError, Refused
    from app.services import mirror_passes

    name = f"{shop.store.name} ({'live' if shop.livemode else 'test'}, {shop.connection})"
    began = time.monotonic()
    try:
        passing = await runtime.db.write(mirror_passes.begin_fill, shop, since)
        if passing.read:
            click.echo(f"{name}: goes on after {passing.read} orders", err=True)
        with _progress(name, passing) as show:
            passing = await _to_the_end(runtime, passing, show)
    except mirror_passes.Overtaken:
        return _gave_up(name, "another process syncs it")
    except Refused as error:
        return _gave_up(name, f"the shop refuses: {error.detail} ({error.code})")
    except ProviderError as error:
        return _gave_up(name, f"the shop does not answer: {error.detail}; run it again, it goes on where it was")
    except StorageUnavailable:
        return _gave_up(name, "the database does not serve; run it again, it goes on where it was")
    except AppError as error:
        return _gave_up(name, f"{error.detail} ({error.name})")
    click.echo(f"{name}: {_words(passing)} in {time.monotonic() - began:.0f} s")
    return True


def _gave_up(name: str, why: str) -> bool:
    click.echo(f"{name}: {why}", err=True)
    return False


def _words(passing: MirrorPass) -> str:
    lost = f", {passing.unreadable} could not be read" if passing.unreadable else ""
    return f"{passing.read} orders read, {passing.missing} new, {passing.changed} changed{lost}"


async def _to_the_end(runtime: Runtime, passing: MirrorPass, show: Shown) -> MirrorPass:
    """Page after page; what does not answer is waited for, and counts as patient again with each page."""
    from app.errors import StorageUnavailable
    from app.integrations.errors import OutcomeUnknown
    from app.services import mirror_reading

    waited, tries = 0.0, 0
    while passing.ended_at is None:
        try:
            passing = await mirror_reading.advance(runtime, passing)
        except (OutcomeUnknown, StorageUnavailable) as error:
            waits = runtime.settings.retry_seconds
            wait = getattr(error, "retry_after", None) or (waits[tries] if tries < len(waits) else PATIENCE)
            if waited + wait > PATIENCE:
                raise
            waited, tries = waited + wait, tries + 1
            await asyncio.sleep(wait)
        else:
            waited, tries = 0.0, 0
            show(passing)
    return passing


@contextmanager
def _progress(name: str, passing: MirrorPass) -> Generator[Shown]:
    """A bar where somebody looks, else a line now and then."""
    if not sys.stderr.isatty():
        yield _lines(name)
        return
    at = 0
    with click.progressbar(length=max(passing.total or 0, 1), label=name, file=sys.stderr, show_pos=True) as bar:

        def show(now: MirrorPass) -> None:
            nonlocal at
            bar.length = max(now.total or 0, now.read, 1)
            bar.update(now.read - at)
            at = now.read

        yield show


def _lines(name: str) -> Shown:
    told = time.monotonic()

    def show(now: MirrorPass) -> None:
        nonlocal told
        if time.monotonic() - told < LINE_EVERY:
            return
        told = time.monotonic()
        of = "" if now.total is None else f" of {now.total}"
        click.echo(f"{name}: {now.read}{of} orders", err=True)

    return show
