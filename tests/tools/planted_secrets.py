"""Whether a card number or a key is kept anywhere: `python -m tests.tools.planted_secrets [10000 [both [seed]]]`.

Plants so many, in every spelling of `planted_values`, through every door of `planted_doors`, into servers of their own
on SQLite, on a throw-away PostgreSQL, or on both, with a webhook receiver on loopback and the log at its most
talkative. Then every byte is searched for their digits and random parts: database files with their write-ahead logs,
the rows of every table (what is compressed or split over pages shows there), logs, stored files, what the receiver was
sent. A control is planted behind the app's back in each of these places, and must be found. Exit code 0: it was, and
nothing else.
"""

from __future__ import annotations

import base64
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from app.migrate import upgrade
from tests.sandbox.served import Served
from tests.support.app import sandbox, seeded
from tests.support.postgres import cluster, free_port
from tests.support.receiver import Receiver, receiving
from tests.support.servers import Server, start
from tests.tools.planted_doors import Doors
from tests.tools.planted_values import Values, found


@dataclass
class World:
    """A database with its servers, and where bytes of theirs can be."""

    url: str
    servers: list[Server]
    folder: Path
    receiver: Receiver

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The database's own files as they are now."""
        if self.url.startswith("sqlite"):
            for path in sorted(self.folder.glob("aftersale*.db*")):
                yield "wal" if path.name.endswith("-wal") else "database", path.read_bytes()
            return
        for path in sorted((self.folder / "postgres").rglob("*")):
            if path.is_file():
                yield "wal" if path.parent.name == "pg_wal" else "database", path.read_bytes()
        yield "logs", (self.folder / "postgres.log").read_bytes()

    def places(self) -> Iterator[tuple[str, bytes]]:
        """Every byte there is, by the kind of place; the files twice, while they are written and at rest."""
        yield from self.files()
        yield "rows", rows(self.url)
        for server in self.servers:
            server.stop()
            yield "logs", server.log.read_bytes()
        if self.url.startswith("sqlite"):
            yield from self.files()
        for path in sorted((self.folder / "data").rglob("*")):
            if path.is_file():
                yield "files", path.read_bytes()
        for came in list(self.receiver.came):
            yield "webhooks", repr(came.headers).encode() + b"\n" + came.body


def rows(url: str) -> bytes:
    """Every row of every table, ours and the engine's."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        told = [row for name in names for row in connection.execute(f'SELECT * FROM "{name}"')]
        connection.close()
        return "\n".join(" | ".join(_text(value) for value in row) for row in told).encode("utf-8", "surrogateescape")
    with psycopg.connect(url) as connection:
        query = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'dbos')"
        parts = [
            row[0]
            for schema, name in connection.execute(query).fetchall()
            for row in connection.execute(f'SELECT t::text FROM "{schema}"."{name}" AS t').fetchall()  # type: ignore[arg-type]
        ]
    return "\n".join(parts).encode()


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def serving(means: ExitStack, url: str, at: str, folder: Path) -> list[Server]:
    """The servers on this database, ended with `means`."""
    port = free_port()
    environment = {
        "AFTERSALE_HOST": "127.0.0.1", "AFTERSALE_PORT": str(port), "AFTERSALE_DATABASE_URL": url,
        "AFTERSALE_DATA_DIR": str(folder / "data"), "AFTERSALE_SANDBOX_URL": at, "AFTERSALE_LOG_LEVEL": "debug",
        "AFTERSALE_LOOPBACK_ADDRESSES": "true", "AFTERSALE_WEBHOOK_POLL_SECONDS": "0.2", "AFTERSALE_RATE_LIMIT": "",
        "AFTERSALE_SESSION_RATE_LIMIT": "", "AFTERSALE_ENCRYPTION_KEYS": base64.b64encode(bytes(range(32))).decode(),
    }  # fmt: skip
    names = ["serve"] if url.startswith("sqlite") else ["serve", "worker"]
    servers: list[Server] = []
    for name in names:
        where = f"http://127.0.0.1:{port}" if name == "serve" else ""
        servers.append(start(name, log=folder / f"{name}.log", url=where, environment=environment, seconds=90))
        means.callback(servers[-1].stop)
    return servers


def plant(world: World, shop: Served, key: str, values: Values, count: int) -> Counter[int]:
    """Go through the doors until so many are planted; how they were answered."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=world.servers[0].url, headers=headers, timeout=60, trust_env=False) as client:
        doors = Doors(client, values, world.receiver.url)
        doors.begin()
        doors.shop(shop)
        rounds = 0
        while len(values.planted) < count:
            doors.round()
            rounds += 1
            if rounds % 10 == 0:
                print(f"  {len(values.planted)} planted", file=sys.stderr, flush=True)
    return doors.answers


def controls(world: World, values: Values) -> dict[str, str]:
    """Something in each place that is not the app's doing; by its digits where it was put."""
    made = Values(values.rng)
    database, log, file, hook = (made.card(place, "plain") for place in ("database", "logs", "files", "webhooks"))
    statements = ("CREATE TABLE planted_control (said TEXT)", f"INSERT INTO planted_control VALUES ('{database}')")
    if world.url.startswith("sqlite"):
        with sqlite3.connect(world.url.removeprefix("sqlite:///"), timeout=30) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()
    else:
        with psycopg.connect(world.url, autocommit=True) as there:
            for statement in (*statements, "CHECKPOINT"):
                there.execute(statement)  # type: ignore[arg-type]
    with world.servers[0].log.open("a", encoding="utf-8") as out:
        out.write(f"{log}\n")
    (world.folder / "data").mkdir(exist_ok=True)
    (world.folder / "data" / "control.txt").write_text(file, encoding="utf-8")
    httpx.post(world.receiver.url, content=f'{{"said": "{hook}"}}', trust_env=False)
    return {digits: told.partition(":")[0] for digits, told in made.planted.items()}


def judge(world: World, values: Values, known: dict[str, str]) -> int:
    """Print what stands where; how many things are wrong."""
    seen: dict[str, Counter[str]] = {}
    size: Counter[str] = Counter()
    for place, content in world.places():
        size[place] += len(content)
        seen.setdefault(place, Counter()).update(found(content, {**values.planted, **known}))
    wrong = 0
    for place in sorted(seen):
        left = {value: count for value, count in seen[place].items() if value not in known}
        wrong += len(left)
        print(f"  {place:9} {size[place]:12,} bytes, {len(left)} found")
        for told, count in Counter(values.planted[value] for value in left).most_common(20):
            print(f"    {count} x {told}")
    for value, place in known.items():
        if value not in seen.get(place, {}):
            print(f"  the control in {place} was not found")
            wrong += 1
    return wrong


def search(kind: str, count: int, seed: int) -> int:
    """Plant and search on one kind of database; how many things are wrong."""
    values = Values(random.Random(seed))
    with ExitStack() as means:
        folder = Path(means.enter_context(tempfile.TemporaryDirectory(prefix="planted-")))
        at = means.enter_context(sandbox(folder / "sandbox.db"))
        receiver = means.enter_context(receiving())
        url = f"sqlite:///{folder / 'aftersale.db'}"
        if kind != "sqlite":
            url = means.enter_context(cluster(folder))[1].url
        upgrade(url)
        world = World(url, serving(means, url, at, folder), folder, receiver)
        began = time.monotonic()
        answers = plant(world, *seeded(url, at), values, count)
        time.sleep(5)  # webhooks and deliveries that are on their way
        known = controls(world, values)
        told = ", ".join(f"{status}: {number}" for status, number in sorted(answers.items()))
        print(f"{kind}: {len(values.planted)} planted in {time.monotonic() - began:.0f} s (answers {told})", flush=True)
        print(f"  {len(receiver.came)} webhooks came", flush=True)
        return judge(world, values, known)


def main() -> int:
    """Both kinds, or the one that is named; 1 where anything was found that should not be, or a control was not."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    kind = sys.argv[2] if len(sys.argv) > 2 else "both"
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(10**6)
    kinds = ("sqlite", "postgresql") if kind == "both" else (kind,)
    wrong = sum(search(one, count, seed) for one in kinds)
    print(f"planted_secrets: {count} on {' and '.join(kinds)}, seed {seed}, wrong: {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
