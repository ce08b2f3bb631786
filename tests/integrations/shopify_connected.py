"""A connection to the tests' Shopify shop."""

from __future__ import annotations

from app.integrations.addresses import Addresses
from app.integrations.commerce.shopify import Config, Credentials
from app.integrations.connecting import Account
from tests.integrations.faulty import PATIENCE
from tests.integrations.shopify_shop import DOMAIN, SECRET, TOKEN


def tail(gid: str) -> str:
    return gid.rpartition("/")[2]


def account(url: str = "http://127.0.0.1:1", token: str = TOKEN, shop: str = DOMAIN) -> Account:
    return Account(
        "con_1",
        livemode=False,
        config=Config(shop=shop, api_base=url),
        credentials=Credentials(access_token=token, webhook_secret=SECRET),
        seconds=PATIENCE,
        addresses=Addresses(loopback=True),
    )
