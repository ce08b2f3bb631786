"""How the answers of our sandbox's shop are read, and told in our words."""

from datetime import date, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.integrations.commerce.contract import (
    Address,
    CustomerSnapshot,
    FulfillmentStatus,
    LineSnapshot,
    OrderSnapshot,
    OrderStatus,
    PaymentKind,
    PaymentMethodSnapshot,
    PaymentSnapshot,
    PaymentStatus,
    RefundedLine,
    RefundSnapshot,
    ShipmentSnapshot,
    Totals,
    Variant,
)
from app.integrations.errors import OutcomeUnknown
from app.integrations.receipts import ReceiptStatus

ORDER_WORDS: dict[str, OrderStatus] = {
    "pending": "pending",
    "processing": "processing",
    "shipped": "shipped",
    "delivered": "delivered",
    "canceled": "canceled",
}
PAYMENT_WORDS: dict[str, PaymentStatus] = {
    "pending": "pending",
    "authorized": "authorized",
    "paid": "paid",
    "partially_refunded": "partially_refunded",
    "refunded": "refunded",
    "voided": "voided",
}
FULFILLMENT_WORDS: dict[str, FulfillmentStatus] = {
    "unfulfilled": "unfulfilled",
    "partial": "partial",
    "fulfilled": "fulfilled",
}
REFUND_WORDS: dict[str, ReceiptStatus] = {"pending": "pending", "succeeded": "succeeded", "failed": "failed"}
KIND_WORDS: dict[str, PaymentKind] = {
    "card": "card",
    "paypal": "paypal",
    "gift_card": "gift_card",
    "store_credit": "store_credit",
    "bank": "bank",
}
Wire = TypeVar("Wire", bound=BaseModel)


class _Method(BaseModel, strict=True):
    id: str
    kind: str
    label: str
    balance: int | None = None
    currency: str | None = None


class _Address(BaseModel, strict=True):
    name: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province: str | None = None
    country_code: str | None = None
    postal_code: str | None = None
    phone: str | None = None


class Customer(BaseModel, strict=True):
    """A customer as the shop shows them."""

    id: str
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    locale: str | None = None
    addresses: list[_Address] = []
    payment_methods: list[_Method] = []


class _Line(BaseModel, strict=True):
    id: str
    product_id: str | None = None
    variant_id: str | None = None
    title: str
    options: dict[str, str] = {}
    quantity: int
    unit_price: int
    discount: int = 0
    tax: int = 0
    total: int
    fulfilled_quantity: int = 0
    final_sale: bool = False
    tags: list[str] = []


class _Payment(BaseModel, strict=True):
    id: str
    kind: str
    label: str
    payment_method_id: str | None = None
    currency: str
    captured: int
    refunded: int


class _Refunded(BaseModel, strict=True):
    line_id: str
    quantity: int
    amount: int | None = None


class _Refund(BaseModel, strict=True):
    id: str
    key: str | None = None
    status: str
    lines: list[_Refunded] = []


class _Shipment(BaseModel, strict=True):
    id: str
    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    line_ids: list[str] = []
    service: str | None = None
    shipped_at: str | None = None
    promised_by: str | None = None


class _Totals(BaseModel, strict=True):
    items: int
    discount: int
    tax: int
    shipping: int
    duties: int
    total: int
    refunded: int


class Order(BaseModel, strict=True):
    """An order as the shop shows it."""

    id: str
    number: str
    status: str
    payment_status: str
    fulfillment_status: str
    placed_at: str
    delivered_at: str | None = None
    canceled_at: str | None = None
    customer: Customer | None = None
    email: str | None = None
    phone: str | None = None
    shipping_address: _Address | None = None
    lines: list[_Line]
    payments: list[_Payment] = []
    refunds: list[_Refund] = []
    shipments: list[_Shipment] = []
    totals: _Totals
    currency: str
    presentment_currency: str
    promised_by: str | None = None
    locale: str | None = None
    prices_include_tax: bool = False
    tags: list[str] = []
    items_changed: bool = False
    payment_changed: bool = False
    return_requested: bool = False
    exchange_requested: bool = False


class Orders(BaseModel, strict=True):
    """A page of orders."""

    data: list[Order]
    next_cursor: str | None = None


class ChangedOrders(Orders, strict=True):
    """A page of orders in the order in which they changed."""

    total: int


class Customers(BaseModel, strict=True):
    """Customers found."""

    data: list[Customer]


class _Variant(BaseModel, strict=True):
    id: str
    options: dict[str, str] = {}
    price: int
    currency: str
    available: bool


class Product(BaseModel, strict=True):
    """A product and its variants."""

    id: str
    name: str
    variants: list[_Variant]


class ListedVariant(_Variant, strict=True):
    """A variant with its product."""

    product_id: str
    title: str


def read(model: type[Wire], answer: dict[str, Any]) -> Wire:
    """The answer as `model`; OutcomeUnknown where it cannot be read."""
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        raise OutcomeUnknown(f"the shop's answer is no {model.__name__.strip('_').lower()}") from error


def moment(text: str) -> datetime:
    """A time that came back; OutcomeUnknown where it cannot be read or has no zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise OutcomeUnknown("a time that came back cannot be read") from error
    if at.tzinfo is None:
        raise OutcomeUnknown("a time came back without its zone")
    return at


def _day(text: str | None) -> date | None:
    """A day that came back; OutcomeUnknown where it cannot be read."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise OutcomeUnknown("a day that came back cannot be read") from error


def _address(address: _Address | None) -> Address | None:
    return Address(**address.model_dump()) if address is not None else None


def customer_snapshot(customer: Customer) -> CustomerSnapshot:
    """A customer in our words."""
    return CustomerSnapshot(
        external_id=customer.id,
        email=customer.email,
        phone=customer.phone,
        name=customer.name,
        locale=customer.locale,
        addresses=tuple(Address(**address.model_dump()) for address in customer.addresses),
        payment_methods=tuple(
            PaymentMethodSnapshot(
                id=method.id,
                kind=KIND_WORDS.get(method.kind, "other"),
                label=method.label,
                balance=method.balance,
                currency=method.currency,
            )
            for method in customer.payment_methods
        ),
    )


def order_snapshot(order: Order) -> OrderSnapshot:
    """Our words for the shop's; one that we do not know becomes the one that permits least."""
    return OrderSnapshot(
        external_id=order.id,
        number=order.number,
        status=ORDER_WORDS.get(order.status, "processing"),
        payment_status=PAYMENT_WORDS.get(order.payment_status, "pending"),
        fulfillment_status=FULFILLMENT_WORDS.get(order.fulfillment_status, "unfulfilled"),
        placed_at=moment(order.placed_at),
        delivered_at=moment(order.delivered_at) if order.delivered_at else None,
        canceled_at=moment(order.canceled_at) if order.canceled_at else None,
        customer=customer_snapshot(order.customer) if order.customer is not None else None,
        email=order.email,
        phone=order.phone,
        shipping_address=_address(order.shipping_address),
        lines=tuple(
            LineSnapshot(external_id=line.id, tags=tuple(line.tags), **line.model_dump(exclude={"id", "tags"}))
            for line in order.lines
        ),
        payments=tuple(
            PaymentSnapshot(
                external_id=payment.id,
                kind=KIND_WORDS.get(payment.kind, "other"),
                **payment.model_dump(exclude={"id", "kind"}),
            )
            for payment in order.payments
        ),
        refunds=tuple(
            RefundSnapshot(
                external_id=refund.id,
                key=refund.key,
                status=REFUND_WORDS.get(refund.status, "unknown"),
                lines=tuple(RefundedLine(**line.model_dump()) for line in refund.lines),
            )
            for refund in order.refunds
        ),
        shipments=tuple(
            ShipmentSnapshot(
                external_id=shipment.id,
                line_ids=tuple(shipment.line_ids),
                shipped_at=moment(shipment.shipped_at) if shipment.shipped_at else None,
                promised_by=_day(shipment.promised_by),
                **shipment.model_dump(exclude={"id", "line_ids", "shipped_at", "promised_by"}),
            )
            for shipment in order.shipments
        ),
        totals=Totals(**order.totals.model_dump()),
        currency=order.currency,
        presentment_currency=order.presentment_currency,
        promised_by=_day(order.promised_by),
        locale=order.locale,
        prices_include_tax=order.prices_include_tax,
        tags=tuple(order.tags),
        items_changed=order.items_changed,
        payment_changed=order.payment_changed,
        return_requested=order.return_requested,
        exchange_requested=order.exchange_requested,
    )


def variants_of(product: Product) -> tuple[Variant, ...]:
    """Every variant in our words."""
    return tuple(
        Variant(external_id=variant.id, product_id=product.id, title=product.name, **variant.model_dump(exclude={"id"}))
        for variant in product.variants
    )
