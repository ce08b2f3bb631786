"""Stores and their keys: made by the command line, checked on every request."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import JSON, Column, Table, Text, bindparam, delete, literal_column, select, update
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session

from app import clock, ids
from app.database import Database
from app.models.storefronts import KeyOrigin
from app.models.stores import PUBLISHABLE_SCOPES, SCOPES, ApiKey, Store
from app.services import audit, parcel_looks
from app.services.policy.plain import Policy
from app.statements import Either, Read

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
    if {"delays", "timezone", "country_code"} & set(fields):
        parcel_looks.plan_anew(session, store.id)
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
    return _issued(session, store, "sk", "secret", name, livemode=livemode, scopes=scopes)


def issue_publishable(
    session: Session, store: Store, *, name: str, livemode: bool, allowed: Sequence[str]
) -> tuple[ApiKey, str]:
    """A new key for web pages on these origins (as `origins.normalized` gives them); at least one."""
    if not allowed:
        raise ValueError("a publishable key needs the origins of the pages that it stands in")
    scopes = sorted(PUBLISHABLE_SCOPES)
    key, shown = _issued(session, store, "pk", "publishable", name, livemode=livemode, scopes=scopes)
    set_origins(session, key, allowed)
    return key, shown


def set_origins(session: Session, key: ApiKey, allowed: Sequence[str]) -> None:
    """Let a publishable key, and the sessions that it opens, be used from these origins and no others."""
    before = origins_of(session, key.id)
    session.execute(delete(KeyOrigin).where(KeyOrigin.key_id == key.id))
    session.add_all(KeyOrigin(key_id=key.id, origin=origin) for origin in dict.fromkeys(allowed))
    session.flush()
    audit.write(
        session,
        action="key.origins_set",
        subject_type="key",
        subject_id=key.id,
        actor=COMMAND_LINE,
        store_id=key.store_id,
        livemode=key.livemode,
        evidence={"before": before, "after": sorted(set(allowed))},
    )


def origins_of(session: Session, key_id: str) -> list[str]:
    """The origins that a publishable key may be used from, in alphabetical order."""
    query = select(KeyOrigin.origin).where(KeyOrigin.key_id == key_id).order_by(KeyOrigin.origin)
    return list(session.scalars(query))


def _issued(
    session: Session, store: Store, begins: str, kind: str, name: str, *, livemode: bool, scopes: Sequence[str]
) -> tuple[ApiKey, str]:
    random = secrets.token_urlsafe(32).replace("-", "A").replace("_", "B")
    shown = f"{begins}_{'live' if livemode else 'test'}_{random}"
    key = ApiKey(
        id=ids.new("key"),
        store_id=store.id,
        livemode=livemode,
        name=name,
        kind=kind,
        prefix=shown if kind == "publishable" else shown[:12],
        hash=digest(shown),
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
        evidence={"name": name, "kind": kind, "prefix": shown[:12], "scopes": list(scopes)},
    )
    return key, shown


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
        evidence={"prefix": key.prefix[:12]},
    )


def _plain(column: Column[Any]) -> Any:
    """A document as its text: it is only compared."""
    return cast_to(column, Text) if isinstance(column.type, JSON) else column


_BY_HASH = select(ApiKey, Store).join(Store, Store.id == ApiKey.store_id).where(ApiKey.hash == bindparam("hash"))
"""Built once: every request passes here."""


_KEY, _STORE = cast("Table", ApiKey.__table__), cast("Table", Store.__table__)


def _with_store(*columns: Any) -> Any:
    return (
        select(*columns).join_from(_KEY, _STORE, _STORE.c.id == _KEY.c.store_id).where(_KEY.c.hash == bindparam("hash"))
    )


# PostgreSQL says of each row which transaction has written it: that tells a changed row, without the row.
AS_IT_IS = Either(
    postgresql=_with_store(
        literal_column("api_keys.xmin::text", Text).label("key_is_of"),
        literal_column("stores.xmin::text", Text).label("store_is_of"),
    ),
    sqlite=_with_store(
        *(_plain(column).label(f"key_{column.name}") for column in _KEY.c if column.name != "last_used_at"),
        *(_plain(column).label(f"store_{column.name}") for column in _STORE.c),
    ),
)
"""A key and its store, to be read beside what is asked for: `confirmed` tells whether they are who was taken for it."""
_ALONE = Read(AS_IT_IS)
_known: dict[str, tuple[dict[str, Any], ApiKey, Store]] = {}
KNOWN = 1000
"""Keys whose rows are kept as they were read last."""


async def recognized(db: Database, secret: str) -> tuple[ApiKey, Store] | None:
    """`authenticate` for every request: the rows are read each time, and made objects again only where they differ.

    So a key that is revoked stops working with the next request, and a store that is changed is the changed one.
    """
    hashed = digest(secret)
    rows = await db.fetch(_ALONE, hash=hashed)
    if not rows:
        return None
    known = _known.get(hashed)
    if known is None or known[0] != rows[0]:
        found = await db.read(authenticate, secret)
        if found is None:
            return None
        if len(_known) >= KNOWN:
            del _known[next(iter(_known))]
        known = _known[hashed] = (rows[0], *found)
    return known[1:] if works(known[1]) else None


def remembered(hashed: str) -> tuple[ApiKey, Store] | None:
    """Whose key it was when it came last; nobody may be answered by that before it is `confirmed`."""
    known = _known.get(hashed)
    return known[1:] if known is not None and works(known[1]) else None


def confirmed(hashed: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the rows of `AS_IT_IS`, read with the answer, are those that are remembered."""
    known = _known.get(hashed)
    return known is not None and len(rows) == 1 and rows[0] == known[0] and works(known[1])


def authenticate(session: Session, secret: str) -> tuple[ApiKey, Store] | None:
    """The key and its store, or None where the key is unknown, revoked or expired."""
    row = session.execute(_BY_HASH, {"hash": digest(secret)}).first()
    if row is None:
        return None
    key, store = row
    return (key, store) if works(key) else None


def works(key: ApiKey) -> bool:
    """Whether it has been neither revoked nor outlived."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > clock.now())


def note_use(session: Session, key_id: str, at: datetime) -> None:
    """Remember when the key was last used."""
    session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=at))


def digest(secret: str) -> str:
    """How a key is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()
