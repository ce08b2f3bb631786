"""Customers, mirrored from the shop."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.orders import AddressOut
from app.routers.pages import Cursor, Limit, page, unseal
from app.routers.schemas import MoneyOut, Out, Page
from app.services import customers, subscriptions
from app.services.callers import Caller

router = APIRouter(prefix="/v1/customers", tags=["Customers"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("customers:read"))]


class PaymentMethodOut(Out):
    """A way to pay that the customer has on file."""

    id: str
    kind: str
    label: str
    balance: MoneyOut | None


class CustomerOut(Out):
    """A customer; `external_id` is the shop's own id."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.CUSTOMER]})

    id: str
    livemode: bool
    external_id: str | None
    email: str | None
    phone: str | None
    name: str | None
    locale: str | None
    addresses: list[AddressOut]
    payment_methods: list[PaymentMethodOut]


class SubscriptionLineOut(Out):
    """What each delivery brings."""

    id: str
    product_id: str | None
    variant_id: str | None
    title: str
    options: dict[str, str]
    quantity: int
    unit_price: MoneyOut


class IntervalOut(Out):
    """How far apart two deliveries are."""

    unit: str = Field(description="day week month year")
    count: int


class SubscriptionOut(Out):
    """A subscription, by the shop's own id; `/v1/actions/change_subscription` changes it."""

    id: str
    status: str = Field(description="active paused canceled unknown")
    interval: IntervalOut
    next_billing_at: str | None
    paused_until: str | None
    cancel_at: str | None = Field(description="Its end, where that is set and has not come.")
    canceled_at: str | None
    lines: list[SubscriptionLineOut]


class CustomerFoundOut(CustomerOut):
    """A customer with what the shop tells of their subscriptions."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.CUSTOMER_FOUND]})

    subscriptions: list[SubscriptionOut] | None = Field(
        description="Null: the shop keeps none, or did not say in time."
    )


@router.get(
    "",
    summary="List customers",
    response_model=Page[CustomerOut],
    responses=refusals(errors.InvalidCursor, errors.NotConnected, errors.ProviderUnavailable),
)
async def list_customers(
    means: Means,
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    email: Annotated[str | None, Query(max_length=255)] = None,
    phone: Annotated[str | None, Query(max_length=64)] = None,
    external_id: Annotated[str | None, Query(max_length=255)] = None,
) -> Json:
    """Customers that we know; asked by e-mail, phone or the shop's id, the shop is asked too."""
    filters = {"email": email, "phone": phone, "external_id": external_id}
    place = unseal(caller, "customers", filters, cursor)
    if place is None and any(filters.values()):
        await customers.fetch(means, caller, email=email, phone=phone, external_id=external_id)
    rows = await means.db.read(_listed, caller, filters, place, limit + 1)
    return Json(page(caller, "customers", filters, rows, limit))


def _listed(
    session: Session, caller: Caller, filters: dict[str, str | None], place: str | None, limit: int
) -> list[dict[str, Any]]:
    rows = customers.listed(session, caller, filters, before=place, limit=limit)
    return [customers.view(row) for row in rows]


@router.get(
    "/{customer_id}",
    summary="Get a customer",
    response_model=CustomerFoundOut,
    responses=refusals(errors.CustomerNotFound, errors.ProviderUnavailable),
)
async def get_customer(customer_id: str, means: Means, caller: Reader) -> Json:
    """By our id or the shop's own."""
    await customers.fetch_missing(means, caller, customer_id)
    shown = await means.db.read(_view, caller, customer_id)
    return Json({**shown, "subscriptions": await subscriptions.of_customer(means, caller, shown["external_id"])})


def _view(session: Session, caller: Caller, customer_id: str) -> dict[str, Any]:
    return customers.view(customers.get(session, caller, customer_id))
