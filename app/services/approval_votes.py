"""Approval votes: persons say yes or no, and where enough have said yes the write is decided again and made.

Whoever says yes makes no exception: the write runs once more on today's facts, in the transaction of its effect. What
the guard then asks about counts as allowed by the persons who said yes; what it refuses ends the approval.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.errors import (
    ActorRequired,
    AlreadyApproved,
    AppError,
    ApprovalNotPending,
    Forbidden,
    ResolutionRequired,
    SelfApproval,
)
from app.models.approvals import Approval
from app.models.records import Decision
from app.services import approval_views, approvals, decisions, events
from app.services.callers import Caller
from app.services.decisions import APPROVED_BY, Asked
from app.services.idempotency import Keyed, once
from app.services.runtime import Runtime

ENDING = frozenset({403, 404, 409, 422})
"""Kinds of refusal that are today's answer; any other (the shop is away) leaves the approval as it is."""


@dataclass(frozen=True, slots=True)
class Door:
    """By which route a person's word comes, where it differs."""

    unnamed: bool = False
    """The store's key may say yes without a name, where one yes is enough."""
    own: bool = False
    """The key may also say yes to what the key has asked for, on behalf of a shopper; no person ever to their own."""
    keeps: bool = False
    """A refusal at the yes is told to the caller, and leaves the question open for another answer."""


APPROVALS, RETURN, CLAIM = Door(), Door(unnamed=True), Door(unnamed=True, own=True, keeps=True)
WITHDRAWAL = CLAIM


def as_asked(caller: Caller, approval: Approval) -> Caller:
    """The one who asked, so that the guard judges them and not the person who approves."""
    asker = approval.asker
    return replace(
        caller,
        shopper=asker["shopper"],
        proof=asker["proof"],
        automation=asker["automation"],
        agent=asker["agent"],
    )


async def decide(
    runtime: Runtime, caller: Caller, approval_id: str, *, yes: bool, note: str | None, keyed: Keyed | None
) -> str:
    """A named person says yes or no: our id of the approval; at most one effect, whoever else says yes meanwhile."""
    person(caller)
    approval = await runtime.db.read(approval_views.get, caller, approval_id)
    ready = await prepared(runtime, caller, approval) if yes else None

    def write(session: Session) -> Approval:
        return once(session, keyed, "approval", vote, caller, approval_id, yes, note, ready)

    return (await runtime.db.write(write)).id


async def prepared(runtime: Runtime, caller: Caller, approval: Approval) -> Any:
    """What a yes must be decided on; a refusal that is today's answer is given back as that."""
    if approval.status != "pending":
        return None
    try:
        return await approvals.KINDS[approval.subject_type].read(runtime, as_asked(caller, approval), approval)
    except AppError as refused:
        if refused.status not in ENDING:
            raise
        return refused


def vote(
    session: Session,
    caller: Caller,
    approval_id: str,
    yes: bool,  # noqa: FBT001
    note: str | None,
    ready: Any,
    *,
    door: Door = APPROVALS,
) -> Approval:
    """Count a person's word, and where enough have said yes decide again and make the effect, in one transaction."""
    who = caller.agent if door.unnamed and caller.is_merchant else person(caller)
    approval = approval_views.get(session, caller, approval_id, lock=True)
    now = clock.now()
    if approval.status != "pending" or approval.expires_at <= now:
        raise ApprovalNotPending
    if yes and who is None and not _unnamed_suffices(approval, door):
        raise ActorRequired
    if yes and who is not None and _same_person(approval.asker["agent"], who):
        raise SelfApproval
    if yes and any(said["agent"] == who or _same_person(said["agent"], who) for said in approval.votes):
        raise AlreadyApproved
    word = {"agent": who, "approve": yes, "note": note, "at": clock.rfc3339(now)}
    approval.votes = [*approval.votes, word]
    verb = "approval.voted" if yes else "approval.rejected_by_person"
    approvals.note(session, approval, verb, caller.actor(), {"approve": yes, "note": note}, caller.request_id)
    if yes:
        _go_on(session, caller, approval, ready, door)
    else:
        approvals.end(session, approval, "rejected", caller.actor())
    return approval


def _same_person(one: str | None, other: str | None) -> bool:
    """Whether two names are one person's: `Alice` who approves what `alice` has asked for is not somebody else."""
    return one is not None and other is not None and one.casefold() == other.casefold()


def _unnamed_suffices(approval: Approval, door: Door) -> bool:
    """Whether the store's key alone may say yes: not where a named person has asked, for it may be theirs."""
    by_store = approval.asker["shopper"] is None and not approval.asker["automation"]
    return approval.approvers == 1 and approval.asker["agent"] is None and (door.own or not by_store)


def _go_on(session: Session, caller: Caller, approval: Approval, ready: Any, door: Door) -> None:
    """The write once more, for the one who asked and on today's facts; a refusal leaves nothing of it."""
    session.info[APPROVED_BY] = len(approval.votes)
    try:
        if isinstance(ready, AppError):
            raise ready
        with session.begin_nested():
            made = approvals.KINDS[approval.subject_type].resume(session, as_asked(caller, approval), approval, ready)
    except Asked as asked:
        if any(said["agent"] is None for said in approval.votes):  # nobody knows whether the next is another person
            raise ActorRequired from asked
        approval.approvers = max(1, asked.ruling.approvers)
        approval.reasons, approval.rules = list(asked.ruling.reasons), list(asked.ruling.rules)
        session.flush()
        events.record(session, "approval.voted", approval, approval_views.view(approval))
    except AppError as refused:
        if refused.status not in ENDING or door.keeps or isinstance(refused, ResolutionRequired):
            raise
        approval.code, approval.reasons = refused.name, [refused.detail]
        asker = as_asked(caller, approval)
        kept = decisions.keep_refusal(session, asker, _guarded(session, approval), refused, approval.order_id)
        approval.decision_id = kept or approval.decision_id
        approvals.end(session, approval, "refused", caller.actor())
    else:
        approval.result_type, approval.result_id = made
        approvals.settle(session, approval, "approved", caller.actor(), caller.request_id)
    finally:
        session.info.pop(APPROVED_BY, None)


def _guarded(session: Session, approval: Approval) -> str:
    """What the guard calls what it was asked about; the action's own name where that decision is not kept any more."""
    asked = None if approval.decision_id is None else session.get(Decision, approval.decision_id)
    return approval.action if asked is None else asked.action


def person(caller: Caller) -> str:
    """The named person who speaks for the store; raises `forbidden` and `actor_required`."""
    if not caller.is_merchant:
        raise Forbidden("Only the store may do that.")
    return caller.named_person()
