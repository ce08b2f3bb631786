"""The ticket by which a browser opens a stream of events: an address carries no key, for addresses stand in logs.

Signed with the store's own secret, good for minutes, and for reading alone; nothing of it is stored.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy.orm import Session

from app import clock
from app.errors import OriginNotAllowed, Unauthorized
from app.models.storefronts import ShopperSession
from app.models.stores import ApiKey, Store
from app.services import origins, stores
from app.services.callers import Caller

LASTS = timedelta(minutes=15)
"""A browser opens a stream again by itself under the address that it has: for so long it may."""
LONGEST = 600


@dataclass(frozen=True, slots=True)
class Opened:
    """Whose events a stream tells: of one conversation, of one customer's, or (neither) all of the store's."""

    store: Store
    livemode: bool
    customer: str | None
    ticket: str | None
    until: datetime


def made(caller: Caller, conversation: str | None) -> tuple[str, datetime]:
    """A ticket for what the caller may read, and until when it is good; `conversation`: the one ticket of a chat."""
    until = clock.now() + LASTS
    key = caller.opened_by or caller.key_id
    session = caller.key_id if caller.by_token else None
    content = orjson.dumps(
        [caller.store_id, caller.livemode, key, session, caller.shopper, conversation, int(until.timestamp())]
    )
    return f"est_{_text(content)}.{_text(_mark(caller.store, content))}", datetime.fromtimestamp(
        int(until.timestamp()), UTC
    )


def opened(session: Session, text: str, origin: str | None) -> Opened:
    """What a ticket opens on a page of `origin`.

    Raises `unauthorized` for one that is not ours, is over, or whose key works no more; `origin_not_allowed`.
    """
    found = _read(text)
    if found is None:
        raise Unauthorized("This is no ticket for a stream.")
    content, mark = found
    store_id, livemode, key_id, session_id, customer, ticket, until = orjson.loads(content)
    store, key = session.get(Store, store_id), session.get(ApiKey, key_id)
    if store is None or key is None or not hmac.compare_digest(mark, _mark(store, content)):
        raise Unauthorized("This is no ticket for a stream.")
    ends = datetime.fromtimestamp(until, UTC)
    if ends <= clock.now() or not stores.works(key) or not _is_signed_in(session, session_id):
        raise Unauthorized("This ticket is over: ask for another.")
    if origin is not None and not origins.allows(session, key, origin):
        raise OriginNotAllowed
    return Opened(store, livemode, customer, ticket, ends)


def _is_signed_in(session: Session, session_id: str | None) -> bool:
    """Whether the shopper's session that asked for it lasts; of a ticket that a key has asked for there is none."""
    if session_id is None:
        return True
    row = session.get(ShopperSession, session_id)
    return row is not None and row.status == "active" and row.expires_at > clock.now()


def _read(text: str) -> tuple[bytes, bytes] | None:
    body, dot, mark = text.removeprefix("est_").partition(".")
    if not text.startswith("est_") or not dot or len(text) > LONGEST:
        return None
    try:
        content, given = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in (body, mark))
        parts: Any = orjson.loads(content)
    except (binascii.Error, ValueError):
        return None
    return (content, given) if isinstance(parts, list) and len(parts) == 7 else None  # pyright: ignore[reportUnknownArgumentType]


def _mark(store: Store, content: bytes) -> bytes:
    return hmac.new(store.cursor_secret.encode(), b"stream\x00" + content, sha256).digest()


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
