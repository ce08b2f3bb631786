"""A customer's default address and contacts."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field

from app import errors
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.customers import CustomerOut
from app.routers.order_changes import KEYED, AddressIn, ChangeOut
from app.routers.schemas import Confirmable, OperationOut, PreviewOut
from app.routers.writes import CONFIRMED, OptionalKey, Wait, act
from app.services.actions import change_customer
from app.services.actions.change_address import AddressParams
from app.services.actions.change_customer import ChangeCustomerParams, ContactParams
from app.services.callers import Caller

router = APIRouter(prefix="/v1/customers", tags=["Customers"], route_class=StrictRoute)
Writer = Annotated[Caller, Depends(needs("customers:write"))]


class CustomerAddressIn(AddressIn, Confirmable):
    """The customer's default address."""


class ContactsIn(ContactParams, Confirmable):
    """What is left out stays as it is."""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"examples": [{"email": "anna.k@example.com"}]}
    )


class CustomerChangedOut(CustomerOut):
    """The customer as they are now, with the change and the operation that it waits for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.CUSTOMER_CHANGED]})

    operation: OperationOut | None
    operations: list[str]
    refund: str | None
    change: ChangeOut
    approval: dict[str, Any] | None = Field(description="The question to a person, where there is one.")


RESPONSES: dict[int | str, dict[str, Any]] = {
    202: {"model": CustomerChangedOut, "description": "The shop has not answered yet: `operation` tells."},
    **refusals(
        *CONFIRMED,
        *KEYED,
        errors.CustomerNotFound,
        errors.NotOwner,
        errors.ProofRequired,
        errors.ApprovalRequired,
        errors.NotConnected,
        errors.ProviderUnavailable,
        errors.ChangeInProgress,
        errors.ChangeRefused,
        errors.NoItems,
    ),
}


@router.put(
    "/{customer_id}/address",
    summary="Change a customer's address",
    response_model=CustomerChangedOut | PreviewOut,
    responses=RESPONSES,
)
async def put_customer_address(
    customer_id: str,
    request: Request,
    body: CustomerAddressIn,
    means: Means,
    caller: Writer,
    key: OptionalKey,
    wait: Wait,
) -> Json:
    """Replace the default address; orders keep the one that they have. A shopper changes their own alone."""
    params = ChangeCustomerParams(customer=customer_id, address=AddressParams.model_validate(body.parts()))
    return await act(request, means, caller, change_customer.ACTION, params, key=key, wait=wait)


@router.patch(
    "/{customer_id}",
    summary="Change a customer's contacts",
    response_model=CustomerChangedOut | PreviewOut,
    responses=RESPONSES,
)
async def patch_contacts(
    customer_id: str, request: Request, body: ContactsIn, means: Means, caller: Writer, key: OptionalKey, wait: Wait
) -> Json:
    """Change e-mail, phone or name. A shopper changes their own alone."""
    params = ChangeCustomerParams.model_validate({"customer": customer_id, **body.contacts()})
    return await act(request, means, caller, change_customer.ACTION, params, key=key, wait=wait)
