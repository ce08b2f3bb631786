"""What of a message reaches the disk: no card number, and after a kill all of it or nothing."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql
from sqlalchemy.orm import Session

from app.database import connect
from app.services import stores
from app.services.policy.plain import Policy
from tests.sandbox.served import Served
from tests.support.app import ADDRESS, DEMO, POLICY
from tests.support.servers import Server

RunServer = Callable[..., Server]
KILLS = (0.03, 0.1, 0.3)
"""Seconds after which the server is killed while it answers."""


class Site:
    """A server process on a store of its own, which can be killed and started again."""

    def __init__(self, run_server: RunServer, database_url: str, sandbox_url: str, key: str) -> None:
        self._run, self._url = run_server, database_url
        self._settings = {"AFTERSALE_SANDBOX_URL": sandbox_url, "AFTERSALE_WORKERS_POLL_SECONDS": "0.1"}
        self._headers = {"Authorization": f"Bearer {key}"}
        if database_url.startswith("postgresql"):
            self.worker = run_server("worker", database_url=database_url, environment=self._settings, ready=None)
        self.start()

    def start(self) -> None:
        self.server = self._run("serve", database_url=self._url, environment=self._settings)

    def post(self, body: dict[str, Any]) -> httpx.Response:
        headers = {**self._headers, "Prefer": "wait=20"}
        return httpx.post(f"{self.server.url}/v1/messages", json=body, headers=headers, timeout=40, trust_env=False)

    def get(self, path: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.server.url}{path}", headers=self._headers, timeout=20, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()


def luhn(start: str, length: int = 16) -> str:
    """A number nobody else has, with a card's check digit."""
    body = start + "".join(random.choices("0123456789", k=length - 1 - len(start)))
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body))]
    return body + str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


ORDER_NUMBER = luhn("4")


@pytest.fixture
def site(run_server: RunServer, database_url: str) -> Site:
    sandbox = run_server("sandbox", "serve", ready="/healthz")
    renamed = [{**o, "number": ORDER_NUMBER} if o["number"] == "#1003" else o for o in DEMO["orders"]]
    Served(sandbox.url, "disk").post("/sandbox/v1/import", {**DEMO, "orders": renamed})

    def work(session: Session) -> str:
        policy = Policy.model_validate(POLICY)
        store = stores.create(session, "Disk", policy=policy, sandbox_shop="disk", return_address=ADDRESS)
        return stores.issue_key(session, store, name="disk", livemode=False)[1]

    async def prepare() -> str:
        db = connect(database_url, pool_size=1)
        await db.start()
        try:
            return await db.write(work)
        finally:
            await db.close()

    key = asyncio.run(prepare())
    made = Site(run_server, database_url, sandbox.url, key)
    made.sandbox = Served(sandbox.url, "disk")  # type: ignore[attr-defined]
    return made


def _kept(database_url: str) -> bytes:
    """Everything that the database holds: the files of SQLite, every row of every table of PostgreSQL."""
    if database_url.startswith("sqlite"):
        path = database_url.removeprefix("sqlite:///")
        return b"".join(Path(path + end).read_bytes() for end in ("", "-wal") if Path(path + end).exists())
    with psycopg.connect(database_url) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'dbos')"
        ).fetchall()
        dumps = [
            connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(*table))) for table in tables
        ]
        return "\n".join(row[0] for dump in dumps for row in dump.fetchall()).encode()


def test_a_card_number_reaches_no_disk_and_a_known_order_number_stays(site: Site, database_url: str) -> None:
    order = site.get(f"/v1/orders/{ORDER_NUMBER}")
    assert order["number"] == ORDER_NUMBER
    cards = {place: luhn("52") for place in ("text", "spaced", "subject", "file", "page", "name", "department")}
    spaced = " ".join(cards["spaced"][place : place + 4] for place in range(0, 16, 4))
    answer = site.post(
        {
            "channel": "email",
            "text": f"Where is my order {ORDER_NUMBER}? I paid with {cards['text']} or {spaced}, CVV 987, on Monday.",
            "subject": f"Card {cards['subject']}",
            "customer": {"email": "emma.clarke@example.com", "name": f"Emma {cards['name']}"},
            "files": [{"name": f"{cards['file']}.png"}],
            "context": {"page": f"https://shop.example/?card={cards['page']}"},
            "department": cards["department"],
        }
    )
    assert answer.status_code == 201, answer.text
    text = answer.json()["message"]["text"]
    assert (text.count("[card]"), "[cvv]" in text, ORDER_NUMBER in text) == (2, True, True)
    assert ORDER_NUMBER in answer.json()["reply"]["text"]
    kept, said = _kept(database_url), site.server.said()
    for place, number in cards.items():
        assert number.encode() not in kept, place
        assert number not in said, place
    assert spaced.encode() not in kept
    assert ORDER_NUMBER.encode() in kept
    assert b"987, on" not in kept


def test_a_kill_leaves_a_message_whole_or_not_there(site: Site, database_url: str) -> None:
    sandbox: Served = site.sandbox  # type: ignore[attr-defined]
    body = {
        "channel": "chat",
        "text": "Please cancel my order #1016",
        "identity": "session",
        "customer": {"external_id": "cust-ines"},
        "external_id": "kill-1",
    }
    sandbox.fault("payment", "slow", delay_ms=30, times=20)
    for seconds in KILLS:
        sender = threading.Thread(target=_send_quietly, args=(site, body))
        sender.start()
        time.sleep(seconds)
        site.server.kill()
        sender.join(30)
        inbound, outbound, tickets = _counts(database_url)
        assert (inbound, outbound, tickets) in {(0, 0, 0), (1, 1, 1)}
        site.start()
    answer = site.post(body)
    assert answer.status_code in {200, 201}
    assert answer.json()["outcome"] == "acted"
    assert _counts(database_url) == (1, 1, 1)
    give_up = time.monotonic() + 30
    while site.get("/v1/orders/1016")["status"] != "canceled" or not sandbox.effects("refund"):
        assert time.monotonic() < give_up
        time.sleep(0.2)
    assert len(sandbox.effects("cancel")) == 1
    assert [row["amount"] for row in sandbox.effects("refund")] == [5490]


def _send_quietly(site: Site, body: dict[str, Any]) -> None:
    try:
        site.post(body)
    except httpx.HTTPError:
        return


def _counts(database_url: str) -> tuple[int, int, int]:
    """Messages in, messages out, tickets, as they stand on the disk."""
    questions = (
        "SELECT count(*) FROM messages WHERE direction = 'inbound'",
        "SELECT count(*) FROM messages WHERE direction = 'outbound'",
        "SELECT count(*) FROM tickets",
    )
    if database_url.startswith("sqlite"):
        with sqlite3.connect(database_url.removeprefix("sqlite:///"), timeout=10) as file:
            found = [file.execute(question).fetchone()[0] for question in questions]
        file.close()
    else:
        with psycopg.connect(database_url) as connection:
            found = [connection.execute(question).fetchone()[0] for question in questions]  # type: ignore[index, arg-type]
    return found[0], found[1], found[2]
