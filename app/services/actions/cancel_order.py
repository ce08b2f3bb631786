"""Cancel an order that has not shipped, and give back what was paid."""

from typing import Annotated

from pydantic import Field
from sqlalchemy.orm import Session

from app.models.refunds import Cancellation
from app.services import cancellations, orders
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.params import In, Line, PathRef
from app.services.runtime import Runtime


class CancelParams(In):
    """Which order, and why."""

    order: PathRef
    reason: Annotated[Line, Field(min_length=1, max_length=100)]


async def read(runtime: Runtime, caller: Caller, params: CancelParams) -> Ready:
    """The order and its payments as shop and provider hold them now."""
    order_id = await orders.load(runtime, caller, params.order, fresh=True)
    return Ready(order_id, await orders.ledgers(runtime, caller, order_id))


def write(session: Session, caller: Caller, params: CancelParams, ready: Ready) -> Cancellation:
    """Decide, reserve the refund, write the intent."""
    assert ready.order_id is not None
    return cancellations.request(session, caller, ready.order_id, ready.said, params.reason)


ACTION = Action(
    name="cancel_order",
    description="Cancel a whole order that has not shipped; what was paid goes back once the shop has said yes.",
    params=CancelParams,
    guard="cancel",
    proof=2,
    cost="money",
    scope="orders:write",
    route="POST /v1/orders/{order}/cancel",
    resource="cancellation",
    status=200,
    read=read,
    write=write,
    free_text=("reason",),
)
