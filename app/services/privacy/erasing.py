"""Erase a person: every row of theirs is reduced to what must be kept, or goes; what was erased stays away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.database import insert_missing
from app.errors import CustomerNotFound
from app.models.approvals import Confirmation
from app.models.connections import TicketLink
from app.models.customers import Customer
from app.models.erasures import Erasure
from app.models.orders import Order
from app.models.records import AuditRow
from app.models.stores import Store
from app.models.tickets import Ticket
from app.services import audit, customers, events, tickets, tombstones
from app.services.callers import Caller
from app.services.privacy import open_effects, rows
from app.services.privacy.coverage import HELD
from app.services.privacy.person import Person, gather

TENDED = timedelta(hours=1)
"""For so long after an erasure what a request that began before it has written is erased, too."""


def erase(session: Session, caller: Caller, ref: str) -> dict[str, Any]:
    """The statement: what was erased, what is kept and why; the same again for a person who was erased before.

    Raises `customer_not_found`, and `erasure_too_early` while something of theirs has not ended.
    """
    store = session.get_one(Store, caller.store_id)
    known = _before(session, caller, ref)
    if known is not None:
        return known
    customer = customers.get(session, caller, ref)
    session.get_one(Customer, customer.id, with_for_update=True)
    known = _before(session, caller, customer.id)  # a rival was faster
    if known is not None:
        return known
    person = gather(session, store, customer)
    open_effects.refuse(person)
    named = _named(person)
    counted = _erase(session, person)
    at = clock.now()
    statement = {
        "id": customer.id,
        "livemode": customer.livemode,
        "erased_at": clock.rfc3339(at),
        "erased": counted,
        "kept": _kept(person),
    }
    _bury(session, person, named, statement)
    session.refresh(customer)
    events.record(session, "customer.erased", customer, customers.view(customer))
    audit.write(
        session,
        action="customer.erased",
        subject_type="customer",
        subject_id=customer.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"rows": sum(counted.values())},
        request_id=caller.request_id,
    )
    return statement


def tend(session: Session) -> int:
    """Erase what requests have written since that had read it before; how many persons."""
    lately = select(Erasure).where(Erasure.statement.is_not(None), Erasure.at > clock.now() - TENDED)
    again = 0
    for row in session.scalars(lately).all():
        customer = session.get(Customer, row.customer_id)
        if customer is None or not _back(session, customer):
            continue
        person = gather(session, session.get_one(Store, row.store_id), customer)
        named = _named(person)
        _erase(session, person)
        _bury(session, person, named, None)
        again += 1
    return again


def _back(session: Session, customer: Customer) -> bool:
    if any((customer.external_id, customer.email, customer.phone, customer.name, customer.addresses)):
        return True
    told = or_(Order.email_key.is_not(None), Order.phone_key.is_not(None), Order.postal_key.is_not(None))
    return session.scalar(select(Order.id).where(Order.customer_id == customer.id, told).limit(1)) is not None


# ---- tombstones ----------------------------------------------------------------------------------------------------


def _before(session: Session, caller: Caller, ref: str) -> dict[str, Any] | None:
    """What was answered when they were erased; by our id or the shop's."""
    names = [tombstones.key(caller.store, kind, ref) for kind in ("person", "customer")]
    found = next(iter(tombstones.find(session, caller, *names).values()), None)
    if found is None:
        return None
    if found.statement is None and _lives(session, caller, ref):
        return None  # bought again since, by the same account
    own = tombstones.key(caller.store, "person", found.customer_id)
    row = tombstones.find(session, caller, own).get(own)
    if row is None or row.statement is None:
        raise CustomerNotFound
    return row.statement


def _lives(session: Session, caller: Caller, ref: str) -> bool:
    query = select(Customer.id).where(
        Customer.store_id == caller.store_id, Customer.livemode == caller.livemode, Customer.external_id == ref
    )
    return session.scalar(query) is not None


def _named(person: Person) -> set[str]:
    """The names of the tombstones: of the person, and of what the shop or a guest may bring back."""
    store, found = person.store, set[str]()
    for row in person.rows[Customer.__tablename__]:
        found.add(tombstones.key(store, "person", str(row["id"])))
        if row["external_id"] is not None:
            found.add(tombstones.key(store, "customer", str(row["external_id"])))
        if row["email_key"] is not None:
            found.add(tombstones.key(store, "email", str(row["email_key"])))
    found |= {tombstones.key(store, "order", str(row["external_id"])) for row in person.rows[Order.__tablename__]}
    found |= {tombstones.key(store, "ticket", str(row["id"])) for row in person.rows[Ticket.__tablename__]}
    return found | {
        tombstones.key(store, f"ticket:{row['connection_id']}", str(row["external_id"]))
        for row in person.rows[TicketLink.__tablename__]
    }


def _bury(session: Session, person: Person, named: Iterable[str], statement: dict[str, Any] | None) -> None:
    own = tombstones.key(person.store, "person", person.customer_id)
    key = {"store_id": person.store.id, "livemode": person.livemode}
    for name in sorted({*named, own}):
        said = statement if name == own else None
        row = {**key, "key": name, "customer_id": person.customer_id, "at": clock.now(), "statement": said}
        if not insert_missing(session, Erasure, row) and statement is not None:  # erased once more
            there = and_(Erasure.store_id == key["store_id"], Erasure.livemode == person.livemode, Erasure.key == name)
            session.execute(update(Erasure).where(there).values(customer_id=person.customer_id, at=row["at"]))


# ---- rows ----------------------------------------------------------------------------------------------------------


def _erase(session: Session, person: Person) -> dict[str, int]:
    """Reduce or delete every row; how many, by table. Gathered anew: what this writes of the person is theirs."""
    _close_tickets(session, person)
    rows.drop_texts(session, person)
    session.flush()
    customer = session.get_one(Customer, person.customer_id)
    session.refresh(customer)
    told = gather(session, person.store, customer, person)
    rows.reduce_all(session, told)
    session.execute(
        delete(Confirmation).where(Confirmation.store_id == person.store.id, Confirmation.livemode == person.livemode)
    )
    session.expire_all()
    return {held.name: len(told.rows[held.name]) for held in HELD if (held.erase or held.gone) and told.rows[held.name]}


def _close_tickets(session: Session, person: Person) -> None:
    """Nobody goes on in them: a message that comes later is another conversation."""
    for row in person.rows[Ticket.__tablename__]:
        if row["status"] != "closed":
            ticket = session.get_one(Ticket, row["id"], with_for_update=True)
            ticket.snoozed_until = None
            tickets.change(session, ticket, {"status": "closed"})


# ---- the statement -------------------------------------------------------------------------------------------------


def _kept(person: Person) -> list[dict[str, Any]]:
    kept = [
        {"what": held.name, "rows": len(person.rows[held.name]), "why": held.kept}
        for held in HELD
        if held.kept and person.rows[held.name]
    ]
    sealed = _sealed_whole(person)
    why = "Sealed before evidence could be erased apart from its chain; to change it would break the record."
    return [*kept, {"what": "audit_log.evidence", "rows": sealed, "why": why}] if sealed else kept


def _sealed_whole(person: Person) -> int:
    trail = person.rows[AuditRow.__tablename__]
    return sum(1 for row in trail if row["number"] is not None and row["evidence_digest"] is None)
