"""What becomes of goods that come back: received, inspected, and the return completed and paid; or canceled before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from app.errors import AlreadyReturned, Forbidden, ItemNotInOrder, NoItems, ReturnNotInState
from app.models.exchanges import Exchange
from app.models.orders import Order
from app.models.returns import MOVES, Return, ReturnLine
from app.services import (
    approvals,
    events,
    exchange_payments,
    exchange_trust,
    instant_refunds,
    refund_approvals,
    refunds,
    return_fees,
    return_inspections,
    return_overdue,
    return_registrations,
    return_states,
    withdrawal_delivery,
)
from app.services.callers import Caller
from app.services.ledgers import Ledger
from app.services.order_views import lines_of, named
from app.services.orders import Ledgers
from app.services.refund_quotes import RefundSpec
from app.services.return_states import KIND, lines_in, live_labels, move

HERE = ("received", "inspected")
"""Statuses in which something of it has arrived."""


def change(
    session: Session, caller: Caller, return_id: str, verb: str, lines: Sequence[tuple[str, int | str]]
) -> Return:
    """receive, inspect or cancel; a shopper may only cancel their own. What waits is decided in `return_approvals`."""
    if verb != "cancel" and not caller.is_merchant:
        raise Forbidden("Only the store may do that.")
    return_states.get(session, caller, return_id)
    if verb == "cancel":  # the question first, as whoever answers it takes the locks
        approvals.drop(session, KIND, return_id, caller.actor())
    return_ = return_states.get(session, caller, return_id, lock=True)
    session.refresh(return_)
    if verb == "receive" and return_.status in HERE:
        return _receive_more(session, caller, return_, lines)
    if verb == "inspect" and return_.status == "inspected":
        return _inspect_again(session, caller, return_, lines)
    if verb in {"receive", "cancel"}:
        instant_refunds.drop_questions(session, caller, return_)
    if verb == "receive":
        _come_late(session, return_)
        _receive(session, return_, lines)
    elif verb == "inspect":
        _inspect(session, return_, lines)
    if verb == "cancel" and live_labels(session, return_.id):
        raise ReturnNotInState("Void the return's label first.")
    if verb == "cancel" and instant_refunds.paid(session, return_):
        raise ReturnNotInState("Money of this return has gone back already: it is completed, not canceled.")
    move(session, return_, {"receive": "received", "inspect": "inspected"}.get(verb, "canceled"))
    if verb == "cancel":
        return_registrations.withdraw(session, caller, return_)
    return_states.note(session, caller, return_, f"return.{verb}", {"lines": [list(line) for line in lines]})
    return return_


def _come_late(session: Session, return_: Return) -> None:
    """What was not waited for any longer may arrive all the same, unless it has gone another way meanwhile."""
    if return_.status != "expired":
        return
    if return_.approved_at is None or return_.exchange_id is not None:
        raise ReturnNotInState("A return that is expired cannot become received: nobody said yes, or it was exchanged.")
    order = session.get_one(Order, return_.order_id, with_for_update=True)
    ledger = Ledger.of(session, order)
    known = {line.id: line for line in lines_of(session, order)}
    for row in lines_in(session, return_.id):
        held = ledger.returned.get(row.line_id, 0) + ledger.refunded_apart.get(row.line_id, 0)
        if held + row.quantity > known[row.line_id].quantity:
            raise AlreadyReturned


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


def _receive_more(session: Session, caller: Caller, return_: Return, lines: Sequence[tuple[str, int | str]]) -> Return:
    """Another parcel of a return of which some has arrived: what is named, else all that was missing, is added."""
    rows = {row.line_id: row for row in lines_in(session, return_.id)}
    missing = {line_id: row.quantity - row.received_quantity for line_id, row in rows.items()}
    more = dict(_by_our_ids(session, return_, lines)) or {line: count for line, count in missing.items() if count}
    if not more:
        raise ReturnNotInState("All of this return has arrived already.")
    for line_id, quantity in more.items():
        if int(quantity) > missing.get(line_id, 0):
            raise ItemNotInOrder("More of a line than this return still waits for.")
        rows[line_id].received_quantity += int(quantity)
    session.flush()
    if return_.status == "inspected":
        move(session, return_, "received")
    events.record(session, "return.more_received", return_, return_states.view(session, return_))
    return_states.note(session, caller, return_, "return.receive", {"lines": [list(line) for line in lines]})
    return return_


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


def _inspect_again(session: Session, caller: Caller, return_: Return, lines: Sequence[tuple[str, int | str]]) -> Return:
    """Put right what was found, as long as it has not been paid by that."""
    _inspect(session, return_, lines)
    session.flush()
    events.record(session, "return.inspection_changed", return_, return_states.view(session, return_))
    return_states.note(session, caller, return_, "return.inspect", {"lines": [list(line) for line in lines]})
    return return_


def complete(session: Session, caller: Caller, return_id: str, said: Ledgers, *, pay: bool) -> Return:
    """End the return; with `pay` what arrived is refunded in the same transaction, or waits there for persons."""
    if not caller.is_merchant:
        raise Forbidden("Only the store may do that.")
    return_ = return_states.get(session, caller, return_id, lock=True)
    keeps = return_.method == "keep"
    if "completed" not in MOVES[return_.status] or not (keeps or return_.status in HERE):
        raise ReturnNotInState(f"A return that is {return_.status} cannot become completed.")
    if pay:
        instant_refunds.wait_for_labels(session, return_)
    instant_refunds.drop_questions(session, caller, return_)
    rows = lines_in(session, return_.id)
    kept = return_inspections.percent(session, return_, rows)
    arrived = return_inspections.counted(
        {row.line_id: row.quantity if keeps else row.received_quantity for row in rows}, kept
    )
    if return_.exchange_id is not None:
        exchange = session.get_one(Exchange, return_.exchange_id, with_for_update=True)
        fee = sum(_kept_back(session, session.get_one(Order, return_.order_id), rows, arrived, kept).values())
        label = return_fees.label(session, return_, exchange.currency)
        exchange_payments.complete(session, caller, exchange, arrived, said, pay=pay, fee=fee, label=label)
        if exchange_trust.gone(session, exchange) and any(arrived.get(row.line_id, 0) < row.quantity for row in rows):
            return_overdue.paid_too_early(session, caller, return_)
        return_.refund_id = exchange.refund_id
    else:
        _see_what_was_paid(session, caller, return_, arrived, kept)
    if pay and return_.exchange_id is None:
        _pay_back(session, caller, return_, rows, arrived, kept, said)
    move(session, return_, "completed")
    if not keeps and return_.exchange_id is None and any(row.received_quantity < row.quantity for row in rows):
        return_registrations.withdraw(session, caller, return_)  # what did not come may be asked for again
    evidence = {"refund": return_.refund_id, "kept_back_percent": kept}
    return_states.note(session, caller, return_, "return.completed", evidence)
    return return_


def _see_what_was_paid(
    session: Session, caller: Caller, return_: Return, arrived: dict[str, int], kept_percent: dict[str, int]
) -> None:
    """Before its goods came, for more of them than came, or for others: a person hears of it."""
    before = instant_refunds.paid(session, return_)
    if any(count > arrived.get(line, 0) or line in kept_percent for line, count in before.items()):
        return_overdue.paid_too_early(session, caller, return_)


def _pay_back(
    session: Session,
    caller: Caller,
    return_: Return,
    rows: Sequence[ReturnLine],
    arrived: dict[str, int],
    kept_percent: dict[str, int],
    said: Ledgers,
) -> None:
    """Refund what arrived less what is kept back: some lines as credit, the others where the return says.

    What the others are worth too little for is kept back of the credit.
    """
    order, _ = refunds.hold(session, caller, return_.order_id, said)
    credit = "store_credit"
    as_credit = {row.line_id for row in rows if row.resolution == credit}
    before = instant_refunds.paid(session, return_)
    owed = {line: max(0, count - before.get(line, 0)) for line, count in arrived.items()}
    rest = tuple((line, count) for line, count in owed.items() if count and line not in as_credit)
    credited = tuple((line, count) for line, count in owed.items() if count and line in as_credit)
    if not (rest or credited):
        return  # all of it was found to be something else, or paid already: nothing is owed
    fees = _kept_back(session, order, rows, owed, kept_percent, before)
    label = instant_refunds.label_left(session, return_, rows, before, order.currency)
    of_rest = sum(fees[line] for line, _ in rest) + label
    kept = min(of_rest, instant_refunds.worth(session, order, dict(rest)))
    # Its reasons stand on the return; a refund's are the policy's own list.
    to = RefundSpec(rest, destination=return_.destination, payment_method_id=return_.payment_method_id)
    to = replace(to, keep_back=kept, owed=True)
    to = withdrawal_delivery.of_return(session, caller, return_.id, return_.order_id, said, to)
    back = _refund(session, caller, return_, to, said) if rest else None
    given = RefundSpec(
        credited, destination=credit, keep_back=sum(fees[line] for line, _ in credited) + of_rest - kept, owed=True
    )
    as_credited = _refund(session, caller, return_, given, said) if credited else None
    return_.refund_id = back or as_credited or return_.refund_id
    return_.credit_refund_id = as_credited if back else None


def _kept_back(
    session: Session,
    order: Order,
    rows: Sequence[ReturnLine],
    arrived: dict[str, int],
    kept_percent: dict[str, int],
    before: dict[str, int] | None = None,
) -> dict[str, int]:
    """What is kept back of each line that arrived: the policy's fees, and what its inspection found.

    `before`: so many that were paid before they arrived, and are not among the `arrived`.
    """

    def worth(line_id: str, count: int) -> int:
        return instant_refunds.worth(session, order, {line_id: count})

    fees = instant_refunds.further_fees(rows, before or {}, arrived)
    return return_inspections.add(fees, kept_percent, arrived, worth)


def _refund(session: Session, caller: Caller, return_: Return, spec: RefundSpec, said: Ledgers) -> str | None:
    """The refund, or the one that waits for a person: the goods are here whatever becomes of it."""
    try:
        return refund_approvals.request(session, caller, return_.order_id, said, spec, return_id=return_.id).id
    except NoItems:
        if not spec.keep_back:
            raise
        return None  # what is kept back is all of it
