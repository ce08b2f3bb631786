"""What the guard decides, on which facts, under which version of the store's policy; enforced, and kept."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session, object_session

from app import clock, ids
from app.errors import AppError, ApprovalRequired, refusal_of
from app.models.records import Decision
from app.services import rules
from app.services.callers import Caller
from app.services.policy.contract import ActorKind, Facts, Ruling
from app.services.policy.document import PolicyDocument
from app.services.policy.engine import Guard
from app.services.rules import Rules

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


def guard_of(session: Session, caller: Caller, facts: Facts) -> Guard:
    """The guard of the caller's store, as it looks at these facts."""
    return rules.guard_for(session, rules_of(session, caller), facts.bought_under)


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
    ruling = guard_of(session, caller, facts).decide(facts)
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
    """Whether a person must say yes first, and has not (see `services/approval_votes.py`)."""
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
        row = _values(session, caller, action, of_finding(found, version), subject, order_id)
    session.execute(insert(Decision).values(row))
    return row["id"]


def of_finding(facts: dict[str, Any], version: str) -> Ruling:
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
