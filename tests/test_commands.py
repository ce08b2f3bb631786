"""The command line: each command does what it says, and says in a sentence what it cannot do."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from app import cli
from tests.sandbox.served import SHOP, run_sandbox
from tests.support import servers

EUR = {"refund": 5000, "order": 10000, "customer": 20000, "day": 200000}


class Line:
    """The command line with settings of a test's own."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.settings = {"AFTERSALE_DATA_DIR": str(folder / "data"), **settings}

    def run(self, *arguments: str, **settings: str) -> Result:
        """Run a command to its end, in this process."""
        return CliRunner().invoke(cli.main, arguments, env={**self.settings, **settings})

    def alone(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, as a process."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("AFTERSALE_")}
        return subprocess.run(
            [servers.COMMAND, *arguments],
            cwd=self.folder,
            env={**inherited, **self.settings, **settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def gives(self, *arguments: str) -> Any:
        """What a command that works prints, as JSON."""
        done = self.run(*arguments)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def refuses(self, *arguments: str, **settings: str) -> str:
        """What a command that does not work says: a sentence, not an exception."""
        done = self.run(*arguments, **settings)
        assert isinstance(done.exception, SystemExit), done.exception
        assert done.exit_code in {1, 2}, done.output
        return done.output

    def file(self, content: Any, name: str = "given.json") -> str:
        """A file with this content."""
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)


@pytest.fixture
def line(database_url: str, tmp_path: Path) -> Line:
    """On a migrated database, once on SQLite and once on PostgreSQL."""
    return Line(tmp_path, AFTERSALE_DATABASE_URL=database_url)


@pytest.fixture
def bare(tmp_path: Path) -> Line:
    """With nothing set but the data directory, where nothing is yet."""
    return Line(tmp_path)


# ---- stores and keys --------------------------------------------------------------------------------------------


def test_a_store_is_made_changed_and_listed(line: Line) -> None:
    policy = {"return_window_days": 14, "caps": {"EUR": EUR}}
    address = {"name": "Lager", "city": "Berlin", "country_code": "DE"}
    made = line.gives(
        *("stores", "create", "Nordlicht", "--timezone", "Europe/Berlin", "--locale", "de-DE", "--country", "DE"),
        *("--currency", "EUR", "--currency", "CHF", "--sandbox-shop", "north"),
        *("--policy", line.file(policy), "--return-address", json.dumps(address)),
    )
    assert made["id"].startswith("sto_")
    assert (made["name"], made["timezone"], made["locale"]) == ("Nordlicht", "Europe/Berlin", "de-DE")
    assert (made["sandbox_shop"], made["return_address"]) == ("north", address)
    assert made["currencies"] == ["EUR", "CHF"]
    foreign = line.file({"caps": {"USD": EUR}}, "foreign.json")
    assert "/caps/USD" in line.refuses("stores", "set", made["id"], "--policy", foreign)
    assert line.gives("stores", "set", made["id"], "--currency", "EUR")["currencies"] == ["EUR"]
    assert (made["policy"]["return_window_days"], made["policy"]["caps"]["EUR"]) == (14, EUR)
    changed = line.gives("stores", "set", made["id"], "--name", "Südlicht", "--country", "AT", "--locale", "de-AT")
    assert (changed["name"], changed["country_code"], changed["policy"]) == ("Südlicht", "AT", made["policy"])
    window = line.file({"return_window_days": 60}, "other.json")
    assert line.gives("stores", "set", made["id"], "--policy", window)["policy"]["caps"] == {}
    assert changed["delays"] == {}
    rules = {"open_tickets": True, "usual": {"silent_days": 3, "lost_days": 10}}
    assert line.gives("stores", "set", made["id"], "--delays", json.dumps(rules))["delays"] == rules
    listed = line.run("stores", "list").stdout.splitlines()
    assert [json.loads(row)["name"] for row in listed] == ["Südlicht"]


def test_a_store_promises_what_it_can_keep(line: Line) -> None:
    levels = {"targets": {"urgent": {"first_answer": 30}}, "hours": {"mon": [["09:00", "17:00"]]}}
    made = line.gives("stores", "create", "Shop", "--service-levels", line.file(levels))
    assert made["service_levels"] == levels
    changed = line.gives("stores", "set", made["id"], "--service-levels", line.file({}, "none.json"))
    assert changed["service_levels"] == {}
    never = line.file({"hours": {"mon": [["17:00", "09:00"]]}}, "never.json")
    assert "spans go forward" in line.refuses("stores", "set", made["id"], "--service-levels", never)
    abroad = line.file({"holidays": {"country": "XX"}}, "abroad.json")
    assert "/holidays" in line.refuses("stores", "set", made["id"], "--service-levels", abroad)


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(line: Line) -> None:
    store = line.gives("stores", "create", "Shop")["id"]
    narrow = ("--name", "crm", "--live", "--scope", "orders:read", "--scope", "events:read")
    made = line.gives("keys", "create", store, *narrow)
    assert made["key"].startswith("sk_live_")
    assert made["scopes"] == ["orders:read", "events:read"]
    assert line.gives("keys", "create", store)["key"].startswith("sk_test_")
    rows = line.run("keys", "list", store).stdout
    assert made["key"] not in rows
    kept = {json.loads(row)["name"]: json.loads(row) for row in rows.splitlines()}
    assert kept.keys() == {"crm", "key"}
    assert (kept["crm"]["livemode"], kept["crm"]["revoked_at"]) == (True, None)
    assert line.gives("keys", "revoke", made["id"]) == {"id": made["id"], "revoked": True}
    after = [json.loads(row) for row in line.run("keys", "list", store).stdout.splitlines()]
    assert [row["name"] for row in after if row["revoked_at"]] == ["crm"]


def test_a_revoked_key_stops_with_the_next_request(
    run_server: Callable[..., servers.Server], sqlite_url: str, tmp_path: Path
) -> None:
    line = Line(tmp_path, AFTERSALE_DATABASE_URL=sqlite_url)
    key = line.gives("keys", "create", line.gives("stores", "create", "Shop")["id"])
    server = run_server("serve", database_url=sqlite_url)
    asked = {"url": f"{server.url}/v1/tickets", "headers": {"Authorization": f"Bearer {key['key']}"}}
    assert httpx.get(**asked, trust_env=False).status_code == 200
    line.gives("keys", "revoke", key["id"])
    assert httpx.get(**asked, trust_env=False).json()["code"] == "unauthorized"


@pytest.mark.parametrize(
    ("policy", "word"),
    [
        ({"return_window_days": -1}, "/return_window_days: Input should be greater than or equal to 0"),
        ({"return_window": 30}, "/return_window: Extra inputs are not permitted"),
        ({"caps": {"EUR": {"refund": 1}}}, "/caps/EUR/order: Field required"),
        ({"caps": {"EUR": {**EUR, "day": "100"}}}, "/caps/EUR/day: Input should be a valid integer"),
        ({"caps": {"EUR": {**EUR, "day": -5}}}, "/caps/EUR/day: Input should be greater than or equal to 0"),
        ({"caps": {"XXQ": EUR}}, "unknown currencies: XXQ"),
        ([1], "is not a JSON object"),
        ("{", "is not JSON"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused_and_nothing_is_made(bare: Line, policy: Any, word: str) -> None:
    bare.run("migrate")
    assert word in bare.refuses("stores", "create", "Shop", "--policy", bare.file(policy))
    assert bare.run("stores", "list").stdout == ""


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--timezone", "Mars/Olympus"), "Mars/Olympus is not a time zone"),
        (("--locale", "klingon_speech"), "is not a locale"),
        (("--country", "Germany"), "two capital letters"),
        (("--currency", "EURO"), "three capital letters"),
        (("--sandbox-shop", "my shop"), "is no shop's name"),
        (("--return-address", "Lager 1"), "--return-address is not JSON"),
        (("--return-address", '{"street": "Lager 1"}'), "it has no field street"),
        (("--return-address", '{"city": 5}'), "/city"),
        (("--policy", "none.json"), "does not exist"),
        (("--delays", "yes"), "--delays is not JSON"),
        (("--delays", '{"open_tickets": 1}'), "/open_tickets"),
        (("--delays", '{"usual": {"silent_days": 9, "lost_days": 3}}'), "lost_days comes after silent_days"),
        (("--delays", '{"silent": 3}'), "/silent"),
        (("--service-levels", "none.json"), "does not exist"),
    ],
)
def test_what_a_store_cannot_be_is_refused(bare: Line, options: tuple[str, ...], word: str) -> None:
    bare.run("migrate")
    assert word in bare.refuses("stores", "create", "Shop", *options)
    assert bare.run("stores", "list").stdout == ""


def test_unknown_stores_keys_and_scopes_are_named(line: Line) -> None:
    store = line.gives("stores", "create", "Shop")["id"]
    assert "no store sto_none" in line.refuses("stores", "set", "sto_none", "--name", "x")
    assert "no store sto_none" in line.refuses("keys", "create", "sto_none")
    assert "no key key_none" in line.refuses("keys", "revoke", "key_none")
    assert "unknown scopes: money:all" in line.refuses("keys", "create", store, "--scope", "money:all")


# ---- schema, documents, diagnosis -------------------------------------------------------------------------------


def test_migrate_makes_the_schema_and_changes_nothing_the_second_time(bare: Line) -> None:
    assert "run aftersale migrate" in bare.refuses("stores", "list")
    assert not (bare.folder / "data").exists()
    for _ in range(2):
        assert bare.alone("migrate").returncode == 0
    connection = sqlite3.connect(bare.folder / "data" / "aftersale.db")
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert {"alembic_version", "refunds", "workflow_status"} <= tables


def test_migrate_runs_on_an_empty_postgresql_too(tmp_path: Path, postgres_url: Callable[..., str]) -> None:
    line = Line(tmp_path, AFTERSALE_DATABASE_URL=postgres_url(empty=True))
    assert "run aftersale migrate" in line.refuses("stores", "list")
    assert line.run("migrate").exit_code == 0
    assert line.gives("stores", "create", "Shop")["name"] == "Shop"


def test_openapi_prints_the_document_that_the_server_serves(
    run_server: Callable[..., servers.Server], sqlite_url: str, bare: Line
) -> None:
    printed = json.loads(bare.alone("openapi").stdout)
    assert printed["openapi"].startswith("3.1")
    assert "/v1/refunds" in printed["paths"]
    server = run_server("serve", database_url=sqlite_url)
    assert httpx.get(f"{server.url}/openapi.json", trust_env=False).json() == printed


# ---- serving ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "settings", "word"),
    [
        (("serve", "--workers", "2"), {}, "one process per SQLite file"),
        (("worker",), {}, "on SQLite the server itself works"),
        (("serve",), {"PORT": "70000"}, "AFTERSALE_PORT: Input should be less than or equal to 65535"),
        (("serve",), {"DATABASE_URL": "mysql://db/x"}, "AFTERSALE_DATABASE_URL: Value error, sqlite:///path or"),
        (("serve",), {"METRICS_TOKEN": "changeme"}, "AFTERSALE_METRICS_TOKEN: Value error, a placeholder stands"),
        (("serve",), {"DATABASE_URL": "postgresql://a:changeme@db/x"}, "a placeholder stands where the database"),
        (("serve", "--demo"), {"LOG_LEVEL": "loud"}, "AFTERSALE_LOG_LEVEL: Value error, debug, info, warning"),
        (("sandbox", "serve"), {"SANDBOX_PORT": "-1"}, "AFTERSALE_SANDBOX_PORT"),
    ],
)
def test_what_cannot_be_served_is_said_before_anything_starts(
    bare: Line, arguments: tuple[str, ...], settings: dict[str, str], word: str
) -> None:
    assert word in bare.refuses(*arguments, **{f"AFTERSALE_{name}": value for name, value in settings.items()})
    assert not (bare.folder / "data").exists()


def test_a_port_that_is_taken_is_named_before_the_demo_makes_anything(bare: Line) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = bare.refuses("serve", "--demo", AFTERSALE_PORT=str(port))
    assert f"127.0.0.1, port {port}: Address already in use; AFTERSALE_PORT=… takes another port" in said
    assert not (bare.folder / "data").exists()


def test_a_second_server_on_the_same_file_is_refused_with_a_word(
    run_server: Callable[..., servers.Server], sqlite_url: str, bare: Line, free_port: Callable[[], int]
) -> None:
    run_server("serve", database_url=sqlite_url)
    done = bare.alone("serve", AFTERSALE_DATABASE_URL=sqlite_url, AFTERSALE_PORT=str(free_port()))
    assert done.returncode == 1
    assert re.fullmatch(r"Error: another process runs the engine on \S+: one process per SQLite file\n", done.stderr)


@pytest.fixture
def demo(run_server: Callable[..., servers.Server], free_port: Callable[[], int]) -> Callable[..., servers.Server]:
    """A function that starts the demo on ports of its own."""
    return lambda **more: run_server(
        "serve", "--demo", environment={"AFTERSALE_SANDBOX_PORT": str(free_port()), **more}
    )


def test_the_demo_keeps_its_key_to_its_owner_and_over_a_second_start(
    demo: Callable[..., servers.Server], tmp_path: Path
) -> None:
    first = demo()
    file = tmp_path / "data" / "demo.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    key = file.read_text().strip()
    mine = {"headers": {"Authorization": f"Bearer {key}"}, "trust_env": False}
    text = {"channel": "chat", "text": "hello", "customer": {"email": "luc.moreau@example.com"}}
    ticket = httpx.post(f"{first.url}/v1/messages", json=text, timeout=30, **mine).json()["ticket"]["id"]
    first.stop()
    second = demo()
    assert file.read_text().strip() == key
    assert httpx.get(f"{second.url}/v1/tickets/{ticket}", **mine).status_code == 200


def test_a_demo_key_of_another_database_is_replaced_by_one_that_opens_this(
    demo: Callable[..., servers.Server], tmp_path: Path
) -> None:
    demo().stop()
    file = tmp_path / "data" / "demo.key"
    before = file.read_text()
    again = demo(AFTERSALE_DATABASE_URL=f"sqlite:///{tmp_path / 'other.db'}")
    assert file.read_text() != before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = {"Authorization": f"Bearer {file.read_text().strip()}"}
    assert httpx.get(f"{again.url}/v1/orders/%231001", headers=key, trust_env=False, timeout=30).status_code == 200


def test_the_demo_takes_its_sandbox_with_it_even_when_it_is_killed(
    run_server: Callable[..., servers.Server], free_port: Callable[[], int]
) -> None:
    port = free_port()
    server = run_server("serve", "--demo", environment={"AFTERSALE_SANDBOX_PORT": str(port)})
    there = f"http://127.0.0.1:{port}/healthz"
    wait_for(lambda: servers.answers(there))
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(10)
    wait_for(lambda: not servers.answers(there))


def wait_for(done: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


# ---- the sandbox ------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Line]:
    """The command line beside a running sandbox."""
    with run_sandbox(tmp_path / "sandbox.db") as url:
        yield Line(tmp_path, AFTERSALE_SANDBOX_URL=url)


def test_a_shop_goes_in_comes_out_and_goes_back(shop: Line) -> None:
    taken = shop.gives("sandbox", "import", "--shop", "mine", shop.file(SHOP))
    assert taken["imported"]["orders"] == 2
    exported = shop.gives("sandbox", "export", "--shop", "mine")
    assert [order["number"] for order in exported["orders"]] == ["#1", "#2"]
    again = shop.gives("sandbox", "import", "--shop", "copy", shop.file(exported, "export.json"))
    assert again["imported"] == taken["imported"]
    assert shop.gives("sandbox", "export", "--shop", "copy") == exported
    assert shop.gives("sandbox", "reset", "--shop", "mine")["shop"] == "mine"
    assert len(shop.gives("sandbox", "export")["orders"]) > 10


def test_an_import_that_cannot_be_says_where_and_changes_nothing(shop: Line) -> None:
    broken = json.loads(json.dumps(SHOP))
    broken["orders"][0]["lines"][0]["total"] = 1
    assert "/orders/0/lines/0/total" in shop.refuses("sandbox", "import", "--shop", "mine", shop.file(broken))
    assert shop.gives("sandbox", "export", "--shop", "mine")["orders"] == []
    assert "is not a shop's name" in shop.refuses("sandbox", "reset", "--shop", "no shop")


def test_without_a_sandbox_the_commands_say_where_they_looked(bare: Line, free_port: Callable[[], int]) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    for command in (("export",), ("reset",), ("import", bare.file(SHOP))):
        assert f"no sandbox answers at {nobody}" in bare.refuses("sandbox", *command, AFTERSALE_SANDBOX_URL=nobody)


def test_the_doctor_sees_a_folder_of_files_that_cannot_be_one(line: Line, tmp_path: Path) -> None:
    blocked = tmp_path / "files"
    blocked.write_bytes(b"")
    assert "BAD files:" in line.refuses("doctor", AFTERSALE_FILE_DIR=str(blocked))
