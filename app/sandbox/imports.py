"""The import format: a whole shop in one JSON document, checked before anything of it is taken.

Amounts are integer minor units by ISO 4217, times are RFC 3339 with a zone. With `relative_to_now` a time may also
be written as `-3d`, `+36h` or `-15m`: counted from the moment of the import, so that a demo stays fresh.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, StringConstraints

from app.clock import now
from app.money import MAX_AMOUNT
from app.sandbox.subscription_records import SubscriptionChangeIn, SubscriptionIn
from app.sandbox.wire import Strict, check
from app.sandbox.words import Amount, Count, Country, Currency, Day, Id, Moment, Text

PaymentKind = Literal["card", "paypal", "gift_card", "store_credit", "bank", "other"]


class VariantIn(Strict):
    """One kind of a product that can be bought. `price` in minor units of `currency`, if that is given."""

    id: Id
    options: dict[str, Text] = Field(default_factory=dict[str, Text])
    price: Amount
    currency: Currency | None = None
    available: bool = True


class ProductIn(Strict):
    """A product and its variants."""

    id: Id
    name: Text
    tags: list[Text] = Field(default_factory=list[Text])
    variants: list[VariantIn] = Field(default_factory=list[VariantIn])


class AddressIn(Strict):
    """A postal address; `country_code` is ISO 3166-1 alpha-2."""

    name: Text | None = None
    address1: Text | None = None
    address2: Text | None = None
    city: Text | None = None
    province: Text | None = None
    country_code: Country | None = None
    postal_code: Text | None = None
    phone: Text | None = None


class PaymentMethodIn(Strict):
    """A way to pay on file; `balance` and `currency` for gift cards and store credit."""

    id: Id
    kind: PaymentKind
    label: Text
    balance: Amount | None = None
    currency: Currency | None = None


class SwapIn(Strict):
    """`quantity` of a line for as many of another variant."""

    line_id: Id
    variant_id: Id
    quantity: int = Field(ge=1, le=1_000_000)


class BackIn(Strict):
    """`quantity` of a line on its way back."""

    line_id: Id
    quantity: int = Field(ge=1, le=1_000_000)
    reason: Text | None = None


ChangeKind = Literal[
    "change_address",
    "swap_items",
    "change_payment_method",
    "open_return",
    "open_exchange",
    "close_return",
    "send_exchange",
    "change_customer",
    "change_subscription",
]


class ChangeRecordIn(Strict):
    """What the shop was told to change; there is no need to write one by hand.

    `line_ids`: of swapped items the lines that they are now, in the order of `swaps`.
    `difference`: of swapped items what they cost more than the old ones, of an exchange what is still to be paid.
    `asked` and `subscription`: what was to become of a subscription, and what it was afterwards.
    """

    id: Id
    kind: ChangeKind
    at: Moment
    key: Text | None = None
    rma: Text | None = None
    lines: list[BackIn] = Field(default_factory=list[BackIn])
    swaps: list[SwapIn] = Field(default_factory=list[SwapIn])
    line_ids: list[Id] = Field(default_factory=list[Id])
    payment_method_id: Id | None = None
    difference: int | None = Field(default=None, ge=-MAX_AMOUNT, le=MAX_AMOUNT)
    currency: Currency | None = None
    address: AddressIn | None = None
    email: Text | None = None
    phone: Text | None = None
    name: Text | None = None
    asked: SubscriptionChangeIn | None = None
    subscription: SubscriptionIn | None = None


class PayoutRecordIn(Strict):
    """Money given to a method that did not pay it; a customer's own hang on no order."""

    id: Id
    customer_id: Id
    payment_method_id: Id
    amount: int = Field(gt=0, le=MAX_AMOUNT)
    currency: Currency
    at: Moment
    status: Literal["succeeded", "failed"] = "succeeded"
    key: Text | None = None
    reason: Text | None = None
    failure_code: Text | None = None
    place: Count | None = None


class CustomerIn(Strict):
    """A shopper. E-mail and phone need not be unique: real shops have doubles."""

    id: Id
    email: Text | None = None
    phone: Text | None = None
    name: Text | None = None
    locale: Text | None = None
    addresses: list[AddressIn] = Field(default_factory=list[AddressIn])
    payment_methods: list[PaymentMethodIn] = Field(default_factory=list[PaymentMethodIn])
    payouts: list[PayoutRecordIn] = Field(default_factory=list[PayoutRecordIn])
    changes: list[ChangeRecordIn] = Field(default_factory=list[ChangeRecordIn])


class LineIn(Strict):
    """One line. `total` = quantity × unit_price − discount, plus `tax` where prices do not include it."""

    id: Id
    product_id: Id | None = None
    variant_id: Id | None = None
    title: Text
    options: dict[str, Text] = Field(default_factory=dict[str, Text])
    quantity: int = Field(ge=1, le=1_000_000)
    unit_price: Amount
    discount: Amount = 0
    tax: Amount = 0
    total: Amount
    fulfilled_quantity: Count = 0
    final_sale: bool = False


class PaymentIn(Strict):
    """A payment in the order's currency. Only `captured` money was taken and can be given back.

    `place`: when it came among the order's payments, refunds and payouts. `origin` `api`: charged by the sandbox.
    """

    id: Id
    kind: PaymentKind
    label: Text
    payment_method_id: Id | None = None
    amount: Amount
    state: Literal["authorized", "captured", "pending", "voided"] = "captured"
    place: Count | None = None
    key: Text | None = None
    origin: Literal["import", "api"] = "import"
    at: Moment | None = None
    failure_code: Text | None = None


class ScanIn(Strict):
    """What a carrier's scanner said; any word, any order, doubles too: carriers do that."""

    at: Moment
    word: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    description: Text = ""
    location: Text | None = None


class ShipmentIn(Strict):
    """A parcel that left for the shopper."""

    id: Id
    carrier: Text
    tracking_number: Id
    tracking_url: Text | None = None
    line_ids: list[Id] = Field(default_factory=list[Id])
    scans: list[ScanIn] = Field(default_factory=list[ScanIn])
    eta: Moment | None = None
    service: Text | None = None
    shipped_at: Moment | None = None
    promised_by: Day | None = None


class RefundedIn(Strict):
    """`quantity` of a line that money was given back for; `amount` where the shop tells how much of it."""

    line_id: Id
    quantity: int = Field(ge=1, le=1_000_000)
    amount: Amount | None = None


class RefundRecordIn(Strict):
    """Money given back before. `origin`: `import` for history, `api` and `outside` for what the sandbox made.

    `lines`: what it was for, where the shop knows.
    """

    id: Id
    payment_id: Id
    amount: int = Field(gt=0, le=MAX_AMOUNT)
    at: Moment
    status: Literal["succeeded", "pending", "failed"] = "succeeded"
    key: Text | None = None
    reason: Text | None = None
    failure_code: Text | None = None
    origin: Literal["import", "api", "outside"] = "import"
    place: Count | None = None
    lines: list[RefundedIn] = Field(default_factory=list[RefundedIn])


class OrderIn(Strict):
    """An order. Its total is the lines' totals plus shipping plus duties; payment status follows from the ledger.

    `payment_method_id`: what pays since the method was changed.
    """

    id: Id
    number: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    customer_id: Id | None = None
    status: Literal["pending", "processing", "shipped", "delivered", "canceled"]
    placed_at: Moment
    delivered_at: Moment | None = None
    canceled_at: Moment | None = None
    cancel_key: Text | None = None
    cancel_reason: Text | None = None
    currency: Currency
    presentment_currency: Currency | None = None
    promised_by: Day | None = None
    locale: Text | None = None
    prices_include_tax: bool = False
    lines: list[LineIn] = Field(min_length=1)
    shipping: Amount = 0
    duties: Amount = 0
    shipping_address: AddressIn | None = None
    email: Text | None = None
    phone: Text | None = None
    payments: list[PaymentIn] = Field(default_factory=list[PaymentIn])
    shipments: list[ShipmentIn] = Field(default_factory=list[ShipmentIn])
    refunds: list[RefundRecordIn] = Field(default_factory=list[RefundRecordIn])
    payouts: list[PayoutRecordIn] = Field(default_factory=list[PayoutRecordIn])
    payment_method_id: Id | None = None
    items_changed: bool = False
    payment_changed: bool = False
    return_requested: bool = False
    exchange_requested: bool = False
    changes: list[ChangeRecordIn] = Field(default_factory=list[ChangeRecordIn])
    tags: list[Text] = Field(default_factory=list[Text])
    extra: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])


class LabelRecordIn(Strict):
    """A return label that the sandbox's carrier sold; there is no need to write one by hand."""

    id: Id
    reference: Id
    rma: Text
    tracking_number: Id
    service: Text
    cost: Amount
    currency: Currency
    created_at: Moment
    expires_at: Moment
    voided_at: Moment | None = None
    scanned: bool = False
    qr: bool = False
    sender: AddressIn
    recipient: AddressIn
    parcel: dict[str, int | None] = Field(default_factory=dict[str, int | None])
    scans: list[ScanIn] = Field(default_factory=list[ScanIn])


class SettingsIn(Strict):
    """How the shop's payment provider behaves. `ceiling` off: it no longer checks refunds against captures."""

    ceiling: bool = True
    refund_mode: Literal["instant", "pending"] = "instant"


class ShopIn(Strict):
    """A whole shop; what stood there before is replaced."""

    relative_to_now: bool = False
    settings: SettingsIn = SettingsIn()
    products: list[ProductIn] = Field(default_factory=list[ProductIn])
    customers: list[CustomerIn] = Field(default_factory=list[CustomerIn])
    orders: list[OrderIn] = Field(default_factory=list[OrderIn])
    labels: list[LabelRecordIn] = Field(default_factory=list[LabelRecordIn])
    subscriptions: list[SubscriptionIn] = Field(default_factory=list[SubscriptionIn])


def parse(document: dict[str, Any]) -> ShopIn:
    """The document, checked; Problem 422 with pointers where anything in it cannot be."""
    relative = document.get("relative_to_now") is True
    return check(ShopIn, document, {"now": now() if relative else None})
