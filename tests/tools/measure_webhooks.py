"""How webhooks keep to their times: `python -m tests.tools.measure_webhooks [--on postgresql sqlite]`.

- `throughput`: one worker empties a log of 3,000 events to one quick endpoint on the loopback. Goal: 300 a second.
- `failing`: 2,000 events of 200 resources to an endpoint that answers three of ten with 500. Goal: all are taken, those
  of each resource in their order, each signed as the package `standardwebhooks` reads it.
- `delay`: from the answer to `POST /v1/tickets` until its event is here, ten a second. Goal: 300 ms for 99 of 100.
- `writes`: the median of `POST /v1/tickets` with 100 endpoints to that without any. Goal: 1.2 times at most.

On PostgreSQL server and worker are two processes, on SQLite they are one. Prints JSON; ends with 1 where a goal is
missed.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from standardwebhooks import Webhook

from app.migrate import sync_url
from app.models.stores import SCOPES
from app.services import stores
from tests.support import servers
from tests.support.databases import Databases
from tests.support.postgres import free_port
from tests.tools.webhook_listener import listening

EVENTS, FAILING, RESOURCES, SHARE = 3_000, 2_000, 200, 0.3
TOLD, PAUSE = 200, 0.1
ENDPOINTS, WRITES = 100, 300
RETRIES = ",".join(["0.2"] * 40)
GOALS = {"per_second": 300.0, "delay_ms": 300.0, "write_ratio": 1.2}
PATH = "/v1/webhook-endpoints"


@dataclass
class Place:
    """A database with one store, and how its processes are started."""

    folder: Path
    environment: dict[str, str]
    embedded: bool
    key: str
    url: str

    @contextmanager
    def running(self, *, sends: bool = True) -> Iterator[httpx.Client]:
        """The API, and unless not `sends` whoever sends webhooks."""
        quiet = {} if sends else {"AFTERSALE_WEBHOOK_POLL_SECONDS": "0"}
        environment = self.environment | quiet
        started = [servers.start("serve", log=self.folder / "serve.log", url=self.url, environment=environment)]
        try:
            if sends and not self.embedded:
                started.append(servers.start("worker", log=self.folder / "worker.log", environment=environment))
            with httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=60) as client:
                yield client
        finally:
            for server in reversed(started):
                server.stop()


def _place(databases: Databases, on: str, folder: Path) -> Place:
    embedded = on == "sqlite"
    folder.mkdir(parents=True)
    url = databases.migrated_sqlite(folder / "aftersale.db") if embedded else databases.migrated_postgres()
    engine = create_engine(sync_url(url))
    with Session(engine) as session, session.begin():
        store = stores.create(session, "Shop", sandbox_shop="webhooks")
        _, key = stores.issue_key(session, store, name="measure", livemode=False, scopes=SCOPES)
    engine.dispose()
    port = free_port()
    environment = {
        "AFTERSALE_DATABASE_URL": url,
        "AFTERSALE_DATA_DIR": str(folder),
        "AFTERSALE_PORT": str(port),
        "AFTERSALE_LOOPBACK_ADDRESSES": "true",
        "AFTERSALE_ENCRYPTION_KEYS": base64.b64encode(os.urandom(32)).decode(),
        "AFTERSALE_WEBHOOK_RETRY_SECONDS": RETRIES,
        "AFTERSALE_LOG_LEVEL": "warning",
    }
    return Place(folder, environment, embedded, key, f"http://127.0.0.1:{port}")


def _post(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(path, json=body, headers={"Idempotency-Key": uuid.uuid4().hex})
    if answer.status_code >= 300:
        raise SystemExit(f"POST {path}: {answer.status_code} {answer.text[:500]}")
    return answer.json()


def _ticket(client: httpx.Client, number: int) -> str:
    return _post(client, "/v1/tickets", {"subject": f"Ticket {number}"})["id"]


def _wait(listener: str, count: int, seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while (taken := httpx.get(listener).json()["taken"]) < count:
        if time.monotonic() > give_up:
            raise SystemExit(f"{taken} of {count} were taken in {seconds:.0f} s")
        time.sleep(0.1)


def _came(listener: str) -> list[dict[str, Any]]:
    return httpx.get(f"{listener}/came", timeout=60).json()


# ---- the parts ------------------------------------------------------------------------------------------------------


def throughput(place: Place) -> dict[str, Any]:
    """The log is filled while nobody sends; then one worker empties it."""
    with listening(free_port()) as listener:
        with place.running(sends=False) as client:
            _post(client, PATH, {"url": f"{listener}/hook", "types": ["ticket.created"]})
            for number in range(EVENTS):
                _ticket(client, number)
        with place.running():
            _wait(listener, EVENTS, 120)
            times = sorted(one["at"] for one in _came(listener))
    seconds = times[-1] - times[0]
    return {"deliveries": len(times), "seconds": round(seconds, 2), "per_second": round((len(times) - 1) / seconds, 1)}


def failing(place: Place) -> dict[str, Any]:
    """Every event is taken once, those of a resource in their order, and each is signed as `standardwebhooks` reads."""
    with listening(free_port(), SHARE, seed=1) as listener, place.running() as client:
        endpoint = _post(client, PATH, {"url": f"{listener}/hook", "types": ["ticket.*"]})
        tickets = [_ticket(client, number) for number in range(RESOURCES)]
        for change in range(FAILING // RESOURCES - 1):
            for ticket in tickets:
                changed = client.patch(f"/v1/tickets/{ticket}", json={"tags": [f"t{change}"]})
                assert changed.status_code == 200, changed.text
        _wait(listener, FAILING, 180)
        time.sleep(2)
        came = _came(listener)
    reader = Webhook(endpoint["secret"])
    sequences: dict[str, list[int]] = defaultdict(list)
    for one in came:
        event: dict[str, Any] = reader.verify(base64.b64decode(one["body"]), one["headers"])
        if one["taken"]:
            sequences[event["data"]["object"]["id"]].append(event["sequence"])
    whole = [1 + at for at in range(FAILING // RESOURCES)]
    broken = sum(found != whole for found in sequences.values()) + RESOURCES - len(sequences)
    return {"requests": len(came), "taken": sum(one["taken"] for one in came), "resources_not_whole_in_order": broken}


def delay(place: Place) -> dict[str, Any]:
    """From the answer of the write, which comes after its commit, to the request at the other end."""
    with listening(free_port()) as listener, place.running() as client:
        _post(client, PATH, {"url": f"{listener}/hook", "types": ["ticket.created"]})
        _ticket(client, 0)
        _wait(listener, 1, 60)  # whoever sends has started by now
        answered: dict[str, float] = {}
        for number in range(TOLD):
            answered[_ticket(client, number)] = time.time()
            time.sleep(PAUSE)
        _wait(listener, TOLD + 1, 60)
        came = _came(listener)[1:]
    late = sorted(
        1000 * (one["at"] - answered[json.loads(base64.b64decode(one["body"]))["data"]["object"]["id"]]) for one in came
    )
    p99 = late[int(len(late) * 0.99) - 1]
    return {"p50_ms": round(late[len(late) // 2], 1), "p99_ms": round(p99, 1), "most_ms": round(late[-1], 1)}


def writes(place: Place) -> dict[str, Any]:
    """The same writes before and after there are many endpoints, while nobody sends: the events are in the log."""

    def median(client: httpx.Client) -> float:
        took: list[float] = []
        for number in range(WRITES):
            began = time.perf_counter()
            _ticket(client, number)
            took.append(time.perf_counter() - began)
        return statistics.median(took[WRITES // 10 :])

    with place.running(sends=False) as client:
        before = median(client)
        for number in range(ENDPOINTS):
            _post(client, PATH, {"url": f"http://127.0.0.1:9/{number}"})
        after = median(client)
    said = {"without_ms": round(1000 * before, 2), "with_100_ms": round(1000 * after, 2)}
    return said | {"ratio": round(after / before, 2)}


PARTS: dict[str, Callable[[Place], dict[str, Any]]] = {
    "throughput": throughput,
    "failing": failing,
    "delay": delay,
    "writes": writes,
}


def missed(part: str, told: dict[str, Any]) -> bool:
    """Whether a part does not keep to its goal."""
    return {
        "throughput": lambda: told["per_second"] < GOALS["per_second"],
        "failing": lambda: told["taken"] != FAILING or told["resources_not_whole_in_order"] > 0,
        "delay": lambda: told["p99_ms"] > GOALS["delay_ms"],
        "writes": lambda: told["ratio"] > GOALS["write_ratio"],
    }[part]()


def main() -> int:
    """Measure, print, judge."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--on", nargs="+", choices=["postgresql", "sqlite"], default=["postgresql"])
    asked.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    given = asked.parse_args()
    databases = Databases.begin()
    over = False
    try:
        with tempfile.TemporaryDirectory() as folder:
            for on in given.on:
                for part in given.parts:
                    told = PARTS[part](_place(databases, on, Path(folder) / f"{on}-{part}"))
                    over |= missed(part, told)
                    said = {"on": on, "part": part, **told, "missed": missed(part, told)}
                    print(json.dumps(said | {"load": round(os.getloadavg()[0], 1)}), flush=True)
    finally:
        databases.end()
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
