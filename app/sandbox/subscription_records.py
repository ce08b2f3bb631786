"""Subscriptions out of a document, and what of them the types cannot say."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import Field

from app.sandbox.store import dumps, next_position
from app.sandbox.wire import Strict
from app.sandbox.words import Amount, Currency, Id, Moment, Text


class IntervalIn(Strict):
    """How far apart two deliveries are."""

    unit: Literal["day", "week", "month", "year"]
    count: int = Field(default=1, ge=1, le=365)


class SubscriptionLineIn(Strict):
    """What each delivery brings; `unit_price` in the subscription's currency."""

    id: Id
    product_id: Id | None = None
    variant_id: Id | None = None
    title: Text
    options: dict[str, Text] = Field(default_factory=dict[str, Text])
    quantity: int = Field(ge=1, le=1_000_000)
    unit_price: Amount


class SubscriptionIn(Strict):
    """What a customer gets again and again. `cancel_at`: it ends there; `paused_until` null: until further notice."""

    id: Id
    customer_id: Id
    status: Literal["active", "paused", "canceled"] = "active"
    currency: Currency
    interval: IntervalIn
    next_billing_at: Moment | None = None
    paused_until: Moment | None = None
    cancel_at: Moment | None = None
    canceled_at: Moment | None = None
    lines: list[SubscriptionLineIn] = Field(min_length=1)


class SubscriptionChangeIn(Strict):
    """What is to become of a subscription.

    `delivery_at` names the delivery that is skipped, so that the same wish, heard twice, skips one.
    """

    change: Literal["pause", "resume", "skip", "swap", "cancel"]
    until: Moment | None = None
    delivery_at: Moment | None = None
    line_id: Id | None = None
    variant_id: Id | None = None
    when: Literal["now", "period_end"] | None = None


def insert_subscriptions(db: sqlite3.Connection, shop: str, subscriptions: Sequence[SubscriptionIn]) -> None:
    """Keep them as exported."""
    for subscription in subscriptions:
        place = next_position(db, "subscriptions", shop)
        db.execute(
            "INSERT INTO subscriptions (shop, id, position, customer_id, body) VALUES (?, ?, ?, ?, ?)",
            (shop, subscription.id, place, subscription.customer_id, dumps(subscription.model_dump())),
        )


Found = tuple[str, str, str]


def problems(subscriptions: Sequence[SubscriptionIn], customers: Any, variants: dict[str, set[str]]) -> Iterator[Found]:
    """Whose it is, what it brings and how it stands, where these cannot be."""
    for number, subscription in enumerate(subscriptions):
        at = f"/subscriptions/{number}"
        if subscription.customer_id not in customers:
            yield f"{at}/customer_id", "customer_not_found", "no such customer in this document"
        for index, line in enumerate(subscription.lines):
            here = f"{at}/lines/{index}"
            if line.product_id is not None and line.product_id not in variants:
                yield f"{here}/product_id", "product_not_found", "no such product in this document"
            elif line.variant_id is not None and line.variant_id not in variants.get(line.product_id or "", set()):
                yield f"{here}/variant_id", "variant_not_found", "the product has no such variant"
        status = subscription.status
        if status == "active" and subscription.next_billing_at is None:
            yield f"{at}/next_billing_at", "state_mismatch", "active, yet nothing comes next"
        if subscription.paused_until is not None and status != "paused":
            yield f"{at}/paused_until", "state_mismatch", f"paused, yet the status is {status}"
        if subscription.canceled_at is not None and status != "canceled":
            yield f"{at}/canceled_at", "state_mismatch", f"canceled, yet the status is {status}"
