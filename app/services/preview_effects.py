"""What a write would do, told from the rows that it has added: kind, money, quantities per line, where it goes to.

Each kind of row has a teller. What none of them tells, the write's own line in the audit trail does, so that nothing
that can be previewed is without an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from sqlalchemy.orm import object_session

from app import clock
from app.models.approvals import Approval
from app.models.changes import Change
from app.models.claims import Claim, ClaimLine
from app.models.credits import WindowExtension
from app.models.exchanges import Exchange, ExchangeLine
from app.models.operations import Operation
from app.models.orders import Order
from app.models.records import AuditRow
from app.models.refunds import Allocation, Refund, RefundLine
from app.models.returns import Return, ReturnLine
from app.models.tickets import Message, Ticket
from app.models.withdrawals import Withdrawal, WithdrawalLine
from app.services.exchange_payments import KIND as EXCHANGE_CHARGE
from app.services.exchange_trust import SEND_KIND
from app.services.order_views import money

View = dict[str, Any]
WITH_LINES = frozenset({"refund", "payout"})
"""Kinds of operations that a refund tells, with its lines."""
WAITING = "awaiting_approval"


class Rows(Protocol):
    """The rows that a write has added."""

    def every(self, kind: type[Any]) -> list[Any]:
        """Those of one table."""
        ...


def told(rows: Rows) -> list[View]:
    """Every effect of the write."""
    found = [effect for teller in TELLERS for effect in teller(rows)]
    return found or [_effect(row.action, "") for row in rows.every(AuditRow)]


def _effect(kind: str, status: str, **more: Any) -> View:
    empty: View = {"kind": kind, "amount": None, "lines": [], "destination": None}
    return {**empty, "needs_approval": status == WAITING, **more}


def _quantities(rows: Iterable[Any], *more: str) -> list[View]:
    """Line and quantity, and `more` fields of each."""
    ordered = sorted(rows, key=lambda row: row.line_id)
    return [{name: getattr(row, name) for name in ("line_id", "quantity", *more)} for row in ordered]


def _destination(row: Any) -> View:
    return {"type": row.destination, "payment_method_id": row.payment_method_id}


def _refunds(rows: Rows) -> Iterator[View]:
    for refund in rows.every(Refund):
        parts = [row for row in rows.every(Allocation) if row.refund_id == refund.id]
        yield _effect(
            "refund",
            refund.status,
            amount=money(refund.amount, refund.currency),
            lines=_quantities(row for row in rows.every(RefundLine) if row.refund_id == refund.id),
            destination=_destination(refund),
            allocations=[{"payment_id": row.payment_id, "amount": money(row.amount, refund.currency)} for row in parts],
        )


def _returns(rows: Rows) -> Iterator[View]:
    """What is paid is known once it has arrived; what is kept back of it, and how it comes back, is known before."""
    for back in rows.every(Return):
        session = object_session(back)
        assert session is not None  # it was added a moment ago
        yield _effect(
            "return",
            back.status,
            lines=_quantities(row for row in rows.every(ReturnLine) if row.return_id == back.id),
            destination=_destination(back),
            fee=money(back.fee or 0, session.get_one(Order, back.order_id).currency),
            label_payer=back.label_payer,
            method=back.method,
        )


def _exchanges(rows: Rows) -> Iterator[View]:
    """The difference, below zero what goes back, once the goods are here; one that is paid at once is a charge, too."""
    for made in rows.every(Exchange):
        lines = sorted((row for row in rows.every(ExchangeLine) if row.exchange_id == made.id), key=lambda r: r.line_id)
        paid: View = {
            "amount": money(made.difference, made.currency),
            "destination": {"type": "payment_method", "payment_method_id": made.payment_method_id},
        }
        shown = [
            {
                "line_id": row.line_id,
                "quantity": row.quantity,
                "variant_id": row.variant_id,
                "paid": money(row.paid, made.currency),
                "price": money(row.price, made.currency),
            }
            for row in lines
        ]
        yield _effect("exchange", made.status, lines=shown, **paid)
        if made.instant and made.difference > 0:
            yield _effect(EXCHANGE_CHARGE, made.status, **paid)
        if made.instant:
            yield _effect(SEND_KIND, made.status, lines=shown)


def _claims(rows: Rows) -> Iterator[View]:
    for claim in rows.every(Claim):
        lines = _quantities((row for row in rows.every(ClaimLine) if row.claim_id == claim.id), "kind")
        yield _effect("claim", claim.status, lines=lines, resolution=claim.resolution or claim.wished)


def _withdrawals(rows: Rows) -> Iterator[View]:
    """Step one binds nobody; what it would bind to is told all the same."""
    for declared in rows.every(Withdrawal):
        lines = (row for row in rows.every(WithdrawalLine) if row.withdrawal_id == declared.id)
        yield _effect("withdrawal", declared.status, lines=_quantities(lines))


def _windows(rows: Rows) -> Iterator[View]:
    for longer in rows.every(WindowExtension):
        yield _effect("window_extension", "", line=longer.line_id, until=clock.rfc3339(longer.until))


def _operations(rows: Rows) -> Iterator[View]:
    """By the command that a provider would be sent, without its personal data; of swapped items with what they cost."""
    swaps = {row.operation_id: row for row in rows.every(Change) if row.kind == "items"}
    for operation in rows.every(Operation):
        if operation.kind in WITH_LINES:
            continue
        effect, command = _effect(operation.kind, ""), operation.command
        if isinstance(command.get("amount"), int) and isinstance(command.get("currency"), str):
            effect["amount"] = money(command["amount"], command["currency"])
        if operation.id in swaps:
            effect["lines"] = [_swapped(swaps[operation.id], swap) for swap in swaps[operation.id].plan["swaps"]]
        yield effect


def _swapped(change: Change, swap: View) -> View:
    named = {name: swap[name] for name in ("line_id", "quantity", "variant_id")}
    return {**named, "difference": money(swap["difference"], change.currency or "")}


def _tickets(rows: Rows) -> Iterator[View]:
    for ticket in rows.every(Ticket):
        yield _effect("ticket", "", subject=ticket.subject)


def _messages(rows: Rows) -> Iterator[View]:
    for message in rows.every(Message):
        yield _effect("message", "", direction=message.direction, channel=message.channel)


def _approvals(rows: Rows) -> Iterator[View]:
    for approval in rows.every(Approval):
        if approval.subject_type == "action":
            yield _effect(approval.action, WAITING, parameters=approval.parameters)


TELLERS: tuple[Callable[[Rows], Iterator[View]], ...] = (
    _refunds,
    _returns,
    _exchanges,
    _claims,
    _withdrawals,
    _windows,
    _operations,
    _tickets,
    _messages,
    _approvals,
)
