"""A read sees one moment of the database; what is read under a lock is as it is after the wait for it."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import select, update

from app.database import connect
from app.integrations.commerce.contract import OrderSnapshot
from app.models.orders import Order
from app.models.stores import Store
from app.services import mirror, stores
from tests.services.money_fixtures import open_book

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


WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def test_an_answer_from_before_a_cancellation_is_not_written_over_it(postgres_url) -> None:
    """It has read the order, unlocked, when the rival that holds it commits: what it then locks is canceled."""
    url = postgres_url()
    async with open_book(url) as book:
        caller = await book.store()
        placed = await book.order(caller, status="pending")
        before = OrderSnapshot.model_validate((await book.read(lambda s: s.get_one(Order, placed.id))).snapshot)
        with psycopg.connect(url) as rival, psycopg.connect(url, autocommit=True) as watch:
            rival.execute("UPDATE orders SET status = 'canceled' WHERE id = %s", (placed.id,))
            writing = asyncio.create_task(book.write(lambda s: mirror.store(s, caller, before, {}).status))
            while watch.execute(WAITING).fetchone() is None:  # noqa: ASYNC110  it is another connection's wait
                await asyncio.sleep(0.01)
            rival.commit()
            assert await writing == "canceled"
        assert (await book.read(lambda s: s.get_one(Order, placed.id))).status == "canceled"
