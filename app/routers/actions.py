"""Actions: everything that can be done after checkout, through one door; each is the same as by its own route."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field, RootModel

from app import errors
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.schemas import Confirmable, Out, Page, PreviewOut
from app.routers.writes import RequiredKey, Wait, act
from app.services.actions import registry
from app.services.callers import Caller
from app.services.runtime import Runtime

router = APIRouter(prefix="/v1/actions", tags=["Actions"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("actions:read"))]
AROUND = frozenset(Confirmable.model_fields)


def _scope(request: Request) -> str:
    """Needs the scope of the action."""
    return registry.find(request.path_params["name"]).scope


Actor = Annotated[Caller, Depends(needs(_scope))]


class ActionOut(Out):
    """One action: what it takes, what it needs, what it may cost."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.ACTION]})

    name: str
    description: str
    parameters: dict[str, Any] = Field(description="JSON schema of the body.")
    proof: int = Field(
        description="What a shopper must have proved, unless the store's policy says otherwise: 0, 1, 2."
    )
    cost: str = Field(description="none label money stock")
    scope: str = Field(description="What the key needs.")
    route: str = Field(description="The route that does the same; empty: this is its only door.")
    supported: bool = Field(description="Whether the connected shop has what it takes; else 409 `not_supported`.")


class ActionBody(RootModel[dict[str, Any]]):
    """The action's parameters, and `preview` or `confirmation_token` beside them."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REFUND_IN]})


@router.get("", summary="List actions", response_model=Page[ActionOut], responses=refusals())
async def list_actions(means: Means, caller: Reader) -> Json:
    """Every action with the JSON schema of its parameters, its proof level, its cost and its scope."""
    listed = [_shown(means, caller, action) for _, action in sorted(registry.every().items())]
    return Json({"data": listed, "next_cursor": None})


def _shown(means: Runtime, caller: Caller, action: registry.Action[Any]) -> dict[str, Any]:
    return {
        "name": action.name,
        "description": action.description,
        "parameters": registry.schema(action),
        "proof": action.proof,
        "cost": action.cost,
        "scope": action.scope,
        "route": action.route,
        "supported": registry.supported(means, caller, action),
    }


class ActedOut(RootModel[dict[str, Any]]):
    """What the action's own route answers."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REFUND]})


KNOWN = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.AppError)]
ANY = [kind for kind in KNOWN if kind.status in {400, 403, 404, 409, 422, 503}]
"""Each action refuses with the codes of its own route."""


@router.post(
    "/{name}",
    summary="Run an action",
    status_code=201,
    response_model=ActedOut,
    responses={
        200: {"model": ActedOut | PreviewOut, "description": "Where the action's route answers 200; or a preview."},
        202: {"model": ActedOut, "description": "Not settled yet: `operation` tells; or `approval`: a person must."},
        **refusals(*ANY),
    },
)
async def run_action(
    name: str, request: Request, body: ActionBody, means: Means, caller: Actor, key: RequiredKey, wait: Wait
) -> Json:
    """Do it exactly as its own route would: same guard, same refusals, same answer, one effect per key."""
    action = registry.find(name)
    around = {name: value for name, value in body.root.items() if name in AROUND}
    registry.checked(Confirmable, around)
    params = registry.given(action, {name: value for name, value in body.root.items() if name not in AROUND})
    return await act(request, means, caller, action, params, key=key, wait=wait)
