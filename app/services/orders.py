"""Orders: found by any reference, read through the mirror, refreshed by one flight however many ask."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import OrderAmbiguous, OrderNotFound, ProviderUnavailable
from app.integrations.errors import ProviderError
from app.integrations.payments.contract import LedgerRefund, PaymentLedger, PayoutCommand
from app.integrations.receipts import Receipt
from app.models.operations import Operation
from app.models.orders import Order, OrderPayment
from app.models.refunds import Allocation
from app.services import customers, order_flights
from app.services.callers import Caller
from app.services.ledgers import take_reading
from app.services.order_views import payments_of
from app.services.proofs import order_number_key
from app.services.runtime import Runtime

Ledgers = dict[str, PaymentLedger]
"""The provider's truth per payment, by the provider's payment id."""


async def load(runtime: Runtime, caller: Caller, ref: str, *, fresh: bool = False) -> str:
    """Our id of the order that `ref` names, its mirror young enough; `fresh` asks the shop whatever its age.

    Raises `order_not_found`, `order_ambiguous`, `not_owner` and, where the shop must be asked and does not answer,
    `provider_unavailable`.
    """
    if not ids.is_id(ref, "ord"):
        return await _load_named(runtime, caller, ref, fresh=fresh)
    found = await runtime.db.read(resolve, caller, ref)
    if found is None:
        raise OrderNotFound
    if fresh or aged(runtime, found):
        await order_flights.refresh(runtime, caller, found.external_id, tolerate=not fresh)
    return found.id


async def _load_named(runtime: Runtime, caller: Caller, ref: str, *, fresh: bool) -> str:
    """By the shop's id and the number together, of which the mirror may know one order where the shop has two.

    So the shop is asked by both: always where `fresh` is wanted, for reads unless it was a moment ago.
    """
    found = None if fresh else await runtime.db.read(resolve, caller, ref)
    known_as = f"{caller.shopper} {ref}" if caller.by_token else ref
    lately = order_flights.asked_lately(caller, known_as, runtime.settings.mirror_seconds)
    if found is not None and lately and not aged(runtime, found):
        return found.id
    asked_at = clock.now()
    if caller.by_token:
        await _fetch_own(runtime, caller, ref, tolerate=found is not None)
    else:
        await order_flights.fetch(runtime, caller, ref, tolerate=found is not None)
    found = await runtime.db.read(resolve, caller, ref)
    if found is None:
        raise OrderNotFound
    if found.fetched_at < asked_at and (fresh or aged(runtime, found)):  # it is found by another spelling alone
        await order_flights.refresh(runtime, caller, found.external_id, tolerate=not fresh)
    return found.id


async def _fetch_own(runtime: Runtime, caller: Caller, ref: str, *, tolerate: bool) -> None:
    """Mirror what the shop has of the shopper's own by that number, else their newest.

    It is never asked for what they name among others' orders: how long that took would tell whether it is there.
    """
    for external_id in await runtime.db.read(customers.accounts, str(caller.shopper)):
        await order_flights.fetch_own(runtime, caller, external_id, ref, tolerate=tolerate)


def aged(runtime: Runtime, order: Order) -> bool:
    """Whether the mirror's word is older than it may be."""
    return (clock.now() - order.fetched_at).total_seconds() > runtime.settings.mirror_seconds


def resolve(session: Session, caller: Caller, ref: str) -> Order | None:
    """By our id, or by the shop's id and the number together; another shopper's is `not_owner`.

    A shopper's token finds nothing but its own, so that what is another's takes as long as what is not there.
    """
    query = select(Order).where(Order.store_id == caller.store_id, Order.livemode == caller.livemode)
    if caller.by_token:
        query = query.where(Order.customer_id == caller.shopper)
    if ids.is_id(ref, "ord"):
        query = query.where(Order.id == ref)
    else:
        query = query.where(or_(Order.external_id == ref, Order.number_key == order_number_key(ref)))
    rows = session.scalars(query.limit(3)).all()
    if len(rows) > 1:
        raise OrderAmbiguous
    if not rows:
        return None
    own(caller, rows[0])
    return rows[0]


def own(caller: Caller, order: Order) -> None:
    """Raise `not_owner` where a shopper acts and the order is another's; to their own token it does not exist."""
    if caller.shopper is not None and order.customer_id != caller.shopper:
        raise caller.anothers_order()


def get(session: Session, caller: Caller, order_id: str, *, lock: bool = False) -> Order:
    """The mirrored order by our id, ownership checked."""
    if lock:
        order = session.scalar(select(Order).where(Order.id == order_id).with_for_update())
    else:
        order = session.get(Order, order_id)
    if order is None or (order.store_id, order.livemode) != (caller.store_id, caller.livemode):
        raise OrderNotFound
    own(caller, order)
    return order


async def ledgers(runtime: Runtime, caller: Caller, order_id: str) -> Ledgers:
    """What the payment provider's own ledger says of every payment of the order; read before money is reserved.

    A payout stands in no payment's ledger: one that we hold as failed is looked up, for it may have gone out since.
    """
    payments, payouts = await runtime.db.read(_to_ask, caller, order_id)
    provider = runtime.providers(caller).payments
    try:
        said = await asyncio.gather(*(provider.payment(payment) for payment in payments))
        went_out = await asyncio.gather(*(provider.find_payout(command) for _, command in payouts))
    except ProviderError as error:
        raise ProviderUnavailable from error
    found = {ledger.payment_id: ledger for ledger in said if ledger is not None}
    if len(found) != len(payments):
        raise ProviderUnavailable("The payment provider does not know a payment of this order.")
    for (payment, command), receipt in zip(payouts, went_out, strict=True):
        if receipt is not None:
            found[payment] = _with_payout(found[payment], command, receipt)
    return found


def _to_ask(session: Session, caller: Caller, order_id: str) -> tuple[list[str], list[tuple[str, PayoutCommand]]]:
    """The provider's ids of the order's payments, and what was to be paid out for one of them and is held as failed."""
    payments = {payment.id: payment.external_id for payment in payments_of(session, get(session, caller, order_id))}
    failed = session.execute(
        select(Allocation.payment_id, Operation.command)
        .join(Operation, Operation.id == Allocation.operation_id)
        .where(Allocation.payment_id.in_(payments), Allocation.status == "failed", Operation.kind != "refund")
    )
    asked = [(payments[payment_id], PayoutCommand.model_validate(command)) for payment_id, command in failed]
    return list(payments.values()), asked


def _with_payout(ledger: PaymentLedger, command: PayoutCommand, receipt: Receipt) -> PaymentLedger:
    paid = LedgerRefund(
        external_id=receipt.external_id or command.key,
        key=command.key,
        amount=command.amount,
        status=receipt.status,
        created_at=clock.now(),
    )
    return ledger.model_copy(update={"refunds": (*ledger.refunds, paid)})


def take_ledgers(payments: list[OrderPayment], said: Ledgers, counted: set[str]) -> None:
    """Write the provider's truth into the payments, under their lock."""
    if any(payment.external_id not in said for payment in payments):
        raise ProviderUnavailable("A payment has just been added to the order: ask again.")
    for payment in payments:
        take_reading(payment, said[payment.external_id], counted)


def view_facts(order: Order) -> dict[str, Any]:
    """The few facts that a hand-over shows of an order."""
    return {
        "id": order.id,
        "number": order.number,
        "status": order.status,
        "placed_at": clock.rfc3339(order.placed_at),
        "delivered_at": None if order.delivered_at is None else clock.rfc3339(order.delivered_at),
    }
