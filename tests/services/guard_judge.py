"""Holds a store's books against the till and the shop, by sums of its own: nothing of `entitlements` is asked."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.approvals import Approval
from app.models.changes import Change
from app.models.claims import Claim, ClaimLine
from app.models.credits import Credit, WindowExtension
from app.models.customers import Customer
from app.models.exchanges import Exchange, ExchangeLine
from app.models.operations import Operation
from app.models.orders import Order, OrderLine, OrderPayment
from app.models.records import Answer, AuditRow, Decision, Event
from app.models.refunds import Allocation, Cancellation, Refund, RefundLine, SpendCounter
from app.models.returns import Label, Return, ReturnLine
from app.models.withdrawals import Withdrawal, WithdrawalLine
from app.services.operation_views import NOTICE
from tests.services.guard_fixtures import Counter, Till

LIVE = {"pending", "unknown", "succeeded"}
ENDED = {"failed", "canceled"}
STANDS = {"requested", "awaiting_approval", "approved", "settling", "payment_failed", "completed"}
MONEY = {
    "refund": "refund",
    "payout": "payout",
    "credit": "payout",
    "order_charge": "charge",
    "exchange_charge": "charge",
}
"""What the till calls an operation's movement."""
OWNED = (
    *(Order, Customer, Refund, Exchange, Return, Label, Claim, Withdrawal, WindowExtension),
    *(Credit, Change, Cancellation, SpendCounter, Operation, Approval),
)
CHILDREN = (
    (OrderLine, OrderLine.order_id, Order),
    (OrderPayment, OrderPayment.order_id, Order),
    (Allocation, Allocation.refund_id, Refund),
    (RefundLine, RefundLine.refund_id, Refund),
    (ExchangeLine, ExchangeLine.exchange_id, Exchange),
    (ReturnLine, ReturnLine.return_id, Return),
    (ClaimLine, ClaimLine.claim_id, Claim),
    (WithdrawalLine, WithdrawalLine.withdrawal_id, Withdrawal),
)
LOGS = (Event, AuditRow, Decision, Answer)
Rows = dict[str, list[Any]]


def rows_of(session: Session, store_id: str) -> Rows:
    """Every row of the store that a write can change, and how long its logs are."""
    found: Rows = {}
    for model in OWNED:
        table: Any = model.__table__
        query = select(table).where(table.c.store_id == store_id).order_by(*table.primary_key.columns)
        found[table.name] = list(session.execute(query))
    for model, parent, owner in CHILDREN:
        table = model.__table__
        ids = [row.id for row in found[owner.__table__.name]]
        query = select(table).where(parent.in_(ids)).order_by(*table.primary_key.columns)
        found[table.name] = list(session.execute(query)) if ids else []
    for model in LOGS:
        table = model.__table__
        found[table.name] = [
            session.scalar(select(func.count()).select_from(table).where(table.c.store_id == store_id))
        ]
    return found


@dataclass
class Judge:
    """The promises; `check` raises where one does not hold."""

    rows: Rows
    till: Till
    counter: Counter
    caps: dict[str, int]
    unpaid: set[str]
    """Returns that a person has completed without any money moving."""
    instant: bool

    def check(self) -> None:
        self.effects_and_operations_agree()
        for order in self.rows["orders"]:
            self.payments_hold(order.id)
            self.lines_hold(order.id)
            self.exchanges_hold(order.id)
        self.caps_hold()
        if not self.instant:
            self.goods_come_first()

    # ---- each effect once ---------------------------------------------------------------------------------------

    def effects_and_operations_agree(self) -> None:
        keys = Tally(row.key for row in self.till.moved if row.key is not None)
        assert all(count == 1 for count in keys.values()), "a key moved money twice"
        moved = {row.key: row for row in self.till.moved if row.key is not None}
        known = {row.provider_key: row for row in self.rows["operations"]}
        assert set(moved) <= set(known), "money moved under a key that was never committed"
        for key, operation in known.items():
            if operation.kind in MONEY:
                row = moved.get(key)
                there = row is not None and row.status != "failed"
                if row is not None:
                    assert row.kind == MONEY[operation.kind]
                    assert row.amount == operation.command["amount"], "another amount moved than was asked for"
            elif operation.kind == NOTICE:
                continue  # a mail that is canceled may have gone out under its Message-ID before
            else:
                there = self.happened(operation)
            if operation.status == "succeeded":
                assert there, f"{operation.kind} is told as done, and it is not"
            if operation.status in ENDED:
                assert not there, f"{operation.kind} is told as {operation.status}, and it happened"

    def happened(self, operation: Any) -> bool:
        """Whether whoever was to do something that moves no money has done it."""
        return operation.provider_key in self.counter.done

    # ---- what an order gives ------------------------------------------------------------------------------------

    def reserved(self, payment_id: str) -> int:
        """Of one payment, by our books: paid back, or on its way."""
        parts = self.rows["refund_allocations"]
        return sum(row.amount for row in parts if row.payment_id == payment_id and row.status in LIVE)

    def given(self, order_id: str) -> int:
        """What the order has given in money and in goods, or will; minor units."""
        payments = [row.id for row in self.rows["order_payments"] if row.order_id == order_id]
        return sum(map(self.reserved, payments)) + self.held(order_id)

    def captured(self, order_id: str) -> int:
        """What was paid for it: at first, and what the till took since."""
        accounts = {row.external_id for row in self.rows["order_payments"] if row.order_id == order_id}
        accounts |= {charge.id for charge in self.charges(order_id)}
        return sum(self.till.accounts[account] for account in accounts)

    def charges(self, order_id: str, exchange_id: str | None = None) -> Iterable[Any]:
        """What the till took for its exchanges, or for one of them."""
        subjects = {row.id for row in self.rows["exchanges"] if row.order_id == order_id}
        subjects = subjects if exchange_id is None else {exchange_id}
        keys = {row.provider_key for row in self.rows["operations"] if row.subject_id in subjects}
        return [row for row in self.till.moved if row.kind == "charge" and row.key in keys and row.status != "failed"]

    def held(self, order_id: str) -> int:
        """What of its money stands for goods that go out instead, what was paid on top of it among it."""
        total = sum(value for _, _, value in self.goods(order_id))
        for exchange in self.rows["exchanges"]:
            if exchange.order_id == order_id and exchange.status in STANDS:
                charged, due = sum(row.amount for row in self.charges(order_id, exchange.id)), self.due(exchange)
                stays = due is None or self.owed(exchange)
                total += charged if stays or due is None else min(charged, due)  # below zero: goes back of its lines
        return total

    def due(self, exchange: Any) -> int | None:
        """What is to be paid for what has come back of an exchange; None while that is not known."""
        rows = [row for row in self.rows["exchange_lines"] if row.exchange_id == exchange.id]
        if any(row.received_quantity is None for row in rows):
            return None
        counted = [(row, row.received_quantity) for row in rows]
        return sum(row.price * count // row.quantity - row.paid * count // row.quantity for row, count in counted)

    def owed(self, exchange: Any) -> bool:
        """Whether goods of it were sent for such as have not come: nobody knows, until a person has seen to it."""
        rows = [row for row in self.rows["exchange_lines"] if row.exchange_id == exchange.id]
        return exchange.sent_at is not None and any(row.received_quantity not in {None, row.quantity} for row in rows)

    def goods(self, order_id: str) -> list[tuple[str, int, int]]:
        """Line, quantity, and what was paid for what the goods replace."""
        found: list[tuple[str, int, int]] = []
        for exchange in self.rows["exchanges"]:
            if exchange.order_id != order_id or exchange.status not in STANDS:
                continue
            for row in self.rows["exchange_lines"]:
                if row.exchange_id == exchange.id:
                    given = exchange.sent_at is not None or row.received_quantity is None
                    count: int = row.quantity if given else row.received_quantity
                    found.append((row.line_id, count, row.paid * count // row.quantity))
        for claim in self.rows["claims"]:
            in_kind = claim.resolution in {"reship", "exchange"} and claim.status in {"accepted", "completed"}
            if claim.order_id == order_id and in_kind:
                lines = [row for row in self.rows["claim_lines"] if row.claim_id == claim.id]
                found += [(row.line_id, row.quantity, row.amount or 0) for row in lines]
        return found

    def payments_hold(self, order_id: str) -> None:
        for payment in self.rows["order_payments"]:
            if payment.order_id == order_id:
                captured = self.till.accounts[payment.external_id]
                assert self.reserved(payment.id) <= captured, "more is reserved of a payment than was captured"
        given, captured = self.given(order_id), self.captured(order_id)
        assert given <= captured, f"the order gives {given} in money and goods, and {captured} was paid for it"

    def lines_hold(self, order_id: str) -> None:
        live = {row.refund_id for row in self.rows["refund_allocations"] if row.status in LIVE}
        units, values = Tally[str](), Tally[str]()
        for row in self.rows["refund_lines"]:
            if row.refund_id in live:
                units[row.line_id] += row.quantity
                values[row.line_id] += row.amount
        for line_id, quantity, paid in self.goods(order_id):
            units[line_id] += quantity
            values[line_id] += paid
        for line in self.rows["order_lines"]:
            if line.order_id == order_id:
                assert units[line.id] <= line.quantity, f"{units[line.id]} of {line.quantity} of a line were given"
                assert values[line.id] <= line.total, f"{values[line.id]} of {line.total} of a line was given"

    def exchanges_hold(self, order_id: str) -> None:
        """What an exchange has come to is what was taken for it, to the cent: no more, and no less."""
        open_ones = {row.subject_id for row in self.rows["operations"] if row.status in {"pending", "unknown"}}
        for exchange in self.rows["exchanges"]:
            ended = exchange.status in {"completed", "canceled", "expired"} and exchange.return_id not in self.unpaid
            if exchange.order_id != order_id or not ended or exchange.id in open_ones:
                continue
            back = [row for row in self.rows["refunds"] if row.return_id == exchange.return_id]
            given = sum(row.amount for row in back if row.reason == "exchange_not_due")
            kept = sum(row.amount for row in self.charges(order_id, exchange.id)) - given
            due = max(0, self.due(exchange) or 0) if exchange.status == "completed" else 0
            more = kept > due and exchange.status == "completed" and self.owed(exchange)
            assert kept == due or more, f"{kept} was taken for an exchange that is {exchange.status}, and {due} is due"

    def taken_within(self, order_id: str, outside: dict[str, int], before: Judge) -> None:
        """What was just taken leaves room for what was known to have gone back outside, by payment."""
        left = {charge.id: charge.amount for charge in self.charges(order_id)}
        for payment in self.rows["order_payments"]:
            if payment.order_id == order_id:
                known = outside.get(payment.external_id, 0)
                rest = self.till.accounts[payment.external_id] - self.reserved(payment.id) - known
                took = self.reserved(payment.id) > before.reserved(payment.id)
                assert rest >= 0 or not took, "a refund on top of one that was made outside"
                left[payment.external_id] = max(0, rest)
        held, rest = self.held(order_id), sum(left.values())
        assert held <= rest, f"goods for {held} go out, and {rest} are left of what was paid"

    def on_trust(self, exchange: Any) -> int:
        """What was paid for goods of it that have not come back, while its others are sent or will be at once."""
        sent = [row for row in self.rows["operations"] if row.subject_id == exchange.id and row.kind == "exchange_send"]
        out = exchange.status in {"requested", "approved"}
        if sent:
            late = [row for row in sent if row.status in ENDED and row.evidence.get("contradicted") == "succeeded"]
            out = bool(late) or any(row.status not in ENDED and "unsupported" not in row.evidence for row in sent)
        rows = [row for row in self.rows["exchange_lines"] if row.exchange_id == exchange.id and out]
        return sum(row.paid - row.paid * (row.received_quantity or 0) // row.quantity for row in rows)

    # ---- what automation spends ---------------------------------------------------------------------------------

    def caps_hold(self) -> None:
        spent = Tally[tuple[str, str]]()
        for refund in self.rows["refunds"]:
            if refund.automated:
                parts = [row for row in self.rows["refund_allocations"] if row.refund_id == refund.id]
                self._spend(spent, refund, sum(row.amount for row in parts if row.status in LIVE))
        for credit in self.rows["credits"]:
            if credit.automated and credit.refund_id is None and credit.status in LIVE:
                self._spend(spent, credit, credit.amount)
        asked = {row.subject_id for row in self.rows["approvals"]}
        for exchange in self.rows["exchanges"]:
            by_itself = exchange.actor["type"] in {"automation", "shopper"} and exchange.return_id not in asked
            if exchange.instant and by_itself:
                self._spend(spent, exchange, self.on_trust(exchange))
        for (scope, _), amount in spent.items():
            assert amount <= self.caps[scope], f"automation spent {amount}, the cap per {scope} is {self.caps[scope]}"
        counted = {(row.scope, row.scope_id): row.spent for row in self.rows["spend_counters"] if row.spent}
        assert counted == {key: amount for key, amount in spent.items() if amount}, "what is counted is what is spent"

    def goods_come_first(self) -> None:
        """Where nothing allows it, automation pays only what follows from something else, or what persons agreed to."""
        behind = {row.refund_id for name in ("claims", "changes", "withdrawals") for row in self.rows[name]}
        for refund in self.rows["refunds"]:
            follows = refund.return_id or refund.cancellation_id or refund.id in behind
            assert follows or not refund.automated, "automation paid, and the goods are still there"

    def _spend(self, spent: Tally[tuple[str, str]], row: Any, amount: int) -> None:
        assert amount <= self.caps["refund"], f"automation gave {amount} at once"
        spent["order", row.order_id] += amount
        spent["customer", row.customer_id] += amount
        spent["day", row.spending_day] += amount
