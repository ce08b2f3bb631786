"""What connected systems send us. The signature is the credential; nothing else tells whether an address is there."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.models.connections import InboundDelivery
from app.routers import connection_examples as examples
from app.routers.answers import Json, StrictRoute, declare, refusals
from app.routers.calling import Means, needs
from app.routers.pages import Cursor, Limit, page, unseal
from app.routers.policies import KEYED, only_the_store
from app.routers.schemas import Out, Page
from app.routers.writes import OptionalKey, perform
from app.services import inbound, inbound_work
from app.services.callers import Caller
from app.services.idempotency import Keyed, once

router = APIRouter(prefix="/v1", tags=["Connections"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("connections:read"))]
Writer = Annotated[Caller, Depends(needs("connections:write"))]


class TakenOut(Out):
    """It is kept, and worked on later."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.TAKEN]})

    id: str
    status: str = Field(description="accepted duplicate")


class DeliveryOut(Out):
    """One call of a connected system, and what came of it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.DELIVERY]})

    id: str
    livemode: bool
    connection: str
    topic: str | None
    resource: str = Field(description="What it is about; deliveries of one resource are worked on in their order.")
    document: dict[str, Any] = Field(description="What it said, redacted.")
    status: str = Field(description="pending done ignored refused; dead: given up, `retry` tries again")
    tries: int
    next_try_at: str | None
    outcome: dict[str, Any] | None
    created_at: str
    ended_at: str | None


@router.post(
    "/inbound/{connection_id}",
    summary="Take a call of a connected system",
    response_model=TakenOut,
    responses=declare(
        errors.ConnectionNotFound,
        errors.SignatureInvalid,
        errors.Invalid,
        errors.ActionNotFound,
        errors.TooManyRequests,
        errors.StorageUnavailable,
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "description": "What the kind of the connection sends; of `crm` a command.",
                    },
                    "example": examples.COMMAND_IN,
                }
            },
        }
    },
)
async def receive_call(connection_id: str, request: Request, means: Means) -> Json:
    """Known by its signature over the raw body, kept once, and answered; worked on later, in order per resource.

    404 until the connection has a secret. The same delivery again is `duplicate`, and does nothing.
    """
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    body = await request.body()
    return Json(await inbound.take(means, connection_id, headers, body, request.state.request_id))


@router.get(
    "/connections/{connection_id}/deliveries",
    summary="List what a connection has sent",
    response_model=Page[DeliveryOut],
    responses=refusals(errors.ConnectionNotFound, errors.Forbidden),
)
async def list_connection_deliveries(
    connection_id: str,
    means: Means,
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[Literal["pending", "done", "ignored", "refused", "dead"] | None, Query()] = None,
) -> Json:
    """Newest first; `status=dead` is what was given up."""
    only_the_store(caller)
    where, filters = f"deliveries:{connection_id}", {"status": status}
    place = unseal(caller, where, filters, cursor)
    rows = await means.db.read(inbound_work.listed, caller, connection_id, status, place, limit + 1)
    return Json(page(caller, where, filters, rows, limit))


@router.post(
    "/connections/{connection_id}/deliveries/{delivery_id}/retry",
    summary="Try a delivery again",
    response_model=DeliveryOut,
    responses={
        200: {
            "description": "It waits to be worked on.",
            "content": {"application/json": {"example": examples.RETRIED}},
        },
        **refusals(
            errors.ConnectionNotFound, errors.DeliveryNotFound, errors.DeliveryNotDead, errors.Forbidden, *KEYED
        ),
    },
)
async def retry_connection_delivery(
    connection_id: str, delivery_id: str, request: Request, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """Have one that was given up or refused worked on again."""
    only_the_store(caller)

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> InboundDelivery:
            return once(session, keyed, "inbound_delivery", inbound_work.retry, caller, connection_id, delivery_id)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "inbound_delivery", run, key=key, status=200)
