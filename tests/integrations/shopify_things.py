"""The orders of the tests' Shopify shop, with all that hangs on them, as the schema's fields want them."""

# ruff: noqa: N802, N815  fields have Shopify's names
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.integrations.shopify_basics import DAY, Customer, Money, Noted, Product, Thing, Variant, like

CANCELED = "CANCELED"


@dataclass
class Line(Thing):
    title: str
    quantity: int
    currentQuantity: int
    unit: Money
    variant: Variant | None = None
    discount: int = 0
    tax: int = 0
    variantTitle: str | None = None
    typename = "LineItem"

    @property
    def product(self) -> Product | None:
        return self.variant.product if self.variant else None

    @property
    def originalUnitPriceSet(self) -> Money:
        return self.unit

    @property
    def discountAllocations(self) -> list[dict[str, Any]]:
        return [{"allocatedAmountSet": like(self.unit, self.discount)}] if self.discount else []

    @property
    def taxLines(self) -> Any:
        return lambda first=None: [{"priceSet": like(self.unit, self.tax)}] if self.tax else []


@dataclass
class Transaction(Thing):
    kind: str
    amountSet: Money
    order: Order
    status: str = "SUCCESS"
    gateway: str = "shopify_payments"
    parentTransaction: Transaction | None = None
    createdAt: str = DAY
    errorCode: str | None = None
    typename = "OrderTransaction"

    @property
    def formattedGateway(self) -> str:
        return self.gateway.replace("_", " ").title()


@dataclass
class Refund(Thing):
    note: str | None
    order: Order
    parts: list[Transaction] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    createdAt: str = DAY
    typename = "Refund"

    @property
    def transactions(self) -> list[Transaction]:
        return self.parts

    @property
    def refundLineItems(self) -> list[dict[str, Any]]:
        return self.lines


@dataclass
class Parcel(Thing):
    lines: list[FulfillmentLine]
    number: str | None = None
    company: str = "UPS"
    status: str = "SUCCESS"
    displayStatus: str = "IN_TRANSIT"
    deliveredAt: str | None = None
    createdAt: str = DAY
    estimatedDeliveryAt: str | None = None
    typename = "Fulfillment"

    @property
    def fulfillmentLineItems(self) -> list[FulfillmentLine]:
        return self.lines

    def trackingInfo(self, first: int | None = None) -> list[dict[str, Any]]:
        return [{"company": self.company, "number": self.number, "url": None}] if self.number else []


@dataclass
class FulfillmentLine(Thing):
    lineItem: Line
    quantity: int
    typename = "FulfillmentLineItem"


@dataclass
class Return(Thing):
    name: str
    order: Order
    lines: list[ReturnLine]
    swaps: list[dict[str, Any]]
    status: str = "OPEN"
    begun: bool = False
    """Somebody has worked on it: it can be closed and not canceled."""
    groups: list[ReverseOrder] = field(default_factory=list)
    typename = "Return"

    @property
    def reverseFulfillmentOrders(self) -> list[ReverseOrder]:
        return self.groups

    @property
    def returnLineItems(self) -> list[ReturnLine]:
        return self.lines

    @property
    def exchangeLineItems(self) -> list[dict[str, Any]]:
        return self.swaps


@dataclass
class ReturnLine(Thing):
    fulfillmentLineItem: FulfillmentLine
    quantity: int
    returnReasonNote: str
    reason: str | None
    typename = "ReturnLineItem"


@dataclass
class ReverseOrder(Thing):
    """What of a return comes back to one location."""

    of: Return
    deliveries: list[ReverseDelivery] = field(default_factory=list)
    typename = "ReverseFulfillmentOrder"

    @property
    def status(self) -> str:
        return "OPEN" if self.of.status == "OPEN" else "CANCELED" if self.of.status == CANCELED else "CLOSED"

    @property
    def reverseDeliveries(self) -> list[ReverseDelivery]:
        return self.deliveries


@dataclass
class ReverseDelivery(Thing):
    deliverable: Deliverable
    typename = "ReverseDelivery"


@dataclass
class Deliverable:
    tracking: dict[str, Any] | None
    label: dict[str, Any] | None
    typename = "ReverseDeliveryShippingDeliverable"


@dataclass
class Work(Thing):
    """A fulfillment order."""

    lines: list[dict[str, Any]]
    fulfillmentHolds: list[dict[str, Any]] = field(default_factory=list)
    typename = "FulfillmentOrder"

    @property
    def status(self) -> str:
        return "ON_HOLD" if self.fulfillmentHolds else "OPEN"

    @property
    def lineItems(self) -> list[dict[str, Any]]:
        return self.lines


@dataclass
class Order(Thing, Noted):
    name: str
    customer: Customer
    lines: list[Line]
    shippingAddress: dict[str, Any] | None
    paid: list[Transaction] = field(default_factory=list)
    given: list[Refund] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)
    back: list[Return] = field(default_factory=list)
    works: list[Work] = field(default_factory=list)
    """Fulfillment orders that exchanges have made; each parcel has had one, too."""
    shipping: int = 0
    edited: bool = False
    cancelledAt: str | None = None
    cancellation: dict[str, Any] | None = None
    held: str | None = None
    """A word of Shopify's for its fulfillment that nothing else tells."""
    unseen: bool = False
    """The token may not see what is to be packed."""
    taxesIncluded: bool = True
    tags: list[str] = field(default_factory=list)
    notes: dict[tuple[str, str], str] = field(default_factory=dict)
    phone: str | None = None
    customerLocale: str = "de"
    createdAt: str = DAY
    updatedAt: str = DAY
    typename = "Order"

    @property
    def fulfillmentOrders(self) -> list[Work]:
        sent = [Work(f"gid://shopify/FulfillmentOrder/{at}", [{"lineItem": part.lineItem} for part in parcel.lines])
                for at, parcel in enumerate(self.parcels, 1)]  # fmt: skip
        return [] if self.unseen else [*sent, *self.works]

    @property
    def processedAt(self) -> str:
        return self.createdAt

    @property
    def email(self) -> str | None:
        return self.customer.email

    @property
    def _money(self) -> Money:
        return self.lines[0].unit

    @property
    def presentmentCurrencyCode(self) -> str:
        return self._money.currency

    @property
    def currencyCode(self) -> str:
        return self._money.shop_currency

    @property
    def lineItems(self) -> list[Line]:
        return self.lines

    def fulfillments(self, first: int | None = None) -> list[Parcel]:
        return self.parcels

    def refunds(self, first: int | None = None) -> list[Refund]:
        return self.given

    def transactions(self, first: int | None = None) -> list[Transaction]:
        return self.paid

    @property
    def returns(self) -> list[Return]:
        return self.back

    def refunded(self) -> int:
        return sum(one.amountSet.minor for one in self.paid if one.kind == "REFUND" and one.status == "SUCCESS")

    @property
    def displayFinancialStatus(self) -> str:
        taken = sum(one.amountSet.minor for one in self.paid if one.kind in {"SALE", "CAPTURE"})
        if not taken:
            return "PENDING"
        return "PAID" if not self.refunded() else "REFUNDED" if self.refunded() >= taken else "PARTIALLY_REFUNDED"

    @property
    def displayFulfillmentStatus(self) -> str:
        sent = sum(part.quantity for parcel in self.parcels for part in parcel.lines)
        if self.held or not sent:
            return self.held or "UNFULFILLED"
        return "FULFILLED" if sent >= sum(line.currentQuantity for line in self.lines) else "PARTIALLY_FULFILLED"

    @property
    def shippingLine(self) -> dict[str, Any]:
        return {"title": "Standard"}

    @property
    def shippingLines(self) -> list[dict[str, Any]]:
        return [{"discountedPriceSet": like(self._money, self.shipping), "taxLines": []}]

    def _sum(self) -> int:
        of_lines = sum(
            line.unit.minor * line.quantity - line.discount + (0 if self.taxesIncluded else line.tax)
            for line in self.lines
        )
        return of_lines + self.shipping

    @property
    def totalDiscountsSet(self) -> Money:
        return like(self._money, sum(line.discount for line in self.lines))

    @property
    def totalTaxSet(self) -> Money:
        return like(self._money, sum(line.tax for line in self.lines))

    @property
    def totalPriceSet(self) -> Money:
        return like(self._money, self._sum())

    @property
    def totalRefundedSet(self) -> Money:
        return like(self._money, self.refunded())
