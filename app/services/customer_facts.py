"""How a customer has behaved in this store, in a few counts by index."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from app.database import Id, UtcTime
from app.models.claims import Claim
from app.models.orders import Order
from app.models.returns import HOLDING, Return
from app.services.policy.contract import CustomerFacts

YEAR = timedelta(days=365)
NEIGHBORS = 200
"""The most orders of one postal code that are compared with an address."""


_CUSTOMER, _SINCE = bindparam("customer", type_=Id), bindparam("since", type_=UtcTime)
_NOW = bindparam("now", type_=UtcTime)
_ORDERS = (
    select(func.count())
    .select_from(Order)
    .where(Order.customer_id == _CUSTOMER, or_(Order.placed_at.is_(None), Order.placed_at <= _NOW))
)
_PAST = select(
    _ORDERS.scalar_subquery(),
    _ORDERS.where(Order.placed_at >= _SINCE).scalar_subquery(),
    select(func.count(Return.order_id.distinct()))
    .where(Return.customer_id == _CUSTOMER, Return.created_at.between(_SINCE, _NOW), Return.status.in_(HOLDING))
    .scalar_subquery(),
    select(func.count())
    .select_from(Claim)
    .where(
        Claim.customer_id == _CUSTOMER,
        Claim.created_at.between(_SINCE, _NOW),
        Claim.id != bindparam("without", type_=Id),
    )
    .scalar_subquery(),
)
"""Orders, those of the last year, its returns and its claims: one question, built once, as every decision asks it.

What came later does not count: a past day is asked about as well."""


def of(
    session: Session, customer_id: str | None, now: datetime, *, order: Order | None = None, without: str | None = None
) -> CustomerFacts:
    """Of an order's customer, or of one by themselves; those of nobody where the shop knows none.

    `without`: a claim that is not counted, for it is what is decided about.
    """
    if customer_id is None:
        return CustomerFacts()
    asked = {"customer": customer_id, "since": now - YEAR, "now": now, "without": without or ""}
    orders, lately, returns, claims = session.execute(_PAST, asked).one()
    sent = order or _newest(session, customer_id)
    return CustomerFacts(
        orders=orders,
        returns=returns,
        return_rate=min(100, 100 * returns // lately) if lately else 0,
        claims=claims,
        accounts_on_address=1 if sent is None else _accounts(session, sent),
    )


def _newest(session: Session, customer_id: str) -> Order | None:
    return session.scalar(
        select(Order).where(Order.customer_id == customer_id).order_by(Order.placed_at.desc()).limit(1)
    )


def _accounts(session: Session, order: Order) -> int:
    """Customers whose orders went to the same street and number, as far as blanks and case tell."""
    address: dict[str, str | None] = order.snapshot.get("shipping_address") or {}
    street = _street(address.get("address1"))
    if order.postal_key is None or not street:
        return 1
    rows = session.execute(
        select(Order.customer_id, Order.snapshot["shipping_address"]["address1"].as_string())
        .where(
            Order.store_id == order.store_id,
            Order.livemode == order.livemode,
            Order.postal_key == order.postal_key,
            Order.customer_id.is_not(None),
        )
        .order_by(Order.id.desc())
        .limit(NEIGHBORS)
    )
    return max(1, len({customer for customer, address in rows if _street(address) == street}))


def _street(text: str | None) -> str:
    return " ".join((text or "").casefold().split())
