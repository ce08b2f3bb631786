"""Withdrawals (Directive 2023/2673): declared and confirmed, acknowledged by mail, carried out, and paid in time.

No reason is asked for and none is kept. The confirmation makes a withdrawal binding whatever follows from it; what
automation may not do by itself waits for a person, while the clock of the refund runs.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import AppError, WithdrawalNotInState
from app.models.approvals import Approval
from app.models.orders import Order
from app.models.returns import Return
from app.models.withdrawals import BINDING, Withdrawal, WithdrawalLine
from app.services import (
    approvals,
    cancellations,
    decisions,
    events,
    notices,
    orders,
    refunds,
    returns,
    withdrawal_delivery,
    withdrawal_rights,
    withdrawal_states,
    withdrawal_words,
)
from app.services.callers import Caller
from app.services.decisions import Asked
from app.services.orders import Ledgers
from app.services.policy.contract import Ruling
from app.services.refund_quotes import RefundSpec
from app.services.return_specs import LineSpec, ReturnSpec
from app.services.withdrawal_rights import PAID_WITHIN, Plan, Wanted
from app.services.withdrawal_states import ABOUT


def request(session: Session, caller: Caller, order_id: str, lines: Wanted | None) -> Withdrawal:
    """Step one: what would follow, and when the period ends; nothing is binding yet.

    Asked again for the same, the same withdrawal answers, also once it is binding.
    """
    order = orders.get(session, caller, order_id, lock=True)
    known = _standing(session, order)
    wanted = withdrawal_rights.named_lines(session, order, lines)
    for withdrawal in known:
        same = wanted == dict(withdrawal_states.lines_in(session, withdrawal.id))
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
    events.record(session, "withdrawal.requested", withdrawal, withdrawal_states.view(session, withdrawal))
    return withdrawal


def confirm(session: Session, caller: Caller, withdrawal_id: str, said: Ledgers) -> Withdrawal:
    """Step two: binding from now, acknowledged on a durable medium, and carried out; repeated it changes nothing."""
    withdrawal = withdrawal_states.locked(session, caller, withdrawal_id)
    order = orders.get(session, caller, withdrawal.order_id, lock=True)
    wanted = dict(withdrawal_states.lines_in(session, withdrawal.id))
    if withdrawal.status in BINDING:
        return withdrawal
    if withdrawal.status != "requested":
        raise WithdrawalNotInState(f"A withdrawal that is {withdrawal.status} cannot be confirmed.")
    found = withdrawal_rights.check(session, caller, order, wanted)
    now = clock.now()
    withdrawal.declared_at, withdrawal.refund_due_at = now, now + PAID_WITHIN
    withdrawal.deadline_at = found.deadline
    withdrawal_states.move(session, withdrawal, "confirmed")
    withdrawal_states.note(session, caller, withdrawal, "withdrawal.confirmed")
    if found.asks:
        ask(session, caller, withdrawal, Ruling.model_validate(found.decision.ruling), found.decision.id)
    elif found.plan.unsent and not found.plan.cancels:
        ask(session, caller, withdrawal, stopped(STILL_SHIPS), found.decision.id)
    else:
        _by_itself(session, caller, withdrawal, order, found.plan, said)
    _acknowledge(session, caller, withdrawal, order, found.plan)
    return withdrawal


def _by_itself(
    session: Session, caller: Caller, withdrawal: Withdrawal, order: Order, plan: Plan, said: Ledgers
) -> None:
    """Do what follows at once; what a cap or the shop's state stops is left to a person."""
    try:
        with session.begin_nested():
            _carry_out(session, caller, withdrawal, order, plan, said, tell_shopper=False)
    except AppError as refused:
        session.refresh(withdrawal)
        ruling = refused.ruling if isinstance(refused, Asked) else stopped(refused.detail)
        ask(session, caller, withdrawal, ruling, decisions.keep_refusal(session, caller, ABOUT, refused, order.id))


STILL_SHIPS = "Take what has not been sent out of the order in the shop first: it is paid back, and must not go out."
"""No shop takes single items out of an order for us, and goods that are paid back and sent all the same are lost."""


def stopped(why: str) -> Ruling:
    """No policy asks: something stands in the way, and a person is to look at it."""
    return Ruling(outcome="ask", reasons=(why,), rules=("state",), policy_version="", approvers=1)


def ask(session: Session, caller: Caller, withdrawal: Withdrawal, ruling: Ruling, decision_id: str | None) -> Approval:
    """It is binding, and what follows waits among the approvals for a person to have it done."""
    withdrawal.needs_person = True
    approval = approvals.open_for(
        session,
        caller,
        action="confirm_withdrawal",
        ruling=ruling,
        subject=(ABOUT, withdrawal.id),
        order_id=withdrawal.order_id,
        parameters={"withdrawal": withdrawal.id},
        decision_id=decision_id,
    )
    withdrawal_states.record(session, withdrawal, "withdrawal.needs_person")
    return approval


def carry_out(session: Session, caller: Caller, withdrawal_id: str, said: Ledgers) -> Withdrawal:
    """A person has said yes: done as the store, on today's facts; raises what stands in the way, and `Asked`."""
    withdrawal = withdrawal_states.locked(session, caller, withdrawal_id)
    if not withdrawal.needs_person:
        raise WithdrawalNotInState("Nothing of this withdrawal waits for a person.")
    order = orders.get(session, caller, withdrawal.order_id, lock=True)
    wanted = withdrawal_rights.still(session, order, dict(withdrawal_states.lines_in(session, withdrawal.id)))
    plan = withdrawal_rights.plan(session, order, wanted)
    _carry_out(session, caller, withdrawal, order, plan, said, tell_shopper=True)
    withdrawal.needs_person = False
    withdrawal_states.record(session, withdrawal, "withdrawal.carried_out")
    withdrawal_states.note(session, caller, withdrawal, "withdrawal.carried_out")
    return withdrawal


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
        cancellation = cancellations.request(session, caller, order.id, said, follows="withdrawal")
        withdrawal.cancellation_id, withdrawal.refund_id = cancellation.id, cancellation.refund_id
    elif plan.unsent:
        spec = RefundSpec(lines=tuple(plan.unsent.items()))
        spec = withdrawal_delivery.with_delivery(session, caller, order.id, said, spec)
        withdrawal.refund_id = refunds.request(session, caller, order.id, said, spec, follows="withdrawal").id
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


def _standing(session: Session, order: Order) -> list[Withdrawal]:
    """The order's withdrawals that were not taken back, binding ones first."""
    rows = session.scalars(
        select(Withdrawal)
        .where(Withdrawal.order_id == order.id, Withdrawal.status != "canceled")
        .order_by(Withdrawal.id)
    ).all()
    return sorted(rows, key=lambda row: row.status not in BINDING)
