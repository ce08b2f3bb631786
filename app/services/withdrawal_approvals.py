"""Withdrawals that a person has to carry out: a question like any other, but one that nobody's silence ends."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from app.models.approvals import Approval
from app.models.withdrawals import Withdrawal
from app.services import approval_views, approval_votes, approvals, orders, withdrawal_states, withdrawals
from app.services.approvals import Made, Waiting
from app.services.callers import Caller
from app.services.orders import Ledgers
from app.services.runtime import Runtime
from app.services.withdrawal_states import ABOUT


async def _read(runtime: Runtime, caller: Caller, approval: Approval) -> Ledgers:
    assert approval.order_id is not None
    order_id = await orders.load(runtime, caller, approval.order_id, fresh=True)
    return await orders.ledgers(runtime, caller, order_id)


def _resume(session: Session, caller: Caller, approval: Approval, said: Ledgers) -> Made:
    """The right was decided when it became binding: today decides what follows, as the store's own doing."""
    assert approval.subject_id is not None
    store = replace(caller, shopper=None, automation=False, agent=approval.votes[-1]["agent"])
    return ABOUT, withdrawals.carry_out(session, store, approval.subject_id, said).id


def _end(session: Session, approval: Approval, status: str) -> None:
    """A named person's no ends it, and they answer for that; without an answer, or without effect, it is asked anew."""
    withdrawal = session.get_one(Withdrawal, approval.subject_id, with_for_update=True, populate_existing=True)
    if not withdrawal.needs_person:
        return
    if status != "rejected":
        approvals.open_again(session, approval)
        return
    withdrawal.needs_person = False
    withdrawal_states.move(session, withdrawal, "canceled")


approvals.register(ABOUT, Waiting(_read, _resume, _end))


# ---- the withdrawal's own route -----------------------------------------------------------------------------------


def confirm(session: Session, caller: Caller, withdrawal_id: str, said: Ledgers) -> Withdrawal:
    """Step two; from the store on what waits for a person, the same yes as among the approvals.

    A refusal of what follows is told to the caller, and leaves it waiting.
    """
    withdrawal = withdrawal_states.get(session, caller, withdrawal_id)
    if not (withdrawal.needs_person and caller.is_merchant):
        return withdrawals.confirm(session, caller, withdrawal_id, said)
    approval = approval_views.of_subject(session, ABOUT, withdrawal.id)
    if approval is None:  # it has waited since before there was a question
        why = withdrawals.stopped("A person has to carry it out.")
        approval = withdrawals.ask(session, replace(caller, agent=None), withdrawal, why, None)
    approval_votes.vote(session, caller, approval.id, True, None, said, door=approval_votes.WITHDRAWAL)
    session.refresh(withdrawal)
    return withdrawal
