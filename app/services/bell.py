"""A bell per operation: whoever waits for it here is woken when a try of it has ended in this process."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable


class Bell:
    """Rung after the commit, so that a woken reader sees what it was woken for."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def ring(self, operation_id: str) -> None:
        """Wake whoever waits for this operation."""
        for waiter in self._waiting.get(operation_id, ()):
            waiter.set()

    async def wait(self, operation_ids: Iterable[str], seconds: float) -> None:
        """Return once one of the operations has moved, or after so many seconds."""
        rung, names = asyncio.Event(), list(operation_ids)
        for name in names:
            self._waiting[name].add(rung)
        try:
            async with asyncio.timeout(seconds):
                await rung.wait()
        except TimeoutError:
            pass
        finally:
            for name in names:
                self._waiting[name].discard(rung)
                if not self._waiting[name]:
                    del self._waiting[name]
