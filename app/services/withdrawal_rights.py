"""Who may withdraw from what, until when, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.errors import AlreadyCanceled, AlreadyReturned, ItemNotInOrder
from app.models.orders import Order, OrderLine
from app.models.records import Decision
from app.models.stores import Store
from app.services import cancellations, decisions, guard_facts, rules
from app.services.callers import Caller
from app.services.ledgers import Ledger
from app.services.order_views import lines_of, named
from app.services.policy.parts import Withdrawal
from app.services.return_specs import LineSpec
from app.services.shipments import readings
from app.services.working_days import working_day

PAID_WITHIN = timedelta(days=14)
"""From the declaration (article 13 of Directive 2011/83/EU), whatever day that is: money may be early."""
BACK_WITHIN = timedelta(days=14)
"""From the declaration (article 14)."""
Wanted = dict[str, int]
"""Quantity by line id."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from a withdrawal on today's facts."""

    cancels: bool = False
    unsent: Wanted = field(default_factory=dict[str, int])
    """Paid back without coming back, for it has not been sent."""
    sent: Wanted = field(default_factory=dict[str, int])
    """To come back."""

    def effects(self) -> list[dict[str, Any]]:
        """The same for whoever asks what would happen."""
        parts = [("refund", self.unsent), ("return", self.sent)]
        if self.cancels:
            parts[0] = ("cancel", self.unsent)
        return [
            {"kind": kind, "lines": [{"line_id": line, "quantity": number} for line, number in sorted(lines.items())]}
            for kind, lines in parts
            if lines
        ]


@dataclass(frozen=True, slots=True)
class Found:
    """A withdrawal that may be declared."""

    plan: Plan
    deadline: datetime | None
    decision: Decision
    asks: bool
    """A person must look at it, for example because the day of delivery is not known."""


def named_lines(session: Session, order: Order, lines: Wanted | None) -> Wanted:
    """What is withdrawn from, by our ids; without lines all that is left. Raises `item_not_in_order`."""
    known = lines_of(session, order)
    if lines is None:
        ledger = Ledger.of(session, order)
        return {line.id: left for line in known if (left := _left(line, ledger)) > 0}
    ours = dict(zip(named(known, lines), lines.values(), strict=True))
    quantities = {line.id: line.quantity for line in known}
    if any(line_id not in quantities or quantity > quantities[line_id] for line_id, quantity in ours.items()):
        raise ItemNotInOrder
    return ours


def _left(line: OrderLine, ledger: Ledger) -> int:
    """How many are neither coming back nor refunded or replaced without coming back."""
    return max(0, line.quantity - ledger.returned.get(line.id, 0) - ledger.refunded_apart.get(line.id, 0))


def still(session: Session, order: Order, wanted: Wanted) -> Wanted:
    """What of a binding withdrawal is still to be carried out; raises `already_returned` where nothing is."""
    ledger = Ledger.of(session, order)
    left = {line.id: min(wanted.get(line.id, 0), _left(line, ledger)) for line in lines_of(session, order)}
    if not any(left.values()):
        raise AlreadyReturned
    return {line_id: quantity for line_id, quantity in left.items() if quantity}


def check(session: Session, caller: Caller, order: Order, wanted: Wanted) -> Found:
    """Raise where it is too late, exempt, or gone already; else what follows."""
    if order.status == "canceled" or cancellations.standing(session, order.id) is not None:
        raise AlreadyCanceled
    ledger = Ledger.of(session, order)
    known = {line.id: line for line in lines_of(session, order)}
    if not wanted or any(quantity > _left(known[line_id], ledger) for line_id, quantity in wanted.items()):
        raise AlreadyReturned
    deadline = ends(order, caller.store, _right(session, caller, order))
    asked = [LineSpec(line_id, quantity) for line_id, quantity in wanted.items()]
    facts = guard_facts.of_order(session, caller, order, "withdrawal", lines=asked, delivered_at=arrived(order))
    # What a person has granted beyond it is a longer return, under the return policy; the law's period is its own.
    lines = [
        line.model_copy(update={"free": _left(known[line.line_id], ledger), "extended_until": deadline})
        for line in facts.lines
    ]
    facts = facts.model_copy(update={"lines": tuple(lines)})
    decision = decisions.decide(session, caller, facts, subject=("order", order.id))
    asks = decisions.waits(decision)
    if not asks:
        decisions.enforce(decision)
    return Found(plan(session, order, wanted), deadline, decision, asks)


def _right(session: Session, caller: Caller, order: Order) -> Withdrawal:
    """The store's terms; never fewer days than those under which the order was bought."""
    right = decisions.policy_of(session, caller).withdrawal
    bought = rules.bought_under(session, order.store_id, order.placed_at, livemode=order.livemode)
    days = right.days if bought is None else max(right.days, rules.document_of(session, bought).withdrawal.days)
    return right.model_copy(update={"days": days})


def plan(session: Session, order: Order, wanted: Wanted) -> Plan:
    """Cancel what has not begun to ship; else what has left comes back, and what has not is paid back."""
    ledger = Ledger.of(session, order)
    known = lines_of(session, order)
    if order.status == "pending" and all(wanted.get(line.id, 0) == _left(line, ledger) for line in known):
        return Plan(cancels=True, unsent=wanted)
    sent: Wanted = {}
    for line in known:
        gone = ledger.returned.get(line.id, 0) + ledger.refunded_apart.get(line.id, 0)
        shipped = line.quantity if order.status == "delivered" else line.fulfilled_quantity
        back = min(wanted.get(line.id, 0), max(0, shipped - gone))
        if back:
            sent[line.id] = back
    unsent = {line_id: left for line_id, quantity in wanted.items() if (left := quantity - sent.get(line_id, 0))}
    return Plan(unsent=unsent, sent=sent)


# ---- the clock --------------------------------------------------------------------------------------------------


def arrived(order: Order) -> datetime | None:
    """When the last parcel arrived; None before that, or where nobody knows."""
    if order.status != "delivered":
        return None
    scans = [
        datetime.fromisoformat(event["at"])
        for read in readings(order)
        for event in read.get("events") or ()
        if event.get("status") == "delivered" and event.get("at")
    ]
    return max([*scans, *([order.delivered_at] if order.delivered_at else [])], default=None)


def ends(order: Order, store: Store, right: Withdrawal) -> datetime | None:
    """The last moment of the period: so many days after the last parcel, to the end of a working day at the store.

    None while it has not begun, or where nobody knows when it began.
    """
    last = arrived(order)
    if last is None:
        return None
    zone = ZoneInfo(store.timezone)
    day = working_day(last.astimezone(zone).date() + timedelta(days=right.days), right.holidays)
    return datetime.combine(day, time(23, 59, 59), zone)


def back_by(declared: datetime, right: Withdrawal) -> date:
    """The last day to send back what is withdrawn from; `declared` in the store's own time."""
    return working_day((declared + BACK_WITHIN).date(), right.holidays)
