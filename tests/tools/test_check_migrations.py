"""Migrations and models agree, on both databases; and the check would notice if they did not."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from tests.tools.check_migrations import drift, history

if TYPE_CHECKING:
    from pathlib import Path


def test_there_is_one_head_and_every_revision_has_a_dated_name() -> None:
    assert history() == []


def test_an_upgraded_sqlite_file_is_what_the_models_say(tmp_path: Path) -> None:
    assert drift(f"sqlite:///{tmp_path / 'empty.db'}") == []


def test_an_upgraded_postgresql_database_is_what_the_models_say(postgres_url: Any) -> None:
    assert drift(postgres_url(empty=True)) == []


def test_a_column_that_no_model_has_is_noticed(sqlite_url: str) -> None:
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    connection.execute("ALTER TABLE refunds ADD COLUMN forgotten TEXT")
    connection.commit()
    connection.close()
    assert "forgotten" in " ".join(drift(sqlite_url))
