"""What shops ask because of persons' rights: seen, and decided by a named person."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.routers import privacy_examples as examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.pages import Cursor, Limit, page, unseal
from app.routers.policies import only_the_store
from app.routers.schemas import In, Out, Page
from app.routers.writes import OptionalKey
from app.services import privacy_requests
from app.services.callers import Caller

router = APIRouter(prefix="/v1/privacy-requests", tags=["Customers"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("privacy:read"))]
Writer = Annotated[Caller, Depends(needs("privacy:write"))]


class DecideIn(In):
    """What a named person wants to become of it."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"decision": "stop"}]})

    decision: Literal["erase", "stop"] = Field(description="`erase`: at once, and not when its time has come.")


class PrivacyRequestOut(Out):
    """What a shop has asked, and what has become of it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.REQUEST]})

    id: str
    livemode: bool
    connection: str
    asked: str = Field(description="data_request customer_redact shop_redact")
    status: str = Field(description="waiting erasing done stopped")
    customer: str | None
    ticket: str
    erased: int = Field(description="Persons who were erased.")
    outcome: dict[str, Any] = Field(description="Where the export is had, what is kept, or what holds it up.")
    decided_by: str | None
    due_at: str = Field(description="By when the shop wants it done.")
    starts_at: str | None = Field(description="Until when the erasure of a whole shop can be stopped.")
    created_at: str
    ended_at: str | None


@router.get(
    "",
    summary="List privacy requests",
    response_model=Page[PrivacyRequestOut],
    responses=refusals(errors.InvalidCursor, errors.Forbidden),
)
async def list_privacy_requests(means: Means, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> Json:
    """What shops have passed on of persons' rights, newest first."""
    only_the_store(caller)
    place = unseal(caller, "privacy_requests", {}, cursor)
    rows = await means.db.read(privacy_requests.listed, caller, place, limit + 1)
    return Json(page(caller, "privacy_requests", {}, rows, limit))


@router.post(
    "/{request_id}/decide",
    summary="Decide a privacy request",
    response_model=PrivacyRequestOut,
    responses=refusals(
        errors.PrivacyRequestNotFound, errors.PrivacyRequestEnded, errors.ActorRequired, errors.Forbidden
    ),
)
async def decide_privacy_request(
    request_id: str, body: DecideIn, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """Stop an erasure that waits, or have it begun at once; a named person does (`Aftersale-Actor`)."""
    only_the_store(caller)
    del key  # decided again it is the same, or has ended

    def work(session: Session) -> dict[str, Any]:
        return privacy_requests.view(privacy_requests.decide(session, caller, request_id, body.decision))

    return Json(await means.db.write(work))
