"""One call to the outside: timeouts, limits, strict JSON; whatever fails leaves as Refused or OutcomeUnknown."""

from __future__ import annotations

import asyncio
import json
import math
import ssl
import weakref
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Literal, NoReturn, cast, overload
from urllib.parse import quote

from app.clock import now
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused

if TYPE_CHECKING:  # loaded with the first call: the server's first answer need not wait for them
    import aiohttp
    import httpx

traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""The W3C trace context of the request being served; it is sent along where it is set."""

REFUSALS = frozenset({400, 401, 403, 404, 409, 410, 422})
"""Statuses that are a no, if the answer says in JSON which one."""
THROTTLED = frozenset({"throttled", "rate_limited", "rate_limit", "too_many_requests"})
MAX_JSON = 4 << 20
MAX_CONNECT = 5.0
MAX_RETRY_AFTER = 86_400.0

Query = Mapping[str, str | int | None]


class Http:
    """Calls to one provider account. Raises only Refused and OutcomeUnknown (NotExecuted among them).

    Nothing is followed elsewhere: no redirects, no cookies, no proxies of the environment. Bodies are never logged.
    """

    def __init__(self, base_url: str, *, headers: Mapping[str, str] | None = None, max_connections: int = 50) -> None:
        self.base_url = base_url.rstrip("/")
        self._headers = dict(headers or {})
        self._max_connections = max_connections
        # Connections belong to an event loop; the web server and the workers may each have their own.
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = (
            weakref.WeakKeyDictionary()
        )

    async def aclose(self) -> None:
        """Close the connections of the running loop; the next call opens new ones."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    @overload
    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Query | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float,  # noqa: ASYNC109 - see below
        expect: Literal["json"] = "json",
        max_bytes: int = MAX_JSON,
    ) -> dict[str, Any]: ...

    @overload
    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Query | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float,  # noqa: ASYNC109 - see below
        expect: Literal["bytes"],
        max_bytes: int = MAX_JSON,
    ) -> bytes: ...

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Query | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float,  # noqa: ASYNC109 - the promise is a deadline over all of it, kept below
        expect: Literal["json", "bytes"] = "json",
        max_bytes: int = MAX_JSON,
    ) -> dict[str, Any] | bytes:
        """One request; a JSON object or bytes of a 2xx answer within `timeout` seconds, whatever the server does."""
        evidence: dict[str, Any] = {"method": method, "path": path, "status": None, "error": None}
        request = self._request(method, path, json, params, headers, timeout, evidence)
        try:
            async with asyncio.timeout(timeout):
                response = await self._client().send(request, stream=True)
                evidence["status"] = response.status_code
                try:
                    content = await _content(response, max_bytes)
                finally:
                    await response.aclose()
        except Exception as error:
            _raise_transport(error, evidence)
        return _answer(response, content, expect, evidence)

    def _client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            import httpx
            from httpx_aiohttp import AiohttpTransport

            context = httpx.create_ssl_context(trust_env=False)
            client = httpx.AsyncClient(
                transport=AiohttpTransport(verify=context, client=lambda: self._session(context), trust_env=False),
                follow_redirects=False,
                trust_env=False,
                cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            )
            self._clients[loop] = client
        return client

    def _session(self, context: ssl.SSLContext) -> aiohttp.ClientSession:
        import aiohttp

        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._max_connections, ssl=context),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )

    def _request(
        self,
        method: str,
        path: str,
        body: Any,
        params: Query | None,
        headers: Mapping[str, str] | None,
        timeout: float,
        evidence: dict[str, Any],
    ) -> httpx.Request:
        """The request; Refused("request_invalid") where it cannot be written down: nothing was sent then."""
        import httpx

        sent = {"Accept": "application/json", "Accept-Encoding": "identity", **self._headers, **(headers or {})}
        trace = traceparent.get()
        if trace is not None:
            sent["traceparent"] = trace
        try:
            _check_headers(sent)
            connect = min(MAX_CONNECT, timeout / 2)  # shorter than the deadline, so that "not sent" can be told
            return httpx.Request(
                method,
                self.base_url + path,
                content=None if body is None else _encode(body, sent),
                params={name: value for name, value in (params or {}).items() if value is not None},
                headers=sent,
                extensions={"timeout": {"connect": connect, "pool": connect, "read": timeout, "write": timeout}},
            )
        except (ValueError, TypeError, httpx.InvalidURL) as error:
            evidence["error"] = type(error).__name__
            raise Refused("request_invalid", f"{method} {path} cannot be sent: {error}", evidence=evidence) from error


def load() -> None:
    """Load what the first call needs (thread-safe), so that nobody waits for it then."""
    import aiohttp
    import httpx
    import httpx_aiohttp

    del aiohttp, httpx, httpx_aiohttp


def segment(text: str) -> str:
    """`text` as one segment of a path; Refused("request_invalid") where it cannot be one.

    Dots are resolved and slashes decoded by whoever routes the path: such an id would name another resource.
    """
    if text in {"", ".", ".."} or "/" in text:
        raise Refused("request_invalid", "That cannot be an id.")
    return quote(text, safe="")


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise ValueError(f"the header {name} cannot hold that value")


def _encode(body: Any, headers: dict[str, str]) -> bytes:
    headers["Content-Type"] = "application/json"
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


async def _content(response: httpx.Response, max_bytes: int) -> bytes:
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise _Unreadable("the answer is compressed although that was not asked for")
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > max_bytes:
            raise _Unreadable(f"the answer is larger than {max_bytes} bytes")
        parts.append(part)
    return b"".join(parts)


class _Unreadable(Exception):
    """The answer came and cannot be taken for one."""


def _raise_transport(error: Exception, evidence: dict[str, Any]) -> NoReturn:
    """No whole answer came: certainly nothing was sent (NotExecuted), or nobody knows (OutcomeUnknown)."""
    import aiohttp
    import httpx

    cause = error.__cause__
    evidence["error"] = type(cause if isinstance(cause, aiohttp.ClientError) else error).__name__
    where = f"{evidence['method']} {evidence['path']}"
    # No connection was made, so nothing was sent. The transport's own ConnectTimeout also stands for a reset in the
    # middle of an answer: only the cause tells.
    not_connected = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
    if isinstance(cause, not_connected) or isinstance(error, (httpx.PoolTimeout, httpx.UnsupportedProtocol)):
        raise NotExecuted(f"{where}: no connection was made", evidence=evidence) from error
    if isinstance(error, _Unreadable):
        raise OutcomeUnknown(f"{where}: {error}", evidence=evidence) from error
    raise OutcomeUnknown(f"{where}: no answer ({evidence['error']})", evidence=evidence) from error


def _answer(
    response: httpx.Response, content: bytes, expect: Literal["json", "bytes"], evidence: dict[str, Any]
) -> dict[str, Any] | bytes:
    status = response.status_code
    where = f"{evidence['method']} {evidence['path']}"
    kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
    if 200 <= status < 300:
        if expect == "bytes":
            return content
        document = _strict_or_none(content) if kind == "application/json" else None
        if document is None:
            evidence["error"] = "malformed"
            raise OutcomeUnknown(f"{where}: {status} with an answer that cannot be read", evidence=evidence)
        return document
    code, detail = _problem(kind, content)
    evidence["error"] = code
    retry_after = _retry_after(response.headers.get("retry-after"))
    if status == 429 or (status == 503 and retry_after is not None and code in THROTTLED):
        raise NotExecuted(f"{where}: throttled", evidence=evidence, retry_after=retry_after)
    if status == 401 or (status == 403 and code is not None):
        raise Refused("provider_unauthorized", detail or f"{where}: {status}", evidence=evidence)
    if status in REFUSALS and code is not None:
        raise Refused(code, detail or f"{where}: {status}", evidence=evidence)
    raise OutcomeUnknown(f"{where}: {status}", evidence=evidence, retry_after=retry_after)


def _problem(kind: str, content: bytes) -> tuple[str | None, str | None]:
    """The `code` and `detail` of a JSON refusal; a body that is not one has neither."""
    if kind not in {"application/json", "application/problem+json"}:
        return None, None
    document = _strict_or_none(content) or {}
    code, detail = document.get("code"), document.get("detail")
    if not isinstance(code, str) or not code:
        return None, None
    return code[:100], detail[:500] if isinstance(detail, str) else None


def _retry_after(text: str | None) -> float | None:
    """Seconds from a Retry-After header: a number or an HTTP date; None where it says nothing usable."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return min(max((moment - now()).total_seconds(), 0.0), MAX_RETRY_AFTER)


def _strict_or_none(content: bytes) -> dict[str, Any] | None:
    try:
        return strict_json(content)
    except (ValueError, RecursionError):
        return None


def strict_json(content: bytes) -> dict[str, Any]:
    """One JSON object; ValueError for duplicate keys, NaN, numbers out of range, lone surrogates and NUL."""
    document: Any = json.loads(
        content.decode(), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
    )
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - a malformed answer, not a caller's mistake
    if b"\\u" in content:  # only an escape can bring what UTF-8 itself does not allow
        _check_text(document)
    return cast("dict[str, Any]", document)


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return document


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _check_text(value: Any) -> None:
    if isinstance(value, str):
        value.encode()  # a lone surrogate raises UnicodeEncodeError, a ValueError
        if "\0" in value:
            raise ValueError("a string holds NUL")
    elif isinstance(value, dict):
        for name, item in cast("dict[str, Any]", value).items():
            _check_text(name)
            _check_text(item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            _check_text(item)
