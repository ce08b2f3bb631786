"""Files that shoppers and stores send: taken once per key, written anew, kept, shown to whom they belong."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, undefer

from app import clock, ids
from app.database import insert_missing
from app.errors import FileNotFound, FileQuotaReached, TooManyFiles
from app.models.files import Blob, File, FileLink, FileUsage
from app.services import events, file_blobs, file_cleaning, file_names
from app.services.callers import Caller
from app.services.file_blobs import Blobs, Prepared
from app.services.file_cleaning import Clean
from app.services.idempotency import Keyed, once
from app.services.runtime import Runtime
from app.services.scrubbing import scrub

Purpose = Literal["claim", "return", "message", "other"]
HOUR = timedelta(hours=1)
_disk = ThreadPoolExecutor(2, thread_name_prefix="files-disk")


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as it was sent."""

    name: str
    content: bytes
    purpose: str | None = None

    def told(self) -> dict[str, Any]:
        """What makes two uploads the same for an idempotency key."""
        return {"name": self.name, "purpose": self.purpose, "sha256": sha256(self.content).hexdigest()}


async def take(runtime: Runtime, caller: Caller, upload: Upload, keyed: Keyed | None) -> str:
    """Our id of the file; raises what its content, its owner's rate or the store's quota says no with."""
    most = runtime.settings.files_per_hour
    await runtime.db.read(_check_rate, caller, most)  # before anything is read for nothing
    clean = await file_cleaning.cleaned(upload.content)
    name = await scrub(runtime, caller, file_names.visible(upload.name))
    blobs: Blobs = runtime.db.info["blobs"]
    loop = asyncio.get_running_loop()
    prepared = await loop.run_in_executor(_disk, blobs.prepare, caller.store_id, clean.content)

    def write(session: Session) -> File:
        limits = runtime.settings.file_quota_bytes, most
        spec = (file_names.safe(name, clean.media_type), upload.purpose, limits)
        return once(session, keyed, "file", _write, caller, clean, prepared, *spec, keyed)

    try:
        return (await runtime.db.write(write)).id
    finally:
        await loop.run_in_executor(_disk, blobs.forget, prepared)


def _write(
    session: Session,
    caller: Caller,
    clean: Clean,
    prepared: Prepared,
    name: str,
    purpose: str | None,
    limits: tuple[int, int],
    keyed: Keyed | None,
) -> File:
    quota, most = limits
    _use(session, caller.store_id, len(clean.content), livemode=caller.livemode, quota=quota)
    _check_rate(session, caller, most)  # again: under the lock of the room that was taken many at once are counted
    file_blobs.of(session).keep(session, prepared)
    file = File(
        id=ids.new("fil"),
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=clock.now(),
        customer_id=caller.shopper,
        name=name,
        media_type=clean.media_type,
        size=len(clean.content),
        width=clean.width,
        height=clean.height,
        digest=prepared.digest,
        purpose=purpose,
        answer_shopper=keyed.shopper if keyed else "",
        answer_key=keyed.key if keyed else None,
    )
    session.add(file)
    session.flush()
    events.record(session, "file.created", file, view(session, file))
    return file


def _check_rate(session: Session, caller: Caller, most: int) -> None:
    """Raise `too_many_files` where the shopper has sent as many in the last hour as one may."""
    if caller.shopper is None:
        return
    since = clock.now() - HOUR
    mine = (File.customer_id == caller.shopper, File.created_at > since)
    if (session.scalar(select(func.count()).select_from(File).where(*mine)) or 0) >= most:
        first = session.scalar(select(func.min(File.created_at)).where(*mine)) or since
        seconds = max(1, int((first + HOUR - clock.now()).total_seconds()) + 1)
        raise TooManyFiles(headers={"Retry-After": str(seconds)})


def _use(session: Session, store_id: str, size: int, *, livemode: bool, quota: int) -> None:
    """Take room of the store's, checked in the statement that takes it; raises `file_quota_reached`."""
    insert_missing(session, FileUsage, {"store_id": store_id, "livemode": livemode, "bytes": 0})
    taken = session.execute(
        update(FileUsage)
        .where(FileUsage.store_id == store_id, FileUsage.livemode == livemode, FileUsage.bytes + size <= quota)
        .values(bytes=FileUsage.bytes + size)
        .returning(FileUsage.bytes)
    ).first()
    if taken is None:
        raise FileQuotaReached


def give_back(session: Session, file: File) -> None:
    """The room of a file that goes."""
    session.execute(
        update(FileUsage)
        .where(FileUsage.store_id == file.store_id, FileUsage.livemode == file.livemode)
        .values(bytes=FileUsage.bytes - file.size)
    )


# ---- reads --------------------------------------------------------------------------------------------------------


def get(session: Session, caller: Caller, file_id: str) -> File:
    """The file, or `file_not_found` where this caller has none such."""
    found = session.scalar(
        select(File).where(File.id == file_id, File.store_id == caller.store_id, File.livemode == caller.livemode)
    )
    if found is None or (caller.shopper is not None and found.customer_id != caller.shopper):
        raise FileNotFound
    return found


async def content(runtime: Runtime, caller: Caller, file_id: str) -> tuple[File, bytes]:
    """The file with its bytes."""
    file, kept = await runtime.db.read(_kept, caller, file_id)
    if kept is None:
        blobs: Blobs = runtime.db.info["blobs"]
        loop = asyncio.get_running_loop()
        kept = await loop.run_in_executor(_disk, blobs.read, file.store_id, file.digest)
    return file, kept


def _kept(session: Session, caller: Caller, file_id: str) -> tuple[File, bytes | None]:
    file = get(session, caller, file_id)
    blob = session.get_one(Blob, (file.store_id, file.digest), options=[undefer(Blob.content)])
    return file, blob.content


def view(session: Session, file: File) -> dict[str, Any]:
    """The file as the contract shows it; its bytes are at `content`."""
    links = session.scalars(
        select(FileLink).where(FileLink.file_id == file.id).order_by(FileLink.created_at, FileLink.resource_id)
    )
    return {
        "id": file.id,
        "livemode": file.livemode,
        "customer": file.customer_id,
        "name": file.name,
        "type": file.media_type,
        "size": file.size,
        "width": file.width,
        "height": file.height,
        "sha256": file.digest,
        "purpose": file.purpose,
        "content": f"/v1/files/{file.id}/content",
        "used_by": [{"type": link.resource_type, "id": link.resource_id} for link in links],
        "created_at": clock.rfc3339(file.created_at),
    }
