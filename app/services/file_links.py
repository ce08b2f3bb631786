"""Files on what they are for: checked to be there and to be one's own, counted as photos, and kept from then on."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.database import insert_missing
from app.errors import FileNotFound
from app.models.files import File, FileLink
from app.services import events, files
from app.services.callers import Caller


def check(session: Session, caller: Caller, customer_id: str | None, file_ids: Iterable[str]) -> None:
    """Raise `file_not_found` unless each may hang on something of this customer's (None: nobody is known)."""
    wanted = set(file_ids)
    if wanted - {file.id for file in _usable(session, caller, customer_id, wanted)}:
        raise FileNotFound


def attach(
    session: Session,
    caller: Caller,
    customer_id: str | None,
    file_ids: Iterable[str],
    resource: tuple[str, str],
) -> None:
    """Hang each on the resource (type and id), from where it is kept; raises `file_not_found`.

    What the store has sent for nobody in particular is the customer's from then on.
    """
    wanted = sorted(set(file_ids))
    if not wanted:
        return
    found = _usable(session, caller, customer_id, wanted, lock=True)
    if len(found) < len(wanted):
        raise FileNotFound
    resource_type, resource_id = resource
    for file in found:
        before = {"customer": file.customer_id}
        file.linked_at = file.linked_at or clock.now()
        file.customer_id = file.customer_id or customer_id
        session.flush()
        link = {"file_id": file.id, "resource_id": resource_id, "resource_type": resource_type}
        if insert_missing(session, FileLink, link):
            events.record(session, "file.attached", file, files.view(session, file), previous=before)


def photos(session: Session, caller: Caller, customer_id: str | None, file_ids: Iterable[str]) -> int:
    """How many different pictures: the same one twice shows nothing more, and a document is no photo."""
    wanted = set(file_ids)
    if not wanted:
        return 0
    found = _usable(session, caller, customer_id, wanted)
    return len({file.digest for file in found if file.media_type.startswith("image/")})


def _usable(
    session: Session, caller: Caller, customer_id: str | None, wanted: Iterable[str], *, lock: bool = False
) -> list[File]:
    """Those of the store that are the customer's, or nobody's and sent by the store; always in one order."""
    rows = select(File).where(
        File.id.in_(sorted(wanted)), File.store_id == caller.store_id, File.livemode == caller.livemode
    )
    found = session.scalars((rows.with_for_update() if lock else rows).order_by(File.id))
    whose = {customer_id} if caller.shopper is not None else {customer_id, None}
    return [file for file in found if file.customer_id in whose]
