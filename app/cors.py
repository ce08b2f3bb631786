"""What a browser is told of who may read an answer (CORS): the origins that the key itself lists, never everybody.

Cookies are no credential here, so that `Access-Control-Allow-Credentials` is never sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.types import Scope

from app.errors import AppError, OriginNotAllowed
from app.services import origins

Headers = list[tuple[bytes, bytes]]
ALLOWED = b"access-control-allow-origin"
PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE"),
    (
        b"access-control-allow-headers",
        b"Authorization, Content-Type, Idempotency-Key, If-Match, Prefer, X-Request-Id, Traceparent",
    ),
    (b"access-control-max-age", b"600"),
]
EXPOSED = (
    b"access-control-expose-headers",
    (
        b"X-Request-Id, Aftersale-Version, Idempotent-Replayed, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
        b"Retry-After, Content-Disposition"
    ),
)


def is_preflight(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser asks what a page may send; the credential comes with the request itself."""
    asks = b"origin" in headers and b"access-control-request-method" in headers
    return asks and scope["method"] == "OPTIONS" and scope["path"].startswith("/v1/")


async def readable(app: Any, scope: Scope, headers: Mapping[bytes, bytes]) -> Headers:
    """What lets a page on the request's origin read the answer, refusals too; not where no key of its lists it."""
    varies = (b"vary", b"Origin")
    origin = headers[b"origin"].decode("latin-1")
    credential = headers.get(b"authorization", b"").decode("latin-1").partition(" ")[2].strip()
    runtime = getattr(app.state, "runtime", None)
    if runtime is None or not scope["path"].startswith("/v1/"):
        return [varies]
    try:
        if is_preflight(scope, headers):
            allowed = await runtime.db.read(origins.listed, origin)
        else:
            allowed = await runtime.db.read(origins.may_read, credential, origin)
    except AppError:  # the database is away: the answer itself tells
        return [varies]
    return [varies, (ALLOWED, headers[b"origin"]), EXPOSED] if allowed else [varies]


def preflight(allowed: Headers) -> Headers:
    """What a page may send; raises `origin_not_allowed` where no key lists its origin."""
    if not any(name == ALLOWED for name, _ in allowed):
        raise OriginNotAllowed
    return PREFLIGHT
