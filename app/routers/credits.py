"""Store credit: given by an action or as the way in which a refund is paid."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.schemas import MoneyOut, OperationOut, Out
from app.services import credits as store_credits
from app.services.callers import Caller

router = APIRouter(prefix="/v1/credits", tags=["Credits"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("credits:read"))]


class CreditOut(Out):
    """Store credit. `unknown` is not failed: the provider has not told how it ended."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.CREDIT]})

    id: str
    livemode: bool
    customer: str
    order: str | None
    refund: str | None = Field(description="The refund that it pays.")
    status: str = Field(description="pending succeeded failed unknown canceled")
    amount: MoneyOut
    reason: str | None
    failure_code: str | None
    operation: OperationOut
    created_at: str
    settled_at: str | None


@router.get(
    "/{credit_id}", summary="Get a store credit", response_model=CreditOut, responses=refusals(errors.CreditNotFound)
)
async def get_credit(credit_id: str, means: Means, caller: Reader) -> Json:
    """The store credit as it is now."""
    return Json(await means.db.read(_view, caller, credit_id))


def _view(session: Session, caller: Caller, credit_id: str) -> dict[str, Any]:
    return store_credits.view(session, store_credits.get(session, caller, credit_id))
