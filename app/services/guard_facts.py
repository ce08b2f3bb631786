"""What the guard is told: the same of order, lines, customer and store, whatever is asked for and by which door."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import ItemNotInOrder
from app.models.credits import HELD, Credit
from app.models.customers import Customer
from app.models.exchanges import STANDING, Exchange
from app.models.orders import Order, OrderLine
from app.models.returns import HOLDING, Return
from app.services import (
    customer_facts,
    decisions,
    entitlements,
    file_links,
    granted_windows,
    open_changes,
    rules,
    spending,
)
from app.services.callers import Caller
from app.services.ledgers import Ledger
from app.services.order_facts import arrivals, order_facts
from app.services.order_views import lines_of, payments_of
from app.services.policy.contract import Facts, LineFacts
from app.services.return_specs import LineSpec
from app.services.wording import language_of


def of_order(
    session: Session,
    caller: Caller,
    order: Order,
    action: str,
    *,
    lines: Sequence[LineSpec] | None = None,
    read: Sequence[OrderLine] | None = None,
    apart: bool = False,
    at: datetime | None = None,
    without: str | None = None,
    **said: Any,
) -> Facts:
    """All that is known of the order; `said` is what the action asks for, and what it knows better.

    `lines` by our ids, each once; None: all of the order's, as many as are left; `apart`: each is worth what it is by
    itself, not beside the others. `read`: the order's lines, where they have been read. Raises `item_not_in_order`.
    `at`: when it was asked for. `without`: what is asked about, where it is written down already and is not in its own
    way.
    """
    now, ledger = at or clock.now(), Ledger.of(session, order)
    known = order_facts(order)
    known["items_changed"], known["payment_changed"] = open_changes.made(session, order)
    known["standing_returns"], known["standing_exchanges"] = _standing(session, order, ledger)
    known["bought_under"] = rules.bought_under(session, order.store_id, order.placed_at, livemode=order.livemode)
    every = read or lines_of(session, order)
    known["lines"] = _lines(session, caller, order, ledger, lines, every, apart=apart)
    known["let_keep"] = _let_keep(every, ledger)
    known["customer"] = customer_facts.of(session, order.customer_id, now, order=order, without=without)
    if "spent" not in said:
        currency, today = said.get("currency", order.currency), spending.scopes(caller.store, order, clock.now())
        known["spent"] = spending.spent(session, order, currency, today)
    known["given"] = _given(session, order, ledger, said, money=said.get("amount") is not None or action == "claim")
    customer = session.get(Customer, order.customer_id) if order.customer_id else None
    return Facts(**{**_asked(caller, action, now, customer, order), **known, **said})


_GOODWILL = select(func.coalesce(func.sum(Credit.amount), 0)).where(
    Credit.order_id == bindparam("order"),
    Credit.currency == bindparam("currency"),
    Credit.refund_id.is_(None),  # else its refund counts
    Credit.status.in_(HELD),
)


def _given(session: Session, order: Order, ledger: Ledger, said: dict[str, Any], *, money: bool) -> int:
    """What of the order has gone back or is on its way, by us, and what it was given as goodwill, minor units.

    What waits for a person's yes is in neither: it holds no money yet, so that its own yes does not count it. Goodwill
    is looked up only where money is asked for.
    """
    currency = said.get("currency", order.currency)
    refunded = ledger.given if currency == order.currency else 0
    if not money:
        return refunded
    return refunded + int(session.scalar(_GOODWILL, {"order": order.id, "currency": currency}) or 0)


def of_customer(session: Session, caller: Caller, customer: Customer, action: str, **said: Any) -> Facts:
    """All that is known of a customer, where what is asked for hangs on no order."""
    now = clock.now()
    known: dict[str, Any] = {"customer": customer_facts.of(session, customer.id, now)}
    return Facts(**{**_asked(caller, action, now, customer), **known, **said})


def _asked(
    caller: Caller, action: str, now: datetime, customer: Customer | None, order: Order | None = None
) -> dict[str, Any]:
    """Who asks for what, when, and in which language the answer is told."""
    written = (customer.locale if customer else None, order.snapshot.get("locale") if order else None)
    return {
        "action": action,
        "actor": decisions.actor_kind(caller),
        "proof": caller.proof,
        "now": now,
        "language": language_of(*written, caller.store.locale),
    }


_STANDING = select(
    select(func.count())
    .select_from(Return)
    .where(Return.order_id == bindparam("order"), Return.status.in_(HOLDING))
    .scalar_subquery(),
    select(func.count())
    .select_from(Exchange)
    .where(Exchange.order_id == bindparam("order"), Exchange.status.in_(STANDING))
    .scalar_subquery(),
)


def _standing(session: Session, order: Order, ledger: Ledger) -> tuple[int, int]:
    """Returns and exchanges of the order that stand, here or in the shop, and the exchanges among them.

    One that both know of counts once.
    """
    told = [bool(order.snapshot.get(flag)) for flag in ("return_requested", "exchange_requested")]
    if not ledger.returns:
        return sum(told), int(told[1])
    held, swapped = session.execute(_STANDING, {"order": order.id}).one()
    return max(held, sum(told)), max(swapped, int(told[1]))


# ---- lines ------------------------------------------------------------------------------------------------------


def _lines(
    session: Session,
    caller: Caller,
    order: Order,
    ledger: Ledger,
    asked: Sequence[LineSpec] | None,
    every: Sequence[OrderLine],
    *,
    apart: bool,
) -> tuple[LineFacts, ...]:
    known = {line.id: line for line in every}
    specs = _all(known.values(), ledger) if asked is None else asked
    granted, arrived = granted_windows.of(session, order.id), arrivals(order)
    rest = entitlements.rest(payments_of(session, order), ledger, order.currency)
    nothing_left = rest == 0
    found: list[LineFacts] = []
    for spec in specs:
        line = known.get(spec.line_id)
        if line is None:
            raise ItemNotInOrder
        if spec.quantity > line.quantity:
            raise ItemNotInOrder("The order has fewer of this line.")
        worth = entitlements.worth(line, ledger, min(spec.quantity, entitlements.units_left(line, ledger)))
        value = worth if rest is None else min(worth, rest)
        rest = None if rest is None else rest if apart else rest - value
        data = line.data
        found.append(
            LineFacts(
                line_id=spec.line_id,
                product_id=data.get("product_id"),
                variant_id=data.get("variant_id"),
                title=line.title,
                tags=tuple(data.get("tags") or ()),
                quantity=spec.quantity,
                free=ledger.free(line),
                value=value,
                paid_back=worth > 0 and nothing_left,
                final_sale=line.final_sale,
                delivered_at=arrived.get(line.external_id),
                reason=spec.reason,
                resolution=spec.resolution,
                photos=file_links.photos(session, caller, order.customer_id, spec.files) if spec.files else 0,
                extended_until=granted_windows.until(granted, spec.line_id),
            )
        )
    return tuple(found)


def _let_keep(every: Sequence[OrderLine], ledger: Ledger) -> int:
    """What was paid for what the shopper was let keep; rounded up, so that with the rest it is never less than all."""
    kept = [(line, ledger.let_keep[line.id]) for line in every if ledger.let_keep.get(line.id)]
    return sum(-(-line.total * count // line.quantity) for line, count in kept)


def _all(lines: Iterable[OrderLine], ledger: Ledger) -> list[LineSpec]:
    """Every line: as many as could come back, else as many as are left of it."""
    return [LineSpec(line.id, ledger.free(line) or entitlements.units_left(line, ledger) or 1) for line in lines]
