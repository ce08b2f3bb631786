"""The one layer around the app: request id, limits, size and time of the body, rate, log line, metrics, last resort.

Pure ASGI: a BaseHTTPMiddleware would cost a tenth of a millisecond each.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson
import structlog
from fastapi import FastAPI
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError
from starlette.types import Message, Receive, Scope, Send

from app import ids, metrics
from app.errors import (
    AppError,
    BadRequest,
    InvalidHeader,
    RequestTimeout,
    TooLarge,
    TooManyRequests,
    UnsupportedMediaType,
    UriTooLong,
)
from app.integrations.http import traceparent
from app.services.events import API_VERSION
from app.services.redaction import redact
from app.settings import Settings

log = structlog.get_logger()

REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
MAX_TARGET = 8192
ONCE = frozenset(
    {b"authorization", b"idempotency-key", b"aftersale-customer", b"aftersale-actor", b"if-match", b"content-type"}
)
"""Headers that stand once in a request."""
PRINTABLE = frozenset({b"idempotency-key", b"aftersale-customer", b"aftersale-actor", b"prefer", b"if-match"})
SAFETY = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"aftersale-version", API_VERSION.encode()),
)
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class Edge:
    """Wraps the app; everything that is the same for every request happens here, once."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._limit: RateLimitItem | None = parse(settings.rate_limit) if settings.rate_limit else None
        storage = settings.rate_limit_storage.get_secret_value()
        self._limiter = FixedWindowRateLimiter(
            MemoryStorage() if storage == "memory://" else RedisStorage(f"async+{storage}", wrap_exceptions=True)
        )

    def openapi(self) -> dict[str, Any]:
        """The app's OpenAPI document."""
        return self._app.openapi()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = _request_id(headers)
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(send, request_id)
        started = time.perf_counter()
        trace = headers.get(b"traceparent", b"").decode("latin-1")
        token = traceparent.set(trace if TRACEPARENT.fullmatch(trace) else None)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self._guarded(scope, receive, answer, headers)
        finally:
            traceparent.reset(token)
            _note(scope, answer, time.perf_counter() - started)
            structlog.contextvars.clear_contextvars()

    async def _guarded(self, scope: Scope, receive: Receive, answer: _Answer, headers: dict[bytes, bytes]) -> None:
        try:
            _check_target(scope)
            if self._limit is not None and scope["path"] not in QUIET:
                answer.extra = await self._rate(self._limit, scope, headers)
            body = await self._body(scope, receive, headers)
            await self._app(scope, _replay(body, receive), answer)
        except AppError as error:
            await answer.problem(error)
        except Exception as error:
            log.exception("unhandled", error=type(error).__name__)
            if not answer.started:
                await answer.problem(AppError())
            elif answer.status != 500:  # an answer that broke off must not look whole
                raise

    async def _rate(self, limit: RateLimitItem, scope: Scope, headers: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        credential = headers.get(b"authorization", b"")
        client = (scope.get("client") or ("unknown", 0))[0]
        who = hashlib.sha256(credential).hexdigest() if credential else f"ip:{client}"
        try:
            allowed = await self._limiter.hit(limit, who)
            stats = await self._limiter.get_window_stats(limit, who)
        except StorageError:  # what protects the service must not be what stops it
            log.warning("rate_limit_storage_is_away")
            return []
        seconds = max(0, int(stats.reset_time - time.time()) + 1)
        shown = {"RateLimit-Limit": limit.amount, "RateLimit-Remaining": stats.remaining, "RateLimit-Reset": seconds}
        named = {name: str(value) for name, value in shown.items()}
        if not allowed:
            raise TooManyRequests(headers={**named, "Retry-After": str(seconds)})
        return [(name.lower().encode(), value.encode()) for name, value in named.items()]

    async def _body(self, scope: Scope, receive: Receive, headers: dict[bytes, bytes]) -> bytes:
        """The whole body within its limits of size and time, before anything of it is parsed."""
        if scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            return b""
        limit = self._settings.max_body_bytes
        declared = headers.get(b"content-length")
        if declared is not None and (not declared.isdigit() or int(declared) > limit):
            raise TooLarge(f"The body may have {limit} bytes at most.")
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise BadRequest("The client went away.")
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > limit:
                        raise TooLarge(f"The body may have {limit} bytes at most.")
                    if not message.get("more_body", False):
                        break
        except TimeoutError as error:
            raise RequestTimeout from error
        body = b"".join(parts)
        _check_type(body, headers)
        return body


def _check_target(scope: Scope) -> None:
    if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > MAX_TARGET:
        raise UriTooLong
    _check_text("path", scope.get("raw_path", b""))
    _check_text("query", scope["query_string"])
    seen: set[bytes] = set()
    for name, value in scope["headers"]:
        if name in PRINTABLE and not all(32 <= byte < 127 for byte in value):
            raise InvalidHeader(f"The header {name.decode()} has characters that are not printable ASCII.")
        if name in ONCE:
            if name in seen:  # which of the two counts must not depend on who reads them
                raise InvalidHeader(f"The header {name.decode()} is there twice.")
            seen.add(name)


def _check_text(where: str, encoded: bytes) -> None:
    """Refuse NUL and what is not UTF-8 once the percent signs are resolved."""
    if b"%" not in encoded:
        return
    try:
        text = unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"The {where} is not UTF-8.") from error
    if "\x00" in text:
        raise BadRequest(f"The {where} has a NUL.")


def _check_type(body: bytes, headers: Mapping[bytes, bytes]) -> None:
    if headers.get(b"content-encoding", b"identity").lower() not in {b"", b"identity"}:
        raise UnsupportedMediaType("Send the body without a content encoding.")
    if not body:
        return
    kind = headers.get(b"content-type", b"").decode("latin-1").lower()
    if kind.partition(";")[0].strip() != "application/json" or ("charset" in kind and "utf-8" not in kind):
        raise UnsupportedMediaType


def _request_id(headers: Mapping[bytes, bytes]) -> str:
    """The caller's own, where it is harmless to keep and send back; else a fresh one."""
    given = headers.get(b"x-request-id", b"").decode("latin-1")
    return given if REQUEST_ID.fullmatch(given) and redact(given).text == given else ids.new("req")


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _route(scope: Scope) -> str:
    """The pattern that was met; what was asked for only where it holds nothing of the caller's."""
    route = getattr(scope.get("route"), "path", None)
    if route is not None or "endpoint" not in scope:
        return route or "unmatched"
    return (
        scope.get("root_path") or scope["path"]
    )  # the pages of the document: one folder, and paths without a variable


def _note(scope: Scope, answer: _Answer, seconds: float) -> None:
    route = _route(scope)
    method = scope["method"] if scope["method"] in {"GET", "POST", "PUT", "PATCH", "DELETE"} else "OTHER"
    metrics.REQUESTS.labels(method, route, answer.status).inc()
    metrics.SECONDS.labels(method, route).observe(seconds)
    if scope["path"] not in QUIET:
        log.info("request", method=method, route=route, status=answer.status, ms=round(seconds * 1000, 2))


class _Answer:
    """The `send` that adds the headers of every answer and remembers whether it has begun."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.started = False
        self.status = 0
        self.extra: list[tuple[bytes, bytes]] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            names = {name for name, _ in message["headers"]}
            added = [(b"x-request-id", self._request_id.encode()), *SAFETY, *self.extra]
            message["headers"] = [*message["headers"], *(pair for pair in added if pair[0] not in names)]
        await self._send(message)

    async def problem(self, error: AppError) -> None:
        """Answer with problem+json."""
        body = orjson.dumps(error.problem(self._request_id))
        headers: list[tuple[bytes, bytes]] = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            *((name.lower().encode(), value.encode()) for name, value in error.headers.items()),
        ]
        start: dict[str, Any] = {"type": "http.response.start", "status": error.status, "headers": headers}
        await self(start)
        await self({"type": "http.response.body", "body": body})
