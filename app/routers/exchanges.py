"""Exchanges: delivered items for other variants of the same product, with the difference."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.models.exchanges import Exchange
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.pages import OfOrders, of_orders
from app.routers.returns import DECIDED, EXCHANGED, KEYED
from app.routers.schemas import (
    Confirmable,
    MoneyOut,
    OperationOut,
    Out,
    Page,
    PreviewOut,
)
from app.routers.writes import CONFIRMED, RequiredKey, Wait, act, perform
from app.services import exchanges
from app.services.actions import request_exchange
from app.services.actions.request_exchange import ExchangeParams
from app.services.callers import Caller
from app.services.idempotency import Keyed
from app.services.params import Ref

router = APIRouter(prefix="/v1/exchanges", tags=["Exchanges"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("returns:read"))]
Writer = Annotated[Caller, Depends(needs("returns:write"))]


class ExchangeIn(ExchangeParams, Confirmable):
    """What comes back, and what goes out for it."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.EXCHANGE_IN]})


class RetryIn(Confirmable):
    """Which method pays this time; without one the same as before."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.RETRY_IN]})

    payment_method_id: Ref | None = None


class CancelExchangeIn(Confirmable):
    """Whether goods that are back already are refunded."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"refund": True}]})

    refund: bool = True


class ExchangeLineOut(Out):
    """So many of one line for as many of a variant; amounts are for all of them."""

    line_id: str
    quantity: int
    received_quantity: int | None = Field(description="How many had come back when it was completed.")
    variant_id: str
    title: str
    options: dict[str, Any]
    paid: MoneyOut
    price: MoneyOut
    difference: MoneyOut


class ExchangeOut(Out):
    """Goods on their way back and others for them; `return` carries the goods."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.EXCHANGE]})

    id: str
    livemode: bool
    order: str
    return_id: str = Field(alias="return")
    customer: str | None
    status: str = Field(
        description="requested awaiting_approval approved settling payment_failed completed declined canceled expired"
    )
    lines: list[ExchangeLineOut]
    fee: MoneyOut = Field(description="What the policy keeps back of it; part of the difference.")
    difference: MoneyOut = Field(description="Still to be paid; negative: given back.")
    due: MoneyOut | None = Field(description="Of the difference what stands for the goods that came back.")
    charged: MoneyOut
    payment_method_id: str | None
    instant: bool
    refund: str | None
    refunds: list[str] = Field(description="All that goes back for it, oldest first.")
    approval: dict[str, Any] | None
    operation: OperationOut | None
    operations: list[str]
    created_at: str
    approved_at: str | None
    sent_at: str | None = Field(
        description="When the shop sent the other goods before those that come back were here; of an instant exchange."
    )
    completed_at: str | None


@router.post(
    "",
    summary="Request an exchange",
    status_code=201,
    response_model=ExchangeOut,
    responses={
        200: {"model": PreviewOut, "description": "With `preview`: what would happen; nothing has."},
        202: {"model": ExchangeOut, "description": "Waits for a person (`approval`) or for the shop (`operation`)."},
        **refusals(*DECIDED, *EXCHANGED, *KEYED, *CONFIRMED),
    },
)
async def create_exchange(
    request: Request, body: ExchangeIn, means: Means, caller: Writer, key: RequiredKey, wait: Wait
) -> Json:
    """Exchange delivered items; the difference moves when the goods have come back."""
    return await act(request, means, caller, request_exchange.ACTION, body, key=key, wait=wait)


@router.get(
    "/{exchange_id}",
    summary="Get an exchange",
    response_model=ExchangeOut,
    responses=refusals(errors.ExchangeNotFound),
)
async def get_exchange(exchange_id: str, means: Means, caller: Reader) -> Json:
    """The exchange as it is now."""
    return Json(await means.db.read(_view, caller, exchange_id))


def _view(session: Session, caller: Caller, exchange_id: str) -> dict[str, Any]:
    return exchanges.view(session, exchanges.get(session, caller, exchange_id))


@router.get(
    "",
    summary="List exchanges",
    response_model=Page[ExchangeOut],
    responses=refusals(errors.InvalidCursor, errors.OrderNotFound, errors.NotOwner),
)
async def list_exchanges(means: Means, caller: Reader, asked: OfOrders) -> Json:
    """Exchanges of this store, newest first."""
    return await of_orders(means, caller, "exchanges", Exchange, exchanges.view, asked)


@router.post(
    "/{exchange_id}/cancel",
    summary="Cancel an exchange",
    response_model=ExchangeOut | PreviewOut,
    responses={
        202: {"model": ExchangeOut, "description": "What goes back waits for a person, or the shop has not answered."},
        **refusals(
            errors.ExchangeNotFound,
            errors.ReturnNotInState,
            errors.ActorRequired,
            errors.Forbidden,
            errors.RefundExceedsCaptured,
            errors.ProviderUnavailable,
            *CONFIRMED,
            *KEYED,
        ),
    },
)
async def cancel(
    exchange_id: str,
    request: Request,
    means: Means,
    caller: Writer,
    key: RequiredKey,
    wait: Wait,
    body: CancelExchangeIn | None = None,
) -> Json:
    """End an exchange of which nothing is on its way and nothing was charged; a shopper may do it too.

    A `payment_failed` one is given up by a named person of the store (`Aftersale-Actor: agent:<id>`): nothing goes out
    for what came back, and unless told otherwise what was paid for that is refunded.
    """
    pay = body is None or body.refund

    async def run(keyed: Keyed | None) -> str:
        return await request_exchange.cancel(means, caller, exchange_id, pay=pay, keyed=keyed)

    return await perform(request, means, caller, "exchange", run, key=key, wait=wait, status=200)


@router.post(
    "/{exchange_id}/retry",
    summary="Charge an exchange again",
    response_model=ExchangeOut | PreviewOut,
    responses={
        202: {"model": ExchangeOut, "description": "The charge is on its way (`operation`)."},
        **refusals(
            errors.ExchangeNotFound,
            errors.ReturnNotInState,
            errors.ActorRequired,
            errors.Forbidden,
            errors.PaymentMethodNotFound,
            errors.GiftCardInsufficient,
            errors.CurrencyMismatch,
            *CONFIRMED,
            *KEYED,
        ),
    },
)
async def retry(
    exchange_id: str,
    request: Request,
    means: Means,
    caller: Writer,
    key: RequiredKey,
    wait: Wait,
    body: RetryIn | None = None,
) -> Json:
    """A named person (`Aftersale-Actor: agent:<id>`) has the difference of a `payment_failed` exchange taken again."""
    method = None if body is None else body.payment_method_id

    async def run(keyed: Keyed | None) -> str:
        return await request_exchange.retry(means, caller, exchange_id, method, keyed)

    return await perform(request, means, caller, "exchange", run, key=key, wait=wait, status=200)
