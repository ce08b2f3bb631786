"""Who calls: the key, the shopper it acts for, the named person; one async dependency per scope."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Request

from app import clock
from app.errors import Forbidden, InvalidHeader, OriginNotAllowed, Unauthorized
from app.models.stores import PUBLISHABLE_SCOPES, SHOPPERS_SCOPES, ApiKey, Store
from app.routers.headers import header, reads
from app.services import customers, origins, shopper_sessions, stores
from app.services.callers import Caller
from app.services.redaction import redact
from app.services.runtime import Runtime

AGENT = re.compile(r"agent:([A-Za-z0-9_.-]{1,64})")
SHOPPER = re.compile(r"[A-Za-z0-9_.:@/#-]{1,255}")
CUSTOMER = header(
    "aftersale-customer", "Act for this shopper: `cus_…` or the shop's own customer id.", f"^{SHOPPER.pattern}$"
)
ACTOR = header("aftersale-actor", "The named person who acts: `agent:<id>`.", "^agent:[A-Za-z0-9_.-]{1,64}$")
_noted: dict[str, float] = {}
_background: set[asyncio.Task[Any]] = set()


def runtime(request: Request) -> Runtime:
    """This process's means."""
    return request.app.state.runtime


async def _runtime(request: Request) -> Runtime:
    return request.app.state.runtime


Means = Annotated[Runtime, Depends(_runtime)]


def needs(scope: str | Callable[[Request], str]) -> Callable[..., Awaitable[Caller]]:
    """The dependency that lets a caller with `scope` in; a function tells it where it hangs on the request."""

    @reads(CUSTOMER, ACTOR)
    async def caller(request: Request) -> Caller:
        means = request.app.state.runtime
        aftersale_customer = request.headers.get("aftersale-customer")
        aftersale_actor = request.headers.get("aftersale-actor")
        found = await _authenticated(means, request)
        if found.in_browser and (aftersale_customer, aftersale_actor) != (None, None):
            raise Forbidden("Whom a call is for and who makes it is said with a secret key only.")
        found.need(scope if isinstance(scope, str) else scope(request))
        if found.in_browser:
            request.state.in_browser = True
            return found
        agent = None
        if aftersale_actor is not None:
            match = AGENT.fullmatch(aftersale_actor)
            if match is None or redact(aftersale_actor).text != aftersale_actor:
                raise InvalidHeader("Aftersale-Actor is agent: and an id of letters, digits, _ . and -.")
            agent = match.group(1)
        shopper = None if aftersale_customer is None else await _shopper(means, found, aftersale_customer)
        return Caller(
            store=found.store,
            livemode=found.livemode,
            key_id=found.key_id,
            scopes=found.scopes,
            request_id=found.request_id,
            shopper=shopper,
            agent=agent,
        )

    caller.__doc__ = f"Needs the scope `{scope}`." if isinstance(scope, str) else scope.__doc__
    caller.scope = scope  # pyright: ignore[reportFunctionMemberAccess]
    return caller


KEYS = ("sk_test_", "sk_live_", "pk_test_", "pk_live_")
TOKEN = "st_"  # noqa: S105  how tokens begin


async def _authenticated(means: Runtime, request: Request) -> Caller:
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.startswith((*KEYS, TOKEN)) or len(secret) > 200:
        raise Unauthorized(headers={"WWW-Authenticate": "Bearer"})
    origin = request.headers.get("origin")
    if secret.startswith(TOKEN):
        return await _shopper_s_own(means, request, secret.strip(), origin)
    return await by_key(means, secret.strip(), request.state.request_id, origin)


async def by_key(means: Runtime, secret: str, request_id: str, origin: str | None) -> Caller:
    """The caller whom a key names; `origin`: of the page that sends it."""
    found = await stores.recognized(means.db, secret)
    if found is None:
        raise Unauthorized("This key is not known, was revoked or has expired.", headers={"WWW-Authenticate": "Bearer"})
    key, store = found
    publishable = key.kind == "publishable"
    if publishable and origin is not None and not await means.db.read(origins.allows, key, origin):
        raise OriginNotAllowed
    return _caller(means, key, store, request_id)


def remembered(means: Runtime, hashed: str, request_id: str) -> Caller | None:
    """Who is taken for the caller by a secret key until the answer is read; see `stores.confirmed`."""
    known = stores.remembered(hashed)
    return None if known is None or known[0].kind != "secret" else _caller(means, *known, request_id)


def _caller(means: Runtime, key: ApiKey, store: Store, request_id: str) -> Caller:
    publishable = key.kind == "publishable"
    _note_use(means, key.id)
    return Caller(
        store=store,
        livemode=key.livemode,
        key_id=key.id,
        scopes=PUBLISHABLE_SCOPES if publishable else frozenset(key.scopes),
        request_id=request_id,
        anonymous=publishable,
    )


async def _shopper_s_own(means: Runtime, request: Request, token: str, origin: str | None) -> Caller:
    """The caller whom a session's token names, proved at level 2; what costs needs a preview's token."""
    found = await means.db.read(shopper_sessions.authenticate, token)
    if found is None:
        raise Unauthorized(
            "This token is not known or has expired: start another session.", headers={"WWW-Authenticate": "Bearer"}
        )
    row, key, store = found
    if origin is not None and not await means.db.read(origins.allows, key, origin):
        raise OriginNotAllowed
    return Caller(
        store=store,
        livemode=row.livemode,
        key_id=row.id,
        scopes=SHOPPERS_SCOPES,
        request_id=request.state.request_id,
        shopper=row.customer_id,
        must_confirm=True,
        by_token=True,
        opened_by=key.id,
    )


def _note_use(means: Runtime, key_id: str) -> None:
    """Write down that the key was used, once a minute and beside the request."""
    now = clock.now()
    if now.timestamp() - _noted.get(key_id, 0.0) < stores.USE_NOTED_EVERY.total_seconds():
        return
    _noted[key_id] = now.timestamp()
    task = asyncio.create_task(means.db.write(stores.note_use, key_id, now))
    _background.add(task)
    task.add_done_callback(_done)


def _done(task: "asyncio.Task[Any]") -> None:
    _background.discard(task)
    if not task.cancelled():
        task.exception()  # a note that failed is written with the next use


async def _shopper(means: Runtime, caller: Caller, ref: str) -> str:
    """Our id of the customer, asked from the shop where the mirror has none."""
    if not SHOPPER.fullmatch(ref):
        raise InvalidHeader("Aftersale-Customer is a customer's id.")
    await customers.fetch_missing(means, caller, ref)
    return (await means.db.read(customers.get, caller, ref)).id
