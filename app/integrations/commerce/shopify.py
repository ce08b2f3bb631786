"""Shopify: orders, customers and products read; orders canceled and changed; returns, exchanges, refunds, store credit.

Written against Admin GraphQL 2026-10 (introspection and documentation, November 2026). Ids are the numbers in Shopify's
global ids. What Shopify does not promise:

- **Idempotency** is documented for `refundCreate` alone. Every other effect carries our key where it can be read again
  (staff note, note of a return, metafield of `$app:aftersale`), and is looked for before it is sent a second time.
- **A cancellation is a job**: it is `pending` until the order says that it is canceled.
- **A refund may fail late**, and throttling comes as a 200 (`shopify_wire.py`).
- **Orders older than 60 days** are not there for a token without `read_all_orders`.

It cannot note another payment method (`unsupported`), has no subscriptions of its own, and takes no payments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

from app.integrations.commerce import shopify_documents as documents
from app.integrations.commerce import shopify_events
from app.integrations.commerce.contract import (
    RETURN_LABELS,
    AnnounceLabel,
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
    SendExchange,
    ShopCommand,
    SwapItems,
    Variant,
)
from app.integrations.commerce.shopify_changed import changed
from app.integrations.commerce.shopify_deliveries import Deliveries
from app.integrations.commerce.shopify_edits import Edits
from app.integrations.commerce.shopify_effects import Effects
from app.integrations.commerce.shopify_payments import ShopifyPayments
from app.integrations.commerce.shopify_reads import Reads
from app.integrations.commerce.shopify_returns import Returns
from app.integrations.commerce.shopify_sends import Sends
from app.integrations.commerce.shopify_wire import Shop
from app.integrations.commerce.subscription_contract import Subscription
from app.integrations.connecting import Account, Family, Finding, Given, Inbound, Kind
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
    "instant_exchanges",
    RETURN_LABELS,
    "refunds",
    "late_failures",
    "ledger",
    "store_credit",
)
SCOPES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("orders", ("read_orders",)),
    ("orders older than 60 days", ("read_all_orders",)),
    ("cancel, refund, change address", ("write_orders",)),
    ("swap items", ("write_order_edits",)),
    ("returns and exchanges", ("read_returns", "write_returns")),
    (
        "send exchanges early",
        ("read_merchant_managed_fulfillment_orders", "write_merchant_managed_fulfillment_orders"),
    ),
    ("customers", ("read_customers",)),
    ("change customers", ("write_customers",)),
    ("products", ("read_products",)),
    ("fulfillments", ("read_fulfillments",)),
    (
        "store credit",
        (
            "read_store_credit_accounts",
            "read_store_credit_account_transactions",
            "write_store_credit_account_transactions",
        ),
    ),
)
"""What can be done, and the access scopes that it wants; `write_x` holds `read_x`."""


class Config(Given):
    """Which shop."""

    shop: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}\.myshopify\.com$")
    """Its permanent domain, in lower case; the address that shoppers see is not taken."""
    api_base: str | None = Field(None, pattern=r"^http://127\.0\.0\.1:[0-9]{1,5}$")
    """For tests; without `AFTERSALE_LOOPBACK_ADDRESSES` it is not called."""


def _token(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("an Admin API access token: shpat_…")
    return value


class Credentials(Given):
    """The Admin API access token of an app that is installed in the shop, and the app's secret."""

    access_token: Annotated[SecretStr, Field(min_length=16, max_length=255), AfterValidator(_token)]
    webhook_secret: Annotated[SecretStr, Field(min_length=16, max_length=255)] | None = None
    """The app's client secret, which signs its webhooks; without it calls to us are 404."""


class Shopify:
    """One shop."""

    name = "shopify"
    capabilities: frozenset[str] = frozenset()

    def __init__(self, shop: Shop) -> None:
        self._shop, self._reads, self._effects = shop, Reads(shop), Effects(shop)
        self._edits, self._returns = Edits(shop), Returns(shop)
        self._deliveries, self._sends = Deliveries(shop, self._returns), Sends(shop, self._returns)

    async def get_order(self, external_id: str) -> OrderSnapshot | None:
        """The order with the shop's own id, or None where the shop has none."""
        return await self._reads.order(external_id)

    async def find_orders(self, query: OrderQuery) -> OrderPage:
        """Orders that match, newest first."""
        return await self._reads.orders(query)

    async def changed_orders(self, query: ChangedQuery) -> ChangedPage:
        """Orders by the time of their last change, longest ago first."""
        return await changed(self._shop, self._reads, query)

    async def get_customer(self, external_id: str) -> CustomerSnapshot | None:
        """The customer with the shop's own id, or None."""
        return await self._reads.customer(external_id)

    async def find_customers(
        self, *, email: str | None = None, phone: str | None = None
    ) -> tuple[CustomerSnapshot, ...]:
        """Customers with exactly this e-mail (case ignored) and phone; none where neither is given."""
        return await self._reads.customers(email=email, phone=phone)

    async def cancel_order(self, command: CancelOrder) -> Receipt:
        """Cancel; same key, same effect. `Refused("order_not_pending")` once it has shipped or is canceled."""
        return await self._effects.cancel(command)

    async def find_cancellation(self, command: CancelOrder) -> Receipt | None:
        """What the order says of this key; None where nothing happened."""
        return await self._effects.find_cancellation(command)

    async def get_variants(self, product_id: str) -> tuple[Variant, ...] | None:
        """Every variant of a product, available or not; None where the shop has no such product."""
        return await self._reads.variants(product_id)

    async def find_variant(self, variant_id: str) -> Variant | None:
        """The variant of whichever product, available or not; None where the shop has no such variant."""
        return await self._reads.variant(variant_id)

    async def get_subscription(self, external_id: str) -> Subscription | None:
        """None: subscriptions at Shopify belong to the apps that sell them."""
        del external_id

    async def find_subscriptions(self, customer_id: str) -> tuple[Subscription, ...]:
        """None."""
        del customer_id
        return ()

    async def apply(self, command: ShopCommand) -> Receipt:
        """Do it; same key, same effect. `Refused("unsupported")` for what Shopify cannot do."""
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
            case SendExchange():
                return await self._sends.send(command)
            case AnnounceLabel():
                return await self._deliveries.announce(command)
            case _:
                raise Refused("unsupported", "Shopify cannot be told this.")

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
            case SendExchange():
                return await self._sends.find(command)
            case AnnounceLabel():
                return await self._deliveries.find(command)
            case _:
                return None


def shop_of(account: Account[Config, Credentials]) -> Shop:
    """The account's shop, with a client of its own."""
    token = account.credentials.access_token.get_secret_value()
    base = account.config.api_base or f"https://{account.config.shop}"
    http = account.http(base, headers={"X-Shopify-Access-Token": token})
    return Shop(http, account.seconds, uploads=account.http("", max_connections=4))


def connect(account: Account[Config, Credentials]) -> Mapping[Family, Any]:
    """The shop and its payments, which share one bucket of points."""
    shop = shop_of(account)
    return {"commerce": Shopify(shop), "payments": ShopifyPayments(shop)}


async def check(account: Account[Config, Credentials]) -> Sequence[Finding]:
    """Whose token it is and which access scopes it lacks; a token that Shopify does not know is Refused."""
    said = await shop_of(account).ask(documents.CHECK)
    domain = str(said["shop"]["myshopifyDomain"]).lower()
    if domain != account.config.shop:
        return [Finding("shop", ok=False, detail="The token belongs to another shop.")]
    granted = {str(one["handle"]) for one in said["currentAppInstallation"]["accessScopes"]}
    granted |= {"read_" + name.removeprefix("write_") for name in granted if name.startswith("write_")}
    found = [Finding("shop", ok=True, detail="The token is this shop's.")]
    if not account.livemode and not said["shop"]["plan"]["partnerDevelopment"]:
        found.append(Finding("mode", ok=False, detail="A real shop in test mode: what is refunded here is real money."))
    for name, wanted in SCOPES:
        missing = [scope for scope in wanted if scope not in granted]
        detail = "The token lacks an access scope." if missing else "The token may do this."
        found.append(Finding(name, ok=not missing, detail=detail, missing=", ".join(missing) or None))
    return found


KIND = Kind(
    name="shopify",
    description="Shopify: orders, changes, returns with labels, exchanges, refunds, store credit, and its webhooks.",
    config=Config,
    credentials=Credentials,
    check=check,
    families=("commerce", "payments"),
    connect=connect,
    capabilities=lambda _: CAPABILITIES,
    inbound=Inbound(
        configured=lambda account: account.credentials.webhook_secret is not None,
        verify=lambda account, received: shopify_events.verify(
            received,
            secret="" if (secret := account.credentials.webhook_secret) is None else secret.get_secret_value(),
            shop=account.config.shop,
        ),
        resource=shopify_events.resource,
        read=lambda _, body: shopify_events.read(body),
        ids=shopify_events.IDS,
    ),
)
