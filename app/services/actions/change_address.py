"""Send an order that has not shipped to another address."""

from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy.orm import Session

from app.models.changes import Change
from app.services import address_changes, orders
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.params import In, Line, PathRef
from app.services.runtime import Runtime


def _country(value: str) -> str:
    if not value.isascii() or not value.isalpha() or not value.isupper():
        raise ValueError("must be two capital letters of ISO 3166-1")
    return value


Country = Annotated[str, Field(min_length=2, max_length=2, examples=["DE"]), AfterValidator(_country)]
Part = Annotated[Line, Field(max_length=255)]


class AddressParams(In):
    """A postal address as a whole: what is left out is empty. `name` and `phone` stay where nobody is named."""

    name: Part | None = None
    address1: Part
    address2: Part | None = None
    city: Part
    province: Part | None = None
    country_code: Country
    postal_code: Annotated[Line, Field(max_length=20)] | None = None
    phone: Annotated[Line, Field(max_length=64)] | None = None

    def parts(self) -> dict[str, str | None]:
        """The address, field by field."""
        return {name: getattr(self, name) for name in AddressParams.model_fields}


class ChangeAddressParams(AddressParams):
    """Which order, and where it goes instead."""

    order: PathRef


async def read(runtime: Runtime, caller: Caller, params: ChangeAddressParams) -> Ready:
    """The order as the shop holds it now."""
    return Ready(await orders.load(runtime, caller, params.order, fresh=True))


def write(session: Session, caller: Caller, params: ChangeAddressParams, ready: Ready) -> Change:
    """Decide, and write the intent."""
    assert ready.order_id is not None
    return address_changes.of_order(session, caller, ready.order_id, params.parts())


ACTION = Action(
    name="change_address",
    description="Replace the shipping address of an order that has not shipped.",
    params=ChangeAddressParams,
    guard="change_address",
    proof=2,
    cost="none",
    scope="orders:write",
    route="PUT /v1/orders/{order}/shipping-address",
    resource="change",
    status=200,
    read=read,
    write=write,
    free_text=tuple(AddressParams.model_fields),
)
