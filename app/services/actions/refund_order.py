"""Refund all or part of an order."""

from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy.orm import Session

from app.models.refunds import Refund
from app.money import Money
from app.services import instant_refunds, orders, refund_approvals, refunds
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
    return_id: Ref | None = Field(
        default=None,
        description="Pay this return, or `lines` of it, before its goods are here: where and less what it says.",
    )
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
    spec = _spec(session, caller, ready.order_id, params)
    refund = refunds.request(session, caller, ready.order_id, ready.said, spec, return_id=params.return_id)
    if refund.return_id is not None:
        instant_refunds.note(session, caller, refund)
    return refund


def _spec(session: Session, caller: Caller, order_id: str, params: RefundParams) -> RefundSpec:
    """What is asked for; of a return what it owes."""
    asked = params.spec()
    if params.return_id is None:
        return asked
    return instant_refunds.of_return(session, caller, order_id, params.return_id, asked)


def park(session: Session, caller: Caller, params: RefundParams, ready: Ready, asked: Asked) -> Refund:
    """The refund that awaits approval."""
    assert ready.order_id is not None
    spec = _spec(session, caller, ready.order_id, params)
    refund = refund_approvals.park(session, caller, ready.order_id, ready.said, spec, asked, return_id=params.return_id)
    if refund.return_id is not None:
        instant_refunds.note(session, caller, refund)
    return refund


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


async def quote(runtime: Runtime, caller: Caller, params: RefundParams) -> tuple[str, Quote]:
    """What the refund would be now: our id of the order, and the quote; nothing is written but the ledger's truth."""
    order_id = await orders.load(runtime, caller, params.order, fresh=True)
    said = await orders.ledgers(runtime, caller, order_id)
    return order_id, await runtime.db.write(_quote, caller, order_id, said, params)


def _quote(session: Session, caller: Caller, order_id: str, said: Ledgers, params: RefundParams) -> Quote:
    spec = _spec(session, caller, order_id, params)
    order, payments = refunds.hold(session, caller, order_id, said)
    return refunds.price(session, order, payments, spec)
