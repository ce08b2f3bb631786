"""Live tests run against servers of other people, from npm and on loopback; `make test-live` installs them."""

import pytest

from tests.live import packages


@pytest.fixture(scope="session")
def npm() -> None:
    """The packages are there."""
    if not packages.installed():
        pytest.skip("no node_modules in tests/live: `make test-live` installs them")
