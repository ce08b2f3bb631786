"""A sandbox and a server as processes of their own, lanes with a copy of the shop each, and a new store per case."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.migrate import sync_url, upgrade
from app.services import stores
from tests.replay.comparison import Shop
from tests.support import servers
from tests.support.postgres import free_port
from tests.tools import retail

Json = dict[str, Any]
ADDRESS = {
    "name": "Returns",
    "address1": "410 Alder Street",
    "city": "Portland",
    "province": "OR",
    "postal_code": "97205",
    "country_code": "US",
}
QUICK = {
    "AFTERSALE_WORKERS_POLL_SECONDS": "0.1",
    "AFTERSALE_RATE_LIMIT": "",
    "AFTERSALE_LOG_LEVEL": "warning",
    "AFTERSALE_SHUTDOWN_SECONDS": "1",
}
STRUCK = {"AFTERSALE_CALL_SECONDS": "2", "AFTERSALE_RETRY_SECONDS": "0.1,0.2,0.4,0.8,1,1,1,1,1,1"}
"""Where answers are lost on order, nobody waits ten seconds for one."""
_MEMORY = Path("/dev/shm")
_ROOM = 2**30


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the sandbox, ordered on every `every`-th effect."""

    names: tuple[str, ...]
    every: int


class Lane:
    """One of the sandbox's shops, on which one case after the other runs."""

    def __init__(self, name: str, sandbox: httpx.AsyncClient) -> None:
        self.name, self._sandbox = name, sandbox
        self._headers = {"X-Sandbox-Shop": name}

    async def fill(self, document: bytes) -> None:
        """Import the shop."""
        await self._call("POST", "/sandbox/v1/import", content=document)

    async def fresh(self, fault: Fault | None, turn: int) -> None:
        """The shop as it was imported; the faults' count goes on where case number `turn` finds it."""
        await self._call("POST", "/sandbox/v1/reset")
        for name in fault.names if fault else ():
            body = {"operation": "effects", "fault": name, "every": fault.every if fault else 1, "seed": turn}
            await self._call("POST", "/sandbox/v1/faults", json=body)

    async def struck(self) -> int:
        """How many effects the ordered faults have struck since the shop was fresh."""
        listed = await self._call("GET", "/sandbox/v1/faults")
        return sum(row["struck"] for row in listed["data"])

    async def export(self) -> Shop:
        """The shop as it is now."""
        return Shop(await self._call("GET", "/sandbox/v1/export"))

    async def _call(self, method: str, path: str, **sent: Any) -> Json:
        answer = await self._sandbox.request(method, path, headers=self._headers, **sent)
        if answer.status_code >= 400:
            raise RuntimeError(f"the sandbox answers {answer.status_code} to {method} {path}: {answer.text[:500]}")
        return orjson.loads(answer.content)


@dataclass(frozen=True, slots=True)
class World:
    """What a replay runs on."""

    server: httpx.AsyncClient
    lanes: Sequence[Lane]
    keys: Sequence[str]
    """A test key of a new store per case; the store of case `n` is on lane `n % len(lanes)`."""
    before: Shop
    """The shop as it was imported, the same in every lane."""


@contextlib.asynccontextmanager
async def world(
    shop: Json, cases: int, *, lanes: int, database_url: str = "", struck: bool = False
) -> AsyncGenerator[World]:
    """Start it all and end it all. Without `database_url` the server keeps a SQLite file that goes with it."""
    with _folder() as folder, contextlib.ExitStack() as processes:
        url = database_url or f"sqlite:///{folder / 'aftersale.db'}"
        sandbox = _start(processes, folder, "sandbox", url, {})
        names = [f"replay-{number}" for number in range(1, lanes + 1)]
        upgrade(url)
        keys = _stores(url, [names[place % lanes] for place in range(cases)])
        settings = {"AFTERSALE_SANDBOX_URL": sandbox, **QUICK, **(STRUCK if struck else {})}
        if database_url:
            _start(processes, folder, "worker", url, settings)
        server = _start(processes, folder, "serve", url, settings)
        async with _client(sandbox) as shops, _client(server) as api:
            made = [Lane(name, shops) for name in names]
            before = await _filled(made, shop)
            yield World(api, made, keys, before)


async def _filled(lanes: Sequence[Lane], shop: Json) -> Shop:
    """The same shop in every lane, its times fixed, so that a reset brings back exactly what stood there."""
    await lanes[0].fill(json.dumps(retail.convert(shop)).encode())
    before = await lanes[0].export()
    document = json.dumps(before.export).encode()
    await asyncio.gather(*(lane.fill(document) for lane in lanes))
    return before


def _stores(url: str, shops: Sequence[str]) -> list[str]:
    """A store on each of these sandbox shops; their keys."""
    engine = create_engine(sync_url(url))
    keys: list[str] = []
    try:
        with Session(engine) as session, session.begin():
            for shop in shops:
                store = stores.create(session, "Retail", sandbox_shop=shop, return_address=ADDRESS, country_code="US")
                keys.append(stores.issue_key(session, store, name="replay", livemode=False)[1])
    finally:
        engine.dispose()
    return keys


def _start(processes: contextlib.ExitStack, folder: Path, what: str, url: str, settings: dict[str, str]) -> str:
    port = free_port()
    prefix = "AFTERSALE_SANDBOX" if what == "sandbox" else "AFTERSALE"
    address = "" if what == "worker" else f"http://127.0.0.1:{port}"
    server = servers.start(
        *(("sandbox", "serve") if what == "sandbox" else (what,)),
        log=folder / f"{what}.log",
        url=address,
        ready="/healthz" if what == "sandbox" else "/readyz",
        environment={
            f"{prefix}_HOST": "127.0.0.1",
            f"{prefix}_PORT": str(port),
            "AFTERSALE_DATA_DIR": str(folder),
            "AFTERSALE_DATABASE_URL": url,
            **settings,
        },
        seconds=120,
    )
    processes.callback(_end, server)
    return address


def _end(server: servers.Server) -> None:
    server.stop()
    said = server.said().strip()
    if said:
        print(f"{server.log.stem} said:\n{said[-2000:]}")


def _client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=60, trust_env=False)


@contextlib.contextmanager
def _folder() -> Generator[Path]:
    """A folder for the run, in memory where there is room: every commit waits for the disk."""
    roomy = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM
    with tempfile.TemporaryDirectory(prefix="aftersale-replay-", dir=_MEMORY if roomy else None) as name:
        yield Path(name)
