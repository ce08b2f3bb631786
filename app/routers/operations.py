"""Operations: the durable record of each outside effect, and the person who ends what we cannot."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import errors
from app.models.operations import Operation
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.pages import Cursor, Limit, page, unseal
from app.routers.schemas import In, OperationOut, Page, Ref, Text
from app.routers.writes import OptionalKey, perform
from app.services import operation_views, operations
from app.services.callers import Caller
from app.services.idempotency import Keyed, once
from app.services.scrubbing import scrub_body

router = APIRouter(prefix="/v1/operations", tags=["Operations"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("operations:read"))]
Writer = Annotated[Caller, Depends(needs("operations:write"))]


class ResolveIn(In):
    """What the person saw at the provider, or `replay` to have it tried again."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.RESOLVE_IN]})

    outcome: Literal["succeeded", "failed", "replay"]
    note: Annotated[Text, Field(min_length=1, max_length=2000)]
    external_id: Ref | None = None


@router.get(
    "/{operation_id}",
    summary="Get an operation",
    response_model=OperationOut,
    responses=refusals(errors.OperationNotFound),
)
async def get_operation(operation_id: str, means: Means, caller: Reader) -> Json:
    """Kind, provider, key, each attempt and how it ended, status, evidence."""
    return Json(await means.db.read(_view, caller, operation_id))


def _view(session: Session, caller: Caller, operation_id: str) -> dict[str, Any]:
    found = operation_views.get(session, caller, operation_id)
    return operation_views.view(found, operation_views.tries(session, found.id))


@router.get(
    "",
    summary="List operations",
    response_model=Page[OperationOut],
    responses=refusals(errors.InvalidCursor, errors.Forbidden),
)
async def list_operations(
    means: Means,
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[str | None, Query(max_length=40)] = None,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    needs_person: Annotated[bool | None, Query(description="Only those that wait for a named person.")] = None,
) -> Json:
    """Operations of this store, newest first."""
    _only_the_store(caller)
    filters = {"status": status, "kind": kind, "needs_person": needs_person}
    place = unseal(caller, "operations", filters, cursor)
    rows = await means.db.read(_listed, caller, filters, place, limit + 1)
    return Json(page(caller, "operations", filters, rows, limit))


def _listed(
    session: Session, caller: Caller, filters: dict[str, Any], place: str | None, limit: int
) -> list[dict[str, Any]]:
    query = select(Operation).where(Operation.store_id == caller.store_id, Operation.livemode == caller.livemode)
    if filters["status"] is not None:
        query = query.where(Operation.status == filters["status"])
    if filters["kind"] is not None:
        query = query.where(Operation.kind == filters["kind"])
    if filters["needs_person"] is not None:
        dead = Operation.dead_at.is_not(None)
        query = query.where(dead if filters["needs_person"] else ~dead)
    if place is not None:
        query = query.where(Operation.id < place)
    return [operation_views.view(row) for row in session.scalars(query.order_by(Operation.id.desc()).limit(limit))]


@router.post(
    "/{operation_id}/resolve",
    summary="Resolve an operation",
    response_model=OperationOut,
    responses=refusals(
        errors.OperationNotFound,
        errors.ActorRequired,
        errors.Forbidden,
        errors.OperationSettled,
        errors.OperationRunning,
        errors.IdempotencyKeyReused,
    ),
)
async def resolve(
    operation_id: str, request: Request, body: ResolveIn, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """A named person (`Aftersale-Actor: agent:<id>`) ends an operation by what they saw, or has it tried again."""
    _only_the_store(caller)
    clean = await scrub_body(means, caller, body, "note", "external_id")

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Operation:
            return once(session, keyed, "operation", _resolve, caller, operation_id, clean)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "operation", run, key=key, status=200)


def _only_the_store(caller: Caller) -> None:
    if caller.shopper is not None:
        raise errors.Forbidden("Only the store may do that.")


def _resolve(session: Session, caller: Caller, operation_id: str, body: ResolveIn) -> Operation:
    return operations.resolve(
        session, caller, operation_id, outcome=body.outcome, note=body.note, external_id=body.external_id
    )
