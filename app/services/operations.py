"""Operations: one outside effect each, committed before it is called and settled by evidence alone.

request -> (commit) -> run: claim -> (commit) -> send or look up -> settle -> (commit). The call is never inside a
transaction, and after a try whose end is not known the provider is asked before anything is sent again.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import Session

from app import clock
from app.errors import OperationRunning, OperationSettled
from app.integrations.connecting import Family
from app.integrations.receipts import Receipt
from app.models.operations import FINAL, Operation
from app.services import audit, durable, events, operation_views
from app.services.callers import Caller
from app.services.operation_views import NOTICE
from app.services.providers import SANDBOX, Providers, serving

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
    found: Callable[[Session, Operation, Receipt], None] | None = None
    """Only for a provider without keys: told of every receipt once the operation has ended, also of a late one, to
    undo what was made twice. Where a try's end was not known, the provider is asked again after ours."""
    family: Family = "commerce"
    """Which of the store's counterparts has it."""
    after_all: Callable[[Session, Operation, bool], None] | None = None
    """Told where the provider says of what is held as failed that it happened after all (True), so that money which
    left counts again, and that even this did not last (False)."""


CONTRADICTED = "contradicted"
"""Where the evidence says how the provider's later word differs from how the operation ended."""
DOUBTED = "asked_again"
"""Where the evidence says what an answer that may be older than the failure told: the provider is asked once more."""
SETTLED = ("succeeded", "failed")
"""How an operation ends that was sent."""
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
    if provider == SANDBOX:
        provider = serving(caller.store, livemode=caller.livemode).get(EFFECTS[kind].family, SANDBOX)
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
        traceparent=session.info.get("traceparent"),
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
        _news_of_the_ended(session, operation, receipt)
        _found(session, operation, receipt)
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
        if may_change(session, operation):
            operation.rechecks = 0  # until now it counted the looks at what was pending
            look_again(session, operation)
    _found(session, operation, receipt)


def hear(session: Session, operation: Operation, receipt: Receipt, asked_at: datetime) -> None:
    """Settle by what the provider was asked at that time.

    Where the provider has told since that it failed, an older yes is no contradiction: the provider is asked once more.
    Against a person's no it is one at once.
    """
    failed = operation.status == "failed" and "resolved_by" not in operation.evidence
    ended = operation.settled_at if failed and receipt.status == "succeeded" else None
    if ended is not None and ended >= asked_at and session.info["recheck_seconds"]:
        operation.evidence = {**operation.evidence, DOUBTED: receipt.status}
        look_again(session, operation, owed=True, at_once=True)
        return
    settle(session, operation, receipt)


def heard_again(operation: Operation) -> None:
    """The provider has been asked once more: whatever it said is the newest word."""
    operation.evidence = {name: said for name, said in operation.evidence.items() if name != DOUBTED}


def _found(session: Session, operation: Operation, receipt: Receipt) -> None:
    found = EFFECTS[operation.kind].found
    if found is not None and operation.status in FINAL:
        found(session, operation, receipt)


def may_change(session: Session, operation: Operation) -> bool:
    """Whether an ended operation is looked up again: a bank may take it back, an effect may land late, a person err."""
    effect = EFFECTS[operation.kind]
    if operation.status == "succeeded" and effect.rechecked:
        return True
    if operation.status not in SETTLED or not operation.uncertain:
        return False
    if operation.status == "failed" and not {"resolved_by", DOUBTED}.isdisjoint(operation.evidence):
        return True
    tries = operation_views.tries(session, operation.id)
    return effect.found is not None and any(one.outcome in {None, "unknown"} for one in tries)


def look_again(session: Session, operation: Operation, *, owed: bool = False, at_once: bool = False) -> None:
    """Enqueue the next look at what has ended: after each of the waits, and after the last as long as one is `owed`.

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


def happened_after_all(operation: Operation) -> bool:
    """Whether what is held as failed has happened by what the provider said later."""
    return operation.status == "failed" and operation.evidence.get(CONTRADICTED) == "succeeded"


def _news_of_the_ended(session: Session, operation: Operation, receipt: Receipt) -> None:
    """What the provider says of what has ended: the same again, otherwise, or otherwise no longer."""
    effect = EFFECTS[operation.kind]
    if receipt.status not in FINAL:
        return
    if receipt.status != operation.status:
        _contradiction(session, operation, receipt)
    elif effect.after_all is not None and happened_after_all(operation):
        kept = {name: said for name, said in operation.evidence.items() if name != CONTRADICTED}
        operation.evidence = {**kept, "contradiction_ended": receipt.status}
        effect.after_all(session, operation, False)


def _contradiction(session: Session, operation: Operation, receipt: Receipt) -> None:
    """The provider says otherwise than what has been told: written down, and a person looks at it, once."""
    if operation.evidence.get(CONTRADICTED):
        return
    operation.evidence = {**operation.evidence, CONTRADICTED: receipt.status}
    effect = EFFECTS[operation.kind]
    if effect.found is None:  # else that undoes it
        operation.dead_at = clock.now()
    session.flush()
    if effect.after_all is not None and happened_after_all(operation):
        effect.after_all(session, operation, True)
    events.record(session, "operation.contradicted", operation, operation_views.view(operation))
    _follow_up(session, operation)
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
    """A named person ends an operation by what they saw at the provider, or has it tried again (`replay`).

    One that has ended and was contradicted since is only taken note of: it does not need a person any more.
    """
    person = caller.named_person()
    operation = operation_views.get(session, caller, operation_id, lock=True)
    noted = operation.status in FINAL and operation.dead_at is not None and outcome != "replay"
    if operation.status in FINAL and not noted:
        raise OperationSettled
    if operation.schedule == 0:
        raise OperationRunning("The operation waits for another one: resolve that.")
    if operation.leased_until is not None and operation.leased_until > clock.now():
        raise OperationRunning
    before = operation.evidence.get(CONTRADICTED) if noted else operation.status
    operation.leased_by = operation.leased_until = None  # whoever held it and wakes up now has nothing to say
    audit.write(
        session,
        action="operation.resolved",
        subject_type="operation",
        subject_id=operation.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"outcome": outcome, "note": note, "external_id": external_id, "before": before},
        request_id=caller.request_id,
    )
    if noted:
        operation.dead_at = None
        events.record(session, "operation.resolved", operation, operation_views.view(operation))
        return operation
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
