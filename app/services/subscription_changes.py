"""Changing a subscription: what may be asked of one in its state, and the intent that is written for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, errors
from app.integrations.commerce.subscription_contract import (
    ChangeSubscription,
    Subscription,
    SubscriptionChange,
    SubscriptionLine,
)
from app.models.changes import Change
from app.models.customers import Customer
from app.services import decisions, guard_facts, order_changes
from app.services.callers import Caller
from app.services.catalogs import Catalog
from app.services.order_changes import Wish

KIND = "subscription"
OPEN_TO: dict[SubscriptionChange, frozenset[str]] = {
    "pause": frozenset({"active"}),
    "skip": frozenset({"active"}),
    "swap": frozenset({"active", "paused"}),
    "resume": frozenset({"paused", "ending"}),
    "cancel": frozenset({"active", "paused", "ending"}),
}
"""The states in which each may be asked for; `ending`: its end is set and has not come."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to become of a subscription; `until` is a pause's, line and variant are a swap's, `when` a cancel's."""

    change: SubscriptionChange
    until: datetime | None = None
    line_id: str | None = None
    variant_id: str | None = None
    when: Literal["now", "period_end"] = "period_end"


def request(
    session: Session, caller: Caller, customer_id: str, found: Subscription, wanted: Wanted, catalog: Catalog
) -> Change:
    """Decide, check against the subscription as the shop told it a moment ago, and write the command for the shop."""
    customer = session.scalar(select(Customer).where(Customer.id == customer_id).with_for_update())
    if customer is None:
        raise errors.CustomerNotFound
    facts = guard_facts.of_customer(
        session,
        caller,
        customer,
        "subscription",
        owner=caller.shopper in (None, customer.id),
        subscription_change=wanted.change,
        subscription_status=_state(found),
    )
    decision = decisions.decide(session, caller, facts, subject=("customer", customer.id))
    decisions.enforce(decision)
    order_changes.alone(session, customer)
    _must_be_open(found, wanted)
    asked = _asked(found, wanted, catalog)
    whose = {"customer_id": found.customer_id, "subscription_id": found.external_id}
    wish = Wish(
        kind=KIND,
        command=lambda key: ChangeSubscription(key=key, **whose, **asked),
        plan={"change": wanted.change, "subscription": found.model_dump(mode="json")},
        evidence={"subscription": found.external_id, "change": wanted.change},
    )
    return order_changes.begin(session, caller, wish, customer=customer)


def _state(found: Subscription) -> str:
    return "ending" if found.cancel_at is not None and found.status != "canceled" else found.status


def _must_be_open(found: Subscription, wanted: Wanted) -> None:
    state = _state(found)
    ends_already = wanted.change == "cancel" and state == "ending" and wanted.when == "period_end"
    if state in OPEN_TO[wanted.change] and not ends_already:
        return
    refusal = errors.SubscriptionNotPaused if wanted.change == "resume" else errors.SubscriptionNotActive
    raise refusal(f"The subscription is {state}.")


def _asked(found: Subscription, wanted: Wanted, catalog: Catalog) -> dict[str, Any]:
    """What the shop is told besides whose it is."""
    asked: dict[str, Any] = {"change": wanted.change}
    if wanted.change == "pause":
        if wanted.until is not None and wanted.until <= clock.now():
            past = {"pointer": "/until", "code": "until", "detail": "must be in the future"}
            raise errors.Invalid("A pause ends in the future.", errors=[past])
        return asked | {"until": wanted.until}
    if wanted.change == "skip":
        return asked | {"delivery_at": found.next_billing_at}
    if wanted.change == "swap":
        line = _line(found, wanted.line_id)
        _must_be_had(found, line, wanted.variant_id or "", catalog)
        return asked | {"line_id": line.external_id, "variant_id": wanted.variant_id}
    return asked | ({"when": wanted.when} if wanted.change == "cancel" else {})


def _line(found: Subscription, line_id: str | None) -> SubscriptionLine:
    if line_id is None and len(found.lines) == 1:
        return found.lines[0]
    line = next((line for line in found.lines if line.external_id == line_id), None)
    if line is None:
        raise errors.ItemNotInOrder("Name a line of the subscription: line_id.")
    return line


def _must_be_had(found: Subscription, line: SubscriptionLine, variant_id: str, catalog: Catalog) -> None:
    if variant_id == line.variant_id:
        raise errors.SameItem
    variant = catalog.variant(line.product_id, variant_id)
    if variant is None:
        raise errors.DifferentProduct if catalog.knows(variant_id) else errors.NewItemNotFound
    if not variant.available:
        raise errors.NewItemUnavailable
    if variant.currency != found.currency:
        raise errors.CurrencyMismatch("The new item is not sold in the subscription's currency.")
