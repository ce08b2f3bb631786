"""Give a customer another default address or contact."""

from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy.orm import Session

from app.models.changes import Change
from app.services import address_changes, customers
from app.services.actions.change_address import AddressParams
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.params import In, Line, PathRef
from app.services.proofs import email_key
from app.services.runtime import Runtime


def _reachable(value: str) -> str:
    if email_key(value) is None:
        raise ValueError("must be an e-mail address")
    return value


class ContactParams(In):
    """What is left out stays as it is."""

    email: Annotated[Line, Field(max_length=320), AfterValidator(_reachable)] | None = None
    phone: Annotated[Line, Field(max_length=64)] | None = None
    name: Annotated[Line, Field(max_length=255)] | None = None

    def contacts(self) -> dict[str, str | None]:
        """The contacts, field by field."""
        return {name: getattr(self, name) for name in ContactParams.model_fields}


class ChangeCustomerParams(ContactParams):
    """Whose address or contacts, and what they become."""

    customer: PathRef
    address: AddressParams | None = None


async def read(runtime: Runtime, caller: Caller, params: ChangeCustomerParams) -> Ready:
    """The customer as the shop has them now."""
    await customers.fetch_missing(runtime, caller, params.customer)
    found = await runtime.db.read(address_changes.owned, caller, params.customer)
    await customers.fetch(runtime, caller, email=None, phone=None, external_id=found.external_id)
    return Ready(None, found.id)


def write(session: Session, caller: Caller, params: ChangeCustomerParams, ready: Ready) -> Change:
    """Decide and write the intent."""
    address = None if params.address is None else params.address.parts()
    return address_changes.of_customer(session, caller, ready.said, address, params.contacts())


ACTION = Action(
    name="change_customer",
    description="Give a customer another default address, e-mail, phone or name; orders keep what they have.",
    params=ChangeCustomerParams,
    guard="change_customer",
    proof=2,
    cost="none",
    scope="customers:write",
    route="PATCH /v1/customers/{customer}",
    resource="change",
    status=200,
    read=read,
    write=write,
    free_text=("email", "phone", "name", *(f"address[].{name}" for name in AddressParams.model_fields)),
)
