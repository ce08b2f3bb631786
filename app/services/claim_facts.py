"""What is claimed, and what the guard is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.models.claims import Claim
from app.models.orders import Order, OrderLine
from app.models.returns import Return
from app.services import decisions, entitlements, spending
from app.services.callers import Caller
from app.services.order_facts import order_facts
from app.services.order_views import Ledger, shipments_view
from app.services.policy.contract import CustomerFacts, Facts, LineFacts

OVERDUE = timedelta(days=7)
"""A parcel that is so much later than announced may be taken as lost without a person."""
REMEMBERED = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class ClaimLineSpec:
    """So many of one line, and what is wrong with them."""

    line_id: str
    quantity: int
    kind: str
    note: str | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimSpec:
    """What is claimed, and what the shopper would like for it."""

    lines: tuple[ClaimLineSpec, ...]
    resolution: str | None = None


def of(
    session: Session,
    caller: Caller,
    order: Order,
    known: Mapping[str, OrderLine],
    lines: Sequence[ClaimLineSpec],
    resolution: str | None,
    *,
    without: str | None = None,
) -> Facts:
    """The claim as the guard sees it; photos are counted, what they show a person sees.

    `without`: the claim itself, where it is written down already.
    """
    now, ledger = clock.now(), Ledger.of(session, order)
    scope_ids = spending.scopes(caller.store, order, now)
    told = tuple(_line(known[line.line_id], ledger, line, resolution) for line in lines)
    return Facts(
        action="claim",
        actor=decisions.actor_kind(caller),
        proof=caller.proof,
        now=now,
        lines=told,
        amount=sum(line.value for line in told),
        destination="store_credit" if resolution == "store_credit" else "original",
        spent=spending.spent(session, order, order.currency, scope_ids),
        customer=_customer(session, order, now, without),
        **order_facts(order),
    )


def _line(line: OrderLine, ledger: Ledger, spec: ClaimLineSpec, resolution: str | None) -> LineFacts:
    wished = resolution if resolution in {"refund", "store_credit", "exchange"} else "refund"
    return LineFacts(
        line_id=line.id,
        product_id=line.data.get("product_id"),
        variant_id=line.data.get("variant_id"),
        title=line.title,
        tags=tuple(line.data.get("tags") or ()),
        quantity=spec.quantity,
        free=entitlements.left(line, ledger).quantity,
        value=entitlements.worth(line, ledger, spec.quantity),
        final_sale=line.final_sale,
        reason=spec.kind,
        resolution=wished,
        photos=len(spec.files),
    )


def _customer(session: Session, order: Order, now: datetime, without: str | None) -> CustomerFacts:
    if order.customer_id is None:
        return CustomerFacts()

    def count(model: type[Order | Claim | Return]) -> int:
        moment = Order.placed_at if model is Order else model.created_at
        mine = (model.customer_id == order.customer_id, moment >= now - REMEMBERED, model.id != (without or ""))
        return session.scalar(select(func.count()).select_from(model).where(*mine)) or 0

    bought, returned = count(Order), count(Return)
    rate = 0 if bought == 0 else min(100, returned * 100 // bought)
    return CustomerFacts(orders=bought, returns=returned, return_rate=rate, claims=count(Claim))


def early(order: Order, lines: Sequence[ClaimLineSpec]) -> bool:
    """Whether something is claimed as lost or missing whose parcel is not long overdue: a person looks first."""
    if order.status == "delivered" or not any(line.kind in {"lost", "missing"} for line in lines):
        return False
    due = [parcel["eta"] for parcel in shipments_view(order, []) if parcel["status"] not in {"delivered", "returned"}]
    late = clock.now() - OVERDUE
    return not due or any(eta is None or datetime.fromisoformat(eta) > late for eta in due)
