"""Subscriptions: asked of a shop that keeps them whenever they are needed, and not kept here."""

from __future__ import annotations

import asyncio
from typing import Any

from app import clock
from app.errors import NotConnected, NotOwner, ProviderUnavailable, SubscriptionNotFound
from app.integrations.commerce.contract import SUBSCRIPTIONS
from app.integrations.commerce.subscription_contract import Subscription
from app.integrations.errors import ProviderError
from app.models.customers import Customer
from app.services.callers import Caller
from app.services.order_views import money
from app.services.runtime import Runtime

PATIENCE = 2.0
"""Seconds that whoever looks at a customer waits for the shop to tell their subscriptions."""


async def load(runtime: Runtime, caller: Caller, customer: Customer, external_id: str) -> Subscription:
    """The customer's subscription as the shop has it now.

    Raises `subscription_not_found`; `not_owner` where a shopper names another customer's; `provider_unavailable`.
    """
    try:
        found = await runtime.providers(caller).commerce.get_subscription(external_id)
    except ProviderError as error:
        raise ProviderUnavailable from error
    others = found is not None and found.customer_id != customer.external_id
    if others and caller.shopper is not None and not caller.by_token:
        raise NotOwner("This is another customer's subscription.")
    if found is None or found.customer_id != customer.external_id:
        raise SubscriptionNotFound
    return found


async def of_customer(runtime: Runtime, caller: Caller, external_id: str | None) -> list[dict[str, Any]] | None:
    """All of a customer's as they are shown; None where the shop keeps none or does not tell in time."""
    try:
        commerce = runtime.providers(caller).commerce
    except NotConnected:
        return None
    if external_id is None or SUBSCRIPTIONS not in commerce.capabilities:
        return None
    try:
        async with asyncio.timeout(PATIENCE):
            found = await commerce.find_subscriptions(external_id)
    except (ProviderError, TimeoutError):  # a customer is shown without them
        return None
    return [view(each) for each in found]


def view(found: Subscription) -> dict[str, Any]:
    """A subscription as the contract shows it."""
    moments = ("next_billing_at", "paused_until", "cancel_at", "canceled_at")
    told = {name: getattr(found, name) for name in moments}
    return {
        "id": found.external_id,
        "status": found.status,
        "interval": found.interval.model_dump(),
        **{name: None if moment is None else clock.rfc3339(moment) for name, moment in told.items()},
        "lines": [
            {
                "id": line.external_id,
                "product_id": line.product_id,
                "variant_id": line.variant_id,
                "title": line.title,
                "options": line.options,
                "quantity": line.quantity,
                "unit_price": money(line.unit_price, found.currency),
            }
            for line in found.lines
        ],
    }
