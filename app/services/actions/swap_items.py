"""Swap items of an order that has not shipped for others of the same product, all at once."""

from typing import Annotated

from pydantic import Field
from sqlalchemy.orm import Session

from app.models.changes import Change
from app.services import catalogs, item_swaps, orders
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.item_swaps import SwapSpec
from app.services.params import In, PathRef, Quantity, Ref
from app.services.runtime import Runtime

MAX_SWAPS = 200


class SwapIn(In):
    """A line, or `quantity` of it, for as many of another variant of the same product."""

    line_id: Ref
    variant_id: Ref
    quantity: Quantity | None = Field(default=None, description="Left out: the whole line.")


class SwapParams(In):
    """All swaps at once; the method pays the difference, or gets it back."""

    order: PathRef
    lines: Annotated[list[SwapIn], Field(max_length=MAX_SWAPS)]
    payment_method_id: Ref | None = None


async def read(runtime: Runtime, caller: Caller, params: SwapParams) -> Ready:
    """Shop, catalog and ledger as they are now."""
    order_id = await orders.load(runtime, caller, params.order, fresh=True)
    catalog = await catalogs.of_order(runtime, caller, order_id, [swap.variant_id for swap in params.lines])
    return Ready(order_id, (await orders.ledgers(runtime, caller, order_id), catalog))


def write(session: Session, caller: Caller, params: SwapParams, ready: Ready) -> Change:
    """Decide, price and reserve."""
    assert ready.order_id is not None
    said, catalog = ready.said
    swaps = tuple(SwapSpec(swap.line_id, swap.variant_id, swap.quantity) for swap in params.lines)
    return item_swaps.request(session, caller, ready.order_id, said, catalog, swaps, params.payment_method_id)


ACTION = Action(
    name="swap_items",
    description="Swap items of an order that has not shipped for other variants; the difference is charged or paid.",
    params=SwapParams,
    guard="swap_items",
    proof=2,
    cost="money",
    scope="orders:write",
    route="POST /v1/orders/{order}/items",
    resource="change",
    status=200,
    read=read,
    write=write,
)
