"""The event log."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.pages import Cursor, Limit, seal, unseal
from app.routers.schemas import Out
from app.services import events
from app.services.callers import Caller
from app.services.events import Place

router = APIRouter(prefix="/v1/events", tags=["Events"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("events:read"))]


class EventDataOut(Out):
    """The resource as it was after the change, and what the changed fields were before."""

    object: dict[str, Any]
    previous: dict[str, Any] | None


class EventOut(Out):
    """One change; `sequence` has no gaps per resource."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.EVENT]})

    id: str
    type: str
    timestamp: str
    api_version: str
    livemode: bool
    sequence: int
    origin: str | None = Field(
        None, description="The connection whose command caused it: a mirror of that system has nothing to tell it."
    )
    data: EventDataOut


class EventsOut(Out):
    """Oldest first; `next_cursor` is never null: ask again with it for what comes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.EVENTS]})

    data: list[EventOut]
    next_cursor: str


@router.get(
    "",
    summary="Read the event log",
    response_model=EventsOut,
    responses=refusals(errors.InvalidCursor, errors.EventNotFound, errors.Forbidden),
)
async def list_events(
    means: Means,
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    kind: Annotated[str | None, Query(alias="type", max_length=100)] = None,
    resource: Annotated[str | None, Query(max_length=64, description="A resource's id.")] = None,
    after: Annotated[str | None, Query(max_length=64, description="An event's id: what came behind it.")] = None,
) -> Json:
    """Every change of this store, oldest first; never skips one that commits late."""
    if caller.shopper is not None:
        raise errors.Forbidden("The event log is the store's.")
    filters = {"type": kind, "resource": resource}
    place = unseal(caller, "events", filters, cursor)
    return Json(await means.db.read(_read, caller, filters, place, after, limit))


def _read(
    session: Session,
    caller: Caller,
    filters: dict[str, str | None],
    place: list[Any] | None,
    after: str | None,
    limit: int,
) -> dict[str, Any]:
    start: Place | None = None if place is None else (int(place[0]), int(place[1]), str(place[2]))
    if start is None and after is not None:
        start = events.place(session, store_id=caller.store_id, livemode=caller.livemode, event_id=after)
    rows = events.after(
        session,
        store_id=caller.store_id,
        livemode=caller.livemode,
        cursor=start,
        limit=limit,
        kind=filters["type"],
        resource=filters["resource"],
    )
    end = (rows[-1].position, rows[-1].sequence, rows[-1].id) if rows else (start or events.START)
    return {"data": [events.view(row) for row in rows], "next_cursor": seal(caller, "events", filters, list(end))}
