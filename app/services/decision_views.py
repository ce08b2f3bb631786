"""Decisions as they are read: one, those of a message, a list, and as the contract shows them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import DecisionNotFound
from app.models.records import Decision
from app.services.callers import Caller

_OF_MESSAGE = select(Decision).where(Decision.message_id == bindparam("message")).order_by(Decision.id)


def of_message(session: Session, message_id: str) -> list[Decision]:
    """What was decided while a message was answered."""
    return list(session.scalars(_OF_MESSAGE, {"message": message_id}))


def get(session: Session, caller: Caller, decision_id: str) -> Decision:
    """The decision, or `decision_not_found` where this store has none such."""
    found = session.scalar(
        select(Decision).where(
            Decision.id == decision_id, Decision.store_id == caller.store_id, Decision.livemode == caller.livemode
        )
    )
    if found is None:
        raise DecisionNotFound
    return found


def listed(
    session: Session, caller: Caller, wanted: dict[str, str | None], *, before: str | None, limit: int
) -> list[Decision]:
    """The store's decisions, newest first; `wanted` names order_id, action, outcome, policy_id."""
    query = select(Decision).where(Decision.store_id == caller.store_id, Decision.livemode == caller.livemode)
    for name, value in wanted.items():
        if value is not None:
            query = query.where(getattr(Decision, name) == value)
    if before is not None:
        query = query.where(Decision.id < before)
    return list(session.scalars(query.order_by(Decision.id.desc()).limit(limit)))


def stored_ruling(decision: Decision) -> dict[str, Any]:
    """The ruling as it was kept."""
    return decision.ruling or {
        "outcome": decision.outcome,
        "code": decision.code,
        "reasons": decision.reasons,
        "rules": decision.rules,
        "policy_version": decision.policy_version,
    }


def view(decision: Decision) -> dict[str, Any]:
    """The decision as the contract shows it."""
    return {
        "id": decision.id,
        "action": decision.action,
        "outcome": decision.outcome,
        "code": decision.code,
        "reasons": decision.reasons,
        "rules": decision.rules,
        "policy_version": decision.policy_version,
        "created_at": clock.rfc3339(decision.created_at),
    }


def whole_view(decision: Decision) -> dict[str, Any]:
    """The decision with its facts and the whole ruling, for the store's eyes."""
    subject = {"type": decision.subject_type, "id": decision.subject_id} if decision.subject_id else None
    return {
        **view(decision),
        "livemode": decision.livemode,
        "policy": decision.policy_id,
        "order": decision.order_id,
        "subject": subject,
        "message": decision.message_id,
        "actor": decision.actor,
        "ruling": stored_ruling(decision),
        "facts": decision.facts,
    }
