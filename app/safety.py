"""Headers that keep an answer from being misread, framed, kept or run by a browser."""

from __future__ import annotations

from starlette.types import Scope

from app.services.events import API_VERSION

Headers = tuple[tuple[bytes, bytes], ...]

EVERYWHERE: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"aftersale-version", API_VERSION.encode()),
)
NOTHING = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
"""An answer of the API is data: whatever a browser takes it for, it loads and runs nothing."""
PAGES = (
    b"content-security-policy",
    (
        b"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; "
        b"frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
)
"""The document's pages start from a script that stands in them, and load nothing from elsewhere."""
PAGE_PATHS = ("/docs", "/redoc", "/static-offline-docs")
TRANSPORT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
"""Only over TLS does a browser heed it; whoever ends the TLS before us says so by `X-Forwarded-Proto`."""


def of(scope: Scope) -> Headers:
    """What the answer to this request carries, unless the route says otherwise."""
    policy = PAGES if scope["path"].startswith(PAGE_PATHS) else NOTHING
    return (*EVERYWHERE, policy, TRANSPORT) if scope.get("scheme") == "https" else (*EVERYWHERE, policy)
