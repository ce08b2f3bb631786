"""The client of `measure_killing`: requests at a fixed rate, whoever answers; what each of them was told, and when.

It stands where a balancer does: a connection that is refused, or a server that says that it starts or stops, sends it
to the other one at once. A connection that is cut makes it ask again under the same key, as a shop's server would.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.faults import shops
from tests.faults.history import Ask
from tests.faults.world import Storefront

MIX = {"ticket": 0.2, "message": 0.2, "refund": 0.15, "label": 0.1, "read": 0.35}
"""What part of the requests each kind is."""
PER_ORDER = 3
"""Refunds of 10.00 about an order of 50.00."""
PATIENCE = 60.0
"""Seconds until a client gives up."""
LATER = {"idempotency_key_in_use", "storage_unavailable", "provider_unavailable"}
"""Refusals after which the same is asked again a little later."""
PAUSE = 0.1
HANGS = 20.0


@dataclass
class Shot:
    """One request, until it was answered for good."""

    kind: str
    front: Storefront
    method: str
    path: str
    body: dict[str, Any] | None
    key: str
    due: float
    """When it was to be sent, whether the client came to it or not; seconds of the loop's clock."""
    ended: float | None = None
    status: int = 0
    code: str | None = None
    view: dict[str, Any] = field(default_factory=dict[str, Any])
    cut: int = 0
    """Connections that broke in the middle."""
    turned_away: int = 0
    """Servers that were not there, or not yet."""
    hung: int = 0
    """Answers that did not come in `HANGS` seconds."""
    ask: Ask | None = None
    """The same for the checker of the ledgers."""

    @property
    def accepted(self) -> bool:
        """Whether it was answered 2xx."""
        return 200 <= self.status < 300

    @property
    def seconds(self) -> float:
        """From when it was due to its answer."""
        return (self.ended or self.due + PATIENCE) - self.due


class Shooter:
    """Requests over several stores, each with orders enough for all that is asked of them."""

    def __init__(self, urls: list[str], fronts: list[Storefront], rng: random.Random) -> None:
        self._urls, self._fronts, self._rng = urls, fronts, rng
        self._turn = itertools.count()
        self._numbers = itertools.count()
        self._orders = {front.shop: itertools.count() for front in fronts}
        self.shots: list[Shot] = []
        self.told: Counter[tuple[int, str, str]] = Counter()
        """Each answer of a server: status, code of a refusal, media type."""
        self._tickets: list[tuple[Storefront, str]] = []
        self._running: list[asyncio.Task[None]] = []
        self._client: aiohttp.ClientSession | None = None

    async def stock(self, requests: int) -> None:
        """Shops with orders enough for so many requests; each order is refunded or sent back, never both."""
        each = round(requests * (MIX["refund"] / PER_ORDER + MIX["label"]) * 1.6 / len(self._fronts)) + 20
        for at, front in enumerate(self._fronts):
            await front.stock([shops.order(f"o{number}") for number in range(each)], ceiling=bool(at % 2))

    async def shoot(self, rate: float, seconds: float) -> None:
        """At `rate` a second for so long, however slowly they are answered; returns once the last was sent."""
        loop = asyncio.get_running_loop()
        limits = aiohttp.TCPConnector(limit=0, keepalive_timeout=2)
        self._client = aiohttp.ClientSession(connector=limits, timeout=aiohttp.ClientTimeout(HANGS))
        began = loop.time()
        for number in range(round(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - loop.time()))
            shot = self._plan(due)
            self.shots.append(shot)
            self._running.append(asyncio.create_task(self._fire(shot)))

    async def end(self) -> None:
        """Let every request have its answer."""
        try:
            await asyncio.gather(*self._running)
        finally:
            if self._client is not None:
                await self._client.close()

    def _plan(self, due: float) -> Shot:
        kind = self._rng.choices(list(MIX), list(MIX.values()))[0]
        front, number = self._rng.choice(self._fronts), next(self._numbers)
        key = f"{kind}-{number}"

        def post(path: str, body: dict[str, Any], ask: Ask | None = None) -> Shot:
            return Shot(kind, front, "POST", path, body, key, due, ask=ask)

        if kind == "ticket":
            body = {"subject": f"Question {number}", "text": "Does it fit?", "email": f"s{number % 50}@example.com"}
            return post("/v1/tickets", body)
        if kind == "message":
            text = f"Where is my order #o{self._rng.randrange(20)}?"
            who = {"email": f"{shops.CUSTOMER}@example.com"}
            return post("/v1/messages", {"channel": "chat", "text": text, "customer": who, "external_id": key})
        if kind == "refund":
            order = f"o{next(self._orders[front.shop]) // PER_ORDER * 2}"
            body = {"order": order, "amount": {"amount": 1000, "currency": "EUR"}, "reason": "damaged"}
            return post("/v1/refunds", body, front.asks("refund", key))
        if kind == "label":
            order = f"o{next(self._labels(front)) * 2 + 1}"
            body = {"order": order, "lines": [{"line_id": f"{order}-line", "quantity": 1}]}
            return post("/v1/return-labels", body, front.asks("label", key))
        return self._read(front, key, due)

    def _labels(self, front: Storefront) -> itertools.count[int]:
        return self._orders.setdefault(f"{front.shop} labels", itertools.count())

    def _read(self, front: Storefront, key: str, due: float) -> Shot:
        """An order, the newest tickets, or a ticket that was opened before."""
        which = self._rng.randrange(3)
        path = f"/v1/orders/o{self._rng.randrange(20)}" if which == 0 else "/v1/tickets?limit=20"
        if which == 2 and self._tickets:
            front, ticket = self._rng.choice(self._tickets[-200:])
            path = f"/v1/tickets/{ticket}"
        return Shot("read", front, "GET", path, None, key, due)

    async def _fire(self, shot: Shot) -> None:
        loop, headers = asyncio.get_running_loop(), {**shot.front.headers, "Prefer": "wait=0"}
        if shot.method == "POST":
            headers["Idempotency-Key"] = shot.key
        while loop.time() < shot.due + PATIENCE:
            url = self._urls[next(self._turn) % len(self._urls)]
            try:
                status, view = await self._send(shot, url + shot.path, headers)
            except aiohttp.ClientConnectorError:
                shot.turned_away += 1
                await asyncio.sleep(0.02 if shot.turned_away % len(self._urls) == 0 else 0)
                continue
            except TimeoutError:
                shot.hung += 1
                continue
            except (aiohttp.ClientError, ValueError):
                shot.cut += 1
                continue
            code = str(view.get("code")) if status >= 400 else None
            if code == "unavailable":
                shot.turned_away += 1
                await asyncio.sleep(0.02)
                continue
            if code in LATER:
                await asyncio.sleep(PAUSE)
                continue
            self._ended(shot, status, code, view, loop.time())
            return

    async def _send(self, shot: Shot, url: str, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        assert self._client is not None
        async with self._client.request(shot.method, url, json=shot.body, headers=headers) as answer:
            view = json.loads(await answer.read())
        code = str(view.get("code")) if answer.status >= 400 else ""
        self.told[answer.status, code, answer.content_type] += 1
        return answer.status, view

    def _ended(self, shot: Shot, status: int, code: str | None, view: dict[str, Any], at: float) -> None:
        shot.ended, shot.status, shot.code = at, status, code
        if shot.kind != "read":
            shot.view = view
        if shot.kind == "ticket" and shot.accepted:
            self._tickets.append((shot.front, view["id"]))
        if shot.ask is not None:
            shot.ask.answers.append((status, code, view.get("id") if code is None else None))
            if shot.accepted:
                shot.ask.show(view["status"])
