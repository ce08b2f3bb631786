"""Pause, resume, skip, swap or cancel a subscription, where the shop keeps subscriptions."""

from typing import Literal, Self

from pydantic import Field, model_validator
from sqlalchemy.orm import Session

from app.errors import CustomerNotFound
from app.integrations.commerce.contract import SUBSCRIPTIONS
from app.models.changes import Change
from app.services import address_changes, catalogs, customers, subscription_changes, subscriptions
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.catalogs import Catalog
from app.services.params import In, Moment, PathRef, Ref
from app.services.runtime import Runtime
from app.services.subscription_changes import Wanted

OF = {"variant_id": "swap", "line_id": "swap", "until": "pause", "when": "cancel"}
"""Which change each field belongs to."""


class SubscriptionParams(In):
    """Whose subscription, by the shop's own id, and what becomes of it."""

    customer: PathRef
    subscription: Ref
    change: Literal["pause", "resume", "skip", "swap", "cancel"] = Field(
        description="`resume` also takes back an end that is set; `skip` leaves out the next delivery."
    )
    variant_id: Ref | None = Field(default=None, description="What is sent from now on; a swap needs it.")
    line_id: Ref | None = Field(default=None, description="Of a swap; needed where there are more lines than one.")
    until: Moment | None = Field(default=None, description="For a pause; left out: until further notice.")
    when: Literal["now", "period_end"] | None = Field(
        default=None, description="For a cancel; left out: at the end of what is paid for."
    )

    @model_validator(mode="after")
    def _can_be_meant(self) -> Self:
        for name, change in OF.items():
            if getattr(self, name) is not None and self.change != change:
                raise ValueError(f"{name} belongs to a {change}")
        if self.change == "swap" and self.variant_id is None:
            raise ValueError("a swap needs variant_id")
        return self

    def wanted(self) -> Wanted:
        """In the words of the service."""
        return Wanted(self.change, self.until, self.line_id, self.variant_id, self.when or "period_end")


async def read(runtime: Runtime, caller: Caller, params: SubscriptionParams) -> Ready:
    """The subscription as the shop has it now; for a swap what the shop sells, too."""
    await customers.fetch_missing(runtime, caller, params.customer)
    customer = await runtime.db.read(address_changes.owned, caller, params.customer)
    if customer.external_id is None:
        raise CustomerNotFound
    found = await subscriptions.load(runtime, caller, customer, params.subscription)
    catalog = Catalog({})
    if params.variant_id is not None:
        products = [line.product_id for line in found.lines if line.product_id is not None]
        catalog = await catalogs.of_products(runtime, caller, products, [params.variant_id])
    return Ready(None, (customer.id, found, catalog))


def write(session: Session, caller: Caller, params: SubscriptionParams, ready: Ready) -> Change:
    """Decide, and write the intent."""
    customer_id, found, catalog = ready.said
    return subscription_changes.request(session, caller, customer_id, found, params.wanted(), catalog)


ACTION = Action(
    name="change_subscription",
    description="Pause, resume, skip, swap or cancel a subscription; `not_supported` where the shop keeps none.",
    params=SubscriptionParams,
    guard="subscription",
    proof=2,
    cost="money",
    scope="orders:write",
    route="",
    resource="subscription",
    status=200,
    read=read,
    write=write,
    needs=SUBSCRIPTIONS,
)
