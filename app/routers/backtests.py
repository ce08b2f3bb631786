"""Backtests: what a policy would have decided of what was asked before."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.models.policies import Backtest
from app.routers import policy_examples as examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.policies import KEYED, only_the_store
from app.routers.schemas import In, Line, Moment, Out, Ref
from app.routers.writes import OptionalKey, Wait, perform
from app.services import backtests, policies
from app.services.backtests import Options
from app.services.callers import Caller
from app.services.idempotency import Keyed, once
from app.services.policy.names import ACTIONS
from app.services.scrubbing import scrub

router = APIRouter(prefix="/v1/policies", tags=["Policies"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("policies:read"))]
Writer = Annotated[Caller, Depends(needs("policies:write"))]


class BacktestIn(In):
    """A draft by its id, or a document; and which of the past is looked at."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.BACKTEST_IN]})

    policy: Ref | None = Field(None, description="`pol_…`; or `document`.")
    document: dict[str, Any] | None = None
    since: Moment | None = Field(None, description="Decisions made and orders placed from then on.")
    until: Moment | None = Field(None, description="And before then.")
    actions: Annotated[list[Annotated[Line, Field(max_length=40)]], Field(min_length=1, max_length=30)] | None = None
    limit: Annotated[int, Field(ge=1, le=1_000_000, description="The newest so many of each.")] = 100_000
    orders: bool = Field(True, description="Try a return of each delivered line of past orders, too.")
    after_days: Annotated[int, Field(ge=0, le=3650, description="So long after its delivery.")] = 14


class BacktestOut(Out):
    """A backtest and what it counted so far; `cost` is minor units per reason and currency."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.BACKTEST]})

    id: str
    livemode: bool
    status: str = Field(description="pending running completed failed")
    policy: str | None
    baseline: dict[str, Any]
    options: dict[str, Any]
    progress: dict[str, int]
    result: dict[str, Any]
    failure: str | None
    created_at: str
    started_at: str | None
    ended_at: str | None


@router.post(
    "/backtest",
    summary="Backtest a policy",
    status_code=201,
    response_model=BacktestOut,
    responses={
        202: {"model": BacktestOut, "description": "Still counting: `progress` tells how far."},
        **refusals(errors.PolicyNotFound, errors.Forbidden, *KEYED),
    },
)
async def backtest(
    request: Request, body: BacktestIn, means: Means, caller: Writer, key: OptionalKey, wait: Wait
) -> Json:
    """What a document would have allowed, refused and asked of past decisions and orders; nothing is changed by it."""
    only_the_store(caller)
    if (body.policy is None) == (body.document is None):
        fault = {"pointer": "/policy", "code": "one_of", "detail": "Name a policy or give a document, not both."}
        raise errors.Invalid("Name a policy or give a document.", errors=[fault])
    unknown = [at for at, action in enumerate(body.actions or ()) if action not in ACTIONS]
    if unknown:
        faults = [
            {"pointer": f"/actions/{at}", "code": "literal_error", "detail": "The guard knows no such action."}
            for at in unknown
        ]
        raise errors.Invalid("There is no such action.", errors=faults)
    document = None if body.document is None else policies.checked(caller, await scrub(means, caller, body.document))
    actions = None if body.actions is None else tuple(body.actions)
    options = Options(body.since, body.until, actions, body.limit, body.orders, body.after_days)

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Backtest:
            return once(session, keyed, "policy_backtest", backtests.request, caller, body.policy, document, options)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "policy_backtest", run, key=key, wait=wait)


@router.get(
    "/backtests/{backtest_id}",
    summary="Get a backtest",
    response_model=BacktestOut,
    responses=refusals(errors.BacktestNotFound, errors.Forbidden),
)
async def get_backtest(backtest_id: str, means: Means, caller: Reader) -> Json:
    """How far it is, and what it counted."""
    only_the_store(caller)
    return Json(await means.db.read(_view, caller, backtest_id))


def _view(session: Session, caller: Caller, backtest_id: str) -> dict[str, Any]:
    return backtests.view(backtests.get(session, caller, backtest_id))
