"""A sandbox for the adapters, and raw servers that misbehave."""

import itertools

import pytest

from app.integrations.http import load
from tests.integrations.faulty import served
from tests.integrations.shopify_connected import account
from tests.integrations.shopify_shop import ShopifyShop
from tests.sandbox.served import SHOP, Served, run_sandbox

_SHOPS = itertools.count(1)


@pytest.fixture(scope="session")
def sandbox_url(tmp_path_factory):
    with run_sandbox(tmp_path_factory.mktemp("sandbox") / "sandbox.db") as url:
        yield url


@pytest.fixture
def shop(sandbox_url) -> Served:
    served = Served(sandbox_url, f"adapters-{next(_SHOPS)}")
    served.post("/sandbox/v1/import", SHOP)
    return served


@pytest.fixture
async def shopify_server(specs):
    """A Shopify shop on loopback."""
    load()
    made = ShopifyShop(specs)
    async with served(made.app()) as made.url:
        yield made


@pytest.fixture
async def shopify_account(shopify_server):
    """A function: a connection to that shop, closed with the test."""
    made = []

    def make(**given):
        made.append(account(shopify_server.url, **given))
        return made[-1]

    yield make
    for one in made:
        await one.close()
