"""The difference of an exchange: charged to a method or given back, each by an operation, once the goods are here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import ReturnNotInState
from app.integrations.payments.contract import ChargeCommand
from app.integrations.receipts import Receipt
from app.models.exchanges import Exchange, ExchangeLine
from app.models.operations import Operation
from app.models.orders import Order
from app.models.returns import Return
from app.money import Money
from app.services import approval_views, audit, events, operation_views, operations, refund_approvals
from app.services.callers import Caller
from app.services.destinations import Method
from app.services.exchange_quotes import check_method
from app.services.operations import Effect
from app.services.order_views import money
from app.services.orders import Ledgers
from app.services.providers import Providers
from app.services.refund_quotes import RefundSpec

KIND = "exchange_charge"
OPEN = frozenset({"pending", "unknown"})
FOLLOWERS: list[Callable[[Session, Exchange], None]] = []
"""Told of each exchange whose difference was charged, in the same transaction."""


def move(session: Session, exchange: Exchange, status: str) -> None:
    """Take an exchange to `status`, with its event."""
    before = exchange.status
    exchange.move(status)
    if status in {"approved", "completed"}:
        setattr(exchange, f"{status}_at", clock.now())
    session.flush()
    events.record(session, f"exchange.{status}", exchange, view(session, exchange), previous={"status": before})


def complete(
    session: Session,
    caller: Caller,
    exchange: Exchange,
    arrived: Mapping[str, int],
    said: Ledgers,
    *,
    pay: bool,
    fee: int,
    label: int,
) -> None:
    """End an exchange by what has `arrived`, per line id; with `pay` the difference for it moves.

    What was charged before counts, and what is kept back (minor units): the policy's `fee` for what has arrived, and
    of what goes back the `label` that the shopper pays. Raises the refusal where it cannot be given back.
    """
    due = fee
    for row in lines_in(session, exchange.id):
        count = row.received_quantity = min(row.quantity, arrived.get(row.line_id, 0))
        due += row.price * count // row.quantity - row.paid * count // row.quantity
    exchange.due = due
    rest = due - (exchange.charged or 0) if pay else 0
    if rest > 0:
        move(session, exchange, "settling")
        if not charging(session, exchange):  # one that is on its way is this one
            charge(session, caller, exchange, rest)
        return
    move(session, exchange, "completed")
    label = min(label, max(0, -rest))
    if rest + label < 0:
        kept = label if exchange.charged else fee + label
        spec = replace(_back(exchange, -rest - label), keep_back=kept)
        refund = refund_approvals.request(
            session, caller, exchange.order_id, said, spec, return_id=exchange.return_id, decided="exchange"
        )
        exchange.refund_id = refund.id
        events.record(session, "exchange.updated", exchange, view(session, exchange))


def _back(exchange: Exchange, amount: int) -> RefundSpec:
    """Back to the payments that the method made, else out to the method; without one to where it came from."""
    given = Money(amount, exchange.currency)
    if exchange.payment_method_id is None:
        return RefundSpec(amount=given, owed=True)
    method = exchange.payment_method_id
    return RefundSpec(amount=given, destination="payment_method", payment_method_id=method, owed=True)


def charging(session: Session, exchange: Exchange) -> bool:
    """Whether a charge of it has been asked for and is not over."""
    if exchange.charge_operation_id is None:
        return False
    return session.get_one(Operation, exchange.charge_operation_id).status in OPEN


def charge(session: Session, caller: Caller, exchange: Exchange, amount: int) -> None:
    """Write the intent to take `amount` (minor units) from the exchange's method."""
    order = session.get_one(Order, exchange.order_id)
    operation_id = ids.new("opr")
    assert exchange.payment_method_id is not None
    operations.request(
        session,
        operation_id=operation_id,
        caller=caller,
        kind=KIND,
        provider="sandbox",
        command=ChargeCommand(
            key=operation_id,
            order_id=order.external_id,
            payment_method_id=exchange.payment_method_id,
            amount=amount,
            currency=exchange.currency,
        ),
        subject=("exchange", exchange.id),
    )
    exchange.charge_operation_id = operation_id
    session.flush()
    audit.write(
        session,
        action="exchange.charge_requested",
        subject_type="exchange",
        subject_id=exchange.id,
        actor=caller.actor(),
        store_id=exchange.store_id,
        livemode=exchange.livemode,
        evidence={"amount": amount, "currency": exchange.currency, "method": exchange.payment_method_id},
        request_id=caller.request_id,
    )


def retry(session: Session, caller: Caller, exchange: Exchange, method: Method | None) -> None:
    """Take what is still due once more, by `method` where another is named, after the provider has said no.

    Raises the refusal where nothing failed, or where the method cannot pay. The caller holds the exchange's lock.
    """
    if exchange.status != "payment_failed":
        raise ReturnNotInState(f"The difference of an exchange that is {exchange.status} is not charged again.")
    rest = (exchange.due or 0) - (exchange.charged or 0)
    if method is not None:
        check_method(rest, exchange.currency, method)
        exchange.payment_method_id, exchange.payment_kind = method.id, method.kind
    move(session, exchange, "settling")
    charge(session, caller, exchange, rest)


def settle(session: Session, operation: Operation, receipt: Receipt) -> None:
    """The provider's word on the charge: taken, or not or not any more, so that a person must see to it."""
    del receipt
    session.flush()
    exchange = session.get_one(Exchange, operation.subject_id, with_for_update=True, populate_existing=True)
    before, taken = exchange.charged or 0, _taken(session, exchange)
    exchange.charged = taken
    if operation.status == "succeeded":
        if exchange.status == "settling":
            move(session, exchange, "completed")
        else:
            events.record(session, "exchange.charged", exchange, view(session, exchange))
        for told in FOLLOWERS:
            told(session, exchange)
    elif operation.status == "failed":
        gone = taken < before  # it was taken, and a bank has had it back
        if exchange.status == "settling" or (exchange.status == "completed" and gone):
            exchange.completed_at = None
            move(session, exchange, "payment_failed")
        else:
            events.record(session, "exchange.charge_failed", exchange, view(session, exchange))


def _taken(session: Session, exchange: Exchange) -> int:
    """Minor units of all charges that stand."""
    charges = operation_views.of_subject(session, "exchange", exchange.id)
    return sum(int(row.command["amount"]) for row in charges if row.kind == KIND and row.status == "succeeded")


async def _send(providers: Providers, command: ChargeCommand) -> Receipt:
    return _checked(command, await providers.payments.charge(command))


async def _find(providers: Providers, command: ChargeCommand) -> Receipt | None:
    found = await providers.payments.find_charge(command)
    return None if found is None else _checked(command, found)


def _checked(command: ChargeCommand, receipt: Receipt) -> Receipt:
    """A yes about another amount or currency is not a yes to our question."""
    wrong = receipt.amount not in (None, command.amount) or receipt.currency not in (None, command.currency)
    if receipt.status == "succeeded" and wrong:
        return Receipt(status="unknown", evidence={**receipt.evidence, "mismatch": [receipt.amount, receipt.currency]})
    return receipt


operations.register(Effect(kind=KIND, command=ChargeCommand, send=_send, find=_find, settle=settle, rechecked=True))


def lines_in(session: Session, exchange_id: str) -> list[ExchangeLine]:
    """The exchange's lines."""
    return list(
        session.scalars(
            select(ExchangeLine).where(ExchangeLine.exchange_id == exchange_id).order_by(ExchangeLine.line_id)
        )
    )


def view(session: Session, exchange: Exchange) -> dict[str, Any]:
    """The exchange as the contract shows it."""
    behind = [
        session.get_one(Operation, operation_id)
        for operation_id in (exchange.operation_id, exchange.charge_operation_id)
        if operation_id is not None
    ]
    behind += operation_views.of_subject(session, "return", exchange.return_id)  # that the shop is to forget it
    shown = next((row for row in behind if row.status in OPEN), behind[0] if behind else None)

    def stamp(moment: Any) -> str | None:
        return None if moment is None else clock.rfc3339(moment)

    return {
        "id": exchange.id,
        "livemode": exchange.livemode,
        "order": exchange.order_id,
        "return": exchange.return_id,
        "customer": exchange.customer_id,
        "status": exchange.status,
        "lines": [_line(exchange, row) for row in lines_in(session, exchange.id)],
        "fee": money(session.get_one(Return, exchange.return_id).fee or 0, exchange.currency),
        "difference": money(exchange.difference, exchange.currency),
        "due": None if exchange.due is None else money(exchange.due, exchange.currency),
        "charged": money(exchange.charged or 0, exchange.currency),
        "payment_method_id": exchange.payment_method_id,
        "instant": exchange.instant,
        "refund": exchange.refund_id,
        "approval": approval_views.brief_of(session, "return", exchange.return_id),
        "operation": None if shown is None else operation_views.view(shown),
        "operations": [row.id for row in behind],
        "created_at": clock.rfc3339(exchange.created_at),
        "approved_at": stamp(exchange.approved_at),
        "completed_at": stamp(exchange.completed_at),
    }


def _line(exchange: Exchange, row: ExchangeLine) -> dict[str, Any]:
    return {
        "line_id": row.line_id,
        "quantity": row.quantity,
        "received_quantity": row.received_quantity,
        "variant_id": row.variant_id,
        "title": row.title,
        "options": row.options or {},
        "paid": money(row.paid, exchange.currency),
        "price": money(row.price, exchange.currency),
        "difference": money(row.price - row.paid, exchange.currency),
    }
