"""A migration is whole or not there, on either database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, inspect

from app.migrate import pending, sync_url, upgrade


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
