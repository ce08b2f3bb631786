"""The guard's word on a whole return or exchange: one decision on all of its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import ItemNotInOrder
from app.models.customers import Customer
from app.models.exchanges import STANDING, Exchange
from app.models.orders import Order
from app.models.records import Decision
from app.models.returns import HOLDING, Return
from app.services import decisions, entitlements, windows
from app.services.callers import Caller
from app.services.customer_facts import customer_facts
from app.services.order_facts import arrived_at, order_facts
from app.services.order_views import Ledger, lines_of, payments_of
from app.services.policy.contract import Destination, Facts, LineFacts, Ruling
from app.services.return_specs import LineSpec
from app.services.wording import language_of


@dataclass(frozen=True, slots=True)
class Ruled:
    """The guard's word: `allow`, also where persons have said yes, or `ask`."""

    ruling: Ruling
    decision: Decision | None = None
    """As it was written down; None where the law has decided."""

    @property
    def asks(self) -> bool:
        """Whether a person must say yes first, and has not."""
        return self.ruling.outcome == "ask"


def decide(
    session: Session,
    caller: Caller,
    order: Order,
    lines: Sequence[LineSpec],
    *,
    action: str = "return",
    destination: Destination = "original",
    destination_kind: str | None = None,
    method: str | None = None,
    instant: bool = False,
    asked_at: datetime | None = None,
) -> Ruled:
    """Ask the guard and keep its decision: allowed, or waiting for a person; raises the refusal.

    `lines` are named by our ids, each once. `asked_at`: when it was asked for, so that no window closes while the
    store thinks about it.
    """
    now = asked_at or clock.now()
    facts = line_facts(session, order, lines)
    customer = session.get(Customer, order.customer_id) if order.customer_id else None
    decision = decisions.decide(
        session,
        caller,
        Facts(
            action=action,
            actor=decisions.actor_kind(caller),
            proof=caller.proof,
            now=now,
            language=language_of(customer.locale if customer else None, caller.store.locale),
            items_changed=bool(order.snapshot.get("items_changed")),
            payment_changed=bool(order.snapshot.get("payment_changed")),
            standing_returns=standing(session, order),
            standing_exchanges=_exchanges(session, order),
            line_final_sale=any(line.final_sale for line in facts),
            quantity_free=all(line.quantity <= line.free or line.final_sale for line in facts),
            lines=facts,
            reason=next((line.reason for line in lines if line.reason), None),
            destination=destination,
            destination_kind=destination_kind,
            method=method,
            instant=instant,
            customer=customer_facts(session, order, now),
            **order_facts(order),
        ),
        subject=("order", order.id),
    )
    ruling = Ruling.model_validate(decision.ruling)
    if decisions.waits(decision):
        return Ruled(ruling, decision)
    decisions.enforce(decision)
    return Ruled(ruling.model_copy(update={"outcome": "allow"}), decision)


def line_facts(session: Session, order: Order, lines: Sequence[LineSpec]) -> tuple[LineFacts, ...]:
    """What the guard may know of the lines that are asked for; raises `item_not_in_order`."""
    known = {line.id: line for line in lines_of(session, order)}
    ledger = Ledger.of(session, order)
    rest = entitlements.rest(payments_of(session, order), ledger, order.currency)
    nothing_left = rest == 0
    extended = windows.extended(session, order.id)
    found: list[LineFacts] = []
    for spec in lines:
        line = known.get(spec.line_id)
        if line is None:
            raise ItemNotInOrder
        if spec.quantity > line.quantity:
            raise ItemNotInOrder("The order has fewer of this line.")
        left = entitlements.left(line, ledger).quantity
        worth = entitlements.worth(line, ledger, min(spec.quantity, left))
        value = worth if rest is None else min(worth, rest)
        rest = None if rest is None else rest - value
        found.append(
            LineFacts(
                line_id=line.id,
                product_id=line.data["product_id"],
                variant_id=line.data["variant_id"],
                title=line.title,
                tags=tuple(line.data.get("tags") or ()),
                quantity=spec.quantity,
                free=ledger.returnable(line),
                value=value,
                paid_back=worth > 0 and nothing_left,
                final_sale=line.final_sale,
                delivered_at=arrived_at(order, line),
                reason=spec.reason,
                resolution=spec.resolution,
                photos=len(spec.files),
                extended_until=windows.until(extended, line.id),
            )
        )
    return tuple(found)


def standing(session: Session, order: Order) -> int:
    """Returns and exchanges of the order that stand, here or in the shop: one that both know of counts once."""
    ours = session.scalar(
        select(func.count()).select_from(Return).where(Return.order_id == order.id, Return.status.in_(HOLDING))
    )
    told = [bool(order.snapshot.get(flag)) for flag in ("return_requested", "exchange_requested")]
    return max(int(ours or 0), sum(told))


def _exchanges(session: Session, order: Order) -> int:
    """The exchanges among them."""
    ours = session.scalar(
        select(func.count()).select_from(Exchange).where(Exchange.order_id == order.id, Exchange.status.in_(STANDING))
    )
    return max(int(ours or 0), int(bool(order.snapshot.get("exchange_requested"))))
