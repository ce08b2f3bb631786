"""What happened, in one list: every event, decision and operation of a ticket, or of a customer.

Ids hold the moment in which they were made, whatever they are of: without their prefix they are one order, and a place
in the list is such an id without its prefix.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Integer, String, and_, bindparam, literal, null, select, union_all
from sqlalchemy.orm import Session

from app.models.changes import Change
from app.models.claims import Claim
from app.models.credits import Credit
from app.models.customers import Customer
from app.models.exchanges import Exchange
from app.models.operations import Operation
from app.models.orders import Order
from app.models.records import Decision, Event
from app.models.refunds import Cancellation, Refund
from app.models.returns import Label, Return
from app.models.tickets import Message, Ticket
from app.models.withdrawals import Withdrawal
from app.services import deliveries

OWNED: dict[str, Any] = {
    "ticket": Ticket,
    "order": Order,
    "refund": Refund,
    "return": Return,
    "label": Label,
    "exchange": Exchange,
    "claim": Claim,
    "credit": Credit,
    "change": Change,
    "withdrawal": Withdrawal,
}
"""What a customer has, each with its own events, and what operations are about."""
NOT_THEIRS = ("message.noted", "ticket.sla_breached")
"""Events that are for the store's eyes."""
AFTER_ALL = "~"
PREFIX = 4
"""Characters before an id's moment: three letters and a line."""


def of_ticket(
    session: Session, ticket: Ticket, *, before: str | None, limit: int, store: bool = True
) -> list[dict[str, Any]]:
    """The newest `limit` things before the place `before`, newest first; a shopper sees the ticket's own events.

    Those of the tickets that were merged into it are its own, too. `store`: for the store's eyes, with notes,
    decisions, operations and the events of what they moved.
    """
    given = {"of": ticket.id, "before": before or AFTER_ALL, "limit": limit}
    return shown(session.connection().execute(statement(store=store), given).mappings(), limit)


def of_customer(session: Session, customer: Customer, *, before: str | None, limit: int) -> list[dict[str, Any]]:
    """The same of a customer: of their tickets, orders, returns, money, and of themselves."""
    given = {"of": customer.id, "before": before or AFTER_ALL, "limit": limit}
    return shown(session.connection().execute(_of_customer(), given).mappings(), limit)


def place(entry: dict[str, Any]) -> str:
    """Where an entry stands."""
    return entry["id"][PREFIX:]


# Each part is led by one index; what two of them find is shown once. An `or` over two of them would be a walk of the
# whole table on PostgreSQL.


@cache
def statement(*, store: bool) -> Any:
    """What happened to the ticket `of` before the place `before`, `limit` of each kind at most; see `of_ticket`."""
    own = (
        _events().where(Event.resource_id == bindparam("of")),
        _events().where(Event.resource_id.in_(select(_absorbed().c.id))),
    )
    if not store:
        return union_all(*(_newest(part.where(Event.type.not_in(NOT_THEIRS)), Event) for part in own))
    messages = select(Message.id).where(Message.ticket_id == bindparam("of"))
    asked = Operation.message_id.in_(messages)
    moved = select(Operation.subject_id).where(asked, Operation.kind != deliveries.KIND)
    return union_all(
        *(_newest(part, Event) for part in own),
        _newest(_events().where(Event.resource_id.in_(moved)), Event),
        _newest(_decisions().where(Decision.message_id.in_(messages)), Decision),
        _newest(_operations().where(asked), Operation),
        _newest(
            _operations().where(Operation.subject_type == "message", Operation.subject_id.in_(messages)), Operation
        ),
    )


def _absorbed() -> Any:
    """The tickets that go on in this one: what was said in them stands here, and so does that it was."""
    first = select(Ticket.id).where(Ticket.merged_into == bindparam("of")).cte("absorbed", recursive=True)
    return first.union(select(Ticket.id).join(first, Ticket.merged_into == first.c.id))


@cache
def _of_customer() -> Any:
    def of(model: Any) -> Any:
        return select(model.id).where(model.customer_id == bindparam("of"))

    messages = select(Message.id).where(Message.ticket_id.in_(of(Ticket)))
    owned = {
        **{kind: of(model) for kind, model in OWNED.items()},
        "customer": select(Customer.id).where(Customer.id == bindparam("of")),
        "cancellation": select(Cancellation.id).where(Cancellation.order_id.in_(of(Order))),
    }
    theirs = union_all(*owned.values())
    subjects = {**owned, "message": messages}
    return union_all(
        _newest(_events().where(Event.resource_id.in_(theirs)), Event),
        _newest(_decisions().where(Decision.order_id.in_(of(Order))), Decision),
        _newest(_decisions().where(Decision.message_id.in_(messages)), Decision),
        _newest(_operations().where(Operation.message_id.in_(messages)), Operation),
        *(_newest(_operations().where(_of(kind, ids)), Operation) for kind, ids in subjects.items()),
    )


def _of(kind: str, ids: Any) -> Any:
    return and_(Operation.subject_type == kind, Operation.subject_id.in_(ids))


def _newest(query: Any, model: Any) -> Any:
    """The first of a part, found by whose they are and put in order then: an order by id alone is a walk of the log."""
    prefix = {Event: "evt_", Decision: "dec_", Operation: "opr_"}[model]
    part = query.where(model.id < literal(prefix, String) + bindparam("before", type_=String)).cte()
    part = part.prefix_with("MATERIALIZED")
    return select(select(part).order_by(part.c.id.desc()).limit(bindparam("limit", type_=Integer)).subquery())


def _row(what: str, model: Any, kind: Any, of: tuple[Any, Any], *more: Any) -> Any:
    details = [value.label(f"detail_{at}") for at, value in enumerate([*more, *[null()] * (4 - len(more))])]
    return select(
        model.id,
        literal(what, String).label("what"),
        kind.label("type"),
        model.created_at,
        of[0].label("resource_type"),
        of[1].label("resource_id"),
        *details,
    )


def _events() -> Any:
    number = Event.sequence.cast(String)
    return _row("event", Event, Event.type, (Event.resource_type, Event.resource_id), number)


def _decisions() -> Any:
    kind = literal("decision.", String) + Decision.outcome
    more = (Decision.action, Decision.code, Decision.order_id)
    return _row("decision", Decision, kind, (Decision.subject_type, Decision.subject_id), *more)


def _operations() -> Any:
    kind = literal("operation.", String) + Operation.status
    more = (Operation.kind, Operation.provider, Operation.status)
    return _row("operation", Operation, kind, (Operation.subject_type, Operation.subject_id), *more)


_DETAILS = {"decision": ("action", "code", "order"), "operation": ("kind", "provider", "status"), "event": ()}


def shown(rows: Iterable[Any], limit: int) -> list[dict[str, Any]]:
    """The rows (mappings) of such a statement as the newest `limit` entries, newest first; times as they are."""
    found: dict[str, dict[str, Any]] = {
        row["id"]: {
            "id": row["id"],
            "what": row["what"],
            "type": row["type"],
            "at": row["created_at"],
            "resource": None
            if row["resource_id"] is None
            else {"type": row["resource_type"], "id": row["resource_id"]},
            "sequence": int(row["detail_0"]) if row["what"] == "event" else None,
            "details": {name: row[f"detail_{at}"] for at, name in enumerate(_DETAILS[row["what"]])},
        }
        for row in rows
    }
    return sorted(found.values(), key=place, reverse=True)[:limit]
