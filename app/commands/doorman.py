"""Whoever asks while the server is being loaded is answered: the process is alive, and cannot serve yet.

Loading takes longer than most of what waits for it is patient. The port is open from the first moment: `/healthz` is
200, everything else 503 with `Retry-After`, in place of a connection that is refused. Then the server takes the same
socket over; no connection is lost on the way.
"""

from __future__ import annotations

import json
import selectors
import socket
import threading
import time
from contextlib import suppress

PATIENCE = 0.5
"""Seconds that one client may take; the others wait behind it."""
MOST_BYTES = 16 * 1024
ALIVE = b"/healthz"


class Doorman:
    """Answers on a listening socket until it leaves; the socket itself stays open for the server."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._left, self._leaving = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="doorman")

    def start(self) -> None:
        """Begin to answer."""
        self._listener.setblocking(False)
        self._thread.start()

    def leave(self) -> None:
        """Take no further connection; at once, also where a client is being answered."""
        self._leaving.close()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector, self._left:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._left, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._left in ready:
                    return
                with suppress(OSError):  # whoever went away is not waited for
                    connection, _ = self._listener.accept()
                    with connection:
                        _answer(connection)


def _answer(connection: socket.socket) -> None:
    give_up = time.monotonic() + PATIENCE
    asked = b""
    while b"\r\n\r\n" not in asked and len(asked) < MOST_BYTES:
        part = _more(connection, give_up)
        if not part:
            return
        asked += part
    method, _, rest = asked.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    connection.sendall(_alive() if (method, path) == (b"GET", ALIVE) else _not_yet())
    connection.shutdown(socket.SHUT_WR)
    while _more(connection, give_up):  # else what is unread resets the connection, and the answer with it
        pass


def _more(connection: socket.socket, give_up: float) -> bytes:
    """What has come, or nothing once the client has ended; raises TimeoutError when its time is over."""
    left = give_up - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
    return connection.recv(4096)


def _alive() -> bytes:
    return _response("200 OK", "application/json", {"status": "ok"}, {})


def _not_yet() -> bytes:
    from app import ids
    from app.errors import Unavailable

    request_id, error = ids.new("req"), Unavailable("The service is starting.")
    headers = {**error.headers, "X-Request-Id": request_id}
    return _response("503 Service Unavailable", "application/problem+json", error.problem(request_id), headers)


def _response(status: str, kind: str, body: object, headers: dict[str, str]) -> bytes:
    content = json.dumps(body).encode()
    named = {
        "Content-Type": kind,
        "Content-Length": str(len(content)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Connection": "close",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content
