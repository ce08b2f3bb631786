"""A return's money before its goods: less the same fees, once, and what arrives later is held against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import Invalid, ItemNotInOrder, ReturnNotFound, ReturnNotInState
from app.models.orders import Order
from app.models.refunds import RESERVING, WAITING, Allocation, Refund, RefundLine
from app.models.returns import UNSENT, Return, ReturnLine
from app.services import (
    approval_views,
    approvals,
    entitlements,
    events,
    return_fees,
    return_registrations,
    return_states,
)
from app.services.callers import Caller
from app.services.ledgers import Ledger
from app.services.order_views import lines_of, named
from app.services.refund_quotes import RefundSpec

BEFORE_GOODS = (*UNSENT, "in_transit")
"""Statuses of a return whose goods have not arrived and may."""
CREDIT = "store_credit"


def of_return(session: Session, caller: Caller, order_id: str, return_id: str, asked: RefundSpec) -> RefundSpec:
    """What the return owes for the lines that are `asked` for (none: all that is not paid yet), and where to.

    Locks the return, so that it is not completed meanwhile. Raises the refusal where nothing is paid before its goods.
    """
    return_ = return_states.get(session, caller, return_id, lock=True)
    if return_.order_id != order_id:
        raise ReturnNotFound
    session.refresh(return_)
    if return_.status not in BEFORE_GOODS or return_.method == "keep" or return_.exchange_id is not None:
        raise ReturnNotInState("Only a return whose goods are to come is paid before they are here.")
    if return_registrations.waits(session, return_):
        raise ReturnNotInState("The shop has not said yes to the return yet: ask again.")
    wait_for_labels(session, return_)
    if return_.label_payer == return_fees.SHOPPER and _any_label(session, return_, "voiding"):
        raise ReturnNotInState(
            "Its label is being voided, which the shopper pays where the carrier says no: ask again."
        )
    if _asked(session, return_):
        raise ReturnNotInState("A person is asked already whether it is paid before its goods are here.")
    if asked.amount is not None or asked.shipping or (asked.destination, asked.payment_method_id) != ("original", None):
        said = "A return's refund goes by the return: name its lines at most."
        raise Invalid(said, errors=[{"pointer": "/return_id", "code": "one_of", "detail": said}])
    order = session.get_one(Order, order_id)
    rows = return_states.lines_in(session, return_.id)
    before = paid(session, return_)
    counts = _counts(session, order, rows, before, asked)
    return _priced(session, return_, order, rows, before, counts, replace(asked, owed=True))


def _counts(
    session: Session, order: Order, rows: Sequence[ReturnLine], before: Mapping[str, int], asked: RefundSpec
) -> dict[str, int]:
    """So many of each line."""
    left = {row.line_id: row.quantity - before.get(row.line_id, 0) for row in rows}
    ours = named(lines_of(session, order), [ref for ref, _ in asked.lines])
    wanted = {line_id: count for line_id, (_, count) in zip(ours, asked.lines, strict=True)}
    for line_id, count in wanted.items():
        if count > left.get(line_id, 0):
            raise ItemNotInOrder("More of a line than this return has, less what was paid of it.")
    counts = wanted or {line_id: count for line_id, count in left.items() if count > 0}
    if not counts:
        raise ReturnNotInState("All of this return was paid already.")
    return counts


def _priced(
    session: Session,
    return_: Return,
    order: Order,
    rows: Sequence[ReturnLine],
    before: Mapping[str, int],
    counts: Mapping[str, int],
    spec: RefundSpec,
) -> RefundSpec:
    as_credit = {row.line_id for row in rows if row.resolution == CREDIT}
    if 0 < len(as_credit & counts.keys()) < len(counts):
        said = "Some of these lines are paid as store credit: name them apart."
        raise Invalid(said, errors=[{"pointer": "/lines", "code": "one_of", "detail": said}])
    to = (CREDIT, None) if as_credit & counts.keys() else (return_.destination, return_.payment_method_id)
    fees = sum(further_fees(rows, before, counts).values())
    kept = min(fees + label_left(session, return_, rows, before, order.currency), worth(session, order, counts))
    return replace(spec, lines=tuple(counts.items()), destination=to[0], payment_method_id=to[1], keep_back=kept)


def worth(session: Session, order: Order, counts: Mapping[str, int]) -> int:
    """What was paid for so many of each line, as far as they are left, minor units."""
    known, ledger = {line.id: line for line in lines_of(session, order)}, Ledger.of(session, order)
    left = {line_id: entitlements.left(known[line_id], ledger).quantity for line_id in counts}
    return sum(
        entitlements.worth(known[line_id], ledger, min(count, left[line_id])) for line_id, count in counts.items()
    )


# ---- what was paid of a return before -----------------------------------------------------------------------------


def note(session: Session, caller: Caller, refund: Refund) -> None:
    """The refund stands on its return; the caller holds the return's lock."""
    return_ = return_states.get(session, caller, refund.return_id or "")
    return_.refund_id = return_.refund_id or refund.id
    session.flush()
    events.record(session, "return.updated", return_, return_states.view(session, return_))


def _standing(session: Session, return_: Return) -> list[str]:
    """Ids of its refunds of which any part was paid or may be."""
    query = select(Refund.id).join(Allocation, Allocation.refund_id == Refund.id).distinct()
    query = query.where(Refund.order_id == return_.order_id, Refund.return_id == return_.id)
    return list(session.scalars(query.where(Allocation.status.in_(RESERVING))))


def paid(session: Session, return_: Return) -> dict[str, int]:
    """So many of each line of the return were paid, or are reserved to be."""
    found: dict[str, int] = {}
    rows = session.execute(
        select(RefundLine.line_id, RefundLine.quantity).where(RefundLine.refund_id.in_(_standing(session, return_)))
    )
    for line_id, quantity in rows:
        found[line_id] = found.get(line_id, 0) + quantity
    return found


def further_fees(rows: Sequence[ReturnLine], before: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """The fees of `more` of each line, where those of `before` were kept back already."""
    was = return_fees.due(rows, before)
    both = {row.line_id: before.get(row.line_id, 0) + more.get(row.line_id, 0) for row in rows}
    return {line_id: fee - was.get(line_id, 0) for line_id, fee in return_fees.due(rows, both).items()}


def label_left(
    session: Session, return_: Return, rows: Sequence[ReturnLine], before: Mapping[str, int], currency: str
) -> int:
    """What of its labels' cost was not kept back yet, where the shopper pays them, minor units."""
    return max(0, return_fees.label(session, return_, currency) - _kept_for_labels(session, return_, rows, before))


def _kept_for_labels(session: Session, return_: Return, rows: Sequence[ReturnLine], before: Mapping[str, int]) -> int:
    """What was kept back beyond the fees of what was paid `before`, minor units."""
    standing = set(_standing(session, return_))
    kept = sum(refund.fee for refund in return_states.refunds_of(session, return_) if refund.id in standing)
    return max(0, kept - sum(return_fees.due(rows, before).values()))


def bars_label(session: Session, return_: Return, currency: str) -> bool:
    """Whether one more label that the shopper pays could not be kept back: the money went first, or is asked for.

    One whose cost was kept back and that is void by now may be bought again.
    """
    if return_.label_payer != return_fees.SHOPPER:
        return False
    if _asked(session, return_):  # its yes pays what was priced without the label
        return True
    before = paid(session, return_)
    if not before:
        return False
    if _any_label(session, return_, "pending", "unknown", "voiding"):  # the carrier may say no to a void
        return True
    kept = _kept_for_labels(session, return_, return_states.lines_in(session, return_.id), before)
    return kept <= return_fees.label(session, return_, currency)


def _asked(session: Session, return_: Return) -> bool:
    """Whether a person is asked to pay it before its goods are here."""
    return any(row.status == WAITING for row in return_states.refunds_of(session, return_))


def wait_for_labels(session: Session, return_: Return) -> None:
    """Raise while a label is being bought that the shopper pays: nobody knows yet what is to be kept back for it."""
    if return_.label_payer == return_fees.SHOPPER and _any_label(session, return_, "pending", "unknown"):
        raise ReturnNotInState("Its label is being bought, which the shopper pays: ask again.")


def _any_label(session: Session, return_: Return, *statuses: str) -> bool:
    """Whether a label of it stands so."""
    return any(label.status in statuses for label in return_states.live_labels(session, return_.id))


def paid_amount(session: Session, order_id: str, return_id: str) -> int:
    """What of the return was paid, or is reserved to be, minor units."""
    query = select(func.coalesce(func.sum(Allocation.amount), 0)).join(Refund, Refund.id == Allocation.refund_id)
    query = query.where(Refund.order_id == order_id, Refund.return_id == return_id, Allocation.status.in_(RESERVING))
    return int(session.scalar(query) or 0)


def drop_questions(session: Session, caller: Caller, return_: Return) -> None:
    """Whether it is paid before its goods nobody needs to decide any more."""
    for refund in return_states.refunds_of(session, return_):
        approval = approval_views.of_subject(session, "refund", refund.id, lock=True)
        if refund.status == WAITING and approval is not None and approval.status == "pending":
            approvals.end(session, approval, "canceled", caller.actor())
