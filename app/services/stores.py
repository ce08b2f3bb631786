"""Stores and their keys: made by the command line, checked on every request."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app import clock, ids
from app.models.stores import SCOPES, ApiKey, Store
from app.services import audit
from app.services.policy.plain import Policy

COMMAND_LINE = {"type": "operator", "id": "command-line"}
USE_NOTED_EVERY = timedelta(minutes=1)


def create(session: Session, name: str, *, policy: Policy | None = None, **fields: Any) -> Store:
    """A new store with a checked policy."""
    store = Store(
        id=ids.new("sto"),
        name=name,
        policy=(policy or Policy.model_validate({})).model_dump(mode="json"),
        created_at=clock.now(),
        **fields,
    )
    session.add(store)
    session.flush()
    audit.write(
        session,
        action="store.created",
        subject_type="store",
        subject_id=store.id,
        actor=COMMAND_LINE,
        store_id=store.id,
        livemode=None,
        evidence={"name": name},
    )
    return store


def change(session: Session, store: Store, *, policy: Policy | None = None, **fields: Any) -> None:
    """Change a store's settings, leaving an audit row with what they were."""
    before = {name: getattr(store, name) for name in fields}
    if policy is not None:
        before["policy"] = store.policy
        fields["policy"] = policy.model_dump(mode="json")
    for name, value in fields.items():
        setattr(store, name, value)
    audit.write(
        session,
        action="store.changed",
        subject_type="store",
        subject_id=store.id,
        actor=COMMAND_LINE,
        store_id=store.id,
        livemode=None,
        evidence={"before": before, "after": fields},
    )


def issue_key(
    session: Session, store: Store, *, name: str, livemode: bool, scopes: Sequence[str] = SCOPES
) -> tuple[ApiKey, str]:
    """A new secret key; the second value is the key itself, which is shown once and kept nowhere."""
    unknown = sorted(set(scopes) - {*SCOPES, "*"})
    if unknown:
        raise ValueError(f"unknown scopes: {', '.join(unknown)}")
    secret = f"sk_{'live' if livemode else 'test'}_{secrets.token_urlsafe(32).replace('-', 'A').replace('_', 'B')}"
    key = ApiKey(
        id=ids.new("key"),
        store_id=store.id,
        livemode=livemode,
        name=name,
        prefix=secret[:12],
        hash=digest(secret),
        scopes=list(scopes),
        created_at=clock.now(),
    )
    session.add(key)
    session.flush()
    audit.write(
        session,
        action="key.issued",
        subject_type="key",
        subject_id=key.id,
        actor=COMMAND_LINE,
        store_id=store.id,
        livemode=livemode,
        evidence={"name": name, "prefix": key.prefix, "scopes": list(scopes)},
    )
    return key, secret


def revoke_key(session: Session, key: ApiKey) -> None:
    """The key stops working with the next request."""
    key.revoked_at = clock.now()
    audit.write(
        session,
        action="key.revoked",
        subject_type="key",
        subject_id=key.id,
        actor=COMMAND_LINE,
        store_id=key.store_id,
        livemode=key.livemode,
        evidence={"prefix": key.prefix},
    )


_BY_HASH = select(ApiKey, Store).join(Store, Store.id == ApiKey.store_id).where(ApiKey.hash == bindparam("hash"))
"""Built once: every request passes here."""


def authenticate(session: Session, secret: str) -> tuple[ApiKey, Store] | None:
    """The key and its store, or None where the key is unknown, revoked or expired."""
    row = session.execute(_BY_HASH, {"hash": digest(secret)}).first()
    if row is None:
        return None
    key, store = row
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= clock.now()):
        return None
    return key, store


def note_use(session: Session, key_id: str, at: datetime) -> None:
    """Remember when the key was last used."""
    session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=at))


def digest(secret: str) -> str:
    """How a key is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()
