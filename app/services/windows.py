"""Return windows that a person lets stay open until a date, for an order or for one of its lines."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import Forbidden, Invalid, ItemNotInOrder
from app.models.credits import WindowExtension
from app.models.orders import Order, OrderLine
from app.services import audit, decisions, events, guard_facts, orders
from app.services.callers import Caller
from app.services.order_views import lines_of, named, order_view
from app.services.return_specs import LineSpec

LONGEST = timedelta(days=3650)


def extend(session: Session, caller: Caller, order_id: str, line: str | None, until: datetime) -> WindowExtension:
    """Let the window of the order, or of one `line`, stay open until then; the longest that was granted counts.

    Only the store does it. Raises `validation_failed` for a date that is past or more than ten years away.
    """
    if not caller.is_merchant:
        raise Forbidden("Only the store may do that.")
    order = orders.get(session, caller, order_id, lock=True)
    now = clock.now()
    if not now < until <= now + LONGEST:
        raise Invalid("The window can stay open until a day within the next ten years.")
    known = {row.id: row for row in lines_of(session, order)}
    line_id = None if line is None else named(known.values(), [line])[0]
    if line_id is not None and line_id not in known:
        raise ItemNotInOrder
    extension = WindowExtension(
        id=ids.new("wex"),
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=now,
        order_id=order.id,
        line_id=line_id,
        until=until,
        actor=caller.actor(),
    )
    _guard(session, caller, order, None if line_id is None else known[line_id], now)
    session.add(extension)
    session.flush()
    told = {"line": line_id, "until": clock.rfc3339(until)}
    events.record(session, "order.window_extended", order, {**order_view(session, order), "extension": told})
    audit.write(
        session,
        action="order.window_extended",
        subject_type="order",
        subject_id=order.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence=told,
        request_id=caller.request_id,
    )
    return extension


def _guard(session: Session, caller: Caller, order: Order, line: OrderLine | None, now: datetime) -> None:
    """Whether the window may be extended; raises where the answer is no."""
    lines = None if line is None else (LineSpec(line.id, line.quantity),)
    facts = guard_facts.of_order(session, caller, order, "extend_window", lines=lines, at=now)
    decisions.enforce(decisions.decide(session, caller, facts, subject=("order", order.id)))
