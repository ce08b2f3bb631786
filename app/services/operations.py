"""Operations: one outside effect each, committed before it is called and settled by evidence alone.

request -> (commit) -> run: claim -> (commit) -> send or look up -> settle -> (commit). The call is never inside a
transaction, and after a try whose end is not known the provider is asked before anything is sent again.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import Session

from app import clock
from app.errors import OperationRunning, OperationSettled
from app.integrations.receipts import Receipt
from app.models.operations import FINAL, Operation
from app.services import audit, durable, events, operation_views
from app.services.callers import Caller
from app.services.operation_views import NOTICE
from app.services.providers import Providers

JOB = "operation"
RECHECK_JOB = "recheck"
PATIENCE = 30
"""How often a provider's own `pending` is looked up, at the longest wait, before a person is asked."""


@dataclass(frozen=True, slots=True)
class Effect:
    """How one kind of operation is sent, looked up and settled."""

    kind: str
    command: type[BaseModel]
    send: Callable[[Providers, Any], Awaitable[Receipt]]
    find: Callable[[Providers, Any], Awaitable[Receipt | None]]
    settle: Callable[[Session, Operation, Receipt], None]
    rechecked: bool = False
    """Whether a success may still fail weeks later, so that it is looked up again."""


EFFECTS: dict[str, Effect] = {}
FOLLOW_UPS: list[Callable[[Session, Operation], None]] = []
"""Told of each operation that failed or was left to a person, in the same transaction."""


def register(effect: Effect) -> None:
    """Make a kind known; each domain service does it once, when it is imported."""
    EFFECTS[effect.kind] = effect


def request(
    session: Session,
    *,
    operation_id: str,
    caller: Caller,
    kind: str,
    provider: str,
    command: Any,
    subject: tuple[str, str],
    message_id: str | None = None,
    waits: bool = False,
) -> Operation:
    """Write the intent: the operation with the provider's key, and, unless it `waits` for another, its job."""
    operation = Operation(
        id=operation_id,
        store_id=caller.store_id,
        livemode=caller.livemode,
        kind=kind,
        provider=provider,
        provider_key=command.key,
        subject_type=subject[0],
        subject_id=subject[1],
        message_id=message_id,
        command=command.model_dump(mode="json"),
        status="pending",
        created_at=clock.now(),
        evidence={},
    )
    session.add(operation)
    session.flush()
    events.record(session, "operation.created", operation, operation_views.view(operation))
    if not waits:
        start(session, operation)
    return operation


def start(session: Session, operation: Operation, *, delay: float = 0.0) -> None:
    """Enqueue the next job of this operation in the same transaction; an older job of it becomes void."""
    operation.schedule = (operation.schedule or 0) + 1
    operation.next_try_at = clock.now() + timedelta(seconds=delay)
    session.flush()
    yields = operation.kind == NOTICE  # no money and no parcel waits behind a mail
    durable.enqueue(session, JOB, operation.id, operation.schedule, delay=delay, yields=yields)


def untouched(session: Session, operation: Operation) -> bool:
    """Whether no worker has ever taken it; seen under its lock, so that none takes it before this commit."""
    session.refresh(operation, with_for_update=True)
    return operation.status == "pending" and not (operation.tries or operation.uncertain)


def cancel(session: Session, operation: Operation) -> None:
    """End an operation that never started; raises `operation_running` where it has, also a moment ago."""
    if not untouched(session, operation):
        raise OperationRunning
    operation.move("canceled")
    operation.settled_at = clock.now()
    operation.next_try_at = None
    events.record(session, "operation.canceled", operation, operation_views.view(operation))


def settle(session: Session, operation: Operation, receipt: Receipt) -> None:
    """Move the operation and its subject to what the evidence says; the only way into a final state.

    `pending` and `unknown` pass through here too, so that the subject tells the same. A final state never goes back
    because older news came late; news that contradicts it is written to the audit trail for a person.
    """
    if operation.status in FINAL and not (operation.status == "succeeded" and receipt.status == "failed"):
        if receipt.status in FINAL and receipt.status != operation.status:
            _contradiction(session, operation, receipt)
        return
    before = operation.status
    if not (receipt.status == "pending" and before == "unknown"):
        operation.move(receipt.status)
    operation.external_id = receipt.external_id or operation.external_id
    operation.evidence = {**operation.evidence, **receipt.evidence}
    operation.error_code, operation.error_detail = receipt.failure_code, receipt.failure_detail
    if receipt.status in FINAL:
        operation.settled_at = clock.now()
        operation.next_try_at = operation.dead_at = None
    effect = EFFECTS[operation.kind]
    effect.settle(session, operation, receipt)
    if operation.status != before:
        events.record(
            session,
            f"operation.{operation.status}",
            operation,
            operation_views.view(operation),
            previous={"status": before},
        )
        audit.write(
            session,
            action=f"operation.{operation.status}",
            subject_type="operation",
            subject_id=operation.id,
            actor={"type": "provider", "id": operation.provider},
            store_id=operation.store_id,
            livemode=operation.livemode,
            evidence={"before": before, "receipt": receipt.model_dump(mode="json")},
        )
        if operation.status == "failed":
            _follow_up(session, operation)
        if operation.status == "succeeded" and effect.rechecked:
            operation.rechecks = 0  # until now it counted the looks at what was pending
            look_again(session, operation)


def look_again(session: Session, operation: Operation, *, owed: bool = False, at_once: bool = False) -> None:
    """Enqueue the next look at a success: after each of the waits, and after the last as long as one is `owed`.

    Owed is a look that the provider did not answer, or whose job was lost.
    """
    waits: tuple[float, ...] = session.info["recheck_seconds"]
    operation.next_try_at = None
    if not waits or (operation.rechecks >= len(waits) and not owed):
        return
    wait = waits[min(operation.rechecks, len(waits) - 1)] * random.uniform(1.0, 1.05)  # noqa: S311  jitter, not a secret
    delay = 0.0 if at_once else wait
    operation.rechecks += 1
    operation.next_try_at = clock.now() + timedelta(seconds=delay)
    session.flush()
    durable.enqueue(session, RECHECK_JOB, operation.id, operation.rechecks, delay=delay)


def _follow_up(session: Session, operation: Operation) -> None:
    for told in FOLLOW_UPS:
        told(session, operation)


def _contradiction(session: Session, operation: Operation, receipt: Receipt) -> None:
    audit.write(
        session,
        action="operation.contradicted",
        subject_type="operation",
        subject_id=operation.id,
        actor={"type": "provider", "id": operation.provider},
        store_id=operation.store_id,
        livemode=operation.livemode,
        evidence={"status": operation.status, "receipt": receipt.model_dump(mode="json")},
    )


def retry_later(session: Session, operation: Operation, waits: tuple[float, ...], at_least: float = 0.0) -> None:
    """Schedule the next try, each wait longer than the last, or leave it to a named person after the last one."""
    if operation.tries > len(waits):
        operation.dead_at = clock.now()
        operation.next_try_at = None
        events.record(session, "operation.dead_lettered", operation, operation_views.view(operation))
        audit.write(
            session,
            action="operation.dead_lettered",
            subject_type="operation",
            subject_id=operation.id,
            actor={"type": "system", "id": "engine"},
            store_id=operation.store_id,
            livemode=operation.livemode,
            evidence={"tries": operation.tries, "status": operation.status},
        )
        _follow_up(session, operation)
        return
    wait = waits[max(0, operation.tries - 1)] * random.uniform(0.9, 1.1)  # noqa: S311  jitter, not a secret
    start(session, operation, delay=max(wait, at_least))


def resolve(
    session: Session, caller: Caller, operation_id: str, *, outcome: str, note: str, external_id: str | None
) -> Operation:
    """A named person ends an operation by what they saw at the provider, or has it tried again (`replay`)."""
    person = caller.named_person()
    operation = operation_views.get(session, caller, operation_id, lock=True)
    if operation.status in FINAL:
        raise OperationSettled
    if operation.schedule == 0:
        raise OperationRunning("The operation waits for another one: resolve that.")
    if operation.leased_until is not None and operation.leased_until > clock.now():
        raise OperationRunning
    operation.leased_by = operation.leased_until = None  # whoever held it and wakes up now has nothing to say
    audit.write(
        session,
        action="operation.resolved",
        subject_type="operation",
        subject_id=operation.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"outcome": outcome, "note": note, "external_id": external_id, "before": operation.status},
        request_id=caller.request_id,
    )
    if outcome == "replay":
        operation.dead_at, operation.tries = None, 0
        start(session, operation)
        return operation
    receipt = Receipt.model_validate(
        {
            "status": outcome,
            "external_id": external_id,
            "failure_code": None if outcome == "succeeded" else "resolved_by_person",
            "failure_detail": None if outcome == "succeeded" else note,
            "evidence": {"resolved_by": person, "note": note},
        }
    )
    operation.schedule += 1  # whatever job still waits is void
    settle(session, operation, receipt)
    return operation
