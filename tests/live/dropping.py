"""A proxy on the loopback that passes everything on, and loses or holds back the answers that it is told to."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Dropping:
    """`lose`: so many answers to a POST whose path ends with `path` are lost; `hold`: they wait until it is cleared."""

    def __init__(self, upstream: str, path: str) -> None:
        self.upstream, self.path = urlsplit(upstream).netloc, path
        self.lose = 0
        self.hold = threading.Event()
        self.held = threading.Event()
        """An answer waits."""
        self.url = ""
        self._lock = threading.Lock()

    def loses(self) -> bool:
        """Whether this answer is one of those."""
        with self._lock:
            self.lose -= 1
            return self.lose >= 0

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Pass one request on and its answer back."""
        size = int(handler.headers.get("Content-Length") or 0)
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in {"host", "connection"}}
        connection = http.client.HTTPConnection(self.upstream, timeout=60)
        connection.request(handler.command, handler.path, handler.rfile.read(size) or None, headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        handler.close_connection = True
        if handler.command == "POST" and handler.path.endswith(self.path):
            if self.hold.is_set():
                self.held.set()
                while self.hold.is_set():
                    threading.Event().wait(0.05)
            if self.loses():
                return
        handler.send_response(answer.status)
        for name in ("Content-Type", "Retry-After"):
            if value := answer.getheader(name):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)


@contextmanager
def dropping(upstream: str, path: str) -> Iterator[Dropping]:
    """The proxy, as long as this lasts."""
    proxy = Dropping(upstream, path)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            try:
                proxy.answer(self)
            except OSError:  # whoever asked has gone
                self.close_connection = True

        do_GET = do_POST = do_DELETE = _pass  # noqa: N815  the names that it looks for

        def log_request(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.hold.clear()
        server.shutdown()
        server.server_close()
