"""Medusa's orders, customers and variants told in our words.

Nothing is taken from what Medusa sums up (`total`, `summary`): a returned item makes it smaller, a refund adds a credit
line, and after an error it shows 0. Lines are counted from their prices, money from captures and refunds alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app.integrations.commerce.contract import (
    Address,
    CustomerSnapshot,
    FulfillmentStatus,
    LineSnapshot,
    OrderSnapshot,
    OrderStatus,
    PaymentKind,
    PaymentSnapshot,
    PaymentStatus,
    RefundSnapshot,
    ShipmentSnapshot,
    Totals,
)
from app.integrations.commerce.medusa_shown import (
    Priced,
    ShownAddress,
    ShownCustomer,
    ShownLine,
    ShownOrder,
    ShownParcel,
    ShownPayment,
)
from app.integrations.commerce.medusa_wire import MARK, currency_of, minor, moment, noted, rounded

PAYMENT_WORDS: dict[str, PaymentStatus] = {
    "not_paid": "pending",
    "awaiting": "pending",
    "requires_action": "pending",
    "authorized": "authorized",
    "partially_authorized": "pending",
    "captured": "paid",
    "partially_captured": "pending",
    "partially_refunded": "partially_refunded",
    "refunded": "refunded",
    "canceled": "voided",
}
NOT_BEGUN = frozenset({"not_fulfilled", "canceled"})
"""Of a fulfillment: nothing of the order is packed, or what was is taken back."""
SHIPPED: dict[str, OrderStatus] = {"shipped": "shipped", "delivered": "delivered"}
FULFILLMENT_WORDS: dict[str, FulfillmentStatus] = {
    "partially_fulfilled": "partial",
    "fulfilled": "fulfilled",
    "partially_shipped": "partial",
    "shipped": "fulfilled",
    "partially_delivered": "partial",
    "delivered": "fulfilled",
}
KIND_WORDS: tuple[tuple[str, PaymentKind], ...] = (
    ("paypal", "paypal"),
    ("bancontact", "bank"),
    ("ideal", "bank"),
    ("giropay", "bank"),
    ("przelewy24", "bank"),
    ("stripe", "card"),
)
"""Parts of a payment provider's id; the first one counts."""
OPEN_RETURNS = frozenset({"requested", "partially_received"})
ITEMS = "items"
"""What our note in an order's metadata says where its items were swapped."""


def address_of(shown: ShownAddress | None) -> Address | None:
    """An address in our words: `us-ny` is `NY` in `US`."""
    if shown is None:
        return None
    country, province = (shown.country_code or "").upper(), shown.province
    if province is not None and country and province.upper().startswith(f"{country}-"):
        province = province[len(country) + 1 :].upper()
    return Address(
        name=full_name(shown.first_name, shown.last_name),
        address1=shown.address_1 or None,
        address2=shown.address_2 or None,
        city=shown.city or None,
        province=province or None,
        country_code=country or None,
        postal_code=shown.postal_code or None,
        phone=shown.phone or None,
    )


def full_name(first: str | None, last: str | None) -> str | None:
    """The name in one; None where there is none."""
    return " ".join(part.strip() for part in (first, last) if part and part.strip()) or None


def customer_snapshot(shown: ShownCustomer) -> CustomerSnapshot:
    """A customer in our words, the default address first."""
    listed = sorted((one for one in shown.addresses if one), key=lambda one: not one.is_default_shipping)
    return CustomerSnapshot(
        external_id=shown.id,
        email=shown.email,
        phone=shown.phone,
        name=full_name(shown.first_name, shown.last_name),
        addresses=tuple(address for one in listed if (address := address_of(one)) is not None),
    )


def order_snapshot(order: ShownOrder) -> OrderSnapshot:
    """Our words for Medusa's; one that we do not know becomes the one that permits least."""
    currency = currency_of(order.currency_code)
    lines = tuple(_line(line, currency) for line in sorted(order.items, key=lambda line: line.id))
    status = _status(order)
    address = address_of(order.shipping_address)
    customer = None if order.customer is None else customer_snapshot(order.customer)
    delivered = [moment(parcel.delivered_at) for parcel in order.parcels if parcel.delivered_at]
    stand = [one for one in order.returns if one is not None and one.status in OPEN_RETURNS]
    return OrderSnapshot(
        external_id=order.id,
        number=order.custom_display_id or f"#{order.display_id}",
        status=status,
        payment_status=_paid(order),
        fulfillment_status=FULFILLMENT_WORDS.get(order.fulfillment_status or "", "unfulfilled"),
        placed_at=moment(order.created_at),
        delivered_at=max(delivered) if status == "delivered" and delivered else None,
        canceled_at=moment(order.canceled_at) if status == "canceled" and order.canceled_at else None,
        customer=customer,
        email=order.email,
        phone=(address.phone if address else None) or (customer.phone if customer else None),
        shipping_address=address,
        lines=lines,
        payments=tuple(_payment(payment) for payment in order.payments),
        refunds=tuple(
            RefundSnapshot(external_id=refund.id, key=noted(refund.note), status="succeeded")
            for payment in order.payments
            for refund in payment.refunds
        ),
        shipments=tuple(shipment for parcel in order.parcels for shipment in _shipments(parcel, order)),
        totals=_totals(order, lines, currency),
        currency=currency,
        presentment_currency=currency,
        locale=order.locale,
        prices_include_tax=bool(order.items) and all(line.is_tax_inclusive for line in order.items),
        items_changed=any(name.startswith(MARK) and said == ITEMS for name, said in (order.metadata or {}).items()),
        return_requested=any(one.exchange_id is None for one in stand),
        exchange_requested=any(one.exchange_id is not None for one in stand),
    )


def _status(order: ShownOrder) -> OrderStatus:
    if order.status == "canceled":
        return "canceled"
    said = order.fulfillment_status or ""
    if said in NOT_BEGUN:
        return "pending" if order.status in {"pending", "requires_action"} else "processing"
    return SHIPPED.get(said, "processing")


def _paid(order: ShownOrder) -> PaymentStatus:
    """What was to be paid at first counts: a dearer exchange that nobody has paid makes it `partially_captured`."""
    if order.payment_status == "partially_captured" and order.payments:
        whole = all(payment.captured >= payment.amount for payment in order.payments if not payment.canceled_at)
        return ("partially_refunded" if any(one.refunds for one in order.payments) else "paid") if whole else "pending"
    return PAYMENT_WORDS.get(order.payment_status or "", "pending")


def _line(line: ShownLine, currency: str) -> LineSnapshot:
    quantity = line.detail.quantity
    paid = max(Decimal(), line.unit_price * quantity - line.discount)
    tax = line.tax(paid)
    options = line.variant.options if line.variant else []
    return LineSnapshot(
        external_id=line.id,
        product_id=line.product_id,
        variant_id=line.variant_id,
        title=line.product_title or line.title,
        options={one.option.title: one.value for one in options if one.option is not None},
        quantity=quantity,
        unit_price=minor(line.unit_price, currency),
        discount=rounded(line.discount, currency),
        tax=rounded(tax, currency),
        total=rounded(paid if line.is_tax_inclusive else paid + tax, currency),
        fulfilled_quantity=min(quantity, max(line.detail.shipped_quantity, line.detail.delivered_quantity)),
        tags=tuple(tag.value for tag in line.product.tags) if line.product else (),
    )


def _totals(order: ShownOrder, lines: Sequence[LineSnapshot], currency: str) -> Totals:
    shipping, tax = 0, sum(line.tax for line in lines)
    for method in order.shipping_methods:
        if method is None or (method.detail is not None and any(method.detail.model_dump().values())):
            continue  # a return's or an exchange's own
        paid, taxed = _charged(method, method.amount)
        shipping += rounded(paid, currency)
        tax += rounded(taxed, currency)
    return Totals(
        items=sum(line.unit_price * line.quantity for line in lines),
        discount=sum(line.discount for line in lines),
        tax=tax,
        shipping=shipping,
        duties=0,
        total=sum(line.total for line in lines) + shipping,
        refunded=sum(rounded(payment.refunded, currency, "up") for payment in order.payments),
    )


def _charged(priced: Priced, amount: Decimal) -> tuple[Decimal, Decimal]:
    """What was charged with tax, and the tax in it."""
    paid = max(Decimal(), amount - priced.discount)
    tax = priced.tax(paid)
    return (paid if priced.is_tax_inclusive else paid + tax), tax


def _payment(payment: ShownPayment) -> PaymentSnapshot:
    currency = currency_of(payment.currency_code)
    provider = payment.provider_id or ""
    return PaymentSnapshot(
        external_id=payment.id,
        kind=_kind(provider),
        label=provider.removeprefix("pp_").replace("_", " ").strip().capitalize() or "Payment",
        currency=currency,
        captured=rounded(payment.captured, currency, "down"),
        refunded=rounded(payment.refunded, currency, "up"),
    )


def _kind(provider: str) -> PaymentKind:
    for word, kind in KIND_WORDS:
        if word in provider:
            return kind
    return "other"


def _shipments(parcel: ShownParcel, order: ShownOrder) -> list[ShipmentSnapshot]:
    """One for each tracking number of what was shipped; a parcel without one is one all the same."""
    if parcel.shipped_at is None and parcel.delivered_at is None:
        return []
    labels = parcel.labels or [None]
    sold = next((one.name for one in order.shipping_methods if one is not None and one.detail is None), None)
    return [
        ShipmentSnapshot(
            external_id=parcel.id if at == 0 else f"{parcel.id}-{at + 1}",
            tracking_number=None if label is None else label.tracking_number or None,
            tracking_url=None if label is None else label.tracking_url or None,
            line_ids=tuple(item.line_item_id for item in parcel.items if item.line_item_id is not None),
            service=sold,
            shipped_at=moment(parcel.shipped_at or parcel.created_at),
        )
        for at, label in enumerate(labels)
    ]
