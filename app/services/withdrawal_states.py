"""A withdrawal's states, each move an event; and how the contract shows it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import WithdrawalNotFound, WithdrawalNotInState
from app.models.operations import Operation
from app.models.orders import Order
from app.models.withdrawals import MOVES, Withdrawal, WithdrawalLine
from app.services import approval_views, audit, events, operation_views, orders, withdrawal_rights, withdrawal_words
from app.services.callers import Caller

ABOUT = "withdrawal"


def move(session: Session, withdrawal: Withdrawal, status: str) -> None:
    """Take it to `status`, with its event; raises `withdrawal_not_in_state` where no move leads there."""
    before = withdrawal.status
    if status not in MOVES[before]:
        raise WithdrawalNotInState(f"A withdrawal that is {before} cannot become {status}.")
    withdrawal.move(status)
    record(session, withdrawal, f"withdrawal.{status}", {"status": before})


def record(session: Session, withdrawal: Withdrawal, kind: str, previous: dict[str, Any] | None = None) -> None:
    """Its event, with the withdrawal as it is now."""
    session.flush()
    events.record(session, kind, withdrawal, view(session, withdrawal), previous=previous)


def note(session: Session, caller: Caller, withdrawal: Withdrawal, action: str) -> None:
    """Write it into the audit trail, with its lines."""
    audit.write(
        session,
        action=action,
        subject_type="withdrawal",
        subject_id=withdrawal.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"order": withdrawal.order_id, "lines": [list(line) for line in lines_in(session, withdrawal.id)]},
        request_id=caller.request_id,
    )


def locked(session: Session, caller: Caller, withdrawal_id: str) -> Withdrawal:
    """The withdrawal with its order's row locked first, as `request` takes them."""
    withdrawal = get(session, caller, withdrawal_id)
    orders.get(session, caller, withdrawal.order_id, lock=True)
    session.refresh(withdrawal, with_for_update=True)
    return withdrawal


def get(session: Session, caller: Caller, withdrawal_id: str) -> Withdrawal:
    """The withdrawal, or `withdrawal_not_found` where this caller has none such."""
    found = session.scalar(
        select(Withdrawal).where(
            Withdrawal.id == withdrawal_id,
            Withdrawal.store_id == caller.store_id,
            Withdrawal.livemode == caller.livemode,
        )
    )
    if found is None or (caller.shopper is not None and found.customer_id != caller.shopper):
        raise WithdrawalNotFound
    return found


def lines_in(session: Session, withdrawal_id: str) -> list[tuple[str, int]]:
    """Line id and quantity, by line."""
    rows = session.execute(
        select(WithdrawalLine.line_id, WithdrawalLine.quantity)
        .where(WithdrawalLine.withdrawal_id == withdrawal_id)
        .order_by(WithdrawalLine.line_id)
    )
    return [(line_id, quantity) for line_id, quantity in rows]


def view(session: Session, withdrawal: Withdrawal) -> dict[str, Any]:
    """The withdrawal as the contract shows it, with what follows from it in the shopper's language."""
    order = session.get_one(Order, withdrawal.order_id)
    lines = lines_in(session, withdrawal.id)
    mail = None if withdrawal.operation_id is None else session.get_one(Operation, withdrawal.operation_id)
    pending = withdrawal.status == "requested"
    plan = withdrawal_rights.plan(session, order, dict(lines)) if pending else None
    behind = [] if mail is None else [mail]
    for kind, subject in (("cancellation", withdrawal.cancellation_id), ("refund", withdrawal.refund_id)):
        behind += [] if subject is None else operation_views.of_subject(session, kind, subject)

    def stamp(moment: Any) -> str | None:
        return None if moment is None else clock.rfc3339(moment)

    return {
        "id": withdrawal.id,
        "livemode": withdrawal.livemode,
        "order": withdrawal.order_id,
        "customer": withdrawal.customer_id,
        "status": withdrawal.status,
        "lines": [{"line_id": line_id, "quantity": quantity} for line_id, quantity in lines],
        "effects": [] if plan is None else plan.effects(),
        "text": None if plan is None else withdrawal_words.announcement(plan, withdrawal.language),
        "language": withdrawal.language,
        "confirmation": {"method": "POST", "path": f"/v1/withdrawals/{withdrawal.id}/confirm"} if pending else None,
        "deadline_at": stamp(withdrawal.deadline_at),
        "declared_at": stamp(withdrawal.declared_at),
        "refund_due_at": stamp(withdrawal.refund_due_at),
        "refund_overdue": withdrawal.overdue_at is not None and withdrawal.status == "confirmed",
        "acknowledgement": None
        if withdrawal.acknowledgement is None
        else {
            "text": withdrawal.acknowledgement,
            "status": "undeliverable" if mail is None else mail.status,
            "sent_at": stamp(withdrawal.acknowledged_at),
        },
        "cancellation": withdrawal.cancellation_id,
        "refund": withdrawal.refund_id,
        "return": withdrawal.return_id,
        "approval": approval_views.brief_of(session, ABOUT, withdrawal.id),
        "operations": [row.id for row in behind],
        "settled": all(row.status not in {"pending", "unknown"} for row in behind),
        "created_at": clock.rfc3339(withdrawal.created_at),
        "completed_at": stamp(withdrawal.completed_at),
    }
