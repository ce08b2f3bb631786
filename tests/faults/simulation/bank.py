"""The virtual payment provider: its own ledger, keys honoured or forgotten, refunds that end later or fail late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

from app import clock
from app.integrations.errors import Refused
from app.integrations.payments.contract import (
    ChargeCommand,
    LedgerRefund,
    PaymentLedger,
    PayoutCommand,
    RefundCommand,
)
from app.integrations.receipts import Receipt, surest
from tests.faults.history import Row
from tests.faults.simulation.storage import REQUEST
from tests.faults.simulation.trouble import Trouble

PENDING, LATE_FAILURE = 0.2, 0.15
"""How many refunds are not final at once, and how many fail after they had succeeded."""
ENDS, FAILS = (0.3, 6.0), (0.3, 8.0)
"""Virtual seconds."""


@dataclass
class Given:
    """One refund as the provider has it."""

    id: str
    payment_id: str
    key: str | None
    amount: int
    status: str
    at: datetime
    failure_code: str | None = None


@dataclass
class Bank:
    """The payments of one store. `ceiling`: whether it refuses what is above the captured amount."""

    shop: str
    trouble: Trouble
    captured: dict[str, int]
    """By payment, minor units of EUR."""
    ceiling: bool
    told: Callable[[Given], None]
    """Called at each change of a refund: the provider's webhook."""
    refunds: list[Given] = field(default_factory=list[Given])
    known_outside: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """By payment: which refunds made elsewhere were in the reading with which money was last reserved."""
    name: str = "stripe"

    def live(self, payment_id: str) -> int:
        """What has gone back of a payment or will, minor units."""
        return sum(one.amount for one in self.refunds if one.payment_id == payment_id and one.status != "failed")

    async def payment(self, payment_id: str) -> PaymentLedger | None:
        """What it holds of a payment; noted with the request that reads it."""
        await self.trouble.asked("payment", part=0.2)
        if payment_id not in self.captured:
            return None
        refunds = tuple(_shown(one) for one in self.refunds if one.payment_id == payment_id)
        request = REQUEST.get()
        if request is not None:
            request[self.shop, payment_id] = refunds
        await self.trouble.scheduler.step("hear of payment")
        return PaymentLedger(
            payment_id=payment_id,
            state="captured",
            currency="EUR",
            captured=self.captured[payment_id],
            refunds=refunds,
        )

    async def refund(self, command: RefundCommand) -> Receipt:
        """Same key, same refund, unless keys are forgotten."""

        def do(fault: str | None, detail: str | None) -> Receipt:
            known = [one for one in self.refunds if one.key == command.key]
            forgotten = self.trouble.forgets and self.trouble.rng.random() < 0.5
            if known and not forgotten:
                self.trouble.note("refund", command.key, known[0].id, command.amount, effect=False, fault=fault)
                return _receipt(known[0])
            if self.ceiling and self.live(command.payment_id) + command.amount > self.captured[command.payment_id]:
                raise Refused("refund_exceeds_captured", "There is not as much left.", evidence={"status": 422})
            made = self._make(command.payment_id, command.key, command.amount)
            self.trouble.note("refund", command.key, made.id, command.amount, fault=fault, detail=detail)
            return _receipt(made)

        return await self.trouble.caused("refund", command.key, do)

    async def find_refund(self, command: RefundCommand) -> Receipt | None:
        """By our key, in its own ledger: that is never forgotten."""
        await self.trouble.asked("refund")
        found = surest([_receipt(one) for one in self.refunds if one.key == command.key])
        await self.trouble.scheduler.step("hear of the look-up")
        return found

    def outside(self, payment_id: str, amount: int) -> None:
        """The merchant refunds without us, as much as is left of it there."""
        left = self.captured[payment_id] - self.live(payment_id)
        if left > 0:
            made = self._make(payment_id, None, min(amount, left))
            self.trouble.note("outside_refund", None, made.id, made.amount)

    def _make(self, payment_id: str, key: str | None, amount: int) -> Given:
        rng, loop = self.trouble.rng, self.trouble.scheduler.loop
        made = Given(f"re_{self.shop}_{len(self.refunds) + 1}", payment_id, key, amount, "succeeded", clock.now())
        self.refunds.append(made)
        if key is not None and rng.random() < PENDING:
            made.status = "pending"
            loop.call_later(rng.uniform(*ENDS), self._ends, made, rng.choice(("succeeded", "succeeded", "failed")))
        elif key is not None and rng.random() < LATE_FAILURE:
            loop.call_later(rng.uniform(*FAILS), self._ends, made, "failed")
        self.told(made)
        return made

    def _ends(self, one: Given, status: str) -> None:
        one.status, one.failure_code = status, "account_closed" if status == "failed" else None
        self.trouble.scheduler.note(f"{one.id} is {status}")
        self.told(one)

    async def charge(self, command: ChargeCommand) -> Receipt:
        """Not simulated, as are the three that follow."""
        _not_here(command)

    async def find_charge(self, command: ChargeCommand) -> Receipt | None:
        """See `charge`."""
        _not_here(command)

    async def pay_out(self, command: PayoutCommand) -> Receipt:
        """See `charge`."""
        _not_here(command)

    async def find_payout(self, command: PayoutCommand) -> Receipt | None:
        """See `charge`."""
        _not_here(command)

    def orders(self, payments_of: dict[str, list[str]]) -> list[Row]:
        """Each order's payments and refunds as the checker reads them.

        What the merchant took elsewhere after our last reservation is theirs to answer for: it is left out.
        """
        found: list[Row] = []
        for order, payments in payments_of.items():
            refunds = [
                {"id": one.id, "payment_id": one.payment_id, "amount": one.amount, "status": one.status}
                | {"key": one.key, "origin": "outside" if one.key is None else "api"}
                for one in self.refunds
                if one.payment_id in payments
                and (one.key is not None or one.id in self.known_outside.get(one.payment_id, ()))
            ]
            paid = [{"id": name, "amount": self.captured[name], "state": "captured"} for name in payments]
            found.append({"id": order, "currency": "EUR", "payments": paid, "refunds": refunds})
        return found


def _shown(one: Given) -> LedgerRefund:
    return LedgerRefund(
        external_id=one.id,
        key=one.key,
        amount=one.amount,
        status=one.status,  # pyright: ignore[reportArgumentType]
        created_at=one.at,
        failure_code=one.failure_code,
    )


def _receipt(one: Given) -> Receipt:
    return Receipt(
        status=one.status,  # pyright: ignore[reportArgumentType]
        external_id=one.id,
        amount=one.amount,
        currency="EUR",
        failure_code=one.failure_code,
        evidence={"id": one.id, "status": one.status},
    )


def _not_here(command: Any) -> NoReturn:
    raise NotImplementedError(type(command).__name__)
