"""A read sees one moment of the database, however many statements it is made of."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from app.database import connect
from app.models.stores import Store
from app.services import stores

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


async def test_what_is_committed_while_a_read_runs_is_not_in_its_later_statements(database_url: str) -> None:
    reader, writer = connect(database_url), connect(database_url)
    for db in (reader, writer):
        await db.start()
    store_id = await writer.write(lambda session: stores.create(session, "before").id)
    looked, changed = threading.Event(), threading.Event()

    def name(session: Session) -> str | None:
        return session.scalar(select(Store.name).where(Store.id == store_id))

    def twice(session: Session) -> tuple[str | None, str | None]:
        first = name(session)
        looked.set()
        assert changed.wait(10)
        return first, name(session)

    reading = asyncio.to_thread(asyncio.run, _read(database_url, twice))
    task = asyncio.create_task(reading)
    await asyncio.to_thread(looked.wait, 10)
    await writer.write(lambda session: session.execute(update(Store).values(name="after")) and None)
    changed.set()
    assert await task == ("before", "before")
    assert await reader.read(name) == "after"
    for db in (reader, writer):
        await db.close()


async def _read(url: str, work):
    db = connect(url)
    await db.start()
    try:
        return await db.read(work)
    finally:
        await db.close()
