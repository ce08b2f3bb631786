"""Connections: a store's own systems. What is secret in them is sealed, and never shown again."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.models.connections import Connection
from app.routers import connection_examples as examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.pages import Cursor, Limit, page, unseal
from app.routers.policies import KEYED, only_the_store
from app.routers.schemas import In, Line, Out, Page
from app.routers.writes import OptionalKey, perform
from app.services import connection_checks, connection_kinds, connections
from app.services.callers import Caller
from app.services.idempotency import Keyed, once
from app.services.scrubbing import scrub

router = APIRouter(prefix="/v1/connections", tags=["Connections"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("connections:read"))]
Writer = Annotated[Caller, Depends(needs("connections:write"))]
Name = Annotated[Line, Field(max_length=200)]
Object = Annotated[dict[str, Any], Field(max_length=50)]
Families = Annotated[
    list[Literal["commerce", "payments", "carrier", "channel"]],
    Field(max_length=4, description="Which of the store's counterparts it is; without it: all that its kind can be."),
]


class ConnectionIn(In):
    """A system of the store's; `GET /v1/connections/kinds` says what each kind takes."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.CONNECTION_IN]})

    kind: Annotated[str, Field(max_length=40)]
    name: Name
    config: Object = {}
    credentials: Object = Field({}, description="Sealed at once; of each only a fingerprint and the end are shown.")
    families: Families | None = None


class ConnectionPatchIn(In):
    """What becomes another; `config` and `credentials` are replaced as a whole."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={"examples": [{"credentials": {"secret": examples.SECRET}, "overlap_seconds": 86400}]},
    )

    name: Name | None = None
    config: Object | None = None
    credentials: Object | None = None
    families: Families | None = None
    overlap_seconds: Annotated[int, Field(ge=0, le=604_800)] = Field(
        0, description="With `credentials`: how long calls to us may still be signed with the former ones."
    )


class CheckOut(Out):
    """What was found of one thing."""

    name: str
    ok: bool
    detail: str
    missing_permission: str | None


class ConnectionOut(Out):
    """A connection; of a credential its last four characters and a fingerprint."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.CONNECTION]})

    id: str
    livemode: bool
    kind: str
    name: str
    status: str = Field(description="unchecked working failing, as the last check found it; deleted")
    families: list[str] = Field(description="commerce payments carrier channel: which of them it is for the store")
    capabilities: list[str] = Field(description="What it can do.")
    config: dict[str, Any]
    credentials: dict[str, Any] = Field(description="By name: `last4` and `fingerprint`.")
    former_credentials_until: str | None
    inbound: str | None = Field(description="Where it calls us; 404 until there is a secret.")
    checks: list[CheckOut]
    checked_at: str | None
    version: int
    created_at: str
    updated_at: str


class KindOut(Out):
    """A kind of connection: what it takes, what it can be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.KIND]})

    name: str
    description: str
    families: list[str]
    config: dict[str, Any] = Field(description="JSON schema.")
    credentials: dict[str, Any] = Field(description="JSON schema.")
    inbound: bool = Field(description="Whether it calls us.")


MADE = (errors.EncryptionKeyMissing, errors.FamilyTaken, errors.KindUnknown, errors.ScopesExceeded, errors.Forbidden)


@router.post(
    "",
    summary="Connect a system",
    status_code=201,
    response_model=ConnectionOut,
    responses=refusals(*MADE, *KEYED),
)
async def create_connection(
    request: Request, body: ConnectionIn, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """Keep what is needed to connect. Nothing is called: `POST {id}/check` says whether it works."""
    only_the_store(caller)
    given = {
        **body.model_dump(),
        **await scrub(means, caller, {"name": body.name, "config": body.config}),
    }

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Connection:
            return once(session, keyed, "connection", connections.create, caller, given)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "connection", run, key=key)


@router.get("", summary="List connections", response_model=Page[ConnectionOut], responses=refusals(errors.Forbidden))
async def list_connections(
    means: Means,
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    kind: Annotated[str | None, Query(max_length=40)] = None,
) -> Json:
    """Newest first."""
    only_the_store(caller)
    filters = {"kind": kind}
    place = unseal(caller, "connections", filters, cursor)

    def work(session: Session) -> list[dict[str, Any]]:
        return [connections.view(row) for row in connections.listed(session, caller, kind, place, limit + 1)]

    return Json(page(caller, "connections", filters, await means.db.read(work), limit))


@router.get(
    "/kinds", summary="List kinds of connections", response_model=Page[KindOut], responses=refusals(errors.Forbidden)
)
async def list_kinds(caller: Reader) -> Json:
    """Every kind with the JSON schemas of what it takes."""
    only_the_store(caller)
    return Json({"data": connection_kinds.listed(livemode=caller.livemode), "next_cursor": None})


@router.get(
    "/{connection_id}",
    summary="Get a connection",
    response_model=ConnectionOut,
    responses=refusals(errors.ConnectionNotFound, errors.Forbidden),
)
async def get_connection(connection_id: str, means: Means, caller: Reader) -> Json:
    """With its capabilities and what the last check found."""
    only_the_store(caller)
    return Json(await means.db.read(_view, caller, connection_id))


def _view(session: Session, caller: Caller, connection_id: str) -> dict[str, Any]:
    return connections.view(connections.get(session, caller, connection_id))


@router.patch(
    "/{connection_id}",
    summary="Change a connection",
    response_model=ConnectionOut,
    responses=refusals(errors.ConnectionNotFound, errors.ConnectionInUse, *MADE, *KEYED),
)
async def change_connection(
    connection_id: str, request: Request, body: ConnectionPatchIn, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """Change what is named; new credentials are in force with the answer, the former ones sign as long as you say."""
    only_the_store(caller)
    given = body.model_dump(exclude_unset=True)
    empty = sorted(name for name in given if given[name] is None)
    if empty or ("overlap_seconds" in given and "credentials" not in given):
        pointer = empty[0] if empty else "overlap_seconds"
        detail = "must not be null" if empty else "goes with credentials"
        raise errors.Invalid(errors=[{"pointer": f"/{pointer}", "code": "not_alone", "detail": detail}])
    given |= await scrub(means, caller, {name: given[name] for name in ("name", "config") if name in given})
    given["overlap"] = given.pop("overlap_seconds", 0)

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Connection:
            return once(session, keyed, "connection", connections.change, caller, connection_id, given)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "connection", run, key=key, status=200)


@router.delete(
    "/{connection_id}",
    summary="Delete a connection",
    response_model=ConnectionOut,
    responses={
        200: {
            "description": "Its credentials are gone.",
            "content": {"application/json": {"example": examples.DELETED}},
        },
        **refusals(errors.ConnectionNotFound, errors.ConnectionInUse, errors.Forbidden, *KEYED),
    },
)
async def delete_connection(
    connection_id: str, request: Request, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """Forget its credentials; it serves nothing and takes no calls any more. What came through it stays on record."""
    only_the_store(caller)

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Connection:
            return once(session, keyed, "connection", connections.remove, caller, connection_id)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "connection", run, key=key, status=200)


@router.post(
    "/{connection_id}/check",
    summary="Check a connection",
    response_model=ConnectionOut,
    responses={
        200: {
            "description": "What works and what does not.",
            "content": {"application/json": {"example": examples.CHECKED}},
        },
        **refusals(errors.ConnectionNotFound, errors.KindUnknown, errors.Forbidden),
    },
)
async def check_connection(connection_id: str, means: Means, caller: Writer) -> Json:
    """Ask the system in a few calls that change nothing: what works, and which permission is missing."""
    only_the_store(caller)
    return Json(await means.db.read(_view, caller, await connection_checks.run(means, caller, connection_id)))
