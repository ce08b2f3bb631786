"""Signatures of webhooks: made and compared in constant time, over the raw body, within a window on both sides.

Standard Webhooks (standardwebhooks.com): `webhook-signature` holds `v1,<base64 HMAC-SHA256 of id.timestamp.body>`,
several of them separated by spaces while a secret is being rotated; a secret is `whsec_` and its bytes in base64.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=300)
PREFIX = "whsec_"
LEAST, MOST = 24, 64
"""Bytes of a secret."""
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_MOST_SIGNATURES = 20


def secret_bytes(secret: str) -> bytes:
    """The bytes of `whsec_…` (the prefix may be left out); raises ValueError where it is none."""
    try:
        found = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError as error:
        raise ValueError("whsec_ and 24 to 64 random bytes in base64") from error
    if not LEAST <= len(found) <= MOST:
        raise ValueError("whsec_ and 24 to 64 random bytes in base64")
    return found


def sign(secret: bytes, delivery_id: str, timestamp: int, body: bytes) -> str:
    """One signature of Standard Webhooks."""
    return "v1," + base64.b64encode(_mac(secret, f"{delivery_id}.{timestamp}.".encode() + body)).decode()


def signed(secrets: Iterable[bytes], delivery_id: str, timestamp: str, body: bytes, signatures: str) -> bool:
    """Whether one of the signatures (`webhook-signature`) is by one of the secrets."""
    given = [part.removeprefix("v1,") for part in signatures.split(" ")[:_MOST_SIGNATURES] if part.startswith("v1,")]
    content = f"{delivery_id}.{timestamp}.".encode() + body
    return any_matches([base64.b64encode(_mac(secret, content)).decode() for secret in secrets], given)


def base64_hmac(secret: bytes, content: bytes) -> str:
    """HMAC-SHA256 in base64, as Shopify, Zendesk and others write it."""
    return base64.b64encode(_mac(secret, content)).decode()


def any_matches(expected: Sequence[str], given: Sequence[str]) -> bool:
    """Whether any of these is any of those; every pair is compared, each in constant time."""
    found = False
    for one in given:
        for other in expected:
            found |= hmac.compare_digest(one.encode(), other.encode())
    return found


def within(moment: datetime, now: datetime) -> bool:
    """Whether it is at most five minutes ago or ahead."""
    return abs(moment - now) <= WINDOW


def seconds(text: str) -> int | None:
    """A Unix timestamp in seconds as it stands in a header; None where it is none."""
    return int(text) if _SECONDS.fullmatch(text) else None


def _mac(secret: bytes, content: bytes) -> bytes:
    return hmac.new(secret, content, hashlib.sha256).digest()
