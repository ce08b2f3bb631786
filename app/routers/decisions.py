"""Decisions: what the guard said on which facts, and whether it would say so again."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.routers import policy_examples as examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.pages import Cursor, Limit, page, unseal
from app.routers.schemas import Out, Page
from app.services import decision_replays, decision_views, orders
from app.services.callers import Caller

router = APIRouter(prefix="/v1/decisions", tags=["Decisions"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("decisions:read"))]
Outcome = Literal["allow", "refuse", "ask"]


class DecisionOut(Out):
    """One decision: `reasons` are in the shopper's language, `rules` the ids that decided, `facts` all that counted."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.DECISION]})

    id: str
    livemode: bool
    action: str
    outcome: str = Field(description="allow refuse ask")
    code: str | None
    reasons: list[str]
    rules: list[str]
    policy_version: str = Field(description="The number of the store's version, or `plain-1` where it has none.")
    policy: str | None
    order: str | None
    subject: dict[str, Any] | None
    message: str | None
    actor: dict[str, Any]
    ruling: dict[str, Any]
    facts: dict[str, Any]
    created_at: str


class ReplayOut(Out):
    """The stored ruling and the one that the same facts and version give now."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.REPLAY]})

    decision: str
    agrees: bool
    ruling: dict[str, Any]
    stored: dict[str, Any]


@router.get(
    "/{decision_id}",
    summary="Get a decision",
    response_model=DecisionOut,
    responses=refusals(errors.DecisionNotFound, errors.Forbidden),
)
async def get_decision(decision_id: str, means: Means, caller: Reader) -> Json:
    """Outcome, reasons, rule ids, facts and policy version; for the store's eyes."""
    _only_the_store(caller)
    return Json(await means.db.read(_view, caller, decision_id))


def _view(session: Session, caller: Caller, decision_id: str) -> dict[str, Any]:
    return decision_views.whole_view(decision_views.get(session, caller, decision_id))


@router.get(
    "",
    summary="List decisions",
    response_model=Page[DecisionOut],
    responses=refusals(errors.InvalidCursor, errors.Forbidden, errors.OrderNotFound, errors.OrderAmbiguous),
)
async def list_decisions(
    means: Means,
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    order: Annotated[str | None, Query(max_length=255, description="Any reference to an order.")] = None,
    action: Annotated[str | None, Query(max_length=40)] = None,
    outcome: Annotated[Outcome | None, Query()] = None,
    policy: Annotated[str | None, Query(max_length=40, description="`pol_…`: the version that decided.")] = None,
) -> Json:
    """Newest first; every filter given must match."""
    _only_the_store(caller)
    order_id = None if order is None else await orders.load(means, caller, order)
    wanted = {"order_id": order_id, "action": action, "outcome": outcome, "policy_id": policy}
    place = unseal(caller, "decisions", wanted, cursor)
    rows = await means.db.read(_listed, caller, wanted, place, limit + 1)
    return Json(page(caller, "decisions", wanted, rows, limit))


def _listed(
    session: Session, caller: Caller, wanted: dict[str, str | None], place: str | None, limit: int
) -> list[dict[str, Any]]:
    found = decision_views.listed(session, caller, wanted, before=place, limit=limit)
    return [decision_views.whole_view(row) for row in found]


@router.post(
    "/{decision_id}/replay",
    summary="Decide again",
    response_model=ReplayOut,
    responses=refusals(errors.DecisionNotFound, errors.DecisionNotReplayable, errors.Forbidden),
)
async def replay(decision_id: str, means: Means, caller: Reader) -> Json:
    """Decide on the stored facts under the stored version; `agrees` says whether it is the same ruling."""
    _only_the_store(caller)
    return Json(await means.db.read(decision_replays.replay, caller, decision_id))


def _only_the_store(caller: Caller) -> None:
    if not caller.is_merchant:
        raise errors.Forbidden("Only the store may do that.")
