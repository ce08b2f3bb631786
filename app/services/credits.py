"""Store credit: one operation each, given as goodwill or as the way in which a refund is paid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import CreditNotFound, Forbidden, Invalid, LimitReached, RefundMethodNotAllowed
from app.integrations.payments.contract import PayoutCommand
from app.integrations.receipts import Receipt
from app.models.credits import HELD, Credit
from app.models.customers import Customer
from app.models.operations import Operation
from app.models.orders import Order
from app.models.refunds import Refund
from app.money import Money
from app.services import (
    audit,
    customers,
    decisions,
    events,
    guard_facts,
    operation_views,
    operations,
    orders,
    refund_effects,
    spending,
)
from app.services.callers import Caller
from app.services.operations import Effect
from app.services.order_views import money

KIND = "credit"
FOLLOWERS: list[Callable[[Session, Operation, Receipt], None]] = []
"""Told of each credit's operation that pays a refund, in the same transaction."""
AFTER_ALL: list[Callable[[Session, Operation, bool], None]] = []
"""Told where the provider says of such an operation, held as failed, that it happened after all, or no longer."""
MOVED: list[Callable[[Session, Credit], None]] = []
"""Told of each move of a goodwill credit, in the same transaction."""


@dataclass(frozen=True, slots=True)
class Goodwill:
    """A gesture: so much store credit, for an order or, by the store itself, for a customer without one."""

    amount: Money
    order_id: str | None = None
    customer: str | None = None
    """Our id or the shop's own; needed without an order."""
    reason: str | None = None


def give(session: Session, caller: Caller, spec: Goodwill) -> Credit:
    """Decide, reserve what automation may give, and write credit, operation, event and job; nobody gives it to oneself.

    Raises `limit_reached` where a cap stands before it, `approval_required` where a person does.
    """
    if caller.shopper is not None and not caller.automation:
        raise Forbidden("Only the store gives goodwill.")
    order = None if spec.order_id is None else orders.get(session, caller, spec.order_id, lock=True)
    customer = _beneficiary(session, caller, order, spec)
    now = clock.now()
    credit_id = ids.new("crd")
    scope_ids = None if order is None else spending.scopes(caller.store, order, now)
    _decide(session, caller, customer, order, spec, credit_id, now)
    automated = not caller.is_merchant
    if automated:
        if order is None or scope_ids is None:
            raise LimitReached("Automation gives goodwill for an order only.")
        caps = decisions.policy_of(session, caller).caps.get(spec.amount.currency)
        if caps is None:
            raise LimitReached(f"No automatic credit in {spec.amount.currency}.")
        spending.reserve(session, order, spec.amount.currency, spec.amount.amount, caps, scope_ids)
    day = scope_ids["day"] if automated and scope_ids else None
    credit = _issue(session, caller, credit_id, customer, order, spec, day)
    audit.write(
        session,
        action="credit.given",
        subject_type="credit",
        subject_id=credit.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={
            "order": credit.order_id,
            "amount": credit.amount,
            "currency": credit.currency,
            "reason": spec.reason,
        },
        request_id=caller.request_id,
    )
    return credit


def _beneficiary(session: Session, caller: Caller, order: Order | None, spec: Goodwill) -> Customer:
    if order is None:
        return customers.get(session, caller, spec.customer or "")
    customer = session.get(Customer, order.customer_id) if order.customer_id else None
    if customer is None:
        raise RefundMethodNotAllowed("Nobody is known who could be given store credit.")
    if spec.customer is not None and customers.get(session, caller, spec.customer).id != customer.id:
        fault = {"pointer": "/customer", "code": "another_customer", "detail": "must be the order's customer"}
        raise Invalid("The order is another customer's.", errors=[fault])
    return customer


def _decide(
    session: Session,
    caller: Caller,
    customer: Customer,
    order: Order | None,
    spec: Goodwill,
    credit_id: str,
    now: datetime,
) -> None:
    said: dict[str, Any] = {
        "amount": spec.amount.amount,
        "currency": spec.amount.currency,
        "reason": spec.reason,
        "destination": "store_credit",
        "destination_kind": "store_credit",
    }
    if order is None:
        facts = guard_facts.of_customer(session, caller, customer, "goodwill", **said)
    else:
        facts = guard_facts.of_order(session, caller, order, "goodwill", at=now, **said)
    order_id = None if order is None else order.id
    decision = decisions.decide(session, caller, facts, subject=("credit", credit_id), order_id=order_id)
    decisions.enforce(decision)


# ---- one credit, one operation ----------------------------------------------------------------------------------


def _issue(
    session: Session,
    caller: Caller,
    credit_id: str,
    customer: Customer,
    order: Order | None,
    spec: Goodwill,
    spending_day: str | None,
) -> Credit:
    if customer.external_id is None:
        raise RefundMethodNotAllowed("The shop does not know the customer, so there is nobody to credit.")
    operation_id = ids.new("opr")
    operation = operations.request(
        session,
        operation_id=operation_id,
        caller=caller,
        kind=KIND,
        provider=session.info.get("payment_provider", "sandbox"),
        command=PayoutCommand(
            key=operation_id,
            order_id=None if order is None else order.external_id,
            customer_id=customer.external_id,
            payment_method_id=None,
            amount=spec.amount.amount,
            currency=spec.amount.currency,
            reason=spec.reason,
        ),
        subject=("credit", credit_id),
        message_id=session.info.get("message_id"),
    )
    return _write(
        session,
        caller,
        operation,
        id=credit_id,
        customer_id=customer.id,
        order_id=None if order is None else order.id,
        amount=spec.amount.amount,
        currency=spec.amount.currency,
        reason=spec.reason,
        automated=spending_day is not None,
        spending_day=spending_day,
    )


def of_refund(session: Session, caller: Caller, refund: Refund, operation: Operation, amount: int) -> Credit:
    """The store credit by which a part of a refund is paid; lines, payments and caps are the refund's to count."""
    order = session.get_one(Order, refund.order_id)
    assert order.customer_id is not None  # the command names them
    return _write(
        session,
        caller,
        operation,
        id=ids.new("crd"),
        customer_id=order.customer_id,
        order_id=order.id,
        refund_id=refund.id,
        amount=amount,
        currency=refund.currency,
        reason=refund.reason,
        automated=refund.automated,
        spending_day=None,
    )


def _write(session: Session, caller: Caller, operation: Operation, **fields: Any) -> Credit:
    credit = Credit(
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=clock.now(),
        operation_id=operation.id,
        status="pending",
        actor=caller.actor(),
        **fields,
    )
    session.add(credit)
    session.flush()
    events.record(session, "credit.created", credit, view(session, credit))
    return credit


def settle(session: Session, operation: Operation, receipt: Receipt) -> None:
    """Move the credit, and the refund that it pays, to what the provider's evidence says."""
    credit = session.scalars(select(Credit).where(Credit.operation_id == operation.id).with_for_update()).one()
    if credit.refund_id is not None:
        for told in FOLLOWERS:
            told(session, operation, receipt)
    _move(session, credit, operation.status, receipt.failure_code)


def after_all(session: Session, operation: Operation, happened: bool) -> None:  # noqa: FBT001  a hook's argument
    """What is held as failed was given all the same, or was taken back since: the caps count what was given."""
    credit = session.scalars(select(Credit).where(Credit.operation_id == operation.id).with_for_update()).one()
    if credit.refund_id is not None:
        for told in AFTER_ALL:
            told(session, operation, happened)
    elif credit.automated:
        (spending.take_again if happened else spending.release)(session, credit, credit.amount)
    session.flush()
    events.record(session, "credit.updated", credit, view(session, credit), previous={"status": credit.status})


def end(session: Session, operation_id: str) -> None:
    """The credit of an operation that never started ends with it."""
    credit = session.scalar(select(Credit).where(Credit.operation_id == operation_id).with_for_update())
    if credit is not None:
        _move(session, credit, "canceled", None)


def _move(session: Session, credit: Credit, status: str, failure_code: str | None) -> None:
    before = credit.status
    if before == status:
        return
    credit.move(status)
    credit.failure_code = failure_code if status == "failed" else None
    credit.settled_at = clock.now() if status in {"succeeded", "failed", "canceled"} else None
    if credit.refund_id is None and credit.automated and before in HELD and status not in HELD:
        spending.release(session, credit, credit.amount)  # a refund gives its own back
    session.flush()
    events.record(session, f"credit.{status}", credit, view(session, credit), previous={"status": before})
    if credit.refund_id is None:  # a refund tells of its own
        for told in MOVED:
            told(session, credit)


_paid_out = refund_effects.CREDIT
operations.register(
    Effect(
        kind=KIND,
        command=_paid_out.command,
        send=_paid_out.send,
        find=_paid_out.find,
        settle=settle,
        rechecked=True,
        family="payments",
        after_all=after_all,
    )
)


# ---- reading ----------------------------------------------------------------------------------------------------


def get(session: Session, caller: Caller, credit_id: str) -> Credit:
    """The credit, or `credit_not_found` where this caller has none such."""
    found = session.scalar(
        select(Credit).where(
            Credit.id == credit_id, Credit.store_id == caller.store_id, Credit.livemode == caller.livemode
        )
    )
    if found is None or (caller.shopper is not None and found.customer_id != caller.shopper):
        raise CreditNotFound
    return found


def view(session: Session, credit: Credit) -> dict[str, Any]:
    """The credit as the contract shows it."""
    return {
        "id": credit.id,
        "livemode": credit.livemode,
        "customer": credit.customer_id,
        "order": credit.order_id,
        "refund": credit.refund_id,
        "status": credit.status,
        "amount": money(credit.amount, credit.currency),
        "reason": credit.reason,
        "failure_code": credit.failure_code,
        "operation": operation_views.view(session.get_one(Operation, credit.operation_id)),
        "created_at": clock.rfc3339(credit.created_at),
        "settled_at": None if credit.settled_at is None else clock.rfc3339(credit.settled_at),
    }
