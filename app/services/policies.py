"""A store's policies: versions that are drafted, checked, activated and retired; one is active per store and mode."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import Invalid, PolicyNotDraft, PolicyNotFound, PreconditionFailed
from app.models.policies import Policy, PolicyPeriod
from app.models.stores import Store
from app.services import audit, events, rules
from app.services.callers import Caller
from app.services.policy.document import PolicyDocument, check


def checked(caller: Caller, raw: dict[str, Any], at: str = "/document") -> PolicyDocument:
    """The document; raises `validation_failed` with pointers into the request where it cannot be meant.

    Money in a currency in which the store does not sell is such a case.
    """
    try:
        return check(raw, caller.store.currencies or None)
    except Invalid as refused:
        told = [{**error, "pointer": at + error["pointer"]} for error in refused.errors]
        raise Invalid(refused.detail, errors=told) from refused


def create(session: Session, caller: Caller, document: PolicyDocument, name: str | None) -> Policy:
    """A draft with the store's next number; nothing is decided by it yet."""
    _hold(session, caller)
    last = session.scalar(select(func.max(Policy.number)).where(*_mine(caller)))
    now = clock.now()
    policy = Policy(
        id=ids.new("pol"),
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=now,
        updated_at=now,
        number=(last or 0) + 1,
        status="draft",
        version=1,
        name=name,
        document=document.dumped(),
        created_by=caller.actor(),
    )
    session.add(policy)
    session.flush()
    events.record(session, "policy.created", policy, view(policy))
    _audit(session, caller, policy, "policy.created", {"document": digest(policy.document)})
    return policy


def change(session: Session, caller: Caller, policy_id: str, fields: dict[str, Any], version: int | None) -> Policy:
    """Change a draft's `name` or `document`; raises `version_stale` and `policy_not_draft`."""
    policy = get(session, caller, policy_id, lock=True)
    _fresh(policy, version)
    if policy.status != "draft":
        raise PolicyNotDraft
    before = {name: getattr(policy, name) for name, value in fields.items() if getattr(policy, name) != value}
    if not before:
        return policy
    for name in before:
        setattr(policy, name, fields[name])
    _touch(policy)
    session.flush()
    events.record(session, "policy.updated", policy, view(policy), previous=before)
    evidence = {"fields": sorted(before), "before": digest(before), "document": digest(policy.document)}
    _audit(session, caller, policy, "policy.changed", evidence)
    return policy


def activate(session: Session, caller: Caller, policy_id: str, version: int | None) -> Policy:
    """Decide by this version from this commit on; the one before is retired and can be activated again."""
    _hold(session, caller)
    policy = get(session, caller, policy_id, lock=True)
    _fresh(policy, version)
    if policy.status == "active":
        return policy
    checked(caller, policy.document)
    now = clock.now()
    before = active(session, caller)
    if before is not None:
        before.move("retired")
        before.retired_at = now
        _touch(before)
        session.flush()  # the index lets one be active: the other first
        events.record(session, "policy.retired", before, view(before), previous={"status": "active"})
        _audit(session, caller, before, "policy.retired", {"by": policy.id})
    was = policy.status
    policy.move("active")
    policy.activated_at, policy.activated_by, policy.retired_at = now, caller.actor(), None
    _touch(policy)
    session.add(PolicyPeriod(store_id=policy.store_id, livemode=policy.livemode, since=now, policy_id=policy.id))
    session.flush()
    previous: dict[str, Any] = {"status": was, "active": None if before is None else before.id}
    previous["document"] = differences(before.document if before is not None else None, policy.document)
    events.record(session, "policy.activated", policy, view(policy), previous=previous)
    evidence = {
        "before": previous["active"],
        "document": digest(policy.document),
        "changed": sorted(previous["document"]),
    }
    _audit(session, caller, policy, "policy.activated", evidence)
    rules.forget(session)
    return policy


def differences(before: dict[str, Any] | None, after: dict[str, Any]) -> dict[str, Any]:
    """What the parts of the document that differ were before; all of it where there was none."""
    if before is None:
        return dict.fromkeys(after)
    return {name: before.get(name) for name in {**before, **after} if before.get(name) != after.get(name)}


def active(session: Session, caller: Caller) -> Policy | None:
    """The version that decides; None where the store's plain policy does."""
    return session.scalar(select(Policy).where(*_mine(caller), Policy.status == "active"))


def get(session: Session, caller: Caller, policy_id: str, *, lock: bool = False) -> Policy:
    """The policy, or `policy_not_found` where this store has none such in this mode."""
    query = select(Policy).where(Policy.id == policy_id, *_mine(caller))
    found = session.scalar(query.with_for_update().execution_options(populate_existing=True) if lock else query)
    if found is None:
        raise PolicyNotFound
    return found


def listed(session: Session, caller: Caller, status: str | None, *, before: str | None, limit: int) -> list[Policy]:
    """The store's versions, newest first."""
    query = select(Policy).where(*_mine(caller))
    if status is not None:
        query = query.where(Policy.status == status)
    if before is not None:
        query = query.where(Policy.id < before)
    return list(session.scalars(query.order_by(Policy.id.desc()).limit(limit)))


def view(policy: Policy) -> dict[str, Any]:
    """The policy as the contract shows it."""
    return {
        "id": policy.id,
        "livemode": policy.livemode,
        "number": policy.number,
        "status": policy.status,
        "version": policy.version,
        "name": policy.name,
        "document": policy.document,
        "created_by": policy.created_by,
        "activated_by": policy.activated_by,
        "created_at": clock.rfc3339(policy.created_at),
        "updated_at": clock.rfc3339(policy.updated_at),
        "activated_at": None if policy.activated_at is None else clock.rfc3339(policy.activated_at),
        "retired_at": None if policy.retired_at is None else clock.rfc3339(policy.retired_at),
    }


def digest(content: dict[str, Any]) -> str:
    """SHA-256 of a document, for the audit trail."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _mine(caller: Caller) -> tuple[Any, Any]:
    return Policy.store_id == caller.store_id, Policy.livemode == caller.livemode


def _hold(session: Session, caller: Caller) -> None:
    """One at a time gets a number or is activated; who only refers to the store does not wait."""
    session.execute(select(Store.id).where(Store.id == caller.store_id).with_for_update(key_share=True))


def _fresh(policy: Policy, version: int | None) -> None:
    if version is not None and version != policy.version:
        raise PreconditionFailed


def _touch(policy: Policy) -> None:
    policy.version += 1
    policy.updated_at = clock.now()


def _audit(session: Session, caller: Caller, policy: Policy, action: str, evidence: dict[str, Any]) -> None:
    audit.write(
        session,
        action=action,
        subject_type="policy",
        subject_id=policy.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"number": policy.number, **evidence},
        request_id=caller.request_id,
    )
