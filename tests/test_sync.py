"""`aftersale sync`: every order of the shop once, whatever interrupts it; what is not new writes nothing."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import pty
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app.migrate import sync_url
from app.models.stores import Store
from app.services import connections, mirror_reading
from app.services.callers import Caller
from app.services.keyrings import Keyring
from tests.sandbox.many import many
from tests.sandbox.served import Served
from tests.services.durable_fixtures import until
from tests.support import servers
from tests.test_commands import Line
from tests.test_connection_commands import work

_shops = itertools.count(1)


class Shop:
    """A store on a sandbox shop of its own with so many orders, and the command line beside it."""

    def __init__(self, line: Line, url: str, sandbox_url: str, orders: int) -> None:
        self.line, self.url = line, url
        self.sandbox = Served(sandbox_url, f"sync-{next(_shops)}")
        self.sandbox.post("/sandbox/v1/import", many(orders))
        self.store = line.gives("stores", "create", "Lamps", "--sandbox-shop", self.sandbox.shop)["id"]

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        engine = create_engine(sync_url(self.url))
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(text(query), {"store": self.store})]
        engine.dispose()
        return found

    def change(self, statement: str) -> None:
        engine = create_engine(sync_url(self.url))
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def count(self, query: str) -> int:
        return self.ask(query)[0][0]

    def orders(self) -> int:
        return self.count("SELECT count(*) FROM orders WHERE store_id = :store")

    def events(self) -> dict[str, int]:
        query = "SELECT type, count(*) FROM events WHERE store_id = :store AND type LIKE 'order.%' GROUP BY type"
        return {row[0]: row[1] for row in self.ask(query)}

    def passes(self) -> list[tuple[Any, ...]]:
        """Of each pass: read, missing, changed, unreadable, and whether it has ended."""
        query = "SELECT read, missing, changed, unreadable, ended_at FROM mirror_passes WHERE store_id = :store"
        return [(*row[:4], row[4] is not None) for row in self.ask(f"{query} ORDER BY id")]


def connected(shop: Shop, kind: str) -> str:
    """A live connection of the shop's store; its id."""
    config = {"shop": "lamps.myshopify.com"} if kind == "shopify" else {}
    secrets = {"access_token": "shpat_0123456789abcdef"} if kind == "shopify" else {"secret": "s" * 32}

    def create(session: Session) -> str:
        session.info["keyring"] = Keyring((bytes(range(32)),))
        store = session.get_one(Store, shop.store)
        given = {"kind": kind, "name": kind, "config": config, "credentials": secrets, "families": None}
        return connections.create(session, Caller(store, True, "key_1", frozenset({"*"}), "req_1"), given).id

    return work(shop.url, create)


def disconnected(shop: Shop, connection: str) -> None:
    def delete(session: Session) -> None:
        caller = Caller(session.get_one(Store, shop.store), True, "key_1", frozenset({"*"}), "req_1")
        connections.remove(session, caller, connection)

    work(shop.url, delete)


@pytest.fixture
def line(database_url: str, sandbox_url: str, tmp_path: Path) -> Line:
    return Line(
        tmp_path,
        AFTERSALE_DATABASE_URL=database_url,
        AFTERSALE_SANDBOX_URL=sandbox_url,
        AFTERSALE_RETRY_SECONDS="0.05,0.05",
        AFTERSALE_CALL_SECONDS="2",
    )


@pytest.fixture
def shop(line: Line, database_url: str, sandbox_url: str) -> Shop:
    return Shop(line, database_url, sandbox_url, 60)


def test_every_order_is_there_once_and_the_next_sync_writes_nothing(shop):
    done = shop.line.run("sync")
    assert done.exit_code == 0, done.output
    assert "Lamps (test, sandbox): 60 orders read, 60 new, 0 changed" in done.stdout
    assert (shop.orders(), shop.events()) == (60, {"order.created": 60})
    assert shop.count("SELECT count(*) FROM customers WHERE store_id = :store") == 20
    assert "60 orders read, 0 new, 0 changed" in shop.line.run("sync").stdout
    assert (shop.orders(), shop.events()) == (60, {"order.created": 60})
    assert shop.passes() == [(60, 60, 0, 0, True), (60, 0, 0, 0, True)]


def test_what_has_changed_is_one_event_each(shop):
    assert shop.line.run("sync").exit_code == 0
    refund = {"payment_id": "pay-7", "amount": 100, "currency": "EUR", "reason": "sorry"}
    shop.sandbox.post("/sandbox/v1/outside-refunds", refund)
    again = shop.line.run("sync", "--store", shop.store)
    assert "60 orders read, 0 new, 1 changed" in again.stdout
    assert shop.events() == {"order.created": 60, "order.updated": 1}
    examples = json.loads(shop.ask("SELECT CAST(examples AS TEXT) FROM mirror_passes ORDER BY id DESC LIMIT 1")[0][0])
    order = shop.ask("SELECT id FROM orders WHERE store_id = :store AND external_id = 'ord-000007'")[0][0]
    assert [(one["order"], one["what"]) for one in examples] == [(order, "changed")]
    assert {"payments", "payment_status", "totals"} <= set(examples[0]["fields"])


def test_killed_in_the_middle_it_goes_on_where_it_was(shop):
    shop.sandbox.fault("changed_orders", "slow", delay_ms=1500, times=1000)
    environment = shop.line.settings
    running = servers.start("sync", log=shop.line.folder / "sync.log", environment=environment)
    until(lambda: shop.orders() > 0)
    running.process.send_signal(signal.SIGKILL)
    running.kill()
    stored = shop.orders()
    assert 0 < stored < 60, running.said()
    assert shop.passes() == [(stored, stored, 0, 0, False)], "an order and how far it has come are one transaction"
    shop.sandbox.call("DELETE", "/sandbox/v1/faults")
    shop.sandbox.fault("changed_orders", "slow", delay_ms=1, times=1000)  # each is in the ledger
    asked = len(shop.sandbox.ledger("changed_orders"))
    again = shop.line.alone("sync")
    assert again.returncode == 0, again.stderr
    assert f"goes on after {stored} orders" in again.stderr
    assert "60 orders read, 60 new, 0 changed" in again.stdout
    assert shop.passes() == [(60, 60, 0, 0, True)]
    assert shop.events() == {"order.created": 60}
    rest = -(-(60 - stored) // mirror_reading.PAGE)
    assert len(shop.sandbox.ledger("changed_orders")) - asked == rest, "no page was read twice"


def test_a_shop_that_is_away_in_the_middle_is_told_and_gone_on_with(shop):
    shop.sandbox.fault("changed_orders", "reset", every=3, times=100, seed=1)
    done = shop.line.run("sync")
    assert done.exit_code == 0, "one that comes back at once is waited for"
    shop = Shop(shop.line, shop.url, shop.sandbox.url, 60)
    shop.sandbox.fault("changed_orders", "slow", delay_ms=1, times=1)
    shop.sandbox.fault("changed_orders", "reset", times=1000)
    away = shop.line.run("sync", "--store", shop.store, AFTERSALE_RETRY_SECONDS="0.05")
    assert away.exit_code == 1
    assert "the shop does not answer" in away.stderr
    assert "it goes on where it was" in away.stderr
    assert "Traceback" not in away.output
    assert shop.orders() == mirror_reading.PAGE
    shop.sandbox.call("DELETE", "/sandbox/v1/faults")
    again = shop.line.run("sync", "--store", shop.store)
    assert f"goes on after {mirror_reading.PAGE} orders" in again.stderr
    assert "60 orders read, 60 new" in again.stdout


def test_a_cursor_that_the_shop_has_forgotten_begins_anew_and_writes_nothing_twice(shop):
    shop.sandbox.fault("changed_orders", "slow", delay_ms=1, times=1)
    shop.sandbox.fault("changed_orders", "refuse", times=1, code="cursor_invalid", status=400)
    done = shop.line.run("sync")
    assert done.exit_code == 0, done.output
    assert "60 orders read, 60 new" in done.stdout
    assert shop.events() == {"order.created": 60}


def test_a_refusal_of_the_shop_is_said_at_once(shop):
    shop.sandbox.fault("changed_orders", "refuse", code="unsupported", times=1000)
    done = shop.line.run("sync")
    assert done.exit_code == 1
    assert "(unsupported)" in done.stderr
    assert len(shop.sandbox.ledger("changed_orders")) == 1


def test_two_at_once_store_every_order_once_and_one_of_them_gives_way(shop):
    shop.sandbox.fault("changed_orders", "slow", delay_ms=700, times=1000)
    first = servers.start("sync", log=shop.line.folder / "sync.log", environment=shop.line.settings)
    until(lambda: shop.orders() > 0)
    second = shop.line.run("sync")
    assert sorted([first.process.wait(30), second.exit_code]) == [0, 1]
    assert "another process syncs it" in second.stderr + first.said()
    assert shop.passes() == [(60, 60, 0, 0, True)]
    assert shop.events() == {"order.created": 60}


def test_the_doctor_tells_what_stands_still_and_what_the_night_found(shop):
    def doctor() -> str:
        return "".join(line for line in shop.line.run("doctor").stdout.splitlines() if "mirror" in line)

    shop.sandbox.fault("changed_orders", "reset", times=1000)
    assert shop.line.run("sync").exit_code == 1
    assert doctor() == "", "it may be run again at once"
    shop.change("UPDATE mirror_passes SET updated_at = '2026-01-01 00:00:00'")
    assert doctor().startswith("HM  mirror: 1 passes over a shop's orders stand still")
    shop.sandbox.call("DELETE", "/sandbox/v1/faults")
    assert shop.line.run("sync").exit_code == 0
    assert doctor() == ""
    shop.change("UPDATE mirror_passes SET kind = 'nightly'")
    assert doctor() == "ok  mirror: last night 60 orders: 60 were missing here, 0 differed"


def test_whoever_looks_sees_a_bar(sqlite_url, sandbox_url, tmp_path):
    line = Line(tmp_path, AFTERSALE_DATABASE_URL=sqlite_url, AFTERSALE_SANDBOX_URL=sandbox_url)
    shop = Shop(line, sqlite_url, sandbox_url, 60)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AFTERSALE_")}
    ours, theirs = pty.openpty()
    with subprocess.Popen([servers.COMMAND, "sync"], env=inherited | line.settings, stderr=theirs) as running:
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # the terminal is gone with the process
            while part := os.read(ours, 1000):
                said += part
    os.close(ours)
    assert (running.returncode, shop.orders()) == (0, 60)
    assert b"Lamps (test, sandbox)  [####" in said
    assert b"60/60" in said


def test_another_day_to_begin_with_begins_anew(shop):
    shop.sandbox.fault("changed_orders", "slow", delay_ms=1, times=1)
    shop.sandbox.fault("changed_orders", "reset", times=1000)
    assert shop.line.run("sync").exit_code == 1
    shop.sandbox.call("DELETE", "/sandbox/v1/faults")
    done = shop.line.run("sync", "--since", "2026-01-01")
    assert "60 orders read, 35 new" in done.stdout, done.output
    assert [row[4] for row in shop.passes()] == [True, True]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--since", "yesterday"), "neither a day"),
        (("--since", "2026-13-01"), "neither a day"),
        (("--since", "2026-11-01T10:00:00"), "has no zone"),
        (("--since", "2999-01-01"), "yet to come"),
        (("--what",), "No such option"),
        (("orders",), "unexpected extra argument"),
    ],
)
def test_rubbish_is_refused_with_a_word_on_it_before_anything_is_opened(tmp_path, given, words):
    done = Line(tmp_path, AFTERSALE_DATABASE_URL="sqlite:////nonexistent/nowhere.db").run("sync", *given)
    assert done.exit_code == 2
    assert words in done.stderr


def test_what_is_another_store_s_or_no_shop_is_refused(shop, sandbox_url):
    other = Shop(shop.line, shop.url, sandbox_url, 1)
    theirs, desk = connected(other, "shopify"), connected(shop, "crm")
    for given in (
        ("--store", "sto_nobody"),
        ("--connection", "con_nobody"),
        ("--connection", desk),
        ("--store", shop.store, "--connection", theirs),
    ):
        done = shop.line.run("sync", *given)
        assert (done.exit_code, shop.passes()) == (1, []), done.output
        assert given[-1] in done.stderr
    disconnected(other, theirs)
    done = shop.line.run("sync", "--store", other.store, "--connection", "sandbox")
    assert done.exit_code == 0
    assert (shop.orders(), other.orders()) == (0, 1)


def test_a_database_that_is_not_migrated_says_what_to_do(tmp_path):
    line = Line(tmp_path)
    assert "run aftersale migrate" in line.refuses("sync")
