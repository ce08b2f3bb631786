"""The difference of an exchange: charged to a method or given back, each by an operation, once the goods are here.

What is due is known when the return is completed. From then on `_balance` is the one rule: what is due and was not
taken is charged, what was taken and is not due goes back, and the exchange ends where neither is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import ids
from app.errors import PaymentMethodNotFound, ReturnNotInState
from app.integrations.payments.contract import ChargeCommand
from app.integrations.receipts import Receipt
from app.models.exchanges import Exchange
from app.models.operations import Operation
from app.models.orders import Order, OrderPayment
from app.models.refunds import Allocation, Refund
from app.models.returns import Return
from app.models.stores import Store
from app.money import Money
from app.services import (
    audit,
    destinations,
    events,
    exchange_sends,
    exchange_trust,
    operation_views,
    operations,
    order_charges,
    refund_approvals,
)
from app.services.callers import Caller
from app.services.destinations import Method
from app.services.exchange_quotes import check_method
from app.services.exchange_states import OPEN, lines_in, move, view
from app.services.operations import Effect
from app.services.orders import Ledgers
from app.services.refund_quotes import RefundSpec

KIND = "exchange_charge"
NOT_DUE = "exchange_not_due"
"""Why a part of a charge goes back; the provider is told, and it is known by it again."""


def complete(
    session: Session,
    caller: Caller,
    exchange: Exchange,
    arrived: Mapping[str, int],
    said: Ledgers,
    *,
    pay: bool,
    fee: int,
    label: int,
) -> None:
    """End an exchange by what has `arrived`, per line id; with `pay` the difference for it moves.

    What was charged before counts, also where its answer is still to come, and so does what is kept back (minor
    units): the policy's `fee` for what has arrived, and of what goes back the `label` that the shopper pays. Raises
    the refusal where what goes back cannot be given.
    """
    due, rows = fee, lines_in(session, exchange.id)
    for row in rows:
        count = row.received_quantity = min(row.quantity, arrived.get(row.line_id, 0))
        due += row.price * count // row.quantity - row.paid * count // row.quantity
    if any(row.received_quantity != row.quantity for row in rows):
        exchange_sends.wait_for_answer(session, exchange)
        if exchange_trust.gone(session, exchange):  # a person settles what did not come for them
            due = max(due, exchange.charged or 0)
    exchange.due = due
    if not pay:
        move(session, exchange, "completed")
        return
    _balance(session, caller, exchange)
    label = min(label, max(0, -due))
    if due + label < 0:
        spec = replace(_back(exchange, -due - label), keep_back=fee + label)
        refund = refund_approvals.request(
            session,
            caller,
            exchange.order_id,
            said,
            spec,
            return_id=exchange.return_id,
            decided="exchange",
        )
        exchange.refund_id = refund.id
        events.record(session, "exchange.updated", exchange, view(session, exchange))


def _back(exchange: Exchange, amount: int) -> RefundSpec:
    """Back to the payments that the method made, else out to the method; without one to where it came from."""
    given = Money(amount, exchange.currency)
    if exchange.payment_method_id is None:
        return RefundSpec(amount=given, owed=True)
    method = exchange.payment_method_id
    return RefundSpec(amount=given, destination="payment_method", payment_method_id=method, owed=True)


def _balance(session: Session, caller: Caller, exchange: Exchange) -> None:
    """Charge what is due and was not taken, give back what was taken and is not due, and end it where neither is left.

    A charge that is on its way is waited for: only its answer tells what has been taken. One that nobody has named a
    method for has failed, so that a person names one.
    """
    rest = owed(session, exchange)
    waits = charging(session, exchange)
    if exchange.status == "approved" and (waits or rest > 0):
        move(session, exchange, "settling")
    if waits:
        return
    if rest > 0 and exchange.payment_method_id is None:
        move(session, exchange, "payment_failed")
    elif rest > 0:
        charge(session, caller, exchange, rest)
    else:
        _give_back(session, caller, exchange, -rest)
        if exchange.status in {"approved", "settling"}:
            move(session, exchange, "completed")


def owed(session: Session, exchange: Exchange) -> int:
    """What is still to be taken, minor units; below zero: what was taken and is not due."""
    gone = [row.external_id for row in _charges(session, exchange) if row.status == "failed" and row.external_id]
    given = session.scalar(
        select(func.sum(Allocation.amount))
        .join(Refund, Refund.id == Allocation.refund_id)
        .join(OrderPayment, OrderPayment.id == Allocation.payment_id)
        .where(Refund.order_id == exchange.order_id, Refund.return_id == exchange.return_id, Refund.reason == NOT_DUE)
        .where(OrderPayment.external_id.not_in(gone))  # a bank had back what was left of those
    )
    return max(0, exchange.due or 0) - (exchange.charged or 0) + int(given or 0)


def _give_back(session: Session, caller: Caller, exchange: Exchange, amount: int) -> None:
    """Pay back so much of what was charged; `refund` names it where nothing else goes back."""
    if amount <= 0:
        return
    order = session.get_one(Order, exchange.order_id, with_for_update=True, populate_existing=True)
    taken = _taken(session, exchange)
    for row in taken:
        _book(session, order, exchange, row)
    refund = order_charges.give_back(
        session, caller, order, taken, amount, reason=NOT_DUE, return_id=exchange.return_id
    )
    if refund is not None:
        exchange.refund_id = exchange.refund_id or refund.id


def _book(session: Session, order: Order, exchange: Exchange, charged: Operation) -> None:
    """What was taken is a payment of the order; its method may have gone from the customer's file since."""
    ref = charged.command["payment_method_id"]
    try:
        method = destinations.method(session, order, ref)
    except PaymentMethodNotFound:
        method = Method(ref, exchange.payment_kind or "other", paid=True)
    order_charges.book(session, order, charged, method)


def charging(session: Session, exchange: Exchange) -> bool:
    """Whether a charge of it has been asked for and is not over."""
    return any(row.status in OPEN for row in _charges(session, exchange))


def _charges(session: Session, exchange: Exchange) -> list[Operation]:
    return [row for row in operation_views.of_subject(session, "exchange", exchange.id) if row.kind == KIND]


def _taken(session: Session, exchange: Exchange) -> list[Operation]:
    """The charges that stand."""
    return [row for row in _charges(session, exchange) if row.status == "succeeded"]


def charge(session: Session, caller: Caller, exchange: Exchange, amount: int) -> None:
    """Write the intent to take `amount` (minor units) from the exchange's method."""
    order = session.get_one(Order, exchange.order_id)
    operation_id = ids.new("opr")
    assert exchange.payment_method_id is not None
    operations.request(
        session,
        operation_id=operation_id,
        caller=caller,
        kind=KIND,
        provider="sandbox",
        command=ChargeCommand(
            key=operation_id,
            order_id=order.external_id,
            payment_method_id=exchange.payment_method_id,
            amount=amount,
            currency=exchange.currency,
        ),
        subject=("exchange", exchange.id),
    )
    exchange.charge_operation_id = operation_id
    session.flush()
    audit.write(
        session,
        action="exchange.charge_requested",
        subject_type="exchange",
        subject_id=exchange.id,
        actor=caller.actor(),
        store_id=exchange.store_id,
        livemode=exchange.livemode,
        evidence={"amount": amount, "currency": exchange.currency, "method": exchange.payment_method_id},
        request_id=caller.request_id,
    )


def retry(session: Session, caller: Caller, exchange: Exchange, method: Method | None) -> None:
    """Take what is still due once more, by `method` where another is named, after the provider has said no.

    Raises the refusal where nothing failed, or where the method cannot pay. The caller holds the exchange's lock.
    """
    if exchange.status != "payment_failed":
        raise ReturnNotInState(f"The difference of an exchange that is {exchange.status} is not charged again.")
    if method is not None or exchange.payment_method_id is None:
        check_method(owed(session, exchange), exchange.currency, method)
    if method is not None:
        exchange.payment_method_id, exchange.payment_kind = method.id, method.kind
    move(session, exchange, "settling")
    _balance(session, caller, exchange)


def release(session: Session, caller: Caller, exchange: Exchange) -> None:
    """It has ended without its other goods: nothing is due, and what was charged goes back, now or once it is taken."""
    exchange.due = 0
    _balance(session, caller, exchange)


def settle(session: Session, operation: Operation, receipt: Receipt) -> None:
    """The provider's word on a charge: what is due by now is taken or given back, or a person must see to it."""
    del receipt
    session.flush()
    exchange = _locked(session, operation.subject_id)
    order = session.get_one(Order, exchange.order_id, with_for_update=True, populate_existing=True)
    before, now = exchange.charged or 0, sum(int(row.command["amount"]) for row in _taken(session, exchange))
    exchange.charged = now
    if operation.status == "succeeded":
        _book(session, order, exchange, operation)
        _after_yes(session, exchange)
    elif operation.status == "failed":
        order_charges.unbook(session, order, operation)
        _after_no(session, exchange, gone=now < before)


def _locked(session: Session, exchange_id: str) -> Exchange:
    """Its return is locked first, as whoever completes it does."""
    return_id = session.get_one(Exchange, exchange_id).return_id
    session.get_one(Return, return_id, with_for_update=True, populate_existing=True)
    return session.get_one(Exchange, exchange_id, with_for_update=True, populate_existing=True)


def _after_yes(session: Session, exchange: Exchange) -> None:
    store = store_of(session, exchange)
    failed = any(row.status == "failed" for row in _charges(session, exchange))
    if exchange.status == "settling" and failed and not charging(session, exchange) and owed(session, exchange) > 0:
        move(session, exchange, "payment_failed")  # nobody is charged by itself after a no
    elif exchange.status == "settling":
        _balance(session, store, exchange)
    else:
        if exchange.status in {"canceled", "expired"}:
            release(session, store, exchange)
        events.record(session, "exchange.charged", exchange, view(session, exchange))
        if (exchange.charged or 0) >= exchange.difference:
            exchange_sends.request(session, store, exchange)
    return_ = session.get_one(Return, exchange.return_id)
    return_.refund_id = return_.refund_id or exchange.refund_id


def _after_no(session: Session, exchange: Exchange, *, gone: bool) -> None:
    """`gone`: it was taken, and a bank has had it back."""
    missing = exchange.due is not None and owed(session, exchange) > 0
    ends = exchange.status == "settling" and not charging(session, exchange)
    if ends and not missing:
        _balance(session, store_of(session, exchange), exchange)
    elif missing and (ends or (exchange.status == "completed" and gone)):
        exchange.completed_at = None
        move(session, exchange, "payment_failed")
    else:
        events.record(session, "exchange.charge_failed", exchange, view(session, exchange))


def store_of(session: Session, exchange: Exchange) -> Caller:
    """The store itself, for what follows by itself from what was decided."""
    store = session.get_one(Store, exchange.store_id)
    return Caller(store, exchange.livemode, key_id="", scopes=frozenset(), request_id="", automation=True)


operations.register(
    Effect(
        kind=KIND,
        command=ChargeCommand,
        send=order_charges.send,
        find=order_charges.find,
        settle=settle,
        rechecked=True,
        family="payments",
    )
)
