"""A return's states, each move an event; and how the contract shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import ReturnNotFound, ReturnNotInState
from app.models.operations import Operation
from app.models.orders import Order
from app.models.refunds import Refund
from app.models.returns import LABEL_HOLDING, MOVES, Label, Return, ReturnLine
from app.services import approval_views, audit, events, operation_views, return_clocks
from app.services.callers import Caller
from app.services.order_views import money

KIND = "return"
WAITING = ("requested", "awaiting_approval")
STAMPS = {
    "approved": "approved_at",
    "received": "received_at",
    "inspected": "inspected_at",
    "completed": "completed_at",
}
FOLLOWERS: list[Callable[[Session, Return, str], None]] = []
"""Told of each return that has moved and of the status that it had, in the same transaction."""


def get(session: Session, caller: Caller, return_id: str, *, lock: bool = False) -> Return:
    """The return, or `return_not_found` where this caller has none such."""
    query = select(Return).where(
        Return.id == return_id, Return.store_id == caller.store_id, Return.livemode == caller.livemode
    )
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None or (caller.shopper is not None and found.customer_id != caller.shopper):
        raise ReturnNotFound
    return found


def move(session: Session, return_: Return, status: str) -> None:
    """Take a return to `status`, with its event; raises `return_not_in_state` where no move leads there."""
    if status not in MOVES[return_.status]:
        raise ReturnNotInState(f"A return that is {return_.status} cannot become {status}.")
    before = return_.status
    return_.move(status)
    if status in STAMPS:
        setattr(return_, STAMPS[status], clock.now())
    if status == "in_transit":  # that it was not sent was told, perhaps; that it does not arrive is another matter
        return_.overdue_at = return_.overdue_reason = None
    return_.expires_at = return_clocks.expires_at(session, return_, before)
    return_.due_at = return_clocks.due_at(session, return_, before)
    session.flush()
    events.record(session, f"return.{status}", return_, view(session, return_), previous={"status": before})
    for told in FOLLOWERS:
        told(session, return_, before)


def note(session: Session, caller: Caller, return_: Return, action: str, evidence: dict[str, Any]) -> None:
    """Write it into the audit trail."""
    audit.write(
        session,
        action=action,
        subject_type="return",
        subject_id=return_.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence=evidence,
        request_id=caller.request_id,
    )


# Built once: every return that is shown asks them.
_LINES = select(ReturnLine).where(ReturnLine.return_id == bindparam("return")).order_by(ReturnLine.line_id)
_LABELS = (
    select(Label)
    .where(Label.return_id == bindparam("return"), Label.status.in_(LABEL_HOLDING))
    .order_by(Label.parcel_number)
)
_REFUNDS = (
    select(Refund)
    .where(Refund.order_id == bindparam("order"), Refund.return_id == bindparam("return"))
    .order_by(Refund.id)
)


def lines_in(session: Session, return_id: str) -> list[ReturnLine]:
    """The return's lines."""
    return list(session.scalars(_LINES, {"return": return_id}))


def live_labels(session: Session, return_id: str) -> list[Label]:
    """The return's labels that are neither void, failed nor expired, one per parcel, in the order of the parcels."""
    return list(session.scalars(_LABELS, {"return": return_id}))


def refunds_of(session: Session, return_: Return) -> list[Refund]:
    """Every refund that pays it, oldest first."""
    return list(session.scalars(_REFUNDS, {"order": return_.order_id, "return": return_.id}))


def registration(session: Session, return_: Return) -> Operation | None:
    """The operation that has the shop expect the return."""
    return None if return_.operation_id is None else session.get(Operation, return_.operation_id)


def newest(session: Session, return_: Return) -> Operation | None:
    """What the shop is being told of the return, or was told last."""
    opened = registration(session, return_)
    if opened is None or opened.status in {"pending", "unknown"} or return_.status not in {"canceled", "expired"}:
        return opened
    return (operation_views.of_subject(session, "return", return_.id) or [opened])[-1]


def asked(session: Session, return_: Return) -> dict[str, Any] | None:
    """What a person is asked, or was asked last: about its refund, else about itself."""
    for kind, subject in (("refund", return_.refund_id), ("refund", return_.credit_refund_id), ("return", return_.id)):
        found = None if subject is None else approval_views.brief_of(session, kind, subject)
        if found is not None and (kind == "return" or found["status"] == "pending"):
            return found
    return None


def view(session: Session, return_: Return) -> dict[str, Any]:
    """The return as the contract shows it."""
    labels = live_labels(session, return_.id)
    currency = session.get_one(Order, return_.order_id).currency
    operation = newest(session, return_)

    def stamp(moment: Any) -> str | None:
        return None if moment is None else clock.rfc3339(moment)

    return {
        "id": return_.id,
        "livemode": return_.livemode,
        "rma": return_.rma,
        "order": return_.order_id,
        "customer": return_.customer_id,
        "ticket": return_.ticket_id,
        "status": return_.status,
        "method": return_.method,
        "destination": {"type": return_.destination, "payment_method_id": return_.payment_method_id},
        "lines": [
            {
                "line_id": row.line_id,
                "quantity": row.quantity,
                "received_quantity": row.received_quantity,
                "reason": row.reason,
                "note": row.note,
                "resolution": row.resolution,
                "condition": row.condition,
                "files": row.files or [],
            }
            for row in lines_in(session, return_.id)
        ],
        "fee": money(return_.fee or 0, currency),
        "label_payer": return_.label_payer,
        "label": labels[0].id if labels else None,
        "labels": [label.id for label in labels],
        "refund": return_.refund_id,
        "credit_refund": return_.credit_refund_id,
        "refunds": [refund.id for refund in refunds_of(session, return_)],
        "exchange": return_.exchange_id,
        "approval": asked(session, return_),
        "operation": None if operation is None else operation_views.view(operation),
        "created_at": clock.rfc3339(return_.created_at),
        "approved_at": stamp(return_.approved_at),
        "expires_at": stamp(return_.expires_at),
        "due_at": stamp(return_.due_at),
        "overdue_at": stamp(return_.overdue_at),
        "overdue_reason": return_.overdue_reason,
        "received_at": stamp(return_.received_at),
        "inspected_at": stamp(return_.inspected_at),
        "completed_at": stamp(return_.completed_at),
    }
