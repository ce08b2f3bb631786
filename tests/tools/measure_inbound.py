"""How soon what connected systems send us is answered: `python -m tests.tools.measure_inbound [--on postgresql]`.

Signed deliveries of Shopify, Stripe and UPS by turns, at a fixed rate whatever has been answered (an open loop), to a
server with a worker beside it that works on what was sent: on PostgreSQL two processes, on SQLite one. No provider is
there: what a delivery leads to ends at a closed port, as it does where one is away. Beside it the same number of calls
a second to `/healthz`, by turns with the deliveries: what the machine and the client take of the answer's time.

Goals: every delivery is accepted; p99 of the answers at most 50 ms; the server's processor time for one at most 4 ms,
so that 200 a second leave a core room. Prints JSON; exit code 1 where one is missed. `slowness` is how slow the
machine is against what times mean here, by a yardstick in the same run: the clock judges what it shows, the processor
time is judged by that.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import math
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import httpx
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app.migrate import sync_url
from app.models.stores import SCOPES
from app.services import stores
from tests.support import servers
from tests.support.databases import Databases
from tests.support.postgres import free_port
from tests.tools.measure_guard import YARDSTICK, yardstick

GOAL_MS, GOAL_CPU_MS = 50.0, 4.0
RATE, SECONDS, WARM = 200.0, 20.0, 3.0
SHOP, ACCOUNT = "lamps.myshopify.com", "A1B2C3"
SECRET = "a-secret-of-32-characters-and-so"
NOWHERE = "http://127.0.0.1:9"
Delivery = tuple[str, bytes, dict[str, str]]
"""Path, body, headers."""
_numbers = itertools.count(1)

CONNECTIONS: dict[str, dict[str, Any]] = {
    "shopify": {
        "families": ["commerce"],
        "config": {"shop": SHOP, "api_base": NOWHERE},
        "credentials": {"access_token": "shpat_" + "0" * 32, "webhook_secret": SECRET},
    },
    "stripe": {
        "config": {"api_base": NOWHERE},
        "credentials": {"secret_key": "sk_test_" + "0" * 24, "webhook_secret": SECRET},
        "families": ["payments"],
    },
    "ups": {
        "config": {"account_number": ACCOUNT, "api_base": NOWHERE},
        "credentials": {"client_id": "client", "client_secret": "secret", "push_secret": SECRET},
    },
}


def shopify(number: int) -> tuple[bytes, dict[str, str]]:
    """An order that has changed: its id is one of a thousand, as in a shop that is busy."""
    order = 5_000_000_000_000 + number % 1000
    lines = [{"id": order + at, "title": "Lamp", "quantity": 1, "price": "50.00"} for at in range(5)]
    told = {"id": order, "admin_graphql_api_id": f"gid://shopify/Order/{order}", "name": f"#{order}", "n": number,
            "email": "anna@example.com", "line_items": lines, "updated_at": "2026-11-28T05:00:00Z"}  # fmt: skip
    body = json.dumps(told).encode()
    signature = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()
    return body, {
        "X-Shopify-Hmac-SHA256": signature, "X-Shopify-Topic": "orders/updated", "X-Shopify-Shop-Domain": SHOP,
        "X-Shopify-API-Version": "2026-10", "X-Shopify-Webhook-Id": f"b54557e4-{number}",
    }  # fmt: skip


def stripe(number: int) -> tuple[bytes, dict[str, str]]:
    """A refund that has changed."""
    refund = {"id": f"re_{number}", "object": "refund", "amount": 700, "currency": "eur", "status": "succeeded",
              "charge": f"ch_{number}", "payment_intent": f"pi_{number}", "metadata": {}}  # fmt: skip
    event = {"id": f"evt_{number}", "livemode": False, "type": "refund.updated", "data": {"object": refund}}
    body, at = json.dumps(event).encode(), int(time.time())
    signature = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {"Stripe-Signature": f"t={at},v1={signature}"}


def ups(number: int) -> tuple[bytes, dict[str, str]]:
    """A scan of a parcel."""
    told = {
        "trackingNumber": f"1Z{ACCOUNT}{number:010}", "localActivityDate": "20261120", "localActivityTime": "091519",
        "gmtActivityDate": "20261120", "gmtActivityTime": "131519",
        "activityLocation": {"city": "Bonn", "country": "DE"},
        "activityStatus": {"type": "I", "code": "AR", "description": "Arrived at Facility"},
    }  # fmt: skip
    return json.dumps(told).encode(), {"x-api-key": SECRET}


SENDERS: dict[str, Callable[[int], tuple[bytes, dict[str, str]]]] = {"shopify": shopify, "stripe": stripe, "ups": ups}


@dataclass
class Place:
    """A server that runs, its worker, and where deliveries go."""

    server: servers.Server
    worker: servers.Server | None
    url: str
    inbound: dict[str, str]
    database: str

    def cpu(self) -> dict[str, float]:
        """Processor seconds so far of each process."""
        running = {"server": self.server, "worker": self.worker}
        return {name: _cpu(one.process.pid) for name, one in running.items() if one is not None}

    def waiting(self) -> int:
        """Deliveries that are not worked on yet."""
        engine = create_engine(sync_url(self.database))
        with engine.connect() as connection:
            query = "SELECT count(*) FROM inbound_deliveries WHERE status = 'pending'"
            found = connection.execute(text(query)).scalar_one()
        engine.dispose()
        return int(found)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def placed(databases: Databases, on: str, folder: Path) -> Iterator[Place]:
    """A server, on PostgreSQL with its worker, and a store with the three connections."""
    embedded = on == "sqlite"
    folder.mkdir(parents=True)
    database = databases.migrated_sqlite(folder / "aftersale.db") if embedded else databases.migrated_postgres()
    engine = create_engine(sync_url(database))
    with Session(engine) as session, session.begin():
        store = stores.create(session, "Shop", sandbox_shop="inbound")
        _, key = stores.issue_key(session, store, name="measure", livemode=False, scopes=SCOPES)
    engine.dispose()
    url = f"http://127.0.0.1:{free_port()}"
    environment = {
        "AFTERSALE_DATABASE_URL": database, "AFTERSALE_DATA_DIR": str(folder), "AFTERSALE_PORT": url.rpartition(":")[2],
        "AFTERSALE_LOOPBACK_ADDRESSES": "true", "AFTERSALE_LOG_LEVEL": "error",
        "AFTERSALE_ENCRYPTION_KEYS": base64.b64encode(os.urandom(32)).decode(),
        "AFTERSALE_RATE_LIMIT": "1000000/minute",
    }  # fmt: skip
    running = [servers.start("serve", log=folder / "serve.log", url=url, environment=environment)]
    try:
        if not embedded:
            running.append(servers.start("worker", log=folder / "worker.log", environment=environment))
        inbound: dict[str, str] = {}
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
            for kind, given in CONNECTIONS.items():
                answer = client.post("/v1/connections", json={"kind": kind, "name": kind, **given})
                if answer.status_code != 201:
                    raise SystemExit(answer.text)
                inbound[kind] = f"/v1/inbound/{answer.json()['id']}"
        yield Place(running[0], running[1] if len(running) > 1 else None, url, inbound, database)
    finally:
        for one in reversed(running):
            one.stop()


# ---- sending --------------------------------------------------------------------------------------------------------


async def sent(place: Place, rate: float, seconds: float) -> tuple[dict[str, list[float]], Counter[str]]:
    """Milliseconds of each answer by who sent it, `healthz` among them, and how the deliveries were answered.

    An answer's time runs from when its delivery was due, so that a sender that is late hides nothing.
    """
    took: dict[str, list[float]] = {name: [] for name in (*SENDERS, "healthz")}
    answers: Counter[str] = Counter()
    kinds = list(SENDERS)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(place.url, connector=connector) as client, asyncio.TaskGroup() as group:

        async def deliver(due: float, name: str) -> None:
            body, headers = SENDERS[name](next(_numbers))
            headers["Content-Type"] = "application/json"
            try:
                async with client.post(place.inbound[name], data=body, headers=headers) as answer:
                    said = await answer.json()
                    answers[said.get("status") if answer.status == 200 else str(answer.status)] += 1
            except aiohttp.ClientError as error:
                answers[type(error).__name__] += 1
            took[name].append(1000 * (time.perf_counter() - due))

        async def look(due: float) -> None:
            with suppress(aiohttp.ClientError):
                async with client.get("/healthz") as answer:
                    await answer.read()
            took["healthz"].append(1000 * (time.perf_counter() - due))

        began = time.perf_counter()
        for number in range(int(rate * seconds)):
            due = began + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            group.create_task(deliver(due, kinds[number % len(kinds)]))
            if number % 4 == 0:
                group.create_task(look(due))
    return took, answers


def quantile(values: list[float], share: float) -> float:
    """The nearest rank, in milliseconds."""
    return round(sorted(values)[math.ceil(share * len(values)) - 1], 1)


async def measured(place: Place, rate: float, seconds: float) -> dict[str, Any]:
    """Warm it up, send, and tell."""
    await sent(place, rate, WARM)
    before, began = place.cpu(), time.perf_counter()
    took, answers = await sent(place, rate, seconds)
    passed, after, slow = time.perf_counter() - began, place.cpu(), yardstick() / YARDSTICK
    deliveries = [one for name in SENDERS for one in took[name]]
    cpu = {name: 1000 * (after[name] - before[name]) / len(deliveries) for name in after}
    told = {
        "deliveries": len(deliveries),
        "answers": dict(answers),
        "per_second": round(len(deliveries) / passed, 1),
        **{f"p{share:.0%}".rstrip("%") + "_ms": quantile(deliveries, share) for share in (0.5, 0.95, 0.99)},
        "p99_by_sender_ms": {name: quantile(took[name], 0.99) for name in took},
        "cpu_ms_per_delivery": {name: round(one, 2) for name, one in cpu.items()},
        "waiting": place.waiting(),
        "slowness": round(slow, 2),
    }
    server = cpu["server"] / max(1.0, slow)
    # Embedded, the processing runs in the same process, and cannot be told from the answers.
    missed = {
        "accepted": answers["accepted"] != len(deliveries),
        "p99": told["p99_ms"] > GOAL_MS,
        "cpu": place.worker is not None and server > GOAL_CPU_MS,
    }
    return told | {"missed": [name for name, over in missed.items() if over]}


def main() -> int:
    """Measure, print, judge."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--on", nargs="+", choices=["postgresql", "sqlite"], default=["postgresql"])
    asked.add_argument("--rate", type=float, default=RATE)
    asked.add_argument("--seconds", type=float, default=SECONDS)
    given = asked.parse_args()
    databases, over = Databases.begin(), False
    try:
        with tempfile.TemporaryDirectory() as folder:
            for on in given.on:
                with placed(databases, on, Path(folder) / on) as place:
                    told = asyncio.run(measured(place, given.rate, given.seconds))
                over |= bool(told["missed"])
                print(json.dumps({"on": on, **told, "load": round(os.getloadavg()[0], 1)}), flush=True)
    finally:
        databases.end()
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
