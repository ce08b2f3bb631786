"""What may be changed of an order before it ships: its address, its items, how it is paid."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field

from app import errors
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.orders import FOUND, OrderOut
from app.routers.schemas import Confirmable, MoneyOut, OperationOut, Out, PreviewOut, Ref
from app.routers.writes import CONFIRMED, OptionalKey, RequiredKey, Wait, act
from app.services.actions import change_address, change_payment_method, swap_items
from app.services.actions.change_address import AddressParams, ChangeAddressParams
from app.services.actions.change_payment_method import PaymentMethodParams
from app.services.actions.swap_items import MAX_SWAPS, SwapIn, SwapParams
from app.services.callers import Caller

router = APIRouter(prefix="/v1/orders", tags=["Orders"], route_class=StrictRoute)
Writer = Annotated[Caller, Depends(needs("orders:write"))]
KEYED = (errors.IdempotencyKeyReused, errors.IdempotencyKeyInUse)
DECIDED = (
    *FOUND,
    *CONFIRMED,
    *KEYED,
    errors.OrderNotPending,
    errors.OrderAlreadyModified,
    errors.ChangeInProgress,
    errors.ChangeRefused,
    errors.ProofRequired,
    errors.ApprovalRequired,
)
PAID = (
    errors.IdempotencyKeyRequired,
    errors.PaymentMethodNotFound,
    errors.GiftCardInsufficient,
    errors.PaymentDeclined,
    errors.CurrencyMismatch,
    errors.RefundExceedsCaptured,
    errors.LimitReached,
)


class AddressIn(AddressParams):
    """A postal address as a whole: what is left out is empty. `name` and `phone` stay where nobody is named."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.ADDRESS_IN]})


class ShippingAddressIn(AddressIn, Confirmable):
    """Where the order goes instead."""


class ItemsIn(Confirmable):
    """All swaps at once; the method pays the difference, or gets it back."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.ITEMS_IN]})

    lines: Annotated[list[SwapIn], Field(max_length=MAX_SWAPS)]
    payment_method_id: Ref | None = None


class PaymentMethodIn(Confirmable):
    """The one method that pays instead."""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"examples": [{"payment_method_id": "pm-ines-mc"}]}
    )

    payment_method_id: Ref


class AskedSubscriptionOut(Out):
    """What is asked of a subscription."""

    id: str
    change: str = Field(description="pause resume skip swap cancel")


class ChangeOut(Out):
    """A change of an order, a customer or a subscription."""

    id: str
    livemode: bool
    kind: str = Field(description="address items payment_method customer subscription")
    order: str | None
    customer: str | None
    status: str = Field(description="pending succeeded failed unknown canceled")
    difference: MoneyOut | None = Field(description="What new items cost more, below zero what they cost less.")
    payment_method_id: str | None
    subscription: AskedSubscriptionOut | None
    refund: str | None
    operations: list[str]
    failure_code: str | None
    failure_detail: str | None
    created_at: str
    settled_at: str | None


class ChangedOut(OrderOut):
    """The order as it is now, with the change, the operation that it waits for, and what goes back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.CHANGED]})

    operation: OperationOut | None
    operations: list[str]
    refund: str | None
    change: ChangeOut | None
    approval: dict[str, Any] | None = Field(None, description="The question to a person, where there is one.")


def _responses(*more: type[errors.AppError]) -> dict[int | str, dict[str, Any]]:
    waits = {202: {"model": ChangedOut, "description": "Not settled yet: `operation` tells."}}
    return {**waits, **refusals(*DECIDED, *more)}


@router.put(
    "/{ref}/shipping-address",
    summary="Change where an order goes",
    response_model=ChangedOut | PreviewOut,
    responses=_responses(),
)
async def put_shipping_address(
    ref: str,
    request: Request,
    body: ShippingAddressIn,
    means: Means,
    caller: Writer,
    key: OptionalKey,
    wait: Wait,
) -> Json:
    """Replace the shipping address of an order that has not shipped."""
    params = ChangeAddressParams(order=ref, **body.parts())  # pyright: ignore[reportArgumentType]
    return await act(request, means, caller, change_address.ACTION, params, key=key, wait=wait)


@router.post(
    "/{ref}/items",
    summary="Swap items",
    response_model=ChangedOut | PreviewOut,
    responses=_responses(
        *PAID,
        errors.NoItems,
        errors.ItemNotInOrder,
        errors.ItemCountMismatch,
        errors.DifferentProduct,
        errors.NewItemNotFound,
        errors.NewItemUnavailable,
        errors.SameItem,
        errors.AlreadyReturned,
    ),
)
async def post_items(
    ref: str, request: Request, body: ItemsIn, means: Means, caller: Writer, key: RequiredKey, wait: Wait
) -> Json:
    """Swap items of an order that has not shipped for others of the same product, all at once.

    What they cost more is charged first; what they cost less goes back after the shop has swapped them.
    """
    params = SwapParams(order=ref, lines=body.lines, payment_method_id=body.payment_method_id)
    return await act(request, means, caller, swap_items.ACTION, params, key=key, wait=wait)


@router.put(
    "/{ref}/payment-method",
    summary="Change how an order is paid",
    response_model=ChangedOut | PreviewOut,
    responses=_responses(*PAID, errors.SamePaymentMethod, errors.PaymentAlreadyChanged),
)
async def put_payment_method(
    ref: str, request: Request, body: PaymentMethodIn, means: Means, caller: Writer, key: RequiredKey, wait: Wait
) -> Json:
    """Charge the order to another method; what was paid before goes back in full."""
    params = PaymentMethodParams(order=ref, payment_method_id=body.payment_method_id)
    return await act(request, means, caller, change_payment_method.ACTION, params, key=key, wait=wait)
