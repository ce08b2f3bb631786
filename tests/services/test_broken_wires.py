"""A server that ends a connection says so first, and the end itself comes later: between them it is not to be used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import select

from app.database import Database, connect, ping
from app.errors import StorageUnavailable
from app.models.stores import Store
from app.statements import Read

LATE = 0.8
"""Seconds until the end itself comes."""
NAMES = Read(select(Store.name))


@asynccontextmanager
async def kept_open(url: str) -> AsyncGenerator[str]:
    """The same database behind a wire that passes on what the server says, and its hanging up late."""
    there = urlsplit(url)
    writers: list[asyncio.StreamWriter] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            await asyncio.sleep(LATE)
            writer.close()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(there.hostname, there.port)
        writers.extend((writer, forth))
        await asyncio.gather(copy(back, writer), copy(reader, forth))

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield there._replace(netloc=f"{there.username}@127.0.0.1:{server.sockets[0].getsockname()[1]}").geturl()
    finally:
        for writer in writers:
            writer.close()
        server.close()


def end_all(url: str) -> None:
    """What a server does to its connections when it is stopped."""
    with psycopg.connect(url, autocommit=True) as connection:
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(f"SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE {others}")  # pyright: ignore[reportArgumentType]


async def once(db: Database, verb: str) -> str:
    """What a caller is told."""
    try:
        if verb == "fetch":
            await db.fetch(NAMES)
        else:
            await (db.write if verb == "write" else db.read)(ping)
    except StorageUnavailable:
        return "later"
    return "done"


@pytest.mark.parametrize("verb", ["fetch", "read", "write"])
def test_a_connection_whose_end_is_half_told_is_a_clear_later_and_then_replaced(
    postgres_url: Callable[[], str], verb: str
) -> None:
    async def told() -> list[str]:
        url = postgres_url()
        async with kept_open(url) as through:
            db = connect(through, pool_size=1)
            first = await once(db, verb)
            await asyncio.to_thread(end_all, url)
            await asyncio.sleep(0.1)  # the word of it has come
            seen = [first, *[await once(db, verb) for _ in range(3)]]
            await asyncio.sleep(LATE)
            seen.append(await once(db, verb))
            await asyncio.wait_for(db.close(), 10)
            return seen

    seen = asyncio.run(told())
    assert seen[0] == "done"
    assert set(seen[1:]) <= {"later", "done"}
    assert seen[-1] == "done"
