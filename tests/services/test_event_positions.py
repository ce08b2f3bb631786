"""Where an event stands in its store's log: in the order of commits, and found without reading the log."""

import asyncio
import re
import subprocess
import tempfile
import threading
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, update

from app import clock, ids, migrate
from app.database import connect
from app.models.customers import Customer
from app.models.records import Event
from app.models.stores import Store
from app.services import events
from tests.support.postgres import cluster, programs


@pytest.fixture
async def db(database_url):
    database = connect(database_url)
    await database.start()
    yield database
    await database.close()


def make_store(session):
    store = Store(id=ids.new("sto"), name="Shop")
    session.add(store)
    session.flush()
    return store.id


def make_event(session, store_id):
    customer = Customer(id=ids.new("cus"), store_id=store_id, livemode=False, updated_at=clock.now())
    session.add(customer)
    events.record(session, "customer.created", customer, {"id": customer.id})
    return session.scalar(select(Event.id).where(Event.resource_id == customer.id))


def read(session, store_id, cursor=None, limit=50):
    return [
        (row.position, row.sequence, row.id)
        for row in events.after(session, store_id=store_id, livemode=False, cursor=cursor, limit=limit)
    ]


async def until_settled(db, store_id, count):
    """Other databases of the same PostgreSQL may have older transactions open for a moment."""
    for _ in range(500):
        found = await db.read(read, store_id)
        if len(found) >= count:
            break
        await asyncio.sleep(0.02)
    return [event for *_, event in found]


async def test_a_store_reads_its_events_in_their_order_page_by_page(db):
    store, other = await db.write(make_store), await db.write(make_store)
    wanted = []
    for _ in range(5):
        wanted.append(await db.write(make_event, store))
        await db.write(make_event, other)
    await until_settled(db, store, len(wanted))
    seen, cursor = [], None
    while page := await db.read(read, store, cursor, 2):
        seen += [event for *_, event in page]
        cursor = page[-1]
    assert seen == wanted


async def test_on_sqlite_a_store_numbers_its_own_log_whatever_others_write(sqlite_url):
    db = connect(sqlite_url)
    await db.start()
    try:
        store, other = await db.write(make_store), await db.write(make_store)
        for _ in range(3):
            await db.write(make_event, store)
            await db.write(make_event, other)
        assert [position for position, *_ in await db.read(read, store)] == [1, 2, 3]
        assert [position for position, *_ in await db.read(read, other)] == [1, 2, 3]
    finally:
        await db.close()


async def test_on_sqlite_the_next_position_comes_from_the_index_alone(sqlite_url):
    db = connect(sqlite_url)
    await db.start()

    def plan(session):
        written = str(events._NEXT.compile(session.get_bind()))
        named = re.sub(r"\?", "'x'", written)
        rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {named}").fetchall()
        return [row[3] for row in rows]

    try:
        await db.write(make_store)
        assert await db.read(plan) == ["SEARCH events USING COVERING INDEX ix_events_log (store_id=? AND livemode=?)"]
    finally:
        await db.close()


async def test_on_postgresql_an_event_that_commits_late_is_not_skipped(postgres_url):
    url = postgres_url()
    db, late = connect(url), connect(url)
    wrote, may_commit = threading.Event(), threading.Event()

    def slowly(session, store_id):
        event = make_event(session, store_id)
        session.flush()
        wrote.set()
        may_commit.wait(10)
        return event

    def in_a_loop_of_its_own(store_id):
        async def run():
            try:
                return await late.write(slowly, store_id)
            finally:
                await late.close()

        return asyncio.run(run())

    try:
        store = await db.write(make_store)
        first = asyncio.create_task(asyncio.to_thread(in_a_loop_of_its_own, store))
        assert await asyncio.to_thread(wrote.wait, 10)
        second = await db.write(make_event, store)
        assert await db.read(read, store) == []  # the one that committed first waits for the one that began first
        may_commit.set()
        older = await first
        assert await until_settled(db, store, 2) == [older, second]
    finally:
        may_commit.set()
        await db.close()


async def test_a_transaction_of_another_database_of_the_cluster_holds_up_no_event(postgres_url):
    """Transactions are counted for a whole cluster, and what runs for hours in another database is no business here."""
    db, elsewhere = connect(postgres_url()), psycopg.connect(postgres_url(empty=True))
    try:
        store = await db.write(make_store)
        elsewhere.execute("SELECT pg_current_xact_id()")
        event = await db.write(make_event, store)
        assert await until_settled(db, store, 1) == [event]
    finally:
        elsewhere.close()
        await db.close()


def run_program(name, *arguments):
    folder = (programs() / "initdb").resolve().parent
    done = subprocess.run([folder / name, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


async def test_a_dump_restored_into_a_younger_cluster_shows_its_events_before_all_that_come(databases, postgres_url):
    """`pg_dump` keeps positions, and they are transaction ids of the cluster that it was taken from."""
    url, folder = postgres_url(), Path(tempfile.mkdtemp(dir=databases._folder))
    old = connect(url)
    store = await old.write(make_store)
    with psycopg.connect(url, autocommit=True) as busy:
        for _ in range(1500):
            busy.execute("SELECT pg_current_xact_id()")
    wanted = [await old.write(make_event, store) for _ in range(4)]
    await old.close()
    run_program("pg_dump", "-Fc", "-f", folder / "copy", url)
    with cluster(folder) as (_, postgres):
        restored = postgres.create("aftersale")
        run_program("pg_restore", "--no-owner", "-d", restored, folder / "copy")
        db = connect(restored)
        assert await db.read(read, store) == [], "they stand where this cluster has not counted to"
        assert await db.read(events.of_another_cluster)
        await asyncio.to_thread(migrate.upgrade, restored)
        assert not await db.read(events.of_another_cluster)
        wanted.append(await db.write(make_event, store))
        assert await until_settled(db, store, len(wanted)) == wanted
        start = events.START
        assert [event for *_, event in await db.read(read, store, start)] == wanted, "a cursor of the empty log, too"
        shown = await db.read(read, store)
        await asyncio.to_thread(migrate.upgrade, restored)
        assert await db.read(read, store) == shown, "once is enough"
        await db.close()


async def test_events_are_kept_for_their_days_and_the_numbers_of_a_resource_go_on(db):
    store = await db.write(make_store)
    old, young = await db.write(make_event, store), await db.write(make_event, store)
    moment = clock.now() - timedelta(days=31)

    def grow_old(session):
        row = session.get_one(Event, old)
        session.execute(update(Event).where(Event.id == old).values(id=ids.least("evt", moment), created_at=moment))
        return row.resource_id

    def change(session, customer_id):
        customer = session.get_one(Customer, customer_id)
        events.record(session, "customer.updated", customer, {"id": customer.id}, previous={})
        return session.scalar(select(Event.sequence).where(Event.resource_id == customer.id))

    customer = await db.write(grow_old)
    await db.write(events.purge)
    assert len(await until_settled(db, store, 2)) == 2, "without the setting they are kept for ever"
    db.info["event_days"] = 30
    await db.write(events.purge)
    assert await until_settled(db, store, 1) == [young]
    assert await db.write(change, customer) == 2
    assert len(await until_settled(db, store, 2)) == 2
