"""Refunds as they are read: by their id, with their parts, and as the contract shows them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import RefundNotFound
from app.models.refunds import WAITING, Allocation, Refund, RefundLine
from app.money import Money
from app.services import approval_views, operation_views, refund_explanations
from app.services.callers import Caller
from app.services.order_views import money
from app.services.refund_explanations import Parts


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


def view(session: Session, refund: Refund, locale: str | None = None) -> dict[str, Any]:
    """The refund as the contract shows it, explained in `locale` or in the shopper's language."""
    allocations = allocations_of(session, refund)
    operations = operation_views.of_subject(session, "refund", refund.id)
    behind = [operation_views.view(row) for row in operations]
    spoken = refund_explanations.language(session, refund, locale)
    lines = session.scalars(select(RefundLine).where(RefundLine.refund_id == refund.id).order_by(RefundLine.line_id))
    parts = refund_explanations.parts_of(allocations, operations)
    return {
        "id": refund.id,
        "livemode": refund.livemode,
        "order": refund.order_id,
        "customer": refund.customer_id,
        "return": refund.return_id,
        "status": refund.status,
        "amount": money(refund.amount, refund.currency),
        "amount_refunded": money(parts.paid, refund.currency),
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
        "summary": summary(refund, parts),
        "explanation": refund_explanations.explain(session, refund, parts, operations, spoken),
        "approval": approval_views.brief_of(session, "refund", refund.id),
        "operation": next((row for row in behind if row["status"] in {"pending", "unknown"}), None)
        or (behind[0] if behind else None),
        "operations": [row["id"] for row in behind],
        "created_at": clock.rfc3339(refund.created_at),
        "settled_at": None if refund.settled_at is None else clock.rfc3339(refund.settled_at),
        "reversed_at": None if refund.reversed_at is None else clock.rfc3339(refund.reversed_at),
    }


def summary(refund: Refund, parts: Parts) -> str:
    """One sentence that tells where the money is."""
    whole = _text(refund, refund.amount)
    if refund.status == "succeeded":
        return f"{whole} went back."
    if refund.status == WAITING:
        return f"{whole} waits for a person at the store to say yes."
    if refund.status == "canceled" and not parts.reserved:
        return f"{whole} was not paid back: nobody at the store said yes to it."
    if refund.status == "canceled":
        return f"{whole} was not paid back because the order stayed as it was."
    return "; ".join(_pieces(refund, parts)) + "."


def _pieces(refund: Refund, parts: Parts) -> list[str]:
    """What became of each part of a refund that is open or has failed."""
    said: list[str] = []
    if parts.paid:
        late = ", though some of it had been called failed" if parts.late else ""
        said.append(f"{_text(refund, parts.paid)} went back{late}")
    if parts.lost:
        why = "was sent back by the bank" if refund.reversed_at is not None else "could not be paid back"
        said.append(f"{_text(refund, parts.lost)} {why}")
    if parts.open and refund.status == "unknown":
        unknown = "the payment provider has not told the outcome; it stays reserved and is being looked up"
        said.append(f"{_text(refund, parts.open)}: {unknown}")
    elif parts.open:
        said.append(f"{_text(refund, parts.open)} is on its way")
    return said


def _text(refund: Refund, amount: int) -> str:
    return Money(amount, refund.currency).text()
