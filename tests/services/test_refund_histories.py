"""Whatever happens in whatever order: no payment and no line gives more than it took, and every release is exact."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack, suppress
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import AppError
from app.models.operations import FINAL, Operation
from app.models.orders import OrderLine
from app.models.refunds import RESERVING, Allocation, Refund, RefundLine, SpendCounter
from app.services import refund_views, tries
from app.services.operations import NOTICE
from tests.services.money_fixtures import Book, Line, Paid, money, one_database, open_book

PLANS = ("succeed", "pend", "refuse", "lose", "drop", "throttle", "garble")


class Histories(RuleBasedStateMachine):
    """An order of three for 10.00 and two for 20.01, paid by gift card and card, at a bank without a ceiling."""

    loop: asyncio.Runner
    book: Book

    def do(self, work: Any) -> Any:
        return self.loop.run(work)

    def read(self, work: Any) -> Any:
        return self.do(self.book.read(work))

    @initialize()
    def begin(self) -> None:
        self.book.cleared()
        self.caller = self.do(self.book.store())
        lines = (Line(3, 1000, tax=160, discount=2), Line(2, 2001, tax=319))
        paid = [Paid(1500, kind="gift_card"), Paid(2001)]
        self.order = self.do(self.book.order(self.caller, *lines, paid=paid, shipping=500))
        self.shopper = self.do(self.book.shopper(self.caller, self.order))

    # ---- what can happen --------------------------------------------------------------------------------------------

    @rule(amount=st.integers(1, 3501), robot=st.booleans())
    def refund_an_amount(self, amount: int, robot: bool) -> None:
        self.ask(robot, amount=money(amount))

    @rule(line=st.integers(0, 1), quantity=st.integers(1, 3), shipping=st.booleans(), robot=st.booleans())
    def refund_of_a_line(self, line: int, quantity: int, shipping: bool, robot: bool) -> None:
        self.ask(robot, lines=((self.order.lines[line], quantity),), shipping=shipping)

    def ask(self, robot: bool, **spec: Any) -> None:
        with suppress(AppError):
            made = self.do(self.book.refund(self.shopper if robot else self.caller, self.order, **spec))
            # What the merchant takes elsewhere after a reservation is theirs to answer for; what we take now is ours.
            for row in self.read(lambda s: refund_views.allocations_of(s, made)):
                account = self.order.accounts[self.order.payments.index(row.payment_id)]
                outside = [row for row in self.book.bank.moved if row.payment == account and row.key is None]
                known = sum(row.amount for row in outside if row.status != "failed")
                assert self.reserved(row.payment_id) + known <= self.book.bank.accounts[account].captured

    @rule(which=st.integers(0, 1), share=st.floats(0.01, 1))
    def the_merchant_refunds_elsewhere(self, which: int, share: float) -> None:
        account = self.order.accounts[which]
        left = self.book.bank.accounts[account].captured - self.book.bank.given(account)
        if left > 0:
            self.book.bank.outside(account, max(1, int(left * share)))

    @rule(which=st.integers(0, 50), plan=st.sampled_from(PLANS), blind=st.booleans())
    def a_worker_tries(self, which: int, plan: str, blind: bool) -> None:
        waiting = [row for row in self.operations() if row.status not in FINAL and row.dead_at is None]
        if not waiting:
            return
        self.book.bank.plans.append(plan)
        if blind:
            self.book.bank.lookups.append("down")
        self.do(self.book.run(waiting[which % len(waiting)]))
        self.book.bank.plans.clear()
        self.book.bank.lookups.clear()

    @rule(which=st.integers(0, 50))
    def a_pending_one_ends_at_the_bank(self, which: int) -> None:
        pending = [row for row in self.book.bank.moved if row.status == "pending"]
        if pending:
            pending[which % len(pending)].status = ("succeeded", "failed")[which % 2]

    @rule(which=st.integers(0, 50))
    def the_money_comes_back_late(self, which: int) -> None:
        done = [row for row in self.operations() if row.status == "succeeded"]
        if not done:
            return
        chosen = done[which % len(done)]
        self.book.bank.fail(chosen.provider_key)
        self.do(self.book.set(Operation, chosen.id, rechecks=1))
        self.do(tries.recheck(self.book.runtime, chosen.id, 1))

    # ---- what must hold ---------------------------------------------------------------------------------------------

    def operations(self) -> list[Operation]:
        """What moves money; a mail that tells of it goes to no bank."""
        mine = select(Operation).where(Operation.store_id == self.caller.store_id, Operation.kind != NOTICE)
        return self.read(lambda s: list(s.scalars(mine)))

    def reserved(self, payment: str) -> int:
        query = select(func.sum(Allocation.amount)).where(
            Allocation.payment_id == payment, Allocation.status.in_(RESERVING)
        )
        return self.read(lambda s: s.scalar(query)) or 0

    @invariant()
    def the_books_agree_with_the_bank_and_with_themselves(self) -> None:
        if not hasattr(self, "order"):
            return
        parts, lines, states, counters = self.read(self.everything)
        live = {refund.id: refund for row, refund in parts if row.status in RESERVING}
        asked = {row.operation_id: row for row, _ in parts}
        keys = Counter(row.key for row in self.book.bank.moved if row.key is not None)
        assert all(count == 1 for count in keys.values()), "each key moved money once"
        for moved in self.book.bank.moved:
            if moved.key is not None:
                assert moved.amount == asked[moved.key].amount
                if moved.status != "failed":
                    assert asked[moved.key].status in RESERVING, "money that moved is never shown as failed"
        sums: Counter[str] = Counter()
        for row, refund in parts:
            sums[refund.id] += row.amount
            assert states[row.operation_id] == row.status
        for _, refund in parts:
            assert sums[refund.id] == refund.amount
            assert refund.amount == refund.items - refund.discount + refund.tax + refund.shipping - refund.fee
        for line in self.order.lines:
            mine = [(part, whole) for part, whole in lines if part.line_id == line and part.refund_id in live]
            assert not mine or sum(part.quantity for part, _ in mine) <= mine[0][1].quantity
            assert not mine or sum(part.amount for part, _ in mine) <= mine[0][1].total
        assert sum(refund.shipping for refund in live.values()) <= 500
        stands = sum(row.amount for row, refund in parts if refund.automated and row.status in RESERVING)
        assert set(counters) <= {stands}, "what automation has spent is what stands of its refunds"

    def everything(self, session: Session) -> tuple[Any, ...]:
        return (
            session.query(Allocation, Refund).join(Refund).filter(Refund.order_id == self.order.id).all(),
            session.query(RefundLine, OrderLine).join(OrderLine).filter(OrderLine.id.in_(self.order.lines)).all(),
            {row.id: row.status for row in session.query(Operation).filter_by(store_id=self.caller.store_id)},
            session.scalars(select(SpendCounter.spent).where(SpendCounter.store_id == self.caller.store_id)).all(),
        )


def test_no_history_of_refunds_failures_and_late_failures_breaks_the_books(databases, tmp_path_factory):
    with one_database("sqlite", databases, tmp_path_factory) as url, asyncio.Runner() as loop:
        stack = AsyncExitStack()
        Histories.loop = loop
        Histories.book = loop.run(stack.enter_async_context(open_book(url)))
        try:
            run_state_machine_as_test(
                Histories,
                settings=settings(
                    max_examples=15,
                    stateful_step_count=16,
                    phases=(Phase.generate,),  # a history that breaks them is short already
                    deadline=None,
                    database=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            loop.run(stack.aclose())
