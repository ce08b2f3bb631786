"""Refund settlements: the provider's evidence moves a part and its refund; what did not go back is free again."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.integrations.receipts import Receipt
from app.models.operations import Operation
from app.models.refunds import RESERVING, Allocation, Refund
from app.services import credits as store_credits
from app.services import events, operations, refund_effects, refund_views, spending
from app.services.operations import Effect

FOLLOWERS: list[Callable[[Session, Refund], None]] = []
"""Told of each refund whose status has changed, in the same transaction."""


def tell(session: Session, refund: Refund) -> None:
    """Whoever follows refunds hears of its new status."""
    for told in FOLLOWERS:
        told(session, refund)


def settle(session: Session, operation: Operation, receipt: Receipt) -> None:
    """Move the allocation and its refund to what the provider's evidence says; the only way into a final state."""
    allocation = session.scalars(
        select(Allocation).where(Allocation.operation_id == operation.id).with_for_update()
    ).one()
    refund = session.get_one(Refund, allocation.refund_id, with_for_update=True)
    if operation.status == allocation.status:
        return
    held = allocation.status in RESERVING
    if allocation.status == "succeeded":  # it leads to nothing but a failure
        refund.reversed_at = clock.now()
    allocation.move(operation.status)
    allocation.failure_code = receipt.failure_code
    if held and allocation.status not in RESERVING:
        release(session, refund, allocation)
    session.flush()
    before = refund.status
    after = status_of([row.status for row in refund_views.allocations_of(session, refund)])
    refund.move(after)
    refund.failure_code = receipt.failure_code if after == "failed" else None
    refund.settled_at = clock.now() if after in {"succeeded", "failed"} else None
    kind = f"refund.{after}" if after != before else "refund.updated"
    events.record(session, kind, refund, refund_views.view(session, refund), previous={"status": before})
    if after != before:
        tell(session, refund)


def status_of(statuses: list[str]) -> str:
    """One word for a refund of several allocations: what is open first, then what failed."""
    for status in ("unknown", "pending", "failed"):
        if status in statuses:
            return status
    return "succeeded" if "succeeded" in statuses else "canceled"


def release(session: Session, refund: Refund, allocation: Allocation) -> None:
    """What automation had reserved for this part may be spent again."""
    if refund.automated:
        spending.release(session, refund, allocation.amount)


def after_all(session: Session, operation: Operation, happened: bool) -> None:  # noqa: FBT001  a hook's argument
    """A part that is held as failed has left us, or has come back since: the caps count what has left."""
    allocation = session.scalars(
        select(Allocation).where(Allocation.operation_id == operation.id).with_for_update()
    ).one()
    refund = session.get_one(Refund, allocation.refund_id, with_for_update=True)
    if refund.automated:
        (spending.take_again if happened else spending.release)(session, refund, allocation.amount)
    session.flush()
    events.record(
        session, "refund.updated", refund, refund_views.view(session, refund), previous={"status": refund.status}
    )


for _kind in refund_effects.KINDS:
    operations.register(
        Effect(
            kind=_kind.name,
            command=_kind.command,
            send=_kind.send,
            find=_kind.find,
            settle=settle,
            rechecked=True,
            family="payments",
            after_all=after_all,
        )
    )
store_credits.FOLLOWERS.append(settle)
store_credits.AFTER_ALL.append(after_all)
