"""Return windows that a person lets stay open until a date, for an order or for one of its lines."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import Forbidden, Invalid, ItemNotInOrder
from app.models.credits import WindowExtension
from app.models.orders import Order
from app.services import audit, decisions, events, orders
from app.services.callers import Caller
from app.services.order_views import lines_of, named, order_view
from app.services.policy.contract import Facts

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
    known = lines_of(session, order)
    line_id = None if line is None else named(known, [line])[0]
    if line_id is not None and line_id not in {row.id for row in known}:
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
    _guard(session, caller, order, now)
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


def _guard(session: Session, caller: Caller, order: Order, now: datetime) -> None:
    """Whether the window may be extended; raises where the answer is no."""
    facts = Facts(
        action="extend_window",
        actor=decisions.actor_kind(caller),
        proof=caller.proof,
        now=now,
        order_status=order.status,
        placed_at=order.placed_at,
        delivered_at=order.delivered_at,
    )
    decisions.enforce(decisions.decide(session, caller, facts, subject=("order", order.id)))


def extended(session: Session, order_id: str) -> dict[str | None, datetime]:
    """The latest date granted per line id; None stands for every line of the order."""
    found: dict[str | None, datetime] = {}
    rows = session.execute(
        select(WindowExtension.line_id, WindowExtension.until).where(WindowExtension.order_id == order_id)
    )
    for line_id, until in rows:
        found[line_id] = max(until, found.get(line_id, until))
    return found


def until(granted: dict[str | None, datetime], line_id: str) -> datetime | None:
    """Until when a person lets this line come back; None where nobody said so."""
    return max((moment for key, moment in granted.items() if key in {None, line_id}), default=None)
