"""The guard's word on a whole return or exchange: one decision on all of its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from app.models.exchanges import Exchange, ExchangeLine
from app.models.orders import Order
from app.models.records import Decision
from app.services import decisions, guard_facts
from app.services.callers import Caller
from app.services.policy.contract import Destination, Facts, Ruling
from app.services.return_specs import LineSpec


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
    facts = guard_facts.of_order(
        session,
        caller,
        order,
        action,
        lines=lines,
        at=asked_at,
        reason=next((line.reason for line in lines if line.reason), None),
        destination=destination,
        destination_kind=destination_kind,
        method=method,
        instant=instant,
        amount=0 if instant else None,
    )
    facts = _on_trust(session, order, facts) if instant else facts
    decision = decisions.decide(session, caller, facts, subject=("order", order.id))
    ruling = Ruling.model_validate(decision.ruling)
    if decisions.waits(decision):
        return Ruled(ruling, decision)
    decisions.enforce(decision)
    return Ruled(ruling.model_copy(update={"outcome": "allow"}), decision)


_MISSING = ExchangeLine.quantity - func.coalesce(ExchangeLine.received_quantity, 0)
_SENT_BEFORE = (
    select(func.coalesce(func.sum(ExchangeLine.paid * _MISSING // ExchangeLine.quantity), 0))
    .join(Exchange, Exchange.id == ExchangeLine.exchange_id)
    .where(
        Exchange.order_id == bindparam("order"),
        Exchange.instant,
        or_(Exchange.status == "approved", Exchange.sent_at.is_not(None)),  # what waits for a yes is not given yet
    )
)
"""What was paid for goods that have not come back, of exchanges that are sent at once."""


def _on_trust(session: Session, order: Order, facts: Facts) -> Facts:
    """Goods that go out at once are given before others are back: as much as was paid for those, with earlier ones."""
    out = int(session.scalar(_SENT_BEFORE, {"order": order.id}) or 0)
    amount = sum(line.value for line in facts.lines)
    return facts.model_copy(update={"amount": amount, "given": facts.given + out})
