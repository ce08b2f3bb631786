"""The two ledgers after the walk: the sandbox's and ours, held against each other to the cent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from app.database import Base
from app.models.operations import Operation
from app.models.orders import Order, OrderPayment
from app.models.records import Event
from app.models.refunds import Allocation, Cancellation, Refund, SpendCounter
from app.models.returns import Label, Return, ReturnLine
from app.models.tickets import Message, Ticket
from app.services import audit

Json = dict[str, Any]


@contextmanager
def session(url: str) -> Iterator[Session]:
    """A reader of the app's own tables; its connection ends with it, not when the collector comes by."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        with Session(engine) as reader:
            yield reader
    finally:
        engine.dispose()


def open_operations(db: Session) -> int:
    """How many effects have not ended."""
    return (
        db.scalar(select(func.count()).select_from(Operation).where(Operation.status.in_(("pending", "unknown")))) or 0
    )


def refunds_agree(db: Session, shop: Json) -> int:
    """Every payment's refunds are ours, one for one, with our key and amount; the cents that went back."""
    ours = Counter(
        db.execute(
            select(OrderPayment.external_id, Operation.provider_key, Allocation.amount)
            .join(Allocation, Allocation.payment_id == OrderPayment.id)
            .join(Operation, Operation.id == Allocation.operation_id)
            .where(Allocation.status == "succeeded")
        )
    )
    theirs = Counter(
        (refund["payment_id"], refund["key"], refund["amount"])
        for order in shop["orders"]
        for refund in order["refunds"]
        if refund["origin"] != "import"
    )
    assert ours == theirs
    assert set(ours.values()) <= {1}
    assert db.scalar(select(func.count()).select_from(Allocation).where(Allocation.status != "succeeded")) == 0
    amounts = db.execute(
        select(Refund.id, Refund.amount, func.sum(Allocation.amount)).join(Allocation).group_by(Refund.id)
    )
    assert all(whole == parts for _, whole, parts in amounts)
    return sum(amount for _, _, amount in ours)


def mirrors_agree(db: Session, shop: Json) -> None:
    """Each payment's captured and refunded sums, and each order's state, are the shop's own."""
    paid = {
        external_id: (captured, outside)
        for external_id, captured, outside in db.execute(
            select(OrderPayment.external_id, OrderPayment.captured, OrderPayment.refunded_outside)
        )
    }
    outside: defaultdict[str, int] = defaultdict(int)
    for order in shop["orders"]:
        for refund in order["refunds"]:
            outside[refund["payment_id"]] += refund["amount"] if refund["origin"] == "import" else 0
    theirs = {row["id"]: (row["amount"], outside[row["id"]]) for order in shop["orders"] for row in order["payments"]}
    assert paid == theirs
    states = dict(db.execute(select(Order.external_id, Order.status)).all())
    assert states == {order["id"]: order["status"] for order in shop["orders"]}


def cancellations_agree(db: Session, shop: Json, expected: set[str]) -> None:
    """The orders that we canceled are canceled there, each by one key of ours, and no other."""
    rows = db.execute(
        select(Order.external_id, Cancellation.status, Operation.provider_key)
        .join(Order, Order.id == Cancellation.order_id)
        .join(Operation, Operation.id == Cancellation.operation_id)
    ).all()
    assert {row.status for row in rows} == {"succeeded"}
    ours = {row.external_id: row.provider_key for row in rows}
    assert len(ours) == len(rows)
    theirs = {order["id"]: order["cancel_key"] for order in shop["orders"] if order.get("cancel_key")}
    assert ours == theirs
    assert set(ours) == expected


def labels_agree(db: Session, shop: Json, expected: dict[str, int]) -> None:
    """One return per delivered order with all of its lines, one live label per return, and none elsewhere."""
    returned = db.execute(
        select(Order.external_id, Return.id, func.sum(ReturnLine.quantity))
        .join(Order, Order.id == Return.order_id)
        .join(ReturnLine, ReturnLine.return_id == Return.id)
        .group_by(Order.external_id, Return.id)
    ).all()
    assert {row[0]: row[2] for row in returned} == expected
    assert len(returned) == len(expected)
    labels = db.execute(select(Label.return_id, Label.status, Label.external_id, Label.tracking_number)).all()
    assert sorted(row.return_id for row in labels) == sorted(row[1] for row in returned)
    assert {row.status for row in labels} == {"active"}
    theirs = {(row["id"], row["tracking_number"]) for row in shop["labels"]}
    assert {(row.external_id, row.tracking_number) for row in labels} == theirs
    assert len(theirs) == len(shop["labels"]) == len(labels)
    assert not any(row["voided_at"] for row in shop["labels"])


def messages_agree(db: Session, answered: dict[str, str]) -> None:
    """Every message is in the one ticket that its sender was told, and every ticket has one."""
    kept = dict(db.execute(select(Message.id, Message.ticket_id).where(Message.direction == "inbound")).all())
    assert kept == answered
    assert set(db.scalars(select(Ticket.id))) == set(answered.values())
    for ticket_id, count in db.execute(
        select(Message.ticket_id, func.count(func.distinct(Ticket.customer_id)))
        .join(Ticket, Ticket.id == Message.ticket_id)
        .group_by(Message.ticket_id)
    ):
        assert count == 1, ticket_id


def mails_agree(db: Session, mailbox: list[Json]) -> int:
    """Each reply by e-mail, each start of a return that no message asked for and each refund that was paid is in the
    mailbox once, and nothing else; how many there are.
    """
    sent = db.execute(select(Message.operation_id, Message.text, Message.delivery).where(Message.channel == "email"))
    replies = {row.operation_id: row.text for row in sent if row.operation_id is not None}
    assert replies.items() <= {mail["key"]: mail["text"] for mail in mailbox}.items()
    began = select(Return.id).join(Operation, Operation.id == Return.operation_id).where(Operation.message_id.is_(None))
    paid = select(Refund.id).where(Refund.status == "succeeded")
    told = {f"{name}.started" for name in db.scalars(began)} | {f"{name}.paid" for name in db.scalars(paid)}
    assert sorted(mail["key"] for mail in mailbox) == sorted([*replies, *told])
    return len(mailbox)


def events_are_whole(db: Session) -> int:
    """Every resource's events are numbered 1, 2, 3 … up to its own counter; how many there are."""
    counted: dict[str, list[int]] = defaultdict(list)
    for resource, sequence in db.execute(select(Event.resource_id, Event.sequence).order_by(Event.sequence)):
        counted[resource].append(sequence)
    for resource, numbers in counted.items():
        assert numbers == list(range(1, len(numbers) + 1)), resource
    counters = {
        row.id: row.event_sequence
        for table in Base.metadata.tables.values()
        if "event_sequence" in table.c
        for row in db.execute(select(table.c.id, table.c.event_sequence))
    }
    assert {name: number for name, number in counters.items() if number} == {
        name: len(numbers) for name, numbers in counted.items()
    }
    return sum(map(len, counted.values()))


def spending_agrees(db: Session) -> int:
    """What counts against the caps of a day, of customers and of orders is what automation paid back."""
    paid = db.scalar(select(func.sum(Refund.amount)).where(Refund.automated)) or 0
    sums = dict(db.execute(select(SpendCounter.scope, func.sum(SpendCounter.spent)).group_by(SpendCounter.scope)).all())
    assert sums == dict.fromkeys(("customer", "day", "order"), paid)
    return int(paid)


def audit_is_whole(db: Session) -> int:
    """Every row is sealed into a chain that fits; how many there are."""
    assert audit.unsealed(db) == 0
    count, broken = audit.verify(db)
    assert broken is None
    return count
