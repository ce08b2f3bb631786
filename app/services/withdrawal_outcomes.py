"""What becomes of a withdrawal: acknowledged by mail, completed once its money is back, told of where it is late."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.operations import Operation
from app.models.refunds import Cancellation, Refund
from app.models.returns import Return
from app.models.stores import Store
from app.models.withdrawals import Withdrawal
from app.services import cancellations, notices, refund_settlements, withdrawal_states, withdrawals
from app.services.callers import Caller
from app.services.withdrawal_states import ABOUT


def _told_of_mail(session: Session, operation: Operation) -> None:
    withdrawal = session.get_one(Withdrawal, operation.subject_id, with_for_update=True)
    if operation.status == "succeeded" and withdrawal.acknowledged_at is None:
        withdrawal.acknowledged_at = clock.now()
        withdrawal_states.record(session, withdrawal, "withdrawal.acknowledged")
    elif operation.status == "failed":
        withdrawal_states.record(session, withdrawal, "withdrawal.unacknowledged")


def _told_of_refund(session: Session, refund: Refund) -> None:
    query = select(Withdrawal).where(Withdrawal.refund_id == refund.id)
    if refund.return_id is not None:
        query = select(Withdrawal).where(Withdrawal.return_id == refund.return_id)
    for withdrawal in session.scalars(query.with_for_update()):
        _weigh(session, withdrawal)


def _told_of_cancellation(session: Session, cancellation: Cancellation) -> None:
    withdrawal = session.scalar(
        select(Withdrawal).where(Withdrawal.cancellation_id == cancellation.id).with_for_update()
    )
    if withdrawal is None:
        return
    if cancellation.status == "failed":  # it has left the shop meanwhile: a person has it come back
        withdrawal.cancellation_id = withdrawal.refund_id = None
        why = withdrawals.stopped("The shop has not canceled the order.")
        withdrawals.ask(session, _system(session, withdrawal), withdrawal, why, None)
    elif cancellation.refund_id is None:
        _weigh(session, withdrawal)


def _system(session: Session, withdrawal: Withdrawal) -> Caller:
    """Nobody asks but the shop's answer."""
    store = session.get_one(Store, withdrawal.store_id)
    return Caller(store, withdrawal.livemode, key_id="", scopes=frozenset(), request_id="", automation=True)


def _weigh(session: Session, withdrawal: Withdrawal) -> None:
    """Completed once all of its money has gone back; not any more where a bank sends some of it back."""
    paid = _paid(session, withdrawal)
    if paid and withdrawal.status == "confirmed":
        withdrawal.completed_at = clock.now()
        withdrawal_states.move(session, withdrawal, "completed")
    elif not paid and withdrawal.status == "completed":
        withdrawal.completed_at = None
        withdrawal.move("confirmed")
        withdrawal_states.record(session, withdrawal, "withdrawal.payment_failed", {"status": "completed"})


def _paid(session: Session, withdrawal: Withdrawal) -> bool:
    owed = [withdrawal.refund_id] if withdrawal.refund_id else []
    if withdrawal.return_id is not None:
        paying = session.get_one(Return, withdrawal.return_id).refund_id
        if paying is None:
            return False
        owed.append(paying)
    if not owed:
        canceled = withdrawal.cancellation_id and session.get_one(Cancellation, withdrawal.cancellation_id).status
        return canceled == "succeeded"
    return all(session.get_one(Refund, refund_id).status == "succeeded" for refund_id in owed)


def note_overdue(session: Session) -> int:
    """Tell once of each withdrawal whose money is late; how many were told of. Housekeeping calls it."""
    late = session.scalars(
        select(Withdrawal)
        .where(
            Withdrawal.status == "confirmed", Withdrawal.overdue_at.is_(None), Withdrawal.refund_due_at <= clock.now()
        )
        .order_by(Withdrawal.refund_due_at)
        .limit(100)
        .with_for_update(skip_locked=True)
    ).all()
    for withdrawal in late:
        withdrawal.overdue_at = clock.now()
        withdrawal_states.record(session, withdrawal, "withdrawal.refund_overdue")
    return len(late)


notices.FOLLOWERS[ABOUT] = _told_of_mail
refund_settlements.FOLLOWERS.append(_told_of_refund)
cancellations.FOLLOWERS.append(_told_of_cancellation)
