"""One shop per test in the sandbox of the process."""

import itertools

import pytest

from tests.sandbox.served import SHOP, Served

_SHOPS = itertools.count(1)


@pytest.fixture
def shop(sandbox_url) -> Served:
    served = Served(sandbox_url, f"shop-{next(_SHOPS)}")
    served.post("/sandbox/v1/import", SHOP)
    return served
