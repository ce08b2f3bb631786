"""Rows reduced or deleted, as the registry says; of a person, or of one conversation."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Table, and_, delete, select, update
from sqlalchemy.orm import Session

from app import clock
from app.models.files import File, FileLink
from app.models.records import Answer, AuditRow
from app.models.tickets import Message, Ticket
from app.services import audit, file_sweeps, ticket_search
from app.services.privacy.coverage import HELD, Held
from app.services.privacy.person import Person, Row, parts
from app.services.privacy.reducing import reduced


def drop_texts(session: Session, person: Person) -> None:
    """Have no search find the tickets any more, and delete the files; their bytes go later (`file_blobs.drop_unused`).

    A file that hangs on something else besides stays with that.
    """
    said: dict[str, list[str]] = {}
    for row in person.rows[Message.__tablename__]:
        said.setdefault(str(row["ticket_id"]), []).append(str(row["text"]))
    for row in person.rows[Ticket.__tablename__]:
        texts = [*said.get(str(row["id"]), []), *([str(row["subject"])] if row["subject"] else [])]
        ticket_search.forget(session, session.get_one(Ticket, row["id"]), texts)
    theirs = person.ids["any"]
    for file_id in sorted(person.ids["file"]):
        links = session.scalars(select(FileLink.resource_id).where(FileLink.file_id == file_id)).all()
        session.execute(delete(FileLink).where(FileLink.file_id == file_id, FileLink.resource_id.in_(theirs)))
        file = session.get(File, file_id, with_for_update=True)
        if file is not None and set(links) <= theirs:
            file_sweeps.drop(session, file)
    session.flush()


def reduce_all(session: Session, person: Person) -> None:
    """Every row that was gathered; what leads to another goes after it."""
    for held in reversed(HELD):
        for row in person.rows.get(held.name, ()):
            _reduce(session, person, held, row)
    for some in parts(person.ids["ticket"]):
        session.execute(update(Ticket).where(Ticket.id.in_(some)).values(erased_at=clock.now()))


def _reduce(session: Session, person: Person, held: Held, row: Row) -> None:
    table = cast("Table", held.model.__table__)
    this = and_(*(column == row[column.name] for column in table.primary_key))
    if held.model is AuditRow:
        audit.erase_evidence(session, str(row["id"]), reduced(row["evidence"]))
        return
    if held.gone or (held.model is Answer and row["resource_id"] is None):  # a refusal: nothing hangs on it
        session.execute(delete(table).where(this))
        return
    values = {name: treat(row[name], row, person.store) for name, treat in held.erase.items()}
    changed = {name: value for name, value in values.items() if value != row[name]}
    if changed:
        session.execute(update(table).where(this).values(**changed))
