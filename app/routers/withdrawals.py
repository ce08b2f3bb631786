"""Withdrawals from a contract under Directive (EU) 2023/2673: declared, confirmed, acknowledged; no reason is asked."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.models.withdrawals import Withdrawal
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.pages import OfOrders, of_orders
from app.routers.schemas import Confirmable, Out, Page, PreviewOut, WaitingOut
from app.routers.writes import CONFIRMED, RequiredKey, Wait, act
from app.services import withdrawal_states
from app.services.actions import withdraw
from app.services.actions.confirm_withdrawal import ACTION as CONFIRM
from app.services.actions.confirm_withdrawal import ConfirmWithdrawalParams
from app.services.actions.withdraw import WithdrawParams
from app.services.callers import Caller

router = APIRouter(prefix="/v1/withdrawals", tags=["Withdrawals"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("withdrawals:read"))]
Writer = Annotated[Caller, Depends(needs("withdrawals:write"))]
KEYED = (errors.IdempotencyKeyRequired, errors.IdempotencyKeyReused, errors.IdempotencyKeyInUse)
ANSWERED = (errors.SelfApproval, errors.ActorRequired, errors.AlreadyApproved, errors.ApprovalNotPending)
ALLOWED = (
    errors.AlreadyCanceled,
    errors.AlreadyReturned,
    errors.ItemNotReturnable,
    errors.OrderNotDelivered,
    errors.ReturnWindowClosed,
    errors.ProofRequired,
    errors.ProviderUnavailable,
)


class WithdrawalIn(WithdrawParams, Confirmable):
    """From what is withdrawn; without lines from all that is left of the order. There is no field for a reason."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"order": "#1001"}]})


class ConfirmIn(Confirmable):
    """Nothing but a preview."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{}]})


class WithdrawalLineOut(Out):
    """So many of one line."""

    line_id: str
    quantity: int


class WithdrawalOut(Out):
    """A withdrawal: `requested` is step one with its `confirmation`; `confirmed` is binding; `completed` is paid."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.WITHDRAWAL]})

    id: str
    livemode: bool
    order: str
    customer: str | None
    status: str = Field(description="requested confirmed completed canceled")
    lines: list[WithdrawalLineOut]
    effects: list[dict[str, Any]] = Field(description="Before step two: cancel, refund or return, with the lines.")
    text: str | None = Field(description="Before step two: what will happen, in the shopper's language.")
    language: str
    confirmation: dict[str, Any] | None = Field(description="How to confirm.")
    deadline_at: str | None = Field(description="The end of the period; null before delivery.")
    declared_at: str | None
    refund_due_at: str | None
    refund_overdue: bool
    acknowledgement: dict[str, Any] | None = Field(description="The mail: its text, status and when it was sent.")
    cancellation: str | None
    refund: str | None
    return_: Annotated[str | None, Field(alias="return")]
    approval: dict[str, Any] | None = Field(description="It is binding; the store has to carry it out.")
    operations: list[str]
    settled: bool = Field(description="No operation behind it is open.")
    created_at: str
    completed_at: str | None


@router.post(
    "",
    summary="Declare a withdrawal",
    status_code=201,
    response_model=WithdrawalOut,
    responses={
        200: {"model": PreviewOut, "description": "With `preview`: what would happen; nothing has."},
        **refusals(
            errors.OrderNotFound,
            errors.NotOwner,
            errors.OrderAmbiguous,
            errors.NotConnected,
            errors.ItemNotInOrder,
            *ALLOWED,
            *KEYED,
            *CONFIRMED,
        ),
    },
)
async def declare_withdrawal(
    request: Request, body: WithdrawalIn, means: Means, caller: Writer, key: RequiredKey
) -> Json:
    """Step one: what will happen and how to confirm it. Nothing is binding yet, and no reason is asked."""
    return await act(request, means, caller, withdraw.ACTION, body, key=key)


@router.post(
    "/{withdrawal_id}/confirm",
    summary="Confirm a withdrawal",
    response_model=WithdrawalOut | PreviewOut,
    responses={
        202: {
            "model": WithdrawalOut | WaitingOut,
            "description": "Binding; `operations` are still open, or a person is needed: `approval`.",
        },
        **refusals(
            errors.WithdrawalNotFound,
            errors.WithdrawalNotInState,
            *ANSWERED,
            *ALLOWED,
            errors.OrderNotPending,
            errors.RefundExceedsCaptured,
            errors.LimitReached,
            errors.ApprovalRequired,
            errors.OrderNotFound,
            errors.NotOwner,
            errors.NotConnected,
            *KEYED,
            *CONFIRMED,
        ),
    },
)
async def confirm_withdrawal(
    withdrawal_id: str,
    request: Request,
    means: Means,
    caller: Writer,
    key: RequiredKey,
    wait: Wait,
    body: ConfirmIn | None = None,
) -> Json:
    """Step two: binding from now, and acknowledged by mail. Repeated by the store it is a yes to what waits for one."""
    del body
    params = ConfirmWithdrawalParams(withdrawal=withdrawal_id)
    return await act(request, means, caller, CONFIRM, params, key=key, wait=wait)


@router.get(
    "/{withdrawal_id}",
    summary="Get a withdrawal",
    response_model=WithdrawalOut,
    responses=refusals(errors.WithdrawalNotFound),
)
async def get_withdrawal(withdrawal_id: str, means: Means, caller: Reader) -> Json:
    """The withdrawal as it is now."""
    return Json(await means.db.read(_view, caller, withdrawal_id))


def _view(session: Session, caller: Caller, withdrawal_id: str) -> dict[str, Any]:
    return withdrawal_states.view(session, withdrawal_states.get(session, caller, withdrawal_id))


@router.get(
    "",
    summary="List withdrawals",
    response_model=Page[WithdrawalOut],
    responses=refusals(errors.InvalidCursor, errors.OrderNotFound, errors.NotOwner),
)
async def list_withdrawals(means: Means, caller: Reader, asked: OfOrders) -> Json:
    """Withdrawals of this store, newest first."""
    return await of_orders(means, caller, "withdrawals", Withdrawal, withdrawal_states.view, asked)
