"""A provider of the tests over real HTTP on loopback: it has a ledger of its own, and faults to order.

A fault is `(name, where it strikes)`: before the effect or after it. The next request that matches takes it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

BEFORE = ("timeout_before", "reset_before")
AFTER = (
    "timeout_after",
    "reset_after",
    "error_after",
    "truncated",
    "not_json",
    "empty",
    "duplicate_key",
    "nan",
    "array",
)
LONGER = 1.5
"""Seconds that a timeout lasts: longer than the tests' clients wait."""
PATIENCE = 1.0
"""Seconds that the tests' clients wait."""
MALFORMED: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda body: body[: len(body) // 2],
    "not_json": lambda _: b"<html>Bad gateway</html>",
    "empty": lambda _: b"",
    "duplicate_key": lambda body: body[:-1] + b',"id":"a","id":"b"}',
    "nan": lambda body: body[:-1] + b',"x":NaN}',
    "array": lambda body: b"[" + body + b"]",
}


@dataclass
class Faults:
    """What is to go wrong, and every request that came."""

    planned: list[tuple[str, str, str | tuple[int, dict, dict]]] = field(default_factory=list)
    heard: list[tuple[str, str, Mapping[str, str], bytes]] = field(default_factory=list)

    def plan(self, method: str, prefix: str, fault: str | tuple[int, dict, dict]) -> None:
        """`fault`: a name, or an answer (status, body, headers) that is given instead of any effect."""
        self.planned.append((method, prefix, fault))

    def asked(self, method: str, prefix: str) -> list[tuple[str, str, Mapping[str, str], bytes]]:
        return [one for one in self.heard if one[0] == method and one[1].startswith(prefix)]

    def take(self, method: str, path: str):
        for at, (wanted, prefix, fault) in enumerate(self.planned):
            if wanted == method and path.startswith(prefix):
                del self.planned[at]
                return fault
        return None

    @web.middleware
    async def middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.heard.append((request.method, request.path_qs, request.headers, await request.read()))
        fault = self.take(request.method, request.path)
        if isinstance(fault, tuple):
            status, body, headers = fault
            return web.json_response(body, status=status, headers=headers)
        if fault == "timeout_before":
            await asyncio.sleep(LONGER)
        if fault in BEFORE:
            return _hang_up(request)
        answer = await handler(request)
        if fault is None:
            return answer
        if fault == "timeout_after":
            await asyncio.sleep(LONGER)
        if fault in {"timeout_after", "reset_after"}:
            return _hang_up(request)
        if fault == "error_after":
            return web.json_response({"error": {"type": "api_error", "message": "Sorry."}}, status=500)
        assert isinstance(answer, web.Response)
        body = answer.body if isinstance(answer.body, bytes) else b""
        return web.Response(body=MALFORMED[fault](body), content_type="application/json")


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    """The application on a port of the loopback."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def plain(document) -> str:
    return json.dumps(document, sort_keys=True)
