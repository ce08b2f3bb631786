"""The guard's word on a refund, and what automation may still spend, reserved with its yes."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.models.customers import Customer
from app.models.orders import Order
from app.models.refunds import Refund
from app.models.returns import UNSENT, Return
from app.services import decisions, guard_facts, instant_refunds, spending
from app.services.callers import Caller
from app.services.order_views import payments_of
from app.services.policy.contract import Decided, Facts
from app.services.refund_quotes import Quote
from app.services.return_specs import LineSpec


def ask(
    session: Session,
    caller: Caller,
    order: Order,
    refund: Refund,
    priced_now: Quote,
    action: str,
    follows: Decided | None = None,
) -> None:
    """Ask the guard, and reserve what automation may spend; raises where the answer is no.

    What was asked for earlier is judged as of then. `follows`: what has been decided already and is paid by it.
    """
    facts = facts_of(session, caller, order, refund, priced_now, action, follows)
    decision = decisions.decide(session, caller, facts, subject=("refund", refund.id), order_id=order.id)
    decisions.enforce(decision)
    if refund.automated:
        scope_ids = spending.scopes(caller.store, order, refund.created_at)
        caps = decisions.policy_of(session, caller).caps[refund.currency]
        spending.reserve(session, order, refund.currency, priced_now.amount, caps, scope_ids)
        refund.spending_day = scope_ids["day"]


def facts_of(
    session: Session,
    caller: Caller,
    order: Order,
    refund: Refund,
    priced_now: Quote,
    action: str = "refund",
    follows: Decided | None = None,
) -> Facts:
    """The refund as the guard sees it: one that nothing was decided about before is money while the goods stay."""
    behind = follows or (action if action != "refund" else "return" if refund.return_id is not None else None)
    said: dict[str, Any] = {
        "amount": priced_now.amount,
        "currency": refund.currency,
        "reason": refund.reason,
        "follows": behind,
        "paid_before": _paid_before(session, refund) if behind == "return" else 0,
        "instant": behind is None or (action == "refund" and _before_goods(session, refund)),
        **_destination_facts(session, order, refund),
    }
    if action == "cancel":
        said["order_status"] = "pending"
    named = [LineSpec(line_id, quantity) for line_id, quantity, _ in priced_now.lines]
    facts = guard_facts.of_order(session, caller, order, action, lines=named or None, at=refund.created_at, **said)
    if named:
        return facts
    # An amount that names no line may be for any that the shopper has.
    return facts.model_copy(update={"lines": tuple(line for line in facts.lines if line.free) or facts.lines})


def _paid_before(session: Session, refund: Refund) -> int:
    """What other refunds of its return have paid: however it is split, two persons see the sum."""
    return 0 if refund.return_id is None else instant_refunds.paid_amount(session, refund.order_id, refund.return_id)


def _before_goods(session: Session, refund: Refund) -> bool:
    """Whether it pays a return whose goods have not come: what was decided of the goods stands, the money is early."""
    return_ = None if refund.return_id is None else session.get(Return, refund.return_id)
    return return_ is not None and return_.method != "keep" and return_.status in (*UNSENT, "in_transit")


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
