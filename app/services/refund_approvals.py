"""Refunds that wait for a person: named and priced, nothing reserved; priced and decided again when one says yes."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from app import clock
from app.models.approvals import Approval
from app.models.records import Decision
from app.models.refunds import WAITING, Refund
from app.services import approvals, audit, events, orders, refund_settlements, refund_views, refunds
from app.services.approvals import Made, Waiting
from app.services.callers import Caller
from app.services.decisions import Asked
from app.services.orders import Ledgers
from app.services.refund_quotes import RefundSpec
from app.services.runtime import Runtime

KIND = "refund"
SPEC = TypeAdapter(RefundSpec)


def request(
    session: Session,
    caller: Caller,
    order_id: str,
    said: Ledgers,
    spec: RefundSpec,
    *,
    return_id: str | None = None,
    decided: str = "refund",
) -> Refund:
    """The refund of something that has happened already: on its way, or awaiting approval where the guard asks."""
    try:
        with session.begin_nested():
            return refunds.request(session, caller, order_id, said, spec, return_id=return_id, decided=decided)
    except Asked as asked:
        return park(session, caller, order_id, said, spec, asked, return_id=return_id)


def park(
    session: Session,
    caller: Caller,
    order_id: str,
    said: Ledgers,
    spec: RefundSpec,
    asked: Asked,
    *,
    return_id: str | None = None,
) -> Refund:
    """Write the refund that the guard asked about, without a reservation, and the question to a person."""
    order, payments = refunds.hold(session, caller, order_id, said)
    priced = refunds.price(session, order, payments, spec)
    refund = refunds.draft(caller, order, spec, priced, return_id=return_id)
    refund.status = WAITING
    session.add(refund)
    session.flush()
    refunds.add_lines(session, refund, priced)
    parameters: dict[str, Any] = {"order": order.id, **SPEC.dump_python(spec, mode="json")}
    approvals.open_asked(
        session,
        caller,
        asked,
        action="refund_order",
        subject=(KIND, refund.id),
        order_id=order.id,
        parameters=parameters,
    )
    events.record(session, "refund.created", refund, refund_views.view(session, refund))
    audit.write(
        session,
        action="refund.requested",
        subject_type="refund",
        subject_id=refund.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"order": order.id, "amount": refund.amount, "currency": refund.currency, "waits": True},
        request_id=caller.request_id,
    )
    return refund


async def _read(runtime: Runtime, caller: Caller, approval: Approval) -> Ledgers:
    assert approval.order_id is not None
    order_id = await orders.load(runtime, caller, approval.order_id, fresh=True)
    return await orders.ledgers(runtime, caller, order_id)


def _resume(session: Session, caller: Caller, approval: Approval, said: Ledgers) -> Made:
    assert approval.order_id is not None
    waiting = session.get_one(Refund, approval.subject_id, with_for_update=True)
    asked = session.get_one(Decision, approval.decision_id)  # of the same thing today: a refund, or an exchange's
    refund = refunds.request(
        session,
        caller,
        approval.order_id,
        said,
        SPEC.validate_python(approval.parameters),  # of the order's id beside it a spec takes no notice
        decided=asked.action,
        waiting=waiting,
    )
    return KIND, refund.id


def _end(session: Session, approval: Approval, status: str) -> None:
    del status
    refund = session.get_one(Refund, approval.subject_id, with_for_update=True)
    refund.move("canceled")
    refund.settled_at = clock.now()
    shown = refund_views.view(session, refund)
    events.record(session, "refund.canceled", refund, shown, previous={"status": WAITING})
    refund_settlements.tell(session, refund)


approvals.register(KIND, Waiting(_read, _resume, _end))
