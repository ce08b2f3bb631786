"""Customers, mirrored from the shop."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.models.customers import Customer
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.orders import AddressOut
from app.routers.pages import Cursor, Limit, page, unseal
from app.routers.policies import KEYED, only_the_store
from app.routers.schemas import In, MoneyOut, Out, Page, Ref
from app.routers.writes import OptionalKey, perform
from app.services import customer_merges, customers, subscriptions
from app.services.callers import Caller
from app.services.idempotency import Keyed, once

router = APIRouter(prefix="/v1/customers", tags=["Customers"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("customers:read"))]
Writer = Annotated[Caller, Depends(needs("customers:write"))]


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
    merged_into: str | None = Field(description="The customer who goes on with all that was theirs.")


class CustomerMergeIn(In):
    """Who goes on."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"into": "cust-emma"}]})

    into: Ref


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


@router.post(
    "/{customer_id}/merge",
    summary="Merge a customer into another",
    response_model=CustomerOut,
    responses=refusals(errors.CustomerNotFound, errors.CustomerMerged, errors.Forbidden, *KEYED),
)
async def merge_customer(
    customer_id: str, request: Request, body: CustomerMergeIn, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """Two accounts of one person: orders, tickets, returns, refunds and files of this one become the other's.

    The answer is the customer who goes on; both ids lead there from now on. The shop's own accounts stay two.
    """
    only_the_store(caller)
    await customers.fetch_missing(means, caller, customer_id)
    await customers.fetch_missing(means, caller, body.into)

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Customer:
            return once(session, keyed, "customer", customer_merges.merge, caller, customer_id, body.into)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "customer", run, key=key, status=200)
