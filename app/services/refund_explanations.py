"""Where a refund's money is and why, in a sentence of the shopper's language, from the ledger alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.models.customers import Customer
from app.models.operations import Operation
from app.models.orders import Order
from app.models.refunds import RESERVING, WAITING, Allocation, Refund
from app.models.stores import Store
from app.money import Money
from app.services.operations import happened_after_all
from app.services.wording import language_of
from app.services.wording.dates import day
from app.services.wording.refunds import told

TAKEN_ELSEWHERE = frozenset({"refund_exceeds_captured"})
"""A provider's no to what we had reserved within the capture: somebody else refunded it in the meantime."""
OPEN = ("pending", "unknown")
PAID = {"store_credit": "paid_credit", "payment_method": "paid_method"}


def language(session: Session, refund: Refund, wish: str | None = None) -> str:
    """The caller's wish, else the shopper's language, else the order's or the store's."""
    customer = None if refund.customer_id is None else session.get(Customer, refund.customer_id)
    order = session.get_one(Order, refund.order_id)
    store = session.get_one(Store, refund.store_id)
    return language_of(wish, customer.locale if customer else None, order.snapshot.get("locale"), store.locale)


@dataclass(frozen=True, slots=True)
class Parts:
    """What became of a refund's parts, minor units."""

    paid: int
    """Gone back, also what was called failed before the provider said so."""
    lost: int
    """Not paid, or sent back by a bank."""
    open: int
    """On its way, or nobody knows."""
    late: bool
    """Some of what went back is held as failed."""
    codes: frozenset[str | None]
    """Why the others were not paid."""
    reserved: bool
    """Whether there was any: it was more than a question."""


def parts_of(allocations: Sequence[Allocation], behind: Sequence[Operation]) -> Parts:
    """The sums of a refund's allocations, `behind` which these operations stand."""
    late = {row.id for row in behind if happened_after_all(row)}
    paid = [part for part in allocations if part.status == "succeeded" or part.operation_id in late]
    lost = [part for part in allocations if part.status == "failed" and part.operation_id not in late]
    return Parts(
        paid=sum(part.amount for part in paid),
        lost=sum(part.amount for part in lost),
        open=sum(part.amount for part in allocations if part.status in OPEN),
        late=bool(late),
        codes=frozenset(part.failure_code for part in lost),
        reserved=bool(allocations),
    )


def explain(session: Session, refund: Refund, parts: Parts, behind: Sequence[Operation], spoken: str) -> str:
    """What became of it, and what of it is shipping, a fee, or converted: each a sentence where there is one."""
    order = session.get_one(Order, refund.order_id)
    facts = _amounts(refund, parts, spoken)
    when = None if refund.reversed_at is None else day(refund.reversed_at, spoken)
    said = told(_key(refund, parts, behind), spoken, number=order.number, date=when or "", **facts)
    return " ".join([said, *_besides(refund, order, parts, spoken)])


def _amounts(refund: Refund, parts: Parts, spoken: str) -> dict[str, str]:
    named = {"amount": refund.amount, "part": parts.paid, "rest": parts.open or parts.lost}
    return {name: Money(amount, refund.currency).text(spoken) for name, amount in named.items()}


def _key(refund: Refund, parts: Parts, behind: Sequence[Operation]) -> str:
    if refund.status == WAITING:
        return "approval"
    if refund.status == "canceled":
        return "kept" if parts.reserved else "rejected"
    if refund.status == "succeeded":
        return PAID.get(refund.destination, "paid")
    if refund.status == "failed":
        return _failed(refund, parts)
    if parts.paid:
        return "part_open"
    if refund.status == "unknown":
        return "unknown"
    return "waiting" if behind and all(row.schedule == 0 for row in behind) else "pending"


def _failed(refund: Refund, parts: Parts) -> str:
    if parts.late and not parts.lost:
        return "after_all"
    if refund.reversed_at is not None:
        return "part_reversed" if parts.paid else "reversed"
    if parts.paid:
        return "part_failed"
    return "elsewhere" if parts.codes and parts.codes <= TAKEN_ELSEWHERE else "failed"


def _besides(refund: Refund, order: Order, parts: Parts, spoken: str) -> list[str]:
    """Of money that has gone or is going."""
    if refund.status not in RESERVING and refund.status != WAITING:
        return []
    said: list[str] = []
    if parts.lost:
        said.append(told("short", spoken, short=Money(parts.lost, refund.currency).text(spoken)))
    if refund.shipping:
        said.append(told("shipping", spoken, shipping=Money(refund.shipping, refund.currency).text(spoken)))
    if refund.fee:
        said.append(told("fee", spoken, fee=Money(refund.fee, refund.currency).text(spoken)))
    shown = order.snapshot.get("presentment_currency") or refund.currency
    if shown != refund.currency and refund.destination != "store_credit":
        said.append(told("currency", spoken, currency=str(shown)))
    return said
