"""Canceling an order: the shop says yes first, then the money that waits for it goes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import AlreadyCanceled, NoItems, OrderNotFound, RefundExceedsCaptured
from app.integrations.commerce.contract import CancelOrder
from app.integrations.receipts import Receipt
from app.models.operations import Operation
from app.models.orders import Order
from app.models.refunds import Cancellation
from app.money import Money
from app.services import (
    audit,
    decisions,
    events,
    guard_facts,
    open_changes,
    operation_views,
    operations,
    orders,
    refunds,
)
from app.services.callers import Caller
from app.services.ledgers import Ledger
from app.services.operations import Effect
from app.services.order_views import lines_of, order_view
from app.services.orders import Ledgers
from app.services.policy.contract import Decided
from app.services.providers import Providers
from app.services.refund_quotes import RefundSpec

KIND = "order_cancel"
ASKED = "asked by the shopper"
"""What the shop is told where nobody gave a reason: whoever writes a message was shown no list to choose from."""
OPEN = ("pending", "unknown")
"""The shop has the last word still."""
STANDING = ("pending", "unknown", "succeeded")
FOLLOWERS: list[Callable[[Session, Cancellation], None]] = []
"""Told of each cancellation whose status has changed, in the same transaction."""


def request(
    session: Session,
    caller: Caller,
    order_id: str,
    said: Ledgers,
    reason: str | None = None,
    follows: Decided | None = None,
) -> Cancellation:
    """Decide, reserve the whole refund, and write the intent; the shop is asked after the commit.

    `follows`: what has been decided already and is carried out by this, so that it needs no reason of its own.
    """
    given = None if reason == ASKED else reason
    order = orders.get(session, caller, order_id, lock=True)
    facts = guard_facts.of_order(session, caller, order, "cancel", reason=given, follows=follows)
    decisions.enforce(decisions.decide(session, caller, facts, subject=("order", order.id)))
    open_changes.refuse(session, order)
    if standing(session, order.id) is not None:
        raise AlreadyCanceled("The order is being canceled already.")
    operation_id, cancellation_id = ids.new("opr"), ids.new("can")
    refund_id = _reserve(session, caller, order, said, given, cancellation_id)
    operation = operations.request(
        session,
        operation_id=operation_id,
        caller=caller,
        kind=KIND,
        provider="sandbox",
        command=CancelOrder(key=operation_id, order_id=order.external_id, reason=reason or ASKED),
        subject=("cancellation", cancellation_id),
        message_id=session.info.get("message_id"),
    )
    cancellation = Cancellation(
        id=cancellation_id,
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=clock.now(),
        order_id=order.id,
        operation_id=operation.id,
        refund_id=refund_id,
        reason=reason or ASKED,
        status="pending",
    )
    session.add(cancellation)
    session.flush()
    events.record(session, "cancellation.created", cancellation, _shown(cancellation))
    audit.write(
        session,
        action="order.cancel_requested",
        subject_type="order",
        subject_id=order.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"reason": reason, "refund": refund_id},
        request_id=caller.request_id,
    )
    return cancellation


def _reserve(
    session: Session, caller: Caller, order: Order, said: Ledgers, reason: str | None, cancellation_id: str
) -> str | None:
    """Reserve all that is left of every payment; None where nothing was captured."""
    order, payments = refunds.hold(session, caller, order.id, said)
    ledger = Ledger.of(session, order)
    left = sum(ledger.refundable(payment) for payment in payments if payment.currency == order.currency)
    if left == 0:
        return None
    rest = tuple(
        (line.id, line.quantity - ledger.line_quantity.get(line.id, 0))
        for line in lines_of(session, order)
        if line.quantity > ledger.line_quantity.get(line.id, 0)
    )
    spec = RefundSpec(lines=rest, shipping=True, reason=reason)
    try:
        fits = refunds.price(session, order, payments, spec).amount == left
    except (NoItems, RefundExceedsCaptured):
        fits = False
    if not fits:  # duties, or amounts that went back before: what is left of the payments counts
        spec = RefundSpec(amount=Money(left, order.currency), reason=reason)
    return refunds.request(session, caller, order.id, said, spec, cancellation_id=cancellation_id, decided="cancel").id


def standing(session: Session, order_id: str) -> Cancellation | None:
    """The cancellation of the order that was not refused."""
    return session.scalar(
        select(Cancellation).where(Cancellation.order_id == order_id, Cancellation.status.in_(STANDING))
    )


def settle(session: Session, operation: Operation, receipt: Receipt) -> None:
    """The shop's word, once: canceled, so that the money goes back, or not, so that it stays."""
    del receipt
    cancellation = session.get_one(Cancellation, operation.subject_id, with_for_update=True)
    if cancellation.status not in OPEN or cancellation.status == operation.status:
        return
    _move(session, cancellation, operation.status)
    if operation.status == "succeeded":
        order = session.get_one(Order, cancellation.order_id, with_for_update=True)
        was = order.status
        order.status, order.canceled_at = "canceled", clock.now()
        order.snapshot = {**order.snapshot, "status": "canceled"}
        events.record(session, "order.canceled", order, order_view(session, order), previous={"status": was})
        if cancellation.refund_id is not None:
            refunds.begin(session, cancellation.refund_id)
    elif operation.status == "failed" and cancellation.refund_id is not None:
        refunds.withdraw(session, cancellation.refund_id)
    for told in FOLLOWERS:
        told(session, cancellation)


def _move(session: Session, cancellation: Cancellation, status: str) -> None:
    """Take it to `status`, with its event."""
    before = cancellation.status
    cancellation.move(status)
    session.flush()
    events.record(session, f"cancellation.{status}", cancellation, _shown(cancellation), previous={"status": before})


async def _send(providers: Providers, command: CancelOrder) -> Receipt:
    return await providers.commerce.cancel_order(command)


async def _find(providers: Providers, command: CancelOrder) -> Receipt | None:
    return await providers.commerce.find_cancellation(command)


operations.register(Effect(kind=KIND, command=CancelOrder, send=_send, find=_find, settle=settle))


def get(session: Session, caller: Caller, cancellation_id: str) -> Cancellation:
    """The cancellation of one of the caller's orders."""
    found = session.get(Cancellation, cancellation_id)
    if found is None or found.store_id != caller.store_id or found.livemode != caller.livemode:
        raise OrderNotFound
    return found


def view(session: Session, cancellation: Cancellation) -> dict[str, Any]:
    """The order as it is now, with the operation that cancels it and the refund that waits for it."""
    order = session.get_one(Order, cancellation.order_id)
    operation = session.get_one(Operation, cancellation.operation_id)
    return {
        **order_view(session, order),
        "operation": operation_views.view(operation),
        "refund": cancellation.refund_id,
        "approval": None,
    }


def _shown(cancellation: Cancellation) -> dict[str, Any]:
    return {
        "id": cancellation.id,
        "order": cancellation.order_id,
        "refund": cancellation.refund_id,
        "reason": cancellation.reason,
        "status": cancellation.status,
        "livemode": cancellation.livemode,
    }
