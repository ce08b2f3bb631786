"""`aftersale backup | restore`: the embedded default in one file, and back."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import click

from app import __version__, clock
from app.commands import archives
from app.commands.archives import ArchiveError, Manifest
from app.commands.means import settings
from app.settings import Settings

POSTGRESQL = "on PostgreSQL take pg_dump or base backups: docs/operations.md#backup"


def backup(target: Path) -> dict[str, Any]:
    """Write everything of the embedded default into one new file, also while it serves; what it holds."""
    found = _embedded()
    database = _database(found)
    if target.exists():
        raise click.ClickException(f"{target} is there already: a backup overwrites nothing")
    if not target.absolute().parent.is_dir():
        raise click.ClickException(f"{target.absolute().parent} is no directory")
    if not database.exists():
        raise click.ClickException(f"there is nothing to back up: {database} is not there")
    try:
        made = archives.write(
            target.absolute(),
            database,
            found.data_dir.absolute(),
            version=__version__,
            made_at=clock.rfc3339(clock.now()),
        )
    except (ArchiveError, OSError) as error:
        raise click.ClickException(str(error)) from error
    return {"backup": str(target), "bytes": target.stat().st_size, **_told(made)}


def restore(source: Path, *, force: bool) -> dict[str, Any]:
    """Put a backup where the settings say that the data is, checked and migrated; what was restored.

    Refuses where a server runs on it, and, without `force`, where data is: that is then moved aside, not removed.
    """
    found = _embedded()
    database, data_dir = _database(found), found.data_dir.absolute()
    for folder in (data_dir, database.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _nobody_runs(found):
        _unused([path for path in (database, data_dir / archives.SANDBOX) if path.exists()])
        try:
            with archives.unpacked(source, data_dir) as (manifest, staged):
                places = _places(manifest, database, data_dir)
                _free([] if force else list(places.values()))
                _migrate(staged / archives.MAIN, manifest)
                moved = _move_aside(places.values())
                for name, target in places.items():
                    _put(staged / name, target)
        except (ArchiveError, OSError) as error:
            raise click.ClickException(str(error)) from error
    return {"restored": str(source), **_told(manifest), "moved_aside": moved}


def _places(manifest: Manifest, database: Path, data_dir: Path) -> dict[str, Path]:
    """Where each file goes; our database last, so that nothing serves a half of it."""
    others = sorted(entry.name for entry in manifest.files if entry.name != archives.MAIN)
    return {**{name: data_dir / name for name in others}, archives.MAIN: database}


def _free(places: list[Path]) -> None:
    """Raise where something stands in one of them."""
    there = [path for path in places if path.exists()]
    if there:
        more = f" and {len(there) - 3} more" if len(there) > 3 else ""
        names = ", ".join(map(str, there[:3])) + more
        raise ArchiveError(f"{names}: there already; --force moves that aside and restores")


def _embedded() -> Settings:
    found = settings()
    if not found.embedded:
        raise click.ClickException(POSTGRESQL)
    return found


def _database(found: Settings) -> Path:
    return Path(found.database.removeprefix("sqlite:///")).absolute()


def _told(manifest: Manifest) -> dict[str, Any]:
    return {
        "made_at": manifest.made_at,
        "version": manifest.version,
        "revision": manifest.revision,
        "files": [entry.name for entry in manifest.files],
    }


@contextlib.contextmanager
def _nobody_runs(found: Settings) -> Generator[None]:
    """Hold the engine's lock, so that no server runs on the file, nor starts while it is being replaced."""
    from app.services import durable

    try:
        with durable.held(found):
            yield
    except durable.EngineBusyError as error:
        raise click.ClickException(f"{error}; stop it before you restore") from error


def _unused(databases: list[Path]) -> None:
    """Raise where a process has one of them open, whichever it is: the sandbox, a worker on a copied path, a shell."""
    for path in databases:
        try:
            with contextlib.closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
                connection.execute("PRAGMA locking_mode=EXCLUSIVE")
                connection.execute("BEGIN EXCLUSIVE")
                connection.execute("ROLLBACK")
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                raise click.ClickException(f"{path} is in use: stop what runs on it before you restore") from error


def _migrate(database: Path, manifest: Manifest) -> None:
    """Before anything is replaced, so that a backup that cannot be migrated changes nothing."""
    from app import migrate

    if not migrate.knows(manifest.revision):
        words = f"the backup is of a newer version ({manifest.version}, {manifest.revision}): take that or a later one"
        raise ArchiveError(words)
    migrate.upgrade(f"sqlite:///{database}")
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")  # one file again: it is about to be moved
    archives.check(database)


def _move_aside(places: Iterable[Path]) -> list[str]:
    """What stands where the backup goes, each into a folder beside it; those folders."""
    stamp = clock.now().strftime("%Y%m%dT%H%M%S%fZ")
    asides: dict[Path, None] = {}
    for path in places:
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            if (path.parent / name).exists():
                aside = path.parent / f"{archives.PASSING[2]}{stamp}"
                aside.mkdir(mode=0o700, exist_ok=True)
                (path.parent / name).rename(aside / name)
                asides[aside] = None
    for aside in asides:
        archives.sync(aside)
    return [str(aside) for aside in asides]


def _put(staged: Path, target: Path) -> None:
    """Into its place in one step, also where that is on another disk than the data directory."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if staged.stat().st_dev != target.parent.stat().st_dev:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=archives.PASSING[1], delete=False) as copy:
            copy.write(staged.read_bytes())
            copy.flush()
            os.fsync(copy.fileno())
        staged = Path(copy.name)
    staged.rename(target)
    archives.sync(target.parent)
