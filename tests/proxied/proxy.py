"""A proxy on the loopback between us and a provider: it passes everything on but what a fault was ordered for.

A fault is ordered for the n-th call of a name (a GraphQL operation, a method and path); what passed, and which orders
struck, is written down. The names of the faults are the sandbox's (`app/sandbox/faults.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from tests.integrations.faulty import MALFORMED, served

HOLDS = 10.0
"""Seconds that a call is held at most; whoever asks hangs up long before."""
HOP = frozenset({"host", "connection", "content-length", "transfer-encoding", "keep-alive", "accept-encoding"})
Answer = tuple[int, Mapping[str, Any], Mapping[str, str]]
"""Status, JSON body, headers."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One of the sandbox's faults with its options. `variant` is of `malformed`."""

    name: str
    after_effect: bool = True
    variant: str = ""
    retry_after: int | None = None

    def __str__(self) -> str:
        options = [self.variant, "" if self.after_effect else "before", f"{self.retry_after or ''}"]
        return "-".join([self.name, *filter(None, options)])

    @property
    def lands_late(self) -> bool:
        """The call takes its effect after whoever sent it has hung up."""
        return self.name == "slow" and not self.after_effect


@dataclass
class Order:
    """A fault for the `nth` call of this name, counted from the time that the order `after` has struck."""

    call: str
    fault: Fault
    nth: int = 1
    after: Order | None = None
    bait: bool = False
    """It is right that no such call comes."""
    lasting: bool = False
    """Each call from the `nth` on: a provider that says no goes on saying no, also where its first no got lost."""
    struck: bool = False
    seen: int = 0

    def takes(self, call: str) -> bool:
        if (self.struck and not self.lasting) or call != self.call:
            return False
        if self.after is not None and not self.after.struck:
            return False
        self.seen += 1
        self.struck = self.struck or self.seen == self.nth
        return self.struck


@dataclass(frozen=True, slots=True)
class Speech:
    """How a provider speaks: what a call is named, and how it says no and not now."""

    named: Callable[[str, str, bytes], str]
    refusal: Callable[[str, bytes], Answer]
    throttled: Callable[[int | None], Answer]


@dataclass(frozen=True, slots=True)
class Passed:
    """A call that was passed on, its answer, and whether the ledger was another one after it."""

    call: str
    body: bytes
    effect: bool


@dataclass
class Proxy:
    """`watch` tells the provider's ledger, `forget` has it forget its keys, `late` is how long a late call waits."""

    upstream: str
    speech: Speech
    late: float
    slow: float
    forget: Callable[[], object] = lambda: None
    watch: Callable[[], Any] = lambda: None
    url: str = ""
    orders: list[Order] = field(default_factory=list[Order])
    heard: list[str] = field(default_factory=list[str])
    """The name of each call that came, in order."""
    passed: list[Passed] = field(default_factory=list[Passed])
    _client: aiohttp.ClientSession | None = None
    _landing: set[asyncio.Task[Any]] = field(default_factory=set[asyncio.Task[Any]])

    def order(self, call: str, fault: Fault, nth: int = 1, **more: Any) -> Order:
        self.orders.append(Order(call, fault, nth, **more))
        return self.orders[-1]

    @property
    def unseen(self) -> list[Order]:
        """Orders for calls that never came."""
        return [one for one in self.orders if not one.struck and not one.bait]

    async def landed(self) -> None:
        """Return once nothing is on its way to the provider any more."""
        await asyncio.gather(*self._landing)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        call = self.speech.named(request.method, request.path, body)
        self.heard.append(call)
        # Each order counts the calls of its name, also those that an older one takes.
        taken = [one for one in self.orders if one.takes(call)]
        fault = taken[0].fault if taken else None
        if fault is None:
            return await self._pass(request, call, body)
        if fault.name == "refuse":
            return _told(self.speech.refusal(call, body))
        if fault.name == "throttle":
            return _told(self.speech.throttled(fault.retry_after))
        if fault.name == "timeout_before_effect":
            return await _hold(request)
        if fault.name == "reset" and not fault.after_effect:
            return _hang_up(request)
        if fault.lands_late:
            task = asyncio.create_task(self._later(request, call, body))
            self._landing.add(task)
            return await _hold(request)
        if fault.name == "forget_keys":
            self.forget()
        answer = await self._pass(request, call, body)
        return await self._spoiled(request, fault, answer)

    async def _spoiled(self, request: web.Request, fault: Fault, answer: web.Response) -> web.StreamResponse:
        content = answer.body if isinstance(answer.body, bytes) else b""
        match fault.name:
            case "timeout_after_effect":
                return await _hold(request)
            case "error_after_effect":
                return web.json_response({"error": "Something went wrong."}, status=500)
            case "reset":
                return await _torn(request, answer, content)
            case "slow":
                await asyncio.sleep(self.slow)
                return answer
            case "malformed":
                return web.Response(body=garbled(fault.variant, content), content_type="application/json")
            case "forget_keys":
                return answer
            case _:
                raise AssertionError(f"no such fault: {fault.name}")

    async def _later(self, request: web.Request, call: str, body: bytes) -> None:
        await asyncio.sleep(self.late)
        await self._pass(request, call, body)

    async def _pass(self, request: web.Request, call: str, body: bytes) -> web.Response:
        assert self._client is not None
        before = self.watch()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        target = URL(self.upstream + request.raw_path, encoded=True)
        async with self._client.request(request.method, target, data=body or None, headers=headers) as answer:
            content = await answer.read()
            kept = {name: value for name, value in answer.headers.items() if name.lower() == "retry-after"}
            self.passed.append(Passed(call, content, self.watch() != before))
            return web.Response(body=content, status=answer.status, content_type=answer.content_type, headers=kept)


@asynccontextmanager
async def between(proxy: Proxy) -> AsyncIterator[Proxy]:
    """The proxy, as long as this lasts."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", proxy.handle)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as proxy._client:
        async with served(app) as proxy.url:
            yield proxy
        await proxy.landed()


def _told(answer: Answer) -> web.Response:
    status, body, headers = answer
    return web.json_response(body, status=status, headers=headers)


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _hold(request: web.Request) -> web.Response:
    """Until whoever asks has gone."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HOLDS):
            while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110  no event for it
                await asyncio.sleep(0.02)
    return _hang_up(request)


async def _torn(request: web.Request, answer: web.Response, content: bytes) -> web.StreamResponse:
    """Half of the body that the headers announce, then a reset."""
    whole = content or b"{}"
    begun = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
    begun.content_length = len(whole)
    with contextlib.suppress(OSError):
        await begun.prepare(request)
        await begun.write(whole[: len(whole) // 2])
    if request.transport is not None:
        request.transport.abort()
    return begun


# ---- answers that make no sense, or another one ---------------------------------------------------------------------

UNREADABLE = tuple(MALFORMED)
_LIES: dict[str, tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = {
    "wrong_amount": (
        re.compile(r'("(?:amount|MonetaryValue)"\s*:\s*"?)([0-9]+)'), lambda found: f"{found[1]}{int(found[2]) + 1}"
    ),
    "wrong_currency": (
        re.compile(r'("(?:currency|currencyCode|currency_code|CurrencyCode)"\s*:\s*")([A-Za-z]{3})"'),
        lambda found: f'{found[1]}{"JPY" if found[2].isupper() else "jpy"}"',
    ),
    "wrong_id": (
        re.compile(r'("(?:id|TrackingNumber|trackingNumber|ShipmentIdentificationNumber|CustomerContext)"\s*:\s*")([^"]+)"'),
        lambda found: f'{found[1]}{found[2]}9"',
    ),
    "unknown_word": (
        re.compile(r'("(?:status|state|displayFulfillmentStatus)"\s*:\s*")([^"]+)"'),
        lambda found: f'{found[1]}quarantined"',
    ),
}  # fmt: skip
LIES = tuple(_LIES)
"""Answers that can be read, and are not what was asked for."""


def garbled(variant: str, content: bytes) -> bytes:
    if variant in MALFORMED:
        return MALFORMED[variant](content)
    pattern, lie = _LIES[variant]
    return pattern.sub(lie, content.decode()).encode()


def lies_about(content: bytes) -> list[str]:
    """Which of the lies can be told in this answer."""
    return [variant for variant in LIES if garbled(variant, content) != content]


# ---- how calls are named --------------------------------------------------------------------------------------------

_GRAPHQL = re.compile(r"(?:query|mutation)\s+([A-Za-z]+)")


def graphql_name(method: str, path: str, body: bytes) -> str:
    """The name of the GraphQL operation."""
    del method, path
    found = _GRAPHQL.search(json.loads(body)["query"])
    assert found is not None
    return found[1]


def rest_names(app: web.Application) -> tuple[Callable[[str, str, bytes], str], frozenset[str]]:
    """How a call is named by the routes of a provider's server, and the names of all of them."""
    routes = [
        (route.method, resource.canonical, re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(resource.canonical))))
        for resource in app.router.resources()
        for route in resource
        if route.method != "HEAD"
    ]

    def named(method: str, path: str, body: bytes) -> str:
        del body
        found = (canonical for verb, canonical, shape in routes if verb == method and shape.fullmatch(path))
        return f"{method} {next(found, path)}"

    return named, frozenset(f"{method} {canonical}" for method, canonical, _ in routes)
