"""Medusa's orders, customers and variants as its answers have them, and the fields that are asked for.

A list of `fields` without signs replaces Medusa's own choice. What is linked and not there is left out of an answer.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from app.integrations.commerce.medusa_wire import Amount, Shown


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value


Count = Annotated[int, BeforeValidator(_whole)]
"""How many: a whole number, however it is written."""
Words = dict[str, Any]
PAYMENT_FIELDS = (
    "id", "currency_code", "amount", "provider_id", "captured_at", "canceled_at", "captures.amount", "refunds.id",
    "refunds.amount", "refunds.note", "refunds.created_at",
)  # fmt: skip
ADDRESS_FIELDS = (
    "id", "first_name", "last_name", "address_1", "address_2", "city", "province", "country_code", "postal_code",
    "phone",
)  # fmt: skip


def of(part: str, *fields: str) -> list[str]:
    """The fields of a part."""
    return [f"{part}.{field}" for field in fields]


ORDER_FIELDS = ",".join([
    "id", "display_id", "custom_display_id", "is_draft_order", "status", "email", "currency_code", "locale",
    "created_at", "updated_at", "canceled_at", "metadata", "payment_status", "fulfillment_status",
    *of("customer", "id", "email", "phone", "first_name", "last_name"),
    *of("shipping_address", *ADDRESS_FIELDS),
    *of("items", "id", "title", "product_title", "product_id", "variant_id", "unit_price", "is_tax_inclusive"),
    *of("items.detail", "quantity", "fulfilled_quantity", "shipped_quantity", "delivered_quantity"),
    *of("items", "tax_lines.rate", "adjustments.amount"),
    *of("items", "variant.options.value", "variant.options.option.title", "product.tags.value"),
    *of("shipping_methods", "id", "name", "amount", "is_tax_inclusive", "tax_lines.rate", "adjustments.amount"),
    *of("shipping_methods.detail", "return_id", "exchange_id", "claim_id"),
    *of("payment_collections.payments", *PAYMENT_FIELDS),
    *of("fulfillments", "id", "created_at", "shipped_at", "delivered_at", "canceled_at", "provider_id"),
    *of("fulfillments", "labels.tracking_number", "labels.tracking_url", "items.line_item_id", "items.quantity"),
    *of("returns", "id", "status", "exchange_id"),
])  # fmt: skip
CUSTOMER_FIELDS = ",".join([
    "id", "email", "phone", "first_name", "last_name", "metadata",
    *of("addresses", "is_default_shipping", *ADDRESS_FIELDS),
])  # fmt: skip


class ShownAddress(Shown):
    """A postal address; country and often province in lower case."""

    id: str
    first_name: str | None = None
    last_name: str | None = None
    address_1: str | None = None
    address_2: str | None = None
    city: str | None = None
    province: str | None = None
    country_code: str | None = None
    postal_code: str | None = None
    phone: str | None = None
    is_default_shipping: bool = False


class ShownCustomer(Shown):
    """A customer."""

    id: str
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    metadata: Words | None = None
    addresses: list[ShownAddress | None] = Field(default_factory=list[ShownAddress | None])


class _Rate(Shown):
    rate: Amount


class _Adjustment(Shown):
    amount: Amount


class Priced(Shown):
    """What has taxes and discounts; rates in percent."""

    is_tax_inclusive: bool = False
    tax_lines: list[_Rate] = Field(default_factory=list[_Rate])
    adjustments: list[_Adjustment] = Field(default_factory=list[_Adjustment])

    @property
    def discount(self) -> Decimal:
        """In major units, for all of it."""
        return sum((one.amount for one in self.adjustments), Decimal())

    def tax(self, paid: Decimal) -> Decimal:
        """The tax in or on `paid`."""
        rate = sum((one.rate for one in self.tax_lines), Decimal())
        return paid * rate / (100 + rate if self.is_tax_inclusive else Decimal(100))


class _Counts(Shown):
    quantity: Count
    fulfilled_quantity: Count = 0
    shipped_quantity: Count = 0
    delivered_quantity: Count = 0


class _Titled(Shown):
    title: str


class ShownOption(Shown):
    """What a variant is of an option."""

    value: str
    option: _Titled | None = None


class _Options(Shown):
    options: list[ShownOption] = Field(default_factory=list[ShownOption])


class _Tag(Shown):
    value: str


class _Tags(Shown):
    tags: list[_Tag] = Field(default_factory=list[_Tag])


class ShownLine(Priced):
    """A line of an order."""

    id: str
    title: str
    product_title: str | None = None
    product_id: str | None = None
    variant_id: str | None = None
    unit_price: Amount
    detail: _Counts
    variant: _Options | None = None
    product: _Tags | None = None


class _Cause(Shown):
    return_id: str | None = None
    exchange_id: str | None = None
    claim_id: str | None = None


class ShownShipping(Priced):
    """A way of shipping that was charged; of a return or an exchange, too."""

    id: str
    name: str
    amount: Amount
    detail: _Cause | None = None


class _Capture(Shown):
    amount: Amount


class ShownRefund(Shown):
    """A refund; Medusa keeps those alone that its provider has made."""

    id: str
    amount: Amount
    note: str | None = None
    created_at: str


class ShownPayment(Shown):
    """A payment with its captures and refunds: the only truth about its money."""

    id: str
    currency_code: str
    amount: Amount
    provider_id: str | None = None
    canceled_at: str | None = None
    captures: list[_Capture] = Field(default_factory=list[_Capture])
    refunds: list[ShownRefund] = Field(default_factory=list[ShownRefund])

    @property
    def captured(self) -> Decimal:
        """In major units."""
        return sum((one.amount for one in self.captures), Decimal())

    @property
    def refunded(self) -> Decimal:
        """In major units."""
        return sum((one.amount for one in self.refunds), Decimal())


class _Collection(Shown):
    payments: list[ShownPayment] = Field(default_factory=list[ShownPayment])


class _Label(Shown):
    tracking_number: str | None = None
    tracking_url: str | None = None


class _PartOfParcel(Shown):
    line_item_id: str | None = None
    quantity: Count = 0


class ShownParcel(Shown):
    """A fulfillment."""

    id: str
    created_at: str
    shipped_at: str | None = None
    delivered_at: str | None = None
    canceled_at: str | None = None
    labels: list[_Label] = Field(default_factory=list[_Label])
    items: list[_PartOfParcel] = Field(default_factory=list[_PartOfParcel])


class _Return(Shown):
    id: str
    status: str
    exchange_id: str | None = None


class ShownOrder(Shown):
    """An order."""

    id: str
    display_id: Count
    custom_display_id: str | None = None
    is_draft_order: bool = False
    status: str
    email: str | None = None
    currency_code: str
    locale: str | None = None
    created_at: str
    updated_at: str
    canceled_at: str | None = None
    metadata: Words | None = None
    payment_status: str | None = None
    fulfillment_status: str | None = None
    customer: ShownCustomer | None = None
    shipping_address: ShownAddress | None = None
    items: list[ShownLine]
    shipping_methods: list[ShownShipping | None] = Field(default_factory=list[ShownShipping | None])
    payment_collections: list[_Collection | None] = Field(default_factory=list[_Collection | None])
    fulfillments: list[ShownParcel | None] = Field(default_factory=list[ShownParcel | None])
    returns: list[_Return | None] = Field(default_factory=list[_Return | None])

    @property
    def payments(self) -> list[ShownPayment]:
        """Of all its collections."""
        return [payment for one in self.payment_collections if one is not None for payment in one.payments]

    @property
    def parcels(self) -> list[ShownParcel]:
        """Those that were not taken back."""
        return [one for one in self.fulfillments if one is not None and one.canceled_at is None]
