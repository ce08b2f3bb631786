"""What runs behind the requests: the engine's jobs and the housekeeping beside it."""

import asyncio
import os
import socket
import uuid
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.orm import Session

from app.errors import StorageUnavailable
from app.services import (
    approvals,
    audit,
    backtest_runs,
    backtests,
    cancellations,
    change_outcomes,
    claim_approvals,
    claims,
    confirmations,
    crm_commands,
    customer_merges,
    deliveries,
    durable,
    events,
    exchanges,
    file_blobs,
    file_sweeps,
    idempotency,
    inbound,
    inbound_parcels,
    inbound_payments,
    inbound_shops,
    inbound_work,
    label_watch,
    labels,
    mirror_nightly,
    operations,
    order_mails,
    parcel_alerts,
    parcel_subscriptions,
    parcel_watch,
    privacy_requests,
    refund_approvals,
    refunds,
    return_approvals,
    return_expiry,
    return_overdue,
    session_codes,
    shop_erasures,
    shopper_sessions,
    state_mails,
    ticket_clocks,
    ticket_updates,
    tickets,
    tries,
    webhook_queue,
    withdrawal_approvals,
    withdrawal_outcomes,
    withdrawals,
)
from app.services.actions import registry
from app.services.conversation import aftermath, lockouts
from app.services.privacy import erasing, retention
from app.services.runtime import Runtime

log = structlog.get_logger()

registry.every()  # before any policy is read: the guard knows the names that actions bring
SETTLERS = (
    refunds,
    labels,
    cancellations,
    change_outcomes,
    claims,
    withdrawals,
    order_mails,
    exchanges,
    state_mails,
    deliveries,
    aftermath,
    refund_approvals,
    return_approvals,
    claim_approvals,
    withdrawal_approvals,
    registry,
    crm_commands,
    inbound_parcels,
    inbound_payments,
    inbound_shops,
)
"""Each registers the kinds of operation that it settles, or what follows from them, when it is imported."""
SEAL_EVERY = 1.0
REVIVE_EVERY = 20
"""Seals between two rounds of chores."""


def executor_name() -> str:
    """Who runs operations in this process: unique per start."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def table(runtime: Runtime) -> dict[str, durable.Job]:
    """Every job by its name."""

    async def run(subject_id: str, schedule: int) -> None:
        await tries.run(runtime, subject_id, schedule)
        runtime.bell.ring(subject_id)

    async def recheck(subject_id: str, number: int) -> None:
        await tries.recheck(runtime, subject_id, number)

    async def backtest(subject_id: str, schedule: int) -> None:
        await backtest_runs.run(runtime, subject_id, schedule)

    async def session(subject_id: str, schedule: int) -> None:
        await session_codes.run(runtime, subject_id, schedule)

    async def update_tickets(subject_id: str, schedule: int) -> None:
        await ticket_updates.run(runtime, subject_id, schedule)

    async def work(subject_id: str, schedule: int) -> None:
        await inbound_work.run(runtime, subject_id, schedule)

    return {
        operations.JOB: run,
        operations.RECHECK_JOB: recheck,
        backtests.JOB: backtest,
        shopper_sessions.JOB: session,
        ticket_updates.JOB: update_tickets,
        inbound.JOB: work,
    }


CHORES = (
    tries.revive,
    approvals.tend,
    shopper_sessions.purge,
    return_overdue.tend,
    return_expiry.tend,
    parcel_alerts.tend,
    tickets.wake,
    ticket_clocks.tend,
    ticket_updates.revive,
    customer_merges.tend,
    idempotency.purge,
    withdrawal_outcomes.note_overdue,
    confirmations.purge,
    inbound.revive,
    inbound.purge,
    lockouts.purge,
    file_sweeps.drop_loose,
    file_blobs.drop_unused,
    file_sweeps.drop_strays,
    webhook_queue.purge,
    events.purge,
    erasing.tend,
    privacy_requests.tend,
    retention.forget_tickets,
)
"""What is looked after now and then, each in a transaction of its own."""


async def housekeeping(runtime: Runtime) -> None:
    """Seal the audit trail every second, now and then do the chores; beside it watch parcels and mirror."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_tidying(runtime))
        group.create_task(_look_after(runtime, parcel_watch.tend, runtime.settings.parcel_watch_seconds))
        group.create_task(_look_after(runtime, parcel_subscriptions.tend, runtime.settings.parcel_watch_seconds))
        group.create_task(_look_after(runtime, mirror_nightly.tend, runtime.settings.nightly_seconds))
        group.create_task(_look_after(runtime, shop_erasures.tend, SEAL_EVERY * REVIVE_EVERY))


async def _tidying(runtime: Runtime) -> None:
    turn = 0
    while True:
        for chore in (audit.seal, *(CHORES if turn % REVIVE_EVERY == 0 else ())):
            await tidy(runtime, chore)
        turn += 1
        await asyncio.sleep(SEAL_EVERY)


async def watching(runtime: Runtime) -> None:
    """Look after the labels that are on their way, beside the housekeeping."""
    await _look_after(runtime, label_watch.look, SEAL_EVERY * REVIVE_EVERY)


async def _look_after(runtime: Runtime, look: Callable[[Runtime], Awaitable[object]], every: float) -> None:
    """Ask carriers again and again, by itself: that takes as long as it takes, and keeps no chore waiting."""
    while every:
        try:
            await look(runtime)
        except StorageUnavailable:
            log.warning("watching_waits_for_the_database", watch=look.__module__)
        except Exception:  # one bad row must not end the watch over all others
            log.exception("watching_failed", watch=look.__module__)
        await asyncio.sleep(every)


async def tidy(runtime: Runtime, chore: Callable[[Session], object]) -> None:
    """Do one chore; where it fails it is told in the log, and the others are done all the same."""
    try:
        await runtime.db.write(chore)
    except StorageUnavailable:
        log.warning("housekeeping_waits_for_the_database")
    except Exception:  # one bad row must not end the sealing and the reviving of all others
        log.exception("housekeeping_failed", chore=chore.__name__)
