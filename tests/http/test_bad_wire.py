"""What no HTTP client sends: endless and slow bodies, lengths that lie, headers that smuggle; on bare sockets."""

from __future__ import annotations

import json
import socket
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests.support.app import App, Tenant
from tests.support.tables import still

ALONE = True
"""Every table is looked at, as it was and as it is."""

pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)  # all of it happens before any database
BODY = json.dumps({"order": "#1001", "amount": {"amount": 100, "currency": "EUR"}}).encode()


def spoken(url: str, *parts: bytes, pause: float = 0.0, patience: float = 10.0) -> tuple[int, bytes]:
    """Send the parts with pauses, read to the end; the first answer's status and everything that came."""
    address = urlsplit(url)
    assert address.hostname
    with closing(socket.create_connection((address.hostname, address.port or 80), timeout=patience)) as wire:
        try:
            for part in parts:
                wire.sendall(part)
                time.sleep(pause)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has heard enough
        came = b""
        try:
            while chunk := wire.recv(65536):
                came += chunk
        except (TimeoutError, ConnectionResetError):
            pass
    return int(came.split(b" ", 2)[1]) if came.startswith(b"HTTP/1.1 ") else 0, came


def head(store: Tenant, *lines: str, path: str = "/v1/refunds", method: str = "POST") -> bytes:
    fixed = ("Host: shop", f"Authorization: Bearer {store.key}", "Content-Type: application/json",
             "Idempotency-Key: wire", "Connection: close")  # fmt: skip
    return "\r\n".join((f"{method} {path} HTTP/1.1", *fixed, *lines, "", "")).encode("latin-1")


def code(came: bytes) -> str:
    return json.loads(came.partition(b"\r\n\r\n")[2])["code"]


def test_a_body_that_is_declared_too_large_is_refused_before_it_is_sent(store: Tenant, app: App) -> None:
    started = time.monotonic()
    status, came = spoken(app.url, head(store, "Content-Length: 52428800"))
    assert (status, code(came)) == (413, "body_too_large")
    assert time.monotonic() - started < 2


def test_an_endless_body_ends_at_the_limit(store: Tenant, app: App) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    before = still(app.settings.database)
    status, came = spoken(app.url, head(store, "Transfer-Encoding: chunked"), *[chunk] * 800)
    assert status in {413, 0}  # 0: the answer was lost in the reset; it was not taken either way
    assert status == 0 or b"body_too_large" in came
    assert still(app.settings.database) == before


@pytest.mark.parametrize("framing", ["Content-Length: 300", "Transfer-Encoding: chunked"])
def test_a_client_that_sends_too_slowly_is_refused(store: Tenant, app: App, framing: str) -> None:
    with app.other_edge(body_seconds=0.3) as url:
        part = b"1\r\n \r\n" if "chunked" in framing else b" "
        status, came = spoken(url, head(store, framing), *[part] * 10, pause=0.1)
    assert (status, code(came)) == (408, "body_too_slow")


def test_a_client_that_goes_away_in_the_middle_leaves_nothing(store: Tenant, app: App) -> None:
    before = still(app.settings.database)
    address = urlsplit(app.url)
    for _ in range(3):
        with closing(socket.create_connection((address.hostname or "", address.port or 80))) as wire:
            wire.sendall(head(store, "Content-Length: 5000") + BODY)
    assert still(app.settings.database) == before
    assert store.get("/v1/refunds").json()["data"] == []


LIES = {
    "both a length and chunks": (["Content-Length: 5", "Transfer-Encoding: chunked"], b"0\r\n\r\n"),
    "two lengths": (["Content-Length: 5", "Content-Length: 500"], BODY),
    "a negative length": (["Content-Length: -5"], BODY),
    "a length in words": (["Content-Length: many"], BODY),
    "a length with a plus": (["Content-Length: +5"], BODY),
    "a length beyond all": (["Content-Length: " + "9" * 40], BODY),
    "a chunk's size in words": (["Transfer-Encoding: chunked"], b"xyz\r\nabc\r\n0\r\n\r\n"),
    "a negative chunk": (["Transfer-Encoding: chunked"], b"-5\r\nabcde\r\n0\r\n\r\n"),
    "a blank before the colon": (["X-A : b", f"Content-Length: {len(BODY)}"], BODY),
    "a folded header": (["X-A: b", " c: d", f"Content-Length: {len(BODY)}"], BODY),
    "a header without colon": (["X-A", f"Content-Length: {len(BODY)}"], BODY),
    "NUL in a header": (["X-A: a\x00b", f"Content-Length: {len(BODY)}"], BODY),
    "a bare carriage return in a header": (["X-A: a\rX-B: c", f"Content-Length: {len(BODY)}"], BODY),
    "a control character in the actor": (["Aftersale-Actor: agent:kim\x01", f"Content-Length: {len(BODY)}"], BODY),
    "a control character in Prefer": (["Prefer: wait=1\x7f", f"Content-Length: {len(BODY)}"], BODY),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_request_that_can_be_read_in_two_ways_is_not_taken(store: Tenant, app: App, lie: str) -> None:
    before = still(app.settings.database)
    lines, body = LIES[lie]
    status, came = spoken(app.url, head(store, *lines), body, patience=2)
    assert status in {400, 413}, came[:300]
    assert b"Traceback" not in came
    assert still(app.settings.database) == before


@pytest.mark.parametrize(
    "line",
    ["GET /v1/refunds", "GET  /v1/refunds HTTP/1.1", "GET /v1/refunds HTTP/9", "\x16\x03\x01", "get / HTTP/1.1", "{}"],
)
def test_a_first_line_that_is_no_http_is_refused(store: Tenant, app: App, line: str) -> None:
    status, came = spoken(app.url, f"{line}\r\nHost: shop\r\nConnection: close\r\n\r\n".encode("latin-1"), patience=2)
    assert status in {400, 401, 0}, came[:300]
    assert store.sandbox.shop.encode() not in came


def test_a_line_break_in_a_request_id_makes_no_header(store: Tenant, app: App) -> None:
    for sent in ("a%0d%0aX-Injected: 1", "a b", "x" * 200, "<script>", "caf\xe9"):
        _, came = spoken(app.url, head(store, f"X-Request-Id: {sent}", method="GET"), patience=5)
        assert b"x-injected" not in came.lower()
        assert b"x-request-id: req_" in came.lower()


def test_a_large_header_section_hurts_nobody_else(store: Tenant, app: App) -> None:
    lines = [f"X-{number}: {'x' * 1000}\r\n".encode() for number in range(300)]
    status, _ = spoken(app.url, b"GET /v1/refunds HTTP/1.1\r\nConnection: close\r\n", *lines, b"\r\n", patience=3)
    assert status in {400, 401, 431, 0}
    assert store.get("/v1/refunds").status_code == 200
