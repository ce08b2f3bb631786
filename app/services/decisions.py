"""What the guard decided, on which facts, under which version of the store's policy; and whether it would again."""

from __future__ import annotations

from typing import Any, cast

import structlog
from pydantic import ValidationError
from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session, object_session

from app import clock, ids
from app.errors import AppError, ApprovalRequired, DecisionNotFound, DecisionNotReplayable, refusal_of
from app.models.policies import Policy as PolicyRow
from app.models.records import Decision
from app.services import rules
from app.services.callers import Caller
from app.services.policy.contract import ActorKind, Facts, Ruling
from app.services.policy.document import PolicyDocument
from app.services.policy.engine import Guard
from app.services.rules import Rules

log = structlog.get_logger()

FOUND = "found"
"""Among the facts of a decision that no policy made: what the write itself found to be in its way."""
KEPT_KINDS = frozenset({403, 409, 422})
NOT_DECISIONS = frozenset(
    {
        "actor_required",
        "confirmation_required",
        "facts_changed",
        "forbidden",
        "idempotency_key_in_use",
        "idempotency_key_reused",
        "not_connected",
        "order_ambiguous",
        "scope_missing",
        "self_approval",
        "validation_failed",
    }
)
"""Refusals that speak of the request or the credential, not of what may be done with an order."""

APPROVED_BY = "approved_by"
"""In a session's `info`: how many persons have said yes to what this transaction does."""


def rules_of(session: Session, caller: Caller) -> Rules:
    """What binds the caller's store and mode in this transaction."""
    return rules.in_force(session, caller.store_id, livemode=caller.livemode)


def guard_of(session: Session, caller: Caller) -> Guard:
    """The guard of the caller's store."""
    return rules_of(session, caller).guard


def policy_of(session: Session, caller: Caller) -> PolicyDocument:
    """The store's rules: caps for spending, the window that is told, who makes labels."""
    return rules_of(session, caller).document


def actor_kind(caller: Caller) -> ActorKind:
    """How the guard sees the caller."""
    if caller.automation:
        return "automation"
    return "merchant" if caller.shopper is None else "shopper"


def decide(
    session: Session,
    caller: Caller,
    facts: Facts,
    subject: tuple[str, str] | None = None,
    order_id: str | None = None,
) -> Decision:
    """Ask the guard and write its decision down; it is for the caller to `enforce` it."""
    ruling = guard_of(session, caller).decide(facts)
    whole = ruling.model_copy(update={"facts": facts.model_dump(mode="json")})
    return write(session, caller, facts.action, whole, subject, order_id)


def write(
    session: Session,
    caller: Caller,
    action: str,
    ruling: Ruling,
    subject: tuple[str, str] | None = None,
    order_id: str | None = None,
) -> Decision:
    """Keep a ruling."""
    decision = Decision(**_values(session, caller, action, ruling, subject, order_id))
    session.add(decision)
    return decision


def _values(
    session: Session,
    caller: Caller,
    action: str,
    ruling: Ruling,
    subject: tuple[str, str] | None,
    order_id: str | None,
) -> dict[str, Any]:
    in_force = rules_of(session, caller)
    if order_id is None and subject is not None and subject[0] == "order":
        order_id = subject[1]
    return {
        "id": ids.new("dec"),
        "store_id": caller.store_id,
        "livemode": caller.livemode,
        "created_at": clock.now(),
        "action": action,
        "outcome": ruling.outcome,
        "code": ruling.code,
        "reasons": list(ruling.reasons),
        "rules": list(ruling.rules),
        "facts": ruling.facts,
        "policy_version": ruling.policy_version,
        "policy_id": in_force.policy_id,
        "plain_policy": in_force.plain_policy,
        "ruling": ruling.model_dump(mode="json", exclude={"facts"}),
        "order_id": order_id,
        "subject_type": subject[0] if subject else None,
        "subject_id": subject[1] if subject else None,
        "message_id": session.info.get("message_id"),
        "actor": caller.actor(),
    }


# ---- refusals -----------------------------------------------------------------------------------------------------


class Asked(ApprovalRequired):
    """The guard asks a person: whoever can wait for one opens an approval, for all others it is a refusal."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.reasons[0] if decision.reasons else None, decision=row_of(decision))
        self.action = decision.action
        self.ruling = Ruling.model_validate({**(decision.ruling or {}), "facts": decision.facts})


def enforce(decision: Decision) -> None:
    """Raise the refusal where the guard said no, and `Asked` where it asks and not enough persons have said yes.

    The refusal carries the decision, whose row goes with the transaction.
    """
    if decision.outcome == "refuse":
        code = decision.code or "conflict"
        detail = decision.reasons[0] if decision.reasons else None
        raise refusal_of(code)(detail, code=code, decision=row_of(decision))
    if waits(decision):
        raise Asked(decision)


def approved(session: Session) -> bool:
    """Whether persons have said yes to what this transaction does, so that it is not automation's doing."""
    return bool(session.info.get(APPROVED_BY))


def waits(decision: Decision) -> bool:
    """Whether a person must say yes first, and has not (see `services/approvals.py`)."""
    session = object_session(decision)
    given: int = 0 if session is None else session.info.get(APPROVED_BY, 0)
    return decision.outcome == "ask" and given < approvers(decision)


def approvers(decision: Decision) -> int:
    """How many persons must say yes to what the guard asks about."""
    return max(1, (decision.ruling or {}).get("approvers", 0))


def row_of(decision: Decision) -> dict[str, Any]:
    """The decision as it stands in its table."""
    names = cast("Table", Decision.__table__).columns.keys()
    return {name: getattr(decision, name) for name in names}


def explains(refused: AppError) -> bool:
    """Whether a decision stands behind this refusal of a write on an order."""
    if refused.decision is not None:
        return True
    return refused.status in KEPT_KINDS and refused.name not in NOT_DECISIONS


def keep_refusal(
    session: Session, caller: Caller, action: str, refused: AppError, order_id: str | None = None
) -> str | None:
    """Write down why a write was refused, after what it wrote is gone: the id of the decision, None where none is due.

    The guard's decision comes with the refusal; where the write itself found that it cannot be (more than is left,
    a line of another order), that finding is the fact.
    """
    if not explains(refused):
        return None
    row = refused.decision
    if row is None:
        found = {"action": action, FOUND: {"code": refused.name, "detail": refused.detail}}
        version = rules_of(session, caller).version
        subject = None if order_id is None else ("order", order_id)
        row = _values(session, caller, action, _of_finding(found, version), subject, order_id)
    session.execute(insert(Decision).values(row))
    return row["id"]


def _of_finding(facts: dict[str, Any], version: str) -> Ruling:
    """No policy is asked where the state speaks: the same finding is always the same refusal."""
    found = facts[FOUND]
    return Ruling(
        outcome="refuse",
        code=found["code"],
        reasons=(found["detail"],),
        rules=("state",),
        policy_version=version,
        facts=facts,
    )


# ---- reading ------------------------------------------------------------------------------------------------------


def of_message(session: Session, message_id: str) -> list[Decision]:
    """What was decided while a message was answered."""
    return list(session.scalars(select(Decision).where(Decision.message_id == message_id).order_by(Decision.id)))


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


def replay(session: Session, caller: Caller, decision_id: str) -> dict[str, Any]:
    """Decide again on the stored facts under the stored version; raises `decision_not_replayable` where they lack."""
    decision = get(session, caller, decision_id)
    again = _again(session, decision)
    ruling, stored = again.model_dump(mode="json", exclude={"facts"}), stored_ruling(decision)
    agrees = all(ruling[name] == value for name, value in stored.items())
    if not agrees:
        log.warning("decision_does_not_agree", decision=decision.id)
    return {"decision": decision.id, "agrees": agrees, "ruling": ruling, "stored": stored}


def _again(session: Session, decision: Decision) -> Ruling:
    if FOUND in decision.facts:
        return _of_finding(decision.facts, decision.policy_version)
    if not decision.facts:
        raise DecisionNotReplayable
    if decision.policy_id is not None:
        row = session.get_one(PolicyRow, decision.policy_id)
        guard = rules.of_row(row).guard
    elif decision.plain_policy is not None:
        guard = rules.of_plain(decision.plain_policy).guard
    else:
        raise DecisionNotReplayable
    try:
        return guard.decide(Facts.model_validate(decision.facts))
    except ValidationError as error:
        raise DecisionNotReplayable from error


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
