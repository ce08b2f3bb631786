"""Chores: files that hang on nothing for a day go, and so do bytes that no file tells of."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app import clock
from app.models.files import Blob, File
from app.models.records import Answer
from app.services import events, file_blobs, files

KEPT_LOOSE = timedelta(days=1)
SHARDS = 256
TURN_SECONDS = 20


def drop_loose(session: Session, limit: int = 50) -> int:
    """Delete files that nobody has hung on anything within a day, their answers too; how many."""
    rows = session.scalars(
        select(File)
        .where(File.linked_at.is_(None), File.created_at <= clock.now() - KEPT_LOOSE)
        .order_by(File.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for file in rows:
        drop(session, file)
    session.flush()
    return len(rows)


def drop(session: Session, file: File) -> None:
    """Delete a file that hangs on nothing, its answer too; its bytes go later, unless others have them."""
    events.record(session, "file.deleted", file, files.view(session, file))
    files.give_back(session, file)
    if file.answer_key is not None:  # a success is answered again as long as what it made is there
        session.execute(
            delete(Answer).where(
                Answer.store_id == file.store_id,
                Answer.livemode == file.livemode,
                Answer.shopper == file.answer_shopper,
                Answer.key == file.answer_key,
            )
        )
    session.execute(
        update(Blob).where(Blob.store_id == file.store_id, Blob.digest == file.digest).values(dropped_at=clock.now())
    )
    session.delete(file)


def drop_strays(session: Session, shard: int | None = None) -> int:
    """Remove bytes that a crash has left without a row, of one part of the folder at each turn; how many."""
    turn = int(clock.now().timestamp() // TURN_SECONDS) % SHARDS if shard is None else shard
    return sum(file_blobs.drop_stray(session, *stray) for stray in file_blobs.of(session).strays(turn))
