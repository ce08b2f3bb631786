"""A claim's states, each move an event; and how the contract shows it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import ClaimNotFound, ClaimNotInState, Forbidden
from app.models.claims import MOVES, Claim, ClaimLine
from app.models.orders import Order
from app.models.refunds import Refund
from app.services import approval_views, audit, events, orders, refund_views
from app.services.callers import Caller
from app.services.order_views import money

KIND = "claim"
WAITING = ("requested", "awaiting_approval")


def only_the_store(caller: Caller) -> None:
    """Raise `forbidden` where a shopper or automation would decide."""
    if not caller.is_merchant:
        raise Forbidden("Only the store may do that.")


def locked(session: Session, caller: Caller, claim_id: str) -> Claim:
    """The claim with its order's row locked first, as `request` takes them."""
    claim = get(session, caller, claim_id)
    orders.get(session, caller, claim.order_id, lock=True)
    session.refresh(claim, with_for_update=True)
    return claim


def move(session: Session, claim: Claim, status: str, *, force: bool = False) -> None:
    """Take a claim to `status`, with its event; raises `claim_not_in_state` where no move leads there."""
    before = claim.status
    if status not in MOVES[before] and not (force and status == before):
        raise ClaimNotInState(f"A claim that is {before} cannot become {status}.")
    claim.move(status)
    session.flush()
    events.record(session, f"claim.{status}", claim, view(session, claim), previous={"status": before})


def note(session: Session, caller: Caller, claim: Claim, action: str, evidence: dict[str, Any]) -> None:
    """Write it into the audit trail."""
    audit.write(
        session,
        action=action,
        subject_type="claim",
        subject_id=claim.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence=evidence,
        request_id=caller.request_id,
    )


def get(session: Session, caller: Caller, claim_id: str) -> Claim:
    """The claim, or `claim_not_found` where this caller has none such."""
    found = session.scalar(
        select(Claim).where(Claim.id == claim_id, Claim.store_id == caller.store_id, Claim.livemode == caller.livemode)
    )
    if found is None or (caller.shopper is not None and found.customer_id != caller.shopper):
        raise ClaimNotFound
    return found


def lines_in(session: Session, claim_id: str) -> list[ClaimLine]:
    """The claim's lines."""
    return list(session.scalars(select(ClaimLine).where(ClaimLine.claim_id == claim_id).order_by(ClaimLine.line_id)))


def view(session: Session, claim: Claim) -> dict[str, Any]:
    """The claim as the contract shows it."""
    order = session.get_one(Order, claim.order_id)
    refund = None if claim.refund_id is None else session.get(Refund, claim.refund_id)

    def stamp(moment: Any) -> str | None:
        return None if moment is None else clock.rfc3339(moment)

    return {
        "id": claim.id,
        "livemode": claim.livemode,
        "order": claim.order_id,
        "customer": claim.customer_id,
        "status": claim.status,
        "wished": claim.wished,
        "resolution": claim.resolution,
        "currency": order.currency,
        "lines": [
            {
                "line_id": row.line_id,
                "quantity": row.quantity,
                "kind": row.kind,
                "note": row.note,
                "files": row.files or [],
                "amount": None if row.amount is None else money(row.amount, order.currency),
            }
            for row in lines_in(session, claim.id)
        ],
        "refund": claim.refund_id,
        "payment_status": None if refund is None else refund.status,
        "operations": [] if refund is None else refund_views.view(session, refund)["operations"],
        "failure_code": claim.failure_code,
        "reason": claim.reason,
        "approval": approval_views.brief_of(session, KIND, claim.id),
        "created_at": clock.rfc3339(claim.created_at),
        "decided_at": stamp(claim.decided_at),
        "completed_at": stamp(claim.completed_at),
    }
