"""What a stranger can ask about an order that is not theirs: right and wrong, as pairs whose times are compared."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from app import ids
from tests.http.storefront import Page, vouched
from tests.support.app import App
from tests.tools.timings import Ask

PLANT = "x-plant"
MILLISECOND = 0.001


class Planted:
    """The app with work of a millisecond in front of it, where the request asks for that."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Work, then answer."""
        if any(name == PLANT.encode() for name, _ in scope.get("headers", ())):
            until = time.perf_counter() + MILLISECOND
            while time.perf_counter() < until:
                pass
        await self._inner(scope, receive, send)


@dataclass
class Stranger:
    """A page of a store and a shopper signed in on it, who asks about what is another's."""

    page: Page
    client: httpx.Client
    token: str
    others: str
    """Our id of another's order, which is there."""

    @classmethod
    @contextlib.contextmanager
    def at(cls, app: App) -> Iterator[Stranger]:
        """On a store of its own, through a server in which a delay can be planted."""
        store = app.store()
        page = Page.of(store)
        others = store.get("/v1/orders/1001").json()["id"]
        with app.behind(Planted(app.edge)) as url:
            client = app.client(url=url, checked=False)
            yield cls(page, client, vouched(store, "cust-luc"), others)

    def pairs(self) -> dict[str, tuple[Ask, Ask]]:
        """Every kind of look-up: the one that would hit, and the one that cannot."""
        numbers = itertools.count(1)

        def session(number: str, code: str) -> Ask:
            return lambda: self._ask("POST", "/v1/shopper-sessions", 201, {"order_number": number, "postal_code": code})

        def chat(number: str) -> Ask:
            said = {"channel": "chat", "text": f"Where is my order {number}? 10969", "locale": "en"}
            return lambda: self._ask("POST", "/v1/messages", 201, said)

        def message(number: str) -> Ask:
            said = {"channel": "email", "text": f"Where is my order {number}? 10900", "locale": "en"}
            return lambda: self._ask("POST", "/v1/messages", 201, said, token=self.page.store.key)

        def order(ref: str) -> Ask:
            return lambda: self._ask("GET", f"/v1/orders/{ref}", 404, token=self.token)

        def none() -> None:
            self._ask("GET", f"/v1/orders/9{next(numbers):03d}", 404, token=self.token)

        return {
            "session": (session("#1001", "10969"), session("#1001", "10968")),
            "session, no order": (session("#1001", "10969"), session("#9999", "10969")),
            "chat": (chat("#1001"), chat("#9999")),
            "message": (message("#1001"), message("#9999")),
            "order by id": (order(self.others), order(ids.new("ord"))),
            "order by number": (order("1001"), none),
        }

    def planted(self) -> tuple[Ask, Ask]:
        """The look-up by id with a millisecond planted in the one that hits."""
        _, wrong = self.pairs()["order by id"]
        return (lambda: self._ask("GET", f"/v1/orders/{self.others}", 404, token=self.token, plant="1")), wrong

    def _ask(self, method: str, path: str, status: int, body: Any = None, *, token: str = "", plant: str = "") -> None:
        headers = {"Authorization": f"Bearer {token or self.page.key}", "Origin": "https://shop.example"}
        if plant:
            headers[PLANT] = plant
        answer = self.client.request(method, path, json=body, headers=headers)
        assert answer.status_code == status, answer.text
