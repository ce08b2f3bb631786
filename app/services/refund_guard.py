"""The guard's word on a refund, and what automation may still spend, reserved with its yes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.models.customers import Customer
from app.models.orders import Order
from app.models.refunds import Refund
from app.services import decisions, spending
from app.services.callers import Caller
from app.services.order_views import payments_of
from app.services.policy.contract import Facts


def ask(
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
