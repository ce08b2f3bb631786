"""`aftersale openapi | doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from app.commands.means import answers, settings, with_database
from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def openapi() -> dict[str, Any]:
    """The OpenAPI document."""
    from app.main import create_app

    return create_app(settings()).openapi()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the doctor looked at."""

    name: str
    good: bool
    text: str


def doctor() -> list[Finding]:
    """Look at settings, database, sandbox, audit trail and what waits for a person."""
    try:
        found = settings()
    except click.ClickException as error:
        return [Finding("settings", good=False, text=error.message.replace("\n", "; "))]
    database = "postgresql://…@" + found.database.rpartition("@")[2] if "@" in found.database else found.database
    findings = [Finding("settings", good=True, text=f"database {database}")]
    try:
        findings += _database_findings(found) if found.embedded else _server_findings(found)
    except click.ClickException as error:
        findings.append(Finding("database", good=False, text=error.message))
    except Exception as error:
        findings.append(Finding("database", good=False, text=f"{type(error).__name__}: {error}".partition("\n")[0]))
    up = answers(found.sandbox_url)
    findings.append(Finding("sandbox", good=up, text=f"{found.sandbox_url} {'answers' if up else 'does not answer'}"))
    return findings


def _server_findings(found: Settings) -> list[Finding]:
    from app.services import durable

    if durable.direct(found.database):
        return [Finding("connection", good=True, text="direct"), *_database_findings(found)]
    words = "a transaction pooler stands before the database: the engine's locks and LISTEN want a direct connection"
    return [Finding("connection", good=False, text=words)]  # what is asked through it may not come back either


def _database_findings(found: Settings) -> list[Finding]:
    from sqlalchemy import func, select

    from app.migrate import pending
    from app.models.operations import Operation
    from app.services import audit, events

    late = pending(found.database)
    findings = [
        Finding("migrations", good=not late, text="run aftersale migrate" if late else "at the newest revision")
    ]
    if late:
        return findings
    count, broken = with_database(audit.verify)
    words = f"{count} rows sealed" if broken is None else f"row {broken} does not fit the chain"
    findings.append(Finding("audit trail", good=broken is None, text=words))

    if with_database(events.of_another_cluster):
        words = "the positions are another cluster's: run aftersale migrate before anything writes"
        findings.append(Finding("events", good=False, text=words))

    def count_dead(session: Session) -> int:
        return session.scalar(select(func.count()).select_from(Operation).where(Operation.dead_at.is_not(None))) or 0

    dead = with_database(count_dead)
    findings.append(Finding("operations", good=not dead, text=f"{dead} wait for a named person"))
    return findings
