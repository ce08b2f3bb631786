"""One call to the outside: timeouts and limits; whatever fails leaves as Refused or OutcomeUnknown."""

from __future__ import annotations

import asyncio
import json
import ssl
import weakref
from collections.abc import Mapping
from contextvars import ContextVar
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Literal, NoReturn, overload
from urllib.parse import quote

from app.integrations import answers
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused

if TYPE_CHECKING:  # loaded with the first call: the server's first answer need not wait for them
    import aiohttp
    import httpx

traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""The W3C trace context of the request being served; it is sent along where it is set."""
MAX_JSON = 4 << 20
MAX_CONNECT = 5.0

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
        return answers.read(response.status_code, response.headers, content, expect, evidence)

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
