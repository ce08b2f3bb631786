"""The doctor: silent where all is well, one line for each thing that is not, and an exit code to rely on."""

from __future__ import annotations

import base64
import socket
import socketserver
import sqlite3
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app import clock, ids
from app.commands import surroundings
from app.migrate import sync_url
from app.models.operations import Operation
from app.models.records import AuditRow
from app.models.stores import Store
from app.settings import Settings
from tests.sandbox.served import run_sandbox
from tests.support import servers
from tests.test_commands import Line


@pytest.fixture
def line(database_url: str, tmp_path: Path) -> Line:
    return Line(tmp_path, AFTERSALE_DATABASE_URL=database_url)


@pytest.fixture
def bare(tmp_path: Path) -> Line:
    return Line(tmp_path)


def said(line: Line, *, code: int = 0, **settings: str) -> str:
    done = line.run("doctor", **settings)
    assert done.exit_code == code, done.output
    return done.stdout


def operation(store: Store, **fields: Any) -> Operation:
    made = {
        "id": ids.new("opr"),
        "store_id": store.id,
        "livemode": False,
        "kind": "refund",
        "provider": "sandbox",
        "provider_key": ids.new("opr"),
        "subject_type": "refund",
        "subject_id": "rfd_1",
        "command": {},
        "status": "pending",
        "created_at": clock.now(),
    }
    return Operation(**{**made, **fields})


@pytest.fixture
def put(line: Line) -> Iterator[Callable[..., None]]:
    """A function that puts rows into the database."""
    engine = create_engine(sync_url(line.settings["AFTERSALE_DATABASE_URL"]))

    def rows(*makers: Callable[[Store], Any]) -> None:
        with Session(engine) as session, session.begin():
            store = Store(id=ids.new("sto"), name="Shop")
            session.add(store)
            session.flush()
            session.add_all([make(store) for make in makers])

    yield rows
    engine.dispose()


# ---- as a whole -------------------------------------------------------------------------------------------------


def test_the_doctor_finds_nothing_where_all_is_well(line: Line, tmp_path: Path) -> None:
    line.gives("stores", "create", "Shop")
    keys = base64.b64encode(bytes(range(32))).decode()
    with run_sandbox(tmp_path / "sandbox.db") as url:
        found = said(line, AFTERSALE_SANDBOX_URL=url, AFTERSALE_ENCRYPTION_KEYS=keys)
    rows = [row.partition(":")[0] for row in found.splitlines()]
    assert {row.split()[0] for row in rows} == {"ok"}, found
    names = {row.split(maxsplit=1)[1] for row in rows}
    everywhere = {
        *("settings", "migrations", "engine", "audit trail", "dead letters", "operations", "files", "sandbox", "clock")
    }
    here = (
        {"connection"}
        if line.settings["AFTERSALE_DATABASE_URL"].startswith("postgresql")
        else {"data directory", "disk"}
    )
    assert names == everywhere | here
    assert "://aftersale:" not in found


def test_the_doctor_names_each_thing_that_is_wrong(bare: Line, free_port: Callable[[], int]) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    found = said(bare, code=1, AFTERSALE_SANDBOX_URL=nobody)
    assert "BAD migrations: run aftersale migrate" in found
    assert f"BAD sandbox: {nobody} does not answer" in found
    away = f"postgresql://aftersale:word-9f2@127.0.0.1:{free_port()}/aftersale"
    found = said(bare, code=1, AFTERSALE_DATABASE_URL=away)
    assert "BAD database" in found
    assert "word-9f2" not in found
    assert "BAD settings: AFTERSALE_PORT" in said(bare, code=1, AFTERSALE_PORT="eight")


# ---- what is stuck ----------------------------------------------------------------------------------------------


def test_dead_letters_make_it_end_with_one(line: Line, put: Callable[..., None]) -> None:
    put(lambda store: operation(store, status="unknown", dead_at=clock.now()))
    assert "BAD dead letters: 1 wait for a named person" in said(line, code=1)


@pytest.mark.parametrize(
    ("late", "word"),
    [(30, "ok  operations: 1 have not ended"), (300, "HM  operations: 1 are due, the oldest 5.0 min late")],
)
def test_what_is_late_is_told_before_it_is_wrong(
    line: Line, put: Callable[..., None], sandbox_url: str, late: int, word: str
) -> None:
    put(lambda store: operation(store, next_try_at=clock.now() - timedelta(seconds=late)))
    assert word in said(line, AFTERSALE_SANDBOX_URL=sandbox_url)


def test_what_is_stuck_makes_it_end_with_one(line: Line, put: Callable[..., None], sandbox_url: str) -> None:
    put(lambda store: operation(store, next_try_at=clock.now() - timedelta(hours=2)))
    found = said(line, code=1, AFTERSALE_SANDBOX_URL=sandbox_url)
    assert "BAD operations: 1 are due, the oldest 2.0 h late: no server or worker works on them" in found


def test_what_a_worker_holds_is_not_stuck(line: Line, put: Callable[..., None], sandbox_url: str) -> None:
    then, soon = clock.now() - timedelta(hours=2), clock.now() + timedelta(seconds=20)
    put(lambda store: operation(store, next_try_at=then, leased_by="w", leased_until=soon))
    assert "ok  operations: 1 have not ended, none is stuck" in said(line, AFTERSALE_SANDBOX_URL=sandbox_url)


def test_an_outcome_that_stays_unknown_is_told(line: Line, put: Callable[..., None], sandbox_url: str) -> None:
    long_ago, later = clock.now() - timedelta(days=2, hours=12), clock.now() + timedelta(hours=1)
    put(lambda store: operation(store, status="unknown", created_at=long_ago, next_try_at=later))
    found = said(line, AFTERSALE_SANDBOX_URL=sandbox_url)
    assert "HM  operations: an outcome is unknown for 2.5 d" in found


def test_an_audit_trail_that_nobody_seals_is_told(line: Line, put: Callable[..., None], sandbox_url: str) -> None:
    def row(store: Store) -> AuditRow:
        return AuditRow(
            id=ids.new("aud"), store_id=store.id, action="x", subject_type="x", subject_id="x", actor={}, evidence={}
        )

    put(*[row] * 1001)
    assert "HM  audit trail: 1001 rows are not sealed yet" in said(line, AFTERSALE_SANDBOX_URL=sandbox_url)


def test_the_doctor_sees_an_audit_row_that_was_changed(
    run_server: Callable[..., servers.Server], sqlite_url: str, tmp_path: Path
) -> None:
    line = Line(tmp_path, AFTERSALE_DATABASE_URL=sqlite_url)
    for name in ("one", "two"):
        line.gives("stores", "create", name)
    server = run_server("serve", database_url=sqlite_url)
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), timeout=10)
    for _ in range(200):
        if connection.execute("SELECT count(*) FROM audit_log WHERE hash IS NULL").fetchone() == (0,):
            break
        with suppress(httpx.HTTPError):
            httpx.get(f"{server.url}/readyz", trust_env=False)
    server.stop()
    assert "ok  audit trail: 2 rows sealed" in line.run("doctor").stdout
    with connection:
        connection.execute('UPDATE audit_log SET evidence = \'{"name": "three"}\' WHERE number = 1')
    connection.close()
    assert "BAD audit trail: row 1 does not fit the chain" in line.refuses("doctor")


class Pooler(socketserver.BaseRequestHandler):
    """As a transaction pooler does it: each transaction of a client's on the connection longest idle."""

    url = ""
    idle: ClassVar[list[socket.socket]] = []

    def handle(self) -> None:
        size, code = struct.unpack("!ii", self.read(self.request, 8))
        while code in {80877103, 80877104}:  # wants TLS, wants GSS
            self.request.sendall(b"N")
            size, code = struct.unpack("!ii", self.read(self.request, 8))
        hello = struct.pack("!ii", size, code) + self.read(self.request, size - 8)
        where = urlsplit(self.url)
        fresh = socket.create_connection((where.hostname or "", where.port or 0))
        fresh.sendall(hello)
        self.answer(fresh)
        self.idle.append(fresh)
        with suppress(OSError, struct.error):
            while True:
                self.transaction()

    def transaction(self) -> None:
        asked = self.message(self.request)
        if asked[:1] == b"X":
            raise OSError("the client leaves")
        server, state = self.idle.pop(0), b""
        while state != b"I":
            server.sendall(asked)
            state = self.answer(server) if asked[:1] in {b"Q", b"S"} else b""
            asked = b"" if state == b"I" else self.message(self.request)
        self.idle.append(server)

    def answer(self, server: socket.socket) -> bytes:
        """Pass on what the server says until it is ready; the state of its transaction."""
        while True:
            said = self.message(server)
            self.request.sendall(said)
            if said[:1] == b"Z":
                return said[-1:]

    def message(self, of: socket.socket) -> bytes:
        head = self.read(of, 5)
        return head + self.read(of, struct.unpack("!i", head[1:])[0] - 4)

    def read(self, of: socket.socket, size: int) -> bytes:
        got = b""
        while len(got) < size:
            more = of.recv(size - len(got))
            if not more:
                raise OSError("gone")
            got += more
        return got


def test_the_doctor_tells_a_transaction_pooler_from_a_direct_connection(
    postgres_url: Callable[..., str], tmp_path: Path
) -> None:
    url = postgres_url()
    assert "ok  connection: direct" in Line(tmp_path, AFTERSALE_DATABASE_URL=url).run("doctor").stdout
    Pooler.url = url
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Pooler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        where = urlsplit(url)
        pooled = url.replace(f":{where.port}/", f":{server.server_address[1]}/")
        said = Line(tmp_path, AFTERSALE_DATABASE_URL=pooled).refuses("doctor")
        server.shutdown()
    assert "BAD connection: a transaction pooler stands before the database" in said


# ---- database and engine ----------------------------------------------------------------------------------------


def test_an_engine_without_its_tables_is_named(line: Line, sandbox_url: str) -> None:
    url = line.settings["AFTERSALE_DATABASE_URL"]
    engine = create_engine(sync_url(url))
    with engine.begin() as connection:
        connection.execute(
            text("DROP TABLE dbos_migrations" if url.startswith("sqlite") else "DROP SCHEMA dbos CASCADE")
        )
    engine.dispose()
    found = said(line, code=1, AFTERSALE_SANDBOX_URL=sandbox_url)
    assert "BAD engine: its tables are at version 0 of" in found


def test_the_doctor_says_whether_a_server_runs_on_the_file(
    run_server: Callable[..., servers.Server], sqlite_url: str, sandbox_url: str, tmp_path: Path
) -> None:
    line = Line(tmp_path, AFTERSALE_DATABASE_URL=sqlite_url, AFTERSALE_SANDBOX_URL=sandbox_url)
    assert "ok  engine: its tables are there; no server is running" in said(line)
    server = run_server("serve", database_url=sqlite_url)
    assert "ok  engine: a server is running on this file" in said(line)
    server.stop()


@pytest.mark.parametrize(("pool", "levels"), [(100, ["bad"]), (60, ["warn"]), (8, [])])
def test_a_pool_that_the_database_has_no_room_for_is_named(pool: int, levels: list[str]) -> None:
    assert [found.level for found in surroundings.connections(pool, 100)] == levels


# ---- the machine ------------------------------------------------------------------------------------------------


def test_a_data_directory_that_others_can_read_is_named(bare: Line, sandbox_url: str) -> None:
    bare.run("migrate")
    folder = bare.folder / "data"
    assert f"ok  data directory: {folder}, for its owner alone" in said(bare, AFTERSALE_SANDBOX_URL=sandbox_url)
    folder.chmod(0o755)
    found = said(bare, code=1, AFTERSALE_SANDBOX_URL=sandbox_url)
    assert f"BAD data directory: {folder} has mode 0755" in found


@pytest.mark.parametrize(("free", "level"), [(100, "bad"), (900, "warn"), (3000, "warn"), (9000, "ok")])
def test_a_disk_is_told_of_before_it_is_full(tmp_path: Path, free: int, level: str) -> None:
    assert surroundings.room(tmp_path, free << 20, 2000 << 20).level == level


class Late(BaseHTTPRequestHandler):
    """Answers with the time of another day."""

    behind: ClassVar[timedelta] = timedelta()

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(clock.now() - self.behind, usegmt=True)

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("behind", "word"),
    [(1, "ok  clock: agrees"), (20, "HM  clock: "), (600, "BAD clock: 10.0 min apart from the clock of")],
)
def test_a_clock_that_is_wrong_is_named(line: Line, behind: int, word: str) -> None:
    Late.behind = timedelta(seconds=behind)
    with HTTPServer(("127.0.0.1", 0), Late) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = said(
            line,
            code=1 if word.startswith("BAD") else 0,
            AFTERSALE_SANDBOX_URL=f"http://127.0.0.1:{server.server_port}",
        )
        server.shutdown()
    assert word in found


# ---- settings that make no sense --------------------------------------------------------------------------------


def senseless(**settings: Any) -> list[tuple[str, str]]:
    found = surroundings.settings_that_make_no_sense(Settings(**settings), {})
    return [(finding.level, finding.text) for finding in found]


@pytest.mark.parametrize(
    ("settings", "level", "word"),
    [
        ({"retry_seconds": ()}, "bad", "whatever fails once waits for a person"),
        ({"retry_seconds": (2.0, 10.0)}, "warn", "gives up after 12 s"),
        ({"retry_seconds": (7200.0, 10.0)}, "warn", "does not grow"),
        ({"recheck_seconds": ()}, "warn", "that a bank sends back is not noticed"),
        ({"call_seconds": 30.0}, "warn", "a stop cuts calls to providers off"),
        ({"mirror_seconds": 86_400.0}, "warn", "as they were 1.0 d ago"),
        ({"host": "0.0.0.0"}, "warn", "anybody may read /metrics"),
        ({"host": "0.0.0.0", "metrics_token": "long-enough", "rate_limit": ""}, "warn", "RATE_LIMIT is empty"),
        ({"sandbox_url": "http://127.0.0.1:8000"}, "bad", "the API's own address"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named(settings: dict[str, Any], level: str, word: str) -> None:
    [(found, said_of_it)] = senseless(**settings)
    assert found == level
    assert word in said_of_it


def test_the_settings_as_they_come_make_sense() -> None:
    assert [level for level, _ in senseless()] == ["ok"]


def test_a_name_that_is_no_setting_is_named_with_the_one_that_was_meant(line: Line, sandbox_url: str) -> None:
    found = said(line, AFTERSALE_SANDBOX_URL=sandbox_url, AFTERSALE_DATABSE_POOL="4")
    assert "HM  settings: AFTERSALE_DATABSE_POOL is no setting and changes nothing: AFTERSALE_DATABASE_POOL?" in found
