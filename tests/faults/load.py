"""A steady load of refunds, labels and cancellations, whose clients ask again under their key until they know."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable, Iterator

import aiohttp

from tests.faults import shops
from tests.faults.history import Ask
from tests.faults.world import Storefront, World

LOOKS_AFTER = 0.5
"""Of the clients; the others are content with the first answer."""
AT_ONCE = 24
"""Clients at most: a service that comes back is not to be kept down by those who wait for it."""
PATIENCE = 90.0
"""Seconds that a client waits for what it has asked for."""
Step = Callable[[], Awaitable[Ask]]


class Load:
    """Requests at so many a second, over stores whose orders are enough for `seconds`; each order is asked of twice."""

    def __init__(self, world: World, rng: random.Random, *, rate: float, seconds: float) -> None:
        self._world, self._rng, self._rate = world, rng, rate
        self._orders = round(rate * seconds / 2) + 1
        self._pending: set[tuple[str, str]] = set()
        self._asking: list[asyncio.Task[None]] = []
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._pace: asyncio.Task[None] | None = None
        self.sent = 0

    async def start(self, stores: int = 3) -> None:
        """Stock the shops and begin."""
        fronts = await self._world.open_stores(stores)
        each = -(-self._orders // stores)
        for at, front in enumerate(fronts):
            names = [(f"o{number}", self._rng.random() < 0.3) for number in range(each)]
            orders = [shops.order(name, status="pending" if open_ else "delivered") for name, open_ in names]
            await front.stock(orders, ceiling=bool(at % 2))
            self._pending |= {(front.shop, name) for name, open_ in names if open_}
        orders_of = [(front, f"o{number}") for number in range(each) for front in fronts]
        self._pace = asyncio.create_task(self._go(self._steps(orders_of)))

    def _steps(self, orders: list[tuple[Storefront, str]]) -> Iterator[tuple[Storefront, Step]]:
        """Two requests about each order, some orders apart: they seldom wait for each other."""
        late: list[tuple[Storefront, Step]] = []
        for number, (front, order) in enumerate(orders):
            first, second = self._pair(front, order, number)
            yield front, first
            late.append((front, second))
            if len(late) > 4:
                yield late.pop(0)
        yield from late

    def _pair(self, front: Storefront, order: str, number: int) -> tuple[Step, Step]:
        amount = self._rng.choice([1000, 2500, 3000, 5000])

        def refund(which: int) -> Step:
            return lambda: front.refund(order, amount, f"refund-{number}-{which}")

        if (front.shop, order) in self._pending:
            return (lambda: front.cancel(order, f"cancel-{number}")), refund(1)
        if self._rng.random() < 0.5:
            return (lambda: front.label(order, f"label-{number}")), refund(1)
        return refund(1), refund(2)

    async def _go(self, steps: Iterator[tuple[Storefront, Step]]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number, (front, step) in zip(itertools.count(1), steps, strict=False):
            await self._at_once.acquire()
            self._asking.append(asyncio.create_task(self._one(front, step)))
            self.sent = number
            await asyncio.sleep(max(0.0, began + number / self._rate - loop.time()))
        raise RuntimeError("there were too few orders for the load")

    async def _one(self, front: Storefront, step: Step) -> None:
        looks = self._rng.random() < LOOKS_AFTER
        try:
            ask = await step()
            if looks and ask.id is not None:
                await front.over(ask, PATIENCE, pause=0.3, longest=1.5)
        finally:
            self._at_once.release()

    async def end(self) -> None:
        """Send nothing more, and let every client have its answer."""
        if self._pace is not None:
            if self._pace.done():
                self._pace.result()
            self._pace.cancel()
        done, late = await asyncio.wait(self._asking, timeout=PATIENCE + 10)
        for task in late:
            task.cancel()
        for task in done:
            task.result()


class Readiness:
    """Asks a server's `/readyz` all the while, as a balancer does."""

    def __init__(self, world: World, every: float = 0.1) -> None:
        self._world, self._every = world, every
        self.seen: list[int] = []
        """Status of each answer, oldest first; 0: there was none."""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while True:
            try:
                status, _ = await self._world.call("GET", f"{self._world.urls[0]}/readyz")
            except (aiohttp.ClientError, TimeoutError):
                status = 0
            self.seen.append(status)
            await asyncio.sleep(self._every)

    async def again(self, seconds: float) -> None:
        """Return once the server is ready, or after so long."""
        for _ in range(round(seconds / self._every)):
            await asyncio.sleep(self._every)
            if self.seen and self.seen[-1] == 200:
                return

    def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
