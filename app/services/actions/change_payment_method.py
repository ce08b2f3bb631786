"""Have another payment method pay an order that has not shipped."""

from sqlalchemy.orm import Session

from app.models.changes import Change
from app.services import orders, payment_changes
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.params import In, PathRef, Ref
from app.services.runtime import Runtime


class PaymentMethodParams(In):
    """Which order, and the one method that pays it instead."""

    order: PathRef
    payment_method_id: Ref


async def read(runtime: Runtime, caller: Caller, params: PaymentMethodParams) -> Ready:
    """Shop and ledger as they are now."""
    order_id = await orders.load(runtime, caller, params.order, fresh=True)
    return Ready(order_id, await orders.ledgers(runtime, caller, order_id))


def write(session: Session, caller: Caller, params: PaymentMethodParams, ready: Ready) -> Change:
    """Decide and reserve."""
    assert ready.order_id is not None
    return payment_changes.request(session, caller, ready.order_id, ready.said, params.payment_method_id)


ACTION = Action(
    name="change_payment_method",
    description="Charge an order that has not shipped to another method; what was paid before goes back in full.",
    params=PaymentMethodParams,
    guard="change_payment_method",
    proof=2,
    cost="money",
    scope="orders:write",
    route="PUT /v1/orders/{order}/payment-method",
    resource="change",
    status=200,
    read=read,
    write=write,
)
