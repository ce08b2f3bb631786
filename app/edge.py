"""The one layer around the app: request id, limits, size and time of the body, rate, log line, metrics, last resort.

Pure ASGI: a BaseHTTPMiddleware would cost a tenth of a millisecond each.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson
import structlog
from fastapi import FastAPI
from limits import RateLimitItem, parse
from limits.errors import StorageError
from prometheus_client import Counter, Histogram
from starlette.types import Message, Receive, Scope, Send

from app import cors, ids, logs, metrics, safety, tracing
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
from app.rates import Rates
from app.routers import lanes
from app.routers.lanes import Asked
from app.routes import Routes
from app.services.redaction import redact
from app.settings import Settings

log = structlog.get_logger()

REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
MAX_TARGET = 8192
ONCE = frozenset(
    {
        b"authorization",
        b"idempotency-key",
        b"aftersale-customer",
        b"aftersale-actor",
        b"if-match",
        b"content-type",
        b"origin",
        b"access-control-request-method",
    }
)
"""Headers that stand once in a request."""
PRINTABLE = frozenset(
    {b"idempotency-key", b"aftersale-customer", b"aftersale-actor", b"prefer", b"if-match", b"origin"}
)
NOT_PRINTABLE = re.compile(rb"[^ -~]")
UPLOADS = frozenset({"/v1/files"})
"""Routes that read their body by themselves, once they know who calls; here it is bounded while it comes."""
FORM_BYTES = 16_384
"""What a form may have beside its file."""
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
SESSIONS = "/v1/shopper-sessions"


class Edge:
    """Wraps the app; everything that is the same for every request happens here, once."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        self._app = app
        self._routes = Routes(app)
        self._settings = settings
        self._limit: RateLimitItem | None = parse(settings.rate_limit) if settings.rate_limit else None
        self._sessions: RateLimitItem | None = (
            parse(settings.session_rate_limit) if settings.session_rate_limit else None
        )
        self._counts = Rates(settings.rate_limit_storage.get_secret_value())

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
        answer = _Answer(send, request_id, safety.of(scope))
        started = time.perf_counter()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        with tracing.span("request", "server", _trace(headers)) as traced:
            try:
                await self._guarded(scope, receive, answer, headers)
            finally:
                _note(scope, answer, time.perf_counter() - started, traced)
                structlog.contextvars.clear_contextvars()

    async def _guarded(self, scope: Scope, receive: Receive, answer: _Answer, headers: dict[bytes, bytes]) -> None:
        try:
            _check_target(scope)
            if b"origin" in headers:
                answer.cors = await cors.readable(self._app, scope, headers)
            if scope["path"] not in QUIET:
                answer.extra = await self._rates(scope, headers)
            if cors.is_preflight(scope, headers):
                await answer.preflight()
                return
            if scope["method"] == "POST" and scope["path"] in UPLOADS:
                await self._app(scope, self._bounded(receive, headers), answer)
                return
            body = await self._body(scope, receive, headers)
            if not await self._by_lane(scope, headers, body, answer):
                await self._app(scope, _replay(body, receive), answer)
        except AppError as error:
            await answer.problem(error)
        except Exception as error:
            log.exception("unhandled", error=type(error).__name__)
            if not answer.started:
                await answer.problem(AppError())
            elif answer.status != 500:  # an answer that broke off must not look whole
                raise

    async def _by_lane(self, scope: Scope, headers: dict[bytes, bytes], body: bytes, answer: _Answer) -> bool:
        """Answer a plain request to a hot endpoint; False where it has to go the long way."""
        secret = lanes.secret_of(headers)
        found = None if secret is None else self._routes.find(scope)
        lane = None if found is None else lanes.of(found[0].endpoint)
        if found is None or lane is None:
            return False
        method, path = scope["method"], scope["path"]
        means = self._app.state.runtime
        asked = Asked(
            means, answer.request_id, str(secret), method, path, found[1], scope["query_string"], headers, body
        )
        scope["route"], scope["endpoint"] = found[0], found[0].endpoint
        made = await lane(asked)
        if made is None:
            return False
        await made(scope, _nothing, answer)
        return True

    async def _rates(self, scope: Scope, headers: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        """Count the request; a publishable key is everybody's, so that each address has its own count under it."""
        credential = headers.get(b"authorization", b"")
        client = (scope.get("client") or ("unknown", 0))[0]
        public = credential.partition(b" ")[2].strip().startswith(b"pk_")
        who = hashlib.sha256(credential).hexdigest() if credential else f"ip:{client}"
        if public:
            who = f"{who}:{client}"
        shown = [] if self._limit is None else await self._rate(self._limit, who)
        if self._sessions is not None and public and scope["path"].startswith(SESSIONS):
            return await self._rate(self._sessions, f"sessions:{who}")
        return shown

    async def _rate(self, limit: RateLimitItem, who: str) -> list[tuple[bytes, bytes]]:
        try:
            allowed, remaining, reset = await self._counts.hit(limit, who)
        except StorageError:  # what protects the service must not be what stops it
            log.warning("rate_limit_storage_is_away")
            return []
        seconds = max(0, int(reset - time.time()) + 1)
        if not allowed:
            shown = {"RateLimit-Limit": limit.amount, "RateLimit-Remaining": remaining, "RateLimit-Reset": seconds}
            named = {name: str(value) for name, value in shown.items()}
            raise TooManyRequests(headers={**named, "Retry-After": str(seconds)})
        return [
            (b"ratelimit-limit", b"%d" % limit.amount),
            (b"ratelimit-remaining", b"%d" % remaining),
            (b"ratelimit-reset", b"%d" % seconds),
        ]

    def _bounded(self, receive: Receive, headers: dict[bytes, bytes]) -> Receive:
        """The same body within the limits of a file, refused as it comes; raises where its headers tell enough."""
        limit = self._settings.file_bytes + FORM_BYTES
        too_large = f"A file may have {self._settings.file_bytes} bytes at most."
        declared = headers.get(b"content-length")
        if declared is not None and (not declared.isdigit() or int(declared) > limit):
            raise TooLarge(too_large)
        if headers.get(b"content-encoding", b"identity").lower() not in {b"", b"identity"}:
            raise UnsupportedMediaType("Send the body without a content encoding.")
        kind = headers.get(b"content-type", b"").decode("latin-1").lower()
        if kind.partition(";")[0].strip() != "multipart/form-data":
            raise UnsupportedMediaType("Send multipart/form-data.")
        size = 0
        give_up: float | None = None

        async def bounded() -> Message:
            nonlocal size, give_up
            now = asyncio.get_running_loop().time()
            give_up = give_up or now + self._settings.file_seconds
            try:
                async with asyncio.timeout_at(give_up):
                    message = await receive()
            except TimeoutError as error:
                raise RequestTimeout from error
            if message["type"] == "http.disconnect":
                raise BadRequest("The client went away.")
            size += len(message.get("body", b""))
            if size > limit:
                raise TooLarge(too_large)
            return message

        return bounded

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
        try:
            _check_type(body, headers)
        except UnsupportedMediaType:
            if self._routes.find(scope) is not None:  # else nobody reads it: that the path or method is not here counts
                raise
        return body


def _check_target(scope: Scope) -> None:
    if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > MAX_TARGET:
        raise UriTooLong
    _check_text("path", scope.get("raw_path", b""))
    _check_text("query", scope["query_string"])
    seen: set[bytes] = set()
    for name, value in scope["headers"]:
        if name in PRINTABLE and NOT_PRINTABLE.search(value):
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
    sent = headers.get(b"x-request-id")
    if sent is None:
        return ids.new("req")
    given = sent.decode("latin-1")
    return given if REQUEST_ID.fullmatch(given) and redact(given).text == given else ids.new("req")


def _trace(headers: Mapping[bytes, bytes]) -> str | None:
    """The trace that the caller has begun; one whose digits may be a card's is not passed on."""
    sent = headers.get(b"traceparent")
    if sent is None:
        return None
    given = sent.decode("latin-1")
    return given if TRACEPARENT.fullmatch(given) and redact(given).text == given else None


async def _nothing() -> Message:
    raise AssertionError("an answer that is whole asks for nothing more")


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


@lru_cache(2000)
def _counters(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """To look them up by their labels costs more than to count."""
    return metrics.REQUESTS.labels(method, route, status), metrics.SECONDS.labels(method, route)


def _note(scope: Scope, answer: _Answer, seconds: float, traced: tracing.Traced) -> None:
    route = _route(scope)
    method = scope["method"] if scope["method"] in {"GET", "POST", "PUT", "PATCH", "DELETE"} else "OTHER"
    counted, timed = _counters(method, route, answer.status)
    counted.inc()
    timed.observe(seconds)
    traced.name(f"{method} {route}")
    traced.note(http__request__method=method, http__route=route, http__response__status_code=answer.status)
    if answer.status >= 500:
        traced.failed(str(answer.status))
    if scope["path"] not in QUIET:
        logs.request(answer.request_id, method, route, answer.status, seconds)


class _Answer:
    """The `send` that adds the headers of every answer and remembers whether it has begun."""

    def __init__(self, send: Send, request_id: str, safety: safety.Headers) -> None:
        self._send, self._safety = send, safety
        self.request_id = request_id
        self.started = False
        self.status = 0
        self.extra: list[tuple[bytes, bytes]] = []
        self.cors: list[tuple[bytes, bytes]] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            names = {name for name, _ in message["headers"]}
            added = [(b"x-request-id", self.request_id.encode()), *self._safety, *self.extra, *self.cors]
            message["headers"] = [*message["headers"], *(pair for pair in added if pair[0] not in names)]
        await self._send(message)

    async def preflight(self) -> None:
        """Tell the browser what a page on its origin may send; raises `origin_not_allowed` where no key lists that."""
        await self({"type": "http.response.start", "status": 204, "headers": cors.preflight(self.cors)})
        await self({"type": "http.response.body", "body": b""})

    async def problem(self, error: AppError) -> None:
        """Answer with problem+json."""
        body = orjson.dumps(error.problem(self.request_id))
        headers: list[tuple[bytes, bytes]] = [
            *((name.lower().encode(), value.encode()) for name, value in error.headers.items()),
            (b"content-length", str(len(body)).encode()),
            (b"content-type", b"application/problem+json"),
        ]
        start: dict[str, Any] = {"type": "http.response.start", "status": error.status, "headers": headers}
        await self(start)
        await self({"type": "http.response.body", "body": body})
