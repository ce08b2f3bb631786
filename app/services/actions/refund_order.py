"""Refund all or part of an order."""

from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy.orm import Session

from app.models.refunds import Refund
from app.money import Money
from app.services import orders, refund_approvals, refunds
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.decisions import Asked
from app.services.orders import Ledgers
from app.services.params import In, Line, MoneyIn, Quantity, Ref, Text
from app.services.refund_quotes import Quote, RefundSpec
from app.services.runtime import Runtime


class RefundLineIn(In):
    """So many of one line."""

    line_id: Ref
    quantity: Quantity


class DestinationIn(In):
    """Where the money goes."""

    type: Literal["original", "store_credit", "payment_method"] = "original"
    payment_method_id: Ref | None = None


class RefundParams(In):
    """What to refund: lines and/or an amount, and shipping. With lines and an amount, the amount is what goes back."""

    order: Ref = Field(description="`ord_…`, the shop's own id or the order's number.")
    lines: Annotated[list[RefundLineIn], Field(max_length=500)] = []
    amount: MoneyIn | None = None
    shipping: bool = False
    destination: DestinationIn = DestinationIn()
    reason: Annotated[Line, Field(max_length=100)] | None = None
    note: Annotated[Text, Field(max_length=2000)] | None = None

    def spec(self) -> RefundSpec:
        """In the words of the service."""
        return RefundSpec(
            lines=tuple((line.line_id, line.quantity) for line in self.lines),
            amount=None if self.amount is None else Money(self.amount.amount, self.amount.currency),
            shipping=self.shipping,
            destination=self.destination.type,
            payment_method_id=self.destination.payment_method_id,
            reason=self.reason,
            note=self.note,
        )


async def read(runtime: Runtime, caller: Caller, params: RefundParams) -> Ready:
    """The order and its payments as shop and provider hold them now."""
    order_id = await orders.load(runtime, caller, params.order, fresh=True)
    return Ready(order_id, await orders.ledgers(runtime, caller, order_id))


def write(session: Session, caller: Caller, params: RefundParams, ready: Ready) -> Refund:
    """Lock, decide and reserve."""
    assert ready.order_id is not None
    return refunds.request(session, caller, ready.order_id, ready.said, params.spec())


def park(session: Session, caller: Caller, params: RefundParams, ready: Ready, asked: Asked) -> Refund:
    """The refund that awaits approval."""
    assert ready.order_id is not None
    return refund_approvals.park(session, caller, ready.order_id, ready.said, params.spec(), asked)


ACTION = Action(
    name="refund_order",
    description="Refund lines, an amount or shipping of an order to where it was paid from, at most once per key.",
    params=RefundParams,
    guard="refund",
    proof=2,
    cost="money",
    scope="refunds:write",
    route="POST /v1/refunds",
    resource="refund",
    status=201,
    read=read,
    write=write,
    park=park,
    free_text=("reason", "note"),
)


async def quote(runtime: Runtime, caller: Caller, order: str, spec: RefundSpec) -> tuple[str, Quote]:
    """What the refund would be now: our id of the order, and the quote; nothing is written but the ledger's truth."""
    order_id = await orders.load(runtime, caller, order, fresh=True)
    said = await orders.ledgers(runtime, caller, order_id)
    return order_id, await runtime.db.write(_quote, caller, order_id, said, spec)


def _quote(session: Session, caller: Caller, order_id: str, said: Ledgers, spec: RefundSpec) -> Quote:
    order, payments = refunds.hold(session, caller, order_id, said)
    return refunds.price(session, order, payments, spec)
