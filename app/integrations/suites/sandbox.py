"""Our sandbox as a connection: shop, payments, carrier and mailbox of one of its shops, in test mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from app.integrations.carriers.sandbox import SandboxCarrier
from app.integrations.channels.sandbox import SandboxChannel
from app.integrations.commerce.contract import SUBSCRIPTIONS, OrderQuery
from app.integrations.commerce.sandbox import SandboxCommerce
from app.integrations.connecting import Account, Family, Finding, Given, Kind
from app.integrations.http import Http
from app.integrations.payments.sandbox import SandboxPayments

CAPABILITIES = ("orders", "cancel", "returns", "exchanges", "refunds", "store_credit", "labels", "tracking", "messages")


class Config(Given):
    """Which of the sandbox's shops."""

    shop: str = Field("demo", pattern=r"^[A-Za-z0-9_.-]{1,64}$")


class Credentials(Given):
    """None: it is ours."""


def adapters(http: Http, shop: str, seconds: float) -> dict[Family, Any]:
    """The four counterparts of one of its shops."""
    return {
        "commerce": SandboxCommerce(http, shop, seconds),
        "payments": SandboxPayments(http, shop, seconds),
        "carrier": SandboxCarrier(http, shop, seconds),
        "channel": SandboxChannel(http, shop, seconds),
    }


def connect(account: Account[Config, Credentials]) -> Mapping[Family, Any]:
    """The four counterparts."""
    return adapters(account.http(account.sandbox_url, ours=True), account.config.shop, account.seconds)


async def check(account: Account[Config, Credentials]) -> Sequence[Finding]:
    """Whether the shop's orders can be read."""
    shop = connect(account)["commerce"]
    page = await shop.find_orders(OrderQuery(limit=1))
    return [Finding("orders", ok=True, detail="Orders can be read." if page.orders else "The shop has no orders yet.")]


KIND = Kind(
    name="sandbox",
    description="Our own shop, payment provider, carrier and mailbox to try things out.",
    config=Config,
    credentials=Credentials,
    check=check,
    families=("commerce", "payments", "carrier", "channel"),
    connect=connect,
    capabilities=lambda _: (*CAPABILITIES, SUBSCRIPTIONS),
    test_only=True,
)
