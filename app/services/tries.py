"""One try of an operation: claim it, ask or send, and write down how it ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import clock, tracing
from app.errors import NotConnected
from app.integrations.errors import NotExecuted, OutcomeUnknown, ProviderError, Refused
from app.integrations.receipts import Receipt
from app.models.operations import FINAL, Operation, OperationTry
from app.models.stores import Store
from app.services import operation_views, operations
from app.services.operations import EFFECTS, Effect
from app.services.providers import SANDBOX, Providers, serving
from app.services.runtime import Runtime

log = structlog.get_logger()

CALLS_PER_TRY = 3
"""Look up, send, look up again: what one try may ask of a provider."""
LEASE_MARGIN = 2.0
KILLED = 3
"""So many tries beyond the schedule may end with their process, so that one that a deploy cut off is looked up."""
ORPHANED_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Claim:
    number: int
    kind: str
    command: dict[str, Any]
    store: Store
    livemode: bool
    begun_before: bool
    traceparent: str | None
    provider: str = SANDBOX


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a try ended: with a receipt, or with the certainty that nothing was sent."""

    receipt: Receipt | None
    retry_after: float = 0.0
    detail: str = ""


async def run(runtime: Runtime, operation_id: str, schedule: int) -> None:
    """Try an operation once. Run again after a kill it does no harm: the claim sees that a try was begun."""
    clocked = asyncio.get_running_loop().time
    lease = CALLS_PER_TRY * runtime.settings.call_seconds + LEASE_MARGIN
    # Past the lease another worker may try: everything that we send ends before it does. The lease runs from the
    # claim's transaction on, whose commit may take its time.
    deadline = clocked() + lease - LEASE_MARGIN
    claim = await runtime.db.write(_claim, operation_id, schedule, runtime, lease)
    if claim is None:
        return
    with tracing.span(f"operation {claim.kind}", "consumer", claim.traceparent) as traced:
        traced.note(operation=operation_id, operation__kind=claim.kind, operation__try=claim.number)
        try:
            async with asyncio.timeout_at(deadline):
                ending = _unsent(claim, "late") if clocked() >= deadline else await _try(runtime, claim)
        except TimeoutError:
            ending = _Ending(Receipt(status="unknown", evidence={"error": "deadline"}))
        outcome = "not_executed" if ending.receipt is None else ending.receipt.status
        traced.note(operation__outcome=outcome)
        if outcome != "succeeded":
            traced.failed(outcome)
        await runtime.db.write(_conclude, operation_id, claim, ending, runtime)


async def _try(runtime: Runtime, claim: _Claim) -> _Ending:
    """Whatever goes wrong is an end like any other, so that waits grow and a person is asked after the last.

    Of what went wrong its kind alone is kept: its text may hold what the command held.
    """
    try:
        effect, providers, command = _means(runtime, claim)
    except Exception as error:
        log.warning("try_broke", error=type(error).__name__)
        return _unsent(claim, type(error).__name__)
    try:
        return await _ask_or_send(effect, providers, command, begun_before=claim.begun_before)
    except Exception as error:
        log.warning("try_broke", error=type(error).__name__)
        return _Ending(Receipt(status="unknown", evidence={"error": type(error).__name__}), detail="broke")


def _means(runtime: Runtime, claim: _Claim) -> tuple[Effect, Providers, Any]:
    """What a try needs; raises where the store is not connected, or where the command is none that is known here."""
    effect = EFFECTS[claim.kind]
    serves = serving(claim.store, livemode=claim.livemode).get(effect.family, SANDBOX)
    if claim.provider != serves:  # another one knows nothing of it, and would be told to do it
        raise NotConnected(f"The operation was begun at {claim.provider}, which is not connected any more.")
    providers = runtime.connections.of(claim.store, livemode=claim.livemode)
    return effect, providers, effect.command.model_validate(claim.command)


def _unsent(claim: _Claim, detail: str) -> _Ending:
    """This try has sent nothing; what became of one before it is as open as it was."""
    return _Ending(Receipt(status="unknown", evidence={"error": detail}) if claim.begun_before else None, detail=detail)


def _claim(session: Session, operation_id: str, schedule: int, runtime: Runtime, lease: float) -> _Claim | None:
    """Take the operation for one try, in a transaction of its own; None where there is nothing to do."""
    operation = session.get(Operation, operation_id, with_for_update=True)
    if operation is None or operation.status in FINAL or operation.schedule != schedule or operation.dead_at:
        return None
    now = clock.now()
    leased_until = operation.leased_until
    # On SQLite one process holds the file's lock, so that an older process's lease is a dead one's.
    foreign = runtime.db.shared and operation.leased_by != runtime.executor
    if leased_until is not None and leased_until > now and foreign:
        operations.start(session, operation, delay=(leased_until - now).total_seconds() + 0.1)
        return None
    if operation.tries > len(runtime.settings.retry_seconds) + KILLED:
        _give_up(session, operation, runtime)
        return None
    begun_before = operation.uncertain
    operation.tries += 1
    operation.uncertain = True  # from here on a kill leaves the outcome open
    operation.leased_by, operation.leased_until = runtime.executor, now + timedelta(seconds=lease)
    number = len(operation_views.tries(session, operation.id)) + 1
    session.add(
        OperationTry(operation_id=operation.id, number=number, started_at=now, executor=runtime.executor, detail={})
    )
    store = session.get_one(Store, operation.store_id)
    return _Claim(
        number=number,
        kind=operation.kind,
        command=operation.command,
        store=store,
        livemode=operation.livemode,
        begun_before=begun_before,
        traceparent=operation.traceparent,
        provider=operation.provider,
    )


def _give_up(session: Session, operation: Operation, runtime: Runtime) -> None:
    """Leave an operation to a person of which no try has lived to its end: its calls may be what kills us."""
    operation.leased_by = operation.leased_until = None
    operations.settle(session, operation, Receipt(status="unknown", evidence={"error": "every try was cut off"}))
    operations.retry_later(session, operation, runtime.settings.retry_seconds)


async def _ask_or_send(effect: Effect, providers: Providers, command: Any, *, begun_before: bool) -> _Ending:
    """Ask first where a try was begun before; send; and where the end is not a clear yes, ask again."""
    if begun_before:
        try:
            found = await effect.find(providers, command)
        except ProviderError as error:
            return _Ending(Receipt(status="unknown", evidence=error.evidence), _retry_after(error), "look-up failed")
        if found is not None:
            return _Ending(found, detail="found by look-up")
    try:
        receipt = await effect.send(providers, command)
    except NotExecuted as error:
        unsure = Receipt(status="unknown", evidence=error.evidence) if begun_before else None
        return _Ending(unsure, _retry_after(error), error.detail)
    except ProviderError as error:
        return await _after_error(effect, providers, command, error)
    if receipt.status == "unknown":
        return _Ending(await _find_quietly(effect, providers, command) or receipt, detail="unclear answer")
    return _Ending(receipt, detail="answered")


async def _after_error(effect: Effect, providers: Providers, command: Any, error: ProviderError) -> _Ending:
    """An error can come after the effect: the provider's own record decides, not the error."""
    if isinstance(error, Refused):
        try:
            found = await effect.find(providers, command)
        except ProviderError as failed:
            return _Ending(Receipt(status="unknown", evidence=failed.evidence), detail="refused, look-up failed")
        refusal = Receipt(
            status="failed", failure_code=error.code, failure_detail=error.detail, evidence=error.evidence
        )
        return _Ending(found or refusal, detail="refused" if found is None else "refused, yet found")
    found = await _find_quietly(effect, providers, command)
    unsure = Receipt(status="unknown", evidence=error.evidence)
    return _Ending(found or unsure, _retry_after(error), detail=error.detail)


async def _find_quietly(effect: Effect, providers: Providers, command: Any) -> Receipt | None:
    try:
        return await effect.find(providers, command)
    except ProviderError:
        return None


def _retry_after(error: ProviderError) -> float:
    return (error.retry_after or 0.0) if isinstance(error, OutcomeUnknown) else 0.0


def _conclude(session: Session, operation_id: str, claim: _Claim, ending: _Ending, runtime: Runtime) -> None:
    """Write how the try ended and what follows, in one transaction: a final state, or the next try."""
    operation = session.get_one(Operation, operation_id, with_for_update=True)
    row = session.get_one(OperationTry, (operation_id, claim.number))
    receipt = ending.receipt
    row.ended_at = clock.now()
    row.outcome = "not_executed" if receipt is None else receipt.status
    row.detail = {"detail": ending.detail, **({} if receipt is None else receipt.evidence)}
    if operation.leased_by != runtime.executor or len(operation_views.tries(session, operation_id)) != claim.number:
        # Another has tried since, or a person has decided. A yes is still a yes; an old no or doubt is no news.
        if receipt is not None and receipt.status == "succeeded":
            operations.hear(session, operation, receipt, row.started_at)
        return
    operation.leased_by = operation.leased_until = None
    waits = runtime.settings.retry_seconds
    if receipt is None:
        operation.uncertain = claim.begun_before
        if operation.status not in FINAL:
            operations.retry_later(session, operation, waits, ending.retry_after)
        return
    operations.hear(session, operation, receipt, row.started_at)
    if operation.status in FINAL:
        return
    if receipt.status == "pending":
        operation.rechecks += 1
        gone = not waits or operation.rechecks > operations.PATIENCE
        operation.tries = len(waits) + 1 if gone else min(operation.tries, len(waits))
        operations.retry_later(session, operation, waits)
    else:
        operations.retry_later(session, operation, waits, ending.retry_after)


# ---- looked up again after a success -------------------------------------------------------------------------------


async def recheck(runtime: Runtime, operation_id: str, number: int) -> None:
    """Look up again what has ended: a bank can send the money back weeks later, and a person can be wrong."""
    claim = await runtime.db.read(_ended, operation_id)
    if claim is None:
        return
    receipt, answered = None, True
    try:
        effect, providers, command = _means(runtime, claim)
        with tracing.span(f"recheck {claim.kind}", "consumer", claim.traceparent):
            receipt = await effect.find(providers, command)
    except Exception as error:  # it is away, or answers what its adapter does not understand: asked again later
        log.warning("recheck_without_answer", error=type(error).__name__)
        answered = False
    await runtime.db.write(_rechecked, operation_id, number, receipt, answered=answered)


def _ended(session: Session, operation_id: str) -> _Claim | None:
    operation = session.get(Operation, operation_id)
    if operation is None or not operations.may_change(session, operation):
        return None
    store = session.get_one(Store, operation.store_id)
    return _Claim(
        number=0,
        kind=operation.kind,
        command=operation.command,
        store=store,
        livemode=operation.livemode,
        begun_before=True,
        traceparent=operation.traceparent,
        provider=operation.provider,
    )


def _rechecked(session: Session, operation_id: str, number: int, receipt: Receipt | None, *, answered: bool) -> None:
    operation = session.get_one(Operation, operation_id, with_for_update=True)
    if operation.rechecks != number or not operations.may_change(session, operation):
        return
    effect, before = EFFECTS[operation.kind], operation.status
    if answered:
        operations.heard_again(operation)
    if receipt is not None and (effect.rechecked or before == "failed"):
        operations.settle(session, operation, receipt)
    elif receipt is not None and effect.found is not None:
        effect.found(session, operation, receipt)
    if operation.status == before:
        operations.look_again(session, operation, owed=not answered)


# ---- what fell out of the engine ------------------------------------------------------------------------------------


def revive(session: Session, limit: int = 100) -> int:
    """Enqueue again what should have been tried a minute ago and was not: a lost job never strands money."""
    late = clock.now() - ORPHANED_AFTER
    rows = session.scalars(
        select(Operation)
        .where(
            Operation.status.in_(("pending", "unknown", *operations.SETTLED)),  # of what has ended the next look
            or_(
                Operation.dead_at.is_(None), Operation.status.in_(operations.SETTLED)
            ),  # that is looked at all the same
            Operation.next_try_at < late,
            or_(Operation.leased_until.is_(None), Operation.leased_until < late),
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for operation in rows:
        log.warning("operation_revived", operation=operation.id)
        if operation.status in operations.SETTLED:
            operations.look_again(session, operation, owed=True, at_once=True)
        else:
            operations.start(session, operation)
    return len(rows)
