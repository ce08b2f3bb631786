"""Agents: the people of a store."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.models.agents import Agent
from app.routers import ticket_examples as examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.pages import Cursor, Limit, seal, unseal
from app.routers.policies import KEYED, only_the_store
from app.routers.schemas import In, Line, Out, Page
from app.routers.writes import OptionalKey, perform
from app.services import agents
from app.services.agents import People, Person
from app.services.callers import Caller
from app.services.idempotency import Keyed, once
from app.services.redaction import redact
from app.services.runtime import Runtime
from app.services.scrubbing import scrub

router = APIRouter(prefix="/v1/agents", tags=["Agents"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("agents:read"))]
Writer = Annotated[Caller, Depends(needs("agents:write"))]


def _no_secret(value: str) -> str:
    if redact(value).text != value:
        raise ValueError("must not hold a card number or a key")
    return value


Handle = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$", examples=["kim"]), AfterValidator(_no_secret)]
Name = Annotated[Line, Field(max_length=255)]
Email = Annotated[Line, Field(max_length=320, pattern=r"^[^@\s]+@[^@\s]+$", examples=["kim@example.com"])]
Teams = Annotated[list[Handle], Field(max_length=50, description="Ids of teams.")]


class AgentIn(In):
    """A person; `id` is the store's own, the one in `Aftersale-Actor: agent:<id>`."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.AGENT_IN]})

    id: Handle
    name: Name | None = None
    email: Email | None = None
    teams: Teams = []


class AgentPatchIn(In):
    """What becomes another; nobody is given tickets who is not `active`."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"active": False}]})

    name: Name | None = None
    email: Email | None = None
    teams: Teams | None = None
    active: bool | None = None


class AgentOut(Out):
    """A person at the store."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.AGENT]})

    id: str
    livemode: bool
    name: str | None
    email: str | None
    teams: list[str]
    active: bool
    created_at: str
    updated_at: str


@router.post(
    "",
    summary="Add an agent",
    status_code=201,
    response_model=AgentOut,
    responses=refusals(errors.AgentExists, errors.Forbidden, *KEYED),
)
async def create_agent(request: Request, body: AgentIn, means: Means, caller: Writer, key: OptionalKey) -> Json:
    """List a person; from then on tickets are given to people on the list alone."""
    return await add(request, means, caller, Agent, body, key)


@router.get("", summary="List agents", response_model=Page[AgentOut], responses=refusals(errors.Forbidden))
async def list_agents(means: Means, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> Json:
    """Newest first."""
    return await list_people(means, caller, Agent, limit, cursor)


@router.get(
    "/{agent_id}",
    summary="Get an agent",
    response_model=AgentOut,
    responses=refusals(errors.AgentNotFound, errors.Forbidden),
)
async def get_agent(agent_id: str, means: Means, caller: Reader) -> Json:
    """By the store's own id."""
    return await one(means, caller, Agent, agent_id)


@router.patch(
    "/{agent_id}",
    summary="Change an agent",
    response_model=AgentOut,
    responses=refusals(errors.AgentNotFound, errors.Forbidden, *KEYED),
)
async def change_agent(
    agent_id: str, request: Request, body: AgentPatchIn, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """Tickets that they have stay theirs, also where they are not `active` any more."""
    return await change(request, means, caller, Agent, agent_id, body, key)


# ---- the same for teams -------------------------------------------------------------------------------------------


async def add(request: Request, means: Runtime, caller: Caller, model: People, body: In, key: str | None) -> Json:
    """Write a new person or team."""
    only_the_store(caller)
    fields: dict[str, Any] = await scrub(means, caller, body.model_dump(exclude={"id"}))
    handle: str = body.model_dump()["id"]
    kind = agents.KIND[model]

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Person:
            return once(session, keyed, kind, agents.create, caller, model, handle, fields)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, kind, run, key=key)


async def change(
    request: Request,
    means: Runtime,
    caller: Caller,
    model: People,
    handle: str,
    body: In,
    key: str | None,
) -> Json:
    """Write what becomes another."""
    only_the_store(caller)
    fields: dict[str, Any] = await scrub(means, caller, body.model_dump(exclude_unset=True))
    for name in ("teams", "active"):
        if name in fields and fields[name] is None:
            raise errors.Invalid(errors=[{"pointer": f"/{name}", "code": "null", "detail": "must not be null"}])
    kind = agents.KIND[model]

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Person:
            return once(session, keyed, kind, agents.change, caller, model, handle, fields)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, kind, run, key=key, status=200)


async def list_people(means: Runtime, caller: Caller, model: People, limit: int, cursor: str | None) -> Json:
    """A page, newest first."""
    only_the_store(caller)
    where = f"{agents.KIND[model]}s"
    place = unseal(caller, where, {}, cursor)

    def work(session: Session) -> dict[str, Any]:
        rows = agents.listed(session, caller, model, place, limit + 1)
        more = len(rows) > limit
        return {
            "data": [agents.view(row) for row in rows[:limit]],
            "next_cursor": seal(caller, where, {}, rows[limit - 1].id) if more else None,
        }

    return Json(await means.db.read(work))


def _view(session: Session, caller: Caller, model: People, handle: str) -> dict[str, Any]:
    return agents.view(agents.get(session, caller, model, handle))


async def one(means: Runtime, caller: Caller, model: People, handle: str) -> Json:
    """One of them, for the store's eyes."""
    only_the_store(caller)
    return Json(await means.db.read(_view, caller, model, handle))
