"""Access tokens that a provider gives for a while: cached, and fetched once however many requests wait for one."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

EARLY = 60.0
"""Seconds before its end from which a token is not used any more: a call takes its time, clocks differ."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a provider gave; `seconds`: how long it said that it is good for."""

    value: str = field(repr=False)
    seconds: float


class TokenCache:
    """One provider account's token.

    ```python
    tokens = TokenCache(fetch)                  # async def fetch() -> Token, raises as Http.call does
    value = await tokens.get()
    tokens.forget(value)                        # after a 401: the next `get` fetches another
    ```
    """

    def __init__(self, fetch: Callable[[], Awaitable[Token]], *, now: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._now = fetch, now
        self._value: str | None = None
        self._until = 0.0
        # A flight belongs to an event loop; the web server and the workers may each have their own.
        self._flights: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[str]] = (
            weakref.WeakKeyDictionary()
        )

    async def get(self) -> str:
        """A token that is good now; raises what `fetch` raises, to everybody who waited for it."""
        if self._value is not None and self._now() < self._until:
            return self._value
        loop = asyncio.get_running_loop()
        flight = self._flights.get(loop)
        if flight is None or flight.done():
            flight = loop.create_task(self._refreshed())
            flight.add_done_callback(_looked_at)
            self._flights[loop] = flight
        return await asyncio.shield(flight)  # who goes away takes nobody else's token along

    def forget(self, value: str) -> None:
        """The provider does not take `value` any more; a newer one stays."""
        if self._value == value:
            self._value = None

    async def _refreshed(self) -> str:
        token = await self._fetch()
        self._value = token.value
        self._until = self._now() + max(token.seconds - EARLY, token.seconds / 2)
        return token.value


def _looked_at(flight: asyncio.Task[str]) -> None:
    if not flight.cancelled():
        flight.exception()  # whoever waited was told; nobody may have
