"""A return label's file: fetched from the carrier once, then kept."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.database import insert_missing
from app.errors import LabelNotActive, ProviderUnavailable
from app.integrations.carriers.contract import LabelFormat
from app.integrations.errors import ProviderError
from app.models.returns import Label, LabelFile
from app.services import label_views
from app.services.callers import Caller
from app.services.runtime import Runtime


async def file(runtime: Runtime, caller: Caller, label_id: str, wanted: LabelFormat | None) -> tuple[bytes, str]:
    """The label's bytes and format; fetched from the carrier once, then kept."""
    label, kept = await runtime.db.read(_kept, caller, label_id, wanted)
    if kept is not None:
        return kept.content, kept.format
    if label.external_id is None or label.status not in {"active", "voiding"}:
        raise LabelNotActive
    form: LabelFormat = wanted or ("png" if label.format == "png" else "pdf")
    try:
        content = await runtime.providers(caller).carrier.label_file(label.external_id, form)
    except ProviderError as error:
        raise ProviderUnavailable from error
    await runtime.db.write(_keep, label_id, form, content)
    return content, form


def _kept(session: Session, caller: Caller, label_id: str, wanted: str | None) -> tuple[Label, LabelFile | None]:
    label = label_views.get(session, caller, label_id)
    return label, session.get(LabelFile, (label_id, wanted or label.format))


def _keep(session: Session, label_id: str, form: str, content: bytes) -> None:
    insert_missing(session, LabelFile, {"label_id": label_id, "format": form, "content": content})
