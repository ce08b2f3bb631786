"""Mail an order's confirmation again to the contact on the order."""

from sqlalchemy.orm import Session

from app.models.operations import Operation
from app.services import order_mails, orders
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.params import In, Ref
from app.services.runtime import Runtime


class ResendParams(In):
    """Which order."""

    order: Ref


async def read(runtime: Runtime, caller: Caller, params: ResendParams) -> Ready:
    """The order."""
    return Ready(await orders.load(runtime, caller, params.order))


def write(session: Session, caller: Caller, params: ResendParams, ready: Ready) -> Operation:
    """Decide, and write the mail."""
    del params
    assert ready.order_id is not None
    return order_mails.resend_confirmation(session, caller, ready.order_id)


ACTION = Action(
    name="resend_confirmation",
    description="Mail an order's confirmation again to the contact on the order, at most once in ten minutes.",
    params=ResendParams,
    guard="resend_confirmation",
    proof=1,
    cost="none",
    scope="orders:write",
    route="",
    resource="mail",
    status=201,
    read=read,
    write=write,
)
