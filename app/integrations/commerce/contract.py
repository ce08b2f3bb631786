"""What a shop backend must do for us. Times are aware UTC, money is integer minor units of `currency`."""

from datetime import date, datetime
from typing import Literal, Protocol

from pydantic import Field

from app.integrations.commerce.subscription_contract import ChangeSubscription, Subscription
from app.integrations.receipts import Receipt, ReceiptStatus
from app.integrations.values import Frozen

OrderStatus = Literal["pending", "processing", "shipped", "delivered", "canceled"]
PaymentStatus = Literal["pending", "authorized", "paid", "partially_refunded", "refunded", "voided"]
FulfillmentStatus = Literal["unfulfilled", "partial", "fulfilled"]
PaymentKind = Literal["card", "paypal", "gift_card", "store_credit", "bank", "other"]


class Address(Frozen):
    """A postal address; `country_code` is ISO 3166-1 alpha-2."""

    name: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province: str | None = None
    country_code: str | None = None
    postal_code: str | None = None
    phone: str | None = None


class PaymentMethodSnapshot(Frozen):
    """A way to pay that the customer has on file; `balance` in minor units for gift cards and credit."""

    id: str
    kind: PaymentKind
    label: str
    balance: int | None = None
    currency: str | None = None


class CustomerSnapshot(Frozen):
    """A customer as the shop has them."""

    external_id: str
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    locale: str | None = None
    addresses: tuple[Address, ...] = ()
    payment_methods: tuple[PaymentMethodSnapshot, ...] = ()


class LineSnapshot(Frozen):
    """One line of an order; `unit_price` is before discount.

    `total` is what was paid for the whole line, discount off and tax in, whether prices are shown with tax or not.
    """

    external_id: str
    product_id: str | None = None
    variant_id: str | None = None
    title: str
    options: dict[str, str] = Field(default_factory=dict[str, str])
    quantity: int
    unit_price: int
    discount: int = 0
    tax: int = 0
    total: int
    fulfilled_quantity: int = 0
    final_sale: bool = False
    tags: tuple[str, ...] = ()
    """The product's, as the shop has them now."""


class PaymentSnapshot(Frozen):
    """A payment on the order. `captured` and `refunded` are what the shop believes; the ledger is asked for money."""

    external_id: str
    kind: PaymentKind
    label: str
    payment_method_id: str | None = None
    currency: str
    captured: int
    refunded: int = 0


class RefundedLine(Frozen):
    """So many of a line that money went back for; `amount` in minor units, None where the shop does not tell it."""

    line_id: str
    """The line's external id."""
    quantity: int
    amount: int | None = None


class RefundSnapshot(Frozen):
    """A refund that the shop knows of, ours or made elsewhere, and what it was for.

    How much of which payment went back is the ledger's word. `external_id` and `key` are the payment provider's; where
    neither is one of ours, it was made elsewhere.
    """

    external_id: str
    key: str | None = None
    status: ReceiptStatus
    lines: tuple[RefundedLine, ...] = ()
    """Empty where only an amount is known."""


class ShipmentSnapshot(Frozen):
    """A parcel as the shop knows it; what happened to it comes from the carrier."""

    external_id: str
    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    line_ids: tuple[str, ...] = ()
    """The lines' external ids."""
    service: str | None = None
    """What the shop sold it as (`express`, `economy`): how long a silence is usual depends on it."""
    shipped_at: datetime | None = None
    promised_by: date | None = None
    """The last day on which the shop said that this parcel would arrive, where it is delivered."""


class Totals(Frozen):
    """Sums in minor units of the order's currency; `items` before discount; `tax` is in `total` once."""

    items: int
    discount: int
    tax: int
    shipping: int
    duties: int
    total: int
    refunded: int


class OrderSnapshot(Frozen):
    """An order as the shop has it now."""

    external_id: str
    number: str
    status: OrderStatus
    payment_status: PaymentStatus
    fulfillment_status: FulfillmentStatus
    placed_at: datetime
    delivered_at: datetime | None = None
    canceled_at: datetime | None = None
    customer: CustomerSnapshot | None = None
    email: str | None = None
    phone: str | None = None
    shipping_address: Address | None = None
    lines: tuple[LineSnapshot, ...]
    payments: tuple[PaymentSnapshot, ...] = ()
    refunds: tuple[RefundSnapshot, ...] = ()
    shipments: tuple[ShipmentSnapshot, ...] = ()
    totals: Totals
    currency: str
    presentment_currency: str
    promised_by: date | None = None
    """The last day on which the shop said that all of it would arrive, where it is delivered."""
    locale: str | None = None
    """In which it was ordered; None where the shop does not tell."""
    prices_include_tax: bool = False
    tags: tuple[str, ...] = ()
    items_changed: bool = False
    """Its items were swapped after it was placed."""
    payment_changed: bool = False
    """Its payment method was changed after it was placed."""
    return_requested: bool = False
    """The shop has a return of it that stands."""
    exchange_requested: bool = False
    """The shop has an exchange of it that stands."""


class Variant(Frozen):
    """What an exchange may choose; `price` in minor units of `currency`."""

    external_id: str
    product_id: str
    title: str
    options: dict[str, str] = Field(default_factory=dict[str, str])
    price: int
    currency: str
    available: bool


class OrderQuery(Frozen):
    """Which orders are wanted; all given fields must match. `number` with or without `#`."""

    number: str | None = None
    email: str | None = None
    phone: str | None = None
    customer_id: str | None = None
    limit: int = 50
    cursor: str | None = None


class OrderPage(Frozen):
    """Newest first; `next_cursor` is None at the end."""

    orders: tuple[OrderSnapshot, ...]
    next_cursor: str | None = None


class ChangedQuery(Frozen):
    """Orders that changed at `since` or later; None: all that there are. `cursor` as the page before gave it."""

    since: datetime | None = None
    limit: int = 25
    cursor: str | None = None


class ChangedPage(Frozen):
    """What changed longest ago first; `next_cursor` is None at the end."""

    orders: tuple[OrderSnapshot, ...]
    next_cursor: str | None = None
    total: int | None = None
    """How many there are from the first page to the last, where the shop tells."""
    unreadable: tuple[str, ...] = ()
    """The shop's ids of orders of this page that cannot be read, however often they are asked for."""


class CancelOrder(Frozen):
    """Cancel a whole order that has not shipped; money is not moved by it."""

    key: str
    order_id: str
    reason: str
    notify: bool = False


class LineSwap(Frozen):
    """`quantity` of an order's line for as many of another variant."""

    line_id: str
    """The line's external id."""
    variant_id: str
    quantity: int


class LineBack(Frozen):
    """`quantity` of an order's line on its way back."""

    line_id: str
    """The line's external id."""
    quantity: int
    reason: str | None = None


class ChangeAddress(Frozen):
    """Send an order that has not shipped to another address."""

    key: str
    order_id: str
    address: Address


class SwapItems(Frozen):
    """Swap lines of an order that has not shipped, all at once; money is not moved by it."""

    key: str
    order_id: str
    swaps: tuple[LineSwap, ...]


class SwapReceipt(Receipt):
    """A receipt for swapped items."""

    line_ids: tuple[str, ...] = ()
    """The shop's ids of the lines that are the new items now, in the order of the swaps; empty where it tells none."""


class ChangePaymentMethod(Frozen):
    """Note in the shop that another method pays; money is not moved by it."""

    key: str
    order_id: str
    payment_method_id: str


class OpenReturn(Frozen):
    """Have the shop expect goods back. `payment_method_id`: where the money will go; None: where it came from."""

    key: str
    order_id: str
    rma: str
    lines: tuple[LineBack, ...]
    payment_method_id: str | None = None


class OpenExchange(Frozen):
    """Have the shop expect goods back and send others.

    `difference` in minor units of `currency`: what `payment_method_id` will still pay, negative for what it will get
    back. Money is not moved by it.
    """

    key: str
    order_id: str
    rma: str
    swaps: tuple[LineSwap, ...]
    payment_method_id: str | None
    difference: int
    currency: str


class CloseReturn(Frozen):
    """Have the shop no longer expect the goods of a return or exchange that it was told of under this `rma`."""

    key: str
    order_id: str
    rma: str


class SendExchange(Frozen):
    """Have the shop send now what goes out for the exchange of this `rma`, before what comes back is here."""

    key: str
    order_id: str
    rma: str


class AnnounceLabel(Frozen):
    """Have the shop know with which label the goods of the return of this `rma` come back; told twice it is the same.

    `replaces`: numbers of former labels of the same parcel that nobody uses any more.
    """

    key: str
    order_id: str
    rma: str
    tracking_number: str
    tracking_url: str | None = None
    replaces: tuple[str, ...] = ()
    label_id: str | None = None
    """The carrier's id of the label; None where only its number is known."""
    file_format: Literal["pdf", "png"] = "pdf"
    file: bytes | None = Field(default=None, exclude=True, repr=False)
    """The label itself, where it can be had: fetched when it is told, and never kept with the command."""


class ChangeCustomer(Frozen):
    """Change a customer's default address or contacts; what is None stays."""

    key: str
    customer_id: str
    address: Address | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None


ShopCommand = (
    ChangeAddress
    | SwapItems
    | ChangePaymentMethod
    | OpenReturn
    | OpenExchange
    | CloseReturn
    | SendExchange
    | AnnounceLabel
    | ChangeCustomer
    | ChangeSubscription
)
"""What a shop may be told to do to an order, a customer or a subscription, besides canceling an order."""
SUBSCRIPTIONS = "subscriptions"
RETURN_LABELS = "return_labels"
"""Among the capabilities of a kind of shop that wants to know of return labels (`AnnounceLabel`)."""


class CommerceBackend(Protocol):
    """A shop. Every method raises only `Refused` or `OutcomeUnknown` (`app.integrations.errors`)."""

    name: str
    capabilities: frozenset[str]
    """What not every shop has and this one has: `subscriptions`.

    One without them answers None and nothing of the kind, and is never told to change one.
    """

    async def get_order(self, external_id: str) -> OrderSnapshot | None:
        """The order with the shop's own id, or None where the shop has none."""
        ...

    async def find_orders(self, query: OrderQuery) -> OrderPage:
        """Orders that match, newest first."""
        ...

    async def changed_orders(self, query: ChangedQuery) -> ChangedPage:
        """Orders by the time of their last change, longest ago first, so that none is passed over while they change.

        One that changes while they are read may come again. `Refused("unsupported")` where a shop has no such list,
        `Refused("cursor_invalid")` where it does not know the cursor (any more).
        """
        ...

    async def get_customer(self, external_id: str) -> CustomerSnapshot | None:
        """The customer with the shop's own id, or None."""
        ...

    async def find_customers(
        self, *, email: str | None = None, phone: str | None = None
    ) -> tuple[CustomerSnapshot, ...]:
        """Customers with exactly this e-mail (case ignored) and phone."""
        ...

    async def cancel_order(self, command: CancelOrder) -> Receipt:
        """Cancel; same key, same effect. `Refused("order_not_pending")` once it has shipped or is canceled."""
        ...

    async def find_cancellation(self, command: CancelOrder) -> Receipt | None:
        """What the shop's own record says of this key; None where nothing happened."""
        ...

    async def get_variants(self, product_id: str) -> tuple[Variant, ...] | None:
        """Every variant of a product, available or not; None where the shop has no such product."""
        ...

    async def find_variant(self, variant_id: str) -> Variant | None:
        """The variant of whichever product, available or not; None where the shop has no such variant."""
        ...

    async def get_subscription(self, external_id: str) -> Subscription | None:
        """The subscription with the shop's own id, or None."""
        ...

    async def find_subscriptions(self, customer_id: str) -> tuple[Subscription, ...]:
        """Every subscription of the customer with the shop's own id, ended ones too; oldest first."""
        ...

    async def apply(self, command: ShopCommand) -> Receipt:
        """Do it; same key, same effect. `Refused` with the shop's reason in our words where it says no."""
        ...

    async def find_applied(self, command: ShopCommand) -> Receipt | None:
        """What the shop's own record says of this key; None where nothing happened."""
        ...
