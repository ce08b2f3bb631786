"""All rows of one person, found downwards through `coverage.HELD`: each table's rows lead to those of the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import ColumnElement, String, Table, Text, and_, or_, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from app.models.connections import InboundDelivery
from app.models.customers import Customer
from app.models.orders import Order
from app.models.stores import Store
from app.models.tickets import Ticket
from app.models.webhooks import WebhookEndpoint
from app.services.privacy.coverage import HELD, Held

AT_ONCE = 200
"""Ids in one question."""
SHORTEST = 6
"""Characters of a name that it is looked for by in what connected systems sent."""
Row = Mapping[Any, Any]


@dataclass(slots=True)
class Person:
    """A customer with all that is held of them."""

    store: Store
    livemode: bool
    customer_id: str
    ids: dict[str, set[str]] = field(default_factory=lambda: defaultdict[str, set[str]](set))
    """By kind; `any`: all of ours together."""
    rows: dict[str, list[Row]] = field(default_factory=dict[str, list[Row]])
    """By table."""
    emails: set[str] = field(default_factory=set[str])
    phones: set[str] = field(default_factory=set[str])
    names: set[str] = field(default_factory=set[str])


def gather(session: Session, store: Store, customer: Customer, before: Person | None = None) -> Person:
    """Every row of the customer in every table of `HELD`; of their store and mode alone.

    `before`: what was gathered before some of it was deleted: what hangs on that is found as well.
    """
    person = Person(store, customer.livemode, customer.id)
    if before is not None:
        person.ids.update({kind: set(ids) for kind, ids in before.ids.items()})
    person.ids["customer"].add(customer.id)
    _fill(session, person, HELD)
    return person


def gather_ticket(session: Session, store: Store, ticket: Ticket) -> Person:
    """The rows of one conversation alone: what was said in it, sent with it and told of it."""
    person = Person(store, ticket.livemode, ticket.customer_id or "")
    person.ids["ticket"].add(ticket.id)
    person.ids["any"].add(ticket.id)
    _fill(session, person, [held for held in HELD if held.talk])
    return person


def _fill(session: Session, person: Person, tables: Iterable[Held]) -> None:
    for held in tables:
        keys = [column.name for column in _table(held).primary_key]
        rows = {tuple(row[name] for name in keys): row for row in _found(session, person, held)}
        person.rows[held.name] = list(rows.values())
        if held.kind:
            made = {str(row[held.makes]) for row in rows.values() if row[held.makes] is not None}
            person.ids[held.kind] |= made
            person.ids["any"] |= made if held.makes == "id" else set()
        if held.model is Customer:
            _learn(person, rows.values())


def _learn(person: Person, customers: Iterable[Row]) -> None:
    for row in customers:
        person.emails |= {row[name] for name in ("email", "email_key") if row[name]}
        person.phones |= {row[name] for name in ("phone", "phone_key") if row[name]}
        person.names |= {row["name"]} if row["name"] and len(row["name"]) >= SHORTEST else set()


def _table(held: Held) -> Table:
    return cast("Table", held.model.__table__)


def _found(session: Session, person: Person, held: Held) -> Iterable[Row]:
    table = _table(held)
    mine = [] if "store_id" not in table.c else [table.c.store_id == person.store.id]
    mine += [] if "livemode" not in table.c else [table.c.livemode == person.livemode]
    for column, kind in held.by.items():
        if column in table.c:
            for some in parts(person.ids[kind]):
                narrow = _by_endpoint(session, person, table) if column == "event_id" else []
                yield from session.execute(select(table).where(*mine, *narrow, table.c[column].in_(some))).mappings()
    for condition in _besides(person, held):
        yield from session.execute(select(table).where(*mine, condition)).mappings()


def _by_endpoint(session: Session, person: Person, table: Table) -> list[ColumnElement[bool]]:
    """Deliveries have an index by endpoint and event."""
    ours = select(WebhookEndpoint.id).where(WebhookEndpoint.store_id == person.store.id)
    return [table.c.endpoint_id.in_(session.scalars(ours).all())]


def parts(given: Iterable[str]) -> Iterable[list[str]]:
    """So many at once as one question takes."""
    ordered = sorted(given)
    return (ordered[at : at + AT_ONCE] for at in range(0, len(ordered), AT_ONCE))


def _besides(person: Person, held: Held) -> list[ColumnElement[bool]]:
    """What leads to the person by another way than an id of ours."""
    if held.model is Order:  # a guest's order, by the same address
        keys = [email for email in person.emails if email]
        return [and_(Order.customer_id.is_(None), Order.email_key.in_(keys))] if keys else []
    if held.model is Ticket:
        return _unproved(person)
    if held.model is InboundDelivery:
        return _sent_about(person)
    return []


def _unproved(person: Person) -> list[ColumnElement[bool]]:
    """Tickets of whoever named their address and proved nothing, and those about their orders that are nobody's."""
    found = [and_(Ticket.customer_id.is_(None), Ticket.order_id.in_(some)) for some in parts(person.ids["order"])]
    contact = sql_cast(Ticket.contact, Text)
    named = [contact.icontains(said, autoescape=True) for said in sorted(person.emails | person.phones)]
    return [*found, and_(Ticket.customer_id.is_(None), or_(*named))] if named else found


def _sent_about(person: Person) -> list[ColumnElement[bool]]:
    """What connected systems sent that came to a row of the person's, or names them."""
    document, outcome = sql_cast(InboundDelivery.document, Text), sql_cast(InboundDelivery.outcome, Text)
    said = sorted(person.emails | person.phones | person.names)
    named = [document.icontains(word, autoescape=True) for word in said]
    led: list[ColumnElement[bool]] = []
    for kind in ("ticket", "message", "order", "return", "label", "refund", "customer"):
        led += [
            or_(*(outcome.cast(String).contains(one, autoescape=True) for one in some))
            for some in parts(person.ids[kind])
        ]
    return [*([or_(*named)] if named else []), *led]
