"""Histories of goods, too: withdrawals, labels, money before goods, goods that stay, windows, and persons who agree."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.models.returns import Label
from app.services import (
    approval_votes,
    customer_merges,
    label_voids,
    label_watch,
    labels,
    return_arrivals,
    returns,
    windows,
    withdrawal_approvals,
    withdrawals,
)
from app.services.actions import goodwill_credit, refund_order, registry
from app.services.actions.goodwill_credit import GoodwillParams
from app.services.actions.refund_order import RefundLineIn, RefundParams
from app.services.actions.registry import Ready
from app.services.decisions import Asked
from app.services.labels import LabelSpec
from app.services.params import MoneyIn
from app.services.return_specs import LineSpec, ReturnSpec
from tests.services.guard_carrier import Carrier
from tests.services.guard_history import MOVES, TO, WHO, History
from tests.services.guard_judge import rows_of
from tests.services.guard_rights import KEPT_BELOW, TWO_ABOVE, Court, Terms, legal_end
from tests.services.guard_telling import CAPS
from tests.services.money_fixtures import NUMBERS, Book, Placed

SMALL = (((1, 300), (1, 200)), (("pm-card", 500),), 0)
AGES = (0, 0, 9, 14, 16, 25, 40)
"""Days since the goods came: some orders are beyond the law's period, some beyond every window."""
LITTLE = {"below": {"EUR": KEPT_BELOW}, "when": {"fact": "line.reason", "op": "eq", "value": "worn"}}
VOTERS = ("ana", "bo", "Bo", "cy")
UNSENT = ("approved", "label_issued", "in_transit")


class Goods(History):
    """The same store, with a carrier, and a small order of another customer who may turn out to be the first."""

    def __init__(self, loop: asyncio.Runner, book: Book, carrier: Carrier, *, seed: int) -> None:
        self.carrier, self.shopper_pays = carrier, seed // 3 % 2 > 0
        carrier.sold.clear()
        super().__init__(loop, book, instant=seed % 3 > 0, days=AGES[seed // 6 % len(AGES)])
        self.small = self._place(next(NUMBERS), "delivered", *SMALL, customer="cust-2")
        self.callers |= {name: replace(self.merchant, agent=name) for name in VOTERS}
        arrived = frozenset({self.delivered.id, self.small.id})
        self.terms = Terms(self.arrived_at, arrived, self.shopper_pays)
        self.rows = self.read(rows_of, self.merchant.store_id)

    def more_rules(self) -> dict[str, Any]:
        return {
            "two_persons_above": {"EUR": TWO_ABOVE},
            "keep_items": LITTLE,
            "label": {"payer": "shopper" if self.shopper_pays else "store"},
        }

    def providers(self) -> list[Any]:
        return [*super().providers(), self.carrier]

    def judge(self) -> Court:
        return Court(self.rows, self.till, self.counter, CAPS, self.unpaid, self.instant, self.carrier, self.terms)

    def look(self, before: Court, after: Court) -> None:
        """Note the fees of what was approved, and hold what was done to what stood before."""
        over = {row.id for row in before.rows["returns"] if row.status == "completed"}
        over = {row.id for row in after.rows["returns"] if row.status == "completed"} - over
        voiding = [row for row in before.rows["return_labels"] if row.status == "voiding" and row.return_id in over]
        self.terms.voiding.update(row.external_id for row in voiding)
        known = {row.id for row in before.rows["returns"] if row.status != "awaiting_approval"}
        for row in after.rows["returns"]:
            if row.id not in known:
                self.terms.fees.update({(row.id, line): fee for line, fee in after.fees_of(row)})
        after.done_rightly(before)

    def either(self) -> Placed:
        return self.small if self.rng.random() < 0.08 else super().either()

    def some_return(self, *statuses: str) -> Any:
        """One whose goods are not exchanged."""
        found = [row for row in self.rows["returns"] if row.status in statuses and row.exchange_id is None]
        return self.rng.choice(found) if found else None

    def of(self, order_id: str) -> Placed:
        return next(one for one in (self.delivered, self.pending, self.small) if one.id == order_id)

    # ---- returns, and their labels ----------------------------------------------------------------------------------

    def return_(self) -> None:
        """One line or all of the order; by its reason, or by the store's own choice, it may stay where it is."""
        lines = [self.some_line(self.delivered)]
        if self.rng.random() < 0.3:
            lines = [(row.id, row.quantity) for row in self.rows["order_lines"] if row.order_id == self.delivered.id]
        reason, resolution = (
            self.rng.choice((None, None, "worn")),
            self.rng.choice(("refund", "refund", "store_credit")),
        )
        specs = tuple(LineSpec(line, quantity, reason, resolution=resolution) for line, quantity in lines)
        to, method = self.rng.choice(TO)
        way, known = "keep" if self.rng.random() < 0.1 else "label", {row.id for row in self.rows["returns"]}
        spec, who = ReturnSpec(specs, to, method, way), self.rng.choice(WHO)
        self.ask(returns.request, self.delivered.id, spec, who=who)
        if who == "merchant" and way == "keep" and not self.refused:
            rows = self.read(rows_of, self.merchant.store_id)["returns"]
            self.terms.asked_to_keep.update({row.id for row in rows} - known)

    def a_return_goes_on(self) -> None:
        kept = [row for row in self.rows["returns"] if row.method == "keep" and row.status == "approved"]
        if not kept or self.rng.random() < 0.5:
            super().a_return_goes_on()
            return
        work = partial(return_arrivals.complete, pay=True)
        self.ask(work, self.rng.choice(kept).id, self.said(self.delivered), order=self.delivered)

    def label(self) -> None:
        chosen = self.one_of("returns", *UNSENT)
        if chosen is not None:
            spec = LabelSpec(parcel_number=self.rng.choice((1, 1, 2)))
            self.ask(labels.request, chosen.id, spec, who=self.rng.choice(WHO))

    def void(self) -> None:
        chosen = self.one_of("return_labels", "active")
        if chosen is not None:
            self.ask(label_voids.void, chosen.id, who=self.rng.choice(WHO))

    def a_parcel_is_sent(self) -> None:
        """The carrier has it in its hands; we may hear of that, or not yet."""
        chosen = self.one_of("return_labels", "active", "voiding")
        if chosen is None:
            return
        for one in self.carrier.sold:
            one.used |= one.id == chosen.external_id and not one.voided
        if chosen.status == "active" and self.rng.random() < 0.5:
            self.do(self.book.set(Label, chosen.id, next_look_at=datetime.now(UTC)))
            self.do(label_watch.look(self.book.runtime))

    def money_before_goods(self) -> None:
        """All of a return that is not paid yet, or a part of it."""
        chosen = self.some_return(*UNSENT)
        if chosen is None:
            return
        rows = [row for row in self.rows["return_lines"] if row.return_id == chosen.id]
        row, part = self.rng.choice(rows), self.rng.random() < 0.5
        lines = [RefundLineIn(line_id=row.line_id, quantity=self.rng.randint(1, row.quantity))] if part else []
        order, who = self.of(chosen.order_id), self.rng.choice(WHO)
        params = RefundParams(order=order.id, return_id=chosen.id, lines=lines)
        ready, caller = Ready(order.id, self.said(order)), self.callers[who]

        def park(session: Session, question: Asked) -> Any:
            return refund_order.park(session, caller, params, ready, question)

        self.ask(refund_order.write, params, ready, who=who, order=order, asked=park)

    # ---- what the law gives, and what the store does --------------------------------------------------------------

    def withdraw(self) -> None:
        """Step one, of a line or of all that is left."""
        order = self.either()
        wanted = None if self.rng.random() < 0.2 else dict([self.some_line(order)])
        self.ask(withdrawals.request, order.id, wanted, who=self.rng.choice(WHO))
        self.in_the_law_s_time(order)

    def in_the_law_s_time(self, order: Placed) -> None:
        """The period is not over before its day is."""
        if self.code == "return_window_closed":
            assert order is not self.pending, "the period was cut before it began"
            assert datetime.now(UTC) > legal_end(self.arrived_at), "the period was cut"

    def a_withdrawal_goes_on(self) -> None:
        """Step two; or the store carries out what has waited for it."""
        chosen = self.one_of("withdrawals", "requested", "requested", "confirmed")
        if chosen is not None:
            order, who = self.of(chosen.order_id), self.rng.choice(WHO)
            self.ask(withdrawal_approvals.confirm, chosen.id, self.said(order), who=who, order=order)
            self.in_the_law_s_time(order)

    def extend_window(self) -> None:
        order, until = self.either(), datetime.now(UTC) + timedelta(days=self.rng.randint(1, 60))
        line = None if self.rng.random() < 0.5 else self.some_line(order)[0]
        self.ask(windows.extend, order.id, line, until, who=self.rng.choice(WHO))

    def goodwill(self) -> None:
        """A gift; what is too much for one person waits for two."""
        order, who = self.either(), self.rng.choice(WHO)
        amount = MoneyIn(amount=self.rng.randint(1, 1600), currency="EUR")
        params, ready, caller = GoodwillParams(amount=amount, order=order.id), Ready(order.id), self.callers[who]

        def park(session: Session, question: Asked) -> Any:
            return registry.open_approval(session, caller, goodwill_credit.ACTION, params, ready, question)

        self.ask(goodwill_credit.write, params, ready, who=who, asked=park)

    def a_person_says(self) -> None:
        """Yes or no by one of four names, of which two are one person's."""
        approval = self.one_of("approvals", "pending")
        if approval is None:
            return
        order = self.of(approval.order_id)
        ready: Any = self.said(order)
        if approval.subject_type == registry.ACTION:
            ready = (registry.given(registry.find(approval.action), approval.parameters), Ready(order.id, ready))
        yes, who = self.rng.random() < 0.85, self.rng.choice(VOTERS)
        self.ask(approval_votes.vote, approval.id, yes, None, ready, who=who, order=order)

    def two_customers_are_one(self) -> None:
        names = ["cust-1", "cust-2"]
        self.rng.shuffle(names)
        self.ask(customer_merges.merge, *names)
        if not self.refused:
            rows = self.read(rows_of, self.merchant.store_id)
            shopper = next(row.id for row in rows["customers"] if row.merged_into is None)
            self.callers |= self.people(shopper)


GOODS = {
    "return_": 4,
    "label": 4,
    "void": 2,
    "money_before_goods": 5,
    "a_parcel_is_sent": 2,
    "a_return_goes_on": 4,
    "withdraw": 2,
    "a_withdrawal_goes_on": 2,
    "extend_window": 1,
    "goodwill": 1,
    "refund": 2,
    "a_person_says": 5,
    "the_same_again": 1,
    "the_merchant_refunds_elsewhere": 1,
    "a_worker_tries": 5,
    "workers_do_all_there_is": 5,
    "the_bank_says_more": 1,
}
"""How often each is made where it is goods that come back."""
EVERYTHING = MOVES | {
    "label": 1,
    "void": 1,
    "money_before_goods": 2,
    "a_parcel_is_sent": 1,
    "withdraw": 2,
    "a_withdrawal_goes_on": 2,
    "extend_window": 1,
    "a_person_says": 4,
    "two_customers_are_one": 1,
}
