"""Which web pages may use a key: origins as browsers send them, checked by us and told to the browser (CORS)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.models.storefronts import KeyOrigin, ShopperSession
from app.models.stores import ApiKey
from app.services.stores import digest, works

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
PORTS = {"https": 443, "http": 80}
HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\]")
LONGEST = 300


def normalized(text: str) -> str:
    """An origin as browsers send it; raises ValueError where it is none that may be listed.

    `https://host` or `https://host:port`; plain http only on this machine. No path, no `*`, letters as punycode.
    """
    parts = urlsplit(text.strip().lower())
    try:
        port = parts.port
    except ValueError:
        raise ValueError(f"{text} is no origin: its port is no number") from None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    if parts.scheme not in PORTS or not HOST.fullmatch(host):
        raise ValueError(f"{text} is no origin: write it as https://shop.example")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None:
        raise ValueError(f"{text} is more than an origin: write scheme, host and port, as https://shop.example")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ValueError(f"{text} is not encrypted: plain http is for localhost")
    return f"{parts.scheme}://{host}" + ("" if port in (None, PORTS[parts.scheme]) else f":{port}")


_LISTED = select(ApiKey).join(KeyOrigin, KeyOrigin.key_id == ApiKey.id).where(KeyOrigin.origin == bindparam("origin"))
_KEY = select(ApiKey).where(ApiKey.hash == bindparam("hash"))
_OPENER = (
    select(ApiKey)
    .join(ShopperSession, ShopperSession.key_id == ApiKey.id)
    .where(ShopperSession.token_hash == bindparam("hash"))
)


def listed(session: Session, origin: str) -> bool:
    """Whether any key that works lists it: what a browser asks before it sends the key itself."""
    return any(works(key) for key in session.scalars(_LISTED, {"origin": origin}))


def may_read(session: Session, credential: str, origin: str) -> bool:
    """Whether a page on `origin` may read what we answer to this credential, refusals too.

    A publishable key's own list; of a shopper's token, also one that has expired, the list of the key that opened the
    session. A secret key has no business in a browser.
    """
    if len(credential) > LONGEST or not credential.startswith(("pk_", "st_")):
        return False
    query = _KEY if credential.startswith("pk_") else _OPENER
    key = session.scalar(query, {"hash": digest(credential)})
    return key is not None and works(key) and allows(session, key, origin)


def allows(session: Session, key: ApiKey, origin: str) -> bool:
    """Whether what `key` is, or has opened, may be used on `origin`.

    A session that the store's server opened by a secret key is used on the pages of the store's publishable keys.
    """
    if key.kind == "publishable":
        return session.get(KeyOrigin, (key.id, origin)) is not None
    query = select(ApiKey).join(KeyOrigin, KeyOrigin.key_id == ApiKey.id)
    query = query.where(KeyOrigin.origin == origin, ApiKey.store_id == key.store_id, ApiKey.livemode == key.livemode)
    return any(works(found) for found in session.scalars(query))
