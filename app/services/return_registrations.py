"""Having the shop expect a return or an exchange: one operation each, looked up before any second try."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import errors, ids
from app.errors import AppError, ItemNotReturnable
from app.integrations.commerce.contract import (
    AnnounceLabel,
    CloseReturn,
    LineBack,
    LineSwap,
    OpenExchange,
    OpenReturn,
    SendExchange,
)
from app.integrations.errors import Refused
from app.integrations.receipts import Receipt
from app.models.exchanges import Exchange, ExchangeLine
from app.models.operations import Operation
from app.models.orders import Order
from app.models.returns import MOVES, Return
from app.services import operation_views, operations
from app.services.callers import Caller
from app.services.operations import Effect
from app.services.order_views import lines_of
from app.services.providers import Providers
from app.services.return_states import lines_in, move, registration

RETURN_KIND = "return_open"
EXCHANGE_KIND = "exchange_open"
CLOSE_KIND = "return_close"
UNSUPPORTED = "unsupported"
OPENS = frozenset({RETURN_KIND, EXCHANGE_KIND})
OPEN = frozenset({"pending", "unknown"})
FOLLOWERS: list[Callable[[Session, Return, bool], None]] = []
"""Told once the shop has said yes (True) or no to a return, in the same transaction."""


def request(session: Session, caller: Caller, return_: Return) -> None:
    """Write the intent to have the shop expect an approved return; nothing where it was written before."""
    if return_.operation_id is not None or return_.method == "keep":
        return  # what need not come back is not expected
    operation_id = ids.new("opr")
    exchange = None if return_.exchange_id is None else session.get_one(Exchange, return_.exchange_id)
    command = _return(session, return_, operation_id) if exchange is None else _exchange(session, exchange, return_)
    command = command.model_copy(update={"key": operation_id})
    operations.request(
        session,
        operation_id=operation_id,
        caller=caller,
        kind=RETURN_KIND if exchange is None else EXCHANGE_KIND,
        provider="sandbox",
        command=command,
        subject=("return", return_.id) if exchange is None else ("exchange", exchange.id),
        message_id=session.info.get("message_id"),
    )
    return_.operation_id = operation_id
    if exchange is not None:
        exchange.operation_id = operation_id
    session.flush()


def _return(session: Session, return_: Return, key: str) -> OpenReturn | OpenExchange:
    order = session.get_one(Order, return_.order_id)
    theirs = {line.id: line.external_id for line in lines_of(session, order)}
    return OpenReturn(
        key=key,
        order_id=order.external_id,
        rma=return_.rma,
        lines=tuple(
            LineBack(line_id=theirs[row.line_id], quantity=row.quantity, reason=row.reason)
            for row in lines_in(session, return_.id)
        ),
        payment_method_id=return_.payment_method_id,
    )


def _exchange(session: Session, exchange: Exchange, return_: Return) -> OpenReturn | OpenExchange:
    order = session.get_one(Order, exchange.order_id)
    rows = {
        row.line_id: row for row in session.scalars(select(ExchangeLine).where(ExchangeLine.exchange_id == exchange.id))
    }
    in_order = [(line, rows[line.id]) for line in lines_of(session, order) if line.id in rows]
    return OpenExchange(
        key="",
        order_id=order.external_id,
        rma=return_.rma,
        swaps=tuple(
            LineSwap(line_id=line.external_id, variant_id=row.variant_id, quantity=row.quantity)
            for line, row in in_order
        ),
        payment_method_id=exchange.payment_method_id,
        difference=exchange.difference,
        currency=exchange.currency,
    )


def waits(session: Session, return_: Return) -> bool:
    """Whether the shop has not answered yet, so that what follows from its yes has to wait."""
    operation = registration(session, return_)
    return operation is not None and operation.status in OPEN


def withdraw(session: Session, caller: Caller, return_: Return) -> None:
    """A return has ended by us: one that the shop was not asked about is never told, the others it is to forget."""
    operation = registration(session, return_)
    if operation is None:
        return
    if operations.untouched(session, operation):
        operations.cancel(session, operation)
    elif operation.status in OPEN or (operation.status == "succeeded" and UNSUPPORTED not in operation.evidence):
        operation_id = ids.new("opr")
        order = session.get_one(Order, return_.order_id)
        operations.request(
            session,
            operation_id=operation_id,
            caller=caller,
            kind=CLOSE_KIND,
            provider="sandbox",
            command=CloseReturn(key=operation_id, order_id=order.external_id, rma=return_.rma),
            subject=("return", return_.id),
            waits=operation.status in OPEN,
        )


def _after_close(session: Session, return_: Return, *, said_yes: bool) -> None:
    """Once the shop has answered, what it is to forget again can be told to it, or need not be."""
    for waiting in operation_views.of_subject(session, "return", return_.id):
        if waiting.kind == CLOSE_KIND and waiting.status == "pending" and not waiting.schedule:
            if said_yes:
                operations.start(session, waiting)
            else:
                operations.cancel(session, waiting)


def settle_close(session: Session, operation: Operation, receipt: Receipt) -> None:
    """The return has ended with us whatever the shop says of it: a no is on the operation for a person to read."""
    del session, operation, receipt


def settle(session: Session, operation: Operation, receipt: Receipt) -> None:
    """The shop's word: the return stands and what waited for it goes on, or it ends and its items are free again."""
    del receipt
    if operation.status not in {"succeeded", "failed"}:
        return
    session.flush()
    return_ = session.scalars(
        select(Return)
        .where(Return.operation_id == operation.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    said_yes = operation.status == "succeeded"
    supported = UNSUPPORTED not in operation.evidence
    _after_close(session, return_, said_yes=said_yes and supported)
    for told in FOLLOWERS:
        told(session, return_, said_yes)
    if not said_yes and "canceled" in MOVES[return_.status]:  # what has arrived meanwhile is here all the same
        move(session, return_, "canceled")


Command = OpenReturn | OpenExchange | CloseReturn | SendExchange | AnnounceLabel


async def send(providers: Providers, command: Command) -> Receipt:
    """Tell the shop; one that keeps no such thing has said yes, with `unsupported` in the evidence."""
    try:
        return await providers.commerce.apply(command)
    except Refused as refused:
        if refused.code != UNSUPPORTED:
            raise
        return _unsupported(refused)


async def find(providers: Providers, command: Command) -> Receipt | None:
    """What the shop knows of it, as `send` tells it."""
    try:
        return await providers.commerce.find_applied(command)
    except Refused as refused:
        if refused.code != UNSUPPORTED:
            raise
        return _unsupported(refused)


def _unsupported(refused: Refused) -> Receipt:
    """A shop that keeps no returns need not be told of one: it stands with us alone."""
    return Receipt(status="succeeded", evidence={**refused.evidence, UNSUPPORTED: True})


operations.register(Effect(kind=RETURN_KIND, command=OpenReturn, send=send, find=find, settle=settle))
operations.register(Effect(kind=EXCHANGE_KIND, command=OpenExchange, send=send, find=find, settle=settle))
operations.register(Effect(kind=CLOSE_KIND, command=CloseReturn, send=send, find=find, settle=settle_close))


_REFUSALS: dict[str, type[AppError]] = {
    kind.code: kind
    for kind in (
        errors.OrderNotDelivered,
        errors.AlreadyReturned,
        errors.ItemNotReturnable,
        errors.ItemNotInOrder,
        errors.ItemCountMismatch,
        errors.PaymentMethodNotFound,
        errors.RefundMethodNotAllowed,
        errors.GiftCardInsufficient,
        errors.DifferentProduct,
        errors.NewItemNotFound,
        errors.NewItemUnavailable,
        errors.SameItem,
    )
}


def refusal(code: str | None, detail: str | None) -> AppError:
    """The shop's no in our words, for the caller whom our mirror had told yes."""
    return _REFUSALS.get(code or "", ItemNotReturnable)(detail)
