"""One history by its seed: made, let come to rest, and judged."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.services.providers import Providers
from tests.faults import evidence
from tests.faults.history import History, Row, Shop, Violation
from tests.faults.simulation import judge, seams
from tests.faults.simulation.bank import Bank
from tests.faults.simulation.carrier import Carrier
from tests.faults.simulation.client import Clients
from tests.faults.simulation.inbox import Inbox
from tests.faults.simulation.machines import PATIENT, SHORT, UNSENT, Machines
from tests.faults.simulation.people import Desk, People
from tests.faults.simulation.receiver import Receiver
from tests.faults.simulation.scenery import KEYRING, Site
from tests.faults.simulation.scheduler import NOBODY, Scheduler
from tests.faults.simulation.shop import Commerce, Mail, captured, payments_of
from tests.faults.simulation.storage import Store
from tests.faults.simulation.trouble import Trouble

STUCK = 60.0
"""Virtual seconds after the last trouble, within which everything has to come to an end."""
AFTER_A_KILL = 180.0
"""The same where a killed process's lease runs out first, the chores find a lost job, or an endpoint takes no event."""
LOOKED_AGAIN = 400.0
"""Until when the last looks at what has ended are over."""
OPEN = """
    SELECT id || ' ' || kind || ' is ' || status AS what FROM operations WHERE status IN ('pending', 'unknown')
    UNION ALL SELECT id || ' waits for a person' FROM operations WHERE dead_at IS NOT NULL
    UNION ALL SELECT id || ' of the inbox is open' FROM inbound_deliveries WHERE status IN ('pending', 'dead')
    UNION ALL SELECT id || ' is to be done' FROM virtual_jobs WHERE status <> 'done' AND name <> 'recheck'"""
RECHECKS = """
    SELECT id AS what FROM virtual_jobs WHERE status <> 'done'
    UNION ALL SELECT id FROM operations WHERE next_try_at IS NOT NULL"""
THEMES = ({"refund"}, {"refund"}, {"refund"}, {"label"}, {"label"}, {"refund", "inbox"}, {"label", "inbox"},
          {"inbox"}, {"refund", "outbox"}, {"label", "refund", "inbox"}, {"inbox", "outbox"})  # fmt: skip
DARK = 0.3
"""How often the providers go dark for a while."""
CHAINED = 0.2
"""How often the audit trail's chain is computed."""


@dataclass
class Told:
    """What a history comes to."""

    seed: str
    violations: list[Violation]
    schedule: list[str]
    fingerprint: str
    faults: int
    """Faults that struck, kills among them."""
    seconds: float
    """Virtual."""
    counts: dict[str, int] = field(default_factory=dict[str, int])


class Histories:
    """Tables and sites that are used again for one history after the other."""

    def __init__(self, store: Store, sites: list[Site]) -> None:
        self._store, self._sites = store, sites

    def one(self, seed: str) -> Told:
        """Make the history of this seed; nothing of it is left."""
        world = World(self._store, self._sites, seed)
        self._store.begin()
        try:
            with seams.moved(world.scheduler.now, seed):
                return world.run()
        finally:
            self._store.end()


class World:
    """All of one history."""

    def __init__(self, store: Store, sites: list[Site], seed: str) -> None:
        self.seed, self._store, self._sites = seed, store, sites
        rng = random.Random(f"{seed}/world")
        self._rng = rng
        self.themes = frozenset(rng.choice(THEMES))
        rates = (0.0, 0.01, 0.03)
        self.scheduler = Scheduler(
            random.Random(f"{seed}/schedule"), kills=rng.choice((0, 1, 2, 4)), kill_rate=rng.choice(rates)
        )
        self.found: list[Violation] = []
        self._rate = rng.choice((0.0, 0.15, 0.3, 0.5))
        self._refuses, self._ceiling = rng.random() < 0.5, rng.random() < 0.5
        self._forgets = rng.random() < 0.3
        began = rng.choice((0.0, 0.0, 3.0))
        self._dark = (began, began + rng.uniform(4.0, 15.0)) if rng.random() < DARK else (0.0, 0.0)
        self._receiver = Receiver(
            self.scheduler, random.Random(f"{seed}/receiver"), self._rate, rng.choice((0.0, 0.0, 0.05))
        )
        desks = {site.shop: self._desk(site) for site in sites}
        self._desks = desks
        counterparts = {
            shop: Providers(commerce=desk.commerce, payments=desk.bank, carrier=desk.carrier, channel=Mail())  # pyright: ignore[reportArgumentType]  what is not simulated is not there
            for shop, desk in desks.items()
        }
        reservations = judge.Reservations(store, {shop: desk.bank for shop, desk in desks.items()}, self.found)
        self._machines = Machines(
            self.scheduler,
            store,
            random.Random(f"{seed}/machines"),
            counterparts,
            shared=rng.random() < 0.5,
            post=self._receiver.post,
            sends="outbox" in self.themes,
            settings=rng.choice((PATIENT, PATIENT, SHORT)),
            watches=[reservations.watch],
        )
        self._clients = Clients(self._machines, random.Random(f"{seed}/clients"))
        self._inbox = Inbox(self._clients, random.Random(f"{seed}/inbox"), self.found, on="inbox" in self.themes)
        self._people = People(
            self.scheduler, random.Random(f"{seed}/people"), self._clients, self._inbox, store, desks, self._dark[1] > 0
        )

    def _desk(self, site: Site) -> Desk:
        ledger: list[Row] = []

        def trouble(name: str, *, refuses: bool, late: bool, forgets: bool = False) -> Trouble:
            rng = random.Random(f"{self.seed}/{site.shop}/{name}")
            return Trouble(self.scheduler, rng, self._rate, refuses, late, forgets, self._dark, ledger)

        # A refund that lands late would, after a refusal, land on what is held as failed: no provider does both.
        late = not (self._refuses or self._ceiling or self._forgets)
        money = trouble("bank", refuses=self._refuses, late=late, forgets=self._forgets)
        bank = Bank(site.shop, money, captured(site.shop), self._ceiling, lambda one: self._inbox.refund(site, one))
        parcels = trouble("carrier", refuses=self._refuses, late=self._rng.random() < 0.5)
        carrier = Carrier(site.shop, parcels, lambda one: self._inbox.scan(site, one))
        return Desk(site, bank, carrier, Commerce(site.shop, trouble("shop", refuses=False, late=False), bank))

    # ---- making it --------------------------------------------------------------------------------------------------

    def run(self) -> Told:
        """From the first step to the last word."""
        loop = self.scheduler.loop
        try:
            loop.run_until_complete(self._play())
            self.found += self._judged()
        except Exception as error:
            self.found.append(Violation("stuck", self.seed, f"broke off: {type(error).__name__}: {error}"[:300]))
        finally:
            self._stop()
        struck = sum(row["fault"] is not None for desk in self._desks.values() for row in desk.bank.trouble.ledger)
        return Told(
            self.seed,
            self.found,
            self.scheduler.schedule,
            self.scheduler.fingerprint(),
            struck + self.scheduler.killed,
            loop.time(),
            {"asks": len(self._clients.asks), "calls": len(self._inbox.calls), "kills": self.scheduler.killed}
            | {"resolved": self._people.resolved, "told": sum(map(len, self._receiver.taken.values()))},
        )

    async def _play(self) -> None:
        self._machines.start()
        attending = self.scheduler.spawn(NOBODY, self._people.attend())
        await asyncio.gather(*self._people.stories(self.themes))
        await asyncio.sleep(self._rng.uniform(0.5, 12.0))
        self.scheduler.note("calm")
        self.scheduler.calm = True
        began = self.scheduler.now()
        open_now = await self._until_nothing(self._open, 1.0, AFTER_A_KILL)
        after = self.scheduler.now() - began
        reasons = self.scheduler.killed or self._machines.lost or self._receiver.refused
        within = AFTER_A_KILL if reasons else STUCK
        if open_now or after > within:
            told = open_now or ["it ended"]
            self.found += [Violation("stuck", what, f"{after:.0f} virtual seconds after all was well") for what in told]
        await self._until_nothing(self._looks, 5.0, LOOKED_AGAIN)
        await self._until_nothing(self._open, 1.0, LOOKED_AGAIN)
        attending.cancel()

    async def _until_nothing(self, left: Callable[[], list[str]], every: float, most: float) -> list[str]:
        """Let `most` virtual seconds pass as long as something is left; what is left then."""
        for _ in range(int(most / every)):
            if not left():
                return []
            await asyncio.sleep(every)
        return left()

    def _looks(self) -> list[str]:
        return [row["what"] for row in self._store.rows(RECHECKS)]

    def _open(self) -> list[str]:
        found = [row["what"] for row in self._store.rows(OPEN)]
        if "outbox" in self.themes:
            found += [row["what"] for row in self._store.rows(UNSENT)]
        return found + ["a call on its way to us" for _ in self._inbox.sending]

    def _stop(self) -> None:
        """Every task ends, so that the next history finds nothing of this one."""
        loop = self.scheduler.loop
        for machine in list(self._machines.running):
            machine.process.kill()
        NOBODY.tasks.clear()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()

        async def ended() -> None:
            await asyncio.gather(*tasks, return_exceptions=True)

        self.scheduler.calm = True
        work: Coroutine[Any, Any, None] = ended()
        loop.run_until_complete(work)
        loop.close()

    # ---- judging it -------------------------------------------------------------------------------------------------

    def _judged(self) -> list[Violation]:
        history = History("sqlite", self._clients.asks)
        for shop, desk in self._desks.items():
            export = {"orders": desk.bank.orders(payments_of(shop)), "labels": desk.carrier.labels()}
            history.shops[shop] = Shop(export, desk.bank.trouble.ledger)
        history.tables = tables(self._store)
        found = judge.check(history) + judge.inbox(self._inbox, self._store)
        if "outbox" in self.themes:
            found += judge.outbox(self._receiver, self._sites, self._store, killed=self.scheduler.killed > 0)
        if self._rng.random() < CHAINED:
            found += self._store.unit(judge.chain, {"keyring": KEYRING})
        return found


def tables(store: Store) -> dict[str, list[Row]]:
    """Every row that the checker reads."""
    found = {name: store.rows(f"SELECT * FROM {name}") for name in evidence.TABLES}
    for rows in found.values():
        for row in rows:
            for name in evidence.JSON_COLUMNS & row.keys():
                if isinstance(row[name], str):
                    row[name] = orjson.loads(row[name])
    return found
