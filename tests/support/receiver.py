"""A webhook's other end on loopback: keeps what comes, and answers as it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

Reply = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Came:
    """One request."""

    at: float
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return orjson.loads(self.body)


@dataclass
class Receiver:
    """`answers` is asked for each request how it is answered; everything that came is in `came`, in its order."""

    url: str
    answers: Callable[[Came], Reply] = lambda came: (204, {}, b"")
    came: list[Came] = field(default_factory=list[Came])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, count: int, seconds: float = 20) -> list[Came]:
        """Return once so many have come."""
        give_up = time.monotonic() + seconds
        while len(self.came) < count:
            assert time.monotonic() < give_up, f"{len(self.came)} of {count} came"
            time.sleep(0.02)
        return list(self.came)

    def types(self) -> list[str]:
        return [came.event["type"] for came in self.came]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    receiver: Receiver


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        came = Came(time.time(), self.path, headers, body)
        receiver = self.server.receiver
        with receiver.lock:
            receiver.came.append(came)
        status, more, content = receiver.answers(came)
        self.send_response(status)
        for name, value in {**more, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if status != 204:
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Nothing is printed."""


@contextmanager
def receiving(answers: Callable[[Came], Reply] | None = None) -> Iterator[Receiver]:
    """A receiver on a free port of loopback."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hook")
    if answers is not None:
        server.receiver.answers = answers
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
