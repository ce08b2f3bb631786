"""What the store's people do with tickets beside answering: merge them, ask how it went, look at what happened."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import clock, errors
from app.models.tickets import Ticket
from app.routers import ticket_examples as examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.policies import KEYED, only_the_store
from app.routers.ratings import RatingIn, RatingOut, given_in
from app.routers.schemas import In, Out, Ref
from app.routers.tickets import TicketOut
from app.routers.writes import OptionalKey, perform
from app.services import ratings, ticket_merges
from app.services.callers import Caller
from app.services.idempotency import Keyed, once

router = APIRouter(prefix="/v1", tags=["Tickets"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("tickets:read"))]
Writer = Annotated[Caller, Depends(needs("tickets:write"))]
NOT_MERGED = (errors.TicketNotFound, errors.TicketClosed, errors.TicketMerged, errors.CustomersDiffer)


class MergeIn(In):
    """Where the ticket goes on."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.MERGE_IN]})

    into: Ref


class RatingLinkIn(In):
    """How long the link can be used."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"days": 14}]})

    days: Annotated[int, Field(ge=1, le=90)] = 14


class RatingLinkOut(Out):
    """What is put into a message to the shopper: `path` on this server, or the token on a page of one's own."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.RATING_LINK]})

    token: str
    path: str
    expires_at: str


@router.post(
    "/tickets/{ticket_id}/merge",
    summary="Merge a ticket into another",
    response_model=TicketOut,
    responses=refusals(
        errors.TicketNotFound,
        errors.TicketClosed,
        errors.TicketMerged,
        errors.CustomersDiffer,
        errors.Forbidden,
        *KEYED,
    ),
)
async def merge_ticket(
    ticket_id: str, request: Request, body: MergeIn, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """Move its messages into another ticket of the same customer and close it; later ones go there, too."""
    only_the_store(caller)

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Ticket:
            return once(session, keyed, "ticket", ticket_merges.merge, caller, ticket_id, body.into)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "ticket", run, key=key, status=200)


@router.post(
    "/tickets/{ticket_id}/ratings",
    summary="Rate a ticket",
    status_code=201,
    response_model=RatingOut,
    responses=refusals(errors.TicketNotFound, errors.AlreadyRated, *KEYED),
)
async def rate_ticket(
    ticket_id: str, request: Request, body: RatingIn, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """How satisfied the shopper is and how hard it was; each is answered once."""
    given = await given_in(means, caller, body)

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Ticket:
            return once(session, keyed, "ticket_rating", ratings.rate, caller, ticket_id, given)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "ticket_rating", run, key=key)


@router.post(
    "/tickets/{ticket_id}/rating-links",
    summary="Make a link to rate a ticket",
    status_code=201,
    response_model=RatingLinkOut,
    responses=refusals(errors.TicketNotFound, errors.Forbidden),
)
async def make_rating_link(ticket_id: str, body: RatingLinkIn, means: Means, caller: Writer) -> Json:
    """A signed link for the shopper, good for this ticket and some days; nothing is stored."""
    only_the_store(caller)
    token, ends = await means.db.read(ratings.link, caller, ticket_id, body.days)
    shown = {"token": token, "path": f"/v1/ratings/{token}", "expires_at": clock.rfc3339(ends)}
    return Json(shown, status_code=201)
