"""`aftersale openapi | doctor`."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from app.commands import surroundings
from app.commands.findings import Finding, bad, duration, ok, warn
from app.commands.means import settings, with_database
from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LATE_SEEN, LATE_WRONG = 120.0, 600.0
"""Seconds by which a try may be late before it is told, and before it is wrong."""
UNKNOWN_SEEN = 3600.0
UNSEALED_SEEN = 1000


def openapi() -> dict[str, Any]:
    """The OpenAPI document."""
    from app.main import create_app

    return create_app(settings()).openapi()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]


def doctor() -> list[Finding]:
    """Look at settings, disk, database, engine, provider, clocks, audit trail, and what is stuck."""
    try:
        found = settings()
    except click.ClickException as error:
        return [bad("settings", error.message.replace("\n", "; "))]
    findings = surroundings.settings_that_make_no_sense(found, os.environ)
    if found.embedded:
        findings += surroundings.data_directory(found)
    try:
        findings += _database_findings(found) if found.embedded else _server_findings(found)
    except click.ClickException as error:
        findings.append(bad("database", error.message))
    except Exception as error:
        findings.append(bad("database", f"{type(error).__name__}: {error}".partition("\n")[0]))
    return findings + surroundings.provider(found)


def _server_findings(found: Settings) -> list[Finding]:
    from app.services import durable

    if durable.direct(found.database):
        return [ok("connection", "direct"), *_database_findings(found)]
    words = "a transaction pooler stands before the database: the engine's locks and LISTEN want a direct connection"
    return [bad("connection", words)]  # what is asked through it may not come back either


def _database_findings(found: Settings) -> list[Finding]:
    from app.migrate import pending
    from app.services import durable

    if pending(found.database):
        return [bad("migrations", "run aftersale migrate")]
    findings = [ok("migrations", "at the newest revision")]
    has, wants = durable.tables(found.database)
    if has < wants:
        return [*findings, bad("engine", f"its tables are at version {has} of {wants}: run aftersale migrate")]
    findings.append(ok("engine", _engine(found)))
    return findings + with_database(_read, found)


def _engine(found: Settings) -> str:
    from app.services import durable

    if not found.embedded:
        return "its tables are there"
    try:
        durable.check_free(found)
    except durable.EngineBusyError:
        return "a server is running on this file"
    return "its tables are there; no server is running"


def _read(session: Session, found: Settings) -> list[Finding]:
    """What one look into the database tells."""
    from app.services import audit, events

    findings: list[Finding] = []
    if not found.embedded:
        findings += _of_server(session, found)
    count, broken = audit.verify(session)
    words = f"{count} rows sealed" if broken is None else f"row {broken} does not fit the chain"
    if gone := audit.without_evidence(session):
        words += f", {gone} without their evidence: it was an erased person's"
    findings.append(ok("audit trail", words) if broken is None else bad("audit trail", words))
    waiting = audit.unsealed(session)
    if waiting > UNSEALED_SEEN:
        findings.append(warn("audit trail", f"{waiting} rows are not sealed yet: housekeeping stands still"))
    if events.of_another_cluster(session):
        words = "the positions are another cluster's: run aftersale migrate before anything writes"
        findings.append(bad("events", words))
    told = _connections(session, found) + _webhooks(session) + _mirror(session)
    return findings + _operations(session) + _files(session, found) + told


def _connections(session: Session, found: Settings) -> list[Finding]:
    """Whether what is sealed can be read, and what connected systems sent that was given up."""
    from sqlalchemy import func, select

    from app.models.connections import Connection, InboundDelivery
    from app.services import keyrings

    there = session.scalars(select(Connection.sealed_by).where(Connection.sealed_by.is_not(None)).distinct()).all()
    if not there:
        return []
    known = keyrings.of(found).ids
    findings = [ok("connections", "their credentials can be read")]
    if set(there) - set(known):
        findings = [bad("connections", "some credentials were sealed with a key that ENCRYPTION_KEYS does not have")]
    elif set(there) - {known[0]}:
        findings = [warn("connections", "some credentials are sealed with an older key: connections rotate-keys")]
    dead = session.scalar(select(func.count()).select_from(InboundDelivery).where(InboundDelivery.status == "dead"))
    return [*findings, warn("inbound", f"{dead} deliveries were given up")] if dead else findings


def _webhooks(session: Session) -> list[Finding]:
    """Endpoints that are told nothing any more, and what was given up."""
    from sqlalchemy import func, select

    from app.models.webhooks import WebhookDelivery, WebhookEndpoint

    counted = select(WebhookEndpoint.status, func.count()).where(WebhookEndpoint.status != "deleted")
    ends = {status: count for status, count in session.execute(counted.group_by(WebhookEndpoint.status))}  # noqa: C416  rows are typed so
    if not ends:
        return []
    dead = session.scalar(select(func.count()).select_from(WebhookDelivery).where(WebhookDelivery.status == "dead"))
    said = (
        f"{ends.get('enabled', 0)} endpoints are told, {ends.get('disabled', 0)} are disabled, {dead} deliveries dead"
    )
    return [warn("webhooks", said) if dead or ends.get("disabled") else ok("webhooks", said)]


def _mirror(session: Session) -> list[Finding]:
    """What the last nights found that calls had not told, and whether a pass over a shop's orders stands still."""
    from sqlalchemy import func, or_, select

    from app import clock
    from app.models.mirror_passes import MirrorPass

    open_ = select(func.count(), func.min(MirrorPass.created_at)).where(MirrorPass.ended_at.is_(None))
    still = MirrorPass.updated_at < clock.now() - timedelta(hours=1)
    stuck, since = session.execute(open_.where(or_(MirrorPass.failure.is_not(None), still))).one()
    sums = [func.coalesce(func.sum(column), 0) for column in (MirrorPass.read, MirrorPass.missing, MirrorPass.changed)]
    lately = MirrorPass.ended_at >= clock.now() - timedelta(days=1)
    nights, *found = session.execute(
        select(func.count(), *sums).where(MirrorPass.kind == "nightly", lately, MirrorPass.failure.is_(None))
    ).one()
    findings: list[Finding] = []
    if stuck:
        age = duration((clock.now() - since).total_seconds())
        words = f"{stuck} passes over a shop's orders stand still, the oldest began {age} ago: aftersale sync goes on"
        findings.append(warn("mirror", words))
    if nights:
        read, missing, changed = (int(count) for count in found)
        findings.append(ok("mirror", f"last night {read} orders: {missing} were missing here, {changed} differed"))
    return findings


def _of_server(session: Session, found: Settings) -> list[Finding]:
    """PostgreSQL's clock, and whether it has room for our pool."""
    from sqlalchemy import text

    findings = surroundings.skew("database", session.execute(text("SELECT clock_timestamp()")).scalar_one())
    most = int(session.execute(text("SHOW max_connections")).scalar_one())
    return findings + surroundings.connections(found.pool_size, most)


def _operations(session: Session) -> list[Finding]:
    """Dead letters, what is stuck, and what nobody knows the outcome of."""
    from app.services import gauges

    vitals = gauges.vitals(session)
    said = f"{vitals.dead} wait for a named person"
    findings = [bad("dead letters", said) if vitals.dead else ok("dead letters", said)]
    late = f"{vitals.due} are due, the oldest {duration(vitals.late)} late"
    if vitals.late > LATE_WRONG:
        findings.append(bad("operations", f"{late}: no server or worker works on them"))
    elif vitals.late > LATE_SEEN:
        findings.append(warn("operations", f"{late}: too few workers"))
    else:
        findings.append(ok("operations", f"{vitals.unended} have not ended, none is stuck"))
    if vitals.unknown_age > UNKNOWN_SEEN:
        words = f"an outcome is unknown for {duration(vitals.unknown_age)}: the provider does not tell"
        findings.append(warn("operations", words))
    return findings


def _files(session: Session, found: Settings) -> list[Finding]:
    """Whether files can be kept where they are to be, and are."""
    from app.services import file_blobs

    lost = file_blobs.missing(session, found.files)
    where = "in the database" if found.files is None else str(found.files)
    if found.files is not None:
        there = next(folder for folder in (found.files, *found.files.parents) if folder.exists())
        if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
            return [bad("files", f"{where} cannot be written")]
    if lost:
        return [bad("files", f"{where}; {lost} of the newest point at bytes that are not there")]
    return [ok("files", where)]
