"""Exchanges: one return whose goods come back, others that go out for them, and the difference between the two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import ExchangeNotFound, Forbidden, ItemCountMismatch, ItemNotInOrder, NoItems, ReturnNotInState
from app.models.exchanges import MOVES, Exchange, ExchangeLine
from app.models.orders import Order, OrderLine
from app.models.returns import Return
from app.services import (
    audit,
    destinations,
    entitlements,
    events,
    exchange_payments,
    exchange_sends,
    exchange_trust,
    file_links,
    orders,
    refunds,
    return_registrations,
    return_rulings,
    return_states,
    returns,
)
from app.services.callers import Caller
from app.services.exchange_quotes import Catalog, Swap, check_payer, variants
from app.services.exchange_states import move, view
from app.services.ledgers import Ledger
from app.services.line_prices import price_of
from app.services.order_views import lines_of
from app.services.orders import Ledgers
from app.services.return_specs import LineSpec, ReturnSpec

__all__ = ["ExchangeSpec", "get", "products", "request", "retry", "view"]


@dataclass(frozen=True, slots=True)
class ExchangeSpec:
    """What is to come back, for which variants, and who pays the difference."""

    lines: tuple[LineSpec, ...]
    payment_method_id: str | None = None
    instant: bool = False
    method: str = "label"


def request(
    session: Session, caller: Caller, order_id: str, spec: ExchangeSpec, catalog: Catalog, said: Ledgers
) -> Exchange:
    """Decide, take what was paid for the lines, and write exchange and return; raises the refusal."""
    order, payments = refunds.hold(session, caller, order_id, said)
    asked = _asked(session, order, spec)
    method = None if spec.payment_method_id is None else destinations.method(session, order, spec.payment_method_id)
    specs = [line_spec for _, line_spec in asked]
    file_links.check(session, caller, order.customer_id, [file for row in specs for file in row.files])
    ruled = return_rulings.decide(
        session, caller, order, specs, action="exchange", method=spec.method, instant=spec.instant
    )
    wanted = variants(asked, catalog, order.currency)
    ledger = Ledger.of(session, order)
    paid = entitlements.take([(line, row.quantity) for line, row in asked], payments, ledger, order.currency)
    gross = bool(order.snapshot.get("prices_include_tax"))
    swaps = [
        Swap(line, row.quantity, new, worth, price_of(line, new.price, row.quantity, prices_include_tax=gross).total)
        for (line, row, new), worth in zip(wanted, paid, strict=True)
    ]
    fee = ruled.ruling.fee
    difference = sum(swap.price - swap.paid for swap in swaps) + fee
    check_payer(swaps, order.currency, method, fee)
    exchange = Exchange(
        id=ids.new("exc"),
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=clock.now(),
        order_id=order.id,
        customer_id=order.customer_id,
        status="requested",
        currency=order.currency,
        difference=difference,
        payment_method_id=None if method is None else method.id or spec.payment_method_id,
        payment_kind=None if method is None else method.kind,
        instant=spec.instant,
        actor=caller.actor(),
    )
    if not ruled.asks:
        exchange_trust.reserve(session, caller, order, exchange, sum(swap.paid for swap in swaps))
    back = ReturnSpec(lines=tuple(specs), method=spec.method)

    def write_exchange(return_: Return) -> dict[str, Any]:
        _write(session, caller, exchange, return_, swaps)
        return _parameters(specs, exchange)

    returns.write(session, caller, order, back, ruled, with_exchange=write_exchange)
    return exchange


def _parameters(specs: Sequence[LineSpec], exchange: Exchange) -> dict[str, Any]:
    """What was asked for, as the action takes it."""
    named = ("line_id", "variant_id", "quantity", "reason", "note")
    lines = [{**{name: getattr(row, name) for name in named}, "files": list(row.files)} for row in specs]
    return {"lines": lines, "payment_method_id": exchange.payment_method_id, "instant": exchange.instant}


def _asked(session: Session, order: Order, spec: ExchangeSpec) -> list[tuple[OrderLine, LineSpec]]:
    """The order's lines that are meant, each named once and with no more than it has."""
    if not spec.lines:
        raise NoItems("Name at least one line.")
    known = {ref: line for line in lines_of(session, order) for ref in (line.external_id, line.id)}
    asked: list[tuple[OrderLine, LineSpec]] = []
    for row in spec.lines:
        line = known.get(row.line_id)
        if line is None:
            raise ItemNotInOrder
        asked.append((line, replace(row, line_id=line.id, resolution="exchange")))
    named_once = len({line.id for line, _ in asked}) == len(asked)
    if not named_once or any(row.quantity > line.quantity for line, row in asked):
        raise ItemCountMismatch("A line is named twice, or with more than the order has of it.")
    return asked


def _write(session: Session, caller: Caller, exchange: Exchange, return_: Return, swaps: Sequence[Swap]) -> None:
    exchange.return_id = return_.id
    return_.exchange_id = exchange.id
    return_.payment_method_id = exchange.payment_method_id
    session.add(exchange)
    session.flush()
    for swap in swaps:
        session.add(
            ExchangeLine(
                exchange_id=exchange.id,
                line_id=swap.line.id,
                quantity=swap.quantity,
                variant_id=swap.variant.external_id,
                title=swap.variant.title,
                options=dict(swap.variant.options),
                paid=swap.paid,
                price=swap.price,
            )
        )
    session.flush()
    events.record(session, "exchange.requested", exchange, view(session, exchange))
    audit.write(
        session,
        action="exchange.requested",
        subject_type="exchange",
        subject_id=exchange.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"order": exchange.order_id, "difference": exchange.difference, "currency": exchange.currency},
        request_id=caller.request_id,
    )


def retry(session: Session, caller: Caller, exchange_id: str, payment_method_id: str | None) -> Exchange:
    """A named person of the store has the difference charged again, after its charge has failed."""
    if not caller.is_merchant:
        raise Forbidden("Only the store may do that.")
    person = caller.named_person()
    exchange = get(session, caller, exchange_id, lock=True)
    order = session.get_one(Order, exchange.order_id)
    method = None if payment_method_id is None else destinations.method(session, order, payment_method_id)
    exchange_payments.retry(session, caller, exchange, method)
    audit.write(
        session,
        action="exchange.charge_retried",
        subject_type="exchange",
        subject_id=exchange.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"person": person, "operation": exchange.charge_operation_id},
        request_id=caller.request_id,
    )
    return exchange


# ---- what follows from the return --------------------------------------------------------------------------------

_FOLLOWED = frozenset({"awaiting_approval", "approved", "declined", "canceled", "expired"})


def _follow(session: Session, return_: Return, before: str) -> None:
    """An exchange is approved, refused and ended with its return."""
    del before
    if return_.exchange_id is None or return_.status not in _FOLLOWED:
        return
    exchange = session.get_one(Exchange, return_.exchange_id, with_for_update=True, populate_existing=True)
    if return_.status in {"canceled", "expired"}:
        _may_end(session, exchange)
    if return_.status != exchange.status and return_.status in MOVES[exchange.status]:
        move(session, exchange, return_.status)
    if exchange.status == "expired" and exchange.charge_operation_id is not None:
        exchange_payments.release(session, exchange_payments.store_of(session, exchange), exchange)


def _may_end(session: Session, exchange: Exchange) -> None:
    """Raise where it has gone too far to end without its goods."""
    if exchange_trust.gone(session, exchange):
        raise ReturnNotInState("Its other goods were sent already: let it be completed.")
    if exchange.charged or exchange_payments.charging(session, exchange):
        raise ReturnNotInState("The difference was charged already: let it be completed.")


def _registered(session: Session, return_: Return, said_yes: bool) -> None:  # noqa: FBT001  a hook's argument
    """The shop expects it: an instant exchange is charged now, and sent where nothing is to be paid for it."""
    if return_.exchange_id is None or not said_yes:
        return
    exchange = session.get_one(Exchange, return_.exchange_id, with_for_update=True, populate_existing=True)
    if not exchange.instant or exchange.status != "approved" or exchange.charge_operation_id is not None:
        return
    store = exchange_payments.store_of(session, exchange)
    if exchange.difference > 0:
        exchange_payments.charge(session, store, exchange, exchange.difference)
    else:
        exchange_sends.request(session, store, exchange)


return_states.FOLLOWERS.append(_follow)
return_registrations.FOLLOWERS.append(_registered)


# ---- reading ----------------------------------------------------------------------------------------------------


def get(session: Session, caller: Caller, exchange_id: str, *, lock: bool = False) -> Exchange:
    """The exchange, or `exchange_not_found` where this caller has none such."""
    query = select(Exchange).where(
        Exchange.id == exchange_id, Exchange.store_id == caller.store_id, Exchange.livemode == caller.livemode
    )
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None or (caller.shopper is not None and found.customer_id != caller.shopper):
        raise ExchangeNotFound
    return found


def products(session: Session, caller: Caller, order_id: str, spec: ExchangeSpec) -> list[str]:
    """The product ids of the lines that are named, to ask the shop for their variants."""
    order = orders.get(session, caller, order_id)
    known = {ref: line.data["product_id"] for line in lines_of(session, order) for ref in (line.external_id, line.id)}
    return sorted({product for row in spec.lines if (product := known.get(row.line_id))})
