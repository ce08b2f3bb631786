"""All 1,000 orders of a public shop are asked about and acted on; afterwards both ledgers agree to the cent."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy.orm import Session

from app.database import connect
from app.services import audit, stores
from app.services.policy.plain import Policy
from tests.retail import books
from tests.retail.walker import Walk
from tests.sandbox.served import Served
from tests.support.servers import Server
from tests.tools import retail

SHOP = "retail"
PLENTY = {"refund": 10**9, "order": 10**9, "customer": 10**9, "day": 10**12}
POLICY = Policy.model_validate({"return_window_days": 30, "caps": {"USD": PLENTY}})
WAREHOUSE = {
    "name": "Returns",
    "address1": "410 Alder Street",
    "city": "Portland",
    "province": "OR",
    "postal_code": "97205",
    "country_code": "US",
}
QUICK = {"AFTERSALE_WORKERS_POLL_SECONDS": "0.1", "AFTERSALE_RATE_LIMIT": "", "AFTERSALE_LOG_LEVEL": "warning"}
STATES = {"pending": 423, "processing": 102, "delivered": 373, "canceled": 102}

RunServer = Callable[..., Server]


@pytest.fixture
def shop(specs: Path, run_server: RunServer) -> Served:
    """A sandbox server of its own with the public shop in it."""
    server = run_server("sandbox", "serve", ready="/healthz")
    served = Served(server.url, SHOP)
    raw = json.dumps(retail.convert(retail.load(specs / "data" / "retail" / "db.json"))).encode()
    status, answer = served.call("POST", "/sandbox/v1/import", raw, timeout=60)
    assert status == 200, answer
    return served


async def _store(url: str) -> str:
    """A store on that shop with caps that bind nobody here; its test key."""

    def work(session: Session) -> str:
        store = stores.create(
            session, "Retail", policy=POLICY, sandbox_shop=SHOP, return_address=WAREHOUSE, country_code="US"
        )
        return stores.issue_key(session, store, name="walk", livemode=False)[1]

    db = connect(url, pool_size=1)
    await db.start()
    try:
        return await db.write(work)
    finally:
        await db.close()


def _served(run_server: RunServer, database_url: str, sandbox_url: str) -> Server:
    environment = {"AFTERSALE_SANDBOX_URL": sandbox_url, **QUICK}
    if database_url.startswith("postgresql"):
        run_server("worker", database_url=database_url, environment=environment, ready=None)
    return run_server("serve", database_url=database_url, environment=environment)


async def _settled(db: Session) -> None:
    """Return once no effect is open and every audit row is sealed."""
    give_up = time.monotonic() + 60
    while books.open_operations(db) or audit.unsealed(db):
        assert time.monotonic() < give_up, f"{books.open_operations(db)} operations are open"
        db.rollback()
        await asyncio.sleep(0.2)
    db.rollback()


async def test_every_order_is_answered_and_acted_on_and_the_ledgers_agree(
    database_url: str, shop: Served, run_server: RunServer, record_property: Callable[[str, Any], None]
) -> None:
    key = await _store(database_url)
    server = _served(run_server, database_url, shop.url)
    before = _exported(shop)
    assert {state: sum(order["status"] == state for order in before["orders"]) for state in STATES} == STATES
    started = time.monotonic()
    async with httpx.AsyncClient(
        base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False
    ) as client:
        walk = Walk(client, {row["id"]: row["email"] for row in before["customers"]})
        await walk.over(before["orders"])
    with books.session(database_url) as db:
        await _settled(db)
        seconds = time.monotonic() - started
        figures = _compare(db, shop, before, walk)
    record_property("walk", {"seconds": round(seconds, 1), **walk.done, **figures})
    assert walk.done["status"] == len(before["orders"]) == 1000


def _exported(shop: Served) -> dict[str, Any]:
    status, answer = shop.call("GET", "/sandbox/v1/export", timeout=30)
    assert status == 200, answer
    return answer


def _mailbox(shop: Served, before: dict[str, Any]) -> list[dict[str, Any]]:
    """Every mail, asked for by recipient: one answer has the last 500 at most."""
    to = sorted({customer["email"].casefold() for customer in before["customers"]})
    mails = [mail for email in to for mail in shop.get(f"/mail/v1/messages?to={quote(email)}")["data"]]
    assert len(mails) == len(shop.effects("mail"))
    return mails


def _compare(db: Session, shop: Served, before: dict[str, Any], walk: Walk) -> dict[str, int]:
    after = _exported(shop)
    by_state = {state: [order for order in before["orders"] if order["status"] == state] for state in STATES}
    books.mirrors_agree(db, after)
    books.cancellations_agree(db, after, {order["id"] for order in by_state["pending"]})
    books.labels_agree(
        db, after, {row["id"]: sum(line["quantity"] for line in row["lines"]) for row in by_state["delivered"]}
    )
    books.messages_agree(db, walk.messages)
    back = books.refunds_agree(db, after)
    assert back == sum(payment["amount"] for order in by_state["pending"] for payment in order["payments"])
    return {
        "cents_back": back,
        "cents_by_automation": books.spending_agrees(db),
        "messages": len(walk.messages),
        "mails": books.mails_agree(db, _mailbox(shop, before)),
        "events": books.events_are_whole(db),
        "audit_rows": books.audit_is_whole(db),
    }
