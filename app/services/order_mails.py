"""The confirmation of an order, mailed once more to the contact on the order."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import ConfirmationJustSent, NoContact
from app.models.operations import Operation
from app.models.orders import Order
from app.money import Money
from app.services import audit, decisions, events, guard_facts, notices, orders
from app.services.callers import Caller
from app.services.order_views import lines_of, order_view
from app.services.wording.dates import day
from app.services.wording.notices import tell

PAUSE = timedelta(minutes=10)
ABOUT = "order"


def resend_confirmation(session: Session, caller: Caller, order_id: str) -> Operation:
    """Mail the order's confirmation again; at most once in ten minutes, whoever asks.

    Raises `confirmation_just_sent`, and `no_contact` where no address stands on the order.
    """
    order = orders.get(session, caller, order_id, lock=True)
    facts = guard_facts.of_order(session, caller, order, "resend_confirmation")
    decisions.enforce(decisions.decide(session, caller, facts, subject=("order", order.id)))
    if _lately(session, order):
        raise ConfirmationJustSent
    language = notices.language(session, caller, order)
    title = tell("confirmation.subject", language, number=order.number)
    operation = notices.send(session, caller, order, (ABOUT, order.id), title, _text(session, order, language))
    if operation is None:
        raise NoContact
    audit.write(
        session,
        action="order.confirmation_resent",
        subject_type="order",
        subject_id=order.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"operation": operation.id},
        request_id=caller.request_id,
    )
    return operation


def _lately(session: Session, order: Order) -> bool:
    since = clock.now() - PAUSE
    query = select(Operation.id).where(
        Operation.subject_type == ABOUT,
        Operation.subject_id == order.id,
        Operation.kind == notices.KIND,
        Operation.created_at > since,
        Operation.status != "failed",
    )
    return session.scalar(query.limit(1)) is not None


def _text(session: Session, order: Order, language: str) -> str:
    placed = tell("confirmation.placed", language, number=order.number, date=day(order.placed_at, language))
    items = "\n".join(listed(line.title, line.quantity) for line in lines_of(session, order))
    total = Money(int(order.snapshot["totals"]["total"]), order.currency).text(language)
    return f"{placed}\n\n{items}\n\n{tell('confirmation.total', language, amount=total)}"


def listed(title: str, quantity: int) -> str:
    """One item in a mail, on a line of its own whatever its title holds."""
    return f"- {quantity} × {' '.join(title.split())[:200]}"


def _sent(session: Session, operation: Operation) -> None:
    if operation.status not in {"succeeded", "failed"}:
        return
    order = session.get_one(Order, operation.subject_id)
    kind = "order.confirmation_sent" if operation.status == "succeeded" else "order.confirmation_unsent"
    events.record(session, kind, order, {**order_view(session, order), "operation": operation.id})


notices.FOLLOWERS[ABOUT] = _sent
