"""The app on loopback, in this process: started once, with fresh stores on sandbox shops of their own for each test.

```python
with sandbox(folder) as url, running(database_url, url) as app:
    store, other = app.store(), app.store()                # two tenants, each on a demo shop of its own
    answer = store.post("/v1/refunds", {"order": "#1001", …})   # its key, an Idempotency-Key, the answer checked
    store.sandbox.fault("refund", "slow", delay_ms=500)    # see tests/sandbox/served.py
```

The engine is one per process, so that one app runs at a time: on SQLite in the server, on PostgreSQL as a worker
beside it on the same loop. Every answer that a store's client gets is held against the OpenAPI document.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg
import structlog
import uvicorn
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app import main
from app.edge import Edge
from app.migrate import sync_url
from app.models.stores import SCOPES, ApiKey, Store
from app.services import stores
from app.services.callers import Caller
from app.services.policy.plain import Policy
from app.services.runtime import Runtime
from app.settings import Settings
from tests.sandbox.served import Served, run_sandbox
from tests.support.promised import Promised

T = TypeVar("T")
DEMO: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "app" / "sandbox" / "demo.json").read_text(encoding="utf-8")
)
CAPS = {"refund": 20_000, "order": 30_000, "customer": 50_000, "day": 500_000}
POLICY = {"return_window_days": 30, "caps": {"EUR": CAPS, "USD": CAPS}}
ADDRESS = {
    "name": "Test Returns",
    "address1": "Lagerstrasse 12",
    "city": "Berlin",
    "postal_code": "10115",
    "country_code": "DE",
}
QUICK: dict[str, Any] = {
    "call_seconds": 2.0,
    "retry_seconds": (0.2, 0.2, 0.4, 0.4, 0.8, 0.8),
    "workers_poll_seconds": 0.1,
    "webhook_poll_seconds": 0,
    "parcel_watch_seconds": 0,  # demo orders are late: what is raised about them is raised where a test looks for it
    "nightly_seconds": 0,  # clocks are moved over nights: what differs is stored where a test looks for it
    "shutdown_seconds": 2,  # what runs may end: a call that is cut off leaves a connection to the collector
    "rate_limit": "1000000/minute",
    "session_rate_limit": "1000000/minute",
    "encryption_keys": base64.b64encode(bytes(range(32))).decode(),
}
"""What a test waits for is short; everything else is as it is served."""
sandbox = run_sandbox
structlog.configure(  # short lines for whoever reads why a test failed; without this a traceback takes seconds
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(),
    ],
    wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),  # a line for each request: 4 % of the run
)
_numbers = itertools.count(1)


STILL_RUNNING = """
    SELECT pid, state, xact_start, query FROM pg_stat_activity
    WHERE datname = current_database() AND mod(%s::bigint - backend_xid::text::bigint, 4294967296) BETWEEN 1 AND 2^31
"""
"""Who began before the given transaction and has not ended."""


@dataclass
class Tenant:
    """A store with its keys, its sandbox shop and a client that speaks with its test key."""

    app: App
    id: str
    sandbox: Served
    key: str
    live_key: str
    client: httpx.Client = field(repr=False)

    def headers(self, **more: str) -> dict[str, str]:
        """The test key, and more headers by their names with underscores."""
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.key}", **named}

    def get(self, path: str, **more: str) -> httpx.Response:
        """Read, by the test key."""
        answer = self.client.get(path, headers=more and self.headers(**more))
        if path.startswith("/v1/events") and not self.app.settings.embedded:
            # A transaction of another test's database that ends while the log is read hides its end for that one time.
            self.app.let_others_end()
            reads = [self.client.get(path, headers=more and self.headers(**more)) for _ in range(2)]
            answer = max(reads, key=lambda read: len(read.json().get("data", ())))
        return answer

    def post(self, path: str, body: Any = None, *, key: str | None = "", **more: str) -> httpx.Response:
        """Write with a fresh idempotency key, with this `key`, or (None) without."""
        return self.send("POST", path, body, key=key, **more)

    def send(self, method: str, path: str, body: Any = None, *, key: str | None = "", **more: str) -> httpx.Response:
        """Any method, as `post`."""
        if key is not None:
            more["Idempotency_Key"] = key or f"k-{uuid.uuid4().hex}"
        sent: dict[str, Any] = {} if body is None else {"json": body}
        return self.client.request(method, path, headers=self.headers(**more), **sent)

    def rest(self, seconds: float = 20) -> None:
        """Return once no effect of this store's is open any more, mails included."""
        give_up = time.monotonic() + seconds
        while any(row["settled_at"] is None for row in self.get("/v1/operations?limit=200").json()["data"]):
            assert time.monotonic() < give_up, "an operation stays open"
            time.sleep(0.05)

    def issue(self, *, live: bool = False, scopes: tuple[str, ...] = SCOPES) -> tuple[str, str]:
        """Another key of this store: its id and the key itself."""

        def work(session: Any) -> tuple[str, str]:
            key, secret = stores.issue_key(
                session, session.get_one(Store, self.id), name="test", livemode=live, scopes=scopes
            )
            return key.id, secret

        return self.app.write(work)

    def merchant(self, **fields: Any) -> Caller:
        """The store itself as a caller, for actions that are run without a request."""
        store = self.app.read(lambda session: session.get_one(Store, self.id))
        return Caller(store, False, "key_1", frozenset({"*"}), "req_1", **fields)

    def change_key(self, key_id: str, **fields: Any) -> None:
        """Give a key other fields (`revoked_at`, `expires_at`)."""

        def work(session: Any) -> None:
            row = session.get_one(ApiKey, key_id)
            for name, value in fields.items():
                setattr(row, name, value)

        self.app.write(work)


class App:
    """The running app."""

    def __init__(self, settings: Settings, edge: Edge, loop: asyncio.AbstractEventLoop, url: str) -> None:
        self.settings, self.edge, self.url = settings, edge, url
        self.inner: Any = edge._app
        self.promised = promised(edge)
        self._loop = loop
        self._clients: list[httpx.Client] = []

    @property
    def runtime(self) -> Runtime:
        """The server's means."""
        return self.inner.state.runtime

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def write(self, work: Callable[..., T], *args: Any) -> T:
        """One transaction of the server's own database."""
        return self.wait(self.runtime.db.write(work, *args))

    def read(self, work: Callable[..., T], *args: Any) -> T:
        """One snapshot of the server's own database."""
        return self.wait(self.runtime.db.read(work, *args))

    def let_others_end(self, seconds: float = 20.0) -> None:
        """PostgreSQL: a log is read below the database's oldest transaction; wait for those that run, or tell who."""
        if self.settings.embedded:
            return
        give_up = time.monotonic() + seconds
        with psycopg.connect(self.settings.database, autocommit=True) as connection:
            first = connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").fetchone()
            while held := connection.execute(STILL_RUNNING, first).fetchall():
                assert time.monotonic() < give_up, f"transactions of this database do not end: {held}"
                time.sleep(0.02)

    def client(self, key: str = "", url: str = "", *, checked: bool = True) -> httpx.Client:
        """A client with this key; unless told otherwise every answer is held against the document."""
        made = httpx.Client(
            base_url=url or self.url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            event_hooks={"response": [self.promised.hold] if checked else []},
            timeout=40,
            verify=False,  # loopback: to load the authorities for each client costs more than most requests
            trust_env=False,
        )
        self._clients.append(made)
        return made

    def store(
        self, document: dict[str, Any] | None = None, *, policy: dict[str, Any] | None = None, shop: str | None = None
    ) -> Tenant:
        """A new store on a new sandbox shop with the demo's content, or `document`'s; `shop` takes one that stands."""
        name = shop or f"shop-{next(_numbers)}"
        served = Served(self.settings.sandbox_url, name)
        if shop is None:
            served.post("/sandbox/v1/import", DEMO if document is None else document)

        def work(session: Any) -> tuple[str, str, str]:
            store = stores.create(
                session,
                name,
                policy=Policy.model_validate(POLICY if policy is None else policy),
                sandbox_shop=name,
                return_address=ADDRESS,
                country_code="DE",
            )
            keys = [stores.issue_key(session, store, name="all", livemode=live)[1] for live in (False, True)]
            return store.id, *keys

        store_id, key, live_key = self.write(work)
        return Tenant(self, store_id, served, key, live_key, self.client(key))

    @contextlib.contextmanager
    def other_edge(self, **settings: Any) -> Iterator[str]:
        """The address of the same app behind an edge with other settings."""
        with self.behind(Edge(self.inner, self.settings.model_copy(update=settings))) as url:
            yield url

    @contextlib.contextmanager
    def behind(self, front: Any) -> Iterator[str]:
        """The address of this ASGI app, served beside the app itself."""
        server = _server(front, lifespan="off")
        task = asyncio.run_coroutine_threadsafe(server.serve(), self._loop)
        _until(lambda: server.started or task.done())
        try:
            yield _address(server)
        finally:
            server.should_exit = True
            task.result(20)

    def close(self) -> None:
        """Close the clients."""
        for client in self._clients:
            client.close()


def seeded(database_url: str, sandbox_url: str) -> tuple[Served, str]:
    """A store made beside a server that runs as a process of its own: its new demo shop, and its test key."""
    served = Served(sandbox_url, f"shop-{next(_numbers)}")
    served.post("/sandbox/v1/import", DEMO)
    engine = create_engine(sync_url(database_url))
    with Session(engine) as session, session.begin():
        store = stores.create(
            session, served.shop, policy=Policy.model_validate(POLICY), sandbox_shop=served.shop, return_address=ADDRESS
        )
        key = stores.issue_key(session, store, name="all", livemode=False)[1]
    engine.dispose()
    return served, key


_promised: list[Promised] = []


def promised(edge: Edge) -> Promised:
    """What the document promises: made for the first app of this process, the same for every other."""
    if not _promised:
        _promised.append(Promised(edge.openapi()))
    return _promised[0]


@contextlib.contextmanager
def running(database_url: str, sandbox_url: str, **settings: Any) -> Iterator[App]:
    """The app on this migrated database and this sandbox, with the engine that its database wants."""
    nowhere = {"data_dir": Path("/nonexistent")}
    found = Settings(database_url=database_url, sandbox_url=sandbox_url, **{**nowhere, **QUICK, **settings})
    edge = main.create_app(found)
    assert isinstance(edge, Edge)
    server = _server(edge)
    loops: list[asyncio.AbstractEventLoop] = []
    failures: list[BaseException] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with contextlib.AsyncExitStack() as means:
            if not found.embedded:
                await means.enter_async_context(main.running(found, None, work=True))
            await server.serve()

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
                runner.run(serve())
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, name="app", daemon=True)
    thread.start()
    _until(lambda: server.started or not thread.is_alive())
    if not server.started:
        raise AssertionError("the app did not start") from (failures[0] if failures else None)
    app = App(found, edge, loops[0], _address(server))
    try:
        yield app
    finally:
        app.close()
        server.should_exit = True
        thread.join(30)
    if failures:
        raise failures[0]


def _server(app: Any, lifespan: Any = "on") -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            lifespan=lifespan,
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=65536,
            ws="none",
        )
    )


def _until(done: Callable[[], bool], seconds: float = 30) -> None:
    waiting = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if done():
            return
        waiting.wait(0.01)


def _address(server: uvicorn.Server) -> str:
    return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
