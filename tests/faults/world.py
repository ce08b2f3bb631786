"""One sandbox, one database, and the servers and workers on them; stores whose clients never give up."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from app.database import connect
from app.services import stores
from app.services.policy.plain import Policy
from tests.faults import evidence, shops
from tests.faults.history import Ask, History, Ordered, Violation
from tests.faults.processes import Child, Nursery
from tests.support.postgres import free_port

QUICK = {
    "AFTERSALE_CALL_SECONDS": "1",
    "AFTERSALE_RETRY_SECONDS": "0.3,0.5,1,1,2,2,3,3,4,4,5,5,5,5,5",
    "AFTERSALE_RECHECK_SECONDS": "",
    "AFTERSALE_WORKERS_POLL_SECONDS": "0.1",
    "AFTERSALE_SHUTDOWN_SECONDS": "1",
    "AFTERSALE_RATE_LIMIT": "",
    "AFTERSALE_LOG_LEVEL": "warning",
}
"""What is waited for is short; everything else is as it is served."""
AGAIN = {"idempotency_key_in_use", "provider_unavailable", "storage_unavailable", "unavailable"}
"""Refusals after which a client sends the same request again."""
OPEN = {"pending", "unknown", "voiding"}


class Source(Protocol):
    """Where a world's database comes from: `Databases`, or one apart."""

    def migrated_sqlite(self, path: Path) -> str:
        """The address of a new SQLite file, at `path` or elsewhere."""
        ...

    def migrated_postgres(self) -> str:
        """The address of a new PostgreSQL database."""
        ...

    def drop(self, url: str) -> None:
        """Remove it."""
        ...


class World:
    """A database of one kind with everything around it."""

    def __init__(self, database: str, databases: Source, folder: Path, nursery: Nursery) -> None:
        self.database, self.folder = database, folder / database
        self.folder.mkdir(parents=True)
        self.history = History(database)
        self.nursery = nursery
        self.servers: list[Child] = []
        self.workers: list[Child] = []
        self.urls: list[str] = []
        self.stores: list[Storefront] = []
        self._numbers = itertools.count(1)
        self._sandbox_port = free_port()
        self.sandbox_url = f"http://127.0.0.1:{self._sandbox_port}"
        self.database_url = (
            databases.migrated_sqlite(self.folder / "aftersale.db")
            if database == "sqlite"
            else databases.migrated_postgres()
        )
        self._drop = None if database == "sqlite" else lambda: databases.drop(self.database_url)
        self.environment = {
            **QUICK,
            "AFTERSALE_DATABASE_URL": self.database_url,
            "AFTERSALE_DATA_DIR": str(self.folder),
            "AFTERSALE_SANDBOX_URL": self.sandbox_url,
            "AFTERSALE_SANDBOX_PORT": str(self._sandbox_port),
        }
        self._client: aiohttp.ClientSession | None = None
        self.told: Counter[tuple[int, str, str]] = Counter()
        """Answers of our servers: status, code of a refusal, media type. Status 0: there was none in time."""
        self.slowest = 0.0
        """Seconds that one of these answers took at most."""

    async def start(self, *, servers: int = 1, workers: int = 0, **settings: str) -> None:
        """Start the sandbox, then so many servers and workers (on SQLite the one server works itself)."""
        self.environment.update({f"AFTERSALE_{name.upper()}": value for name, value in settings.items()})
        await self.nursery.spawn("sandbox", "serve", environment=self.environment, log=self.folder / "sandbox.log")
        limits = aiohttp.TCPConnector(limit=200, keepalive_timeout=2)  # servers close theirs after 5 s
        self._client = aiohttp.ClientSession(connector=limits, timeout=aiohttp.ClientTimeout(20), trust_env=False)
        await self.up(f"{self.sandbox_url}/healthz")
        for _ in range(1 if self.database == "sqlite" else servers):
            self.urls.append(f"http://127.0.0.1:{free_port()}")
            self.servers.append(await self.serve(len(self.urls) - 1))
        for _ in range(0 if self.database == "sqlite" else workers):
            self.workers.append(await self.work())
        await asyncio.gather(*(self.up(f"{url}/readyz") for url in self.urls))

    async def serve(self, slot: int, *, traced: Sequence[str] = (), plan: dict[str, Any] | None = None) -> Child:
        """Start a server on the port of its slot."""
        return await self.nursery.spawn(
            "serve",
            environment={**self.environment, "AFTERSALE_PORT": self.urls[slot].rpartition(":")[2]},
            log=self.folder / f"server-{slot}.log",
            traced=traced,
            plan=plan,
        )

    async def work(self, *, traced: Sequence[str] = (), plan: dict[str, Any] | None = None) -> Child:
        """Start a worker."""
        return await self.nursery.spawn(
            "worker", environment=self.environment, log=self.folder / "worker.log", traced=traced, plan=plan
        )

    async def up(self, url: str, seconds: float = 30) -> None:
        """Return once `url` answers 200."""
        deadline = time.monotonic() + seconds
        while True:
            with suppress(aiohttp.ClientError, TimeoutError):
                if (await self.call("GET", url))[0] == 200:
                    return
            if time.monotonic() > deadline:
                raise RuntimeError(f"{url} does not come up:\n{self.said()[-4000:]}")
            await asyncio.sleep(0.03)

    async def call(
        self, method: str, url: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """One request: status and JSON; raises where no whole answer came."""
        assert self._client is not None
        ours, began = not url.startswith(self.sandbox_url), time.monotonic()
        try:
            async with self._client.request(method, url, json=body, headers=headers) as answer:
                view = json.loads(await answer.read())
        except TimeoutError:
            self.told[0, "", ""] += ours
            raise
        if ours:
            self.told[answer.status, view.get("code") or "" if answer.status >= 400 else "", answer.content_type] += 1
            self.slowest = max(self.slowest, time.monotonic() - began)
        return answer.status, view

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The same with bytes that are no JSON of ours."""
        assert self._client is not None
        given = {"Content-Type": "application/json", **headers}
        async with self._client.post(url, data=body, headers=given) as answer:
            return answer.status, json.loads(await answer.read())

    def said(self) -> str:
        """What the processes have printed."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    async def open_stores(self, count: int, policy: dict[str, Any] | None = None) -> list[Storefront]:
        """So many new stores, each on a shop of its own, with a client that speaks with its key."""
        names = [f"{self.database}-{next(self._numbers)}" for _ in range(count)]
        db = connect(self.database_url, pool_size=1)
        await db.start()

        def make(session: Any) -> list[str]:
            keys: list[str] = []
            for name in names:
                store = stores.create(
                    session,
                    name,
                    policy=Policy.model_validate(policy or shops.policy()),
                    return_address=shops.RETURN_ADDRESS,
                    sandbox_shop=name,
                )
                keys.append(stores.issue_key(session, store, name="faults", livemode=False)[1])
            return keys

        try:
            made = [Storefront(self, *pair) for pair in zip(names, await db.write(make), strict=True)]
        finally:
            await db.close()
        self.stores += made
        return made

    async def evidence(self) -> History:
        """The history with all that the sandbox and our tables hold now."""
        for store in self.stores:
            self.history.shops[store.shop] = await evidence.of_shop(store.sandbox)
        self.history.tables = await asyncio.to_thread(evidence.tables, self.database_url)
        return self.history

    async def settle(self, seconds: float = 60) -> None:
        """Wait until no operation is open, or the time is over: then the checker says what is stuck."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not await asyncio.to_thread(evidence.open_operations, self.database_url):
                return
            await asyncio.sleep(0.3)

    async def close(self) -> None:
        """End the processes and drop the database."""
        if self._client is not None:
            await self._client.close()
        await asyncio.gather(*(child.stop() for child in (*self.servers, *self.workers) if not child.dead.is_set()))
        if self._drop is not None:
            await asyncio.to_thread(self._drop)


class Storefront:
    """A store's client: sends a request again, under its key, until it has an answer."""

    def __init__(self, world: World, shop: str, key: str) -> None:
        self.world, self.shop = world, shop
        self.headers = {"Authorization": f"Bearer {key}"}
        self._turn = itertools.count()

    async def sandbox(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """A call to the sandbox about this store's shop."""
        status, answer = await self.world.call(
            method, self.world.sandbox_url + path, body, {"X-Sandbox-Shop": self.shop}
        )
        if status >= 300:
            raise RuntimeError(f"the sandbox answered {status} to {method} {path}: {answer}")
        return answer

    async def stock(self, orders: list[dict[str, Any]], *, ceiling: bool) -> None:
        """Replace the shop's content."""
        await self.sandbox("POST", "/sandbox/v1/import", shops.document(orders, ceiling=ceiling))

    async def fault(self, operation: str, fault: str, *, bait: bool = False, **options: Any) -> None:
        """Order a fault; the ledger has to show it once per time, or never where it is a bait.

        A provider that refuses goes on refusing until it relents: its no may get lost on a busy machine, and is asked
        for again.
        """
        often = {"times": 1000} if fault == "refuse" else {}
        await self.sandbox("POST", "/sandbox/v1/faults", {"operation": operation, "fault": fault, **options, **often})
        for _ in range(options.get("times", 1)):
            self.world.history.ordered.append(Ordered(self.shop, operation, fault, bait))

    async def relent(self) -> None:
        """Take back every fault that has not struck yet."""
        await self.sandbox("DELETE", "/sandbox/v1/faults")

    async def get(self, path: str, seconds: float = 60) -> dict[str, Any]:
        """A resource as it is now."""
        answer = await self._until_answered("GET", path, None, {}, Ask("get", self.shop, path), seconds)
        return answer or {}

    async def make(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make something that the run itself needs."""
        headers = {**self.headers, "Idempotency-Key": f"make-{next(self._turn)}"}
        status, answer = await self.world.call("POST", self.world.urls[0] + path, body, headers)
        if status >= 300:
            raise RuntimeError(f"POST {path} was answered {status}: {answer}")
        return answer

    async def look(self, path: str) -> tuple[int, dict[str, Any]]:
        """What this store's key is shown there now: status and body."""
        return await self.world.call("GET", self.world.urls[0] + path, headers=self.headers)

    async def sees(self, path: str) -> bool:
        """Whether it is shown what stands there."""
        return (await self.look(path))[0] == 200

    async def call_until_answered(
        self, path: str, body: bytes, headers: dict[str, str], seconds: float = 60
    ) -> tuple[int, dict[str, Any]]:
        """A call of another system with these bytes, again until it has an answer that does not say: later."""
        deadline = time.monotonic() + seconds
        while True:
            url = self.world.urls[next(self._turn) % len(self.world.urls)]
            with suppress(aiohttp.ClientError, TimeoutError, ValueError):
                status, answer = await self.world.post(url + path, body, headers)
                if status < 500 and status != 429:
                    return status, answer
            if time.monotonic() > deadline:
                return 0, {}
            await asyncio.sleep(0.1)

    def broken(self, invariant: str, subject: str, detail: str) -> None:
        """Note a promise that was seen broken."""
        self.world.history.found.append(Violation(invariant, f"{self.shop}/{subject}", detail))

    def asks(self, kind: str, key: str, **more: Any) -> Ask:
        """A request whose answers are kept."""
        ask = Ask(kind, self.shop, key, **more)
        self.world.history.asks.append(ask)
        return ask

    async def refund(
        self,
        order: str,
        amount: int,
        key: str,
        *,
        wait: int = 0,
        shopper: str | None = None,
        target: str = "original",
        **more: Any,
    ) -> Ask:
        """Ask for a refund of one amount."""
        body = {"order": order, "amount": {"amount": amount, "currency": "EUR"}, "reason": "damaged"}
        body |= {} if target == "original" else {"destination": {"type": target}}
        return await self.send(self.asks("refund", key, **more), "POST", "/v1/refunds", body, wait, shopper)

    async def label(self, order: str, key: str, *, wait: int = 0, return_id: str | None = None, **more: Any) -> Ask:
        """Ask for a return label, for the order's line or for a return that stands."""
        lines = [{"line_id": f"{order}-line", "quantity": 1}]
        body = {"return_id": return_id} if return_id else {"order": order, "lines": lines}
        return await self.send(self.asks("label", key, **more), "POST", "/v1/return-labels", body, wait)

    async def void(self, label_id: str, key: str, *, wait: int = 0) -> Ask:
        """Ask for a label to be voided."""
        return await self.send(self.asks("void", key), "DELETE", f"/v1/return-labels/{label_id}", None, wait)

    async def cancel(self, order: str, key: str, *, wait: int = 0, **more: Any) -> Ask:
        """Ask for an order to be canceled."""
        path = f"/v1/orders/{order}/cancel"
        return await self.send(self.asks("cancel", key, **more), "POST", path, {"reason": "changed my mind"}, wait)

    async def resolve(self, operation: str, outcome: str, key: str) -> Ask:
        """A named person says how an operation has ended, whether it is so or not."""
        ask, body = self.asks("resolve", key), {"outcome": outcome, "note": "nothing in the dashboard"}
        headers = {"Idempotency-Key": key, "Aftersale-Actor": "agent:ana"}
        await self._until_answered("POST", f"/v1/operations/{operation}/resolve", body, headers, ask)
        return ask

    async def send(self, ask: Ask, method: str, path: str, body: Any, wait: int, shopper: str | None = None) -> Ask:
        """Send until there is an answer to keep."""
        headers = {"Idempotency-Key": ask.key, "Prefer": f"wait={wait}"}
        if shopper is not None:
            headers["Aftersale-Customer"] = shopper
        view = await self._until_answered(method, path, body, headers, ask)
        if view is not None and "status" in view:
            self._show(ask, view)
        return ask

    async def over(self, ask: Ask, seconds: float = 60, *, pause: float = 0.05, longest: float = 0.4) -> str:
        """Look at what was made until it has settled, after `pause` seconds and then less often; the last status."""
        deadline = time.monotonic() + seconds
        while ask.id is not None and time.monotonic() < deadline:
            view = await self.get(_path(ask), seconds)
            self._show(ask, view)
            if not ask.shown or ask.shown[-1] not in OPEN:
                break
            await asyncio.sleep(pause)
            pause = min(pause * 1.4, longest)
        return ask.shown[-1] if ask.shown else ""

    def _show(self, ask: Ask, view: dict[str, Any]) -> None:
        operation = view if "kind" in view else view.get("operation") or {}
        if ask.kind == "cancel":
            ask.show(operation.get("status", ""))
        elif ask.kind == "change":
            unsettled = operation["status"] if operation.get("status") in OPEN else None
            ask.show(unsettled or view["change"]["status"])  # what was charged may be on its way back
        elif ask.kind in {"return", "exchange"}:
            ask.show(operation.get("status", "succeeded"))  # what the shop has said of it
        elif "status" in view:
            ask.show(view["status"])

    async def _until_answered(
        self, method: str, path: str, body: Any, headers: dict[str, str], ask: Ask, seconds: float = 90
    ) -> dict[str, Any] | None:
        deadline, pause = time.monotonic() + seconds, 0.1
        while time.monotonic() < deadline:
            url = self.world.urls[next(self._turn) % len(self.world.urls)]
            try:
                status, view = await self.world.call(method, url + path, body, {**self.headers, **headers})
            except (aiohttp.ClientError, TimeoutError):
                ask.lost += 1
                await asyncio.sleep(0.05)
                continue
            code = view.get("code") if status >= 400 else None
            if code in AGAIN or status == 429:
                await asyncio.sleep(pause)
                pause = min(1.0, pause * 1.5)  # a server that is away for long is not stormed
                continue
            if status >= 500:
                self.broken("stuck", f"{method} {path}", f"was answered {status} {code}")
                return None
            made = None if code else made_by(ask, view)
            ask.answers.append((status, code, made))
            return None if code else view
        if ask.kind == "get":
            self.broken("stuck", f"GET {path}", f"was not answered in {seconds} s")
        return None


def made_by(ask: Ask, view: dict[str, Any]) -> str | None:
    """The id of what a request has made, as its answer tells it."""
    if ask.kind == "cancel":
        return (view.get("operation") or view)["id"]
    return view["change"]["id"] if ask.kind == "change" else view.get("id")


def _path(ask: Ask) -> str:
    base = {"refund": "refunds", "label": "return-labels", "void": "return-labels", "cancel": "operations"}[ask.kind]
    return f"/v1/{base}/{ask.id}"
