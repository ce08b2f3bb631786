"""PostgreSQL's own wire for the hot paths: a few connections of asyncpg's, each statement its own transaction."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  it has none
import orjson

from app.work import packed

TOO_LONG = 10.0
"""Seconds that a statement waits for a free connection at most."""


class Wires:
    """At most `most` connections, opened when they are wanted; the one that was used last is taken first.

    Nothing is reset when one is given back: what runs here leaves neither transaction nor setting behind.
    """

    def __init__(self, url: str, most: int, settings: dict[str, str]) -> None:
        self._url, self.most = url, most
        # These statements are asked thousands of times a minute with values alike: to plan them anew gains nothing.
        self._settings = {**settings, "plan_cache_mode": "force_generic_plan"}
        self._free: deque[Any] = deque()
        self._waiting: deque[tuple[asyncio.Future[None], float]] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self.in_use = 0

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Sequence[Any]:
        """The statement's rows; committed as it ends. Raises what asyncpg raises, `TimeoutError`, `OSError`."""
        if self.in_use >= self.most or self._waiting:
            await self._turn()
        else:
            self.in_use += 1
        wire: Any = None
        whole = False
        try:
            wire = self._free.pop() if self._free else await self._opened()
            rows: Sequence[Any] = await wire.fetch(sql, *parameters)
            whole = True
        except asyncpg.PostgresError:
            whole = True
            raise
        else:
            return rows
        finally:
            if wire is not None:
                if whole and not wire.is_closed():
                    self._free.append(wire)
                else:  # canceled or broken in the middle
                    wire.terminate()
            self._leave()

    async def _turn(self) -> None:
        """Wait until somebody leaves: the place is handed over, in the order in which they came."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append((turn, loop.time() + TOO_LONG))
        if self._watch is None:
            self._watch = loop.call_later(TOO_LONG / 10, self._look, loop)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._leave()
            raise

    def _leave(self) -> None:
        while self._waiting:
            turn, _ = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.in_use -= 1

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """One timer for all who wait, not one for each."""
        while self._waiting and self._waiting[0][1] <= loop.time():
            turn, _ = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(TimeoutError("no connection was free"))
        self._watch = loop.call_later(TOO_LONG / 10, self._look, loop) if self._waiting else None

    async def _opened(self) -> Any:
        connect: Any = asyncpg.connect  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        wire = await connect(self._url, timeout=5, server_settings=self._settings)
        await wire.set_type_codec("jsonb", schema="pg_catalog", encoder=_to_jsonb, decoder=_from_jsonb, format="binary")
        return wire

    async def close(self) -> None:
        """Close what is free; whoever works closes its own."""
        while self._free:
            wire = self._free.pop()
            try:
                await wire.close(timeout=2)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
                wire.terminate()


def _to_jsonb(value: Any) -> bytes:
    return b"\x01" + packed(value)


def _from_jsonb(stored: bytes) -> Any:
    return orjson.loads(stored[1:])
