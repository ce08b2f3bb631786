"""Returns: asked for, and as they are read."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.models.returns import Return
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.pages import OfOrders, of_orders
from app.routers.schemas import Confirmable, MoneyOut, OperationOut, Out, Page, PreviewOut
from app.routers.writes import CONFIRMED, RequiredKey, Wait, act
from app.services import return_states
from app.services.actions import request_return
from app.services.actions.request_return import ReturnParams
from app.services.callers import Caller

router = APIRouter(prefix="/v1/returns", tags=["Returns"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("returns:read"))]
Writer = Annotated[Caller, Depends(needs("returns:write"))]
KEYED = (errors.IdempotencyKeyRequired, errors.IdempotencyKeyReused, errors.IdempotencyKeyInUse)
DECIDED = (
    errors.OrderNotFound,
    errors.FileNotFound,
    errors.NotOwner,
    errors.OrderAmbiguous,
    errors.NotConnected,
    errors.NoItems,
    errors.ItemNotInOrder,
    errors.ReasonNotAllowed,
    errors.RefundMethodNotAllowed,
    errors.OrderNotDelivered,
    errors.ReturnWindowClosed,
    errors.AlreadyReturned,
    errors.ItemNotReturnable,
    errors.ProofRequired,
    errors.ProviderUnavailable,
    errors.PaymentMethodNotFound,
    errors.LimitReached,
)
EXCHANGED = (
    errors.ItemCountMismatch,
    errors.DifferentProduct,
    errors.NewItemNotFound,
    errors.NewItemUnavailable,
    errors.SameItem,
    errors.GiftCardInsufficient,
    errors.CurrencyMismatch,
    errors.RefundExceedsCaptured,
)
"""What an exchange can be refused with, besides what every return can."""


class ReturnIn(ReturnParams, Confirmable):
    """What comes back, and how."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.RETURN_IN]})


class ReturnLineOut(Out):
    """So many of one line, and how they arrived."""

    line_id: str
    quantity: int
    received_quantity: int
    reason: str | None
    note: str | None
    resolution: str
    condition: str | None
    files: list[str]


class ReturnOut(Out):
    """Goods on their way back; `rma` stands on the label."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.RETURN]})

    id: str
    livemode: bool
    rma: str
    order: str
    customer: str | None
    ticket: str | None
    status: str = Field(
        description="requested awaiting_approval approved label_issued in_transit received inspected completed "
        "declined canceled expired"
    )
    method: str
    destination: dict[str, Any]
    lines: list[ReturnLineOut]
    fee: MoneyOut = Field(description="What the policy keeps back of the refund once all of it has come back.")
    label_payer: str = Field(description="store shopper: the shopper's is kept back of the refund, too.")
    label: str | None
    labels: list[str] = Field(description="Its labels, one per parcel; `label` is the first.")
    refund: str | None
    credit_refund: str | None = Field(
        description="The refund of its lines that are paid as store credit, if others are not."
    )
    refunds: list[str] = Field(description="All that pays it, oldest first: before its goods came, and after.")
    exchange: str | None
    approval: dict[str, Any] | None
    operation: OperationOut | None = Field(description="Has the shop expect the goods.")
    created_at: str
    approved_at: str | None
    expires_at: str | None = Field(description="When it ends if its goods are not on their way by then.")
    due_at: str | None = Field(description="When a person is told that its goods are late.")
    overdue_at: str | None = Field(description="When a person was told.")
    overdue_reason: str | None = Field(description="not_sent not_arrived")
    received_at: str | None
    inspected_at: str | None
    completed_at: str | None


@router.post(
    "",
    summary="Request a return",
    status_code=201,
    response_model=ReturnOut,
    responses={
        200: {"model": PreviewOut, "description": "With `preview`: what would happen; nothing has."},
        202: {"model": ReturnOut, "description": "Waits for a person (`approval`) or for the shop (`operation`)."},
        **refusals(*DECIDED, *EXCHANGED, *KEYED, *CONFIRMED),
    },
)
async def create_return(
    request: Request, body: ReturnIn, means: Means, caller: Writer, key: RequiredKey, wait: Wait
) -> Json:
    """Ask for a return; the policy approves it at once or leaves it to a person, and the shop is told to expect it."""
    return await act(request, means, caller, request_return.ACTION, body, key=key, wait=wait)


@router.get("/{return_id}", summary="Get a return", response_model=ReturnOut, responses=refusals(errors.ReturnNotFound))
async def get_return(return_id: str, means: Means, caller: Reader) -> Json:
    """The return as it is now."""
    return Json(await means.db.read(_view, caller, return_id))


def _view(session: Session, caller: Caller, return_id: str) -> dict[str, Any]:
    return return_states.view(session, return_states.get(session, caller, return_id))


@router.get(
    "",
    summary="List returns",
    response_model=Page[ReturnOut],
    responses=refusals(errors.InvalidCursor, errors.OrderNotFound, errors.NotOwner),
)
async def list_returns(means: Means, caller: Reader, asked: OfOrders) -> Json:
    """Returns of this store, newest first."""
    return await of_orders(means, caller, "returns", Return, return_states.view, asked)
