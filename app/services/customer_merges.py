"""Two customers who are one person become one: what hangs on the first hangs on the second from then on.

The shop keeps its two accounts. Whatever it tells of the absorbed one goes to the one who absorbed it.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from app import clock
from app.database import Base, insert_missing
from app.errors import CustomerMerged, Invalid
from app.models.customers import Customer
from app.models.erasures import Erasure
from app.models.orders import Order
from app.models.refunds import SpendCounter
from app.models.storefronts import ShopperSession
from app.services import audit, customers, events
from app.services.callers import Caller

TENDED = timedelta(days=1)
"""For so long after a merge what a request that began before it has written is brought along."""


def merge(session: Session, caller: Caller, ref: str, into: str) -> Customer:
    """Bring all that is `ref`'s to `into`; the one who goes on.

    Orders, tickets, returns, refunds, credits, files and what automation has spent move; the absorbed one's sessions
    end. Raises `customer_not_found`, and `customer_merged` where one of them was absorbed before, so that there are no
    circles.
    """
    asked = {one: customers.row(session, caller, one).id for one in (ref, into)}
    if asked[ref] == asked[into]:
        fault = {"pointer": "/into", "code": "same_customer", "detail": "must be another customer"}
        raise Invalid("A customer is not merged into themselves.", errors=[fault])
    # In the order of the ids, so that two merges of the same pair wait for each other and do not lock each other out.
    held = {one: session.get_one(Customer, one, with_for_update=True) for one in sorted(asked.values())}
    source, target = held[asked[ref]], held[asked[into]]
    if source.merged_into is not None or target.merged_into is not None:
        raise CustomerMerged
    # Whoever is signed in as the absorbed one proves themselves anew before they see what is the other's.
    ended = update(ShopperSession).where(ShopperSession.customer_id == source.id, ShopperSession.status == "active")
    session.execute(ended.values(expires_at=clock.now()))
    _move(session, source, target.id)
    session.execute(update(Customer).where(Customer.merged_into == source.id).values(merged_into=target.id))
    source.merged_into = target.id
    source.updated_at = target.updated_at = clock.now()
    session.flush()
    events.record(session, "customer.merged", source, customers.view(source), previous={"merged_into": None})
    events.record(session, "customer.absorbed", target, {**customers.view(target), "absorbed": source.id})
    audit.write(
        session,
        action="customer.merged",
        subject_type="customer",
        subject_id=source.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"into": target.id},
        request_id=caller.request_id,
    )
    return target


def tend(session: Session) -> None:
    """Bring along what was written for the absorbed by requests that had read them before."""
    lately = Customer.updated_at > clock.now() - TENDED
    for source in session.scalars(select(Customer).where(Customer.merged_into.is_not(None), lately).limit(1000)):
        _move(session, source, str(source.merged_into))


def _tables() -> list[Table]:
    """Whatever names a customer, orders first: their locks are what reservations of money wait for."""
    named = [table for table in Base.metadata.sorted_tables if "customer_id" in table.c]
    found = [table for table in named if table.name != Erasure.__tablename__]  # a tombstone is of whom it was
    return sorted(found, key=lambda table: table.name != Order.__tablename__)


def _move(session: Session, source: Customer, target_id: str) -> None:
    for table in _tables():
        moved = update(table).where(table.c.customer_id == source.id).values(customer_id=target_id)
        session.execute(moved)
    _add_spending(session, source, target_id)
    session.expire_all()  # what was read of them is another's now


def _add_spending(session: Session, source: Customer, target_id: str) -> None:
    """What automation has spent on the one counts for the other, so that two accounts do not have two caps."""
    key = {"store_id": source.store_id, "livemode": source.livemode, "scope": "customer"}
    of = [getattr(SpendCounter, name) == value for name, value in key.items()]
    taken = delete(SpendCounter).where(*of, SpendCounter.scope_id == source.id)
    for currency, spent in session.execute(taken.returning(SpendCounter.currency, SpendCounter.spent)).all():
        theirs = {**key, "currency": currency, "scope_id": target_id}
        insert_missing(session, SpendCounter, {**theirs, "spent": 0})
        counter = update(SpendCounter).where(*of, SpendCounter.currency == currency, SpendCounter.scope_id == target_id)
        session.execute(counter.values(spent=SpendCounter.spent + spent).execution_options(synchronize_session=False))
