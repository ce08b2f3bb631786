"""One sandbox per test session, one shop per test."""

import itertools

import pytest

from tests.sandbox.served import SHOP, Served, run_sandbox

_SHOPS = itertools.count(1)


@pytest.fixture(scope="session")
def sandbox_url(tmp_path_factory):
    with run_sandbox(tmp_path_factory.mktemp("sandbox") / "sandbox.db") as url:
        yield url


@pytest.fixture
def shop(sandbox_url) -> Served:
    served = Served(sandbox_url, f"shop-{next(_SHOPS)}")
    served.post("/sandbox/v1/import", SHOP)
    return served
