"""Ratings by link: whoever holds the token rates that one ticket, without a key."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from app import errors
from app.routers import ticket_examples as examples
from app.routers.answers import Json, StrictRoute, declare
from app.routers.calling import Means
from app.routers.schemas import In, Out, Text
from app.services import ratings
from app.services.callers import Caller
from app.services.ratings import Given
from app.services.redaction import redact
from app.services.runtime import Runtime
from app.services.scrubbing import scrub

router = APIRouter(prefix="/v1/ratings", tags=["Tickets"], route_class=StrictRoute)
BY_LINK = (errors.RatingLinkNotFound, errors.RatingLinkExpired, errors.TooManyRequests, errors.StorageUnavailable)


class RatingIn(In):
    """At least one of the two."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.RATING_IN]})

    csat: Annotated[int, Field(ge=1, le=5, description="How satisfied: 1 not at all, 5 very.")] | None = None
    effort: Annotated[int, Field(ge=1, le=7, description="How easy it was made: 1 not at all, 7 very.")] | None = None
    comment: Annotated[Text, Field(max_length=2000)] | None = None

    @model_validator(mode="after")
    def _something(self) -> "RatingIn":
        if self.csat is None and self.effort is None:
            raise ValueError("csat or effort is needed")
        return self


class RatingOut(Out):
    """What was answered so far."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.RATING]})

    ticket: str
    livemode: bool
    csat: int | None
    effort: int | None
    comment: str | None


class RatingAskedOut(Out):
    """What a link asks: null is what has not been answered."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.RATING_ASKED]})

    store: str
    language: str | None
    csat: int | None
    effort: int | None
    comment: str | None
    expires_at: str


@router.get(
    "/{token}",
    summary="Look at a link to rate",
    response_model=RatingAskedOut,
    responses=declare(*BY_LINK, errors.Invalid),
)
async def look_at_link(token: str, means: Means) -> Json:
    """Changes nothing: mail programs open links before their readers do."""
    return Json(await means.db.read(ratings.asked, token))


@router.post(
    "/{token}",
    summary="Rate by link",
    status_code=201,
    response_model=RatingAskedOut,
    responses=declare(*BY_LINK, errors.AlreadyRated, errors.Invalid),
)
async def rate_by_link(token: str, body: RatingIn, means: Means) -> Json:
    """Each is answered once: a second answer is 409 and changes nothing."""
    comment = None if body.comment is None else redact(body.comment).text
    given = Given(body.csat, body.effort, comment)

    def write(session: Session) -> dict[str, Any]:
        ratings.rate_by_link(session, token, given)
        return ratings.asked(session, token)

    return Json(await means.db.write(write), status_code=201)


async def given_in(means: Runtime, caller: Caller, body: RatingIn) -> Given:
    """What a caller with a key says."""
    return Given(body.csat, body.effort, await scrub(means, caller, body.comment))
