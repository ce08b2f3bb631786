"""The guard's longer sagas: order changes, exchanges with their balance, credits, returns that end with a refund.

Each is played by a client that asks under one key until it knows; matrix and kills share them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.faults import shops
from tests.faults.history import Ask
from tests.faults.world import OPEN, Storefront

Play = Callable[[Storefront, str], Awaitable[Any]]
ADDRESS = {"address1": "Neue Straße 7", "city": "Köln", "postal_code": "50667", "country_code": "DE"}


@dataclass(frozen=True)
class Saga:
    """One way through several operations, on an order in one state."""

    play: Play
    strikes: tuple[str, ...]
    """The sandbox's words for the calls that are struck, one case each."""
    status: str = "delivered"
    refused: frozenset[str] = field(default_factory=frozenset[str])
    """Calls that the providers say no to in any case."""

    async def stock(self, store: Storefront, name: str, *, ceiling: bool) -> None:
        """The shop with the order, and the no that belongs to it."""
        await store.stock([shops.mugs(name, self.status)], ceiling=ceiling)
        for operation in self.refused:
            no = {"fault": "refuse", "code": "order_not_pending", "status": 409}
            body = {"operation": operation, **no, "times": 1000}  # a no that got lost is said again
            await store.sandbox("POST", "/sandbox/v1/faults", body)


async def asked(store: Storefront, kind: str, key: str, method: str, path: str, body: Any) -> Ask:
    """Ask, and ask again with the key until it is over."""
    ask, deadline = store.asks(kind, key), time.monotonic() + 90
    while time.monotonic() < deadline:
        await store.send(ask, method, path, body, 2)
        if ask.code is not None or (ask.shown and ask.shown[-1] not in OPEN):
            break
        await asyncio.sleep(0.1)
    return ask


async def quiet(store: Storefront, seconds: float = 60) -> list[dict[str, Any]]:
    """Wait until no operation of the store is open; all of them."""
    deadline = time.monotonic() + seconds
    while True:
        rows = (await store.get("/v1/operations?limit=100"))["data"]
        if not any(row["status"] in OPEN for row in rows) or time.monotonic() > deadline:
            return rows
        await asyncio.sleep(0.2)


# ---- before it ships ------------------------------------------------------------------------------------------------


async def _address(store: Storefront, order: str) -> None:
    await asked(store, "change", "address", "PUT", f"/v1/orders/{order}/shipping-address", ADDRESS)


def _swap(variant: str) -> Play:
    async def play(store: Storefront, order: str) -> None:
        line = {"line_id": f"{order}-line", "variant_id": variant}
        body = {"lines": [line], "payment_method_id": shops.CARD}
        await asked(store, "change", "swap", "POST", f"/v1/orders/{order}/items", body)
        await quiet(store)

    return play


async def _pay(store: Storefront, order: str) -> None:
    body = {"payment_method_id": shops.PAYPAL}
    await asked(store, "change", "pay", "PUT", f"/v1/orders/{order}/payment-method", body)
    await quiet(store)


# ---- after it has arrived -------------------------------------------------------------------------------------------


def _exchange(variant: str) -> Play:
    async def play(store: Storefront, order: str) -> None:
        line = {"line_id": f"{order}-line", "variant_id": variant, "quantity": 1}
        body = {"order": order, "lines": [line], "payment_method_id": shops.CARD}
        ask = await asked(store, "exchange", "exchange", "POST", "/v1/exchanges", body)
        if ask.id is not None and ask.code is None:
            await _come_back(store, (await store.get(f"/v1/exchanges/{ask.id}"))["return"])

    return play


async def _return(store: Storefront, order: str) -> None:
    body = {"order": order, "lines": [{"line_id": f"{order}-line", "quantity": 1}]}
    ask = await asked(store, "return", "return", "POST", "/v1/returns", body)
    if ask.id is not None and ask.code is None:
        await _come_back(store, ask.id)


async def _come_back(store: Storefront, return_id: str) -> None:
    """The goods arrive, and what is due for them moves."""
    await asked(store, "received", "receive", "POST", f"/v1/returns/{return_id}/receive", {})
    await asked(store, "completed", "complete", "POST", f"/v1/returns/{return_id}/complete", {})
    await quiet(store)


async def _goodwill(store: Storefront, order: str) -> None:
    body = {"order": order, "amount": {"amount": 500, "currency": "EUR"}}
    await asked(store, "credit", "credit", "POST", "/v1/actions/goodwill_credit", body)


async def _subscription(store: Storefront, order: str) -> None:
    """The next delivery is left out: of all that becomes of a subscription the one that must not come twice."""
    del order
    body = {"customer": shops.CUSTOMER, "subscription": f"{shops.CUSTOMER}-mugs", "change": "skip"}
    await asked(store, "change", "skip", "POST", "/v1/actions/change_subscription", body)


async def _as_credit(store: Storefront, order: str) -> None:
    body = {"order": order, "amount": {"amount": 3000, "currency": "EUR"}, "destination": {"type": "store_credit"}}
    ask = await asked(store, "refund", "refund", "POST", "/v1/refunds", body)
    await store.over(ask)


SAGAS = {
    "address": Saga(_address, ("change_address",), "pending"),
    "dearer": Saga(_swap("mug-gold"), ("charge", "swap_items"), "pending"),
    "cheaper": Saga(_swap("mug-tin"), ("swap_items", "refund"), "pending"),
    "undone": Saga(_swap("mug-gold"), ("charge", "refund"), "pending", frozenset({"swap_items"})),
    "paid": Saga(_pay, ("charge", "change_payment_method", "refund"), "pending"),
    "exchange": Saga(_exchange("mug-gold"), ("open_exchange", "charge")),
    "balance": Saga(_exchange("mug-tin"), ("refund",)),
    "return": Saga(_return, ("open_return", "refund")),
    "goodwill": Saga(_goodwill, ("payout",)),
    "credit": Saga(_as_credit, ("payout",)),
    "subscription": Saga(_subscription, ("change_subscription",)),
}
"""By the name that `--only` takes."""
