"""Medusa v2: orders, customers and products read; orders canceled and changed; returns, exchanges, refunds.

Written against 2.21.2 (its sources, its admin API and recorded traffic, November 2026). Ids are Medusa's own. What
Medusa does not promise:

- **No idempotency**, nowhere. Our key stands where it can be read again (a refund's note, metadata of an order, a
  return or an exchange, an edit's internal note), and is looked for before anything is sent and after every error.
- **An error may come after the effect**, and what is changed while an order change is open is done by half: see
  `medusa_payments.py`, `medusa_effects.py`.
- **Canceling gives back what was captured**: let one connection serve the shop and the payments, or money that another
  provider took may be asked back twice.
- **Sums are not kept**: an order's `summary` and `total` are never read (`medusa_orders.py`).
- **Filters that it does not know it passes over**, and items come back in any order.
- It calls nobody by itself: orders are read when asked for, by `aftersale sync` and at night.

It cannot note another payment method, take a payment, or pay out as credit (`unsupported`), and has no subscriptions.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

from app import money
from app.integrations.addresses import Addresses
from app.integrations.commerce.contract import (
    CancelOrder,
    ChangeAddress,
    ChangeCustomer,
    ChangedPage,
    ChangedQuery,
    CloseReturn,
    CustomerSnapshot,
    OpenExchange,
    OpenReturn,
    OrderPage,
    OrderQuery,
    OrderSnapshot,
    ShopCommand,
    SwapItems,
    Variant,
)
from app.integrations.commerce.medusa_edits import Edits
from app.integrations.commerce.medusa_effects import Effects
from app.integrations.commerce.medusa_payments import MedusaPayments
from app.integrations.commerce.medusa_reads import Reads
from app.integrations.commerce.medusa_returns import Returns
from app.integrations.commerce.medusa_wire import DENIED, Shop
from app.integrations.commerce.subscription_contract import Subscription
from app.integrations.connecting import Account, Family, Finding, Given, Kind
from app.integrations.errors import Refused
from app.integrations.receipts import Receipt

CAPABILITIES = (
    "orders",
    "customers",
    "products",
    "cancel",
    "change_address",
    "swap_items",
    "change_customer",
    "returns",
    "exchanges",
    "refunds",
    "ledger",
)


def _address(value: str) -> str:
    try:
        Addresses(loopback=True).parse(value)  # by what is written; where it leads is looked at when it is called
    except Refused as refusal:
        raise ValueError(refusal.detail) from refusal
    return value


def _currency(value: str | None) -> str | None:
    if value is not None and value not in money.known_currencies():
        raise ValueError("a currency of ISO 4217: EUR, USD, …")
    return value


class Config(Given):
    """Where it is."""

    url: Annotated[
        str,
        Field(pattern=r"^(https://[a-z0-9.-]+(:[0-9]{1,5})?|http://127\.0\.0\.1:[0-9]{1,5})$"),
        AfterValidator(_address),
    ]
    """The backend's address, as `https://shop.example.com:9000`. The loopback is for tests; without
    `AFTERSALE_LOOPBACK_ADDRESSES` it is not called."""
    currency: Annotated[str | None, AfterValidator(_currency)] = None
    """Whose prices products are told with; else the shop's default."""


def _key(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.startswith("sk_") or not text.isascii() or not text.isprintable() or " " in text or ":" in text:
        raise ValueError("a secret API key: sk_…")
    return value


class Credentials(Given):
    """A secret API key (Settings, Secret API Keys)."""

    secret_key: Annotated[SecretStr, Field(min_length=16, max_length=255), AfterValidator(_key)]


class Medusa:
    """One shop."""

    name = "medusa"
    capabilities: frozenset[str] = frozenset()

    def __init__(self, shop: Shop, currency: str | None = None) -> None:
        self._reads, self._effects, self._returns = Reads(shop, currency), Effects(shop), Returns(shop)
        self._edits = Edits(shop, self._effects)

    async def get_order(self, external_id: str) -> OrderSnapshot | None:
        """The order with the shop's own id, or None where the shop has none."""
        return await self._reads.order(external_id)

    async def find_orders(self, query: OrderQuery) -> OrderPage:
        """Orders that match, newest first."""
        return await self._reads.orders(query)

    async def changed_orders(self, query: ChangedQuery) -> ChangedPage:
        """Orders by the time of their last change, longest ago first."""
        return await self._reads.changed(query)

    async def get_customer(self, external_id: str) -> CustomerSnapshot | None:
        """The customer with the shop's own id, or None."""
        return await self._reads.customer(external_id)

    async def find_customers(
        self, *, email: str | None = None, phone: str | None = None
    ) -> tuple[CustomerSnapshot, ...]:
        """Customers with exactly this e-mail (case ignored) and phone; none where neither is given."""
        return await self._reads.customers(email=email, phone=phone)

    async def cancel_order(self, command: CancelOrder) -> Receipt:
        """Cancel; same key, same effect. `Refused("order_not_pending")` once it is packed or is canceled."""
        return await self._effects.cancel(command)

    async def find_cancellation(self, command: CancelOrder) -> Receipt | None:
        """What the order says of this key; None where nothing happened."""
        return await self._effects.find_cancellation(command)

    async def get_variants(self, product_id: str) -> tuple[Variant, ...] | None:
        """Every variant of a product that has a price, available or not; None where the shop has no such product."""
        return await self._reads.variants(product_id)

    async def find_variant(self, variant_id: str) -> Variant | None:
        """The variant of whichever product, available or not; None where the shop has none."""
        return await self._reads.variant(variant_id)

    async def get_subscription(self, external_id: str) -> Subscription | None:
        """None: Medusa has none."""
        del external_id

    async def find_subscriptions(self, customer_id: str) -> tuple[Subscription, ...]:
        """None."""
        del customer_id
        return ()

    async def apply(self, command: ShopCommand) -> Receipt:
        """Do it; same key, same effect. `Refused("unsupported")` for what Medusa cannot do."""
        match command:
            case ChangeAddress():
                return await self._effects.change_address(command)
            case ChangeCustomer():
                return await self._effects.change_customer(command)
            case SwapItems():
                return await self._edits.swap(command)
            case OpenReturn() | OpenExchange():
                return await self._returns.open(command)
            case CloseReturn():
                return await self._returns.close(command)
            case _:
                raise Refused("unsupported", "Medusa cannot be told this.")

    async def find_applied(self, command: ShopCommand) -> Receipt | None:
        """What the shop's own record says of this key; None where nothing happened."""
        match command:
            case ChangeAddress():
                return await self._effects.find_address(command)
            case ChangeCustomer():
                return await self._effects.find_customer_change(command)
            case SwapItems():
                return await self._edits.find(command)
            case OpenReturn() | OpenExchange():
                return await self._returns.find(command)
            case CloseReturn():
                return await self._returns.find_closed(command)
            case _:
                return None


def shop_of(account: Account[Config, Credentials]) -> Shop:
    """The account's shop, with a client of its own."""
    key = account.credentials.secret_key.get_secret_value()
    basic = base64.b64encode(f"{key}:".encode()).decode()
    return Shop(account.http(account.config.url, headers={"Authorization": f"Basic {basic}"}), account.seconds)


def connect(account: Account[Config, Credentials]) -> Mapping[Family, Any]:
    """The shop and its payments."""
    shop = shop_of(account)
    return {"commerce": Medusa(shop, account.config.currency), "payments": MedusaPayments(shop)}


READS = (
    ("orders", "/admin/orders", "order:read"),
    ("returns", "/admin/returns", "return:read"),
    ("exchanges", "/admin/exchanges", "exchange:read"),
    ("customers", "/admin/customers", "customer:read"),
    ("products", "/admin/products", "product:read"),
    ("payments", "/admin/payments", "payment:read"),
)
"""What is asked and the permission that it wants, where the shop has roles."""
NOWHERE = "pay_00000000000000000000000000"
"""A payment that does not exist: not found by whoever may refund it, forbidden to whoever may not."""


async def check(account: Account[Config, Credentials]) -> Sequence[Finding]:
    """What the key may do; a key that the shop does not know is Refused."""
    shop = shop_of(account)
    currency = await Reads(shop, account.config.currency).currency()
    found = [Finding("prices", ok=True, detail=f"Products are told with their prices in {currency}.")]
    for name, path, permission in READS:
        found.append(await _may(name, permission, shop.get(path, {"limit": "1", "fields": "id"})))
    refund = shop.post(f"/admin/payments/{NOWHERE}/refund", {"amount": 1, "note": "a check of aftersale"})
    return [*found, await _may("refunds", "payment:update", refund)]


async def _may(name: str, permission: str, asked: Any) -> Finding:
    try:
        await asked
    except Refused as refusal:
        if refusal.code == DENIED and refusal.evidence.get("status") == 403:
            return Finding(name, ok=False, detail="The key may not do this.", missing=permission)
        if refusal.code != "not_found":
            raise
    return Finding(name, ok=True, detail="The key may do this.")


KIND = Kind(
    name="medusa",
    description="Medusa v2: orders, changes, returns, exchanges, refunds and their ledger.",
    config=Config,
    credentials=Credentials,
    check=check,
    families=("commerce", "payments"),
    connect=connect,
    capabilities=lambda _: CAPABILITIES,
)
