"""What a guard's books stand on: a till that refunds, charges and pays out, and a shop that does what it is told.

Both do as they are told to (`plans`), and can be killed before or after their effect; neither has a ceiling of its own.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.integrations.commerce.contract import (
    CustomerSnapshot,
    LineSnapshot,
    OrderSnapshot,
    PaymentKind,
    PaymentMethodSnapshot,
    PaymentSnapshot,
    ShopCommand,
    Totals,
    Variant,
)
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.integrations.payments.contract import ChargeCommand, LedgerRefund, PaymentLedger, PayoutCommand, RefundCommand
from app.integrations.receipts import Receipt

PLANS = (
    "succeed",
    "succeed",
    "pend",
    "refuse",
    "deny",
    "lose",
    "drop",
    "throttle",
    "garble",
    "die before",
    "die after",
)
KINDS: dict[str, PaymentKind] = {"pm-card": "card", "pm-gift": "gift_card", "pm-paypal": "paypal"}
"""The customer's methods on file."""
PRICES = {"mug-red": 1000, "mug-gold": 1500, "mug-tin": 601}
"""What a mug costs now; a line of red ones was paid at other prices."""


class Killed(Exception):
    """The process is gone: nothing after this line has happened."""


@dataclass
class Moved:
    """One movement of money at the till."""

    kind: str
    id: str
    place: str
    """The payment that is refunded, or the method that is charged or paid."""
    key: str | None
    amount: int
    status: str = "succeeded"


@dataclass
class Till:
    """A payment provider without a ceiling."""

    accounts: dict[str, int] = field(default_factory=dict[str, int])
    """What was captured, per payment; a charge makes one more."""
    moved: list[Moved] = field(default_factory=list[Moved])
    plans: deque[str] = field(default_factory=deque[str])
    blind: bool = False
    """Look-ups get no answer."""
    name: str = "sandbox"

    async def payment(self, payment_id: str) -> PaymentLedger | None:
        if payment_id not in self.accounts:
            return None
        refunds = tuple(
            LedgerRefund(
                external_id=row.id,
                key=row.key,
                amount=row.amount,
                status=row.status,  # pyright: ignore[reportArgumentType]
                created_at=datetime.now(UTC),
            )
            for row in self.moved
            if row.kind == "refund" and row.place == payment_id
        )
        captured = self.accounts[payment_id]
        return PaymentLedger(
            payment_id=payment_id, state="captured", currency="EUR", captured=captured, refunds=refunds
        )

    async def refund(self, command: RefundCommand) -> Receipt:
        return self._do("refund", command.payment_id, command.key, command.amount)

    async def charge(self, command: ChargeCommand) -> Receipt:
        return self._do("charge", command.payment_method_id, command.key, command.amount)

    async def pay_out(self, command: PayoutCommand) -> Receipt:
        return self._do("payout", command.payment_method_id or "credit", command.key, command.amount)

    async def find_refund(self, command: RefundCommand) -> Receipt | None:
        return self._find(command.key)

    async def find_charge(self, command: ChargeCommand) -> Receipt | None:
        return self._find(command.key)

    async def find_payout(self, command: PayoutCommand) -> Receipt | None:
        return self._find(command.key)

    def _do(self, kind: str, place: str, key: str, amount: int) -> Receipt:
        plan = self.plans.popleft() if self.plans else "succeed"
        known = next((row for row in self.moved if row.key == key), None)
        before(plan, known is not None)
        if known is None:
            known = Moved(kind, f"mov-{len(self.moved) + 1}-{key}", place, key, amount)
            known.status = "pending" if plan == "pend" else "succeeded"
            self.moved.append(known)
            if kind == "charge":
                self.accounts[known.id] = amount
        after(plan)
        told = known.amount + 1 if plan == "garble" else known.amount
        return self._receipt(known).model_copy(update={"amount": told})

    def _find(self, key: str) -> Receipt | None:
        if self.blind:
            raise OutcomeUnknown("no answer to a look-up", evidence={"error": "reset"})
        found = next((row for row in self.moved if row.key == key), None)
        return None if found is None else self._receipt(found)

    def _receipt(self, row: Moved) -> Receipt:
        return Receipt(
            status=row.status,  # pyright: ignore[reportArgumentType]
            external_id=row.id,
            amount=row.amount,
            currency="EUR",
            evidence={"id": row.id},
        )

    def outside(self, payment: str, amount: int) -> None:
        """The merchant refunds without us."""
        self.moved.append(Moved("refund", f"mov-{len(self.moved) + 1}-outside", payment, None, amount))

    def refunded(self, payment: str, *, outside: bool = False) -> int:
        """What went back of a payment or will; `outside`: without us."""
        rows = [row for row in self.moved if row.kind == "refund" and row.place == payment and row.status != "failed"]
        return sum(row.amount for row in rows if not outside or row.key is None)


@dataclass
class Counter:
    """A shop that cancels, changes and expects what it is told to, and mails."""

    plans: deque[str] = field(default_factory=deque[str])
    done: dict[str, Any] = field(default_factory=dict[str, Any])
    """What it has done, by key."""
    blind: bool = False
    name: str = "sandbox"

    async def apply(self, command: ShopCommand) -> Receipt:
        return self._do(command)

    async def find_applied(self, command: ShopCommand) -> Receipt | None:
        return self._find(command)

    async def cancel_order(self, command: Any) -> Receipt:
        return self._do(command)

    async def send(self, command: Any) -> Receipt:
        """A mail; its key is its Message-ID."""
        return self._do(command)

    async def find_sent(self, command: Any) -> Receipt | None:
        return self._find(command)

    async def find_cancellation(self, command: Any) -> Receipt | None:
        return self._find(command)

    def _do(self, command: Any) -> Receipt:
        plan = self.plans.popleft() if self.plans else "succeed"
        before(plan, command.key in self.done)
        self.done[command.key] = command
        after(plan)
        return Receipt(status="succeeded", external_id=command.key)

    def _find(self, command: Any) -> Receipt | None:
        if self.blind:
            raise OutcomeUnknown("no answer to a look-up", evidence={"error": "reset"})
        return Receipt(status="succeeded", external_id=command.key) if command.key in self.done else None


def before(plan: str, known: bool) -> None:
    """What keeps a call from its effect."""
    if plan == "die before":
        raise Killed
    if plan == "drop":
        raise OutcomeUnknown("no answer", evidence={"error": "timeout"})
    if plan == "throttle":
        raise NotExecuted("later", evidence={"status": 429})
    if plan == "refuse" and not known:
        raise Refused("refused_here", "No.", evidence={"status": 409})


def after(plan: str) -> None:
    """What is lost of a call after its effect."""
    if plan == "die after":
        raise Killed
    if plan == "deny":
        raise Refused("refused_here", "No.")
    if plan == "lose":
        raise OutcomeUnknown("no answer")


# ---- orders ---------------------------------------------------------------------------------------------------------


def snapshot(
    number: int,
    status: str,
    lines: tuple[tuple[int, int], ...],
    paid: tuple[tuple[str, int], ...],
    shipping: int,
    *,
    customer: str = "cust-1",
    arrived_at: datetime | None = None,
) -> OrderSnapshot:
    """An order of red mugs: `lines` are quantity and what was paid for them, `paid` amounts by method."""
    arrived = status == "delivered"
    mugs = tuple(
        LineSnapshot(
            external_id=f"ln-{number}-{place}",
            product_id="mug",
            variant_id="mug-red",
            title="Mug",
            quantity=quantity,
            unit_price=total // quantity,
            tax=total * 19 // 119,
            total=total,
            fulfilled_quantity=quantity if arrived else 0,
        )
        for place, (quantity, total) in enumerate(lines)
    )
    whole = sum(total for _, total in lines) + shipping
    assert whole == sum(amount for _, amount in paid)
    return OrderSnapshot(
        external_id=f"shop-{number}",
        number=f"#{number}",
        status=status,  # pyright: ignore[reportArgumentType]
        payment_status="paid",
        fulfillment_status="fulfilled" if arrived else "unfulfilled",
        placed_at=arrived_at or datetime.now(UTC),
        delivered_at=(arrived_at or datetime.now(UTC)) if arrived else None,
        customer=CustomerSnapshot(
            external_id=customer,
            email=f"{customer}@example.com",
            payment_methods=tuple(
                PaymentMethodSnapshot(
                    id=name,
                    kind=KINDS[name],
                    label=name,
                    balance=10**6 if name == "pm-gift" else None,
                    currency="EUR",
                )
                for name in KINDS
            ),
        ),
        lines=mugs,
        payments=tuple(payment(f"pay-{number}-{place}", method, amount) for place, (method, amount) in enumerate(paid)),
        totals=Totals(items=whole - shipping, discount=0, tax=0, shipping=shipping, duties=0, total=whole, refunded=0),
        currency="EUR",
        presentment_currency="EUR",
        prices_include_tax=True,
    )


def payment(account: str, method: str, amount: int, refunded: int = 0) -> PaymentSnapshot:
    """A payment as the shop shows it."""
    return PaymentSnapshot(
        external_id=account,
        kind=KINDS[method],
        label=method,
        payment_method_id=method,
        currency="EUR",
        captured=amount,
        refunded=refunded,
    )


def sold() -> tuple[Variant, ...]:
    """Every mug that there is."""
    return tuple(
        Variant(external_id=name, product_id="mug", title="Mug", price=price, currency="EUR", available=True)
        for name, price in PRICES.items()
    )
