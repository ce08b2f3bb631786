"""One app per database and module (the engine is one per process), and two stores with shops of their own per test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.app import App, Tenant, running, sandbox
from tests.support.databases import Databases


@pytest.fixture(scope="session")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The worker's sandbox server."""
    with sandbox(tmp_path_factory.mktemp("sandbox") / "sandbox.db") as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def app(
    request: pytest.FixtureRequest, databases: Databases, sandbox_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[App]:
    """The app, first on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        with running(databases.migrated_sqlite(tmp_path_factory.mktemp("app") / "aftersale.db"), sandbox_url) as app:
            yield app
        return
    missing = databases.missing()
    if missing:
        pytest.skip(missing)
    url = databases.migrated_postgres()
    with running(url, sandbox_url) as app:
        yield app
    databases.drop(url)


@pytest.fixture
def store(app: App) -> Tenant:
    """A store on a demo shop of its own."""
    return app.store()


@pytest.fixture
def other(app: App) -> Tenant:
    """Another store on another shop with the same content."""
    return app.store()
