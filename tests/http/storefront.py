"""How the tests speak as a web page: a publishable key, a session with its code from the mailbox, a shopper's token."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import select

from app.models.storefronts import ShopperSession
from app.models.stores import Store
from app.services import stores
from tests.support.app import Tenant

SHOP = "https://shop.example"
ANNAS = {"order_number": "#1001", "email": "anna.keller@example.com"}
EMMAS = {"order_number": "#1003", "email": "emma.clarke@example.com"}
CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
Json = dict[str, Any]


@dataclass
class Page:
    """A page of the store's own site, with its publishable key."""

    store: Tenant
    key: str
    key_id: str
    client: httpx.Client
    origin: str | None = SHOP

    @classmethod
    def of(cls, store: Tenant, *origins: str, live: bool = False) -> Page:
        """With a fresh key for these origins."""

        def work(session: Any) -> tuple[str, str]:
            row = session.get_one(Store, store.id)
            allowed = list(origins or (SHOP,))
            made, shown = stores.issue_publishable(session, row, name="page", livemode=live, allowed=allowed)
            return made.id, shown

        key_id, key = store.app.write(work)
        return cls(store, key, key_id, store.app.client(), (origins or (SHOP,))[0])

    def send(
        self, method: str, path: str, body: Any = None, *, token: str = "", form: Any = None, **headers: str
    ) -> httpx.Response:
        """By the key, or by a shopper's token; `form`: the file of a form."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Authorization": f"Bearer {token or self.key}", **({"Origin": self.origin} if self.origin else {})}
        more: Json = {} if body is None else {"json": body}
        if form is not None:
            more["files"] = form
        return self.client.request(method, path, headers={**sent, **named}, **more)

    def post(self, path: str, body: Any = None, **more: str) -> httpx.Response:
        return self.send("POST", path, body, **more)

    def start(self, claim: Json, **headers: str) -> str:
        """The id of a session that waits for its code; the answer is what it always is."""
        answer = self.post("/v1/shopper-sessions", claim, **headers)
        assert answer.status_code == 201, answer.text
        told = answer.json()
        assert told == {"id": told["id"], "status": "pending_verification"}
        return told["id"]

    def looked_for(self, session_id: str) -> ShopperSession:
        """The session once its order has been looked for."""

        def row() -> ShopperSession:
            return self.store.app.read(lambda session: session.get_one(ShopperSession, session_id))

        waits(lambda: row().contact_kind is None, "nobody looks for the order")
        return row()

    def code(self, session_id: str) -> str:
        """The six digits that were sent for it."""
        self.looked_for(session_id)
        rows = [row for row in notices(self.store) if row["subject"] == {"type": "shopper_session", "id": session_id}]
        assert rows, "no code was sent"

        def mails() -> list[Json]:
            return self.store.sandbox.get(f"/mail/v1/messages?key={rows[0]['key']}")["data"]

        waits(lambda: bool(mails()), "no mail arrives")
        return CODE.findall(mails()[0]["text"])[0]

    def verify(self, session_id: str, code: str) -> httpx.Response:
        return self.post(f"/v1/shopper-sessions/{session_id}/verify", {"code": code})

    def token(self, claim: Json) -> str:
        """A shopper's token by code."""
        session_id = self.start(claim)
        answer = self.verify(session_id, self.code(session_id))
        assert answer.status_code == 200, answer.text
        return answer.json()["token"]


def notices(store: Tenant) -> list[Json]:
    """The store's operations of kind notice."""
    return store.get("/v1/operations?kind=notice&limit=200").json()["data"]


def rest(store: Tenant) -> None:
    """Return once every order of a session was looked for, and no effect of the store's is open any more."""
    waits(lambda: all(row.contact_kind is None for row in sessions(store)), "nobody looks for the order")
    store.rest()


def waits(done: Callable[[], bool], otherwise: str, seconds: float = 20) -> None:
    """Return once it is so."""
    give_up = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < give_up, otherwise
        time.sleep(0.02)


def vouched(store: Tenant, customer: str) -> str:
    """A shopper's token by the store's own word."""
    answer = store.post("/v1/shopper-sessions", {"customer": customer})
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


def sessions(store: Tenant) -> list[ShopperSession]:
    """Every session of the store."""
    query = select(ShopperSession).where(ShopperSession.store_id == store.id).order_by(ShopperSession.id)
    return store.app.read(lambda session: list(session.scalars(query)))
