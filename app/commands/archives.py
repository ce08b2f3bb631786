"""A backup of the embedded default as one file: a tar with a manifest first, and everything checked before it is used.

The order is what makes it consistent while the server runs. Each database is copied by SQLite's own backup, in one
reading transaction. Ours comes first (the workflow engine's tables are in it), then the sandbox's: a provider that
knows more than we do is asked and believed, one that knows less could be paid again. Files that rows name were written
before their rows, so they come last.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

MANIFEST = "manifest.json"
FORMAT = 1
MAIN = "aftersale.db"
"""Our database's name in the archive, wherever it is kept."""
SANDBOX = "sandbox.db"
BESIDE = (".db-wal", ".db-shm", ".db-journal", ".engine.lock")
"""What stands beside a database while it is open, and is no part of it."""
PASSING = (".backup-", ".restore-", "replaced-")
"""Folders of these commands' own."""
MOST_MANIFEST = 16 << 20
CHUNK = 1 << 20


class ArchiveError(Exception):
    """It cannot be made, or is not what it says; the text can be shown."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds."""

    format: int
    version: str
    revision: str
    """The newest migration of the database in it."""
    made_at: str
    files: tuple[Entry, ...]


def write(target: Path, database: Path, data_dir: Path, *, version: str, made_at: str) -> Manifest:
    """Copy everything into `target`, which is there as a whole or not at all, and for its owner alone."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=PASSING[0]) as folder:
        copies = Path(folder)
        _copy_database(database, copies / MAIN)
        revision = _revision(copies / MAIN)
        if (data_dir / SANDBOX).exists():
            _copy_database(data_dir / SANDBOX, copies / SANDBOX)
        _copy_files(data_dir, database, copies)
        names = sorted(path.relative_to(copies).as_posix() for path in copies.rglob("*") if path.is_file())
        entries = tuple(_entry(copies / name, name) for name in names)
        manifest = Manifest(FORMAT, version, revision, made_at, entries)
        partial = copies / ".archive"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            with tarfile.open(fileobj=handle, mode="w:gz" if target.suffix in {".gz", ".tgz"} else "w") as archive:
                _add(archive, MANIFEST, json.dumps(asdict(manifest), indent=1).encode())
                for entry in entries:
                    archive.add(copies / entry.name, arcname=entry.name, recursive=False)
            handle.flush()
            os.fsync(handle.fileno())
        partial.rename(target)
        sync(target.parent)
    return manifest


def _copy_database(source: Path, target: Path) -> None:
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True, timeout=30)) as ours,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            ours.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, whole by itself
    except sqlite3.Error as error:
        raise ArchiveError(f"{source}: {error}") from error
    target.chmod(0o600)
    check(target)


def check(database: Path) -> None:
    """Raise where SQLite finds the file damaged."""
    try:
        with contextlib.closing(sqlite3.connect(database)) as connection:
            said = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise ArchiveError(f"{database.name} is damaged: {error}") from error
    if said != "ok":
        raise ArchiveError(f"{database.name} is damaged: {said}")


def _revision(database: Path) -> str:
    try:
        with contextlib.closing(sqlite3.connect(database)) as connection:
            return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    except (sqlite3.Error, TypeError) as error:
        raise ArchiveError(f"{database.name} is no database of Aftersale") from error


def _copy_files(data_dir: Path, database: Path, copies: Path) -> None:
    """Everything else of the data directory: the demo's key, and the files that are stored there."""
    if not data_dir.is_dir():
        return
    for path in sorted(data_dir.rglob("*")):
        name = path.relative_to(data_dir)
        ours = path.parent == database.parent and path.name.startswith(database.name)
        if ours or not path.is_file() or path.is_symlink() or name.parts[0].startswith(PASSING):
            continue
        if path.name.endswith(BESIDE) or path.suffix == ".db":
            continue
        to = copies / name
        to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileNotFoundError):  # gone since it was listed: then no row names it
            to.write_bytes(path.read_bytes())
            to.chmod(0o600)


def _entry(path: Path, name: str) -> Entry:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK):
            digest.update(chunk)
    return Entry(name, path.stat().st_size, digest.hexdigest())


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    archive.addfile(info, io.BytesIO(content))


# ---- the way back -----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def unpacked(source: Path, beside: Path) -> Generator[tuple[Manifest, Path]]:
    """The archive's files in a folder of their own beside where they will stand; each is what the manifest says.

    Raises `ArchiveError` where a byte is missing, too many or another; nothing outside of that folder is touched.
    """
    with tempfile.TemporaryDirectory(dir=beside, prefix=PASSING[1]) as folder:
        try:
            with tarfile.open(source, mode="r:*") as archive:
                manifest = _manifest(archive)
                _extract(archive, manifest, Path(folder))
        except (tarfile.TarError, OSError, EOFError) as error:
            raise ArchiveError(f"{source} cannot be read: {error}") from error
        yield manifest, Path(folder)


def _manifest(archive: tarfile.TarFile) -> Manifest:
    first = archive.next()
    handle = None if first is None or first.name != MANIFEST else archive.extractfile(first)
    if handle is None or first is None or first.size > MOST_MANIFEST:
        raise ArchiveError("that is no backup: it does not begin with a manifest")
    try:
        told: dict[str, Any] = json.loads(handle.read())
        files = tuple(Entry(**entry) for entry in told.pop("files"))
        manifest = Manifest(files=files, **told)
    except (ValueError, TypeError, KeyError) as error:
        raise ArchiveError("that is no backup: its manifest cannot be read") from error
    if manifest.format != FORMAT:
        raise ArchiveError(f"a backup of format {manifest.format} is not known here: take a newer version of Aftersale")
    names = [entry.name for entry in manifest.files]
    if MAIN not in names or len(set(names)) != len(names) or not all(map(_stays_inside, names)):
        raise ArchiveError("that is no backup: its manifest names files that cannot be")
    return manifest


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and path.as_posix() == name


def _extract(archive: tarfile.TarFile, manifest: Manifest, folder: Path) -> None:
    wanted = {entry.name: entry for entry in manifest.files}
    while (member := archive.next()) is not None:
        entry = wanted.pop(member.name, None)
        handle = archive.extractfile(member) if member.isreg() else None
        if entry is None or handle is None or member.size != entry.bytes:
            raise ArchiveError(f"{member.name} is not what the manifest says")
        target = folder / entry.name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with target.open("wb") as out:
            while chunk := handle.read(CHUNK):
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        target.chmod(0o600)
        if _entry(target, entry.name) != entry:
            raise ArchiveError(f"{member.name} has another checksum than the manifest says")
        if target.suffix == ".db":
            check(target)
    if wanted:
        raise ArchiveError(f"{', '.join(sorted(wanted))} is missing")


def sync(folder: Path) -> None:
    """Have the disk know of the folder's new names."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
