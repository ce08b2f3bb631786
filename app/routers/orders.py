"""Orders: the shop's, through a mirror with its age."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.routers import examples, policy_examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.lanes import Asked, lane
from app.routers.pages import Cursor, Limit, seal, unseal
from app.routers.schemas import Confirmable, Line, MoneyOut, OperationOut, Out, Page, PreviewOut
from app.routers.writes import CONFIRMED, RequiredKey, Wait, act
from app.services import order_lists, order_status, orders, returnables
from app.services.actions import cancel_order
from app.services.actions.cancel_order import CancelParams
from app.services.callers import Caller
from app.services.order_views import order_view

router = APIRouter(prefix="/v1/orders", tags=["Orders"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("orders:read"))]
Writer = Annotated[Caller, Depends(needs("orders:write"))]
FOUND = (
    errors.OrderNotFound,
    errors.NotOwner,
    errors.OrderAmbiguous,
    errors.NotConnected,
    errors.ProviderUnavailable,
)


class AddressOut(Out):
    """A postal address; `country_code` is ISO 3166-1 alpha-2."""

    name: str | None
    address1: str | None
    address2: str | None
    city: str | None
    province: str | None
    country_code: str | None
    postal_code: str | None
    phone: str | None


class OrderCustomerOut(Out):
    """Who ordered."""

    id: str
    external_id: str | None
    email: str | None
    phone: str | None
    name: str | None
    locale: str | None


class LineOut(Out):
    """A line of an order; `total` is what was paid for all of it, discount off and tax in."""

    id: str
    external_id: str
    product_id: str | None
    variant_id: str | None
    title: str
    options: dict[str, str]
    quantity: int
    unit_price: MoneyOut
    discount: MoneyOut
    tax: MoneyOut
    total: MoneyOut
    fulfilled_quantity: int
    returnable_quantity: int
    refunded_quantity: int


class PaymentOut(Out):
    """A payment: `refundable` = captured - refunded - reserved."""

    id: str
    external_id: str
    kind: str
    label: str
    captured: MoneyOut
    refunded: MoneyOut
    reserved: MoneyOut
    refundable: MoneyOut


class ShipmentOut(Out):
    """A parcel; events oldest first."""

    id: str
    carrier: str | None
    tracking_number: str | None
    tracking_url: str | None
    service: str | None
    status: str = Field(
        description="label_created in_transit out_for_delivery delivered exception returned unknown",
    )
    eta: str | None = Field(description="What the carrier expects.")
    promised_by: str | None = Field(description="The last day that the shop promised, where it is delivered.")
    delayed: bool
    delay_reason: str | None = Field(description="promised_date_passed eta_passed silent lost")
    lines: list[str]
    events: list[dict[str, Any]]


class TotalsOut(Out):
    """Sums of the order."""

    items: MoneyOut
    discount: MoneyOut
    tax: MoneyOut
    shipping: MoneyOut
    duties: MoneyOut
    total: MoneyOut
    refunded: MoneyOut


class OrderOut(Out):
    """An order; `mirror` tells how old our copy of the shop's word is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.ORDER]})

    id: str
    livemode: bool
    external_id: str
    number: str
    status: str = Field(description="pending processing shipped delivered canceled")
    payment_status: str = Field(description="pending authorized paid partially_refunded refunded voided")
    fulfillment_status: str = Field(description="unfulfilled partial fulfilled")
    placed_at: str
    delivered_at: str | None
    canceled_at: str | None
    customer: OrderCustomerOut | None
    shipping_address: AddressOut | None
    lines: list[LineOut]
    payments: list[PaymentOut]
    shipments: list[ShipmentOut]
    totals: TotalsOut
    currency: str
    presentment_currency: str
    returns: list[str]
    refunds: list[str]
    tags: list[str]
    mirror: dict[str, Any]


class CanceledOut(OrderOut):
    """The order as it is now, with what cancels it and the refund that waits for it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.CANCELED]})

    operation: OperationOut | None
    refund: str | None
    approval: dict[str, Any] | None = Field(description="The question to a person, where there is one.")


class StatusOut(Out):
    """Where the order is, in one sentence and in parts; no name and no address."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.STATUS]})

    order: dict[str, Any]
    payment: str
    fulfillment: str
    shipments: list[ShipmentOut]
    returns: list[dict[str, Any]]
    refunds: list[dict[str, Any]]
    complaints: list[dict[str, Any]]
    delayed: bool
    delay_reason: str | None = Field(description="The gravest: promised_date_passed eta_passed silent lost")
    summary: str
    locale: str


class ReturnableLineOut(Out):
    """What of a line could come back: `reasons` say why not, or what a person would be asked."""

    line_id: str
    external_id: str
    title: str
    quantity: int
    returnable_quantity: int
    outcome: str = Field(description="allow refuse ask")
    code: str | None
    reasons: list[str]
    rules: list[str]
    returnable_until: str | None
    resolutions: list[str] = Field(description="refund store_credit exchange")
    fee: MoneyOut


class ReturnableOut(Out):
    """What of an order could come back now, line by line; nothing is promised until it is asked for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [policy_examples.RETURNABLE]})

    order: str
    outcome: str = Field(description="allow refuse ask: the best that any line gets.")
    code: str | None
    label_payer: str = Field(description="store shopper")
    policy_version: str
    locale: str
    reason: str | None = Field(description="The reason that was asked about.")
    depends_on_reason: bool = Field(
        description="The policy looks at the reason: ask again with `reason` once the shopper has named it."
    )
    lines: list[ReturnableLineOut]


class CancelIn(Confirmable):
    """Why the order is canceled."""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"examples": [{"reason": "ordered by mistake"}]}
    )

    reason: Annotated[Line, Field(min_length=1, max_length=100)]


@router.get("", summary="List orders", response_model=Page[OrderOut], responses=refusals(errors.InvalidCursor, *FOUND))
async def list_orders(
    means: Means,
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    number: Annotated[str | None, Query(max_length=255)] = None,
    email: Annotated[str | None, Query(max_length=255)] = None,
    phone: Annotated[str | None, Query(max_length=64)] = None,
    customer: Annotated[str | None, Query(max_length=255, description="Our id or the shop's own.")] = None,
    external_id: Annotated[str | None, Query(max_length=255)] = None,
    status: Annotated[str | None, Query(max_length=40)] = None,
) -> Json:
    """The shop's orders, newest first; a shopper sees their own."""
    wanted = order_lists.Wanted(number, email, phone, customer, external_id, status)
    filters = wanted.as_filters()
    place = unseal(caller, "orders", filters, cursor)
    found, following = await order_lists.listed(means, caller, wanted, place, limit)
    shown = await means.db.read(_views, caller, found)
    return Json(
        {"data": shown, "next_cursor": None if following is None else seal(caller, "orders", filters, following)}
    )


def _views(session: Session, caller: Caller, order_ids: list[str]) -> list[dict[str, Any]]:
    return [order_view(session, orders.get(session, caller, order_id)) for order_id in order_ids]


@router.get("/{ref}", summary="Get an order", response_model=OrderOut, responses=refusals(*FOUND))
async def get_order(ref: str, means: Means, caller: Reader) -> Json:
    """By our id, the shop's own id or the number (`#` is `%23` and may be left out)."""
    order_id = await orders.load(means, caller, ref)
    return Json((await means.db.read(_views, caller, [order_id]))[0])


@router.get("/{ref}/status", summary="Where is the order?", response_model=StatusOut, responses=refusals(*FOUND))
async def get_status(
    ref: str,
    means: Means,
    caller: Reader,
    locale: Annotated[str | None, Query(max_length=35, description="Language of `summary`.")] = None,
) -> Json:
    """Order, payment, parcels, returns and refunds with a one-sentence summary."""
    order_id = await orders.load(means, caller, ref)
    return Json(await means.db.read(order_status.of, caller, order_id, locale))


@lane(get_status)
async def _status(asked: Asked) -> Json | None:
    if asked.query:
        return None
    ref = asked.path["ref"]
    found = await asked.row("orders:read", order_status.mirrored(ref), lambda caller: order_status.named(caller, ref))
    shown = None if found is None else order_status.untouched(asked.means, found[0], ref, found[1])
    return None if shown is None else Json(shown)


@router.get(
    "/{ref}/returnable", summary="What could come back?", response_model=ReturnableOut, responses=refusals(*FOUND)
)
async def get_returnable(
    ref: str,
    means: Means,
    caller: Reader,
    locale: Annotated[str | None, Query(max_length=35, description="Language of `reasons`.")] = None,
    reason: Annotated[
        str | None, Query(min_length=1, max_length=100, description="As it would be for a return for this reason.")
    ] = None,
) -> Json:
    """Per line: how many, until when, as what, for which fee; or why not, before anyone asks.

    A policy may look at the reason. Without one, what it keeps for certain reasons is told as closed, and
    `depends_on_reason` is true.
    """
    order_id = await orders.load(means, caller, ref)
    return Json(await means.db.read(returnables.of, caller, order_id, locale, reason))


@router.post(
    "/{ref}/cancel",
    summary="Cancel an order",
    response_model=CanceledOut | PreviewOut,
    responses={
        202: {"model": CanceledOut, "description": "The shop has not answered yet: `operation` tells."},
        **refusals(
            *FOUND,
            errors.IdempotencyKeyRequired,
            errors.IdempotencyKeyReused,
            errors.IdempotencyKeyInUse,
            *CONFIRMED,
            errors.AlreadyCanceled,
            errors.OrderNotPending,
            errors.OrderAlreadyModified,
            errors.ChangeInProgress,
            errors.ReasonNotAllowed,
            errors.LimitReached,
            errors.ProofRequired,
        ),
    },
)
async def cancel(
    ref: str, request: Request, body: CancelIn, means: Means, caller: Writer, key: RequiredKey, wait: Wait
) -> Json:
    """Cancel a whole order that has not shipped; what was paid goes back once the shop has said yes."""
    params = CancelParams(order=ref, reason=body.reason)
    return await act(request, means, caller, cancel_order.ACTION, params, key=key, wait=wait)
