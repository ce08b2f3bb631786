"""Claims that wait for a person: decided again on today's facts, then settled as the person says, by either door."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from app.errors import ClaimNotInState, ResolutionRequired
from app.models.approvals import Approval
from app.models.claims import Claim
from app.services import approval_views, approval_votes, approvals, claim_grants, claim_states, claims, orders
from app.services.approvals import Made, Waiting
from app.services.callers import Caller
from app.services.claim_grants import Verdict
from app.services.claim_states import KIND, WAITING
from app.services.orders import Ledgers
from app.services.policy.contract import Ruling
from app.services.runtime import Runtime

VERDICT = "verdict"
"""Among an approval's parameters: what the persons who said yes want it settled with."""
AGAIN = Ruling(outcome="ask", reasons=("Its payment has failed.",), rules=("state",), policy_version="", approvers=1)


async def _read(runtime: Runtime, caller: Caller, approval: Approval) -> Ledgers:
    assert approval.order_id is not None
    order_id = await orders.load(runtime, caller, approval.order_id, fresh=True)
    return await orders.ledgers(runtime, caller, order_id)


def _resume(session: Session, caller: Caller, approval: Approval, said: Ledgers) -> Made:
    """The claim is decided as its asker's, and paid as the store's: a person's yes is above automation's caps."""
    assert approval.subject_id is not None
    verdict = _verdict(approval)
    store = replace(caller, shopper=None, automation=False, agent=approval.votes[-1]["agent"])
    claim = claim_states.locked(session, store, approval.subject_id)
    if claim.status in WAITING:
        claims.decide_again(session, caller, claim)
    elif not _unpaid(claim):
        raise ClaimNotInState(f"A claim that is {claim.status} cannot be accepted.")
    claim_grants.grant(session, store, claim, said, verdict)
    return KIND, claim.id


def _verdict(approval: Approval) -> Verdict:
    said: dict[str, Any] = approval.parameters.get(VERDICT) or {}
    resolution = said.get("resolution") or approval.parameters.get("resolution")
    if resolution is None:
        raise ResolutionRequired
    return Verdict(resolution, said.get("amounts") or {})


def _unpaid(claim: Claim) -> bool:
    return claim.status == "accepted" and claim.failure_code is not None


def _end(session: Session, approval: Approval, status: str) -> None:
    claim = session.get_one(Claim, approval.subject_id, with_for_update=True, populate_existing=True)
    if claim.status not in WAITING:
        return
    last: dict[str, Any] = approval.votes[-1] if approval.votes else {"agent": None, "note": None}
    by = {"type": "agent", "id": last["agent"]} if last["agent"] is not None else None
    if status == "expired":
        claims.end(session, claim, "canceled", "Nobody has decided it in time.", None)
    else:
        reason = approval.reasons[0] if status == "refused" and approval.reasons else last["note"]
        claims.end(session, claim, "declined", reason, by)


approvals.register(KIND, Waiting(_read, _resume, _end))


# ---- the claim's own routes ---------------------------------------------------------------------------------------


def waiting(session: Session, caller: Caller, claim_id: str) -> Approval | None:
    """The open question about a claim; None where its payment has failed and nobody was asked again.

    Raises `claim_not_in_state` where nothing is left to decide.
    """
    claim_states.only_the_store(caller)
    claim = claim_states.get(session, caller, claim_id)
    approval = approval_views.of_subject(session, KIND, claim.id)
    if approval is not None and approval.status == "pending" and claim.status in (*WAITING, "accepted"):
        return approval
    if not _unpaid(claim):
        raise ClaimNotInState(f"A claim that is {claim.status} does not wait for a person.")
    return None


def accept(session: Session, caller: Caller, claim_id: str, verdict: Verdict, ready: Any) -> Claim:
    """Say yes with a settlement of one's own; again after its payment has failed. A refusal leaves it waiting."""
    approval = waiting(session, caller, claim_id) or _asked_again(session, caller, claim_id)
    said = {"resolution": verdict.resolution, "amounts": dict(verdict.amounts)}
    if any(vote["approve"] for vote in approval.votes) and approval.parameters.get(VERDICT) != said:
        raise ClaimNotInState("Another settlement was said yes to: agree to that one, or decline.")
    approval.parameters = {**approval.parameters, VERDICT: said}
    session.flush()
    approval_votes.vote(session, caller, approval.id, True, None, ready, door=approval_votes.CLAIM)
    return _now(session, caller, claim_id)


def _asked_again(session: Session, caller: Caller, claim_id: str) -> Approval:
    """The question anew, for the one who has claimed: whoever pays it again has not asked for it thereby."""
    claim = claim_states.get(session, caller, claim_id)
    before = approval_views.of_subject(session, KIND, claim.id)
    return approvals.open_for(
        session,
        replace(caller, agent=None) if before is None else approval_votes.as_asked(caller, before),
        action="open_claim",
        ruling=AGAIN,
        subject=(KIND, claim.id),
        order_id=claim.order_id,
        parameters={"order": claim.order_id, "resolution": claim.resolution},
    )


def decline(session: Session, caller: Caller, claim_id: str, reason: str) -> Claim:
    """Say no, and why. The store only."""
    approval = waiting(session, caller, claim_id)
    if approval is None:
        raise ClaimNotInState("A claim that is accepted cannot be declined.")
    approval_votes.vote(session, caller, approval.id, False, reason, None, door=approval_votes.CLAIM)
    claim = _now(session, caller, claim_id)
    claim_states.note(session, caller, claim, "claim.declined", {"reason": reason})
    return claim


def _now(session: Session, caller: Caller, claim_id: str) -> Claim:
    claim = claim_states.get(session, caller, claim_id)
    session.refresh(claim)
    return claim
