"""Whether a connection works: its system is asked between transactions, and what was found is kept."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import NotConnected
from app.integrations import connecting
from app.integrations.connecting import Account, Finding
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.models.connections import Connection, InboundDelivery
from app.services import connections, events
from app.services.callers import Caller
from app.services.providers import StoreConnections
from app.services.runtime import Runtime

DENIED = "provider_unauthorized"


async def run(runtime: Runtime, caller: Caller, connection_id: str) -> str:
    """Ask the system in a few calls that change nothing; the connection's id once what was found is kept."""
    row = await runtime.db.read(connections.get, caller, connection_id)
    found = await _found(runtime, caller, row)
    await runtime.db.write(_keep, caller, connection_id, row.version, found)
    return connection_id


async def _found(runtime: Runtime, caller: Caller, row: Connection) -> list[Finding]:
    kind = connections.kind_of(caller, row.kind)
    try:
        account = account_of(runtime, row)
    except NotConnected as error:
        return [Finding("credentials", ok=False, detail=error.detail)]
    try:
        found = list(await kind.check(account))
    except Refused as error:
        denied = error.code == DENIED
        detail = "The system does not accept the credentials." if denied else "The system refused the check."
        found = [Finding("credentials" if denied else "answer", ok=False, detail=detail)]
    except NotExecuted:
        found = [Finding("reach", ok=False, detail="No connection to the system was made.")]
    except OutcomeUnknown:
        found = [Finding("reach", ok=False, detail="The system did not answer as it should.")]
    finally:
        await account.close()
    return [*found, *_calls_to_us(kind, account)]


def _calls_to_us(kind: connecting.Kind[Any, Any], account: Account[Any, Any]) -> list[Finding]:
    if kind.inbound is None:
        return []
    if kind.inbound.configured(account):
        return [Finding("inbound", ok=True, detail="Calls to us are known by their secret.")]
    return [Finding("inbound", ok=False, detail="There is no secret: calls to us are answered with 404.")]


def account_of(runtime: Runtime, row: Connection, *, former: bool = False) -> Account[Any, Any]:
    """The connection for one use, with its own clients; raises `not_connected` where it cannot be read."""
    if not isinstance(runtime.connections, StoreConnections):
        raise NotConnected
    fields = connections.projected(row)
    if former:
        fields["credentials"] = row.former
    return runtime.connections.account(row.store_id, row.id, fields, livemode=row.livemode)


def _keep(session: Session, caller: Caller, connection_id: str, version: int, found: list[Finding]) -> None:
    """What was found of this version; of one that has changed meanwhile nothing is known."""
    row = connections.get(session, caller, connection_id, lock=True)
    if row.version != version:
        return
    dead = session.scalar(
        select(func.count()).where(InboundDelivery.connection_id == row.id, InboundDelivery.status == "dead")
    )
    if dead:
        found = [*found, Finding("dead letters", ok=False, detail=f"{dead} deliveries were given up.")]
    before = row.status
    row.status = "working" if all(one.ok for one in found) else "failing"
    row.checks = [
        {"name": one.name, "ok": one.ok, "detail": one.detail, "missing_permission": one.missing} for one in found
    ]
    row.checked_at = clock.now()
    session.flush()
    if row.status != before:
        events.record(session, "connection.checked", row, connections.view(row), previous={"status": before})
