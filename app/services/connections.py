"""A store's connections: made, changed, deleted and shown, their credentials sealed and never told again."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import orjson
from pydantic import BaseModel, SecretStr, ValidationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.database import insert_missing
from app.errors import ConnectionInUse, ConnectionNotFound, FamilyTaken, Invalid, KindUnknown, ScopesExceeded
from app.integrations import connecting
from app.integrations.connecting import Kind
from app.models.connections import Connection, ConnectionFamily
from app.models.operations import Operation
from app.models.stores import SCOPES, Store
from app.services import audit, events, keyrings, parcel_subscriptions
from app.services.callers import Caller
from app.services.keyrings import Keyring, Unreadable
from app.services.providers import bound, mode

Fields = dict[str, Any]
SHOWN_FROM = 12
"""Characters from which on the last four of a credential tell nobody the rest."""


def kind_of(caller: Caller, name: str) -> Kind[Any, Any]:
    """The kind; `kind_unknown` where there is none, or none for live data."""
    found = connecting.every().get(name)
    if found is None or (found.test_only and caller.livemode):
        raise KindUnknown(errors=[{"pointer": "/kind", "code": "kind_unknown", "detail": KindUnknown.detail}])
    return found


def create(session: Session, caller: Caller, given: Fields) -> Connection:
    """Write a connection down; nothing is called. `given`: kind, name, config, credentials, families (None: all)."""
    kind = kind_of(caller, given["kind"])
    config = _config(caller, kind, given["config"])
    families = _families(kind, given["families"])
    now = clock.now()
    made = Connection(
        id=ids.new("con"),
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=now,
        updated_at=now,
        kind=kind.name,
        name=given["name"],
        families=families,
        config=config,
        shown={},
        checks=[],
        status="unchecked",
        version=1,
    )
    _keep(session, caller.store, made, kind, given["credentials"])
    session.add(made)
    session.flush()
    _serve(session, made)
    parcel_subscriptions.begin(session, made)
    events.record(session, "connection.created", made, view(made))
    _note(session, caller, made, "connection.created", {"kind": kind.name, "families": families})
    return made


def change(session: Session, caller: Caller, connection_id: str, given: Fields) -> Connection:
    """Set name, config, credentials or families; `overlap`: seconds for which the former credentials still sign."""
    row = get(session, caller, connection_id, lock=True)
    kind = kind_of(caller, row.kind)
    before = view(row)
    if "name" in given:
        row.name = given["name"]
    if "config" in given:
        config = _config(caller, kind, given["config"])
        if config != row.config:
            _at_rest(session, row)
        row.config = config
    if "families" in given:
        families = _families(kind, given["families"])
        if families != row.families:
            _at_rest(session, row)
        row.families = families
    if "credentials" in given:
        overlap = given.get("overlap", 0)
        row.former = row.credentials if overlap else None
        row.former_until = clock.now() + timedelta(seconds=overlap) if overlap else None
        _keep(session, caller.store, row, kind, given["credentials"])
    if "config" in given or "credentials" in given:
        row.status, row.checks, row.checked_at = "unchecked", [], None
    row.version += 1
    row.updated_at = clock.now()
    session.flush()
    _serve(session, row)
    parcel_subscriptions.begin(session, row)
    after = view(row)
    changed = [name for name in after if after[name] != before[name] and name not in {"version", "updated_at"}]
    events.record(session, "connection.updated", row, after, previous={name: before[name] for name in changed})
    _note(session, caller, row, "connection.changed", {"fields": sorted(given), "overlap": given.get("overlap", 0)})
    return row


def remove(session: Session, caller: Caller, connection_id: str) -> Connection:
    """Forget the credentials and serve nothing any more; what came through it stays on record."""
    row = get(session, caller, connection_id, lock=True)
    _at_rest(session, row)
    row.credentials = row.former = row.former_until = row.sealed_by = None
    row.families, row.shown, row.status, row.deleted_at = [], {}, "deleted", clock.now()
    row.version += 1
    row.updated_at = clock.now()
    session.flush()
    _serve(session, row)
    events.record(session, "connection.deleted", row, view(row))
    _note(session, caller, row, "connection.deleted", {"kind": row.kind})
    return row


def get(session: Session, caller: Caller, connection_id: str, *, lock: bool = False) -> Connection:
    """The connection, or `connection_not_found` where this store has none such in this mode."""
    query = select(Connection).where(
        Connection.id == connection_id,
        Connection.store_id == caller.store_id,
        Connection.livemode == caller.livemode,
        Connection.deleted_at.is_(None),
    )
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise ConnectionNotFound
    return found


def listed(session: Session, caller: Caller, kind: str | None, before: str | None, limit: int) -> Sequence[Connection]:
    """Newest first, from behind the id `before`."""
    query = select(Connection).where(
        Connection.store_id == caller.store_id, Connection.livemode == caller.livemode, Connection.deleted_at.is_(None)
    )
    if kind is not None:
        query = query.where(Connection.kind == kind)
    if before is not None:
        query = query.where(Connection.id < before)
    return session.scalars(query.order_by(Connection.id.desc()).limit(limit)).all()


def view(row: Connection) -> Fields:
    """As the contract shows it: of a credential never more than its last four characters and a fingerprint."""
    kind = connecting.every().get(row.kind)
    known = kind is not None and row.deleted_at is None
    return {
        "id": row.id,
        "livemode": row.livemode,
        "kind": row.kind,
        "name": row.name,
        "status": row.status,
        "families": row.families,
        "capabilities": sorted(kind.capabilities(parsed(kind.config, row.config))) if known and kind else [],
        "config": row.config,
        "credentials": row.shown,
        "former_credentials_until": None if row.former_until is None else clock.rfc3339(row.former_until),
        "inbound": f"/v1/inbound/{row.id}" if known and kind and kind.inbound is not None else None,
        "checks": row.checks,
        "checked_at": None if row.checked_at is None else clock.rfc3339(row.checked_at),
        "version": row.version,
        "created_at": clock.rfc3339(row.created_at),
        "updated_at": clock.rfc3339(row.updated_at),
    }


def projected(row: Connection) -> Fields:
    """What the store's own row says of it."""
    return {
        "kind": row.kind,
        "version": row.version,
        "families": row.families,
        "config": row.config,
        "credentials": row.credentials,
    }


def parsed(model: type[BaseModel], fields: Any) -> Any:
    """`fields` as JSON has them, in the model."""
    return model.model_validate_json(orjson.dumps(fields))


@dataclass(slots=True)
class SealedAnew:
    """How far it has come: the last row looked at (None: the end), how many are done, which cannot be read."""

    after: str | None = ""
    done: int = 0
    unreadable: list[str] = field(default_factory=list[str])


def seal_anew(session: Session, so_far: SealedAnew, limit: int = 100) -> SealedAnew:
    """Seal with the newest key what an older one has sealed, the next few; what no key opens is left and told."""
    keyring = keyrings.in_session(session)
    rows = session.scalars(
        select(Connection)
        .where(Connection.sealed_by != keyring.newest, Connection.id > (so_far.after or ""))
        .order_by(Connection.id)
        .limit(limit)
        .with_for_update()
    ).all()
    done, unreadable = so_far.done, list(so_far.unreadable)
    for row in rows:
        try:
            _seal_anew(session, keyring, row)
            done += 1
        except Unreadable:
            unreadable.append(row.id)
    return SealedAnew(rows[-1].id if rows else None, done, unreadable)


def _seal_anew(session: Session, keyring: Keyring, row: Connection) -> None:
    place = bound(row.store_id, row.id, livemode=row.livemode)
    opened = [None if sealed is None else keyring.open(sealed, place) for sealed in (row.credentials, row.former)]
    row.credentials, row.former = (None if plain is None else keyring.seal(plain, place) for plain in opened)
    row.sealed_by = keyring.newest
    session.flush()
    _serve(session, row)
    audit.write(
        session,
        action="connection.sealed_anew",
        subject_type="connection",
        subject_id=row.id,
        actor={"type": "operator", "id": "command-line"},
        store_id=row.store_id,
        livemode=row.livemode,
        evidence={"key": row.sealed_by},
    )


# ---- what is given, checked ---------------------------------------------------------------------------------------


def _checked(model: type[BaseModel], fields: Fields, at: str) -> Any:
    """The model, or `validation_failed` with a pointer for each finding; never with what was given."""
    try:
        return parsed(model, fields)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[:50]
        raise Invalid(
            errors=[
                {
                    "pointer": at + "".join(f"/{step}" for step in item["loc"]),
                    "code": str(item["type"]),
                    "detail": str(item["msg"]),
                }
                for item in found
            ]
        ) from None


def _config(caller: Caller, kind: Kind[Any, Any], fields: Fields) -> Fields:
    checked: Fields = _checked(kind.config, fields, "/config").model_dump(mode="json")
    wanted = cast("list[str]", checked.get("scopes", []))
    unknown = sorted(set(wanted) - set(SCOPES))
    if unknown:
        raise Invalid(errors=[{"pointer": "/config/scopes", "code": "unknown_scope", "detail": "is no scope"}])
    if "*" not in caller.scopes and set(wanted) - caller.scopes:
        raise ScopesExceeded
    return checked


def _families(kind: Kind[Any, Any], wanted: Sequence[str] | None) -> list[str]:
    if wanted is None:
        return list(kind.families)
    if set(wanted) - set(kind.families):
        detail = f"a connection of this kind can be: {', '.join(kind.families) or 'none of them'}"
        raise Invalid(errors=[{"pointer": "/families", "code": "family_not_served", "detail": detail}])
    return [family for family in kind.families if family in wanted]


def _keep(session: Session, store: Store, row: Connection, kind: Kind[Any, Any], fields: Fields) -> None:
    """Seal the credentials for this row, and what may be shown of them."""
    checked = _checked(kind.credentials, fields, "/credentials")
    keyring = keyrings.in_session(session)
    plain = {name: _plain(value) for name, value in checked if value is not None}
    place = bound(row.store_id, row.id, livemode=row.livemode)
    row.credentials = keyring.seal(plain, place)
    if row.former is not None and row.sealed_by != keyring.newest:
        row.former = keyring.seal(keyring.open(row.former, place), place)
    row.sealed_by = keyring.newest
    row.shown = {
        name: _told(store, str(value)) for name, value in plain.items() if isinstance(getattr(checked, name), SecretStr)
    }


def _plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _told(store: Store, secret: str) -> Fields:
    """Keyed by the store's own secret: nobody finds out a weak one by trying."""
    mark = hmac.new(store.cursor_secret.encode(), secret.encode(), hashlib.sha256).hexdigest()[:12]
    return {"last4": secret[-4:] if len(secret) >= SHOWN_FROM else None, "fingerprint": mark}


# ---- what it serves -----------------------------------------------------------------------------------------------


def _at_rest(session: Session, row: Connection) -> None:
    """Raise `connection_in_use` where an effect was begun through it whose end is not known."""
    if not row.families:
        return
    open_ = select(Operation.id).where(
        Operation.store_id == row.store_id,
        Operation.livemode == row.livemode,
        Operation.provider == row.kind,
        Operation.status.in_(("pending", "unknown")),
    )
    if session.scalar(open_.limit(1)) is not None:
        raise ConnectionInUse


def _serve(session: Session, row: Connection) -> None:
    """Write what it serves where it is looked for; raises `family_taken` where another one does."""
    store = session.get_one(Store, row.store_id, with_for_update=True)  # two of one store's wait for each other here
    session.execute(delete(ConnectionFamily).where(ConnectionFamily.connection_id == row.id))
    for family in row.families:
        serves = {
            "store_id": row.store_id,
            "livemode": row.livemode,
            "family": family,
            "connection_id": row.id,
        }
        if not insert_missing(session, ConnectionFamily, serves):
            raise FamilyTaken
    here = mode(row.livemode)
    rows: Fields = {name: kept for name, kept in store.connected.get(here, {}).items() if name != row.id}
    if row.families:
        rows[row.id] = projected(row)
    store.connected = {**store.connected, here: rows}
    session.flush()


def _note(session: Session, caller: Caller, row: Connection, action: str, evidence: Fields) -> None:
    audit.write(
        session,
        action=action,
        subject_type="connection",
        subject_id=row.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"name": row.name, **evidence},
        request_id=caller.request_id,
    )
