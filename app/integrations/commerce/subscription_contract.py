"""What a shop backend that keeps subscriptions tells of them and takes; `contract.py` has the methods."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.integrations.receipts import Receipt
from app.integrations.values import Frozen

SubscriptionStatus = Literal["active", "paused", "canceled", "unknown"]
SubscriptionChange = Literal["pause", "resume", "skip", "swap", "cancel"]


class Interval(Frozen):
    """How far apart two deliveries are; `unit` day, week, month or year."""

    unit: str
    count: int


class SubscriptionLine(Frozen):
    """What each delivery brings; `unit_price` in minor units of the subscription's currency."""

    external_id: str
    product_id: str | None = None
    variant_id: str | None = None
    title: str
    options: dict[str, str] = Field(default_factory=dict[str, str])
    quantity: int
    unit_price: int


class Subscription(Frozen):
    """A subscription as the shop has it now."""

    external_id: str
    customer_id: str
    """The shop's id of whose it is."""
    status: SubscriptionStatus
    currency: str
    interval: Interval
    next_billing_at: datetime | None = None
    """When the next delivery is paid for; None where none comes."""
    paused_until: datetime | None = None
    """None while it is paused: until further notice."""
    cancel_at: datetime | None = None
    """It runs until then, and ends."""
    canceled_at: datetime | None = None
    lines: tuple[SubscriptionLine, ...]


class ChangeSubscription(Frozen):
    """Have the shop change a subscription; money is not moved by it.

    `delivery_at` is the delivery that a `skip` leaves out: one that is not the next any more is refused, so that a
    command that comes twice skips once. `when` is a `cancel`'s.
    """

    key: str
    customer_id: str
    subscription_id: str
    change: SubscriptionChange
    until: datetime | None = None
    delivery_at: datetime | None = None
    line_id: str | None = None
    """The line's external id."""
    variant_id: str | None = None
    when: Literal["now", "period_end"] | None = None


class SubscriptionReceipt(Receipt):
    """A receipt for a changed subscription."""

    subscription: Subscription | None = None
    """As the shop has it afterwards; None where it did not tell."""
