"""Approvals as they are read: by their id, by what waits, and as the contract shows them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import ApprovalNotFound, Forbidden
from app.models.approvals import Approval
from app.services.callers import Caller


def get(session: Session, caller: Caller, approval_id: str, *, lock: bool = False) -> Approval:
    """The approval, or `approval_not_found` where this store has none such; approvals are the store's own."""
    if not caller.is_merchant:
        raise Forbidden("Only the store may do that.")
    query = select(Approval).where(
        Approval.id == approval_id, Approval.store_id == caller.store_id, Approval.livemode == caller.livemode
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise ApprovalNotFound
    return found


def of_subject(session: Session, subject_type: str, subject_id: str, *, lock: bool = False) -> Approval | None:
    """The newest approval of what waits."""
    of = {"kind_of": subject_type, "subject": subject_id}
    return session.scalar(_OF_SUBJECT.with_for_update() if lock else _OF_SUBJECT, of)


_OF_SUBJECT = (
    select(Approval)
    .where(Approval.subject_type == bindparam("kind_of"), Approval.subject_id == bindparam("subject"))
    .order_by(Approval.id.desc())
    .limit(1)
)


def view(approval: Approval) -> dict[str, Any]:
    """The approval as the contract shows it."""
    return {
        "id": approval.id,
        "livemode": approval.livemode,
        "status": approval.status,
        "action": approval.action,
        "order": approval.order_id,
        "subject": None if approval.subject_id is None else {"type": approval.subject_type, "id": approval.subject_id},
        "parameters": approval.parameters,
        "requested_by": approval.requested_by,
        "approvers": approval.approvers,
        "votes": approval.votes,
        "code": approval.code,
        "reasons": approval.reasons,
        "rules": approval.rules,
        "policy_version": approval.policy_version,
        "decision_id": approval.decision_id,
        "result": None if approval.result_id is None else {"type": approval.result_type, "id": approval.result_id},
        "created_at": clock.rfc3339(approval.created_at),
        "expires_at": clock.rfc3339(approval.expires_at),
        "settled_at": None if approval.settled_at is None else clock.rfc3339(approval.settled_at),
    }


def brief(approval: Approval | None) -> dict[str, Any] | None:
    """What stands on the thing that waits; a shopper may see it, so that no person at the store is named."""
    if approval is None:
        return None
    return {
        "id": approval.id,
        "status": approval.status,
        "code": approval.code,
        "reasons": approval.reasons,
        "expires_at": clock.rfc3339(approval.expires_at),
    }


def brief_of(session: Session, subject_type: str, subject_id: str) -> dict[str, Any] | None:
    """The same by the thing that waits."""
    return brief(of_subject(session, subject_type, subject_id))
