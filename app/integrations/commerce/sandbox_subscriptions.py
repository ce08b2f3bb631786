"""How our sandbox's shop tells of subscriptions, in our words."""

from datetime import datetime

from pydantic import BaseModel

from app.integrations.commerce.sandbox_answers import moment
from app.integrations.commerce.subscription_contract import (
    Interval,
    Subscription,
    SubscriptionLine,
    SubscriptionStatus,
)

STATUS_WORDS: dict[str, SubscriptionStatus] = {"active": "active", "paused": "paused", "canceled": "canceled"}


class _Interval(BaseModel, strict=True):
    unit: str
    count: int


class _Line(BaseModel, strict=True):
    id: str
    product_id: str | None = None
    variant_id: str | None = None
    title: str
    options: dict[str, str] = {}
    quantity: int
    unit_price: int


class ShownSubscription(BaseModel, strict=True):
    """A subscription as the shop shows it."""

    id: str
    customer_id: str
    status: str
    currency: str
    interval: _Interval
    next_billing_at: str | None = None
    paused_until: str | None = None
    cancel_at: str | None = None
    canceled_at: str | None = None
    lines: list[_Line]


class Subscriptions(BaseModel, strict=True):
    """A customer's."""

    data: list[ShownSubscription]


def subscription(shown: ShownSubscription) -> Subscription:
    """Our words for the shop's; a status that we do not know permits nothing."""
    return Subscription(
        external_id=shown.id,
        customer_id=shown.customer_id,
        status=STATUS_WORDS.get(shown.status, "unknown"),
        currency=shown.currency,
        interval=Interval(**shown.interval.model_dump()),
        next_billing_at=_moment(shown.next_billing_at),
        paused_until=_moment(shown.paused_until),
        cancel_at=_moment(shown.cancel_at),
        canceled_at=_moment(shown.canceled_at),
        lines=tuple(SubscriptionLine(external_id=line.id, **line.model_dump(exclude={"id"})) for line in shown.lines),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else moment(text)
