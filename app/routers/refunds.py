"""Refunds: money back to what the order was paid with; at most one effect per key, whatever happens."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.models.refunds import Refund
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.pages import OfOrders, of_orders
from app.routers.schemas import (
    Confirmable,
    MoneyOut,
    OperationOut,
    Out,
    Page,
    PreviewOut,
)
from app.routers.writes import CONFIRMED, RequiredKey, Wait, act
from app.services import refund_views
from app.services.actions import refund_order
from app.services.actions.refund_order import RefundParams
from app.services.callers import Caller

router = APIRouter(prefix="/v1/refunds", tags=["Refunds"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("refunds:read"))]
Writer = Annotated[Caller, Depends(needs("refunds:write"))]


class QuoteIn(RefundParams):
    """What to refund: lines and/or an amount, and shipping. With lines and an amount, the amount is what goes back."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.REFUND_IN]})


class RefundIn(RefundParams, Confirmable):
    """What to refund: lines and/or an amount, and shipping. With lines and an amount, the amount is what goes back."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.REFUND_IN]})


class BreakdownOut(Out):
    """amount = items - discount + tax + shipping - fee."""

    items: MoneyOut
    tax: MoneyOut
    discount: MoneyOut
    shipping: MoneyOut
    fee: MoneyOut


class AllocationOut(Out):
    """The part that goes back to one payment."""

    id: str
    payment_id: str
    amount: MoneyOut
    status: str
    operation_id: str
    failure_code: str | None


class RefundLineOut(Out):
    """So many of one line, for so much."""

    line_id: str
    quantity: int
    amount: MoneyOut


class RefundOut(Out):
    """A refund. `unknown` keeps its reservation: the provider has not told how it ended."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.REFUND]})

    id: str
    livemode: bool
    order: str
    customer: str | None
    return_: Annotated[str | None, Field(alias="return")]
    status: str = Field(description="awaiting_approval pending succeeded failed unknown canceled")
    amount: MoneyOut
    amount_refunded: MoneyOut
    breakdown: BreakdownOut
    lines: list[RefundLineOut]
    allocations: list[AllocationOut]
    destination: dict[str, Any]
    reason: str | None
    note: str | None
    failure_code: str | None
    summary: str = Field(description="One sentence that tells where the money is, in English.")
    explanation: str = Field(description="The same for the shopper, in their language, and why.")
    operation: OperationOut | None
    operations: list[str]
    approval: dict[str, Any] | None = Field(description="The question to a person, where there was one.")
    created_at: str
    settled_at: str | None
    reversed_at: str | None = Field(description="When a bank sent back some of what had been paid.")


class QuotePartOut(Out):
    """The part that would go back to one payment."""

    payment_id: str
    amount: MoneyOut


class QuoteOut(Out):
    """What a refund would be at this moment; nothing is reserved."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.QUOTE]})

    order: str
    amount: MoneyOut
    breakdown: BreakdownOut
    lines: list[RefundLineOut]
    allocations: list[QuotePartOut]


MONEY = (
    errors.OrderNotFound,
    errors.NotOwner,
    errors.OrderAmbiguous,
    errors.NotConnected,
    errors.NoItems,
    errors.ItemNotInOrder,
    errors.CurrencyMismatch,
    errors.RefundMethodNotAllowed,
    errors.PaymentMethodNotFound,
    errors.RefundExceedsCaptured,
    errors.ReasonNotAllowed,
    errors.ProviderUnavailable,
    errors.ReturnNotFound,
    errors.ReturnNotInState,
)
KEPT = (errors.ReturnWindowClosed, errors.ItemNotReturnable, errors.AlreadyReturned)
"""What a shopper may not have back does not turn into money without coming back either."""
KEYED = (
    errors.IdempotencyKeyRequired,
    errors.IdempotencyKeyReused,
    errors.IdempotencyKeyInUse,
    errors.ChangeInProgress,
)


@router.post("/quote", summary="Price a refund", response_model=QuoteOut, responses=refusals(*MONEY))
async def quote_refund(body: QuoteIn, means: Means, caller: Writer) -> Json:
    """What a refund would be now: breakdown, and the split over the payments. Nothing is reserved."""
    order_id, quote = await refund_order.quote(means, caller, body)

    def money(amount: int) -> dict[str, Any]:
        return {"amount": amount, "currency": quote.currency}

    return Json(
        {
            "order": order_id,
            "amount": money(quote.amount),
            "breakdown": {
                name: money(getattr(quote, name)) for name in ("items", "tax", "discount", "shipping", "fee")
            },
            "lines": [
                {"line_id": line, "quantity": quantity, "amount": money(amount)}
                for line, quantity, amount in quote.lines
            ],
            "allocations": [{"payment_id": payment, "amount": money(amount)} for payment, amount in quote.allocations],
        }
    )


@router.post(
    "",
    summary="Refund an order",
    status_code=201,
    response_model=RefundOut,
    responses={
        200: {"model": PreviewOut, "description": "With `preview`: what would happen; nothing has."},
        202: {"model": RefundOut, "description": "Not settled yet: `operation` tells; or `approval`: a person must."},
        **refusals(*MONEY, *KEYED, *CONFIRMED, *KEPT, errors.LimitReached, errors.ProofRequired),
    },
)
async def request_refund(
    request: Request, body: RefundIn, means: Means, caller: Writer, key: RequiredKey, wait: Wait
) -> Json:
    """Refund all or part of an order; at most one effect per key, whatever happens."""
    return await act(request, means, caller, refund_order.ACTION, body, key=key, wait=wait)


@router.get("/{refund_id}", summary="Get a refund", response_model=RefundOut, responses=refusals(errors.RefundNotFound))
async def get_refund(
    refund_id: str,
    means: Means,
    caller: Reader,
    locale: Annotated[str | None, Query(max_length=35, description="Language of `explanation`.")] = None,
) -> Json:
    """The refund as it is now; `explanation` is in `locale`, else in the shopper's language."""
    return Json(await means.db.read(_view, caller, refund_id, locale))


def _view(session: Session, caller: Caller, refund_id: str, locale: str | None) -> dict[str, Any]:
    return refund_views.view(session, refund_views.get(session, caller, refund_id), locale)


@router.get(
    "",
    summary="List refunds",
    response_model=Page[RefundOut],
    responses=refusals(errors.InvalidCursor, errors.OrderNotFound, errors.NotOwner),
)
async def list_refunds(means: Means, caller: Reader, asked: OfOrders) -> Json:
    """Refunds of this store, newest first."""
    return await of_orders(means, caller, "refunds", Refund, refund_views.view, asked)
