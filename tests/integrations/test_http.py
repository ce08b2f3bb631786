"""What each way to fail is called: a no, a maybe, or certainly nothing sent."""

import asyncio
import json
import socket
import time
from contextlib import asynccontextmanager

import pytest

from app.integrations.breaker import Breaker
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.integrations.http import Answer, Http, segment
from app.tracing import traceparent


def answer(status: int, body: bytes = b"", kind: str = "application/json", headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n{headers}\r\n".encode() + body


def problem(status: int, code: str, headers: str = "") -> bytes:
    return answer(status, json.dumps({"code": code, "detail": "No."}).encode(), "application/problem+json", headers)


@asynccontextmanager
async def raw_server(reply: bytes | None, *, pause: float = 0, drip: float = 0, keep_open: float = 0):
    """A TCP server that answers every request with these bytes; None: it hangs up instead."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            await asyncio.sleep(pause)
            for at in range(0, len(reply or b""), 1 if drip else 1 << 20):
                writer.write((reply or b"")[at : at + (1 if drip else 1 << 20)])
                await writer.drain()
                await asyncio.sleep(drip)
            await asyncio.sleep(keep_open)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard
    finally:
        server.close()


async def ask(url: str, *, method: str = "POST", timeout: float = 2, **options):  # noqa: ASYNC109 - http.py keeps it
    http = Http(url)
    try:
        return await http.call(method, "/x", json={"a": 1} if method == "POST" else None, timeout=timeout, **options)
    finally:
        await http.aclose()


REFUSED = [
    (problem(400, "bad_request"), "bad_request"),
    (problem(401, "token_expired"), "provider_unauthorized"),
    (answer(401, b"<html>", "text/html"), "provider_unauthorized"),
    (problem(403, "scope"), "provider_unauthorized"),
    (problem(404, "order_not_found"), "order_not_found"),
    (problem(409, "order_not_pending"), "order_not_pending"),
    (problem(410, "gone_for_good"), "gone_for_good"),
    (problem(422, "refund_exceeds_captured"), "refund_exceeds_captured"),
    (answer(409, b'{"code":"plain_json"}'), "plain_json"),
]


@pytest.mark.parametrize(("reply", "code"), REFUSED)
async def test_a_known_refusal_is_a_no(reply, code):
    async with raw_server(reply) as (url, _):
        with pytest.raises(Refused) as caught:
            await ask(url)
    assert caught.value.code == code
    assert set(caught.value.evidence) == {"method", "path", "status", "error"}


NOT_SENT = [
    (problem(429, "throttled", "Retry-After: 7\r\n"), 7.0),
    (answer(429), None),
    (problem(503, "rate_limited", "Retry-After: 3\r\n"), 3.0),
]


@pytest.mark.parametrize(("reply", "retry_after"), NOT_SENT)
async def test_a_throttled_call_certainly_did_nothing(reply, retry_after):
    async with raw_server(reply) as (url, _):
        with pytest.raises(NotExecuted) as caught:
            await ask(url)
    assert caught.value.retry_after == retry_after


async def test_a_refused_connection_certainly_did_nothing():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(NotExecuted):
            await ask(f"http://127.0.0.1:{closed.getsockname()[1]}")


async def test_a_wait_for_a_free_connection_certainly_did_nothing():
    async with raw_server(answer(200, b"{}"), pause=1.5) as (url, heard):
        http = Http(url, max_connections=1)
        first = asyncio.ensure_future(http.call("POST", "/x", json={}, timeout=3))
        await asyncio.sleep(0.1)
        with pytest.raises(NotExecuted):
            await http.call("POST", "/x", json={}, timeout=0.6)
        assert await first == {}
        assert len(heard) == 1
        await http.aclose()


UNKNOWN = {
    "hangs up without a word": None,
    "hangs up in the head": b"HTTP/1.1 200 OK\r\nContent-",
    "hangs up in the body": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{",
    "speaks no HTTP": b"SSH-2.0-OpenSSH\r\n",
    "400 without a code": answer(400, b'{"detail":"?"}'),
    "404 of a proxy": answer(404, b"<html>", "text/html"),
    "403 of a firewall": answer(403, b"<html>", "text/html"),
    "409 with a code that is no string": answer(409, b'{"code":7}'),
    "409 with the code twice": answer(409, b'{"code":"a","code":"b"}'),
    "402": problem(402, "payment_required"),
    "408": problem(408, "timeout"),
    "418": problem(418, "teapot"),
    "500": problem(500, "internal_error"),
    "502": answer(502, b"<html>", "text/html"),
    "503 without a throttle's word": problem(503, "maintenance", "Retry-After: 3\r\n"),
    "503 without Retry-After": problem(503, "throttled"),
    "504": answer(504),
    "a redirect": answer(302, headers="Location: http://127.0.0.1:1/\r\n"),
    "200 of another type": answer(200, b"{}", "text/html"),
    "200 without a body": answer(200),
    "204": answer(204),
    "200 truncated": answer(200, b'{"id":"1","amo'),
    "200 with a list": answer(200, b"[]"),
    "200 with a key twice": answer(200, b'{"id":1,"id":2}'),
    "200 with NaN": answer(200, b'{"amount":NaN}'),
    "200 with Infinity": answer(200, b'{"amount":1e999}'),
    "200 with a lone surrogate": answer(200, b'{"id":"\\ud800"}'),
    "200 with NUL": answer(200, b'{"id":"\\u0000"}'),
    "200 not in UTF-8": answer(200, b'{"id":"\xff"}'),
    "200 nested without end": answer(200, b'{"a":' + b"[" * 100_000),
    "200 with a number of 5000 digits": answer(200, b'{"a":' + b"1" * 5000 + b"}"),
    "200 compressed unasked": answer(200, b"{}", headers="Content-Encoding: gzip\r\n"),
}


@pytest.mark.parametrize("name", UNKNOWN)
async def test_what_may_have_happened_is_unknown_never_a_no(name):
    async with raw_server(UNKNOWN[name]) as (url, _):
        with pytest.raises(OutcomeUnknown) as caught:
            await ask(url)
    assert type(caught.value) is OutcomeUnknown


async def test_a_reset_in_the_middle_is_unknown_although_the_transport_calls_it_a_connect_timeout():
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    with pytest.raises(OutcomeUnknown) as caught:
        await ask(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    server.close()
    assert type(caught.value) is OutcomeUnknown


@pytest.mark.parametrize("options", [{"pause": 30}, {"drip": 0.05}, {"drip": 0.2}])
async def test_the_deadline_holds_against_silence_and_against_slow_loris(options):
    begun = time.monotonic()
    async with raw_server(answer(200, b"{}"), **options) as (url, _):
        with pytest.raises(OutcomeUnknown):
            await ask(url, timeout=0.4)
    assert time.monotonic() - begun < 2


async def test_an_answer_over_the_limit_is_unknown():
    async with raw_server(answer(200, json.dumps({"a": "x" * 5000}).encode())) as (url, _):
        with pytest.raises(OutcomeUnknown, match="larger than"):
            await ask(url, max_bytes=1000)


async def test_an_endless_answer_ends_at_the_limit():
    endless = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b" " * (1 << 20)
    async with raw_server(endless, keep_open=30) as (url, _):
        with pytest.raises(OutcomeUnknown, match="larger than"):
            await ask(url, max_bytes=100_000)


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "schön", "a\0b"])
async def test_what_cannot_be_written_down_is_refused_and_nothing_is_sent(value):
    async with raw_server(answer(200, b"{}")) as (url, heard):
        with pytest.raises(Refused) as caught:
            await ask(url, headers={"Idempotency-Key": value})
    assert caught.value.code == "request_invalid"
    assert heard == []


async def test_the_trace_goes_along_and_cookies_do_not():
    token = traceparent.set("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    try:
        async with raw_server(answer(200, b"{}", headers="Set-Cookie: a=b; Path=/\r\n")) as (url, heard):
            http = Http(url)
            assert await http.call("GET", "/x", timeout=2) == {}
            assert await http.call("GET", "/x", timeout=2, params={"q": "a b&c", "none": None}) == {}
            await http.aclose()
    finally:
        traceparent.reset(token)
    assert b"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" in heard[1].lower()
    assert b"cookie" not in heard[1].lower()
    assert heard[1].startswith((b"GET /x?q=a+b%26c ", b"GET /x?q=a%20b%26c "))


async def test_bytes_come_as_they_are():
    async with raw_server(answer(200, b"%PDF-1.7\xff", "application/pdf")) as (url, _):
        assert await ask(url, method="GET", expect="bytes") == b"%PDF-1.7\xff"


def test_a_segment_of_a_path_stays_one():
    assert segment("a b?c#1%2e") == "a%20b%3Fc%231%252e"
    for name in ("", ".", "..", "a/b"):
        with pytest.raises(Refused):
            segment(name)


def test_one_http_serves_several_event_loops():
    http: list[Http] = []

    async def once() -> None:
        async with raw_server(answer(200, b"{}")) as (url, _):
            http.append(Http(url) if not http else http[0])
            http[0].base_url = url
            assert await http[0].call("GET", "/x", timeout=2) == {}
            await http[0].aclose()

    asyncio.run(once())
    asyncio.run(once())


async def test_what_a_reader_raises_the_breaker_hears():
    def read(said: Answer, evidence: dict) -> str:
        if said.status == 500:
            raise OutcomeUnknown("It is down.", evidence=evidence)
        return said.content.decode()

    async with raw_server(answer(500)) as (url, heard):
        breaker = Breaker(failures=1)
        http = Http(url, breaker=breaker)
        with pytest.raises(OutcomeUnknown) as caught:
            await http.ask("POST", "/x", read, content=b"a=1", timeout=2)
        assert caught.value.evidence == {"method": "POST", "path": "/x", "status": 500, "error": None}
        assert breaker.is_open
        await http.aclose()
        assert len(heard) == 1
    async with raw_server(answer(200, b"fine", "text/plain")) as (url, _):
        http = Http(url)
        assert await http.ask("GET", "/x", read, timeout=2) == "fine"
        await http.aclose()
