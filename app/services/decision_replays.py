"""Whether a decision would be made again: on its stored facts, under the version that made it."""

from __future__ import annotations

from typing import Any, cast

import structlog
from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.errors import DecisionNotReplayable
from app.models.policies import Policy as PolicyRow
from app.models.records import Decision
from app.services import decision_views, decisions, rules
from app.services.callers import Caller
from app.services.decisions import FOUND
from app.services.policy.contract import Facts, Ruling

log = structlog.get_logger()


def replay(session: Session, caller: Caller, decision_id: str) -> dict[str, Any]:
    """Decide again on the stored facts under the stored version; raises `decision_not_replayable` where they lack."""
    decision = decision_views.get(session, caller, decision_id)
    again = _again(session, decision)
    ruling, stored = again.model_dump(mode="json", exclude={"facts"}), decision_views.stored_ruling(decision)
    agrees = _holds(stored, ruling)
    if not agrees:
        log.warning("decision_does_not_agree", decision=decision.id)
    return {"decision": decision.id, "agrees": agrees, "ruling": ruling, "stored": stored}


def _holds(stored: Any, again: Any) -> bool:
    """Whether all that was told is told again; what a newer server tells besides takes nothing away."""
    if isinstance(stored, dict) and isinstance(again, dict):
        told = cast("dict[str, Any]", again)
        return all(name in told and _holds(value, told[name]) for name, value in cast("dict[str, Any]", stored).items())
    if isinstance(stored, list) and isinstance(again, list):
        pairs = cast("list[Any]", stored), cast("list[Any]", again)
        return len(pairs[0]) == len(pairs[1]) and all(map(_holds, *pairs))
    return bool(stored == again)


def _again(session: Session, decision: Decision) -> Ruling:
    if FOUND in decision.facts:
        return decisions.of_finding(decision.facts, decision.policy_version)
    if not decision.facts:
        raise DecisionNotReplayable
    if decision.policy_id is not None:
        found = rules.of_row(session.get_one(PolicyRow, decision.policy_id))
    elif decision.plain_policy is not None:
        found = rules.of_plain(decision.plain_policy)
    else:
        raise DecisionNotReplayable
    try:
        facts = Facts.model_validate(decision.facts)
    except ValidationError as error:
        raise DecisionNotReplayable from error
    return rules.guard_for(session, found, facts.bought_under).decide(facts)
