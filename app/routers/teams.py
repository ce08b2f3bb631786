"""Teams: piles of tickets that people share."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict

from app import errors
from app.models.agents import Team
from app.routers import agents as people
from app.routers import ticket_examples as examples
from app.routers.agents import Handle, Name
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.pages import Cursor, Limit
from app.routers.policies import KEYED
from app.routers.schemas import In, Out, Page
from app.routers.writes import OptionalKey
from app.services.callers import Caller

router = APIRouter(prefix="/v1/teams", tags=["Agents"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("agents:read"))]
Writer = Annotated[Caller, Depends(needs("agents:write"))]


class TeamIn(In):
    """A team; `id` is what tickets name it by."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.TEAM_IN]})

    id: Handle
    name: Name | None = None


class TeamPatchIn(In):
    """What becomes another; no team is given tickets that is not `active`."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"active": False}]})

    name: Name | None = None
    active: bool | None = None


class TeamOut(Out):
    """A team of the store's."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.TEAM]})

    id: str
    livemode: bool
    name: str | None
    active: bool
    created_at: str
    updated_at: str


@router.post(
    "",
    summary="Add a team",
    status_code=201,
    response_model=TeamOut,
    responses=refusals(errors.TeamExists, errors.Forbidden, *KEYED),
)
async def create_team(request: Request, body: TeamIn, means: Means, caller: Writer, key: OptionalKey) -> Json:
    """List a team; from then on tickets are given to teams on the list alone."""
    return await people.add(request, means, caller, Team, body, key)


@router.get("", summary="List teams", response_model=Page[TeamOut], responses=refusals(errors.Forbidden))
async def list_teams(means: Means, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> Json:
    """Newest first."""
    return await people.list_people(means, caller, Team, limit, cursor)


@router.get(
    "/{team_id}",
    summary="Get a team",
    response_model=TeamOut,
    responses=refusals(errors.TeamNotFound, errors.Forbidden),
)
async def get_team(team_id: str, means: Means, caller: Reader) -> Json:
    """By the store's own id."""
    return await people.one(means, caller, Team, team_id)


@router.patch(
    "/{team_id}",
    summary="Change a team",
    response_model=TeamOut,
    responses=refusals(errors.TeamNotFound, errors.Forbidden, *KEYED),
)
async def change_team(
    team_id: str, request: Request, body: TeamPatchIn, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """Tickets that it has stay where they are."""
    return await people.change(request, means, caller, Team, team_id, body, key)
