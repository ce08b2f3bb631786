"""A connection to the tests' Shopify shop, and what it is told most."""

from __future__ import annotations

from app.integrations.addresses import Addresses
from app.integrations.commerce.contract import CancelOrder, LineBack, LineSwap, OpenReturn, SwapItems
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


def cancel(order, key: str = "opr_1") -> CancelOrder:
    return CancelOrder(key=key, order_id=tail(order.id), reason="asked by the shopper")


def swap_of(server, order, quantity: int = 1, to: int = 1) -> SwapItems:
    variants = next(iter(server.products.values())).variants
    swap = LineSwap(line_id=tail(order.lines[0].id), variant_id=tail(variants[to].id), quantity=quantity)
    return SwapItems(key="opr_1", order_id=tail(order.id), swaps=(swap,))


def back(order, quantity: int = 1, key: str = "opr_1", rma: str = "RMA-1") -> OpenReturn:
    line = LineBack(line_id=tail(order.lines[0].id), quantity=quantity, reason="damaged")
    return OpenReturn(key=key, order_id=tail(order.id), rma=rma, lines=(line,))
