"""Approvals: a write that the guard asks a person about waits here without effect, and is decided again on the day.

Whoever says yes makes no exception: the write runs once more on today's facts, in the transaction of its effect. What
the guard then asks about counts as allowed by the persons who said yes; what it refuses ends the approval.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import (
    ActorRequired,
    AlreadyApproved,
    AppError,
    ApprovalNotFound,
    ApprovalNotPending,
    Forbidden,
    ResolutionRequired,
    SelfApproval,
)
from app.models.approvals import Approval
from app.services import approval_hours, audit, decisions, events
from app.services.callers import Caller
from app.services.decisions import APPROVED_BY, Asked
from app.services.idempotency import Keyed, once
from app.services.policy.contract import Ruling
from app.services.runtime import Runtime

ENDING = frozenset({403, 404, 409, 422})
"""Kinds of refusal that are today's answer; any other (the shop is away) leaves the approval as it is."""
SYSTEM = {"type": "system", "id": "housekeeping"}
Made = tuple[str, str]
"""What was made: its kind and its id."""


@dataclass(frozen=True, slots=True)
class Door:
    """By which route a person's word comes, where it differs."""

    unnamed: bool = False
    """The store's key may say yes without a name, where one yes is enough."""
    own: bool = False
    """The store may say yes to what it has asked for itself, on behalf of a shopper."""
    keeps: bool = False
    """A refusal at the yes is told to the caller, and leaves the question open for another answer."""


APPROVALS, RETURN, CLAIM = Door(), Door(unnamed=True), Door(unnamed=True, own=True, keeps=True)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How one kind of thing that waits goes on and how it ends."""

    read: Callable[[Runtime, Caller, Approval], Awaitable[Any]]
    """What must be asked outside before the transaction: the shop, the ledger."""
    resume: Callable[[Session, Caller, Approval, Any], Made]
    """Decide again and make the effect, as the one who asked; raises the refusal or `Asked`."""
    end: Callable[[Session, Approval, str], None]
    """It was rejected, refused or has expired: free what it held."""


KINDS: dict[str, Waiting] = {}


def register(subject_type: str, waiting: Waiting) -> None:
    """Make a kind known; each service does it once, when it is imported."""
    KINDS[subject_type] = waiting


def open_for(
    session: Session,
    caller: Caller,
    *,
    action: str,
    ruling: Ruling,
    subject: tuple[str, str | None],
    order_id: str | None,
    parameters: dict[str, Any],
    decision_id: str | None = None,
) -> Approval:
    """Write down what waits for a person; the subject, if there is one, stands in its waiting state already."""
    now = clock.now()
    hours = approval_hours.of(session, caller.store_id, livemode=caller.livemode)
    approval = Approval(
        id=ids.new("apr"),
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=now,
        status="pending",
        action=action,
        order_id=order_id,
        subject_type=subject[0],
        subject_id=subject[1],
        parameters=parameters,
        asker={
            "shopper": caller.shopper,
            "proof": caller.proof,
            "automation": caller.automation,
            "agent": caller.agent,
        },
        requested_by=caller.actor(),
        approvers=max(1, ruling.approvers),
        votes=[],
        reasons=list(ruling.reasons),
        rules=list(ruling.rules),
        policy_version=ruling.policy_version,
        decision_id=decision_id,
        remind_at=approval_hours.next_reminder(hours, now, now),
        expires_at=now + timedelta(hours=hours.expires),
    )
    session.add(approval)
    session.flush()
    events.record(session, "approval.requested", approval, view(approval))
    _audit(session, approval, "approval.requested", caller.actor(), {"action": action}, caller.request_id)
    return approval


def open_asked(
    session: Session,
    caller: Caller,
    asked: Asked,
    *,
    action: str,
    subject: tuple[str, str | None],
    order_id: str | None,
    parameters: dict[str, Any],
) -> Approval:
    """The same for a write that was rolled back when the guard asked: its decision is kept, too."""
    about = ("order", order_id) if order_id is not None else None
    decision = decisions.write(session, caller, asked.action, asked.ruling, about)
    return open_for(
        session,
        caller,
        action=action,
        ruling=asked.ruling,
        subject=subject,
        order_id=order_id,
        parameters=parameters,
        decision_id=decision.id,
    )


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


# ---- deciding ---------------------------------------------------------------------------------------------------


async def decide(
    runtime: Runtime, caller: Caller, approval_id: str, *, yes: bool, note: str | None, keyed: Keyed | None
) -> str:
    """A named person says yes or no: our id of the approval; at most one effect, whoever else says yes meanwhile."""
    _person(caller)
    approval = await runtime.db.read(get, caller, approval_id)
    ready = await prepared(runtime, caller, approval) if yes else None

    def write(session: Session) -> Approval:
        return once(session, keyed, "approval", vote, caller, approval_id, yes, note, ready)

    return (await runtime.db.write(write)).id


async def prepared(runtime: Runtime, caller: Caller, approval: Approval) -> Any:
    """What a yes must be decided on; a refusal that is today's answer is given back as that."""
    if approval.status != "pending":
        return None
    try:
        return await KINDS[approval.subject_type].read(runtime, as_asked(caller, approval), approval)
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
    person = caller.agent if door.unnamed and caller.is_merchant else _person(caller)
    approval = get(session, caller, approval_id, lock=True)
    now = clock.now()
    if approval.status != "pending" or approval.expires_at <= now:
        raise ApprovalNotPending
    own = _asked_by_store(approval)
    if yes and person is None and (approval.approvers > 1 or (own and not door.own)):
        raise ActorRequired
    if yes and person is not None and approval.asker["agent"] == person and not (own and door.own):
        raise SelfApproval
    if yes and any(said["agent"] == person for said in approval.votes):
        raise AlreadyApproved
    word = {"agent": person, "approve": yes, "note": note, "at": clock.rfc3339(now)}
    approval.votes = [*approval.votes, word]
    verb = "approval.voted" if yes else "approval.rejected_by_person"
    _audit(session, approval, verb, caller.actor(), {"approve": yes, "note": note}, caller.request_id)
    if yes:
        _go_on(session, caller, approval, ready, door)
    else:
        end(session, approval, "rejected", caller.actor())
    return approval


def _asked_by_store(approval: Approval) -> bool:
    return approval.asker["shopper"] is None and not approval.asker["automation"]


def _go_on(session: Session, caller: Caller, approval: Approval, ready: Any, door: Door) -> None:
    """The write once more, for the one who asked and on today's facts; a refusal leaves nothing of it."""
    session.info[APPROVED_BY] = len(approval.votes)
    try:
        if isinstance(ready, AppError):
            raise ready
        with session.begin_nested():
            made = KINDS[approval.subject_type].resume(session, as_asked(caller, approval), approval, ready)
    except Asked as asked:
        if any(said["agent"] is None for said in approval.votes):  # nobody knows whether the next is another person
            raise ActorRequired from asked
        approval.approvers = max(1, asked.ruling.approvers)
        approval.reasons, approval.rules = list(asked.ruling.reasons), list(asked.ruling.rules)
        session.flush()
        events.record(session, "approval.voted", approval, view(approval))
    except AppError as refused:
        if refused.status not in ENDING or door.keeps or isinstance(refused, ResolutionRequired):
            raise
        approval.code, approval.reasons = refused.name, [refused.detail]
        asker = as_asked(caller, approval)
        kept = decisions.keep_refusal(session, asker, approval.action, refused, approval.order_id)
        approval.decision_id = kept or approval.decision_id
        end(session, approval, "refused", caller.actor())
    else:
        approval.result_type, approval.result_id = made
        _settled(session, approval, "approved", caller.actor(), caller.request_id)
    finally:
        session.info.pop(APPROVED_BY, None)


def end(session: Session, approval: Approval, status: str, actor: dict[str, Any]) -> None:
    """It will not happen: rejected, refused, expired or canceled; what its subject held is free again."""
    _settled(session, approval, status, actor, None)
    KINDS[approval.subject_type].end(session, approval, status)


def drop(session: Session, subject_type: str, subject_id: str, actor: dict[str, Any]) -> None:
    """Its subject has been ended by another way: nobody needs to decide any more."""
    approval = of_subject(session, subject_type, subject_id, lock=True)
    if approval is not None and approval.status == "pending":
        _settled(session, approval, "canceled", actor, None)


def _settled(session: Session, approval: Approval, status: str, actor: dict[str, Any], request_id: str | None) -> None:
    approval.move(status)
    approval.settled_at, approval.remind_at = clock.now(), None
    session.flush()
    events.record(session, f"approval.{status}", approval, view(approval), previous={"status": "pending"})
    evidence = {"code": approval.code, "result": approval.result_id}
    _audit(session, approval, f"approval.{status}", actor, evidence, request_id)


def _person(caller: Caller) -> str:
    if not caller.is_merchant:
        raise Forbidden("Only the store may do that.")
    return caller.named_person()


def _audit(
    session: Session,
    approval: Approval,
    action: str,
    actor: dict[str, Any],
    evidence: dict[str, Any],
    request_id: str | None,
) -> None:
    audit.write(
        session,
        action=action,
        subject_type="approval",
        subject_id=approval.id,
        actor=actor,
        store_id=approval.store_id,
        livemode=approval.livemode,
        evidence={"order": approval.order_id, "subject": approval.subject_id, **evidence},
        request_id=request_id,
    )


# ---- by the clock -----------------------------------------------------------------------------------------------


def tend(session: Session, limit: int = 50) -> int:
    """End what nobody has decided in time, and remind of what waits; how many were looked at."""
    now = clock.now()
    due = or_(Approval.expires_at <= now, Approval.remind_at <= now)
    rows = session.scalars(
        select(Approval)
        .where(Approval.status == "pending", due)
        .order_by(Approval.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for approval in rows:
        if approval.expires_at <= now:
            end(session, approval, "expired", SYSTEM)
        else:
            _remind(session, approval, now)
    return len(rows)


def _remind(session: Session, approval: Approval, now: datetime) -> None:
    hours = approval_hours.of(session, approval.store_id, livemode=approval.livemode)
    approval.remind_at = approval_hours.next_reminder(hours, approval.created_at, now)
    session.flush()
    events.record(session, "approval.reminded", approval, view(approval))


# ---- reading ----------------------------------------------------------------------------------------------------


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
    query = (
        select(Approval)
        .where(Approval.subject_type == subject_type, Approval.subject_id == subject_id)
        .order_by(Approval.id.desc())
        .limit(1)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


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
