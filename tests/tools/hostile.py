"""A hostile caller with every credential but the merchant's own: `python -m tests.tools.hostile 100000 [seed [n]]`.

With `n` as many processes share the calls, each against a server and a store of its own.

It may act for one shopper (Anna), has her own token and the store's publishable key, holds the merchant key of another
store, live keys, keys without the scopes that count, a revoked key and none; and throws random calls at every action,
several at a time, with tokens and keys used again, other people's orders, and approvals that are not for it to give.
Afterwards the shop's own ledger is held against what may have happened: no cap passed, nobody else's order touched, the
books as the provider has them, nothing answered with a 5xx.
"""

from __future__ import annotations

import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from threading import Lock
from typing import Any

import httpx
import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.models.operations import Operation
from app.models.stores import SCOPES
from tests.faults import checker, evidence
from tests.faults.history import History, Row, Shop
from tests.http.storefront import SHOP, Page, vouched
from tests.sandbox.served import Served
from tests.support.app import App, Tenant, running, sandbox
from tests.support.databases import Databases
from tests.tools import hostile_checks
from tests.tools.hostile_checks import FEE_PERCENT, TWO_ABOVE
from tests.tools.hostile_moves import Call, Moves
from tests.tools.hostile_shop import HER, shop

AT_ONCE = 6
AGAIN = {"provider_unavailable", "storage_unavailable", "unavailable"}
"""Answers 5xx that say: later."""
RULES = (
    checker.captured_is_the_ceiling,
    checker.orders_give_what_they_took,
    checker.charges_end_in_one_state,
    checker.provider_and_we_agree,
    checker.spending_is_counted,
    checker.one_live_label,
    checker.events_are_whole,
    checker.money_is_audited,
)
"""Of the checker of `make faults`: what can be told without knowing each request."""
OF_ORDERS = ("refunds", "returns", "exchanges", "changes", "cancellations")
OWNED = (
    *OF_ORDERS,
    "credits",
    "withdrawals",
    "operations",
    "orders",
    "return_labels",
    "events",
    "audit_log",
    "spend_counters",
)


def caps(orders: int) -> dict[str, int]:
    """Of the customer and the day as much as comes together in time, so that they are run against, too."""
    return {"refund": 2_000, "order": 3_000, "customer": 700 * orders, "day": 650 * orders}


@dataclass
class Siege:
    """One store under attack, and what was answered."""

    app: App
    store: Tenant
    moves: Moves
    caps: dict[str, int]
    doors: list[tuple[httpx.Client, dict[str, str]]] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    allowed: Counter[str] = field(default_factory=Counter)
    """What was let in, by its method and path."""
    broken: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    @classmethod
    def begin(cls, app: App, calls: int, seed: int) -> Siege:
        """A store with small caps, and everything that the caller holds."""
        orders = max(10, calls // 40)
        document, hers, others = shop(orders)
        limits = caps(orders)
        store, other = app.store(document, policy={"caps": {"EUR": limits}}), app.store()
        policy = {
            "caps": {"EUR": limits},
            "instant_refund": True,
            "auto_approve": {"claim": False},
            "two_persons_above": {"EUR": TWO_ABOVE},
            "fees": [{"id": "restocking", "percent": FEE_PERCENT}],
            "label": {"payer": "shopper"},
            "keep_items": {"below": {"EUR": 1_100}, "when": {"fact": "line.reason", "op": "eq", "value": "worn"}},
        }
        made = store.post("/v1/policies", {"document": policy})
        assert store.post(f"/v1/policies/{made.json()['id']}/activate").status_code == 200
        revoked = store.issue()
        store.change_key(revoked[0], revoked_at=clock.now())
        weak = store.issue(scopes=tuple(scope for scope in SCOPES if scope.endswith(":read")))[1]
        anna, page = {"Aftersale-Customer": HER}, Page.of(store)
        siege = cls(app, store, Moves(random.Random(seed), hers, others), limits)
        siege.moves.made["pol"].append(made.json()["id"])

        def client(key: str) -> httpx.Client:
            return app.client(key, checked=False)

        siege.doors = [
            *[(client(store.key), anna)] * 20,
            *[(client(store.key), {**anna, "Aftersale-Actor": "agent:kim"})] * 3,
            *[(client(vouched(store, HER)), {"Origin": SHOP})] * 6,
            (client(vouched(store, HER)), {"Aftersale-Actor": "agent:kim"}),
            (client(page.key), {"Origin": SHOP}),
            (client(other.key), {}),
            (client(other.key), anna),
            (client(store.live_key), anna),
            (client(weak), {"Aftersale-Actor": "agent:kim"}),
            (client(revoked[1]), {}),
            (client(""), {}),
        ]
        return siege

    # ---- what is thrown --------------------------------------------------------------------------------------

    def rush(self, calls: int, told_every: int = 0) -> None:
        """So many calls, several on their way at a time; says on stderr how far it is."""
        began = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for done, _ in enumerate(pool.map(lambda _: self.throw(), range(calls)), 1):
                if told_every and done % told_every == 0:
                    seconds = time.monotonic() - began
                    print(f"{done} of {calls}, {seconds:.0f} s, {len(self.broken)} broken", file=sys.stderr, flush=True)

    def throw(self) -> None:
        """One random call."""
        with self.lock:
            (method, path, body), key = self.moves.next()
            client, headers = self.moves.rng.choice(self.doors)
        sent = {**headers, "Idempotency-Key": key, "Prefer": "wait=0"}
        answer = _answer(client, method, path, None if method == "DELETE" else body, sent)
        with self.lock:
            self._note((method, path, body), headers, answer)

    def _note(self, call: Call, headers: dict[str, str], answer: httpx.Response) -> None:
        told = answer.json()
        self.answers[f"{answer.status_code} {told.get('code') or ''}".strip()] += 1
        method, path, _ = call
        if answer.status_code >= 500 and told.get("code") not in AGAIN:
            self.broken.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        if answer.status_code < 300 and headers:
            self.allowed[f"{method} {_shape(path)}"] += 1
            self.moves.learn(told)

    @property
    def share(self) -> float:
        """Of all calls those that were let in."""
        return sum(self.allowed.values()) / max(1, sum(self.answers.values()))

    # ---- what may have happened ------------------------------------------------------------------------------

    def others(self) -> dict[str, Any]:
        """Every order, subscription and customer that is not hers, as the shop holds it."""
        document = _told(self.store.sandbox, "/sandbox/v1/export")
        rows = [row for row in [*document["orders"], *document["subscriptions"]] if row["customer_id"] != HER]
        return {row["id"]: row for row in [*rows, *(row for row in document["customers"] if row["id"] != HER)]}

    def settle(self, seconds: float) -> None:
        """Wait until nothing is on its way."""
        give_up = time.monotonic() + seconds
        while self.app.read(_open, self.store.id):
            assert time.monotonic() < give_up, "operations do not end"
            time.sleep(0.1)

    def check(self, before: dict[str, Any], seconds: float = 120) -> list[str]:
        """Everything that went wrong."""
        self.settle(seconds)
        after, history = self.others(), self.history()
        wrong = list(self.broken)
        wrong += [f"{name} was touched" for name in before if before[name] != after.get(name)]
        wrong += [str(violation) for rule in RULES for violation in rule(history)]
        hers = {row["id"] for row in history.tables["orders"] if row["number"].lstrip("#") in self._numbers()}
        for table in OF_ORDERS:
            rows = [row for row in history.tables[table] if row["order_id"] not in {*hers, None}]
            wrong += [f"{row['id']} is about the order of another" for row in rows]
        wrong += [*self._spent(history), *hostile_checks.parted(history), *hostile_checks.kept_back(history)]
        decided = self.store.get("/v1/approvals?status=approved").json()["data"]
        wrong += [f"{row['id']} was approved" for row in decided]
        drafts = self.store.get("/v1/policies").json()["data"]
        return wrong + [f"{row['id']} was drafted" for row in drafts[:-1]]

    def _numbers(self) -> set[str]:
        return {str(number) for number in self.moves.hers}

    def _spent(self, history: History) -> Iterator[str]:
        """Money that left the store for her, by the caps: from our books, which agree with the provider's."""
        per_order: Counter[str] = Counter()
        for refund in history.tables["refunds"]:
            if refund["status"] in {"failed", "canceled", "awaiting_approval"} or not refund["automated"]:
                continue
            per_order[refund["order_id"]] += refund["amount"]
            if refund["amount"] > self.caps["refund"]:
                yield f"{refund['id']} is above the cap of one refund"
        for order, amount in per_order.items():
            if amount > self.caps["order"]:
                yield f"{order} is above its cap: {amount}"
        if (total := sum(per_order.values())) > min(self.caps["customer"], self.caps["day"]):
            yield f"the customer is above the cap: {total}"
        if history.tables["credits"] and any(row["refund_id"] is None for row in history.tables["credits"]):
            yield "goodwill was given to oneself"

    def history(self) -> History:
        """What the provider and our tables hold of this store."""
        served = self.store.sandbox
        ledger: list[Row] = []
        after = 0
        while True:
            page = _told(served, f"/sandbox/v1/ledger?after={after}&limit=1000")
            ledger += page["data"]
            if page["next_after"] is None:
                break
            after = page["next_after"]
        tables = _of_store(evidence.tables(self.app.settings.database), self.store.id)
        return History("", shops={served.shop: Shop(_told(served, "/sandbox/v1/export"), ledger)}, tables=tables)


def _told(served: Served, path: str) -> dict[str, Any]:
    """A large answer takes its time, and all was in vain where it is not waited for."""
    status, found = served.call("GET", path, timeout=600)
    assert status == 200, found
    return found


def _answer(client: httpx.Client, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
    """Ask again, under the same key, where the connection broke: an idle one is closed while we take it."""
    for _ in range(5):
        with suppress(httpx.TransportError):
            return client.request(method, path, json=body, headers=headers)
    return client.request(method, path, json=body, headers=headers)


def _shape(path: str) -> str:
    """The path with its ids left out."""
    head, *rest = path.removeprefix("/v1/").split("/")
    return "/v1/" + "/".join([head, *(step if step.isalpha() or head == "actions" else "…" for step in rest)])


def _open(session: Session, store_id: str) -> int:
    query = select(func.count()).select_from(Operation).where(Operation.store_id == store_id)
    return session.scalar(query.where(Operation.status.in_(("pending", "unknown")), Operation.dead_at.is_(None))) or 0


def _of_store(tables: dict[str, list[Row]], store_id: str) -> dict[str, list[Row]]:
    """The rows of one store: other tests have theirs beside it."""
    found = {name: [row for row in tables[name] if row["store_id"] == store_id] for name in OWNED}
    found["stores"] = [row for row in tables["stores"] if row["id"] == store_id]
    orders, refunds = ({row["id"] for row in found[name]} for name in ("orders", "refunds"))
    exchanges = {row["id"] for row in found["exchanges"]}
    found["exchange_lines"] = [row for row in tables["exchange_lines"] if row["exchange_id"] in exchanges]
    found["order_payments"] = [row for row in tables["order_payments"] if row["order_id"] in orders]
    found["refund_allocations"] = [row for row in tables["refund_allocations"] if row["refund_id"] in refunds]
    return found


def besiege(app: App, calls: int, seed: int, told_every: int = 0) -> tuple[Siege, list[str]]:
    """So many random calls: the siege, and what went wrong."""
    siege = Siege.begin(app, calls, seed)
    before = siege.others()
    siege.rush(calls, told_every)
    return siege, siege.check(before, 120 + calls / 50)


@dataclass
class Share:
    """What one process saw."""

    answers: Counter[str]
    allowed: Counter[str]
    wrong: list[str]


def siege_of(calls: int, seed: int) -> Share:
    """Besiege a store on SQLite with a server of its own."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    databases = Databases.begin()
    try:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            url = databases.migrated_sqlite(place / "aftersale.db")
            with sandbox(place / "sandbox.db") as at, running(url, at) as app:
                siege, wrong = besiege(app, calls, seed, told_every=1_000)
    finally:
        databases.end()
    return Share(siege.answers, siege.allowed, wrong)


def main() -> int:
    """Besiege stores; 1 where anything went wrong, or less than a fifth was let in."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**6)
    processes = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    began = time.monotonic()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        each = [calls // processes + (place < calls % processes) for place in range(processes)]
        shares = list(pool.map(siege_of, each, range(seed, seed + processes)))
    answers = sum((share.answers for share in shares), Counter[str]())
    allowed = sum((share.allowed for share in shares), Counter[str]())
    wrong = [line for share in shares for line in share.wrong]
    for told, count in [*allowed.most_common(), *answers.most_common()]:
        print(f"{count:8} {told}")
    for line in wrong[:50]:
        print(f"WRONG: {line}")
    let_in = sum(allowed.values()) / max(1, sum(answers.values()))
    seconds = time.monotonic() - began
    told = f"{let_in:.0%} let in, violations: {len(wrong)}, {seconds:.0f} s"
    print(f"hostile: {sum(answers.values())} calls, seed {seed}, {told}")
    return 1 if wrong or let_in < 0.2 else 0


if __name__ == "__main__":
    sys.exit(main())
