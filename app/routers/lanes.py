"""The short way to the hot endpoints: requests of the plainest form are answered without FastAPI.

Plain is what a store's own systems send thousands of times: a secret key, for nobody but the store, and nothing that
needs another look. A lane shares its work with its endpoint, and gives back None for whatever else it meets: then the
request goes the long way, where everything is read, checked and refused in full.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app import strict_json
from app.routers import calling
from app.routers.answers import Json
from app.routers.writes import checked_key
from app.services import stores
from app.services.callers import Caller
from app.services.runtime import Runtime
from app.statements import Read

LONG_WAY = (b"origin", b"aftersale-customer", b"aftersale-actor")
"""Headers of requests that are not plain."""


@dataclass(slots=True)
class Asked:
    """A plain request: the caller has the endpoint's scope."""

    means: Runtime
    request_id: str
    secret: str
    method: str
    url_path: str
    path: Mapping[str, str]
    query: bytes
    headers: Mapping[bytes, bytes]
    body: bytes

    def json(self) -> Any:
        """The body; raises `invalid_json`."""
        return strict_json.loads(self.body)

    def key(self) -> str | None:
        """The idempotency key; raises `idempotency_key_required` where it cannot be one."""
        key = self.headers.get(b"idempotency-key")
        return None if key is None else checked_key(key.decode("latin-1"))

    async def caller(self, scope: str) -> Caller:
        """Who calls; raises as the endpoint's own dependency does."""
        found = await calling.by_key(self.means, self.secret, self.request_id, None)
        found.need(scope)
        return found

    async def row(
        self, scope: str, read: Read, values: Callable[[Caller], Mapping[str, Any]]
    ) -> tuple[Caller, dict[str, Any]] | None:
        """The one row of a statement that has the key beside it as `caller`, and who that is.

        Who calls is remembered from the last time, and read again in the same statement: None where they are others
        now, and where there is no row.
        """
        hashed = stores.digest(self.secret)
        caller = calling.remembered(self.means, hashed, self.request_id)
        if caller is None or not (scope in caller.scopes or "*" in caller.scopes):
            caller = await self.caller(scope)
        rows = await self.means.db.fetch(read, **values(caller), hash=hashed)
        if len(rows) != 1 or not stores.confirmed(hashed, rows[0].pop("caller")):
            return None
        return caller, rows[0]


Lane = Callable[[Asked], Awaitable[Json | None]]
_lanes: dict[Callable[..., Any], Lane] = {}


def lane(endpoint: Callable[..., Any]) -> Callable[[Lane], Lane]:
    """Mark the short way of an endpoint."""

    def mark(short: Lane) -> Lane:
        _lanes[endpoint] = short
        return short

    return mark


def of(endpoint: Callable[..., Any]) -> Lane | None:
    """The endpoint's short way, where it has one."""
    return _lanes.get(endpoint)


def secret_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The secret key of a request that is plain by its headers, else None."""
    given = headers.get(b"authorization", b"")
    if not given.startswith(b"Bearer sk_") or not given.isascii() or len(given) > 100:
        return None
    if any(name in headers for name in LONG_WAY):
        return None
    return given[7:].decode()
