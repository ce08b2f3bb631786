"""Where the bytes of files are: in a folder, by their hash, or in the database. Whoever keeps a row has its bytes.

Their row in `file_blobs` is the lock: who keeps bytes inserts or locks it, and moves them to their place before the
commit; who removes bytes holds it too, and removes them before the commit. So a row that others see has its bytes,
whatever crashes: what may be left behind is bytes without a row, and the housekeeping removes those.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.database import insert_missing
from app.errors import FileNotFound, StorageUnavailable
from app.models.files import Blob, File
from app.models.stores import Store

INCOMING = "incoming"
DIGEST = re.compile(r"[0-9a-f]{64}")
GRACE = 86_400.0
"""Seconds after which bytes that no row tells of are nobody's."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Bytes on their way in."""

    store_id: str
    digest: str
    content: bytes
    waiting: Path | None = None
    """Where they stand already, whole and on the disk."""


class Blobs(Protocol):
    """A place for bytes."""

    def prepare(self, store_id: str, content: bytes) -> Prepared:
        """Bring them as near as can be outside of a transaction; blocks. Raises `storage_unavailable`."""
        ...

    def keep(self, session: Session, prepared: Prepared) -> None:
        """Have them in their place, with their row, once the session commits."""
        ...

    def forget(self, prepared: Prepared) -> None:
        """Remove what `prepare` has left, whether they were kept or not; blocks."""
        ...

    def read(self, store_id: str, digest: str) -> bytes:
        """The bytes, where their row has none; blocks. Raises `file_not_found`."""
        ...

    def remove(self, store_id: str, digest: str) -> None:
        """Remove the bytes beside the database, in the transaction that removes their row."""
        ...

    def strays(self, shard: int) -> list[tuple[str, str]]:
        """Store and digest of old bytes of one of 256 shards that may have no row; blocks."""
        ...


def of(session: Session) -> Blobs:
    """The place that this process keeps bytes in."""
    return session.info["blobs"]


def missing(session: Session, folder: Path | None, newest: int = 1000) -> int:
    """How many of the newest files point at bytes that are not there; none ever should."""
    rows = session.execute(
        select(File.store_id, File.digest, Blob.content.is_(None))
        .join(Blob, (Blob.store_id == File.store_id) & (Blob.digest == File.digest))
        .order_by(File.id.desc())
        .limit(newest)
    )
    outside = {(store_id, digest) for store_id, digest, beside in rows if beside}
    there = InFolder(folder) if folder is not None else None
    return sum(there is None or not there.has(*key) for key in outside)


def place(folder: Path | None) -> Blobs:
    """The place for this setting."""
    return InDatabase() if folder is None else InFolder(folder)


def drop_unused(session: Session, limit: int = 50) -> int:
    """Remove bytes that a file had which is gone, unless another has them; how many rows were looked at.

    Never in the transaction that deletes the file: that may fail, and then the file is there still.
    """
    rows = session.scalars(
        select(Blob)
        .where(Blob.dropped_at.is_not(None))
        .order_by(Blob.dropped_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for blob in rows:
        used = select(File.id).where(File.store_id == blob.store_id, File.digest == blob.digest).limit(1)
        if session.scalar(used) is None:
            of(session).remove(blob.store_id, blob.digest)
            session.delete(blob)
        else:
            blob.dropped_at = None
    session.flush()
    return len(rows)


def drop_stray(session: Session, store_id: str, digest: str) -> bool:
    """Remove bytes that no row tells of; the row that is made for it keeps rivals away, and goes with it.

    What is named after no store of this database is none of ours.
    """
    if session.get(Store, store_id) is None or not insert_missing(
        session, Blob, {"store_id": store_id, "digest": digest}
    ):
        return False
    of(session).remove(store_id, digest)
    session.execute(delete(Blob).where(Blob.store_id == store_id, Blob.digest == digest))
    return True


class InDatabase:
    """The bytes stand in their row: for replicas that share nothing but the database."""

    def prepare(self, store_id: str, content: bytes) -> Prepared:
        """Only their hash."""
        return Prepared(store_id, sha256(content).hexdigest(), content)

    def keep(self, session: Session, prepared: Prepared) -> None:
        """Written with their row."""
        _hold(session, prepared, prepared.content)

    def forget(self, prepared: Prepared) -> None:
        """Nothing was left."""

    def read(self, store_id: str, digest: str) -> bytes:
        """They are in their row or nowhere: a folder that was in use before is set no more."""
        del store_id, digest
        raise FileNotFound

    def remove(self, store_id: str, digest: str) -> None:
        """They go with their row."""

    def strays(self, shard: int) -> list[tuple[str, str]]:
        """None can be."""
        del shard
        return []


class InFolder:
    """The bytes stand in a folder: `ab/<store>-<digest>` behind the digest's first two letters."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self, store_id: str, content: bytes) -> Prepared:
        """Written beside their place, and on the disk."""
        digest = sha256(content).hexdigest()
        waiting = self._folder / INCOMING / secrets.token_hex(16)
        try:
            for folder in (self._folder, waiting.parent, self._at(store_id, digest).parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # the mode is the last part's alone
            with os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            with suppress(OSError):
                waiting.unlink(missing_ok=True)
            raise StorageUnavailable from error
        return Prepared(store_id, digest, content, waiting)

    def keep(self, session: Session, prepared: Prepared) -> None:
        """Moved to their place under the row's lock, whatever stands there: it is the same."""
        _hold(session, prepared, None)
        assert prepared.waiting is not None
        at = self._at(prepared.store_id, prepared.digest)
        try:
            with suppress(FileNotFoundError):  # the unit runs a second time
                prepared.waiting.replace(at)
            if not at.exists():
                raise StorageUnavailable
            folder = os.open(at.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise StorageUnavailable from error

    def forget(self, prepared: Prepared) -> None:
        """What stands beside the place goes."""
        assert prepared.waiting is not None
        with suppress(OSError):
            prepared.waiting.unlink(missing_ok=True)

    def read(self, store_id: str, digest: str) -> bytes:
        """From their place."""
        try:
            return self._at(store_id, digest).read_bytes()
        except FileNotFoundError as error:
            raise FileNotFound from error
        except OSError as error:
            raise StorageUnavailable from error

    def has(self, store_id: str, digest: str) -> bool:
        """Whether they are in their place."""
        return self._at(store_id, digest).exists()

    def remove(self, store_id: str, digest: str) -> None:
        """From their place."""
        with suppress(FileNotFoundError):
            self._at(store_id, digest).unlink()

    def strays(self, shard: int) -> list[tuple[str, str]]:
        """What is older than a day in this shard; on the way, what was on its way in for as long is removed."""
        for path in _old(self._folder / INCOMING):
            path.unlink(missing_ok=True)
        named = (path.name.rpartition("-") for path in _old(self._folder / f"{shard:02x}"))
        return [(store_id, digest) for store_id, _, digest in named if DIGEST.fullmatch(digest)]

    def _at(self, store_id: str, digest: str) -> Path:
        return self._folder / digest[:2] / f"{store_id}-{digest}"


def _hold(session: Session, prepared: Prepared, content: bytes | None) -> None:
    """Insert the row, or lock the one that is there; one that a rival removes meanwhile is inserted again."""
    key = {"store_id": prepared.store_id, "digest": prepared.digest}
    mine = (Blob.store_id == prepared.store_id, Blob.digest == prepared.digest)
    while not insert_missing(session, Blob, {**key, "content": content}):
        there = session.scalar(select(Blob.digest).where(*mine).with_for_update())
        if there is not None:
            break
    if content is not None:  # it may be of a time when bytes stood in a folder
        session.execute(update(Blob).where(*mine, Blob.content.is_(None)).values(content=content))


def _old(folder: Path) -> list[Path]:
    """Files in a folder that nobody has touched for a day."""
    found: list[Path] = []
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > GRACE:
                    found.append(path)
    return found
