"""Give a customer store credit as a gesture."""

from typing import Annotated

from pydantic import Field
from sqlalchemy.orm import Session

from app.models.credits import Credit
from app.money import Money
from app.services import credits as store_credits
from app.services import customers, orders
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.credits import Goodwill
from app.services.params import In, Line, MoneyIn, Ref
from app.services.runtime import Runtime


class GoodwillParams(In):
    """How much, and for which order or, by the store itself, which customer."""

    amount: MoneyIn
    order: Ref | None = None
    customer: Ref | None = Field(default=None, description="Needed where no order is named.")
    reason: Annotated[Line, Field(max_length=100)] | None = None


async def read(runtime: Runtime, caller: Caller, params: GoodwillParams) -> Ready:
    """The order, or the customer, as the shop knows them now."""
    if params.customer is not None:
        await customers.fetch_missing(runtime, caller, params.customer)
    return Ready() if params.order is None else Ready(await orders.load(runtime, caller, params.order, fresh=True))


def write(session: Session, caller: Caller, params: GoodwillParams, ready: Ready) -> Credit:
    """Decide and issue."""
    amount = Money(params.amount.amount, params.amount.currency)
    return store_credits.give(session, caller, Goodwill(amount, ready.order_id, params.customer, params.reason))


ACTION = Action(
    name="goodwill_credit",
    description="Give a customer store credit as a gesture; only the store does.",
    params=GoodwillParams,
    guard="goodwill",
    proof=2,
    cost="money",
    scope="refunds:write",
    route="",
    resource="credit",
    status=201,
    read=read,
    write=write,
    free_text=("reason",),
    repeats=True,
)
