"""Approvals: a write that the guard asks a person about waits here without effect until it is answered or expires."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.models.approvals import Approval
from app.models.orders import Order
from app.services import approval_hours, approval_views, audit, decisions, events
from app.services.callers import Caller
from app.services.decisions import Asked
from app.services.policy.contract import Ruling
from app.services.runtime import Runtime

SYSTEM = {"type": "system", "id": "housekeeping"}
ASKED = (
    "store_id",
    "livemode",
    "action",
    "order_id",
    "subject_type",
    "subject_id",
    "parameters",
    "asker",
    "requested_by",
    "approvers",
    "reasons",
    "rules",
    "policy_version",
    "decision_id",
)
"""What a question is; everything else of it is when and how it was answered."""
Made = tuple[str, str]
"""What was made: its kind and its id."""


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
    approval = Approval(
        store_id=caller.store_id,
        livemode=caller.livemode,
        action=action,
        order_id=order_id,
        subject_type=subject[0],
        subject_id=subject[1],
        parameters=parameters,
        asker=_asker(caller),
        requested_by=caller.actor(),
        approvers=max(1, ruling.approvers),
        reasons=list(ruling.reasons),
        rules=list(ruling.rules),
        policy_version=ruling.policy_version,
        decision_id=decision_id,
    )
    return _opened(session, approval, caller.actor(), caller.request_id)


def _asker(caller: Caller) -> dict[str, Any]:
    return {
        "shopper": caller.shopper,
        "proof": caller.proof,
        "automation": caller.automation,
        "agent": caller.agent,
    }


def same(
    session: Session, caller: Caller, *, action: str, order_id: str, parameters: dict[str, Any]
) -> Approval | None:
    """What this caller has asked for in the same words already and waits still, so that nobody decides it twice.

    Holds the order, so that of two who ask at once one finds the other's.
    """
    session.scalar(select(Order.id).where(Order.id == order_id).with_for_update())
    waiting = select(Approval).where(
        Approval.store_id == caller.store_id,
        Approval.livemode == caller.livemode,
        Approval.order_id == order_id,
        Approval.action == action,
        Approval.status == "pending",
        Approval.expires_at > clock.now(),
    )
    asked = (parameters, _asker(caller))
    return next((row for row in session.scalars(waiting) if (row.parameters, row.asker) == asked), None)


def open_again(session: Session, ended: Approval) -> Approval:
    """The same question anew, by the clock: what it is about does not end for want of a yes."""
    approval = Approval(**{name: getattr(ended, name) for name in ASKED})
    return _opened(session, approval, SYSTEM, None)


def _opened(session: Session, approval: Approval, actor: dict[str, Any], request_id: str | None) -> Approval:
    now = clock.now()
    hours = approval_hours.of(session, approval.store_id, livemode=approval.livemode)
    approval.id, approval.created_at, approval.status, approval.votes = ids.new("apr"), now, "pending", []
    approval.remind_at = approval_hours.next_reminder(hours, now, now)
    approval.expires_at = now + timedelta(hours=hours.expires)
    session.add(approval)
    session.flush()
    events.record(session, "approval.requested", approval, approval_views.view(approval))
    note(session, approval, "approval.requested", actor, {"action": approval.action}, request_id)
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


def end(session: Session, approval: Approval, status: str, actor: dict[str, Any]) -> None:
    """It will not happen: rejected, refused, expired or canceled; what its subject held is free again."""
    settle(session, approval, status, actor, None)
    KINDS[approval.subject_type].end(session, approval, status)


def drop(session: Session, subject_type: str, subject_id: str, actor: dict[str, Any]) -> None:
    """Its subject has been ended by another way: nobody needs to decide any more."""
    approval = approval_views.of_subject(session, subject_type, subject_id, lock=True)
    if approval is not None and approval.status == "pending":
        settle(session, approval, "canceled", actor, None)


def settle(session: Session, approval: Approval, status: str, actor: dict[str, Any], request_id: str | None) -> None:
    """Move it to how it ended, with its event; nobody is reminded any more."""
    approval.move(status)
    approval.settled_at, approval.remind_at = clock.now(), None
    session.flush()
    events.record(
        session, f"approval.{status}", approval, approval_views.view(approval), previous={"status": "pending"}
    )
    evidence = {"code": approval.code, "result": approval.result_id}
    note(session, approval, f"approval.{status}", actor, evidence, request_id)


def note(
    session: Session,
    approval: Approval,
    action: str,
    actor: dict[str, Any],
    evidence: dict[str, Any],
    request_id: str | None,
) -> None:
    """Write it into the audit trail."""
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
    events.record(session, "approval.reminded", approval, approval_views.view(approval))
