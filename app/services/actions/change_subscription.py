"""Pause, skip, swap or cancel a subscription, where the shop keeps subscriptions."""

from typing import Literal, NoReturn

from pydantic import Field
from sqlalchemy.orm import Session

from app.errors import NotSupported
from app.models.customers import Customer
from app.services import address_changes, customers, decisions, guard_facts
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.params import In, Moment, PathRef, Ref
from app.services.runtime import Runtime


class SubscriptionParams(In):
    """Whose subscription, by the shop's own id, and what becomes of it."""

    customer: PathRef
    subscription: Ref
    change: Literal["pause", "skip", "swap", "cancel"]
    variant_id: Ref | None = Field(default=None, description="What is sent from now on; for a swap.")
    until: Moment | None = Field(default=None, description="For a pause; left out: until further notice.")


async def read(runtime: Runtime, caller: Caller, params: SubscriptionParams) -> Ready:
    """The customer."""
    await customers.fetch_missing(runtime, caller, params.customer)
    return Ready(None, (await runtime.db.read(address_changes.owned, caller, params.customer)).id)


def write(session: Session, caller: Caller, params: SubscriptionParams, ready: Ready) -> NoReturn:
    """Decide; what follows is the command of an adapter that has subscriptions, and none has."""
    del params
    customer = session.get_one(Customer, ready.said)
    facts = guard_facts.of_customer(session, caller, customer, "subscription")
    decisions.enforce(decisions.decide(session, caller, facts, subject=("customer", ready.said)))
    raise NotSupported


ACTION = Action(
    name="change_subscription",
    description="Pause, skip, swap or cancel a subscription; `not_supported` where the shop keeps none.",
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
    needs="subscriptions",
)
