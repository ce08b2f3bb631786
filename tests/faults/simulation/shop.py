"""The virtual shop: it tells its orders truly, expects returns by key, and mails go nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.integrations.channels.contract import SendMessage
from app.integrations.commerce.contract import (
    Address,
    AnnounceLabel,
    CloseReturn,
    CustomerSnapshot,
    LineSnapshot,
    OpenReturn,
    OrderPage,
    OrderQuery,
    OrderSnapshot,
    PaymentKind,
    PaymentSnapshot,
    Totals,
)
from app.integrations.receipts import Receipt
from tests.faults import shops
from tests.faults.simulation.bank import Bank
from tests.faults.simulation.seams import BEGAN
from tests.faults.simulation.trouble import Trouble

KINDS: tuple[PaymentKind, ...] = ("card", "gift_card", "bank")
ORDERS = {"1001": (5000,), "1002": (3000, 2000), "1003": (1000, 1500, 2500), "1004": (6000,)}
"""What was paid for each order, minor units of EUR; the shop's ids."""
LINES = 2
"""Lines of an order, of two pieces each."""


def payments_of(shop: str) -> dict[str, list[str]]:
    """By the shop's id of an order, the provider's ids of its payments."""
    return {order: [f"pi_{shop}{order}{at}" for at in range(len(paid))] for order, paid in ORDERS.items()}


def captured(shop: str) -> dict[str, int]:
    """By payment."""
    names = payments_of(shop)
    return {name: paid for order in ORDERS for name, paid in zip(names[order], ORDERS[order], strict=True)}


def snapshot(shop: str, order: str, refunded: dict[str, int], tags: tuple[str, ...] = ()) -> OrderSnapshot:
    """An order that has arrived two days before the history begins."""
    paid, names = ORDERS[order], payments_of(shop)[order]
    each = sum(paid) // LINES
    return OrderSnapshot(
        external_id=order,
        number=f"#{order}",
        status="delivered",
        payment_status="paid",
        fulfillment_status="fulfilled",
        placed_at=BEGAN - timedelta(days=5),
        delivered_at=BEGAN - timedelta(days=2),
        customer=CustomerSnapshot(external_id="701", email="mia@example.com", name="Mia Brandt"),
        shipping_address=Address.model_validate(shops.ADDRESS),
        lines=tuple(
            LineSnapshot(
                external_id=f"{order}{at}",
                title="Mug",
                quantity=2,
                unit_price=each // 2,
                total=each,
                fulfilled_quantity=2,
            )
            for at in range(LINES)
        ),
        payments=tuple(
            PaymentSnapshot(
                external_id=name,
                kind=KINDS[at],
                label=KINDS[at],
                currency="EUR",
                captured=paid[at],
                refunded=refunded.get(name, 0),
            )
            for at, name in enumerate(names)
        ),
        totals=Totals(items=sum(paid), discount=0, tax=0, shipping=0, duties=0, total=sum(paid), refunded=0),
        currency="EUR",
        presentment_currency="EUR",
        prices_include_tax=True,
        tags=tags,
    )


@dataclass
class Commerce:
    """The shop of one store."""

    shop: str
    trouble: Trouble
    bank: Bank
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """What the merchant has changed of an order."""
    done: dict[str, str] = field(default_factory=dict[str, str])
    """What it has done, by key."""
    name: str = "shopify"
    capabilities: frozenset[str] = frozenset()

    async def get_order(self, external_id: str) -> OrderSnapshot | None:
        """As it is now: what went back of a payment is told, whoever asked for it."""
        await self.trouble.asked("order", part=0.2)
        if external_id not in ORDERS:
            return None
        refunded = {name: self.bank.live(name) for name in self.bank.captured}
        found = snapshot(self.shop, external_id, refunded, self.tags.get(external_id, ()))
        await self.trouble.scheduler.step("hear of the order")
        return found

    async def find_orders(self, query: OrderQuery) -> OrderPage:
        """Nobody looks for one by its number here."""
        del query
        await self.trouble.asked("orders")
        return OrderPage(orders=())

    async def apply(self, command: Any) -> Receipt:
        """Same key, same effect."""
        kinds = {OpenReturn: "open_return", CloseReturn: "close_return", AnnounceLabel: "announce_label"}
        kind = kinds[type(command)]

        def do(fault: str | None, detail: str | None) -> Receipt:
            fresh = command.key not in self.done
            self.done[command.key] = kind
            self.trouble.note(kind, command.key, command.rma, effect=fresh, fault=fault, detail=detail)
            return Receipt(status="succeeded", external_id=command.key)

        return await self.trouble.caused(kind, command.key, do)

    async def find_applied(self, command: Any) -> Receipt | None:
        """By our key."""
        await self.trouble.asked("change")
        return Receipt(status="succeeded", external_id=command.key) if command.key in self.done else None


class Mail:
    """A channel that takes everything."""

    name = "sandbox"

    async def send(self, command: SendMessage) -> Receipt:
        """Sent."""
        return Receipt(status="succeeded", external_id=command.key)

    async def find_sent(self, command: SendMessage) -> Receipt | None:
        """It never has to be asked."""
        return Receipt(status="succeeded", external_id=command.key)
