"""Webhook endpoints: made, changed, disabled and shown; their secret is sealed and told when it is made."""

from __future__ import annotations

import base64
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import Invalid, WebhookEndpointNotFound
from app.integrations.addresses import Addresses
from app.integrations.errors import Refused
from app.integrations.signatures import PREFIX
from app.models.connections import Connection
from app.models.webhooks import WebhookDelivery, WebhookEndpoint, WebhookReplay
from app.services import audit, events, keyrings
from app.services.callers import Caller
from app.services.keyrings import Keyring, Unreadable
from app.services.providers import bound

Fields = dict[str, Any]
MOST = 200
"""Endpoints of a store and mode."""
SECRET_BYTES = 32
_TYPE = re.compile(r"\*|[a-z][a-z_]{0,39}\.(?:\*|[a-z][a-z_]{0,39})", re.ASCII)


def create(session: Session, caller: Caller, given: Fields) -> WebhookEndpoint:
    """Make one that is told of what happens from now on. `given`: url, description, types, connection."""
    standing = select(WebhookEndpoint.id).where(*_mine(caller)).limit(MOST)
    if len(session.scalars(standing).all()) >= MOST:
        raise Invalid(errors=[_wrong("/url", "too_many", f"a store has {MOST} webhook endpoints at most")])
    place = events.end(session, store_id=caller.store_id, livemode=caller.livemode)
    made = WebhookEndpoint(
        id=ids.new("whe"),
        store_id=caller.store_id,
        livemode=caller.livemode,
        url=given["url"],
        description=given["description"],
        types=given["types"],
        connection_id=_connection(session, caller, given["connection"]),
        position=place[0],
        at_sequence=place[1],
        at_event=place[2],
    )
    _new_secret(session, made)
    session.add(made)
    session.flush()
    events.record(session, "webhook_endpoint.created", made, view(made))
    _note(session, caller, made, "webhook_endpoint.created", {"url": made.url})
    return made


def change(session: Session, caller: Caller, endpoint_id: str, given: Fields) -> WebhookEndpoint:
    """Change what is named. Enabled again it goes on where it stopped, as far as the log reaches back."""
    row = get(session, caller, endpoint_id, lock=True)
    before = view(row)
    if "connection" in given:
        row.connection_id = _connection(session, caller, given["connection"])
    for name in ("url", "description", "types"):
        if name in given:
            setattr(row, name, given[name])
    if "status" in given and given["status"] != row.status:
        row.move(given["status"])
        row.disabled_reason = "by_request" if row.status == "disabled" else None
        row.failing_since = None
    return _changed(session, caller, row, before)


def rotate(session: Session, caller: Caller, endpoint_id: str, overlap: timedelta) -> WebhookEndpoint:
    """Make a new secret; the former one signs beside it for `overlap`."""
    row = get(session, caller, endpoint_id, lock=True)
    before = view(row)
    until = clock.now() + overlap
    kept = row.secret if overlap else None
    if kept is not None and row.sealed_by != keyrings.in_session(session).newest:
        kept = _sealed_anew(keyrings.in_session(session), row, kept)
    _new_secret(session, row)
    row.former, row.former_until = kept, until if kept else None
    return _changed(session, caller, row, before, "webhook_endpoint.secret_rotated")


def remove(session: Session, caller: Caller, endpoint_id: str) -> WebhookEndpoint:
    """Forget its secrets; what waits is given up, what was sent stays on record as long as ever."""
    row = get(session, caller, endpoint_id, lock=True)
    row.move("deleted")
    for model, ended in (
        (WebhookDelivery, {"status": "dead", "next_attempt_at": None}),
        (WebhookReplay, {"status": "done", "ended_at": clock.now()}),
    ):
        session.execute(
            update(model).where(model.endpoint_id == row.id, model.status == "pending").values(ended),
            execution_options={"synchronize_session": False},
        )
    row.secret = row.former = row.former_until = row.sealed_by = row.leased_by = row.leased_until = None
    row.updated_at = clock.now()
    row.version += 1
    events.record(session, "webhook_endpoint.deleted", row, view(row))
    _note(session, caller, row, "webhook_endpoint.deleted", {})
    return row


def disable(session: Session, row: WebhookEndpoint, reason: str) -> None:
    """Send nothing more, and say so: an event that the other endpoints hear, a row of the audit, doctor and metrics."""
    before = view(row)
    row.move("disabled")
    row.disabled_reason = reason
    row.leased_by = row.leased_until = None
    row.updated_at = clock.now()
    events.record(session, "webhook_endpoint.disabled", row, view(row), _differing(before, view(row)))
    audit.write(
        session,
        action="webhook_endpoint.disabled",
        subject_type="webhook_endpoint",
        subject_id=row.id,
        actor={"type": "system", "id": "webhooks"},
        store_id=row.store_id,
        livemode=row.livemode,
        evidence={"reason": reason, "failing_since": row.failing_since and clock.rfc3339(row.failing_since)},
    )


def get(session: Session, caller: Caller, endpoint_id: str, *, lock: bool = False) -> WebhookEndpoint:
    """The caller's endpoint; `webhook_endpoint_not_found`."""
    query = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id, *_mine(caller))
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise WebhookEndpointNotFound
    return row


def listed(session: Session, caller: Caller, before: str | None, limit: int) -> list[WebhookEndpoint]:
    """Newest first, behind `before`."""
    query = select(WebhookEndpoint).where(*_mine(caller))
    if before is not None:
        query = query.where(WebhookEndpoint.id < before)
    return list(session.scalars(query.order_by(WebhookEndpoint.id.desc()).limit(limit)))


def view(row: WebhookEndpoint) -> Fields:
    """The contract's endpoint, without its secret."""
    return {
        "id": row.id,
        "livemode": row.livemode,
        "url": row.url,
        "description": row.description,
        "types": row.types,
        "connection": row.connection_id,
        "status": row.status,
        "disabled_reason": row.disabled_reason,
        "failing_since": _moment(row.failing_since),
        "former_secret_until": _moment(row.former_until),
        "version": row.version,
        "created_at": clock.rfc3339(row.created_at),
        "updated_at": clock.rfc3339(row.updated_at),
    }


def view_with_secret(session: Session, row: WebhookEndpoint) -> Fields:
    """The endpoint with the secret that signs what it is sent."""
    return {**view(row), "secret": secrets_of(keyrings.in_session(session), row, clock.now())[0]}


def secrets_of(keyring: Keyring, row: WebhookEndpoint, now: datetime) -> list[str]:
    """What signs: the newest first, and the one before it while that overlaps. Raises Unreadable."""
    place = bound(row.store_id, row.id, livemode=row.livemode)
    found = [row.secret]
    if row.former is not None and row.former_until is not None and now < row.former_until:
        found.append(row.former)
    return [str(keyring.open(sealed, place)["secret"]) for sealed in found if sealed is not None]


def checked_url(addresses: Addresses, url: str) -> str:
    """The address as it may be called; 422 `address_not_allowed` with a pointer."""
    try:
        return addresses.parse(url).url
    except Refused as error:
        raise Invalid(errors=[_wrong("/url", error.code, error.detail)]) from None


def checked_types(types: list[str]) -> list[str]:
    """Types of events as they are written, each once; 422 with a pointer for what cannot be one."""
    wrong = [place for place, name in enumerate(types) if not _TYPE.fullmatch(name)]
    if wrong:
        detail = "write resource.past_verb, resource.* or *"
        raise Invalid(errors=[_wrong(f"/types/{place}", "not_a_type", detail) for place in wrong[:50]])
    return [] if "*" in types else list(dict.fromkeys(types))


def wants(row: WebhookEndpoint, kind: str) -> bool:
    """Whether it is told of events of this type."""
    return not row.types or kind in row.types or f"{kind.partition('.')[0]}.*" in row.types


def seal_anew(session: Session, after: str = "", limit: int = 100) -> tuple[str | None, int, list[str]]:
    """Seal with the newest key what an older one sealed, behind the id `after`.

    The last id that was looked at (None: there is no more), how many were sealed, and those that no key opens.
    """
    keyring = keyrings.in_session(session)
    rows = session.scalars(
        select(WebhookEndpoint)
        .where(WebhookEndpoint.sealed_by != keyring.newest, WebhookEndpoint.id > after)
        .order_by(WebhookEndpoint.id)
        .limit(limit)
        .with_for_update()
    ).all()
    done, unreadable = 0, list[str]()
    for row in rows:
        try:
            row.secret, row.former = (
                None if sealed is None else _sealed_anew(keyring, row, sealed) for sealed in (row.secret, row.former)
            )
            row.sealed_by = keyring.newest
            done += 1
        except Unreadable:
            unreadable.append(row.id)
    return (rows[-1].id if rows else None), done, unreadable


def _sealed_anew(keyring: Keyring, row: WebhookEndpoint, sealed: str) -> str:
    place = bound(row.store_id, row.id, livemode=row.livemode)
    return keyring.seal(keyring.open(sealed, place), place)


def _new_secret(session: Session, row: WebhookEndpoint) -> None:
    keyring = keyrings.in_session(session)
    made = PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    row.secret = keyring.seal({"secret": made}, bound(row.store_id, row.id, livemode=row.livemode))
    row.sealed_by = keyring.newest


def _connection(session: Session, caller: Caller, connection_id: str | None) -> str | None:
    if connection_id is None:
        return None
    found = session.get(Connection, connection_id)
    mine = found is not None and (found.store_id, found.livemode) == (caller.store_id, caller.livemode)
    if not mine or found is None or found.deleted_at is not None:
        raise Invalid(errors=[_wrong("/connection", "connection_not_found", "no such connection")])
    return found.id


def _changed(
    session: Session, caller: Caller, row: WebhookEndpoint, before: Fields, action: str = "webhook_endpoint.updated"
) -> WebhookEndpoint:
    row.updated_at = clock.now()
    row.version += 1
    differing = _differing(before, view(row))
    events.record(session, action, row, view(row), differing)
    _note(session, caller, row, action, {"changed": sorted(differing)})
    return row


def _differing(before: Fields, after: Fields) -> Fields:
    return {name: before[name] for name in before if before[name] != after[name]}


def _mine(caller: Caller) -> list[Any]:
    return [
        WebhookEndpoint.store_id == caller.store_id,
        WebhookEndpoint.livemode == caller.livemode,
        WebhookEndpoint.status != "deleted",
    ]


def _moment(at: datetime | None) -> str | None:
    return None if at is None else clock.rfc3339(at)


def _wrong(pointer: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "detail": detail}


def _note(session: Session, caller: Caller, row: WebhookEndpoint, action: str, evidence: Fields) -> None:
    audit.write(
        session,
        action=action,
        subject_type="webhook_endpoint",
        subject_id=row.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence=evidence,
        request_id=caller.request_id,
    )
