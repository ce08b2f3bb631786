"""Live tests run against servers of other people, from npm and on loopback; `make test-live` installs them."""

from collections.abc import Iterator

import pytest

from tests.live import medusa, packages
from tests.support.databases import Databases


@pytest.fixture(scope="session")
def npm() -> None:
    """The packages are there."""
    if not packages.installed():
        pytest.skip("no node_modules in tests/live: `make test-live` installs them")


@pytest.fixture(scope="session")
def medusa_shop(npm: None, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[medusa.Medusa]:
    """A Medusa on an empty PostgreSQL database."""
    if missing := databases.missing():
        pytest.skip(missing)
    database = databases.empty_postgres()
    with medusa.running(tmp_path_factory.mktemp("medusa") / "shop", database) as running:
        yield running
    databases.drop(database)
