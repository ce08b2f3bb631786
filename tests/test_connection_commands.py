"""The command line of connections: credentials sealed anew, and what the doctor says of their keys."""

from __future__ import annotations

import base64
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.migrate import sync_url
from app.models.connections import Connection
from app.models.stores import Store
from app.services import connections, keyrings
from app.services.callers import Caller
from app.services.keyrings import Keyring
from app.services.providers import bound
from app.settings import Settings
from tests.test_commands import Line

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
OLD_TEXT, NEW_TEXT = (base64.b64encode(key).decode() for key in (OLD, NEW))
SECRET = "a-secret-that-both-sides-know"


@pytest.fixture
def line(database_url: str, tmp_path: Path) -> Line:
    return Line(tmp_path, AFTERSALE_DATABASE_URL=database_url)


def work(url: str, what: Any) -> Any:
    engine = create_engine(sync_url(url))
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            return what(session)
    finally:
        engine.dispose()


def made(url: str, store_id: str) -> Connection:
    def create(session: Session) -> Connection:
        session.info["keyring"] = Keyring((OLD,))
        store = session.get_one(Store, store_id)
        given = {"kind": "crm", "name": "Desk", "config": {}, "credentials": {"secret": SECRET}, "families": None}
        return connections.create(session, Caller(store, False, "key_1", frozenset({"*"}), "req_1"), given)

    return work(url, create)


def test_credentials_are_sealed_with_the_newest_key_and_the_doctor_tells(line: Line, database_url: str) -> None:
    row = made(database_url, line.gives("stores", "create", "Shop")["id"])
    old, both, new = ({"AFTERSALE_ENCRYPTION_KEYS": keys} for keys in (OLD_TEXT, f"{NEW_TEXT}, {OLD_TEXT}", NEW_TEXT))
    assert "ok  connections: their credentials can be read" in line.run("doctor", **old).stdout
    assert "HM  connections: some credentials are sealed with an older key" in line.run("doctor", **both).stdout
    assert "BAD connections: some credentials were sealed with a key that" in line.run("doctor", **new).stdout
    lost = line.run("connections", "rotate-keys", **new)
    assert (lost.exit_code, row.id in lost.stdout) == (1, True), "what no key opens is left and told"
    done = line.run("connections", "rotate-keys", **both)
    assert (done.exit_code, '"sealed": 1' in done.stdout) == (0, True), done.output
    assert '"sealed": 0' in line.run("connections", "rotate-keys", **both).stdout
    kept = work(database_url, lambda s: s.get_one(Connection, row.id))
    place = bound(kept.store_id, kept.id, livemode=False)
    assert Keyring((NEW,)).open(kept.credentials, place) == {"secret": SECRET}
    assert "ok  connections" in line.run("doctor", **new).stdout


def test_the_embedded_default_makes_a_key_of_its_own_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first, again = (keyrings.of(Settings(data_dir=folder)) for _ in range(2))
    assert first == again
    assert len(first.keys) == 1
    assert stat.S_IMODE((folder / keyrings.FILE).stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == [keyrings.FILE]
    given = keyrings.of(Settings(data_dir=folder, encryption_keys=NEW_TEXT))
    assert given == Keyring((NEW,))
    assert keyrings.of(Settings(data_dir=folder, database_url="postgresql://a@b/c")) == Keyring()
    assert base64.b64encode(NEW).decode() not in repr(given)


@pytest.mark.parametrize("keys", ["changeme", "AAAA", base64.b64encode(b"x" * 32).decode(), f"{NEW_TEXT},short"])
def test_a_key_that_is_none_is_refused_at_start(keys: str) -> None:
    with pytest.raises(ValueError, match="openssl rand"):
        Settings(encryption_keys=keys)
