"""What a text wants, in which language and mood; nothing is stored."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import ConfigDict, Field

from app import errors
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import needs
from app.routers.schemas import In, Line, Out
from app.services.callers import Caller
from app.services.conversation.pipeline import TRIAGER
from app.services.triage.contract import Triage

router = APIRouter(prefix="/v1/triage", tags=["Triage"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("triage:read"))]
MessageText = Annotated[str, Field(min_length=1, max_length=50_000)]


class TriageIn(In):
    """One text, or up to a hundred."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.TRIAGE_IN]})

    text: MessageText | None = None
    texts: Annotated[list[MessageText], Field(min_length=1, max_length=100)] | None = None
    locale_hint: Annotated[Line, Field(max_length=35)] | None = None


class TriageOut(Triage):
    """Language, intent, sentiment, urgency and what the text names."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [examples.TRIAGE]})


class TriagesOut(Out):
    """One result per text, in order."""

    data: list[TriageOut]


@router.post("", summary="Triage a text", response_model=TriageOut | TriagesOut, responses=refusals())
async def triage(body: TriageIn, caller: Reader) -> Json:
    """For `text` one result, for `texts` a list under `data`."""
    del caller
    if (body.text is None) == (body.texts is None):
        raise errors.Invalid(
            "Send text or texts.", errors=[{"pointer": "/text", "code": "one_of", "detail": "text or texts"}]
        )
    if body.text is not None:
        return Json(TRIAGER.triage(body.text, body.locale_hint).model_dump(mode="json"))
    found = [TRIAGER.triage(text, body.locale_hint).model_dump(mode="json") for text in body.texts or []]
    return Json({"data": found})
