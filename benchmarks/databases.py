"""The databases under test, their filling, and what pgbench alone gets out of PostgreSQL with the same statements."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from app.migrate import sync_url, upgrade
from app.models.stores import Store
from app.routers import pages
from app.routers.tickets import PLAIN_LIST
from app.services import search_words, stores
from app.services.callers import Caller
from app.services.policy.plain import Policy
from benchmarks.load import CONNECTIONS
from benchmarks.statements import CREATE, GET, LIST, STORE, SUBJECT, TEXT, for_pgbench
from tests.support.postgres import programs

OLD = 1_000
"""Tickets that are there before anything is measured."""
COMMON = "lamp"
"""Stands in the subject of every ticket."""
_callers: dict[str, Caller] = {}
_SERIES = {
    "postgresql": "SELECT n FROM generate_series({first}, {last}) AS s(n)",
    "sqlite": "WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT n FROM s",
}
_NOW = {"postgresql": "now()", "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')"}
_PAD = {"postgresql": "lpad(n::text, 26, '0')", "sqlite": "printf('%026d', n)"}


def numbered(number: int) -> str:
    """The id of a ticket that `fill` has made."""
    return f"tkt_{number:026d}"


def prepared(url: str, shop: str = "bench", store_id: str | None = None) -> tuple[str, str]:
    """Migrate the database, make a store on this shop of the sandbox, and give its id and its key."""
    upgrade(url)
    engine = create_engine(sync_url(url))
    with Session(engine) as session, session.begin():
        store = stores.create(session, "Bench", policy=Policy.model_validate({}), sandbox_shop=shop)
        key = stores.issue_key(session, store, name="bench", livemode=False)[1] if store_id is None else ""
        made = store.id
    if store_id is not None:
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM audit_log"))
            connection.execute(text("UPDATE stores SET id = :new"), {"new": store_id})
    engine.dispose()
    return store_id or made, key


@contextmanager
def unhurried(url: str) -> Iterator[None]:
    """PostgreSQL: whoever fills need not wait for the disk after each batch; what is measured later does."""
    if url.startswith("sqlite"):
        yield
        return
    engine = create_engine(sync_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        name = connection.scalar(text("SELECT current_database()"))
        connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
        yield
        connection.execute(text(f'ALTER DATABASE "{name}" RESET synchronous_commit'))
        connection.execute(text("CHECKPOINT"))
    engine.dispose()


def cursor(url: str, number: int) -> str:
    """The cursor of the plain list behind the ticket of that number, as the route would have given it."""
    caller = _callers.get(url)
    if caller is None:
        engine = create_engine(sync_url(url))
        with Session(engine, expire_on_commit=False) as session:
            store = session.scalars(select(Store)).one()
            caller = _callers[url] = Caller(store, False, "key", frozenset(), "req")
        engine.dispose()
    return pages.seal(caller, "tickets", PLAIN_LIST, numbered(number))


def fill(url: str, store_id: str, first: int, last: int, *, word: bool = False) -> None:
    """Tickets number `first` to `last`, each with a message and two events, as the routes leave them.

    `word`: they are found by the common word of their subject, too.
    """
    engine = create_engine(sync_url(url))
    kind = engine.dialect.name
    series, now, pad = _SERIES[kind].format(first=first, last=last), _NOW[kind], _PAD[kind]
    false = "false" if kind == "postgresql" else "0"
    owned = f"'{store_id}', {false}, {now}"
    rows = {
        "tickets (id, store_id, livemode, created_at, updated_at, last_message_at, subject, status, priority, channel,"
        " contact, proof, tags, version, event_sequence)": f"'tkt_' || {pad}, {owned}, {now}, {now}, '{SUBJECT}',"
        " 'open', 'normal', 'chat', '{}', 0, '[]', 1, 2",
        "messages (id, ticket_id, store_id, livemode, created_at, direction, channel, author, text, buttons, cards,"
        " details, occurred_at)": f"'msg_' || {pad}, 'tkt_' || {pad}, {owned}, 'inbound', 'chat',"
        f" '{{\"type\": \"merchant\"}}', '{TEXT}', '[]', '[]', '{{}}', {now}",
    }
    for at, what in ((1, "ticket.created"), (2, "message.received")):
        rows[
            "events (id, store_id, livemode, created_at, type, resource_type, resource_id, sequence, position, object)"
            + " " * at
        ] = (
            f"'evt_{at}' || substr({pad}, 2), {owned}, '{what}', '{what.partition('.')[0]}', 'tkt_' || {pad}, {at},"
            f' n * 2 + {at}, \'{{"id": "x"}}\''
        )
    if word:
        common = search_words.key(store_id, COMMON, livemode=False)
        rows["ticket_words (word, ticket_id, weight)"] = f"{common}, 'tkt_' || {pad}, 3"
    with engine.begin() as connection:
        if kind == "sqlite":
            connection.execute(text("PRAGMA cache_size = -200000"))
        for table, values in rows.items():
            insert = f"INSERT INTO {table} SELECT {values} FROM ({series}) AS numbers"
            connection.execute(text(insert.replace(":", "\\:")))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()


def pgbench(url: str, seconds: int, folder: Path) -> dict[str, float]:
    """Transactions per second of each of the yardstick's statements, prepared, by as many clients."""
    program = _pgbench()
    new = "'{}_9' || lpad((:client_id * 100000000::bigint + :n)::text, 25, '0')"
    ids = {number: new.format(prefix) for number, prefix in ((1, "tkt"), (3, "msg"), (4, "evt"), (5, "evu"))}
    merchant, shown = '\'{"type": "merchant"}\'', '\'{"id": "x"}\''
    texts = {2: f"'{STORE}'", 6: f"'{SUBJECT}'", 7: f"'{TEXT}'", 8: "'{}'", 9: merchant, 10: shown}
    old = "'tkt_' || lpad(:n::text, 26, '0')"
    one_of_all, one_of_old = "\\set n random(1, 99999999)\n", f"\\set n random(60, {OLD})\n"
    scripts = {
        "create": one_of_all + for_pgbench(CREATE, {**ids, **texts}),
        "get": one_of_old + for_pgbench(GET, {1: old, 2: texts[2]}),
        "list": one_of_old + for_pgbench(LIST, {1: texts[2], 2: old}),
    }
    return {name: _rate(program, url, script, seconds, folder / f"{name}.sql") for name, script in scripts.items()}


def _pgbench() -> Path:
    """Beside the server's programs, whose commands may stand elsewhere as links or wrappers."""
    folders = [programs(), *Path("/usr/lib/postgresql").glob("*/bin")]
    found = [folder.resolve() / "pgbench" for folder in folders if folder and (folder / "pgbench").exists()]
    if not found:
        raise RuntimeError("no pgbench here: apt install postgresql-contrib, or what brings it on this system")
    return found[-1]


def _rate(program: Path, url: str, script: str, seconds: int, file: Path) -> float:
    file.write_text(script, encoding="utf-8")
    options = ["-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2", "-T", str(seconds), "-f", str(file)]
    done = subprocess.run([program, *options, url], check=False, capture_output=True, text=True)
    told = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or told is None:
        raise RuntimeError(f"pgbench failed:\n{done.stdout}{done.stderr}")
    return float(told[1])
