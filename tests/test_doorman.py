"""From its first moment the port answers: alive, not yet able to serve; and no connection is lost when it is."""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException
from typing import Any

import httpx
import pytest

from app.commands.doorman import PATIENCE, Doorman
from tests.support import servers


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def door(listener: socket.socket) -> Iterator[str]:
    doorman = Doorman(listener)
    doorman.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    doorman.leave()


def test_the_process_is_alive_and_cannot_serve_yet(door: str) -> None:
    with httpx.Client(base_url=door, trust_env=False) as client:
        alive = client.get("/healthz?a=b")
        assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
        for method, path in [("GET", "/readyz"), ("POST", "/v1/refunds"), ("GET", "/healthz/"), ("POST", "/healthz")]:
            answer = client.request(method, path, json=None if method == "GET" else {"big": "x" * 100_000})
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1"), path
            assert answer.headers["content-type"] == "application/problem+json"
            told = answer.json()
            assert (told["code"], told["status"], told["request_id"]) == (
                "unavailable",
                503,
                answer.headers["X-Request-Id"],
            )


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\n", b"\x00" * 100_000, b"\r\n\r\n"])
def test_a_client_that_says_nothing_of_sense_holds_nobody_up(door: str, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", int(door.rpartition(":")[2]))) as silent:
        silent.sendall(said)
        began = time.monotonic()
        assert httpx.get(f"{door}/healthz", trust_env=False, timeout=20).status_code == 200
        assert time.monotonic() - began < PATIENCE + 2


def test_who_comes_after_it_has_left_waits_for_the_server(listener: socket.socket) -> None:
    doorman = Doorman(listener)
    doorman.start()
    doorman.leave()
    doorman._thread.join(5)
    listener.setblocking(True)
    with socket.create_connection(listener.getsockname()) as waiting:
        waiting.sendall(b"GET / HTTP/1.1\r\n\r\n")
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(100).startswith(b"GET /")


def test_no_answer_is_lost_while_the_server_takes_over(
    sqlite_url: str, run_server: Callable[..., servers.Server]
) -> None:
    server = run_server("serve", database_url=sqlite_url, ready=None)
    seen: list[Any] = []
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    give_up = time.monotonic() + 60
    while seen[-5:] != [("/healthz", 200), ("/readyz", 200)] * 2 + [("/healthz", 200)]:
        assert time.monotonic() < give_up, seen[-20:]
        path = "/readyz" if seen and seen[-1][0] == "/healthz" else "/healthz"
        try:
            with opener.open(server.url + path, timeout=20) as answer:
                seen.append((path, answer.status))
        except urllib.error.HTTPError as error:
            seen.append((path, error.code))
        except (OSError, HTTPException):
            if seen:
                raise
    assert {status for path, status in seen if path == "/healthz"} == {200}
    assert next(status for path, status in seen if path == "/readyz") == 503
