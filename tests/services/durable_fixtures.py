"""Servers and workers as processes of their own on one database, and a store whose orders live in a sandbox shop."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from app.database import connect
from app.services import stores
from app.services.policy.plain import Policy
from tests.sandbox.served import Served
from tests.support.databases import Databases
from tests.support.servers import Server

CAPS = {"refund": 10**6, "order": 10**6, "customer": 10**6, "day": 10**6}
ADDRESS = {"name": "Returns", "address1": "Weg 1", "city": "Bonn", "postal_code": "53111", "country_code": "DE"}
QUICK = {
    "AFTERSALE_CALL_SECONDS": "1",
    "AFTERSALE_RETRY_SECONDS": "0.3,0.5,1,1,1,1,1,1",
    "AFTERSALE_WORKERS_POLL_SECONDS": "0.05",
    "AFTERSALE_SHUTDOWN_SECONDS": "5",
    "AFTERSALE_RATE_LIMIT": "100000/minute",
}
"""A lease is 3 calls and 2 seconds: five seconds here."""
_names = itertools.count(1)


@contextmanager
def one_database(kind: str, databases: Databases, folders: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated database that the tests of one module share."""
    if kind == "sqlite":
        yield databases.migrated_sqlite(folders.mktemp("books") / "aftersale.db")
        return
    if databases.missing():
        pytest.skip(str(databases.missing()))
    url = databases.migrated_postgres()
    yield url
    databases.drop(url)


def order(number: int, total: int = 5000, status: str = "delivered") -> dict[str, Any]:
    """An order of one line for the sandbox."""
    done = status == "delivered"
    return {
        "id": f"o-{number}",
        "number": f"#{number}",
        "customer_id": "cust-1",
        "status": status,
        "placed_at": "-5d",
        **({"delivered_at": "-2d"} if done else {}),
        "currency": "EUR",
        "prices_include_tax": True,
        "shipping_address": ADDRESS,
        "lines": [
            {
                "id": f"l-{number}",
                "title": "Mug",
                "quantity": 2,
                "unit_price": total // 2,
                "total": total,
                "fulfilled_quantity": 2 if done else 0,
            }
        ],
        "payments": [{"id": f"p-{number}", "kind": "card", "label": "Visa", "amount": total}],
    }


@dataclass
class Site:
    """A store on a database, and the sandbox behind it."""

    database_url: str
    sandbox: Served
    key: str
    run_server: Callable[..., Server]
    environment: dict[str, str]

    def start(self, command: str, **settings: str) -> Server:
        """`serve` or `worker`, as a process."""
        server = self.run_server(
            command,
            database_url=self.database_url,
            environment={
                **self.environment,
                **{f"AFTERSALE_{name.upper()}": value for name, value in settings.items()},
            },
            ready="/readyz" if command == "serve" else None,
        )
        if command == "worker":
            until(lambda: "is up" in server.said() or server.process.poll() is not None)
            assert server.process.poll() is None, server.said()
        return server

    def call(self, server: Server, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        given = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": uuid.uuid4().hex}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with httpx.Client(trust_env=False, verify=False, timeout=40) as client:
            return client.request(method, server.url + path, json=body, headers={**given, **named})

    def refund(self, server: Server, number: int, amount: int = 1000, **headers: str) -> httpx.Response:
        headers.setdefault("Prefer", "wait=0")
        body = {"order": f"#{number}", "amount": {"amount": amount, "currency": "EUR"}}
        return self.call(server, "POST", "/v1/refunds", body, **headers)

    def get(self, server: Server, path: str) -> dict[str, Any]:
        answer = self.call(server, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def settled(self, server: Server, path: str, seconds: float = 30) -> dict[str, Any]:
        """The resource once it is neither pending nor unknown."""
        return until(
            lambda: (found := self.get(server, path))["status"] not in {"pending", "unknown"} and found, seconds
        )

    def effects(self, kind: str) -> list[dict[str, Any]]:
        return self.sandbox.effects(kind)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Straight from the database."""
        if self.database_url.startswith("sqlite"):
            connection = sqlite3.connect(self.database_url.removeprefix("sqlite:///"), timeout=10)
            connection.row_factory = sqlite3.Row
            try:
                return [dict(row) for row in connection.execute(query.replace("dbos.", ""))]
            finally:
                connection.close()
        with psycopg.connect(self.database_url, row_factory=dict_row) as connection:
            return connection.execute(query.encode()).fetchall()

    def run_sql(self, *statements: str) -> None:
        """Change the PostgreSQL database under the server's feet."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


def make_site(database_url: str, sandbox_url: str, run_server: Callable[..., Server], orders: int = 3) -> Site:
    """A fresh store with its key, and a shop with so many delivered orders, and #90, which is pending."""
    shop = f"site-{next(_names)}-{uuid.uuid4().hex[:6]}"
    served = Served(sandbox_url, shop)
    document = {
        "relative_to_now": True,
        "customers": [{"id": "cust-1", "email": "mia@example.com", "name": "Mia"}],
        "orders": [*(order(number) for number in range(1, orders + 1)), order(90, status="pending")],
    }
    served.post("/sandbox/v1/import", document)

    def work(session: Any) -> str:
        caps = {"EUR": CAPS}
        store = stores.create(
            session,
            shop,
            policy=Policy.model_validate({"caps": caps}),
            sandbox_shop=shop,
            return_address=ADDRESS,
        )
        return stores.issue_key(session, store, name="test", livemode=False)[1]

    async def write() -> str:
        db = connect(database_url, pool_size=1)
        await db.start()
        try:
            return await db.write(work)
        finally:
            await db.close()

    environment = {**QUICK, "AFTERSALE_SANDBOX_URL": sandbox_url}
    return Site(database_url, served, asyncio.run(write()), run_server, environment)


def until(found: Callable[[], Any], seconds: float = 30) -> Any:
    """What `found` gives as soon as it is something; AssertionError after so many seconds."""
    give_up = time.monotonic() + seconds
    while True:
        value = found()
        if value:
            return value
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.03)
