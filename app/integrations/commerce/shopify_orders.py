"""Shopify's orders, customers and variants told in our words.

All money of an order is in the currency that the shopper paid in (`presentmentMoney`): refunds are made in it. A line
counts what was ordered less what an edit took away; what was refunded stays in it, as our own books count that. What
was taken off an order without money (a restock, a cancellation) is no refund.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from app.integrations.commerce.contract import (
    Address,
    CustomerSnapshot,
    FulfillmentStatus,
    LineSnapshot,
    OrderSnapshot,
    OrderStatus,
    PaymentStatus,
    RefundedLine,
    RefundSnapshot,
    ShipmentSnapshot,
    Totals,
    Variant,
)
from app.integrations.commerce.shopify_ledger import RefundOf, Transaction, ledgers, payments_of
from app.integrations.commerce.shopify_shown import (
    ShownAddress,
    ShownCustomer,
    ShownLine,
    ShownOrder,
    ShownParcel,
    ShownTax,
    ShownTracking,
    ShownVariant,
)
from app.integrations.commerce.shopify_wire import Amount, Bag, moment, noted, number
from app.integrations.receipts import ReceiptStatus

NOT_BEGUN = frozenset({"UNFULFILLED", "SCHEDULED", "ON_HOLD"})
"""In which an order may still be changed; any other word is one that permits nothing."""
PAYMENT_WORDS: dict[str, PaymentStatus] = {
    "PENDING": "pending",
    "AUTHORIZED": "authorized",
    "PAID": "paid",
    "PARTIALLY_PAID": "pending",
    "PARTIALLY_REFUNDED": "partially_refunded",
    "REFUNDED": "refunded",
    "VOIDED": "voided",
    "EXPIRED": "voided",
}
FULFILLMENT_WORDS: dict[str, FulfillmentStatus] = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}
SENT = frozenset({"SUCCESS", "OPEN", "PENDING"})
OPEN_RETURNS = frozenset({"REQUESTED", "OPEN"})


def parcels_in_whole(parcels: Sequence[ShownParcel], asked: int) -> bool:
    """Whether these are all, each with all that is in it."""
    return len(parcels) < asked and not any(one.fulfillmentLineItems.pageInfo.hasNextPage for one in parcels)


def refunds_in_whole(refunds: Sequence[RefundOf], asked: int) -> bool:
    """Whether these are all, each with all that it was for."""
    cut = any(
        one.transactions.pageInfo.hasNextPage
        or (one.refundLineItems is not None and one.refundLineItems.pageInfo.hasNextPage)
        for one in refunds
    )
    return len(refunds) < asked and not cut


def address_of(shown: ShownAddress | None) -> Address | None:
    """An address in our words; a company stands in front of the street."""
    if shown is None:
        return None
    return Address(
        name=shown.name,
        address1=shown.address1,
        address2=shown.address2,
        city=shown.city,
        province=shown.provinceCode or shown.province,
        country_code=shown.countryCodeV2,
        postal_code=shown.zip,
        phone=shown.phone,
    )


def customer_snapshot(shown: ShownCustomer) -> CustomerSnapshot:
    """A customer in our words, the default address first."""
    listed = [
        address_of(one) for one in (shown.defaultAddress, *(shown.addressesV2.nodes if shown.addressesV2 else ()))
    ]
    addresses = tuple(dict.fromkeys(one for one in listed if one is not None))
    return CustomerSnapshot(
        external_id=number(shown.id, "Customer"),
        email=None if shown.defaultEmailAddress is None else shown.defaultEmailAddress.emailAddress,
        phone=None if shown.defaultPhoneNumber is None else shown.defaultPhoneNumber.phoneNumber,
        name=shown.displayName or None,
        locale=shown.locale,
        addresses=addresses,
    )


def variant_of(shown: ShownVariant, currency: str) -> Variant:
    """A variant in our words, in the shop's own currency."""
    return Variant(
        external_id=number(shown.id, "ProductVariant"),
        product_id=number(shown.product.id, "Product"),
        title=shown.product.title,
        options={option.name: option.value for option in shown.selectedOptions},
        price=Amount(amount=shown.price, currencyCode=currency).minor(),
        currency=currency,
        available=shown.availableForSale,
    )


def order_snapshot(order: ShownOrder) -> OrderSnapshot:
    """Our words for Shopify's; one that we do not know becomes the one that permits least."""
    lines = _lines(order)
    delivered = [moment(parcel.deliveredAt) for parcel in _sent(order) if parcel.deliveredAt]
    status = _status(order)
    shipping = sum(_with_tax(one.discountedPriceSet, one.taxLines, order) for one in order.shippingLines.nodes)
    held = ledgers(order.transactions, order.refunds)
    return OrderSnapshot(
        external_id=number(order.id, "Order"),
        number=order.name,
        status=status,
        payment_status=PAYMENT_WORDS.get(order.displayFinancialStatus or "", "pending"),
        fulfillment_status=FULFILLMENT_WORDS.get(order.displayFulfillmentStatus, "unfulfilled"),
        placed_at=moment(order.processedAt),
        delivered_at=max(delivered) if status == "delivered" and delivered else None,
        canceled_at=moment(order.cancelledAt) if order.cancelledAt else None,
        customer=None if order.customer is None else customer_snapshot(order.customer),
        email=order.email,
        phone=order.phone,
        shipping_address=address_of(order.shippingAddress),
        lines=lines,
        payments=payments_of(held),
        refunds=tuple(_refund(refund, order) for refund in order.refunds if refund.transactions.nodes),
        shipments=tuple(shipment for parcel in _sent(order) for shipment in _shipments(parcel, order)),
        totals=Totals(
            items=sum(line.unit_price * line.quantity for line in lines),
            discount=order.totalDiscountsSet.minor() if order.totalDiscountsSet else 0,
            tax=order.totalTaxSet.minor() if order.totalTaxSet else 0,
            shipping=shipping,
            duties=order.originalTotalDutiesSet.minor() if order.originalTotalDutiesSet else 0,
            total=order.totalPriceSet.minor(),
            refunded=order.totalRefundedSet.minor(),
        ),
        currency=order.presentmentCurrencyCode,
        presentment_currency=order.presentmentCurrencyCode,
        locale=order.customerLocale,
        prices_include_tax=order.taxesIncluded,
        tags=tuple(order.tags),
        items_changed=order.edited,
        return_requested=_stands(order, exchange=False),
        exchange_requested=_stands(order, exchange=True),
    )


def _stands(order: ShownOrder, *, exchange: bool) -> bool:
    return any(
        one.status in OPEN_RETURNS and bool(one.exchangeLineItems.nodes) is exchange for one in order.returns.nodes
    )


def _sent(order: ShownOrder) -> list[ShownParcel]:
    return [parcel for parcel in order.fulfillments if parcel.status in SENT]


def _status(order: ShownOrder) -> OrderStatus:
    if order.cancelledAt:
        return "canceled"
    if order.displayFulfillmentStatus in NOT_BEGUN:
        return "pending"
    if order.displayFulfillmentStatus != "FULFILLED":
        return "processing"
    sent = _sent(order)
    arrived = sent and all(parcel.deliveredAt or parcel.displayStatus == "DELIVERED" for parcel in sent)
    return "delivered" if arrived else "shipped"


def _with_tax(price: Bag, taxes: Sequence[ShownTax], order: ShownOrder) -> int:
    tax = 0 if order.taxesIncluded else sum(one.priceSet.minor() for one in taxes)
    return price.minor() + tax


def _lines(order: ShownOrder) -> tuple[LineSnapshot, ...]:
    sent: Counter[str] = Counter()
    for parcel in _sent(order):
        for part in parcel.fulfillmentLineItems.nodes:
            sent[part.lineItem.id] += part.quantity or 0
    back: Counter[str] = Counter()
    for refund in order.refunds:
        for part in refund.refundLineItems.nodes if refund.refundLineItems else ():
            back[part.lineItem.id] += part.quantity
    return tuple(_line(line, order, sent[line.id], back[line.id]) for line in order.lineItems.nodes)


def _line(line: ShownLine, order: ShownOrder, sent: int, back: int) -> LineSnapshot:
    quantity = line.quantity if order.cancelledAt else min(line.quantity, line.currentQuantity + back)
    whole = max(1, line.quantity)
    unit = line.originalUnitPriceSet.minor()
    discount = sum(one.allocatedAmountSet.minor() for one in line.discountAllocations) * quantity // whole
    tax = sum(one.priceSet.minor() for one in line.taxLines) * quantity // whole
    paid = unit * quantity - discount
    return LineSnapshot(
        external_id=number(line.id, "LineItem"),
        product_id=None if line.product is None else number(line.product.id, "Product"),
        variant_id=None if line.variant is None else number(line.variant.id, "ProductVariant"),
        title=line.title,
        options={} if line.variant is None else {one.name: one.value for one in line.variant.selectedOptions},
        quantity=quantity,
        unit_price=unit,
        discount=discount,
        tax=tax,
        total=max(0, paid if order.taxesIncluded else paid + tax),
        fulfilled_quantity=min(sent, quantity),
        tags=() if line.product is None else tuple(line.product.tags),
    )


def _refund(refund: RefundOf, order: ShownOrder) -> RefundSnapshot:
    parts = refund.refundLineItems.nodes if refund.refundLineItems else []
    return RefundSnapshot(
        external_id=number(refund.id, "Refund"),
        key=noted(refund.note)[0],
        status=_said(refund, order.transactions),
        lines=tuple(
            RefundedLine(
                line_id=number(part.lineItem.id, "LineItem"),
                quantity=part.quantity,
                amount=part.subtotalSet.minor() + (0 if order.taxesIncluded else part.totalTaxSet.minor()),
            )
            for part in parts
        ),
    )


def _said(refund: RefundOf, transactions: Sequence[Transaction]) -> ReceiptStatus:
    """Failed only where every part of it failed."""
    ids = {one.id for one in refund.transactions.nodes}
    words = {one.said for one in transactions if one.id in ids}
    surest: tuple[ReceiptStatus, ...] = ("unknown", "pending", "succeeded")
    for word in surest:
        if word in words:
            return word
    return "failed"


def _shipments(parcel: ShownParcel, order: ShownOrder) -> list[ShipmentSnapshot]:
    """One for each tracking number; a parcel without one is one all the same."""
    found = parcel.trackingInfo or [ShownTracking(company=None)]
    first = number(parcel.id, "Fulfillment")
    return [
        ShipmentSnapshot(
            external_id=first if at == 0 else f"{first}-{at + 1}",
            carrier=tracking.company,
            tracking_number=tracking.number,
            tracking_url=tracking.url,
            line_ids=tuple(number(part.lineItem.id, "LineItem") for part in parcel.fulfillmentLineItems.nodes),
            service=None if order.shippingLine is None else order.shippingLine.title,
            shipped_at=moment(parcel.createdAt),
            promised_by=moment(parcel.estimatedDeliveryAt).date() if parcel.estimatedDeliveryAt else None,
        )
        for at, tracking in enumerate(found)
    ]
