"""A store's books in one process: a migrated database, providers of our own making that do as they are told, no HTTP.

`async with open_book(url) as book:` gives stores, orders and refunds in milliseconds; `book.run(operation)` tries an
operation as a worker would, and the bank's own list of effects is the judge.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.database import Database, connect
from app.integrations.commerce.contract import (
    CancelOrder,
    CustomerSnapshot,
    LineSnapshot,
    OrderSnapshot,
    PaymentSnapshot,
    Totals,
)
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.integrations.payments.contract import LedgerRefund, PaymentLedger, PayoutCommand, RefundCommand
from app.integrations.receipts import Receipt
from app.models.operations import Operation
from app.models.orders import Order, OrderLine, OrderPayment
from app.models.records import AuditRow, Event
from app.models.refunds import Refund, SpendCounter
from app.models.stores import Store
from app.money import Money
from app.services import cancellations, durable, jobs, mirror, orders, refund_views, refunds, stores, tries
from app.services.callers import Caller
from app.services.event_streams import Streams
from app.services.orders import Ledgers
from app.services.policy.plain import Caps, Policy
from app.services.providers import Providers
from app.services.refund_quotes import RefundSpec
from app.services.runtime import Runtime
from app.settings import Settings
from tests.support.databases import Databases

NUMBERS = itertools.count(1)


@contextmanager
def one_database(kind: str, databases: Databases, folders: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated database that the tests of one module share, each with a store of its own."""
    if kind == "sqlite":
        yield databases.migrated_sqlite(folders.mktemp("books") / "aftersale.db")
        return
    if databases.missing():
        pytest.skip(str(databases.missing()))
    url = databases.migrated_postgres()
    yield url
    databases.drop(url)


def money(amount: int, currency: str = "EUR") -> Money:
    return Money(amount, currency)


def person(caller: Caller) -> Caller:
    """The same caller, a named person."""
    return replace(caller, agent="ana")


WIDE = Caps(refund=10**9, order=10**9, customer=10**9, day=10**9)


# ---- providers that do as they are told -----------------------------------------------------------------------------


@dataclass
class Account:
    """A payment at the bank."""

    captured: int
    currency: str
    state: str = "captured"


@dataclass
class Moved:
    """One refund in the bank's ledger."""

    id: str
    payment: str
    key: str | None
    amount: int
    currency: str
    status: str
    failure_code: str | None = None


@dataclass
class Bank:
    """A payment provider without a ceiling: whoever asks for too much gets it, and the test sees it.

    `plans` says how the next calls end: succeed pend refuse deny (a no after the effect) lose (effect, no answer) drop
    (no answer, no effect) break (the adapter fails after the effect) busy throttle garble; `lookups` likewise: down,
    refuse, break, or anything else for the truth.
    """

    accounts: dict[str, Account] = field(default_factory=dict)
    moved: list[Moved] = field(default_factory=list)
    plans: deque[str] = field(default_factory=deque)
    lookups: deque[str] = field(default_factory=deque)
    asked: list[str] = field(default_factory=list)
    name: str = "sandbox"

    async def payment(self, payment_id: str) -> PaymentLedger | None:
        account = self.accounts.get(payment_id)
        if account is None:
            return None
        return PaymentLedger(
            payment_id=payment_id,
            state=account.state,
            currency=account.currency,
            captured=account.captured,
            refunds=tuple(
                LedgerRefund(
                    external_id=row.id, key=row.key, amount=row.amount, status=row.status, created_at=datetime.now(UTC)
                )
                for row in self.moved
                if row.payment == payment_id
            ),
        )

    async def refund(self, command: RefundCommand) -> Receipt:
        self.asked.append("refund")
        return self._give(command)

    async def pay_out(self, command: PayoutCommand) -> Receipt:
        self.asked.append("payout")
        return self._give(command)

    def _give(self, command: RefundCommand | PayoutCommand) -> Receipt:
        plan = self.plans.popleft() if self.plans else "succeed"
        if plan == "drop":
            raise OutcomeUnknown("no answer", evidence={"error": "timeout"})
        if plan == "busy":
            raise OutcomeUnknown("busy", evidence={"status": 503}, retry_after=9.0)
        if plan == "throttle":
            raise NotExecuted("later", evidence={"status": 429}, retry_after=7.0)
        known = [row for row in self.moved if row.key == command.key]
        if plan == "refuse" and not known:
            raise Refused("refund_refused", "The bank says no.", evidence={"status": 409})
        row = known[0] if known else self.move(command, "pending" if plan == "pend" else "succeeded")
        if plan == "deny":
            raise Refused("refund_refused", "The bank says no.")
        if plan == "break":
            raise KeyError("4242 4242 4242 4242")
        if plan == "lose":
            raise OutcomeUnknown("no answer")
        amount = row.amount + 1 if plan == "garble" else row.amount
        return self.receipt(row).model_copy(update={"amount": amount})

    async def find_refund(self, command: RefundCommand) -> Receipt | None:
        self.asked.append("find")
        return self._find(command)

    async def find_payout(self, command: PayoutCommand) -> Receipt | None:
        self.asked.append("find payout")
        return self._find(command)

    def _find(self, command: RefundCommand | PayoutCommand) -> Receipt | None:
        plan = self.lookups.popleft() if self.lookups else "up"
        if plan == "down":
            raise OutcomeUnknown("no answer to a look-up", evidence={"error": "reset"}, retry_after=8.0)
        if plan == "refuse":
            raise Refused("lookup_refused", "The bank does not say.", evidence={"status": 403})
        if plan == "break":
            raise KeyError("4242 4242 4242 4242")
        found = next((row for row in self.moved if row.key == command.key), None)
        return None if found is None else self.receipt(found)

    def move(self, command: RefundCommand | PayoutCommand, status: str) -> Moved:
        """A payout stands in no payment's ledger, but under its method, or under `store credit`."""
        to = command.payment_id if isinstance(command, RefundCommand) else command.payment_method_id or "store credit"
        row = Moved(f"mov-{next(NUMBERS)}", to, command.key, command.amount, command.currency, status)
        self.moved.append(row)
        return row

    def receipt(self, row: Moved) -> Receipt:
        return Receipt(
            status=row.status,  # pyright: ignore[reportArgumentType]
            external_id=row.id,
            amount=row.amount,
            currency=row.currency,
            failure_code=row.failure_code,
            evidence={"id": row.id},
        )

    def outside(self, payment: str, amount: int) -> Moved:
        """The merchant refunds without us."""
        row = Moved(f"mov-{next(NUMBERS)}", payment, None, amount, self.accounts[payment].currency, "succeeded")
        self.moved.append(row)
        return row

    def fail(self, key: str, code: str = "account_closed") -> None:
        """The money comes back, days later."""
        row = next(row for row in self.moved if row.key == key)
        row.status, row.failure_code = "failed", code

    def given(self, payment: str) -> int:
        """What the bank has paid back or will."""
        return sum(row.amount for row in self.moved if row.payment == payment and row.status != "failed")


@dataclass
class Shop:
    """A shop that cancels, or refuses to; of an order it tells nothing new (`asked` says of which), or is `away`."""

    plans: deque[str] = field(default_factory=deque)
    canceled: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    away: bool = False
    name: str = "sandbox"

    async def get_order(self, external_id: str) -> OrderSnapshot | None:
        self.asked.append(external_id)
        if self.away:
            raise OutcomeUnknown("no answer")
        return None

    async def cancel_order(self, command: CancelOrder) -> Receipt:
        plan = self.plans.popleft() if self.plans else "succeed"
        if plan == "refuse":
            raise Refused("order_not_pending", "The order has shipped.")
        if plan == "drop":
            raise OutcomeUnknown("no answer")
        self.canceled.append(command.key)
        if plan == "lose":
            raise OutcomeUnknown("no answer")
        return Receipt(status="succeeded", external_id=command.order_id)

    async def find_cancellation(self, command: CancelOrder) -> Receipt | None:
        if command.key not in self.canceled:
            return None
        return Receipt(status="succeeded", external_id=command.order_id)


class OneSetOfProviders:
    """Connections of which every store in test mode has the same."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers

    def of(self, shop: Any, *, livemode: bool) -> Providers:
        assert (getattr(shop, "sandbox_shop", shop), livemode) == ("demo", False)
        return self._providers

    async def close(self) -> None:
        """Nothing is open."""


# ---- the books ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A line: `total` is paid for all of it, discount off and tax in."""

    quantity: int
    total: int
    tax: int = 0
    discount: int = 0
    final_sale: bool = False


@dataclass(frozen=True)
class Paid:
    """A payment of an order."""

    amount: int
    kind: str = "card"
    state: str = "captured"
    method: str | None = None
    currency: str = ""


@dataclass(frozen=True)
class Placed:
    """An order in our mirror: our ids of it, its lines and its payments, in the shop's order."""

    id: str
    external_id: str
    lines: list[str]
    payments: list[str]
    accounts: list[str]


@dataclass
class Book:
    """One database with its means."""

    db: Database
    runtime: Runtime
    bank: Bank
    shop: Shop

    def cleared(self) -> Book:
        """The same books for the next test: the providers have forgotten everything."""
        for memory in (self.bank.accounts, self.bank.moved, self.bank.plans, self.bank.lookups, self.bank.asked):
            memory.clear()
        for memory in (self.shop.plans, self.shop.canceled, self.shop.asked):
            memory.clear()
        self.shop.away = False
        return self

    async def write(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await self.db.write(work, *args, **kwargs)

    async def read(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await self.db.read(work, *args, **kwargs)

    async def store(
        self, *, caps: dict[str, Caps] | None = None, timezone: str = "UTC", policy: Policy | None = None
    ) -> Caller:
        """A store's merchant."""
        chosen = policy or Policy(caps={"EUR": WIDE} if caps is None else caps, instant_refund=True)
        store = await self.write(lambda s: stores.create(s, "Shop", policy=chosen, timezone=timezone))
        return Caller(store=store, livemode=False, key_id="key_1", scopes=frozenset({"*"}), request_id="req_1")

    async def order(
        self,
        caller: Caller,
        *lines: Line,
        paid: list[Paid] | None = None,
        shipping: int = 0,
        currency: str = "EUR",
        status: str = "delivered",
        customer: str | None = "cust-1",
    ) -> Placed:
        """An order as the shop told it, its payments known to the bank."""
        number = next(NUMBERS)
        lines = lines or (Line(1, 5000),)
        total = sum(line.total for line in lines) + shipping
        paid = [Paid(total)] if paid is None else paid
        accounts = [f"pay-{number}-{place}" for place in range(len(paid))]
        for account, payment in zip(accounts, paid, strict=True):
            held = payment.amount if payment.state == "captured" else 0
            self.bank.accounts[account] = Account(held, payment.currency or currency, payment.state)
        snapshot = OrderSnapshot(
            external_id=f"shop-{number}",
            number=f"#{number}",
            status=status,  # pyright: ignore[reportArgumentType]
            payment_status="paid",
            fulfillment_status="fulfilled" if status == "delivered" else "unfulfilled",
            placed_at=datetime.now(UTC),
            delivered_at=datetime.now(UTC) if status == "delivered" else None,
            customer=None if customer is None else CustomerSnapshot(external_id=customer, email="mia@example.com"),
            lines=tuple(_line(f"{number}-{place}", line, status) for place, line in enumerate(lines)),
            payments=tuple(
                PaymentSnapshot(
                    external_id=account,
                    kind=payment.kind,  # pyright: ignore[reportArgumentType]
                    label=payment.kind,
                    payment_method_id=payment.method,
                    currency=payment.currency or currency,
                    captured=self.bank.accounts[account].captured,
                )
                for account, payment in zip(accounts, paid, strict=True)
            ),
            totals=Totals(items=0, discount=0, tax=0, shipping=shipping, duties=0, total=total, refunded=0),
            currency=currency,
            presentment_currency=currency,
        )
        return await self.write(placed, caller, snapshot, accounts)

    async def shopper(self, caller: Caller, order: Placed) -> Caller:
        """The order's customer, answered by automation."""
        row = await self.read(lambda s: s.get_one(Order, order.id))
        return caller.acting_for(row.customer_id, 2)

    async def ledgers(self, caller: Caller, order: Placed) -> Ledgers:
        return await orders.ledgers(self.runtime, caller, order.id)

    async def refund(self, caller: Caller, order: Placed, **spec: Any) -> Refund:
        """Ask for a refund as the endpoint does: read the bank's ledger, then reserve in one transaction."""
        said = await self.ledgers(caller, order)
        return await self.write(refunds.request, caller, order.id, said, RefundSpec(**spec))

    async def cancel(self, caller: Caller, order: Placed) -> Any:
        said = await self.ledgers(caller, order)
        return await self.write(cancellations.request, caller, order.id, said, "changed my mind")

    async def operations(self, subject_id: str) -> list[Operation]:
        """The operations about a resource, oldest first, without the mails that tell of it."""
        about = Operation.subject_id == subject_id, Operation.kind != "notice"
        query = select(Operation).where(*about).order_by(Operation.id)
        return await self.read(lambda s: list(s.scalars(query)))

    async def operation(self, subject_id: str) -> Operation:
        (only,) = await self.operations(subject_id)
        return only

    async def run(self, operation: Operation | str, *, executor: str | None = None) -> Operation:
        """Try the operation once, as the newest job would."""
        key = operation if isinstance(operation, str) else operation.id
        runtime = self.runtime if executor is None else replace(self.runtime, executor=executor)
        now = await self.read(lambda s: s.get_one(Operation, key))
        await tries.run(runtime, key, now.schedule)
        return await self.read(lambda s: s.get_one(Operation, key))

    async def settle(self, refund: Refund, *plans: str) -> Refund:
        """Run every open operation of a refund, the bank doing as planned."""
        self.bank.plans.extend(plans)
        for operation in await self.operations(refund.id):
            if operation.status in {"pending", "unknown"}:
                await self.run(operation)
        self.bank.plans.clear()
        return await self.read(lambda s: s.get_one(Refund, refund.id))

    async def view(self, caller: Caller, refund: Refund) -> dict[str, Any]:
        return await self.read(lambda s: refund_views.view(s, refund_views.get(s, caller, refund.id)))

    async def spent(self, caller: Caller) -> dict[tuple[str, str], int]:
        """The counters of what automation has spent."""
        query = select(SpendCounter).where(SpendCounter.store_id == caller.store_id)
        rows = await self.read(lambda s: list(s.scalars(query)))
        return {(row.scope, row.scope_id): row.spent for row in rows}

    async def events(self, resource_id: str) -> list[str]:
        """The types of a resource's events in their order; the numbers have no gaps."""
        query = select(Event).where(Event.resource_id == resource_id).order_by(Event.sequence)
        rows = await self.read(lambda s: list(s.scalars(query)))
        assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
        return [row.type for row in rows]

    async def audit(self, subject_id: str) -> list[AuditRow]:
        query = select(AuditRow).where(AuditRow.subject_id == subject_id).order_by(AuditRow.id)
        return await self.read(lambda s: list(s.scalars(query)))

    async def set(self, model: type[Any], key: Any, **values: Any) -> None:
        """Change a row under the books' feet."""

        def change(session: Session) -> None:
            row = session.get_one(model, key)
            for name, value in values.items():
                setattr(row, name, value)

        await self.write(change)


def _line(name: str, line: Line, status: str) -> LineSnapshot:
    return LineSnapshot(
        external_id=f"ln-{name}",
        title="Mug",
        quantity=line.quantity,
        unit_price=0,
        discount=line.discount,
        tax=line.tax,
        total=line.total,
        fulfilled_quantity=line.quantity if status == "delivered" else 0,
        final_sale=line.final_sale,
    )


def placed(session: Session, caller: Caller, snapshot: OrderSnapshot, accounts: list[str]) -> Placed:
    """Write an order as the shop told it into our mirror."""
    order = mirror.store(session, caller, snapshot, {})
    session.flush()
    lines = session.scalars(select(OrderLine.id).where(OrderLine.order_id == order.id).order_by(OrderLine.position))
    payments = session.scalars(
        select(OrderPayment.id).where(OrderPayment.order_id == order.id).order_by(OrderPayment.position)
    )
    return Placed(order.id, snapshot.external_id, list(lines), list(payments), accounts)


@asynccontextmanager
async def open_book(
    url: str, *, bank: Any = None, shop: Any = None, channel: Any = None, carrier: Any = None, **settings: Any
) -> AsyncIterator[Book]:
    """The books on a migrated database; `bank`, `shop`, `channel` and `carrier` take the place of the usual ones."""
    given = {"call_seconds": 2.0, "retry_seconds": (1.0, 5.0, 60.0), "recheck_seconds": (3600.0, 86400.0), **settings}
    chosen = Settings(database_url=url, **given)
    db = connect(url, pool_size=10)
    db.info["jobs"] = durable.client(chosen)
    db.info["recheck_seconds"] = chosen.recheck_seconds
    bank, shop = bank or Bank(), shop or Shop()
    providers = Providers(commerce=shop, payments=bank, carrier=carrier, channel=channel)  # pyright: ignore[reportArgumentType]
    runtime = Runtime(
        settings=chosen,
        db=db,
        connections=OneSetOfProviders(providers),
        executor=jobs.executor_name(),
        streams=Streams(db),
    )
    await db.start()
    try:
        yield Book(db, runtime, bank, shop)
    finally:
        await db.close()
        db.info["jobs"].destroy()


async def timezone_of(book: Book, caller: Caller, name: str) -> Caller:
    """The caller after the store has moved to another time zone."""
    await book.set(Store, caller.store_id, timezone=name)
    return replace(caller, store=await book.read(lambda s: s.get_one(Store, caller.store_id)))
