"""A migration is whole or not there, on either database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, inspect, select, text
from sqlalchemy.orm import Session

from app.migrate import configuration, pending, sync_url, upgrade
from app.models.stores import SCOPES, ApiKey
from app.services.search_words import key


def test_a_key_that_could_do_everything_still_can_and_a_narrow_one_stays_narrow(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    made: Callable[..., str] = request.getfixturevalue("postgres_url")
    for url in (f"sqlite:///{tmp_path / 'old.db'}", made(empty=True)):
        command.upgrade(configuration(url), "20261127_0004")
        everything = sorted(set(SCOPES) - {"sessions:write"})
        engine = create_engine(sync_url(url))
        rows = [
            {"id": "key_1", "hash": "a", "scopes": json.dumps(everything)},
            {"id": "key_2", "hash": "b", "scopes": json.dumps(["orders:read"])},
        ]
        with engine.begin() as connection:
            connection.execute(text(A_STORE))
            connection.execute(text(A_KEY), rows)
        command.upgrade(configuration(url), "head")
        with Session(engine) as session:
            kept = {key.id: key for key in session.scalars(select(ApiKey))}
            assert set(kept["key_1"].scopes) == set(everything) | {"sessions:write"}
            assert kept["key_2"].scopes == ["orders:read"]
            assert {key.kind for key in kept.values()} == {"secret"}
        engine.dispose()


A_STORE = """
    INSERT INTO stores (id, name, timezone, locale, country_code, sandbox_shop, return_address, cursor_secret, policy,
                        created_at)
    VALUES ('sto_1', 'Shop', 'UTC', 'en', 'DE', 'demo', '{}', 'x', '{}', '2026-11-01 00:00:00')
"""
A_KEY = """
    INSERT INTO api_keys (id, store_id, livemode, name, prefix, hash, scopes, created_at)
    VALUES (:id, 'sto_1', false, 'key', 'sk_test_', :hash, :scopes, '2026-11-01 00:00:00')
"""


class BrokenOffError(Exception):
    """Somebody pulled the plug."""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_migration_that_breaks_off_leaves_nothing_behind(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    def made() -> str:
        empty: Callable[..., str] = request.getfixturevalue("postgres_url")
        return empty(empty=True)

    url = f"sqlite:///{tmp_path / 'new.db'}" if kind == "sqlite" else made()

    def strike(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        del connection, cursor, rest
        if "CREATE TABLE exchanges" in statement:
            raise BrokenOffError

    event.listen(Engine, "before_cursor_execute", strike)
    try:
        with pytest.raises(BrokenOffError):
            upgrade(url)
    finally:
        event.remove(Engine, "before_cursor_execute", strike)
    engine = create_engine(sync_url(url))
    try:
        assert inspect(engine).get_table_names() == []
        assert pending(url)
        upgrade(url)
        assert not pending(url)
        assert "exchanges" in inspect(engine).get_table_names()
    finally:
        engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_tickets_that_were_there_before_search_are_found_by_it(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    def made() -> str:
        empty: Callable[..., str] = request.getfixturevalue("postgres_url")
        return empty(empty=True)

    url = f"sqlite:///{tmp_path / 'old.db'}" if kind == "sqlite" else made()
    told = configuration(url)
    before = ScriptDirectory.from_config(told).get_revision("20261127_0102").down_revision
    assert isinstance(before, str)
    command.upgrade(told, before)
    engine = create_engine(sync_url(url))
    try:
        with engine.begin() as connection:
            for table, row in _a_ticket_of_old():
                names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
                connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)
        upgrade(url)
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT word, weight FROM ticket_words WHERE ticket_id = 'tkt_1'")).all()
        assert {(row.word, row.weight) for row in rows} == {
            (key("sto_1", "lamp", livemode=False), 3),
            (key("sto_1", "kirik", livemode=False), 1),
        }
    finally:
        engine.dispose()


def _a_ticket_of_old() -> Iterator[tuple[str, dict[str, Any]]]:
    """A store, its ticket, a message and a note, as they stood in their tables then."""
    at = "2026-11-01 10:00:00"
    place: dict[str, Any] = {"name": "x", "timezone": "UTC", "locale": "en", "country_code": "DE", "sandbox_shop": "x"}
    yield (
        "stores",
        {**place, "id": "sto_1", "return_address": "{}", "cursor_secret": "s", "policy": "{}", "created_at": at},
    )
    owned: dict[str, Any] = {"store_id": "sto_1", "livemode": False, "created_at": at}
    state: dict[str, Any] = {"status": "open", "priority": "normal", "channel": "web", "proof": 0, "version": 1}
    seen: dict[str, Any] = {"updated_at": at, "last_message_at": at, "contact": "{}", "tags": "[]", "event_sequence": 1}
    yield "tickets", {**owned, **state, **seen, "id": "tkt_1", "subject": "Lamp"}
    said: dict[str, Any] = {"channel": "web", "author": "{}", "buttons": "[]", "cards": "[]", "details": "{}"}
    for name, direction, words in (("msg_1", "inbound", "kırık"), ("msg_2", "internal", "secret")):
        of = {"id": name, "ticket_id": "tkt_1", "direction": direction, "text": words, "occurred_at": at}
        yield "messages", {**owned, **said, **of}
