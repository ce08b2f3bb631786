"""What a carrier pushes: kept beside what it was asked; a return label that it moves is looked at next."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app import clock
from app.errors import Invalid
from app.integrations.carriers.contract import Tracking
from app.integrations.errors import OutcomeUnknown
from app.models.returns import Label
from app.services import events, inbound, parcel_pushes
from app.services.callers import Caller
from app.services.inbound import Delivered, Handler
from app.services.parcel_subscriptions import KINDS
from app.services.providers import serving
from app.services.runtime import Runtime


def check(document: dict[str, Any], topic: str | None) -> None:
    """Raise where it names no parcel: nothing of it can be kept."""
    del topic
    if not document.get("tracking_number"):
        raise Invalid("The call names no parcel.")


async def run(runtime: Runtime, caller: Caller, delivered: Delivered) -> dict[str, Any]:
    """Keep the scan; one that is known already changes nothing."""
    if serving(caller.store, livemode=caller.livemode).get("carrier") not in KINDS:
        return {"ignored": "not_serving"}
    carrier = runtime.connections.of(caller.store, livemode=caller.livemode).carrier
    try:
        tracking = carrier.pushed(delivered.document["push"])
    except OutcomeUnknown:
        return {"ignored": "unreadable"}
    kept = await runtime.db.write(_keep, caller, tracking)
    return {"parcel": tracking.tracking_number} if kept else {"ignored": "no_tracking_number"}


def _keep(session: Session, caller: Caller, tracking: Tracking) -> bool:
    with events.caused_by(caller.connection):
        parcel = parcel_pushes.push(session, caller, tracking)
    if parcel is None:
        return False
    session.execute(
        update(Label)
        .where(
            Label.store_id == caller.store_id,
            Label.livemode == caller.livemode,
            Label.tracking_number == parcel.tracking_number,
            Label.status == "active",
            Label.next_look_at > clock.now(),
        )
        .values(next_look_at=clock.now())
    )
    return True


for _kind in KINDS:
    inbound.register(_kind, Handler(check=check, run=run))
