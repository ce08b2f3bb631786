"""Refunds as they are read: by their id, with their parts, and as the contract shows them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import RefundNotFound
from app.models.refunds import WAITING, Allocation, Refund, RefundLine
from app.money import Money
from app.services import approval_views, operation_views
from app.services.callers import Caller
from app.services.order_views import money


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
    behind = [operation_views.view(row) for row in operation_views.of_subject(session, "refund", refund.id)]
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
        "approval": approval_views.brief_of(session, "refund", refund.id),
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
