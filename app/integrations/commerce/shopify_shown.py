"""Shopify's orders, customers and variants as its answers have them: only the fields that were asked for."""

# ruff: noqa: N815  the fields have Shopify's names
from __future__ import annotations

from app.integrations.commerce.shopify_ledger import RefundOf, Transaction
from app.integrations.commerce.shopify_wire import Bag, Page, Shown


class ShownAddress(Shown):
    """A postal address."""

    name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province: str | None = None
    provinceCode: str | None = None
    countryCodeV2: str | None = None
    zip: str | None = None
    phone: str | None = None


class _Email(Shown):
    emailAddress: str


class _Phone(Shown):
    phoneNumber: str


class _Addresses(Shown):
    nodes: list[ShownAddress]


class ShownCustomer(Shown):
    """A customer."""

    id: str
    displayName: str | None = None
    locale: str | None = None
    defaultEmailAddress: _Email | None = None
    defaultPhoneNumber: _Phone | None = None
    defaultAddress: ShownAddress | None = None
    addressesV2: _Addresses | None = None


class _Option(Shown):
    name: str
    value: str


class _Product(Shown):
    id: str
    title: str


class ShownVariant(Shown):
    """A variant of a product."""

    id: str
    selectedOptions: list[_Option]
    price: str
    availableForSale: bool
    product: _Product


class _LineProduct(Shown):
    id: str
    tags: list[str]


class _LineVariant(Shown):
    id: str
    selectedOptions: list[_Option]


class _Allocation(Shown):
    allocatedAmountSet: Bag


class ShownTax(Shown):
    """A tax that was charged."""

    priceSet: Bag


class ShownLine(Shown):
    """A line of an order."""

    id: str
    title: str
    variantTitle: str | None = None
    quantity: int
    currentQuantity: int
    originalUnitPriceSet: Bag
    discountAllocations: list[_Allocation]
    taxLines: list[ShownTax]
    product: _LineProduct | None = None
    variant: _LineVariant | None = None


class Lines(Shown):
    """A page of lines."""

    nodes: list[ShownLine]
    pageInfo: Page


class _Id(Shown):
    id: str


class _PartOfParcel(Shown):
    quantity: int | None = None
    lineItem: _Id


class _PartsOfParcel(Shown):
    nodes: list[_PartOfParcel]
    pageInfo: Page


class ShownTracking(Shown):
    """A parcel's number."""

    company: str | None = None
    number: str | None = None
    url: str | None = None


class ShownParcel(Shown):
    """A fulfillment."""

    id: str
    status: str
    displayStatus: str | None = None
    createdAt: str
    deliveredAt: str | None = None
    estimatedDeliveryAt: str | None = None
    trackingInfo: list[ShownTracking]
    fulfillmentLineItems: _PartsOfParcel


class _Shipping(Shown):
    discountedPriceSet: Bag
    taxLines: list[ShownTax]


class _Shippings(Shown):
    nodes: list[_Shipping]


class _Titled(Shown):
    title: str


class _Ids(Shown):
    nodes: list[_Id]


class _Return(Shown):
    status: str
    exchangeLineItems: _Ids


class _Returns(Shown):
    nodes: list[_Return]


class ShownOrder(Shown):
    """An order."""

    id: str
    name: str
    email: str | None = None
    phone: str | None = None
    processedAt: str
    cancelledAt: str | None = None
    edited: bool = False
    taxesIncluded: bool = False
    customerLocale: str | None = None
    tags: list[str]
    currencyCode: str
    presentmentCurrencyCode: str
    displayFinancialStatus: str | None = None
    displayFulfillmentStatus: str
    customer: ShownCustomer | None = None
    shippingAddress: ShownAddress | None = None
    shippingLine: _Titled | None = None
    shippingLines: _Shippings
    totalDiscountsSet: Bag | None = None
    totalTaxSet: Bag | None = None
    originalTotalDutiesSet: Bag | None = None
    totalPriceSet: Bag
    totalRefundedSet: Bag
    lineItems: Lines
    fulfillments: list[ShownParcel]
    refunds: list[RefundOf]
    transactions: list[Transaction]
    returns: _Returns
