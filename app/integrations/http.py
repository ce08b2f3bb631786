"""One call to the outside: timeouts and limits; whatever fails leaves as Refused or OutcomeUnknown."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar, overload
from urllib.parse import quote

from app import tracing
from app.integrations import answers
from app.integrations.addresses import Addresses, NotPublic
from app.integrations.breaker import Breaker
from app.integrations.dialling import only_to
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused

if TYPE_CHECKING:  # loaded with the first call: the server's first answer need not wait for them
    import aiohttp
    import httpx

MAX_JSON = 4 << 20
MAX_CONNECT = 5.0

T = TypeVar("T")
Query = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered, whatever it was; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Http:
    """Calls to one provider account. Raises only Refused and OutcomeUnknown (NotExecuted among them).

    Nothing is followed elsewhere: no redirects, no cookies, no proxies of the environment. Bodies are never logged.
    Where the address is a user's, `addresses` says which may be called: what was checked is what is dialled. With an
    empty `base_url` each path is a whole address.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        max_connections: int = 50,
        addresses: Addresses | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._breaker = breaker
        self._addresses = addresses
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
        with self._watched():
            answer = await self._exchange(request, timeout, max_bytes, evidence)
            return answers.read(answer.status, answer.headers, answer.content, expect, evidence)

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float,  # noqa: ASYNC109 - as above
        max_bytes: int = MAX_JSON,
    ) -> Answer:
        """One request of bytes, and whatever is answered to it: a status is no error, no answer is one as in `call`."""
        evidence: dict[str, Any] = {"method": method, "path": path, "status": None, "error": None}
        request = self._request(method, path, content, None, headers, timeout, evidence)
        with self._watched():
            return await self._exchange(request, timeout, max_bytes, evidence)

    async def ask(
        self,
        method: str,
        path: str,
        read: Callable[[Answer, dict[str, Any]], T],
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float,  # noqa: ASYNC109 - as above
        max_bytes: int = MAX_JSON,
    ) -> T:
        """One request of bytes, and what `read` makes of its answer and the evidence; the breaker hears what it raises.

        For providers that tell their errors in their own way, or take forms.
        """
        evidence: dict[str, Any] = {"method": method, "path": path, "status": None, "error": None}
        request = self._request(method, path, content, None, headers, timeout, evidence)
        with self._watched():
            return read(await self._exchange(request, timeout, max_bytes, evidence), evidence)

    def _watched(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext() if self._breaker is None else self._breaker.watched()

    async def _exchange(
        self, request: httpx.Request, seconds: float, max_bytes: int, evidence: dict[str, Any]
    ) -> Answer:
        with tracing.span(request.method, "client", tracing.traceparent.get()) as traced:
            traced.note(http__request__method=request.method, server__address=request.url.host)
            try:
                async with asyncio.timeout(seconds):
                    response = await self._client().send(request, stream=True)
                    evidence["status"] = response.status_code
                    traced.note(http__response__status_code=response.status_code)
                    try:
                        content = await _content(response, max_bytes)
                    finally:
                        await response.aclose()
            except Exception as error:
                _raise_transport(error, evidence)
            return Answer(response.status_code, response.headers, content)

    def _client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            import httpx
            from httpx_aiohttp import AiohttpTransport

            context = _authorities()
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

        checked: dict[str, Any] = {} if self._addresses is None else only_to(self._addresses)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._max_connections, ssl=context, **checked),
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
        trace = tracing.traceparent.get()
        if trace is not None:
            sent["traceparent"] = trace
        url = self.base_url + path
        if self._addresses is not None:
            url = self._addresses.parse(url).url
        try:
            _check_headers(sent)
            connect = min(MAX_CONNECT, timeout / 2)  # shorter than the deadline, so that "not sent" can be told
            return httpx.Request(
                method,
                url,
                content=body if body is None or isinstance(body, bytes) else _encode(body, sent),
                params={name: value for name, value in (params or {}).items() if value is not None} or None,
                headers=sent,
                extensions={"timeout": {"connect": connect, "pool": connect, "read": timeout, "write": timeout}},
            )
        except (ValueError, TypeError, httpx.InvalidURL) as error:
            evidence["error"] = type(error).__name__
            raise Refused("request_invalid", f"{method} {path} cannot be sent: {error}", evidence=evidence) from error


@cache
def _authorities() -> ssl.SSLContext:
    """Read once: a connection of each store's has a client of its own, and they are a fifth of a second to load."""
    import httpx

    return httpx.create_ssl_context(trust_env=False)


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
    refusal = getattr(cause, "os_error", None)
    if isinstance(refusal, NotPublic):
        evidence["error"] = refusal.refused.code
        raise Refused(refusal.refused.code, refusal.refused.detail, evidence=evidence) from error
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
