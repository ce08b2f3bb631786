"""Shoppers' sessions: asked for by anybody, opened by the code that was sent, or by the store's own word.

Starting one tells nothing: the order is looked for behind the answer, by a job that a claim which fits nothing has as
well (`session_codes`). What is proved by a code, a JWT or a secret key is proof of level 2 for one customer.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import SessionExpired, SessionLocked, SessionNotFound, SessionVerified
from app.models.storefronts import ShopperSession, UsedJwt
from app.models.stores import ApiKey, Store
from app.services import customers, durable, events
from app.services.callers import Caller
from app.services.stores import digest, works

JOB = "shopper_session"
CODE_LIVES = timedelta(minutes=10)
TOKEN_LIVES = timedelta(minutes=30)
TRIES = 5
KEPT = timedelta(days=1)
"""How long a session's row stays after its end."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What whoever wants a session says: an order, and a contact that would stand on it."""

    order_ref: str | None
    contact_kind: str
    """`email phone postal_code`."""
    contact_key: str | None
    """As `services/proofs.py` writes it; None where it cannot be one, which fits nothing."""


def begin(session: Session, caller: Caller, claim: Claim) -> ShopperSession:
    """A session that waits for its code; whether one is sent is found out behind the answer."""
    row = _new(caller, CODE_LIVES)
    row.order_ref, row.contact_kind, row.contact_key = claim.order_ref, claim.contact_kind, claim.contact_key
    session.add(row)
    session.flush()
    events.record(session, "shopper_session.created", row, view(row))
    durable.enqueue(session, JOB, row.id, 1)
    return row


def vouch(session: Session, caller: Caller, ref: str) -> tuple[ShopperSession, str]:
    """A session for the customer `ref` by the store's word, and its token; raises `customer_not_found`."""
    customer = customers.get(session, caller, ref)
    row = _new(caller, TOKEN_LIVES)
    session.add(row)
    token = _activate(row, customer.id)
    session.flush()
    events.record(session, "shopper_session.created", row, view(row))
    return row, token


def _new(caller: Caller, lives: timedelta) -> ShopperSession:
    now = clock.now()
    return ShopperSession(
        id=ids.new("ses"),
        store_id=caller.store_id,
        livemode=caller.livemode,
        key_id=caller.key_id,
        status="pending_verification",
        created_at=now,
        expires_at=now + lives,
        tries=0,
    )


def verify(session: Session, caller: Caller, session_id: str, code: str) -> tuple[ShopperSession, str | None]:
    """The session, and its token where the code is right; None counts as one of five tries.

    Raises `session_not_found` (another key's too), `session_locked`, `session_expired`, `session_verified`. A session
    to which no code was ever sent answers in no other way.
    """
    row = session.get(ShopperSession, session_id, with_for_update=True)
    whose = (caller.store_id, caller.livemode, caller.key_id)
    if row is None or (row.store_id, row.livemode, row.key_id) != whose:
        raise SessionNotFound
    if row.status == "active":
        raise SessionVerified
    if row.status == "locked":
        raise SessionLocked
    if row.expires_at <= clock.now():
        raise SessionExpired
    row.tries += 1
    right = hmac.compare_digest(row.code_hash or "", code_hash(row.id, code))
    if right and row.customer_id is not None:
        token = _activate(row, row.customer_id)
        events.record(session, "shopper_session.verified", row, view(row))
        return row, token
    if row.tries >= TRIES:
        row.move("locked")
        forget_claim(row)
        events.record(session, "shopper_session.locked", row, view(row))
    return row, None


def forget_claim(row: ShopperSession) -> None:
    """What was claimed is of no more use."""
    row.order_ref = row.contact_kind = row.contact_key = None


def code_hash(session_id: str, code: str) -> str:
    """How a code is kept: not to be read off, and of no use for another session."""
    return sha256(f"{session_id}:{code}".encode()).hexdigest()


def _activate(row: ShopperSession, customer_id: str) -> str:
    token, now = _token(), clock.now()
    row.move("active")
    row.customer_id, row.token_hash, row.code_hash = customer_id, digest(token), None
    row.verified_at, row.expires_at = now, now + TOKEN_LIVES
    return token


def _token() -> str:
    return "st_" + secrets.token_urlsafe(32).replace("-", "A").replace("_", "B")


def again(session: Session, session_id: str, *, renew: bool) -> tuple[ShopperSession, str | None]:
    """A session whose answer was lost, asked for by the same request; with `renew` another token in its place."""
    row = session.get_one(ShopperSession, session_id, with_for_update=True)
    if not renew or row.status != "active":
        return row, None
    token = _token()
    row.token_hash = digest(token)
    return row, token


def view(row: ShopperSession) -> dict[str, Any]:
    """The session as events show it: nothing of what was claimed."""
    return {
        "id": row.id,
        "livemode": row.livemode,
        "status": row.status,
        "customer": row.customer_id if row.status == "active" else None,
        "expires_at": clock.rfc3339(row.expires_at),
        "created_at": clock.rfc3339(row.created_at),
    }


_BY_TOKEN = (
    select(ShopperSession, ApiKey, Store)
    .join(ApiKey, ApiKey.id == ShopperSession.key_id)
    .join(Store, Store.id == ShopperSession.store_id)
    .where(ShopperSession.token_hash == bindparam("hash"))
)


def authenticate(session: Session, token: str) -> tuple[ShopperSession, ApiKey, Store] | None:
    """The session of a token, the key that opened it and its store; None where it has ended or the key has."""
    found = session.execute(_BY_TOKEN, {"hash": digest(token)}).first()
    if found is None:
        return None
    row, key, store = found
    return (row, key, store) if row.status == "active" and row.expires_at > clock.now() and works(key) else None


def purge(session: Session) -> None:
    """Forget a claim with its session's end, the session a day later, and JWTs that are refused for their age."""
    now = clock.now()
    over = select(ShopperSession).where(ShopperSession.expires_at <= now, ShopperSession.contact_kind.is_not(None))
    for row in session.scalars(over.limit(1000).with_for_update(skip_locked=True)):
        forget_claim(row)
    session.execute(delete(ShopperSession).where(ShopperSession.expires_at <= now - KEPT))
    session.execute(delete(UsedJwt).where(UsedJwt.expires_at <= now))
