"""Withdrawals (Directive 2023/2673): declared and confirmed, acknowledged by mail, carried out, and paid in time.

No reason is asked for and none is kept. The confirmation makes a withdrawal binding whatever follows from it; what
automation may not do by itself waits for a person, while the clock of the refund runs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import AppError, WithdrawalNotFound, WithdrawalNotInState
from app.models.operations import Operation
from app.models.orders import Order
from app.models.refunds import Cancellation, Refund
from app.models.returns import Return
from app.models.withdrawals import BINDING, MOVES, Withdrawal, WithdrawalLine
from app.services import (
    audit,
    cancellations,
    decisions,
    events,
    notices,
    operations,
    orders,
    refund_settlements,
    refunds,
    returns,
    withdrawal_rights,
    withdrawal_words,
)
from app.services.callers import Caller
from app.services.orders import Ledgers
from app.services.refund_quotes import RefundSpec
from app.services.return_specs import LineSpec, ReturnSpec
from app.services.withdrawal_rights import PAID_WITHIN, Plan, Wanted

ABOUT = "withdrawal"


def request(session: Session, caller: Caller, order_id: str, lines: Wanted | None) -> Withdrawal:
    """Step one: what would follow, and when the period ends; nothing is binding yet.

    Asked again for the same, the same withdrawal answers, also once it is binding.
    """
    order = orders.get(session, caller, order_id, lock=True)
    known = _standing(session, order)
    wanted = withdrawal_rights.named_lines(session, order, lines)
    for withdrawal in known:
        same = wanted == dict(lines_in(session, withdrawal.id))
        if same or (not wanted and withdrawal.status in BINDING):
            return withdrawal
    found = withdrawal_rights.check(session, caller, order, wanted)
    withdrawal = Withdrawal(
        id=ids.new("wdr"),
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=clock.now(),
        order_id=order.id,
        customer_id=order.customer_id,
        status="requested",
        language=notices.language(session, caller, order),
        deadline_at=found.deadline,
        needs_person=False,
        actor=caller.actor(),
    )
    session.add(withdrawal)
    session.flush()
    for line_id, quantity in wanted.items():
        session.add(WithdrawalLine(withdrawal_id=withdrawal.id, line_id=line_id, quantity=quantity))
    session.flush()
    events.record(session, "withdrawal.requested", withdrawal, view(session, withdrawal))
    return withdrawal


def confirm(session: Session, caller: Caller, withdrawal_id: str, said: Ledgers) -> Withdrawal:
    """Step two: binding from now, acknowledged on a durable medium, and carried out.

    Repeated it changes nothing; repeated by the store where a person is needed, it is carried out as the store.
    """
    withdrawal = _locked(session, caller, withdrawal_id)
    order = orders.get(session, caller, withdrawal.order_id, lock=True)
    wanted = dict(lines_in(session, withdrawal.id))
    if withdrawal.status in BINDING:
        if withdrawal.needs_person and caller.is_merchant:
            plan = withdrawal_rights.plan(session, order, wanted)
            _carry_out(session, caller, withdrawal, order, plan, said, tell_shopper=True)
            withdrawal.needs_person = False
            _record(session, withdrawal, "withdrawal.carried_out")
            _audit(session, caller, withdrawal, "withdrawal.carried_out")
        return withdrawal
    if withdrawal.status != "requested":
        raise WithdrawalNotInState(f"A withdrawal that is {withdrawal.status} cannot be confirmed.")
    found = withdrawal_rights.check(session, caller, order, wanted)
    now = clock.now()
    withdrawal.declared_at, withdrawal.refund_due_at = now, now + PAID_WITHIN
    withdrawal.deadline_at = found.deadline
    _move(session, withdrawal, "confirmed")
    _audit(session, caller, withdrawal, "withdrawal.confirmed")
    withdrawal.needs_person = found.asks or not _by_itself(session, caller, withdrawal, order, found.plan, said)
    if withdrawal.needs_person:
        _record(session, withdrawal, "withdrawal.needs_person")
    _acknowledge(session, caller, withdrawal, order, found.plan)
    return withdrawal


def _by_itself(
    session: Session, caller: Caller, withdrawal: Withdrawal, order: Order, plan: Plan, said: Ledgers
) -> bool:
    """Whether what follows could be done at once; what a cap or the shop's state stops is left to a person."""
    try:
        with session.begin_nested():
            _carry_out(session, caller, withdrawal, order, plan, said, tell_shopper=False)
    except AppError:
        session.refresh(withdrawal)
        return False
    return True


def _carry_out(
    session: Session,
    caller: Caller,
    withdrawal: Withdrawal,
    order: Order,
    plan: Plan,
    said: Ledgers,
    *,
    tell_shopper: bool,
) -> None:
    """Cancel, refund and have come back; `tell_shopper` of the return, which else the acknowledgement does."""
    if plan.cancels:
        cancellation = cancellations.request(session, caller, order.id, said)
        withdrawal.cancellation_id, withdrawal.refund_id = cancellation.id, cancellation.refund_id
    elif plan.unsent:
        spec = RefundSpec(lines=tuple(plan.unsent.items()))
        withdrawal.refund_id = refunds.request(session, caller, order.id, said, spec).id
    if plan.sent:
        lines = tuple(LineSpec(line_id, quantity) for line_id, quantity in plan.sent.items())
        # The right is the law's, not the return policy's, so that it is the store that has the goods come back.
        store = replace(caller, shopper=None, automation=False)
        made = returns.request(
            session, store, order.id, ReturnSpec(lines=lines), statutory=True, tell_shopper=tell_shopper
        )
        withdrawal.return_id = made.id
    session.flush()


def _acknowledge(session: Session, caller: Caller, withdrawal: Withdrawal, order: Order, plan: Plan) -> None:
    """The mail that the law asks for: the declaration's content with its date and time, sent once."""
    rma = None if withdrawal.return_id is None else session.get_one(Return, withdrawal.return_id).rma
    right = decisions.policy_of(session, caller).withdrawal
    words = withdrawal_words.acknowledgement(session, caller.store, withdrawal, order, plan, rma, right)
    withdrawal.acknowledgement = words.text
    sent = notices.send(session, caller, order, (ABOUT, withdrawal.id), words.title, words.text)
    withdrawal.operation_id = None if sent is None else sent.id
    session.flush()


# ---- what follows -----------------------------------------------------------------------------------------------


def _told_of_mail(session: Session, operation: Operation) -> None:
    withdrawal = session.get_one(Withdrawal, operation.subject_id, with_for_update=True)
    if operation.status == "succeeded" and withdrawal.acknowledged_at is None:
        withdrawal.acknowledged_at = clock.now()
        _record(session, withdrawal, "withdrawal.acknowledged")
    elif operation.status == "failed":
        _record(session, withdrawal, "withdrawal.unacknowledged")


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
        withdrawal.needs_person = True
        _record(session, withdrawal, "withdrawal.needs_person")
    elif cancellation.refund_id is None:
        _weigh(session, withdrawal)


def _weigh(session: Session, withdrawal: Withdrawal) -> None:
    """Completed once all of its money has gone back; not any more where a bank sends some of it back."""
    paid = _paid(session, withdrawal)
    if paid and withdrawal.status == "confirmed":
        withdrawal.completed_at = clock.now()
        _move(session, withdrawal, "completed")
    elif not paid and withdrawal.status == "completed":
        withdrawal.completed_at = None
        withdrawal.move("confirmed")
        _record(session, withdrawal, "withdrawal.payment_failed", {"status": "completed"})


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
        _record(session, withdrawal, "withdrawal.refund_overdue")
    return len(late)


notices.FOLLOWERS[ABOUT] = _told_of_mail
refund_settlements.FOLLOWERS.append(_told_of_refund)
cancellations.FOLLOWERS.append(_told_of_cancellation)


# ---- writing and reading ----------------------------------------------------------------------------------------


def _move(session: Session, withdrawal: Withdrawal, status: str) -> None:
    before = withdrawal.status
    if status not in MOVES[before]:
        raise WithdrawalNotInState(f"A withdrawal that is {before} cannot become {status}.")
    withdrawal.move(status)
    _record(session, withdrawal, f"withdrawal.{status}", {"status": before})


def _record(session: Session, withdrawal: Withdrawal, kind: str, previous: dict[str, Any] | None = None) -> None:
    session.flush()
    events.record(session, kind, withdrawal, view(session, withdrawal), previous=previous)


def _audit(session: Session, caller: Caller, withdrawal: Withdrawal, action: str) -> None:
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


def _locked(session: Session, caller: Caller, withdrawal_id: str) -> Withdrawal:
    """The withdrawal with its order's row locked first, as `request` takes them."""
    withdrawal = get(session, caller, withdrawal_id)
    orders.get(session, caller, withdrawal.order_id, lock=True)
    session.refresh(withdrawal, with_for_update=True)
    return withdrawal


def _standing(session: Session, order: Order) -> list[Withdrawal]:
    """The order's withdrawals that were not taken back, binding ones first."""
    rows = session.scalars(
        select(Withdrawal)
        .where(Withdrawal.order_id == order.id, Withdrawal.status != "canceled")
        .order_by(Withdrawal.id)
    ).all()
    return sorted(rows, key=lambda row: row.status not in BINDING)


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
        behind += [] if subject is None else operations.of_subject(session, kind, subject)

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
        "approval": {"status": "pending"} if withdrawal.needs_person else None,
        "operations": [row.id for row in behind],
        "settled": all(row.status not in {"pending", "unknown"} for row in behind),
        "created_at": clock.rfc3339(withdrawal.created_at),
        "completed_at": stamp(withdrawal.completed_at),
    }
