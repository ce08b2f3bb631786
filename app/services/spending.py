"""What automation has spent, reserved atomically against the caps per order, customer and day."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from app.database import insert_missing
from app.errors import LimitReached
from app.models.credits import Credit
from app.models.exchanges import Exchange
from app.models.orders import Order
from app.models.refunds import Refund, SpendCounter
from app.models.stores import Store
from app.services.policy.plain import Caps

SCOPES = ("customer", "day", "order")
"""Always taken in this order, so that two reservations never wait for each other in a circle."""
Spending = Refund | Credit | Exchange
"""What automation gives, and counts for."""


def scopes(store: Store, order: Order, at: datetime) -> dict[str, str]:
    """Which counters a refund of this order counts in; a day is the store's own."""
    day = at.astimezone(ZoneInfo(store.timezone)).date().isoformat()
    return {"order": order.id, "customer": order.customer_id or order.id, "day": day}


def spent(session: Session, order: Order, currency: str, ids: dict[str, str]) -> dict[str, int]:
    """Minor units reserved or paid so far, per scope."""
    counter = select(SpendCounter.scope, SpendCounter.spent).where(
        SpendCounter.store_id == order.store_id,
        SpendCounter.livemode == order.livemode,
        SpendCounter.currency == currency,
        tuple_(SpendCounter.scope, SpendCounter.scope_id).in_([(scope, ids[scope]) for scope in SCOPES]),
    )
    found: dict[str, int] = {scope: amount for scope, amount in session.execute(counter)}  # noqa: C416  a row is typed so
    return {scope: found.get(scope, 0) for scope in SCOPES}


def reserve(session: Session, order: Order, currency: str, amount: int, caps: Caps, ids: dict[str, str]) -> None:
    """Count `amount` in every scope; raises `limit_reached` where one cap would be passed, checked in the update."""
    if amount > caps.refund:
        raise LimitReached
    limits = {"order": caps.order, "customer": caps.customer, "day": caps.day}
    for scope in SCOPES:
        key = {
            "store_id": order.store_id,
            "livemode": order.livemode,
            "currency": currency,
            "scope": scope,
            "scope_id": ids[scope],
        }
        insert_missing(session, SpendCounter, {**key, "spent": 0})
        done = session.execute(
            update(SpendCounter)
            .where(*(getattr(SpendCounter, name) == value for name, value in key.items()))
            .where(SpendCounter.spent + amount <= limits[scope])
            .values(spent=SpendCounter.spent + amount)
            .returning(SpendCounter.spent)
            .execution_options(synchronize_session=False)
        ).first()
        if done is None:
            raise LimitReached


def release(session: Session, given: Spending, amount: int) -> None:
    """Give back what a failed or canceled part of what automation gave had reserved, where it was taken."""
    _count(session, given, -amount)


def take_again(session: Session, given: Spending, amount: int) -> None:
    """Count what was given back and has left all the same; also beyond a cap, for it is gone."""
    _count(session, given, amount)


def _count(session: Session, given: Spending, amount: int) -> None:
    """The order may be another customer's by now, the store in another time zone: what was given says where."""
    ids = {"order": given.order_id, "customer": given.customer_id or given.order_id, "day": given.spending_day}
    for scope in SCOPES:
        session.execute(
            update(SpendCounter)
            .where(
                SpendCounter.store_id == given.store_id,
                SpendCounter.livemode == given.livemode,
                SpendCounter.currency == given.currency,
                SpendCounter.scope == scope,
                SpendCounter.scope_id == ids[scope],
            )
            .values(spent=SpendCounter.spent + amount)
            .execution_options(synchronize_session=False)
        )
