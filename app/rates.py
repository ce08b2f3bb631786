"""How often a caller may ask: a count per window, in this process or shared through Redis."""

from __future__ import annotations

import time
from dataclasses import dataclass

from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter

CALLERS = 10_000
"""So many counts are kept; beyond, those whose window is over are forgotten first."""


@dataclass(slots=True)
class Count:
    """One caller's window: how many came, and when it is over (Unix time)."""

    hits: int
    until: float


class Here:
    """Counts of this process. `limits` has a storage of the kind that starts a task for each request."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], Count] = {}

    def hit(self, limit: RateLimitItem, who: str) -> Count:
        """Count a request; the window begins with the first."""
        now = time.time()
        key = (limit.namespace, who)
        found = self._counts.get(key)
        if found is None or found.until <= now:
            if len(self._counts) >= CALLERS:
                self._forget(now)
            found = self._counts[key] = Count(0, now + limit.get_expiry())
        found.hits += 1
        return found

    def _forget(self, now: float) -> None:
        over = [key for key, count in self._counts.items() if count.until <= now]
        for key in over or list(self._counts)[: CALLERS // 10]:
            del self._counts[key]


class Rates:
    """The counts behind `AFTERSALE_RATE_LIMIT_STORAGE`."""

    def __init__(self, storage: str) -> None:
        self._here = Here() if storage == "memory://" else None
        self._shared = (
            None
            if storage == "memory://"
            else FixedWindowRateLimiter(RedisStorage(f"async+{storage}", wrap_exceptions=True))
        )

    async def hit(self, limit: RateLimitItem, who: str) -> tuple[bool, int, float]:
        """Count one; whether it is allowed, how many are left, when the window is over. Raises `StorageError`."""
        if self._here is not None:
            count = self._here.hit(limit, who)
            return count.hits <= limit.amount, max(0, limit.amount - count.hits), count.until
        assert self._shared is not None
        allowed = await self._shared.hit(limit, who)
        stats = await self._shared.get_window_stats(limit, who)
        return allowed, stats.remaining, stats.reset_time
