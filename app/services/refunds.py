"""Refunds: priced under lock, guarded, reserved and written with their intent; paid back between transactions."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.models.customers import Customer
from app.models.operations import Operation
from app.models.orders import Order, OrderPayment
from app.models.refunds import RESERVING, WAITING, Allocation, Refund, RefundLine
from app.services import (
    audit,
    decisions,
    events,
    open_changes,
    operation_views,
    operations,
    orders,
    refund_effects,
    refund_guard,
    refund_settlements,
    refund_views,
)
from app.services import credits as store_credits
from app.services.callers import Caller
from app.services.ledgers import Ledger
from app.services.order_views import lines_of, payments_of
from app.services.orders import Ledgers
from app.services.policy.contract import Decided
from app.services.refund_quotes import Quote, RefundSpec, quote


def hold(session: Session, caller: Caller, order_id: str, said: Ledgers) -> tuple[Order, list[OrderPayment]]:
    """Lock the order and its payments to the commit, and write the provider's truth into them."""
    order = orders.get(session, caller, order_id, lock=True)
    payments = payments_of(session, order, lock=True)
    orders.take_ledgers(payments, said, _counted(session, payments))
    session.flush()
    return order, payments


def price(session: Session, order: Order, payments: list[OrderPayment], spec: RefundSpec) -> Quote:
    """What the refund would be on what is left now; raises the refusal where it cannot be."""
    ledger = Ledger.of(session, order)
    return quote(
        spec,
        currency=order.currency,
        lines=lines_of(session, order),
        payments=payments,
        ledger=ledger,
        shipping_left=max(0, int(order.snapshot["totals"]["shipping"]) - ledger.shipping),
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
    follows: Decided | None = None,
    waiting: Refund | None = None,
) -> Refund:
    """Lock, check, reserve, and write refund, operations, events and jobs in the caller's transaction.

    `follows`: what has been decided already and is paid by it.

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
        follows=follows,
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
    follows: Decided | None = None,
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
        refund_guard.ask(session, caller, order, refund, priced_now, decided, follows)
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
        events.record(session, "refund.created", refund, refund_views.view(session, refund))
    else:
        events.record(
            session, "refund.approved", refund, refund_views.view(session, refund), previous={"status": WAITING}
        )
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


def _counted(session: Session, payments: list[OrderPayment]) -> set[str]:
    """The provider's keys and ids of what our ledger counts against these payments, held as it is to the commit.

    A provider that gives money back by itself when an order is canceled does so under no key of ours.

    Only of that: money that went out on a part which we hold as failed, by a person's word or an older answer, is
    counted nowhere else, and so as made elsewhere.
    """
    query = (
        select(Operation.provider_key, Operation.external_id)
        .join(Allocation, Allocation.operation_id == Operation.id)
        .where(Allocation.payment_id.in_([payment.id for payment in payments]), Allocation.status.in_(RESERVING))
    )
    rows = session.execute(query.with_for_update(read=True, of=Allocation))
    return {name for row in rows for name in row if name is not None}


# ---- a refund that waits for the shop ---------------------------------------------------------------------


def begin(session: Session, refund_id: str) -> None:
    """The shop has canceled or changed the order: the money may go back now."""
    for operation in operation_views.of_subject(session, "refund", refund_id):
        operations.start(session, operation)


def withdraw(session: Session, refund_id: str) -> None:
    """The shop said no: the refund that waited for it ends, its reservations are free again."""
    refund = session.get_one(Refund, refund_id, with_for_update=True)
    allocations = refund_views.allocations_of(session, refund)
    for operation in operation_views.of_subject(session, "refund", refund_id):
        operations.cancel(session, operation)
        store_credits.end(session, operation.id)
    for allocation in allocations:
        allocation.move("canceled")
        refund_settlements.release(session, refund, allocation)
    refund.move("canceled")
    refund.settled_at = clock.now()
    events.record(
        session, "refund.canceled", refund, refund_views.view(session, refund), previous={"status": "pending"}
    )
    refund_settlements.tell(session, refund)
