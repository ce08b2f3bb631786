"""Shopper sessions: how a shopper in a storefront proves who they are, and gets a token for their own orders."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from app import clock, errors
from app.models.storefronts import ShopperSession
from app.routers import session_examples as examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.schemas import In, Line, Out, Ref
from app.routers.writes import OptionalKey, keyed_for
from app.services import customers, session_claims, shopper_sessions, storefront_jwts
from app.services.callers import Caller
from app.services.idempotency import Keyed, Replayed, find, once
from app.services.runtime import Runtime
from app.services.storefront_jwts import Vouched

router = APIRouter(prefix="/v1/shopper-sessions", tags=["Shopper sessions"], route_class=StrictRoute)
Opener = Annotated[Caller, Depends(needs("sessions:write"))]
KIND = "shopper_session"
CONTACTS = ("email", "phone", "postal_code")


class SessionIn(In):
    """An order's number with one contact that stands on it; or, at once, `jwt`, or `customer` with a secret key."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.SESSION_IN]})

    order_number: Ref | None = None
    email: Annotated[Line, Field(min_length=1, max_length=320)] | None = None
    phone: Annotated[Line, Field(min_length=1, max_length=64)] | None = None
    postal_code: Annotated[Line, Field(min_length=1, max_length=64)] | None = None
    customer: Annotated[Ref, Field(description="`cus_…` or the shop's own id; with a secret key.")] | None = None
    jwt: (
        Annotated[str, Field(min_length=1, max_length=8192, description="Signed by the storefront: `sub aud exp`.")]
        | None
    ) = None

    @model_validator(mode="after")
    def _one_way(self) -> SessionIn:
        contacts = sum(getattr(self, name) is not None for name in CONTACTS)
        by_order = self.order_number is not None and contacts == 1
        ways = [self.order_number is not None or contacts > 0, self.customer is not None, self.jwt is not None]
        if sum(ways) != 1 or (ways[0] and not by_order):
            raise ValueError("order_number with one of email, phone and postal_code; or customer; or jwt")
        return self


class CodeIn(In):
    """The six digits that were sent."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.CODE_IN]})

    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]


class SessionOut(Out):
    """A shopper's session. The token is told once; what is pending says the same whatever was asked."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.ACTIVE]})

    id: str
    status: Literal["pending_verification", "active", "locked"] | str
    token: str | None = Field(None, description="`st_…`: Authorization: Bearer, for 30 minutes.")
    customer: str | None = None
    expires_at: str | None = None


@router.post(
    "",
    summary="Start a shopper session",
    status_code=201,
    response_model=SessionOut,
    responses=refusals(
        errors.JwtRefused,
        errors.CustomerNotFound,
        errors.NotConnected,
        errors.ProviderUnavailable,
        errors.IdempotencyKeyReused,
        errors.IdempotencyKeyInUse,
    ),
)
async def start_session(request: Request, body: SessionIn, means: Means, caller: Opener, key: OptionalKey) -> Json:
    """A code goes to the contact on the order, if there is one; the answer is the same where there is none.

    With a secret key and `customer`, or with a `jwt` of the storefront, the token comes at once.
    """
    _check_caller(caller)
    keyed = await keyed_for(request, caller, key)
    known = None if keyed is None else await means.db.read(find, keyed)
    if known is not None and known.resource_id is not None:
        return await _again(means, body, known.resource_id)
    if body.order_number is not None:
        return await _ask(means, caller, body, keyed)
    if body.customer is not None and caller.anonymous:
        raise errors.Forbidden("Only a secret key opens a session for a customer: here it takes a code or a jwt.")
    vouched = None if body.jwt is None else await _vouched(means, caller, body.jwt)
    ref = body.customer or (vouched.customer if vouched else "")
    await customers.fetch_missing(means, caller, ref)
    return await _open(means, caller, body, ref, vouched, keyed)


def _check_caller(caller: Caller) -> None:
    """A session is opened for a shopper, not by one."""
    if caller.shopper is not None:
        raise errors.Forbidden("Only the store and its pages do that: leave Aftersale-Customer out.")


async def _ask(means: Runtime, caller: Caller, body: SessionIn, keyed: Keyed | None) -> Json:
    kind = next(name for name in CONTACTS if getattr(body, name) is not None)
    claim = await session_claims.read(means, caller, body.order_number or "", kind, getattr(body, kind))

    def work(session: Session) -> ShopperSession:
        return once(session, keyed, KIND, shopper_sessions.begin, caller, claim)

    return await _once(means, body, keyed, work)


async def _open(
    means: Runtime, caller: Caller, body: SessionIn, ref: str, vouched: Vouched | None, keyed: Keyed | None
) -> Json:
    tokens: list[str] = []

    def opened(session: Session) -> ShopperSession:
        if vouched is not None:
            storefront_jwts.use_up(session, caller, vouched)
        row, token = shopper_sessions.vouch(session, caller, ref)
        tokens.append(token)
        return row

    def work(session: Session) -> ShopperSession:
        return once(session, keyed, KIND, opened)

    return await _once(means, body, keyed, work, tokens)


async def _again(means: Runtime, body: SessionIn, session_id: str) -> Json:
    """The session of an earlier request with this key; who overheard that of a JWT and sends it again gets no token."""
    renew = body.customer is not None
    row, token = await means.db.write(partial(shopper_sessions.again, renew=renew), session_id)
    return _told(row, token)


async def _once(
    means: Runtime, body: SessionIn, keyed: Keyed | None, work: Any, tokens: list[str] | None = None
) -> Json:
    """Do it once per key. The key remembers the session, not the answer: a token is written down nowhere."""
    try:
        row = await means.db.write(work)
    except Replayed:
        assert keyed is not None
        known = await means.db.read(find, keyed)
        assert known is not None
        assert known.resource_id is not None
        return await _again(means, body, known.resource_id)
    return _told(row, tokens[-1] if tokens else None)


async def _vouched(means: Runtime, caller: Caller, token: str) -> Vouched:
    keys = await means.db.read(_keys, caller)
    return storefront_jwts.read(caller, keys, token)


def _keys(session: Session, caller: Caller) -> Any:
    return storefront_jwts.keys_of(session, caller.store_id, livemode=caller.livemode)


@router.post(
    "/{session_id}/verify",
    summary="Verify a shopper session",
    response_model=SessionOut,
    responses=refusals(
        errors.CodeIncorrect,
        errors.SessionNotFound,
        errors.SessionLocked,
        errors.SessionExpired,
        errors.SessionVerified,
    ),
)
async def verify_session(session_id: str, body: CodeIn, means: Means, caller: Opener) -> Json:
    """The token for the right code. Five tries, ten minutes, once; by the key that started the session."""
    _check_caller(caller)
    row, token = await means.db.write(shopper_sessions.verify, caller, session_id, body.code)
    if token is None:
        raise errors.CodeIncorrect
    return _told(row, token, 200)


def _told(row: ShopperSession, token: str | None, status: int = 201) -> Json:
    shown: dict[str, Any] = {"id": row.id, "status": row.status}
    if row.status == "active":
        shown |= {"token": token, "customer": row.customer_id, "expires_at": clock.rfc3339(row.expires_at)}
    return Json(shown, status_code=status)
