"""The same change to many tickets."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.models.tickets import TicketUpdate
from app.routers import ticket_examples as examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.policies import KEYED, only_the_store
from app.routers.schemas import In, Out, Ref
from app.routers.tickets import TicketPatchIn, changes_in
from app.routers.writes import OptionalKey, Wait, perform
from app.services import ticket_updates
from app.services.callers import Caller
from app.services.idempotency import Keyed, once

router = APIRouter(prefix="/v1/tickets/bulk", tags=["Tickets"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("tickets:read"))]
Writer = Annotated[Caller, Depends(needs("tickets:write"))]


class TicketUpdateIn(In):
    """Up to 1,000 tickets, and what becomes of each."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.UPDATE_IN]})

    tickets: Annotated[list[Ref], Field(min_length=1, max_length=1000)]
    changes: TicketPatchIn


class OutcomeOut(Out):
    """What came of one ticket."""

    ticket: str
    status: str = Field(description="changed unchanged failed")
    code: str | None = Field(description="What it was refused with.")


class TicketUpdateOut(Out):
    """An update of many tickets, and what came of those that are done."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.UPDATE]})

    id: str
    livemode: bool
    status: str = Field(description="pending running completed failed")
    changes: dict[str, Any]
    progress: dict[str, int] = Field(description="done total failed")
    outcomes: list[OutcomeOut]
    failure: str | None
    created_at: str
    started_at: str | None
    ended_at: str | None


@router.post(
    "",
    summary="Change many tickets",
    status_code=201,
    response_model=TicketUpdateOut,
    responses={
        202: {"model": TicketUpdateOut, "description": "Still running: `progress` tells how far."},
        **refusals(errors.Forbidden, *KEYED),
    },
)
async def change_many(
    request: Request, body: TicketUpdateIn, means: Means, caller: Writer, key: OptionalKey, wait: Wait
) -> Json:
    """Each is changed as by `PATCH`, by itself: what one is refused with stops no other."""
    only_the_store(caller)
    if not body.changes.model_fields_set:
        fault = {"pointer": "/changes", "code": "too_short", "detail": "must name a field"}
        raise errors.Invalid("Nothing is to be changed.", errors=[fault])
    fields = await changes_in(means, caller, body.changes, "/changes")

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> TicketUpdate:
            return once(session, keyed, "ticket_update", ticket_updates.request, caller, body.tickets, fields)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "ticket_update", run, key=key, wait=wait)


@router.get(
    "/{update_id}",
    summary="Get an update of many tickets",
    response_model=TicketUpdateOut,
    responses=refusals(errors.TicketUpdateNotFound, errors.Forbidden),
)
async def get_update(update_id: str, means: Means, caller: Reader) -> Json:
    """How far it is, and what came of each ticket."""
    only_the_store(caller)
    return Json(await means.db.read(_view, caller, update_id))


def _view(session: Session, caller: Caller, update_id: str) -> dict[str, Any]:
    return ticket_updates.view(ticket_updates.get(session, caller, update_id))
