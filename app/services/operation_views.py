"""Operations as they are read: one, all of a resource, their tries, how far they are, and as the contract shows one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import OperationNotFound
from app.models.changes import Change
from app.models.credits import Credit
from app.models.exchanges import Exchange
from app.models.operations import FINAL, Operation, OperationTry
from app.models.orders import Order
from app.models.refunds import Cancellation, Refund
from app.models.returns import Label, Return
from app.models.tickets import Message, Ticket
from app.models.withdrawals import Withdrawal
from app.services.callers import Caller

NOTICE = "notice"
"""The kind of a mail about a thing; what happens to the thing does not wait for it."""


def get(session: Session, caller: Caller, operation_id: str, *, lock: bool = False) -> Operation:
    """The operation, or `operation_not_found` where this caller has none such."""
    query = select(Operation).where(
        Operation.id == operation_id, Operation.store_id == caller.store_id, Operation.livemode == caller.livemode
    )
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None or (caller.shopper is not None and _customer(session, found) != caller.shopper):
        raise OperationNotFound
    return found


def _customer(session: Session, operation: Operation) -> str | None:
    """Whose the operation's subject is; None where it is the store's."""
    subject = operation.subject_id
    owners = {
        "refund": select(Refund.customer_id).where(Refund.id == subject),
        "label": select(Label.customer_id).where(Label.id == subject),
        "change": select(Change.customer_id).where(Change.id == subject),
        "return": select(Return.customer_id).where(Return.id == subject),
        "exchange": select(Exchange.customer_id).where(Exchange.id == subject),
        "cancellation": select(Order.customer_id).join(Cancellation).where(Cancellation.id == subject),
        "credit": select(Credit.customer_id).where(Credit.id == subject),
        "withdrawal": select(Withdrawal.customer_id).where(Withdrawal.id == subject),
        "order": select(Order.customer_id).where(Order.id == subject),
        "message": select(Ticket.customer_id).join(Message).where(Message.id == subject),
    }
    owner = owners.get(operation.subject_type)
    return None if owner is None else session.scalar(owner)


# Built once: nearly everything that is shown asks them.
_OF_SUBJECT = (
    select(Operation)
    .where(
        Operation.subject_type == bindparam("kind_of"),
        Operation.subject_id == bindparam("subject"),
        Operation.kind != NOTICE,
    )
    .order_by(Operation.id)
)
_TRIES = select(OperationTry).where(OperationTry.operation_id == bindparam("operation")).order_by(OperationTry.number)


def of_subject(session: Session, subject_type: str, subject_id: str) -> list[Operation]:
    """Every operation about one resource, oldest first; mails that tell of it are none of its effects."""
    return list(session.scalars(_OF_SUBJECT, {"kind_of": subject_type, "subject": subject_id}))


def tries(session: Session, operation_id: str) -> list[OperationTry]:
    """Each try, oldest first."""
    return list(session.scalars(_TRIES, {"operation": operation_id}))


def progress(session: Session, operation_ids: list[str]) -> list[Any]:
    """How far these operations are, in as little as tells whether anything has changed."""
    query = select(Operation.id, Operation.status, Operation.next_try_at, Operation.dead_at)
    return list(session.execute(query.where(Operation.id.in_(operation_ids)).order_by(Operation.id)))


def view(operation: Operation, attempts: list[OperationTry] | None = None) -> dict[str, Any]:
    """The operation as the contract shows it; the command's personal data stays inside."""
    shown: dict[str, Any] = {
        "id": operation.id,
        "livemode": operation.livemode,
        "kind": operation.kind,
        "provider": operation.provider,
        "key": operation.provider_key,
        "subject": {"type": operation.subject_type, "id": operation.subject_id},
        "status": operation.status,
        "tries": operation.tries or 0,
        "needs_person": operation.dead_at is not None,
        "external_id": operation.external_id,
        "error": None
        if operation.error_code is None
        else {"code": operation.error_code, "detail": operation.error_detail},
        "evidence": operation.evidence,
        # Of a success it is the next look at whether it lasts: no try.
        "next_try_at": None
        if operation.next_try_at is None or operation.status in FINAL
        else clock.rfc3339(operation.next_try_at),
        "created_at": clock.rfc3339(operation.created_at),
        "settled_at": None if operation.settled_at is None else clock.rfc3339(operation.settled_at),
    }
    if attempts is not None:
        shown["attempts"] = [
            {
                "number": row.number,
                "started_at": clock.rfc3339(row.started_at),
                "ended_at": None if row.ended_at is None else clock.rfc3339(row.ended_at),
                "outcome": row.outcome,
                "detail": row.detail,
            }
            for row in attempts
        ]
    return shown
