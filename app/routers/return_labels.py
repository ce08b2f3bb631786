"""Return labels: bought once per return parcel, found again after a lost answer, voided when not used."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.models.returns import Label
from app.routers import examples
from app.routers.answers import Json, StrictRoute, bytes_of, refusals
from app.routers.calling import Means, needs
from app.routers.pages import OfOrders, of_orders
from app.routers.returns import DECIDED, KEYED
from app.routers.schemas import Confirmable, MoneyOut, OperationOut, Out, Page, PreviewOut, WaitingOut
from app.routers.writes import CONFIRMED, OptionalKey, RequiredKey, Wait, act, perform
from app.services import label_files, label_views
from app.services.actions import issue_label
from app.services.actions.issue_label import LabelParams
from app.services.callers import Caller
from app.services.idempotency import Keyed

router = APIRouter(prefix="/v1/return-labels", tags=["Return labels"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("labels:read"))]
Writer = Annotated[Caller, Depends(needs("labels:write"))]
KINDS = {"pdf": "application/pdf", "png": "image/png"}


class LabelIn(LabelParams, Confirmable):
    """For a return that stands (`return_id`), or for lines of an order, whose return is made with it."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.LABEL_IN]})


class LabelOut(Out):
    """A return label; `file` is where its bytes are once it is active."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.LABEL]})

    id: str
    livemode: bool
    return_id: str
    rma: str
    order: str
    customer: str | None
    status: str = Field(description="pending active voiding voided failed unknown expired")
    carrier: str
    service: str | None
    tracking_number: str | None
    tracking_url: str | None
    format: str
    qr: bool
    parcel_number: int
    parcel: dict[str, Any]
    cost: MoneyOut | None
    cost_credited: MoneyOut | None = Field(description="What the carrier gave back of it for a label that was voided.")
    enclosed: bool = Field(description="It lay in the parcel of the order, and was not bought here.")
    file: str | None
    failure_code: str | None
    operation: OperationOut | None
    expires_at: str | None = Field(description="Until when the carrier takes it.")
    used_at: str | None = Field(description="Its first scan: the parcel is on its way.")
    created_at: str
    settled_at: str | None


@router.post(
    "",
    summary="Issue a return label",
    status_code=201,
    response_model=LabelOut,
    responses={
        200: {"model": PreviewOut, "description": "With `preview`: what would happen; nothing has."},
        202: {
            "model": LabelOut | WaitingOut,
            "description": "Not settled yet: `operation` tells; or `approval`: a person must say yes.",
        },
        **refusals(
            *DECIDED,
            *KEYED,
            *CONFIRMED,
            errors.ReturnNotFound,
            errors.ReturnNotInState,
            errors.LabelExists,
            errors.Forbidden,
        ),
    },
)
async def create_label(
    request: Request, body: LabelIn, means: Means, caller: Writer, key: RequiredKey, wait: Wait
) -> Json:
    """Buy a label for an approved return, or for lines of an order in one step."""
    return await act(request, means, caller, issue_label.ACTION, body, key=key, wait=wait)


@router.get("/{label_id}", summary="Get a label", response_model=LabelOut, responses=refusals(errors.LabelNotFound))
async def get_label(label_id: str, means: Means, caller: Reader) -> Json:
    """The label as it is now."""
    return Json(await means.db.read(_view, caller, label_id))


def _view(session: Session, caller: Caller, label_id: str) -> dict[str, Any]:
    return label_views.view(session, label_views.get(session, caller, label_id))


@router.get(
    "/{label_id}/file",
    summary="Get a label's file",
    response_class=Response,
    responses={
        200: {"description": "The bytes.", "content": bytes_of("application/pdf", "image/png")},
        **refusals(errors.LabelNotFound, errors.LabelNotActive, errors.ProviderUnavailable),
    },
)
async def get_label_file(
    label_id: str,
    means: Means,
    caller: Reader,
    file_format: Annotated[Literal["pdf", "png"] | None, Query(alias="format")] = None,
) -> Response:
    """The label to print: PDF or PNG."""
    content, form = await label_files.file(means, caller, label_id, file_format)
    name = f'inline; filename="{label_id}.{form}"'
    return Response(content, media_type=KINDS[form], headers={"Content-Disposition": name})


@router.get(
    "",
    summary="List labels",
    response_model=Page[LabelOut],
    responses=refusals(errors.InvalidCursor, errors.OrderNotFound, errors.NotOwner),
)
async def list_labels(means: Means, caller: Reader, asked: OfOrders) -> Json:
    """Labels of this store, newest first."""
    return await of_orders(means, caller, "labels", Label, label_views.view, asked)


@router.delete(
    "/{label_id}",
    summary="Void a label",
    response_model=LabelOut,
    responses={
        202: {"model": LabelOut, "description": "The carrier has not answered yet."},
        **refusals(errors.LabelNotFound, errors.LabelNotActive, errors.IdempotencyKeyReused),
    },
)
async def void_label(
    label_id: str, request: Request, means: Means, caller: Writer, key: OptionalKey, wait: Wait
) -> Json:
    """Void a label that was not used; its return is open for another."""

    async def run(keyed: Keyed | None) -> str:
        return await issue_label.void(means, caller, label_id, keyed)

    return await perform(request, means, caller, "label_void", run, key=key, wait=wait, status=200)
