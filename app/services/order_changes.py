"""Changes of an order that has not shipped, of a customer and of a subscription, one at a time.

charge (where the change costs more) -> the shop -> what goes back. The shop has the last word: after its no the charge
goes back, written in the transaction that hears the no, so that a kill cannot make us forget it. What goes back is
reserved before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import ChangeInProgress, OrderNotFound, OrderNotPending
from app.integrations.commerce.contract import ShopCommand
from app.integrations.commerce.subscription_contract import Subscription
from app.integrations.payments.contract import ChargeCommand
from app.models.changes import OPEN, Change
from app.models.customers import Customer
from app.models.operations import Operation
from app.models.orders import Order
from app.models.refunds import Cancellation
from app.services import (
    audit,
    customers,
    decisions,
    events,
    guard_facts,
    open_changes,
    operation_views,
    operations,
    subscriptions,
)
from app.services.callers import Caller
from app.services.order_views import money, order_view
from app.services.return_specs import LineSpec

SHOP_KINDS = {
    "address": "change_address",
    "items": "swap_items",
    "payment_method": "change_payment_method",
    "customer": "change_customer",
    "subscription": "change_subscription",
}
"""The kind of operation that tells the shop, by the change's kind."""
CHARGE = "order_charge"
CANCELING = ("pending", "unknown", "succeeded")


@dataclass(frozen=True, slots=True)
class Wish:
    """A change that was decided and checked: what the shop is told, and what stands in our mirror after its yes."""

    kind: str
    command: Callable[[str], ShopCommand]
    """The shop's command under a key."""
    plan: dict[str, Any]
    difference: int = 0
    currency: str | None = None
    charge: Callable[[str], ChargeCommand] | None = None
    """What is taken first, under a key."""
    evidence: dict[str, Any] = field(default_factory=dict[str, Any])


def decide(
    session: Session, caller: Caller, order: Order, action: str, lines: Sequence[LineSpec] | None = None
) -> None:
    """Ask the guard whether this order may be changed at all; raises where it or an open change says no.

    `lines`: which of them are meant, where not all are.

    Ask under the order's lock, so that of two at once the second sees the first.
    """
    decision = decisions.decide(
        session,
        caller,
        guard_facts.of_order(session, caller, order, action, lines=lines),
        subject=("order", order.id),
    )
    decisions.enforce(decision)
    open_changes.refuse(session, order)
    canceling = select(Cancellation.id).where(Cancellation.order_id == order.id, Cancellation.status.in_(CANCELING))
    if session.scalar(canceling.limit(1)) is not None:
        raise OrderNotPending("The order is being canceled.")


def begin(
    session: Session,
    caller: Caller,
    wish: Wish,
    *,
    order: Order | None = None,
    customer: Customer | None = None,
    refund_id: str | None = None,
) -> Change:
    """Write the change with its operations; the first of them starts after the commit, the others wait for it.

    `refund_id` is the refund that waits for the shop's yes.
    """
    change_id = ids.new("chg")
    charge = None if wish.charge is None else _operation(session, caller, change_id, CHARGE, wish.charge)
    shop = _operation(session, caller, change_id, SHOP_KINDS[wish.kind], wish.command, waits=charge is not None)
    subject, method = order or customer, cast("dict[str, Any] | None", wish.plan.get("method"))
    assert subject is not None
    change = Change(
        id=change_id,
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=clock.now(),
        kind=wish.kind,
        subject_id=subject.id,
        order_id=None if order is None else order.id,
        customer_id=order.customer_id if order is not None else subject.id,
        status="pending",
        plan=wish.plan,
        difference=wish.difference,
        currency=wish.currency,
        payment_method_id=None if method is None else method["id"],
        charge_operation_id=None if charge is None else charge.id,
        operation_id=shop.id,
        refund_id=refund_id,
        actor=caller.actor(),
    )
    session.add(change)
    session.flush()
    events.record(session, "change.created", change, view(session, change))
    audit.write(
        session,
        action=f"change.{wish.kind}_requested",
        subject_type="change",
        subject_id=change.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"subject": subject.id, "difference": wish.difference, "currency": wish.currency, **wish.evidence},
        request_id=caller.request_id,
    )
    return change


def _operation(
    session: Session,
    caller: Caller,
    change_id: str,
    kind: str,
    command: Callable[[str], ShopCommand | ChargeCommand],
    *,
    waits: bool = False,
) -> Operation:
    operation_id = ids.new("opr")
    return operations.request(
        session,
        operation_id=operation_id,
        caller=caller,
        kind=kind,
        provider="sandbox",
        command=command(operation_id),
        subject=("change", change_id),
        message_id=session.info.get("message_id"),
        waits=waits,
    )


def alone(session: Session, customer: Customer) -> None:
    """Raise `change_in_progress` where another change of the customer is open; ask under the customer's lock."""
    query = select(Change.id).where(Change.subject_id == customer.id, Change.status.in_(OPEN))
    if session.scalar(query.limit(1)) is not None:
        raise ChangeInProgress("A change of this customer is still on its way: wait for it to end.")


def move(session: Session, change: Change, status: str) -> None:
    """Take a change to `status`, with its event."""
    before = change.status
    if before == status:
        return
    change.move(status)
    if status not in OPEN:
        change.settled_at = clock.now()
    session.flush()
    events.record(session, f"change.{status}", change, view(session, change), previous={"status": before})


# ---- reading ----------------------------------------------------------------------------------------------------


def get(session: Session, caller: Caller, change_id: str) -> Change:
    """The change of one of the caller's orders, or of a customer of the store."""
    found = session.get(Change, change_id)
    if found is None or found.store_id != caller.store_id or found.livemode != caller.livemode:
        raise OrderNotFound
    return found


def view(session: Session, change: Change) -> dict[str, Any]:
    """The change itself; addresses and contacts stay in the order and the customer."""
    return {
        "id": change.id,
        "livemode": change.livemode,
        "kind": change.kind,
        "order": change.order_id,
        "customer": change.customer_id,
        "status": change.status,
        "difference": None if change.currency is None else money(change.difference, change.currency),
        "payment_method_id": change.payment_method_id,
        "subscription": _subscription(change),
        "refund": change.refund_id,
        "operations": [row.id for row in operation_views.of_subject(session, "change", change.id)],
        "failure_code": change.failure_code,
        "failure_detail": change.failure_detail,
        "created_at": clock.rfc3339(change.created_at),
        "settled_at": None if change.settled_at is None else clock.rfc3339(change.settled_at),
    }


def _subscription(change: Change) -> dict[str, Any] | None:
    """What is asked of which subscription, by the shop's own id."""
    kept: dict[str, Any] | None = change.plan.get("subscription")
    return None if kept is None else {"id": kept["external_id"], "change": change.plan["change"]}


def answer(session: Session, change: Change) -> dict[str, Any]:
    """The order, customer or subscription as it is now, with the change and the operation that it waits for."""
    if change.plan.get("subscription") is not None:
        kept = Subscription.model_validate(change.plan["subscription"])
        shown = {**subscriptions.view(kept), "customer": change.customer_id}
    elif change.order_id is not None:
        shown = order_view(session, session.get_one(Order, change.order_id))
    else:
        shown = customers.view(session.get_one(Customer, change.customer_id))
    behind = operation_views.of_subject(session, "change", change.id)
    if change.status == "failed" and change.refund_id is not None:  # the charge is on its way back
        behind = [*behind, *operation_views.of_subject(session, "refund", change.refund_id)]
    waited_for = next((row for row in behind if row.status in {"unknown", "pending"} and row.schedule), None)
    return {
        **shown,
        "operation": operation_views.view(waited_for or session.get_one(Operation, change.operation_id)),
        "operations": [row.id for row in behind],
        "refund": change.refund_id,
        "change": view(session, change),
        "approval": None,
    }
