"""Active return labels are looked at now and then: used, and the return is on its way; never used in time, and expired.

The carrier is asked between transactions, and the next look is written before: a process that dies meanwhile, and two
that look at once, do no harm.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import AppError
from app.integrations.carriers.contract import Tracking
from app.integrations.errors import ProviderError
from app.models.returns import UNSENT, Label, Return
from app.models.stores import Store
from app.services import events, label_views, return_states
from app.services.runtime import Runtime

log = structlog.get_logger()

LOOK_EVERY = timedelta(hours=4)
NOT_MOVED = frozenset({"label_created", "unknown"})
"""What a carrier says of a parcel that it has not had in its hands."""


class _Due(NamedTuple):
    label_id: str
    tracking_number: str
    store: Store
    livemode: bool


async def look(runtime: Runtime, limit: int = 20) -> int:
    """Ask the carrier about the labels whose time it is; how many were asked about."""
    due = await runtime.db.write(_take, limit)
    for one in due:
        try:
            providers = runtime.connections.of(one.store, livemode=one.livemode)
            tracking = await providers.carrier.track(one.tracking_number)
        except (ProviderError, AppError) as error:  # asked again at the next look
            log.warning("label_not_looked_at", label=one.label_id, error=type(error).__name__)
            continue
        await runtime.db.write(_seen, one.label_id, tracking)
    return len(due)


def _take(session: Session, limit: int) -> list[_Due]:
    rows = session.execute(
        select(Label, Store)
        .join(Store, Store.id == Label.store_id)
        .where(Label.status == "active", Label.next_look_at <= clock.now(), Label.tracking_number.is_not(None))
        .order_by(Label.next_look_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Label)
    ).all()
    due: list[_Due] = []
    for label, store in rows:
        label.next_look_at = clock.now() + LOOK_EVERY
        due.append(_Due(label.id, label.tracking_number or "", store, label.livemode))
    return due


def _seen(session: Session, label_id: str, tracking: Tracking | None) -> None:
    """What the carrier's scans say of the label and its return."""
    label = session.get_one(Label, label_id, with_for_update=True)
    if label.status != "active":
        return
    return_ = session.get_one(Return, label.return_id, with_for_update=True)
    if return_.status not in (*UNSENT, "in_transit"):
        label.next_look_at = None  # it has arrived, or ended: nothing hangs on its way any more
        return
    moved = [scan.at for scan in (tracking.events if tracking is not None else ()) if scan.status not in NOT_MOVED]
    if moved and label.used_at is None:
        label.used_at = moved[0]
        session.flush()
        events.record(session, "label.used", label, label_views.view(session, label))
        if return_.status == "label_issued":
            return_states.move(session, return_, "in_transit")
    elif label.used_at is None and label.expires_at is not None and label.expires_at <= clock.now():
        _expire(session, label, return_)
    if tracking is not None and tracking.status == "delivered":
        label.next_look_at = None


def _expire(session: Session, label: Label, return_: Return) -> None:
    """The carrier takes it no longer: the return is open for another."""
    label.move("expired")
    label.next_look_at = None
    session.flush()
    events.record(session, "label.expired", label, label_views.view(session, label), previous={"status": "active"})
    if return_.status == "label_issued" and not return_states.live_labels(session, return_.id):
        return_states.move(session, return_, "approved")
