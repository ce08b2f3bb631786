"""Who does something in a history besides our processes: shoppers, merchants, and a person at the dead letters."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from app.errors import DeliveryNotDead
from app.services import inbound_work
from app.services.runtime import Runtime
from tests.faults.history import Row
from tests.faults.simulation.bank import Bank
from tests.faults.simulation.carrier import Carrier
from tests.faults.simulation.client import Clients
from tests.faults.simulation.inbox import Inbox
from tests.faults.simulation.scenery import Site
from tests.faults.simulation.scheduler import Scheduler
from tests.faults.simulation.shop import LINES, ORDERS, Commerce, payments_of
from tests.faults.simulation.storage import Store

DEAD = "SELECT * FROM operations WHERE dead_at IS NOT NULL ORDER BY id"
DEAD_CALLS = "SELECT * FROM inbound_deliveries WHERE status = 'dead' ORDER BY id"
LOOKS = 3.0
"""Virtual seconds between two looks at the dead letters, and the least between a last try and a person's word."""
MISTAKEN = 0.1
"""How often a person overlooks what is there."""


@dataclass
class Desk:
    """One store with its counterparts."""

    site: Site
    bank: Bank
    carrier: Carrier
    commerce: Commerce


@dataclass
class People:
    """All of them."""

    scheduler: Scheduler
    rng: random.Random
    clients: Clients
    inbox: Inbox
    store: Store
    desks: dict[str, Desk]
    dark: bool = False
    """Whether the providers go dark: then more is asked for, as shoppers do who see nothing happen."""
    resolved: int = 0

    def stories(self, themes: frozenset[str]) -> list[Coroutine[Any, Any, None]]:
        """What happens in this history, all at once."""
        told: list[Coroutine[Any, Any, None]] = []
        for desk in list(self.desks.values())[: 1 if self.rng.random() < 0.8 else 2]:
            order = self.rng.choice(list(ORDERS))
            if "refund" in themes:
                told += [self._refund(desk, order) for _ in range(self.rng.choice((2, 3) if self.dark else (1, 1, 2)))]
            if "label" in themes:
                told.append(self._label(desk, self.rng.choice(list(ORDERS))))
            if "refund" in themes and self.rng.random() < 0.4:
                told.append(self._outside(desk, order))
            if "inbox" in themes:
                told += [self._calls(desk) for _ in range(self.rng.choice((1, 2)))]
        return told

    async def _some_time(self, most: float) -> None:
        await asyncio.sleep(self.rng.choice((0.0, self.rng.uniform(0, most))))

    async def _refund(self, desk: Desk, order: str) -> None:
        site, total = desk.site, sum(ORDERS[order])
        by_shopper = self.rng.random() < 0.4
        caller = site.caller.acting_for(site.customer, 2) if by_shopper else site.caller
        much = (total, total // 2 + 1, total * 3 // 4)
        some = (total, total // 2, total // 2 + 1, self.rng.randint(1, total), ORDERS[order][0])
        amount = self.rng.choice(much if self.dark else some)
        await self._some_time(6.0)
        await self.clients.refund(caller, site.orders[order], amount)

    async def _label(self, desk: Desk, order: str) -> None:
        await self._some_time(4.0)
        line = f"{order}{self.rng.randrange(LINES)}"
        ask = await self.clients.label(desk.site.caller, desk.site.orders[order], line)
        if ask.id is None:
            return
        await asyncio.sleep(self.rng.uniform(0.0, 8.0))
        chance = self.rng.random()
        if chance < 0.25:
            for one in [sold for sold in desk.carrier.sold if self._is_told(sold.id)]:
                desk.carrier.scan(one)
        if chance > 0.15 and self.rng.random() < 0.6:
            await self.clients.void(desk.site.caller, ask.id)

    def _is_told(self, external_id: str) -> bool:
        """Only a label that somebody was given is used."""
        return bool(self.store.rows("SELECT id FROM return_labels WHERE external_id = ?", external_id))

    async def _outside(self, desk: Desk, order: str) -> None:
        await asyncio.sleep(self.rng.uniform(0, 10.0))
        payment = self.rng.choice(payments_of(desk.site.shop)[order])
        desk.bank.outside(payment, self.rng.randint(1, desk.bank.captured[payment]))

    async def _calls(self, desk: Desk) -> None:
        await self._some_time(6.0)
        if self.rng.random() < 0.5:
            self.inbox.ticket(desk.site)
            return
        order = self.rng.choice(list(ORDERS))
        if self.rng.random() < 0.5:
            desk.commerce.tags[order] = ("changed",)
        self.inbox.order(desk.site, order)

    # ---- a person at the dead letters -------------------------------------------------------------------------------

    async def attend(self) -> None:
        """Look at what waits for a person, and end it by what the provider's own pages show, or have it tried again."""
        while True:
            await asyncio.sleep(LOOKS)
            for row in self.store.rows(DEAD):
                await self._decide(row)
            for row in self.store.rows(DEAD_CALLS):
                await self._try_again(row)

    async def _try_again(self, row: Row) -> None:
        """Have a call of another system that was given up worked on again."""
        desk = next(desk for desk in self.desks.values() if desk.site.caller.store_id == row["store_id"])

        async def again(runtime: Runtime) -> None:
            who = replace(desk.site.caller, agent="ana")
            await runtime.db.write(inbound_work.retry, who, row["connection_id"], row["id"])

        with suppress(ConnectionError, DeliveryNotDead):
            await self.clients.call(again)
            self.resolved += 1

    async def _decide(self, row: Row) -> None:
        desk = next(desk for desk in self.desks.values() if desk.site.caller.store_id == row["store_id"])
        await asyncio.sleep(LOOKS)  # what was still on its way to the provider is there by now, or never
        external_id, outcome = self._seen(desk, row)
        if self.rng.random() < 0.3 and row["status"] in {"pending", "unknown"}:
            outcome = "replay"
        if outcome == "succeeded" and external_id and self._may_err(row) and self.rng.random() < MISTAKEN:
            outcome, external_id = "failed", None
        who = replace(desk.site.caller, agent="ana")
        self.resolved += 1
        await self.clients.resolve(who, row["id"], outcome, external_id if outcome == "succeeded" else None)

    def _may_err(self, row: Row) -> bool:
        """Of what automation has spent the caps count what has left: the checker reads our own states alone."""
        if row["kind"] != "refund":
            return row["kind"] == "return_label"
        found = self.store.rows("SELECT automated FROM refunds WHERE id = ?", row["subject_id"])
        return not found[0]["automated"] and not self.scheduler.calm

    def _seen(self, desk: Desk, row: Row) -> tuple[str | None, str]:
        """What the provider's pages show of an operation: its id there, and the outcome."""
        key, kind = row["provider_key"], row["kind"]
        if kind == "refund":
            mine = [one for one in desk.bank.refunds if one.key == key]
            if any(one.status == "pending" for one in mine):
                return None, "replay"
            live = [one.id for one in mine if one.status == "succeeded"]
            return (live[0], "succeeded") if live else (None, "failed")
        if kind == "return_label":
            sold = [one.id for one in desk.carrier.sold if one.key == key and one.voided_at is None]
            return (sold[0], "succeeded") if sold else (None, "failed")
        if kind in {"label_void", "surplus_label_void"}:
            return None, "replay"
        return None, "succeeded" if key in desk.commerce.done else "replay"
