"""Returns: asked for, decided, written, and told to the shop once they are approved."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import Invalid, NoItems
from app.models.orders import Order
from app.models.returns import Return, ReturnLine
from app.services import (
    approvals,
    decisions,
    destinations,
    events,
    file_links,
    orders,
    return_fees,
    return_registrations,
    return_rulings,
    return_states,
    state_mails,
)
from app.services.callers import Caller
from app.services.order_views import lines_of, named
from app.services.policy.contract import Ruling
from app.services.return_rulings import Ruled
from app.services.return_specs import ReturnSpec
from app.services.return_states import KIND, move, view

RMA_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ALLOWED = Ruling(outcome="allow", policy_version="statutory")


def request(
    session: Session,
    caller: Caller,
    order_id: str,
    spec: ReturnSpec,
    *,
    statutory: bool = False,
    tell_shopper: bool = True,
    approved: bool = False,
) -> Return:
    """Decide on all lines at once and write the return: approved, or awaiting a person's yes.

    `statutory`: a withdrawal that was decided already, so that the return policy has no say in it.
    `approved`: what is made with it needs an approved one, so that `Asked` is raised where a person must say yes first.
    `tell_shopper`: False where a mail of the caller's own tells that the return has started.
    """
    order = orders.get(session, caller, order_id, lock=True)
    if not spec.lines:
        raise NoItems("Name at least one line.")
    if any(line.resolution == "exchange" for line in spec.lines):
        raise Invalid("What is exchanged goes into a request of its own, every line of it.")
    ours = named(lines_of(session, order), [line.line_id for line in spec.lines])
    lines = tuple(replace(line, line_id=line_id) for line, line_id in zip(spec.lines, ours, strict=True))
    spec = replace(spec, lines=lines)
    file_links.check(session, caller, order.customer_id, spec.files)
    if statutory:
        return write(
            session, caller, order, spec, Ruled(ALLOWED), told_to_shop=_expects(order), tell_shopper=tell_shopper
        )
    spec, ruled = rule(session, caller, order, spec)
    if approved and ruled.asks and ruled.decision is not None:
        raise decisions.Asked(ruled.decision)
    return write(session, caller, order, spec, ruled)


def rule(
    session: Session, caller: Caller, order: Order, spec: ReturnSpec, *, asked_at: datetime | None = None
) -> tuple[ReturnSpec, Ruled]:
    """The guard's word on a return whose lines are named by our ids; raises the refusal.

    With it the same return, its payment method by the shop's id.
    """
    kind: str | None = None
    to = "store_credit" if all(line.resolution == "store_credit" for line in spec.lines) else spec.destination
    if to == "payment_method":
        method = destinations.method(session, order, spec.payment_method_id)
        spec = replace(spec, payment_method_id=method.id or spec.payment_method_id)
        kind, to = method.kind, "original" if method.paid else to
    elif to == "store_credit":
        kind = "store_credit"
    ruled = return_rulings.decide(
        session,
        caller,
        order,
        spec.lines,
        destination="payment_method" if to == "payment_method" else "store_credit" if kind == to else "original",
        destination_kind=kind,
        method=spec.method,
        asked_at=asked_at,
    )
    return spec, ruled


def _expects(order: Order) -> bool:
    """Whether the shop could take a return of the order now: delivered, and none of it known there."""
    known = order.snapshot.get("return_requested") or order.snapshot.get("exchange_requested")
    return order.status == "delivered" and not known


def write(
    session: Session,
    caller: Caller,
    order: Order,
    spec: ReturnSpec,
    ruled: Ruled,
    *,
    with_exchange: Callable[[Return], dict[str, Any]] | None = None,
    told_to_shop: bool = True,
    tell_shopper: bool = True,
) -> Return:
    """Write what was decided, its lines named by our ids, in the transaction that holds the order's lock.

    `with_exchange` writes the exchange beside it, and gives the parameters that it was asked for with.
    """
    ruling = ruled.ruling
    return_ = _draft(session, caller, order, spec, ruling)
    exchange = None if with_exchange is None else with_exchange(return_)
    events.record(session, "return.requested", return_, view(session, return_))
    if ruling.outcome == "allow":
        _approve(session, caller, return_, told_to_shop=told_to_shop, tell_shopper=tell_shopper)
    else:
        approvals.open_for(
            session,
            caller,
            action="request_return" if exchange is None else "request_exchange",
            ruling=ruling,
            subject=(KIND, return_.id),
            order_id=order.id,
            parameters={"order": order.id, **(exchange or _parameters(spec))},
            decision_id=None if ruled.decision is None else ruled.decision.id,
        )
        move(session, return_, "awaiting_approval")
    return_states.note(
        session, caller, return_, "return.requested", {"outcome": ruling.outcome, "method": return_.method}
    )
    return return_


def _draft(session: Session, caller: Caller, order: Order, spec: ReturnSpec, ruling: Ruling) -> Return:
    """The return's row and its lines."""
    return_ = Return(
        id=ids.new("ret"),
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=clock.now(),
        rma=_rma(),
        order_id=order.id,
        customer_id=order.customer_id,
        ticket_id=session.info.get("ticket_id"),
        status="requested",
        method="keep" if ruling.keep_items else spec.method,
        destination=spec.destination,
        payment_method_id=spec.payment_method_id,
        actor=caller.actor(),
    )
    session.add(return_)
    session.flush()
    for line in spec.lines:
        session.add(
            ReturnLine(
                return_id=return_.id,
                line_id=line.line_id,
                quantity=line.quantity,
                reason=line.reason,
                note=line.note,
                resolution=line.resolution,
                files=list(line.files),
            )
        )
    session.flush()
    file_links.attach(session, caller, order.customer_id, spec.files, (KIND, return_.id))
    return_fees.note(return_, return_states.lines_in(session, return_.id), ruling)
    session.flush()
    return return_


def _parameters(spec: ReturnSpec) -> dict[str, Any]:
    """What was asked for, as the action takes it."""
    return {
        "lines": [{**asdict(line), "files": list(line.files)} for line in spec.lines],
        "destination": {"type": spec.destination, "payment_method_id": spec.payment_method_id},
        "method": spec.method,
    }


def approve(session: Session, caller: Caller, return_: Return, ruling: Ruling, method: str) -> None:
    """A person has said yes to what waited, and the guard to today's facts; its fee is today's.

    An exchange's stays what was told with its difference, as its prices do. `method`: how it was asked to come back,
    before any policy left the goods with the shopper.
    """
    if return_.exchange_id is None:
        return_fees.note(return_, return_states.lines_in(session, return_.id), ruling)
    return_.method = "keep" if ruling.keep_items else method
    _approve(session, caller, return_)
    return_states.note(session, caller, return_, "return.approve", {})


def _approve(
    session: Session, caller: Caller, return_: Return, *, told_to_shop: bool = True, tell_shopper: bool = True
) -> None:
    """The yes, and with it the one operation that has the shop expect the goods, and the mail that tells of it."""
    if told_to_shop:
        return_registrations.request(session, caller, return_)
    move(session, return_, "approved")
    if tell_shopper:
        state_mails.return_started(session, return_)


def _rma() -> str:
    """A short number for the label: 40 random bits, so that it cannot be guessed from the one before."""
    return "RMA-" + "".join(secrets.choice(RMA_ALPHABET) for _ in range(8))
