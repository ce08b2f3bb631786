"""Returns whose goods were never sent end by the clock; a label that is still good is voided first.

The carrier has the last word: where it says that the label was used, the goods are on their way and nothing expires.
"""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import ReturnNotInState
from app.models.returns import LABEL_HOLDING, UNSENT, Label, Return
from app.models.stores import Store
from app.services import instant_refunds, label_voids, return_registrations, return_states
from app.services.callers import Caller

ACTIVE = "active"
UNDECIDED = [status for status in LABEL_HOLDING if status != ACTIVE]
"""The carrier is being asked about the label: until it has answered the return waits."""


def tend(session: Session, limit: int = 50) -> int:
    """End what was not sent in time, or have its label voided first; how many were looked at."""
    asked = exists().where(Label.return_id == Return.id, Label.status.in_(UNDECIDED))
    rows = session.scalars(
        select(Return)
        .where(Return.status.in_(UNSENT), Return.expires_at <= clock.now(), ~asked)
        .order_by(Return.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for return_ in rows:
        if instant_refunds.paid(session, return_):  # its goods are owed: when they are late a person is told
            return_.expires_at = None
            continue
        store = session.get_one(Store, return_.store_id)
        caller = Caller(store, return_.livemode, key_id="", scopes=frozenset(), request_id="", automation=True)
        labels = return_states.live_labels(session, return_.id)
        if not labels:
            _expire(session, caller, return_)
        for label in labels:
            label_voids.void(session, caller, label.id)
    return len(rows)


def _expire(session: Session, caller: Caller, return_: Return) -> None:
    """Its items are free again, and the shop forgets it; an exchange that was paid for already is a person's matter."""
    try:
        with session.begin_nested():
            return_states.move(session, return_, "expired")
            return_registrations.withdraw(session, caller, return_)
            return_states.note(session, caller, return_, "return.expired", {})
    except ReturnNotInState:
        session.refresh(return_)
        return_.expires_at = None
