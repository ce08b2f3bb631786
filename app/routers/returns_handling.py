"""Handling a return at the store: approved or declined, received, inspected, completed, canceled."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.models.returns import Return
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means
from app.routers.returns import DECIDED, KEYED, ReturnOut, Writer
from app.routers.schemas import Confirmable, In, NothingIn, PreviewOut, Ref, Text
from app.routers.writes import CONFIRMED, RequiredKey, Wait, perform
from app.services import return_arrivals
from app.services.actions import request_return
from app.services.callers import Caller
from app.services.idempotency import Keyed, once
from app.services.scrubbing import scrub

router = APIRouter(prefix="/v1/returns", tags=["Returns"], route_class=StrictRoute)
CHANGED = (errors.ReturnNotFound, errors.ReturnNotInState, errors.Forbidden, errors.ItemNotInOrder, *KEYED)
VERBS = refusals(*CHANGED)
ANSWERED = (errors.SelfApproval, errors.ActorRequired, errors.AlreadyApproved, errors.ApprovalNotPending)


class DeclineIn(In):
    """Why not."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"reason": "worn"}]})

    reason: Annotated[Text, Field(max_length=2000)] | None = None


class ReceivedLineIn(In):
    """How many of a line arrived."""

    line_id: Ref
    quantity: Annotated[int, Field(ge=0, le=100_000)]


class ReceiveIn(In):
    """What arrived; without lines: everything."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.RECEIVE_IN]})

    lines: Annotated[list[ReceivedLineIn], Field(max_length=500)] = []


class InspectedLineIn(In):
    """How a line arrived."""

    line_id: Ref
    condition: Literal["as_described", "damaged", "wrong_item"]


class InspectIn(In):
    """What the inspection found."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.INSPECT_IN]})

    lines: Annotated[list[InspectedLineIn], Field(max_length=500)] = []


class CompleteIn(Confirmable):
    """Whether what arrived is refunded."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"refund": True}]})

    refund: bool = True


async def _change(
    request: Request,
    means: Means,
    caller: Caller,
    key: str,
    return_id: str,
    verb: str,
    lines: list[tuple[str, int | str]] | None = None,
    wait: float = 0.0,
) -> Json:
    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Return:
            return once(session, keyed, "return", return_arrivals.change, caller, return_id, verb, lines or [])

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "return", run, key=key, wait=wait, status=200)


@router.post(
    "/{return_id}/approve",
    summary="Approve a return",
    response_model=ReturnOut,
    responses={
        202: {"model": ReturnOut, "description": "Another person must say yes, or the shop has not answered yet."},
        **refusals(
            *ANSWERED,
            errors.ReturnNotFound,
            errors.ReturnNotInState,
            errors.Forbidden,
            errors.OrderNotFound,
            errors.ProviderUnavailable,
            *DECIDED,
            *KEYED,
        ),
    },
)
async def approve(
    return_id: str,
    request: Request,
    means: Means,
    caller: Writer,
    key: RequiredKey,
    wait: Wait,
    body: NothingIn | None = None,
) -> Json:
    """Say yes to a return that waits, as at its approval; today's facts may still say no (`declined`)."""
    del body

    async def run(keyed: Keyed | None) -> str:
        return await request_return.answer(means, caller, return_id, yes=True, note=None, keyed=keyed)

    return await perform(request, means, caller, "return", run, key=key, wait=wait, status=200)


@router.post(
    "/{return_id}/decline",
    summary="Decline a return",
    response_model=ReturnOut,
    responses=refusals(
        *ANSWERED, errors.ReturnNotFound, errors.ReturnNotInState, errors.Forbidden, errors.ItemNotInOrder, *KEYED
    ),
)
async def decline(
    return_id: str, request: Request, means: Means, caller: Writer, key: RequiredKey, body: DeclineIn | None = None
) -> Json:
    """Say no to a return that waits; the reason goes into the audit trail."""
    note = await scrub(means, caller, body.reason if body is not None else None)

    async def run(keyed: Keyed | None) -> str:
        return await request_return.answer(means, caller, return_id, yes=False, note=note, keyed=keyed)

    return await perform(request, means, caller, "return", run, key=key, status=200)


@router.post(
    "/{return_id}/receive",
    summary="Goods arrived",
    response_model=ReturnOut,
    responses=refusals(*CHANGED, errors.AlreadyReturned),
)
async def receive(
    return_id: str, request: Request, means: Means, caller: Writer, key: RequiredKey, body: ReceiveIn | None = None
) -> Json:
    """Note what arrived; without lines: everything. What comes later is added. Also of one that has expired."""
    lines: list[tuple[str, int | str]] = [(row.line_id, row.quantity) for row in body.lines] if body else []
    return await _change(request, means, caller, key, return_id, "receive", lines)


@router.post("/{return_id}/inspect", summary="Goods inspected", response_model=ReturnOut, responses=VERBS)
async def inspect(
    return_id: str, request: Request, means: Means, caller: Writer, key: RequiredKey, body: InspectIn | None = None
) -> Json:
    """Note how each line arrived."""
    lines: list[tuple[str, int | str]] = [(row.line_id, row.condition) for row in body.lines] if body else []
    return await _change(request, means, caller, key, return_id, "inspect", lines)


@router.post("/{return_id}/cancel", summary="Cancel a return", response_model=ReturnOut, responses=VERBS)
async def cancel(
    return_id: str,
    request: Request,
    means: Means,
    caller: Writer,
    key: RequiredKey,
    wait: Wait,
    body: NothingIn | None = None,
) -> Json:
    """End a return of which nothing is on its way; a shopper may do it too."""
    del body
    return await _change(request, means, caller, key, return_id, "cancel", wait=wait)


@router.post(
    "/{return_id}/complete",
    summary="Complete a return",
    response_model=ReturnOut | PreviewOut,
    responses={
        202: {"model": ReturnOut, "description": "Its refund waits for a person: `approval`."},
        **refusals(
            errors.ReturnNotFound,
            errors.ReturnNotInState,
            errors.Forbidden,
            errors.RefundExceedsCaptured,
            errors.ProviderUnavailable,
            *CONFIRMED,
            *KEYED,
        ),
    },
)
async def complete(
    return_id: str,
    request: Request,
    means: Means,
    caller: Writer,
    key: RequiredKey,
    wait: Wait,
    body: CompleteIn | None = None,
) -> Json:
    """End a return and, unless told otherwise, refund what arrived; `refund` names the refund."""
    pay = body is None or body.refund
    if pay:
        caller.need("refunds:write")

    async def run(keyed: Keyed | None) -> str:
        return await request_return.complete(means, caller, return_id, pay=pay, keyed=keyed)

    return await perform(request, means, caller, "return", run, key=key, wait=wait, status=200)
