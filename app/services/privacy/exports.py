"""Everything that is held of a person, as one document."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.models.files import File
from app.models.returns import LabelFile
from app.models.stores import Store
from app.services import audit, customers
from app.services.callers import Caller
from app.services.privacy.coverage import APART, HELD, Held
from app.services.privacy.person import Person, gather


def export(session: Session, caller: Caller, ref: str) -> dict[str, Any]:
    """Every row of the customer by table, secrets left out; bytes by the address where they are had.

    Raises `customer_not_found`.
    """
    customer = customers.get(session, caller, ref)
    person = gather(session, session.get_one(Store, caller.store_id), customer)
    return {
        "customer": customer.id,
        "livemode": customer.livemode,
        "exported_at": clock.rfc3339(clock.now()),
        "data": {held.name: [_shown(held, row) for row in person.rows[held.name]] for held in HELD},
        "files": _addresses(person),
        "left_out": dict(APART),
    }


def note(session: Session, caller: Caller, customer_id: str) -> None:
    """Who had it handed out."""
    audit.write(
        session,
        action="customer.exported",
        subject_type="customer",
        subject_id=customer_id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        request_id=caller.request_id,
    )


def _shown(held: Held, row: Mapping[Any, Any]) -> dict[str, Any]:
    hidden = held.hidden.split()
    return {str(name): _value(value) for name, value in row.items() if name not in hidden}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.rfc3339(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _addresses(person: Person) -> list[str]:
    """Where the bytes of files and labels are had, with the same key."""
    files = [f"/v1/files/{row['id']}/content" for row in person.rows[File.__tablename__]]
    labels = {str(row["label_id"]) for row in person.rows[LabelFile.__tablename__]}
    return files + [f"/v1/return-labels/{label}/file" for label in sorted(labels)]
