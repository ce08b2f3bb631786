"""The yardstick: a bare ASGI function on asyncpg; no framework, no validation, no key, no log, one statement each."""

from __future__ import annotations

import os
from itertools import count
from typing import Any

import asyncpg
import orjson

from benchmarks.statements import CREATE, GET, LIST, STORE, SUBJECT, TEXT

_numbers = count(1)
_pool: list[asyncpg.Pool[Any]] = []
_RUN = f"{os.getpid():08d}"


def _id(prefix: str) -> str:
    return f"{prefix}_{_RUN}{next(_numbers):018d}"


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """POST /tickets, GET /tickets/{id}, GET /tickets?before="""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    status, body = await _answer(scope, receive)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            size = 2 * (os.cpu_count() or 1)
            _pool.append(await asyncpg.create_pool(os.environ["YARDSTICK_URL"], min_size=size, max_size=size))
            await send({"type": "lifespan.startup.complete"})
        else:
            await _pool[0].close()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _answer(scope: dict[str, Any], receive: Any) -> tuple[int, bytes]:
    path, pool = scope["path"], _pool[0]
    if scope["method"] == "POST":
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message.get("more_body"):
                break
        given = orjson.loads(body)
        ticket, subject, text = _id("tkt"), given.get("subject") or SUBJECT, given.get("text") or TEXT
        shown = orjson.dumps({"id": ticket, "subject": subject, "status": "open", "text": text}).decode()
        author = '{"type": "merchant"}'
        ids = (ticket, STORE, _id("msg"), _id("evt"), _id("evt"))
        await pool.execute(CREATE, *ids, subject, text, "{}", author, shown)
        return 201, shown.encode()
    if path == "/tickets":
        rows = await pool.fetch(LIST, STORE, scope["query_string"].decode().partition("=")[2] or "tkt_z")
        return 200, orjson.dumps({"data": [dict(row) for row in rows]})
    row = await pool.fetchrow(GET, path.rpartition("/")[2], STORE)
    if row is None:
        return 404, b"{}"
    return 200, b'{"ticket":%s,"messages":%s}' % (row[0].encode(), row[1].encode())
