"""Return labels as they are read: by their id, and as the contract shows them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import LabelNotFound
from app.models.operations import Operation
from app.models.returns import Label, Return
from app.services import audit, operation_views
from app.services.callers import Caller
from app.services.order_views import money


def get(session: Session, caller: Caller, label_id: str, *, lock: bool = False) -> Label:
    """The label, or `label_not_found` where this caller has none such."""
    query = select(Label).where(
        Label.id == label_id, Label.store_id == caller.store_id, Label.livemode == caller.livemode
    )
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None or (caller.shopper is not None and found.customer_id != caller.shopper):
        raise LabelNotFound
    return found


def view(session: Session, label: Label) -> dict[str, Any]:
    """The label as the contract shows it."""
    current = label.void_operation_id or label.operation_id
    operation = None if current is None else session.get(Operation, current)
    return_ = session.get_one(Return, label.return_id)
    return {
        "id": label.id,
        "livemode": label.livemode,
        "return_id": label.return_id,
        "rma": return_.rma,
        "order": label.order_id,
        "customer": label.customer_id,
        "status": label.status,
        "carrier": label.carrier,
        "service": label.service,
        "tracking_number": label.tracking_number,
        "tracking_url": label.tracking_url,
        "format": label.format,
        "qr": label.qr,
        "parcel_number": label.parcel_number,
        "parcel": label.parcel,
        "cost": None if label.cost is None or label.currency is None else money(label.cost, label.currency),
        "cost_credited": None
        if label.credited is None or label.currency is None
        else money(label.credited, label.currency),
        "enclosed": label.operation_id is None,
        "file": f"/v1/return-labels/{label.id}/file"
        if label.operation_id is not None and label.status in {"active", "voiding"}
        else None,
        "failure_code": label.failure_code,
        "operation": None if operation is None else operation_views.view(operation),
        "expires_at": None if label.expires_at is None else clock.rfc3339(label.expires_at),
        "used_at": None if label.used_at is None else clock.rfc3339(label.used_at),
        "created_at": clock.rfc3339(label.created_at),
        "settled_at": None if label.settled_at is None else clock.rfc3339(label.settled_at),
    }


def audited(session: Session, caller: Caller, label: Label, action: str) -> None:
    """One row of the audit trail about a label."""
    audit.write(
        session,
        action=action,
        subject_type="label",
        subject_id=label.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"return": label.return_id},
        request_id=caller.request_id,
    )
