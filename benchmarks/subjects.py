"""What is measured: servers that answer, and the requests that each operation is made of."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from benchmarks.load import Shot
from benchmarks.statements import SUBJECT, TEXT
from tests.sandbox.served import Served
from tests.support.postgres import free_port
from tests.support.servers import COMMAND, Server, start

ORDERS = 500
START = 180.0
"""Seconds that a server may take to come up: what else the machine does is no fault of its."""
RNG = random.Random(20261127)
_numbers = itertools.count(1)


@dataclass
class Subject:
    """A server and what is asked of it; `ids` are tickets that it has made."""

    name: str
    url: str
    shots: dict[str, Callable[[], Shot]]
    ids: list[str] = field(default_factory=list[str])
    cursors: list[str] = field(default_factory=list[str])
    """Of lists, where they are no ids."""
    servers: list[Server] = field(default_factory=list[Server])
    key: str = ""
    database_url: str = ""

    def stop(self) -> None:
        """End its processes."""
        for server in self.servers:
            server.stop()


def _body(**fields: Any) -> bytes:
    return orjson.dumps(fields)


def bare(name: str, module: str, environment: dict[str, str], folder: Path) -> Subject:
    """A yardstick: an app of this folder under uvicorn, one worker, its creates, reads and lists."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    line = ("-m", "uvicorn", f"benchmarks.{module}:app", "--port", str(port), "--no-access-log", "--log-level", "error")
    python = str(Path(COMMAND).with_name("python"))
    log = folder / f"{name}.log"
    server = start(*line, log=log, url=url, ready="/tickets", environment=environment, command=python, seconds=START)
    made: list[str] = []
    body = _body(channel="chat", subject=SUBJECT, text=TEXT)
    shots: dict[str, Callable[[], Shot]] = {
        "create": lambda: Shot("POST", "/tickets", body=body),
        "get": lambda: Shot("GET", f"/tickets/{RNG.choice(made)}"),
        "list": lambda: Shot("GET", f"/tickets?before={RNG.choice(made)}"),
    }
    return Subject(name, url, shots, made, made, [server])


def ours(name: str, database_url: str, sandbox_url: str, folder: Path, key: str, *, worker: bool = True) -> Subject:
    """Aftersale with everything on: key, idempotency, request id, log line, event; and its worker beside it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "AFTERSALE_DATABASE_URL": database_url,
        "AFTERSALE_DATA_DIR": str(folder / "data"),
        "AFTERSALE_SANDBOX_URL": sandbox_url,
        "AFTERSALE_PORT": str(port),
        "AFTERSALE_RATE_LIMIT": "100000000/minute",
        "AFTERSALE_MIRROR_SECONDS": "86400",
    }
    servers = [start("serve", log=folder / f"{name}.log", url=url, environment=environment, seconds=START)]
    if worker and database_url.startswith("postgresql"):
        servers.append(start("worker", log=folder / f"{name}-worker.log", environment=environment))
    made: list[str] = []
    cursors: list[str] = []
    keyed = {"authorization": f"Bearer {key}"}
    body = _body(channel="chat", subject=SUBJECT, text=TEXT)

    looked = itertools.count()

    def message() -> Shot:
        number = next(_numbers)
        order = number % ORDERS
        asked, customer = f"Where is my order #b-{order}?", {"email": email(order)}
        said = _body(channel="chat", text=asked, customer=customer, external_id=f"m-{number}")
        return Shot("POST", "/v1/messages", keyed, said)

    def page() -> Shot:
        """One page after the other, to learn their cursors."""
        return Shot("GET", "/v1/tickets?limit=50" + (f"&cursor={cursors[-1]}" if cursors else ""), keyed)

    shots: dict[str, Callable[[], Shot]] = {
        "page": page,
        "look": lambda: Shot("GET", f"/v1/orders/b-{next(looked) % ORDERS}/status", keyed),
        "create": lambda: Shot("POST", "/v1/tickets", {**keyed, "idempotency-key": f"k-{next(_numbers)}"}, body),
        "get": lambda: Shot("GET", f"/v1/tickets/{RNG.choice(made)}", keyed),
        "list": lambda: Shot("GET", f"/v1/tickets?limit=50&cursor={RNG.choice(cursors)}", keyed),
        "status": lambda: Shot("GET", f"/v1/orders/b-{RNG.randrange(ORDERS)}/status", keyed),
        "message": message,
    }
    return Subject(name, url, shots, made, cursors, servers, key, database_url)


def textbook(name: str, database_url: str, folder: Path) -> Subject:
    """The plainest form of create on SQLite, and nothing else."""
    url = database_url.replace("sqlite:///", "sqlite+aiosqlite:///")
    subject = bare(name, "textbook", {"TEXTBOOK_URL": url}, folder)
    subject.shots = {"create": subject.shots["create"]}
    return subject


def email(order: int) -> str:
    """The address of an order's customer."""
    return f"shopper-{order}@example.com"


def stock(shop: Served) -> None:
    """Fill a shop of the sandbox with orders on their way, each of a customer of its own."""
    orders = [_order(number) for number in range(ORDERS)]
    customers = [{"id": f"c-{number}", "email": email(number)} for number in range(ORDERS)]
    shop.post("/sandbox/v1/import", {"relative_to_now": True, "customers": customers, "orders": orders})


def _order(number: int) -> dict[str, Any]:
    line = {"id": f"l-{number}", "title": "Lamp", "quantity": 1, "unit_price": 4900, "total": 4900}
    scan = {"at": "-1d", "word": "IN_TRANSIT", "description": "On its way"}
    return {
        "id": f"b-{number}",
        "number": f"#b-{number}",
        "customer_id": f"c-{number}",
        "status": "shipped",
        "placed_at": "-4d",
        "currency": "EUR",
        "lines": [{**line, "fulfilled_quantity": 1}],
        "payments": [{"id": f"p-{number}", "kind": "card", "label": "Visa", "amount": 4900}],
        "shipments": [
            {"id": f"s-{number}", "carrier": "sandbox", "tracking_number": f"BENCH{number:07d}", "scans": [scan]}
        ],
    }
