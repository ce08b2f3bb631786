"""A load generator that costs little: keep-alive connections on bare asyncio, so that the server is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httptools

CONNECTIONS = 32


@dataclass
class Shot:
    """One request, ready to be written."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    def wire(self, host: str) -> bytes:
        """The bytes."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            lines += ["content-type: application/json", f"content-length: {len(self.body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass
class Told:
    """What a run has measured: answers per second, and seconds of each."""

    rate: float
    seconds: list[float]
    statuses: dict[int, int]

    def percentile(self, share: float) -> float:
        """So many of the answers took at most that, seconds."""
        found = sorted(self.seconds)
        return found[min(len(found) - 1, int(share * len(found)))] if found else 0.0


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the answer to the last one is whole."""

    def __init__(self, run: _Run) -> None:
        self.run = run
        self.began = 0.0
        self.parser: Any = None
        self.transport: Any = None
        self.body = bytearray()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.parser = httptools.HttpResponseParser(self)
        self._next()

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.run.note(time.perf_counter() - self.began, self.parser.get_status_code(), bytes(self.body))
        self.body.clear()
        self.parser = httptools.HttpResponseParser(self)
        self._next()

    def connection_lost(self, _: Exception | None) -> None:
        self.run.lost(self)

    def _next(self) -> None:
        if time.perf_counter() >= self.run.until:
            self.transport.close()
            return
        try:
            shot = self.run.shot()
        except BaseException as error:  # a callback's exception would leave the run waiting
            self.run.failed = error
            self.transport.close()
            return
        self.began = time.perf_counter()
        self.transport.write(shot)


class _Run:
    def __init__(self, host: str, shots: Callable[[], Shot], seconds: float, keep: list[bytes] | None) -> None:
        self._host, self._shots, self._keep = host, shots, keep
        self.until = time.perf_counter() + seconds
        self.seconds: list[float] = []
        self.statuses: dict[int, int] = {}
        self.open = 0
        self.over = asyncio.Event()
        self.failed: BaseException | None = None

    def shot(self) -> bytes:
        return self._shots().wire(self._host)

    def note(self, took: float, status: int, body: bytes) -> None:
        self.seconds.append(took)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if self._keep is not None and status < 300 and len(self._keep) < 5_000:
            self._keep.append(body)

    def lost(self, _: _Connection) -> None:
        self.open -= 1
        if not self.open:
            self.over.set()


async def fire(
    url: str,
    shots: Callable[[], Shot],
    seconds: float,
    *,
    connections: int = CONNECTIONS,
    keep: list[bytes] | None = None,
) -> Told:
    """Throw `shots` at `url` over so many connections; `keep` takes the bodies of the first answers."""
    where = urlsplit(url)
    loop = asyncio.get_running_loop()
    run = _Run(where.netloc, shots, seconds, keep)
    began = time.perf_counter()
    run.open = connections
    for _ in range(connections):
        await loop.create_connection(lambda: _Connection(run), where.hostname, where.port)
    await asyncio.wait_for(run.over.wait(), seconds + 60)
    if run.failed is not None:
        raise run.failed
    wrong = {status: times for status, times in run.statuses.items() if status >= 300}
    if wrong or not run.seconds:
        raise RuntimeError(f"{url} answered {wrong or 'nothing'}")
    return Told(len(run.seconds) / (time.perf_counter() - began), run.seconds, run.statuses)
