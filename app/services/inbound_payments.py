"""What a payment provider calls to tell: a refund of ours that ended, or that failed later, and refunds made elsewhere.

A call is a hint to ask, never an end by itself: calls come twice and in any order, and the provider's ledger does not.
So a refund of ours is looked up and settled as by any other look, and a payment is read anew for every order of its.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import Invalid, ProviderUnavailable
from app.integrations.errors import ProviderError
from app.integrations.receipts import Receipt
from app.models.operations import Operation
from app.models.orders import Order, OrderPayment
from app.services import events, inbound, mirror, operations, orders, refunds
from app.services.callers import Caller
from app.services.inbound import Delivered, Handler
from app.services.operations import EFFECTS
from app.services.order_views import order_view
from app.services.providers import serving
from app.services.runtime import Runtime

KINDS = ("stripe",)
"""Kinds of connections whose calls are read into `about`, `payment_ids` and, of a refund, `key`."""


def check(document: dict[str, Any], topic: str | None) -> None:
    """Raise where it says nothing that could be meant."""
    del topic
    if document.get("about") not in {"refund", "payment", "nothing"}:
        raise Invalid("The call is about nothing that is known here.")


async def run(runtime: Runtime, caller: Caller, delivered: Delivered) -> dict[str, Any]:
    """Settle what is ours, and read anew what is of others; run again it finds the same."""
    document = delivered.document
    if document["about"] == "nothing":
        return {"ignored": document.get("why", "topic")}
    if serving(caller.store, livemode=caller.livemode).get("payments") not in KINDS:
        return {"ignored": "not_serving"}
    key = document.get("key")
    ours = await settle_ours(runtime, caller, key, KINDS) if key else None
    return ours or await _read_anew(runtime, caller, document["payment_ids"])


async def settle_ours(runtime: Runtime, caller: Caller, key: str, kinds: Sequence[str]) -> dict[str, Any] | None:
    """Look up and settle the operation with this key at a provider of these kinds; None where none of ours has it."""
    found = await runtime.db.read(_operation, caller, key, kinds)
    return None if found is None else await _look(runtime, caller, found)


def _operation(session: Session, caller: Caller, key: str, kinds: Sequence[str]) -> Operation | None:
    return session.scalar(
        select(Operation).where(
            Operation.provider_key == key,
            Operation.store_id == caller.store_id,
            Operation.livemode == caller.livemode,
            Operation.provider.in_(kinds),
        )
    )


async def _look(runtime: Runtime, caller: Caller, operation: Operation) -> dict[str, Any]:
    """Ask the provider what became of it; where it does not answer, this is tried again."""
    effect = EFFECTS[operation.kind]
    providers = runtime.connections.of(caller.store, livemode=caller.livemode)
    asked_at = clock.now()
    try:
        receipt = await effect.find(providers, effect.command.model_validate(operation.command))
    except ProviderError as error:
        raise ProviderUnavailable from error
    if receipt is None:
        return {"ignored": "not_found_there", "operation": operation.id}
    status = await runtime.db.write(_settle, caller, operation.id, receipt, asked_at)
    runtime.bell.ring(operation.id)
    return {"operation": operation.id, "status": status}


def _settle(session: Session, caller: Caller, operation_id: str, receipt: Receipt, asked_at: datetime) -> str:
    operation = session.get_one(Operation, operation_id, with_for_update=True)
    if receipt.status != operation.status:
        with events.caused_by(caller.connection):
            operations.hear(session, operation, receipt, asked_at)
    return operation.status


async def _read_anew(runtime: Runtime, caller: Caller, payment_ids: Sequence[str]) -> dict[str, Any]:
    """What was refunded elsewhere counts at once, and not only when a refund is asked for."""
    order_ids = await runtime.db.read(_orders, caller, payment_ids)
    if not order_ids:
        return {"ignored": "unknown_payment"}
    for order_id in order_ids:
        await read_ledger(runtime, caller, order_id)
    return {"orders": list(order_ids)}


async def read_ledger(runtime: Runtime, caller: Caller, order_id: str) -> None:
    """What was refunded elsewhere of one order's payments counts from now on."""
    said = await orders.ledgers(runtime, caller, order_id)
    await runtime.db.write(_take, caller, order_id, said)


def _orders(session: Session, caller: Caller, payment_ids: Sequence[str]) -> Sequence[str]:
    query = (
        select(Order.id)
        .join(OrderPayment, OrderPayment.order_id == Order.id)
        .where(
            Order.store_id == caller.store_id,
            Order.livemode == caller.livemode,
            OrderPayment.external_id.in_(payment_ids),
        )
        .distinct()
        .order_by(Order.id)
    )
    return session.scalars(query).all()


def _take(session: Session, caller: Caller, order_id: str, said: orders.Ledgers) -> None:
    before = order_view(session, orders.get(session, caller, order_id, lock=True))
    with events.caused_by(caller.connection):
        order, _ = refunds.hold(session, caller, order_id, said)
        mirror.tell(session, order, before)


for _kind in KINDS:
    inbound.register(_kind, Handler(check=check, run=run))
