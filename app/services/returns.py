"""Returns: asked for, decided, told to the shop, sent, received, inspected, completed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import Forbidden, Invalid, ItemNotInOrder, NoItems, ReturnNotFound, ReturnNotInState
from app.models.exchanges import Exchange
from app.models.orders import Order
from app.models.returns import MOVES, Return, ReturnLine
from app.services import (
    approvals,
    audit,
    destinations,
    events,
    exchange_payments,
    orders,
    refund_approvals,
    return_registrations,
    return_rulings,
    state_mails,
)
from app.services.callers import Caller
from app.services.order_views import lines_of, named
from app.services.orders import Ledgers
from app.services.policy.contract import Ruling
from app.services.refund_quotes import RefundSpec
from app.services.return_rulings import Ruled
from app.services.return_specs import LineSpec, ReturnSpec
from app.services.return_states import lines_in, live_label, move, view

__all__ = [
    "KIND",
    "WAITING",
    "LineSpec",
    "ReturnSpec",
    "approve",
    "change",
    "complete",
    "get",
    "lines_in",
    "live_label",
    "move",
    "request",
    "rule",
    "view",
    "write",
]

KIND = "return"
WAITING = ("requested", "awaiting_approval")
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
) -> Return:
    """Decide on all lines at once and write the return: approved, or awaiting a person's yes.

    `statutory`: a withdrawal that was decided already, so that the return policy has no say in it.
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
    if statutory:
        return write(
            session, caller, order, spec, Ruled(ALLOWED), told_to_shop=_expects(order), tell_shopper=tell_shopper
        )
    spec, ruled = rule(session, caller, order, spec)
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
        fee=ruling.fee or None,
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
    _audit(session, caller, return_, "return.requested", {"outcome": ruling.outcome})
    return return_


def _parameters(spec: ReturnSpec) -> dict[str, Any]:
    """What was asked for, as the action takes it."""
    return {
        "lines": [{**asdict(line), "files": list(line.files)} for line in spec.lines],
        "destination": {"type": spec.destination, "payment_method_id": spec.payment_method_id},
        "method": spec.method,
    }


def approve(session: Session, caller: Caller, return_: Return, ruling: Ruling) -> None:
    """A person has said yes to what waited, and the guard to today's facts; its fee is today's."""
    return_.fee = ruling.fee or None
    if ruling.keep_items:
        return_.method = "keep"
    _approve(session, caller, return_)
    _audit(session, caller, return_, "return.approve", {})


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


# ---- what the store does ----------------------------------------------------------------------------------------


def change(
    session: Session, caller: Caller, return_id: str, verb: str, lines: Sequence[tuple[str, int | str]]
) -> Return:
    """receive, inspect or cancel; a shopper may only cancel their own. What waits is decided in `return_approvals`."""
    if verb != "cancel" and not caller.is_merchant:
        raise Forbidden("Only the store may do that.")
    get(session, caller, return_id)
    if verb == "cancel":  # the question first, as whoever answers it takes the locks
        approvals.drop(session, KIND, return_id, caller.actor())
    return_ = get(session, caller, return_id, lock=True)
    session.refresh(return_)
    if verb == "receive":
        _receive(session, return_, lines)
    elif verb == "inspect":
        _inspect(session, return_, lines)
    if verb == "cancel" and live_label(session, return_.id) is not None:
        raise ReturnNotInState("Void the return's label first.")
    move(session, return_, {"receive": "received", "inspect": "inspected"}.get(verb, "canceled"))
    if verb == "cancel":
        return_registrations.withdraw(session, caller, return_)
    _audit(session, caller, return_, f"return.{verb}", {"lines": [list(line) for line in lines]})
    return return_


def _receive(session: Session, return_: Return, lines: Sequence[tuple[str, int | str]]) -> None:
    rows = {row.line_id: row for row in lines_in(session, return_.id)}
    named_ones = dict(_by_our_ids(session, return_, lines))
    counted = named_ones or {row.line_id: row.quantity for row in rows.values()}
    for line_id, quantity in counted.items():
        if line_id not in rows:
            raise ItemNotInOrder("A line is not in this return.")
        if int(quantity) > rows[line_id].quantity:
            raise ItemNotInOrder("More of a line than this return has.")
        rows[line_id].received_quantity = int(quantity)


def _by_our_ids(
    session: Session, return_: Return, lines: Sequence[tuple[str, int | str]]
) -> list[tuple[str, int | str]]:
    """The lines by our ids, named by them or by the shop's own, each once."""
    order = session.get_one(Order, return_.order_id)
    ours = named(lines_of(session, order), [ref for ref, _ in lines])
    return [(line_id, said) for line_id, (_, said) in zip(ours, lines, strict=True)]


def _inspect(session: Session, return_: Return, lines: Sequence[tuple[str, int | str]]) -> None:
    rows = {row.line_id: row for row in lines_in(session, return_.id)}
    for line_id, condition in _by_our_ids(session, return_, lines):
        if line_id not in rows:
            raise ItemNotInOrder("A line is not in this return.")
        rows[line_id].condition = str(condition)


def complete(session: Session, caller: Caller, return_id: str, said: Ledgers, *, pay: bool) -> Return:
    """End the return; with `pay` what arrived is refunded in the same transaction, or waits there for persons."""
    if not caller.is_merchant:
        raise Forbidden("Only the store may do that.")
    return_ = get(session, caller, return_id, lock=True)
    if "completed" not in MOVES[return_.status]:
        raise ReturnNotInState(f"A return that is {return_.status} cannot become completed.")
    rows = lines_in(session, return_.id)
    keeps = return_.method == "keep"
    arrived = {row.line_id: row.quantity if keeps else row.received_quantity for row in rows}
    if return_.exchange_id is not None:
        exchange = session.get_one(Exchange, return_.exchange_id, with_for_update=True)
        exchange_payments.complete(session, caller, exchange, arrived, said, pay=pay)
        return_.refund_id = exchange.refund_id
    elif pay:
        _pay_back(session, caller, return_, rows, arrived, said)
    move(session, return_, "completed")
    _audit(session, caller, return_, "return.completed", {"refund": return_.refund_id})
    return return_


def _pay_back(
    session: Session,
    caller: Caller,
    return_: Return,
    rows: Sequence[ReturnLine],
    arrived: dict[str, int],
    said: Ledgers,
) -> None:
    """Refund what arrived less the policy's fee: some lines as credit, the others where the return says."""
    credit = "store_credit"
    as_credit = {row.line_id for row in rows if row.resolution == credit}
    rest = tuple((line, count) for line, count in arrived.items() if count and line not in as_credit)
    credited = tuple((line, count) for line, count in arrived.items() if count and line in as_credit)
    fee = return_.fee or 0
    # Its reasons stand on the return; a refund's are the policy's own list.
    to = RefundSpec(rest, destination=return_.destination, payment_method_id=return_.payment_method_id, keep_back=fee)
    back = _refund(session, caller, return_, to, said) if rest else None
    given = RefundSpec(credited, destination=credit, keep_back=0 if rest else fee)
    as_credited = _refund(session, caller, return_, given, said) if credited else None
    return_.refund_id = back or as_credited
    return_.credit_refund_id = as_credited if back else None


def _refund(session: Session, caller: Caller, return_: Return, spec: RefundSpec, said: Ledgers) -> str | None:
    """The refund, or the one that waits for a person: the goods are here whatever becomes of it."""
    try:
        return refund_approvals.request(session, caller, return_.order_id, said, spec, return_id=return_.id).id
    except NoItems:
        if not spec.keep_back:
            raise
        return None  # the fee takes all of it


def _audit(session: Session, caller: Caller, return_: Return, action: str, evidence: dict[str, Any]) -> None:
    audit.write(
        session,
        action=action,
        subject_type="return",
        subject_id=return_.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence=evidence,
        request_id=caller.request_id,
    )


# ---- reading ----------------------------------------------------------------------------------------------------


def get(session: Session, caller: Caller, return_id: str, *, lock: bool = False) -> Return:
    """The return, or `return_not_found` where this caller has none such."""
    query = select(Return).where(
        Return.id == return_id, Return.store_id == caller.store_id, Return.livemode == caller.livemode
    )
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None or (caller.shopper is not None and found.customer_id != caller.shopper):
        raise ReturnNotFound
    return found
