"""Refunds: reserved under lock with their intent, paid back between transactions, settled by evidence alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import RefundNotFound
from app.integrations.receipts import Receipt
from app.models.customers import Customer
from app.models.operations import Operation
from app.models.orders import Order, OrderPayment
from app.models.refunds import RESERVING, Allocation, Refund, RefundLine
from app.money import Money
from app.services import (
    approvals,
    audit,
    decisions,
    events,
    open_changes,
    operations,
    orders,
    refund_effects,
    spending,
)
from app.services import credits as store_credits
from app.services.callers import Caller
from app.services.operations import Effect
from app.services.order_views import Ledger, lines_of, money, payments_of
from app.services.orders import Ledgers
from app.services.policy.contract import Facts
from app.services.refund_quotes import Quote, RefundSpec, quote

WAITING = "awaiting_approval"
FOLLOWERS: list[Callable[[Session, Refund], None]] = []
"""Told of each refund whose status has changed, in the same transaction."""


def hold(session: Session, caller: Caller, order_id: str, said: Ledgers) -> tuple[Order, list[OrderPayment]]:
    """Lock the order and its payments to the commit, and write the provider's truth into them."""
    order = orders.get(session, caller, order_id, lock=True)
    payments = payments_of(session, order, lock=True)
    orders.take_ledgers(payments, said, _our_keys(session, payments))
    session.flush()
    return order, payments


def price(session: Session, order: Order, payments: list[OrderPayment], spec: RefundSpec) -> Quote:
    """What the refund would be on what is left now; raises the refusal where it cannot be."""
    return quote(
        spec,
        currency=order.currency,
        lines=lines_of(session, order),
        payments=payments,
        ledger=Ledger.of(session, order),
        shipping_left=_shipping_left(session, order),
        others=_other_methods(session, order),
    )


def _other_methods(session: Session, order: Order) -> set[str]:
    """The customer's methods on file that can be paid in the order's currency."""
    customer = session.get(Customer, order.customer_id) if order.customer_id else None
    methods = [] if customer is None else customer.payment_methods
    return {method["id"] for method in methods if method.get("currency") in (None, order.currency)}


def request(
    session: Session,
    caller: Caller,
    order_id: str,
    said: Ledgers,
    spec: RefundSpec,
    *,
    return_id: str | None = None,
    cancellation_id: str | None = None,
    decided: str = "refund",
    waiting: Refund | None = None,
) -> Refund:
    """Lock, check, reserve, and write refund, operations, events and jobs in the caller's transaction.

    A refund that hangs on a cancellation waits for `begin`. Raises the refusal where it may not be; then nothing
    of it is written.
    """
    order, payments = hold(session, caller, order_id, said)
    priced_now = price(session, order, payments, spec)
    open_changes.refuse(session, order, open_changes.MOVING_MONEY)
    return write(
        session,
        caller,
        order,
        payments,
        spec,
        priced_now,
        return_id=return_id,
        cancellation_id=cancellation_id,
        decided=decided,
        waits=cancellation_id is not None,
        waiting=waiting,
    )


def write(
    session: Session,
    caller: Caller,
    order: Order,
    payments: list[OrderPayment],
    spec: RefundSpec,
    priced_now: Quote,
    *,
    return_id: str | None = None,
    cancellation_id: str | None = None,
    decided: str | None = "refund",
    waits: bool = False,
    waiting: Refund | None = None,
) -> Refund:
    """Write a refund that was priced under `hold`: guarded, reserved and, unless it `waits` for `begin`, on its way.

    A part of a payment whose method is not the one that `spec` names is paid out to that. `decided` None: nobody is
    asked and no cap counts, because the store took the money a moment ago and has nothing to give for it.
    `waiting`: the refund that a person has just approved; its amounts are today's.
    """
    refund = waiting or draft(caller, order, spec, priced_now, return_id=return_id, cancellation_id=cancellation_id)
    refund.automated = not caller.is_merchant and decided is not None and not decisions.approved(session)
    if decided is not None:
        now = refund.created_at if waiting is None else clock.now()  # approved on another day: decided on that
        _guard(session, caller, order, refund, priced_now.amount, decided, now)
    if waiting is not None:
        _take_today(session, waiting, priced_now)
    session.add(refund)
    session.flush()
    add_lines(session, refund, priced_now)
    by_id = {payment.id: payment for payment in payments}
    for payment_id, amount in priced_now.allocations:
        _allocate(session, caller, refund, by_id[payment_id], amount, waits=waits)
    session.flush()
    if waiting is None:
        events.record(session, "refund.created", refund, view(session, refund))
    else:
        events.record(session, "refund.approved", refund, view(session, refund), previous={"status": WAITING})
    audit.write(
        session,
        action="refund.requested",
        subject_type="refund",
        subject_id=refund.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"order": order.id, "amount": refund.amount, "currency": refund.currency, "reason": spec.reason},
        request_id=caller.request_id,
    )
    return refund


def draft(
    caller: Caller,
    order: Order,
    spec: RefundSpec,
    priced_now: Quote,
    *,
    return_id: str | None = None,
    cancellation_id: str | None = None,
) -> Refund:
    """The refund's row, in no session yet."""
    return Refund(
        id=ids.new("rfd"),
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=clock.now(),
        order_id=order.id,
        customer_id=order.customer_id,
        return_id=return_id,
        cancellation_id=cancellation_id,
        status="pending",
        currency=priced_now.currency,
        amount=priced_now.amount,
        items=priced_now.items,
        tax=priced_now.tax,
        discount=priced_now.discount,
        shipping=priced_now.shipping,
        fee=priced_now.fee,
        destination=spec.destination,
        payment_method_id=spec.payment_method_id,
        reason=spec.reason,
        note=spec.note,
        actor=caller.actor(),
        automated=False,
        spending_day=None,
    )


def add_lines(session: Session, refund: Refund, priced_now: Quote) -> None:
    """What it is for, line by line."""
    for line_id, quantity, amount in priced_now.lines:
        session.add(RefundLine(refund_id=refund.id, line_id=line_id, quantity=quantity, amount=amount))


def _take_today(session: Session, refund: Refund, priced_now: Quote) -> None:
    """What waited was priced on another day."""
    refund.move("pending")
    for name in ("amount", "items", "tax", "discount", "shipping", "fee"):
        setattr(refund, name, getattr(priced_now, name))
    session.execute(delete(RefundLine).where(RefundLine.refund_id == refund.id))


def _guard(
    session: Session, caller: Caller, order: Order, refund: Refund, amount: int, action: str, now: datetime
) -> None:
    """Ask the guard, and reserve what automation may spend; raises where the answer is no."""
    scope_ids = spending.scopes(caller.store, order, now)
    decision = decisions.decide(
        session,
        caller,
        Facts(
            action=action,
            actor=decisions.actor_kind(caller),
            proof=caller.proof,
            now=now,
            order_status="pending" if action == "cancel" else order.status,
            delivered_at=order.delivered_at,
            amount=amount,
            currency=refund.currency,
            reason=refund.reason,
            **_destination_facts(session, order, refund),
            spent=spending.spent(session, order, refund.currency, scope_ids),
        ),
        subject=("refund", refund.id),
        order_id=order.id,
    )
    decisions.enforce(decision)
    if refund.automated:
        caps = decisions.policy_of(session, caller).caps[refund.currency]
        spending.reserve(session, order, refund.currency, amount, caps, scope_ids)
        refund.spending_day = scope_ids["day"]


def _destination_facts(session: Session, order: Order, refund: Refund) -> dict[str, Any]:
    """Where the money goes as the guard sees it: a method that paid is the original."""
    if refund.destination != "payment_method":
        kind = "store_credit" if refund.destination == "store_credit" else None
        return {"destination": refund.destination, "destination_kind": kind}
    for payment in payments_of(session, order):
        if refund.payment_method_id in (payment.payment_method_id, payment.id, payment.external_id):
            return {"destination": "original", "destination_kind": payment.kind}
    customer = session.get(Customer, order.customer_id) if order.customer_id else None
    kinds = {method["id"]: method["kind"] for method in (customer.payment_methods if customer else [])}
    return {"destination": "payment_method", "destination_kind": kinds.get(refund.payment_method_id)}


def _allocate(
    session: Session, caller: Caller, refund: Refund, payment: OrderPayment, amount: int, *, waits: bool
) -> None:
    operation_id = ids.new("opr")
    command = refund_effects.command_of(session, refund, payment, amount, operation_id)
    operation = operations.request(
        session,
        operation_id=operation_id,
        caller=caller,
        kind=refund_effects.kind_of(command),
        provider=session.info.get("payment_provider", "sandbox"),
        command=command,
        subject=("refund", refund.id),
        message_id=session.info.get("message_id"),
        waits=waits,
    )
    if operation.kind == store_credits.KIND:
        store_credits.of_refund(session, caller, refund, operation, amount)
    session.add(
        Allocation(
            id=ids.new("alc"),
            refund_id=refund.id,
            payment_id=payment.id,
            operation_id=operation.id,
            amount=amount,
            status="pending",
        )
    )


def _our_keys(session: Session, payments: list[OrderPayment]) -> set[str]:
    """The provider's keys of every refund that we ever asked of these payments."""
    return set(
        session.scalars(
            select(Operation.provider_key)
            .join(Allocation, Allocation.operation_id == Operation.id)
            .where(Allocation.payment_id.in_([payment.id for payment in payments]))
        )
    )


def _shipping_left(session: Session, order: Order) -> int:
    live = select(Allocation.refund_id).where(Allocation.status.in_(RESERVING))
    gone = session.scalar(select(func.sum(Refund.shipping)).where(Refund.order_id == order.id, Refund.id.in_(live)))
    return max(0, int(order.snapshot["totals"]["shipping"]) - int(gone or 0))


# ---- a refund that waits for the shop ---------------------------------------------------------------------


def begin(session: Session, refund_id: str) -> None:
    """The shop has canceled or changed the order: the money may go back now."""
    for operation in operations.of_subject(session, "refund", refund_id):
        operations.start(session, operation)


def withdraw(session: Session, refund_id: str) -> None:
    """The shop said no: the refund that waited for it ends, its reservations are free again."""
    refund = session.get_one(Refund, refund_id, with_for_update=True)
    allocations = allocations_of(session, refund)
    for operation in operations.of_subject(session, "refund", refund_id):
        operations.cancel(session, operation)
        store_credits.end(session, operation.id)
    for allocation in allocations:
        allocation.move("canceled")
        _release(session, refund, allocation)
    refund.move("canceled")
    refund.settled_at = clock.now()
    events.record(session, "refund.canceled", refund, view(session, refund), previous={"status": "pending"})
    tell(session, refund)


def tell(session: Session, refund: Refund) -> None:
    """Whoever follows refunds hears of its new status."""
    for told in FOLLOWERS:
        told(session, refund)


# ---- settling ---------------------------------------------------------------------------------------------------


def settle(session: Session, operation: Operation, receipt: Receipt) -> None:
    """Move the allocation and its refund to what the provider's evidence says; the only way into a final state."""
    allocation = session.scalars(
        select(Allocation).where(Allocation.operation_id == operation.id).with_for_update()
    ).one()
    refund = session.get_one(Refund, allocation.refund_id, with_for_update=True)
    if operation.status == allocation.status:
        return
    held = allocation.status in RESERVING
    allocation.move(operation.status)
    allocation.failure_code = receipt.failure_code
    if held and allocation.status not in RESERVING:
        _release(session, refund, allocation)
    session.flush()
    before = refund.status
    after = status_of([row.status for row in allocations_of(session, refund)])
    refund.move(after)
    refund.failure_code = receipt.failure_code if after == "failed" else None
    refund.settled_at = clock.now() if after in {"succeeded", "failed"} else None
    kind = f"refund.{after}" if after != before else "refund.updated"
    events.record(session, kind, refund, view(session, refund), previous={"status": before})
    if after != before:
        tell(session, refund)


def status_of(statuses: list[str]) -> str:
    """One word for a refund of several allocations: what is open first, then what failed."""
    for status in ("unknown", "pending", "failed"):
        if status in statuses:
            return status
    return "succeeded" if "succeeded" in statuses else "canceled"


def _release(session: Session, refund: Refund, allocation: Allocation) -> None:
    if refund.automated:
        spending.release(session, refund, allocation.amount)


for _kind in refund_effects.KINDS:
    operations.register(
        Effect(kind=_kind.name, command=_kind.command, send=_kind.send, find=_kind.find, settle=settle, rechecked=True)
    )
store_credits.FOLLOWERS.append(settle)


# ---- reading ----------------------------------------------------------------------------------------------------


def get(session: Session, caller: Caller, refund_id: str) -> Refund:
    """The refund, or `refund_not_found` where this caller has none such."""
    found = session.scalar(
        select(Refund).where(
            Refund.id == refund_id, Refund.store_id == caller.store_id, Refund.livemode == caller.livemode
        )
    )
    if found is None or (caller.shopper is not None and found.customer_id != caller.shopper):
        raise RefundNotFound
    return found


def allocations_of(session: Session, refund: Refund) -> list[Allocation]:
    """The refund's parts, oldest first."""
    return list(session.scalars(select(Allocation).where(Allocation.refund_id == refund.id).order_by(Allocation.id)))


def view(session: Session, refund: Refund) -> dict[str, Any]:
    """The refund as the contract shows it."""
    allocations = allocations_of(session, refund)
    behind = [operations.view(row) for row in operations.of_subject(session, "refund", refund.id)]
    lines = session.scalars(select(RefundLine).where(RefundLine.refund_id == refund.id).order_by(RefundLine.line_id))
    paid = sum(row.amount for row in allocations if row.status == "succeeded")
    return {
        "id": refund.id,
        "livemode": refund.livemode,
        "order": refund.order_id,
        "customer": refund.customer_id,
        "return": refund.return_id,
        "status": refund.status,
        "amount": money(refund.amount, refund.currency),
        "amount_refunded": money(paid, refund.currency),
        "breakdown": {
            name: money(getattr(refund, name), refund.currency)
            for name in ("items", "tax", "discount", "shipping", "fee")
        },
        "lines": [
            {"line_id": row.line_id, "quantity": row.quantity, "amount": money(row.amount, refund.currency)}
            for row in lines
        ],
        "allocations": [
            {
                "id": row.id,
                "payment_id": row.payment_id,
                "amount": money(row.amount, refund.currency),
                "status": row.status,
                "operation_id": row.operation_id,
                "failure_code": row.failure_code,
            }
            for row in allocations
        ],
        "destination": {"type": refund.destination, "payment_method_id": refund.payment_method_id},
        "reason": refund.reason,
        "note": refund.note,
        "failure_code": refund.failure_code,
        "summary": summary(refund, paid),
        "approval": approvals.brief_of(session, "refund", refund.id),
        "operation": next((row for row in behind if row["status"] in {"pending", "unknown"}), None)
        or (behind[0] if behind else None),
        "operations": [row["id"] for row in behind],
        "created_at": clock.rfc3339(refund.created_at),
        "settled_at": None if refund.settled_at is None else clock.rfc3339(refund.settled_at),
    }


def summary(refund: Refund, paid: int) -> str:
    """One sentence that tells where the money is."""
    whole, part = Money(refund.amount, refund.currency).text(), Money(paid, refund.currency).text()
    if refund.status == "succeeded":
        return f"{whole} went back."
    if refund.status == "failed":
        rest = Money(refund.amount - paid, refund.currency).text()
        return f"{part} went back; {rest} could not be paid back." if paid else f"{whole} could not be paid back."
    if refund.status == "unknown":
        return f"{whole}: the payment provider has not told the outcome; it stays reserved and is being looked up."
    if refund.status == WAITING:
        return f"{whole} waits for a person at the store to say yes."
    if refund.status == "canceled" and refund.cancellation_id is None:
        return f"{whole} was not paid back: nobody at the store said yes to it."
    if refund.status == "canceled":
        return f"{whole} was not paid back because the order stayed as it was."
    return f"{whole} is on its way."
