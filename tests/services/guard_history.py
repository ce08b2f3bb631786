"""One history of a store under the guard: whatever can be asked for, done or lost, one step after the other."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.errors import AppError
from app.models.operations import FINAL, Operation
from app.services import (
    approval_votes,
    cancellations,
    claim_approvals,
    claim_grants,
    claims,
    exchange_ends,
    exchanges,
    item_swaps,
    mirror,
    payment_changes,
    refund_approvals,
    refunds,
    return_arrivals,
    returns,
    tries,
)
from app.services import credits as store_credits
from app.services.catalogs import Catalog
from app.services.claim_facts import ClaimLineSpec, ClaimSpec
from app.services.claim_grants import Verdict
from app.services.decisions import Asked
from app.services.exchange_quotes import Catalog as ExchangeCatalog
from app.services.exchanges import ExchangeSpec
from app.services.idempotency import Replayed
from app.services.item_swaps import SwapSpec
from app.services.refund_quotes import RefundSpec
from app.services.return_specs import LineSpec, ReturnSpec
from tests.services.guard_fixtures import KINDS, PLANS, Killed, Moved, payment, snapshot, sold
from tests.services.guard_telling import DELIVERED, Telling
from tests.services.money_fixtures import money

WHO = ("merchant", "merchant", "merchant", "robot", "robot", "shopper")
TO = (("original", None),) * 4 + (("store_credit", None), *(("payment_method", name) for name in KINDS))
HOW = ("refund", "store_credit", "reship", "exchange")


class History(Telling):
    """Whatever concerns money: refunds, exchanges, claims, changes, and what providers and others do meanwhile."""

    # ---- what can be asked for --------------------------------------------------------------------------------------

    def refund(self) -> None:
        order, who, (to, method) = self.either(), self.rng.choice(WHO), self.rng.choice(TO)
        spec = RefundSpec(destination=to, payment_method_id=method)
        if self.rng.random() < 0.5:
            judge = self.judge()
            left = judge.captured(order.id) - judge.given(order.id)
            amounts = (self.rng.randint(1, 900), self.rng.randint(900, 1600), left, left + 1)
            spec = replace(spec, amount=money(max(1, self.rng.choice(amounts))))
        else:
            spec = replace(spec, lines=(self.some_line(order),), shipping=self.rng.random() < 0.3)
        said, caller = self.said(order), self.callers[who]

        def park(session: Session, question: Asked) -> Any:
            return refund_approvals.park(session, caller, order.id, said, spec, question)

        self.ask(refunds.request, order.id, said, spec, who=who, order=order, asked=park)

    def a_person_says(self) -> None:
        approval = self.one_of("approvals", "pending")
        if approval is None:
            return
        order = self.delivered if approval.order_id == self.delivered.id else self.pending
        person, yes = replace(self.merchant, agent=self.rng.choice(("bo", "cy"))), self.rng.random() < 0.8
        try:
            self.write(approval_votes.vote, person, approval.id, yes, None, self.said(order))
        except AppError:
            self.refused = True
        else:
            self.took = order.id

    def goodwill(self) -> None:
        spec = store_credits.Goodwill(money(self.rng.randint(1, 1600)), self.either().id)
        self.ask(store_credits.give, spec, who=self.rng.choice(WHO))

    def exchange(self) -> None:
        """One line or both, for dearer ones and cheaper ones."""
        first, both = self.rng.randint(0, 1), self.rng.random() < 0.5
        wanted: list[LineSpec] = []
        for place in (first, 1 - first) if both else (first,):
            row = next(row for row in self.rows["order_lines"] if row.id == self.delivered.lines[place])
            variant, quantity = self.rng.choice(("mug-gold", "mug-gold", "mug-tin")), self.rng.choice((1, row.quantity))
            wanted.append(LineSpec(row.id, quantity, resolution="exchange", variant_id=variant))
        spec = ExchangeSpec(tuple(wanted), self.rng.choice((*KINDS, *KINDS, None)), self.rng.random() < 0.6)
        said, catalog = self.said(self.delivered), ExchangeCatalog({"mug": sold()})
        who = self.rng.choice(WHO)
        self.ask(exchanges.request, self.delivered.id, spec, catalog, said, who=who, order=self.delivered)

    def return_(self) -> None:
        line, quantity = self.some_line(self.delivered)
        resolution, (to, method) = self.rng.choice(("refund", "refund", "store_credit")), self.rng.choice(TO)
        spec = ReturnSpec((LineSpec(line, quantity, resolution=resolution),), to, method)
        self.ask(returns.request, self.delivered.id, spec, who=self.rng.choice(WHO))

    def claim(self) -> None:
        lines = (ClaimLineSpec(*self.some_line(self.delivered), "damaged"),)
        spec, who = ClaimSpec(lines, self.rng.choice(HOW)), self.rng.choice(WHO)
        self.ask(claims.request, self.delivered.id, self.said(self.delivered), spec, who=who, order=self.delivered)

    def change(self) -> None:
        order, who, method = self.pending, self.rng.choice(WHO), self.rng.choice((*KINDS, None))
        said, what = self.said(order), self.rng.random()
        if what < 0.2:
            self.ask(cancellations.request, order.id, said, "late", who=who, order=order)
        elif what < 0.5:
            self.ask(payment_changes.request, order.id, said, method or "pm-paypal", who=who, order=order)
        else:
            line, quantity = self.some_line(order)
            swaps = [SwapSpec(line, self.rng.choice(("mug-gold", "mug-tin")), quantity)]
            catalog = Catalog({"mug": sold()})
            self.ask(item_swaps.request, order.id, said, catalog, swaps, method, who=who, order=order)

    # ---- how it goes on ---------------------------------------------------------------------------------------------

    def a_return_goes_on(self) -> None:
        chosen = self.one_of("returns", "approved", "received", "inspected")
        if chosen is None:
            return
        if self.rng.random() < 0.1:
            self.ask(return_arrivals.change, chosen.id, "cancel", [])
        elif chosen.status == "approved":
            rows = [row for row in self.rows["return_lines"] if row.return_id == chosen.id]
            part = self.rng.random() < 0.5
            counts = [(row.line_id, self.rng.randint(0, row.quantity) if part else row.quantity) for row in rows]
            self.ask(return_arrivals.change, chosen.id, "receive", counts)
        else:
            pay = self.rng.random() < 0.8
            work = partial(return_arrivals.complete, pay=pay)
            self.ask(work, chosen.id, self.said(self.delivered), order=self.delivered)
            if not pay and not self.refused:
                self.unpaid.add(chosen.id)

    def an_exchange_is_not_paid(self) -> None:
        chosen = self.one_of("exchanges", "payment_failed")
        if chosen is None:
            return
        if self.rng.random() < 0.5:
            self.ask(exchanges.retry, chosen.id, self.rng.choice((*KINDS, None)))
        else:
            work = partial(exchange_ends.cancel, pay=self.rng.random() < 0.8)
            self.ask(work, chosen.id, self.said(self.delivered), order=self.delivered)

    def a_claim_goes_on(self) -> None:
        chosen = self.one_of("claims", "awaiting_approval", "accepted")
        if chosen is None:
            return
        verb = self.rng.choice(("accept", "accept", "accept", "decline", "cancel", "complete"))
        if verb == "accept":
            lines = [row.line_id for row in self.rows["claim_lines"] if row.claim_id == chosen.id]
            part = self.rng.choice((None, None, 1, 500))
            verdict = Verdict(self.rng.choice(HOW), {} if part is None else dict.fromkeys(lines, part))
            self.ask(claim_approvals.accept, chosen.id, verdict, self.said(self.delivered), order=self.delivered)
        elif verb == "decline":
            self.ask(claim_approvals.decline, chosen.id, "no")
        else:
            self.ask({"cancel": claims.cancel, "complete": claim_grants.complete}[verb], chosen.id)

    def the_same_again(self) -> None:
        """A key that was used brings nothing new."""
        if self.kept:
            self.refused = True
            again = self.rng.choice(self.kept[-4:])
            with suppress(Replayed):
                again()
                raise AssertionError("one key was taken twice")

    # ---- what others do ---------------------------------------------------------------------------------------------

    def the_merchant_refunds_elsewhere(self) -> None:
        account = self.rng.choice([*self.delivered.accounts, *self.pending.accounts])
        left = self.till.accounts[account] - self.till.refunded(account)
        if left > 0:
            self.till.outside(account, self.rng.randint(1, self.rng.choice((max(1, left // 3), left))))

    def the_shop_is_read_again(self) -> None:
        """What was charged for exchanges is a payment of the order by now."""
        told = snapshot(self.number, "delivered", *DELIVERED, arrived_at=self.arrived_at)
        paid = [(one.external_id, one.payment_method_id or "") for one in told.payments]
        paid += [(row.id, row.place) for row in self.judge().charges(self.delivered.id)]
        shown = tuple(payment(name, of, self.till.accounts[name], self.till.refunded(name)) for name, of in paid)
        self.write(mirror.store, self.merchant, told.model_copy(update={"payments": shown}), {})

    def a_worker_tries(self) -> None:
        waiting = self.waiting()
        if waiting:
            self._try(self.rng.choice(waiting).id, self.rng.choice(PLANS), blind=self.rng.random() < 0.2)

    def workers_do_all_there_is(self) -> None:
        for row in self.waiting():
            self._try(row.id, "succeed", blind=False)

    def waiting(self) -> list[Any]:
        rows = self.rows["operations"]
        return [row for row in rows if row.status not in FINAL and row.schedule and row.dead_at is None]

    def _try(self, operation_id: str, plan: str, *, blind: bool) -> None:
        for provider in self.providers():
            provider.plans.append(plan)
            provider.blind = blind
        with suppress(Killed):
            self.do(self.book.run(operation_id))
        for provider in self.providers():
            provider.plans.clear()
            provider.blind = False

    def providers(self) -> list[Any]:
        """Whoever does as they are told to."""
        return [self.till, self.counter]

    def the_bank_says_more(self) -> None:
        """What was pending there ends, or money that had gone back comes home again."""
        pending = [row for row in self.till.moved if row.status == "pending"]
        done = [
            row for row in self.rows["operations"] if row.status == "succeeded" and row.kind in {"refund", "payout"}
        ]
        if pending and self.rng.random() < 0.6:
            self._ends(self.rng.choice(pending), self.rng.choice(("succeeded", "failed")))
        elif done:
            chosen = self.rng.choice(done).id
            self._ends(next(row for row in self.till.moved if row.key == chosen), "failed")
            self.do(self.book.set(Operation, chosen, rechecks=1))
            self.do(tries.recheck(self.book.runtime, chosen, 1))

    def _ends(self, row: Moved, status: str) -> None:
        row.status = status
        if row.kind == "charge" and status == "failed":
            self.till.accounts[row.id] = 0


MOVES = {
    "refund": 4,
    "exchange": 3,
    "claim": 3,
    "return_": 2,
    "change": 2,
    "goodwill": 1,
    "a_return_goes_on": 4,
    "an_exchange_is_not_paid": 2,
    "a_claim_goes_on": 2,
    "a_person_says": 1,
    "the_same_again": 1,
    "the_merchant_refunds_elsewhere": 1,
    "the_shop_is_read_again": 1,
    "a_worker_tries": 5,
    "workers_do_all_there_is": 2,
    "the_bank_says_more": 2,
}
"""How often each is made."""
EXCHANGES = {
    "exchange": 4,
    "refund": 1,
    "a_return_goes_on": 7,
    "an_exchange_is_not_paid": 2,
    "the_merchant_refunds_elsewhere": 1,
    "the_shop_is_read_again": 1,
    "a_worker_tries": 6,
    "workers_do_all_there_is": 2,
    "the_bank_says_more": 2,
}
"""The same where most that happens is exchanged."""
