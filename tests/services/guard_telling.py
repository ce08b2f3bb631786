"""How a history is told: a store under small caps, who asks for what, and what each step is held to.

Each step draws what it needs from its own seed, so that a history is a list of `(move, seed)` and can be told again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import AppError
from app.models.records import Decision
from app.services import decision_replays, policies
from app.services.callers import Caller
from app.services.decisions import Asked
from app.services.idempotency import Keyed, once
from app.services.orders import Ledgers
from app.services.policy.document import check
from tests.services.guard_fixtures import Counter, Killed, Till, snapshot
from tests.services.guard_judge import Judge, Rows, rows_of
from tests.services.money_fixtures import NUMBERS, Book, Placed, placed

CAPS = {"refund": 1500, "order": 2500, "customer": 3000, "day": 3500}
DOCUMENT = {
    "caps": {"EUR": CAPS},
    "auto_approve": {"claim": True, "goodwill": True},
    "two_persons_above": {"EUR": 4500},
    "fees": [{"id": "restocking", "percent": 10}],
    "destinations": ["original", "store_credit", "gift_card", "paypal"],
}
DELIVERED = (((3, 2999), (2, 2001)), (("pm-card", 3000), ("pm-gift", 2500)), 500)
"""Lines as quantity and what was paid for them, what paid, shipping."""
PENDING = (((2, 2000), (1, 901)), (("pm-card", 2901),), 0)


class Telling:
    """Two orders of one customer, one delivered and one that has not shipped, under small caps."""

    def __init__(self, loop: asyncio.Runner, book: Book, *, instant: bool, days: int = 0) -> None:
        self.instant = instant
        """Whether automation may pay before the goods are back."""
        self.arrived_at = datetime.now(UTC) - timedelta(days=days)
        self.loop, self.book, self.rng = loop, book, random.Random(0)
        self.till, self.counter = cast("Till", book.bank), cast("Counter", book.shop)
        for memory in (self.till.accounts, self.till.moved, self.counter.done):
            memory.clear()
        self.merchant = replace(self.do(self.book.store()), agent="ana")
        self.write(self._policy)
        self.number = next(NUMBERS)
        self.delivered = self._place(self.number, "delivered", *DELIVERED)
        self.pending = self._place(next(NUMBERS), "pending", *PENDING)
        self.rows: Rows = self.read(rows_of, self.merchant.store_id)
        self.callers: dict[str, Caller] = self.people(self.rows["orders"][0].customer_id)
        self.kept: list[Callable[[], Any]] = []
        self.stale: dict[str, Ledgers] = {}
        self.known: dict[str, int] = {}
        self.unpaid: set[str] = set()
        self.refused, self.took, self.code = False, "", ""

    def people(self, shopper: str) -> dict[str, Caller]:
        """Who asks, by name."""
        return {
            "merchant": self.merchant,
            "shopper": replace(self.merchant, shopper=shopper, agent=None),
            "robot": replace(self.merchant.acting_for(shopper, 2), agent=None),
        }

    def do(self, work: Any) -> Any:
        return self.loop.run(work)

    def write(self, work: Callable[..., Any], *args: Any) -> Any:
        return self.do(self.book.write(work, *args))

    def read(self, work: Callable[..., Any], *args: Any) -> Any:
        return self.do(self.book.read(work, *args))

    def _policy(self, session: Session) -> None:
        document = check({**DOCUMENT, "instant_refund": self.instant, **self.more_rules()})
        made = policies.create(session, self.merchant, document, None)
        policies.activate(session, self.merchant, made.id, None)

    def more_rules(self) -> dict[str, Any]:
        """What the policy says besides."""
        return {}

    def _place(
        self, number: int, status: str, lines: Any, paid: Any, shipping: int, customer: str = "cust-1"
    ) -> Placed:
        told = snapshot(number, status, lines, paid, shipping, customer=customer, arrived_at=self.arrived_at)
        for one in told.payments:
            self.till.accounts[one.external_id] = one.captured
        return self.write(placed, self.merchant, told, [one.external_id for one in told.payments])

    # ---- a step, and what must hold after it ------------------------------------------------------------------------

    def step(self, move: str, seed: int) -> None:
        """Make the move, and hold everything to account."""
        self.rng, self.refused, self.took, self.code = random.Random(seed), False, "", ""
        before = self.judge()
        getattr(self, move)()
        self.rows = self.read(rows_of, self.merchant.store_id)
        assert not self.refused or self.rows == before.rows, "a write that was refused has changed something"
        judge = self.judge()
        self.look(before, judge)
        judge.check()
        if self.took and judge.given(self.took) > before.given(self.took):
            judge.taken_within(self.took, self.known, before)

    def look(self, before: Any, after: Any) -> None:
        """What else a step is held to, before all that must hold always."""

    def judge(self) -> Judge:
        return Judge(self.rows, self.till, self.counter, CAPS, self.unpaid, self.instant)

    def end(self) -> None:
        """Every decision that was kept is made again on its facts, and is the same."""
        assert all(self.read(self._replayed)), "a decision was not the same again"

    def _replayed(self, session: Session) -> list[bool]:
        mine = select(Decision.id).where(Decision.store_id == self.merchant.store_id)
        return [decision_replays.replay(session, self.merchant, row)["agrees"] for row in session.scalars(mine)]

    # ---- how anything is asked for ----------------------------------------------------------------------------------

    def ask(
        self,
        work: Callable[..., Any],
        *args: Any,
        who: str = "merchant",
        order: Placed | None = None,
        asked: Callable[[Session, Asked], Any] | None = None,
    ) -> None:
        """One write under a key of its own; now and then it is killed before its commit. A no leaves nothing."""
        keyed = Keyed(self.merchant.store_id, False, "", f"key-{next(NUMBERS)}", who)
        dies = self.rng.random() < 0.05

        def whole(session: Session) -> None:
            once(session, keyed, "thing", work, self.callers[who], *args)
            if dies:
                raise Killed

        try:
            self.write(whole)
        except Asked as question:
            self.refused = asked is None
            if asked is not None:
                self.write(asked, question)
        except Killed:
            self.refused = True
        except AppError as refused:
            self.refused, self.code = True, refused.name
        else:
            self.kept.append(lambda: self.write(whole))
            self.took = "" if order is None else order.id

    def said(self, order: Placed) -> Ledgers:
        """The till's ledgers, or those that another has read before; what they tell of refunds elsewhere is `known`."""
        if order.id not in self.stale or self.rng.random() < 0.7:
            self.stale[order.id] = self.do(self.book.ledgers(self.merchant, order))
        keys = {row.key for row in self.till.moved if row.key is not None}
        self.known = {
            name: sum(row.amount for row in ledger.refunds if row.status != "failed" and row.key not in keys)
            for name, ledger in self.stale[order.id].items()
        }
        return self.stale[order.id]

    def either(self) -> Placed:
        return self.delivered if self.rng.random() < 0.7 else self.pending

    def some_line(self, order: Placed) -> tuple[str, int]:
        place = self.rng.randint(0, 1)
        row = next(row for row in self.rows["order_lines"] if row.id == order.lines[place])
        return row.id, self.rng.choice((1, 1, 2, row.quantity))

    def one_of(self, table: str, *statuses: str) -> Any:
        """A row in one of these states; None where there is none."""
        found = [row for row in self.rows[table] if row.status in statuses]
        return self.rng.choice(found) if found else None
