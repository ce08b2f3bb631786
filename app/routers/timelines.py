"""What happened: every event, decision and operation about a ticket or a customer in one list."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.routers import ticket_examples as examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.pages import Cursor, Limit, seal, unseal
from app.routers.policies import only_the_store
from app.routers.schemas import Out, Page
from app.services import customers, ticket_views, timelines
from app.services.callers import Caller

router = APIRouter(prefix="/v1", route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("tickets:read"))]
CustomerReader = Annotated[Caller, Depends(needs("customers:read"))]


class HappeningOut(Out):
    """One event, decision or operation."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.HAPPENING]})

    id: str
    what: str = Field(description="event decision operation")
    type: str = Field(description="The event's type, `decision.` and what was decided, `operation.` and how it stands.")
    at: str
    resource: dict[str, str] | None = Field(description="What it is about: `type` and `id`.")
    sequence: int | None = Field(description="Of an event: its number among those of its resource.")
    details: dict[str, Any]


@router.get(
    "/tickets/{ticket_id}/timeline",
    tags=["Tickets"],
    summary="What happened to a ticket",
    response_model=Page[HappeningOut],
    responses=refusals(errors.TicketNotFound),
)
async def ticket_timeline(
    ticket_id: str, means: Means, caller: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Json:
    """Every event, decision and operation, newest first; a shopper sees the ticket's events without notes."""
    bound = {"of": ticket_id}
    before = unseal(caller, "timeline", bound, cursor)

    def work(session: Session) -> list[dict[str, Any]]:
        ticket = ticket_views.get(session, caller, ticket_id)
        return timelines.of_ticket(session, ticket, before=before, limit=limit + 1, store=caller.shopper is None)

    return _page(caller, bound, await means.db.read(work), limit)


@router.get(
    "/customers/{customer_id}/timeline",
    summary="What happened to a customer",
    tags=["Customers"],
    response_model=Page[HappeningOut],
    responses=refusals(errors.CustomerNotFound, errors.Forbidden),
)
async def customer_timeline(
    customer_id: str, means: Means, caller: CustomerReader, limit: Limit = 50, cursor: Cursor = None
) -> Json:
    """Every event, decision and operation about them, their tickets, orders, returns and money, newest first."""
    only_the_store(caller)
    bound = {"of": customer_id}
    before = unseal(caller, "timeline", bound, cursor)

    await customers.fetch_missing(means, caller, customer_id)

    def work(session: Session) -> list[dict[str, Any]]:
        customer = customers.get(session, caller, customer_id)
        return timelines.of_customer(session, customer, before=before, limit=limit + 1)

    return _page(caller, bound, await means.db.read(work), limit)


def _page(caller: Caller, bound: dict[str, Any], found: list[dict[str, Any]], limit: int) -> Json:
    shown = found[:limit]
    following = seal(caller, "timeline", bound, timelines.place(shown[-1])) if len(found) > limit else None
    return Json({"data": shown, "next_cursor": following})
