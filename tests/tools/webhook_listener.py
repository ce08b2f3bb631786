"""The other end of webhooks in a process of its own, quick enough to be no measure: keeps what comes, tells it at last.

`POST /…` is taken or, of so many in a hundred, answered 500; `GET /` tells how many were taken; `GET /came` gives all.
"""

from __future__ import annotations

import base64
import multiprocessing
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import uvicorn

SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")


class Listener:
    """An ASGI application. `failing`: the share of requests that are answered 500, the same for each `seed`."""

    def __init__(self, failing: float, seed: int) -> None:
        self._failing, self._random = failing, random.Random(seed)
        self._came: list[dict[str, Any]] = []
        self._taken = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if scope["method"] == "GET":
            told: Any = {"taken": self._taken, "came": len(self._came)}
            await _answer(send, 200, orjson.dumps(self._came if scope["path"] == "/came" else told))
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        taken = self._random.random() >= self._failing
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        kept = {name: headers.get(name) for name in SIGNED}
        self._came.append({"at": time.time(), "taken": taken, "headers": kept, "body": base64.b64encode(body).decode()})
        self._taken += taken
        await _answer(send, 204 if taken else 500, b"")


async def _answer(send: Any, status: int, body: bytes) -> None:
    length = [] if status == 204 else [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": length})
    await send({"type": "http.response.body", "body": body})


def _serve(port: int, failing: float, seed: int) -> None:
    uvicorn.run(Listener(failing, seed), host="127.0.0.1", port=port, log_level="error", access_log=False)


@contextmanager
def listening(port: int, failing: float = 0.0, seed: int = 0) -> Iterator[str]:
    """Its address, until the block ends."""
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(port, failing, seed), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join(5)
