"""Stage `races`: ten at once for what is there only once, over two servers and two workers on PostgreSQL.

The sandbox's ledger is the judge, and in half of the rounds its own ceiling is off: then it hides nothing of ours.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

from tests.faults import shops
from tests.faults.history import Ask
from tests.faults.world import Storefront, World

AT_ONCE = 10
EXCEEDS = "refund_exceeds_captured"


async def run(world: World, rng: random.Random, *, short: bool, only: frozenset[str] = frozenset()) -> int:
    """So many rounds of each race; how many there were."""
    rounds = (3 if world.database == "sqlite" else 6) if short else (10 if world.database == "sqlite" else 30)
    chosen = {name: race for name, race in RACES.items() if not only or name in only}
    planned = [(race, bool(number % 2)) for race in chosen.values() for number in range(rounds)]
    rng.shuffle(planned)
    await world.start(servers=2, workers=2)
    plain = iter(await world.open_stores(len(planned)))
    capped = iter(await world.open_stores(rounds, shops.policy(order=5000, customer=7000, day=9000)))
    at_once = asyncio.Semaphore(2)

    async def one(race: Race, ceiling: bool) -> None:
        async with at_once:
            await race(next(capped if race is caps else plain), ceiling)

    await asyncio.gather(*(one(race, ceiling) for race, ceiling in planned))
    await world.settle()
    return len(planned)


async def refunds(store: Storefront, ceiling: bool) -> None:
    """Ten refunds of 30.00 on a capture of 50.00: one."""
    await store.stock([shops.order("one")], ceiling=ceiling)
    await _storm(store, [store.refund("one", 3000, f"r{n}", wait=1) for n in range(AT_ONCE)], 1, EXCEEDS)


async def first_seen(store: Storefront, ceiling: bool) -> None:
    """The same on an order that is in our mirror already, so that all of them get to the lock together."""
    await store.stock([shops.order("one")], ceiling=ceiling)
    await store.get("/v1/orders/one")
    await _storm(store, [store.refund("one", 3000, f"r{n}", wait=1) for n in range(AT_ONCE)], 1, EXCEEDS)


async def split(store: Storefront, ceiling: bool) -> None:
    """Two payments of 20.00 and 30.00, ten refunds of 30.00 over both: one."""
    await store.stock([shops.order("one", (2000, 3000))], ceiling=ceiling)
    await _storm(store, [store.refund("one", 3000, f"r{n}", wait=1) for n in range(AT_ONCE)], 1, EXCEEDS)


async def outside(store: Storefront, ceiling: bool) -> None:
    """30.00 went back without us, ten refunds of 10.00 ask for the other 20.00: two."""
    await store.stock([shops.order("one")], ceiling=ceiling)
    body = {"payment_id": "one-pay-0", "amount": 3000, "currency": "EUR", "reason": "at the counter"}
    await store.sandbox("POST", "/sandbox/v1/outside-refunds", body)
    await _storm(store, [store.refund("one", 1000, f"r{n}", wait=1) for n in range(AT_ONCE)], 2, EXCEEDS)


async def same_key(store: Storefront, ceiling: bool) -> None:
    """Ten requests with one key: one refund."""
    await store.stock([shops.order("one")], ceiling=ceiling)
    asked = await asyncio.gather(*(store.refund("one", 1000, "the-key", wait=1) for _ in range(AT_ONCE)))
    await asyncio.gather(*(store.over(ask) for ask in asked))
    if len({ask.id for ask in asked}) != 1:
        store.broken("I2", "the-key", f"made {sorted({ask.id or '' for ask in asked})}")


async def caps(store: Storefront, ceiling: bool) -> None:
    """Two shoppers spend at once against the caps of order (50.00), customer (70.00) and day (90.00)."""
    orders = [("a", "cust-1"), ("b", "cust-1"), ("c", "cust-2")]
    await store.stock([shops.order(name, (20_000,), customer=who) for name, who in orders], ceiling=ceiling)
    await asyncio.gather(*(store.get(f"/v1/orders/{name}") for name, _ in orders))
    asked = [
        store.refund(name, 1000, f"{name}{n}", wait=1, shopper=who) for n in range(AT_ONCE) for name, who in orders
    ]
    made = await asyncio.gather(*asked)
    await asyncio.gather(*(store.over(ask) for ask in made))
    spent = 1000 * sum(ask.id is not None for ask in made)
    if spent != 9000:
        store.broken("I10" if spent > 9000 else "stuck", "caps", f"{spent} went back where the cap of the day is 9000")
    if {ask.code for ask in made} != {None, "limit_reached"}:
        store.broken("I10", "caps", f"refused with {sorted({str(ask.code) for ask in made})}")


async def labels(store: Storefront, ceiling: bool) -> None:
    """Ten labels for one order's only line, then ten more for the return that it made: one."""
    await store.stock([shops.order("one")], ceiling=ceiling)
    first = await _storm(store, [store.label("one", f"l{n}", wait=1) for n in range(AT_ONCE)], 1, "already_returned")
    if first:
        return_id = (await store.get(f"/v1/return-labels/{first[0].id}"))["return_id"]
        more = [store.label("one", f"m{n}", return_id=return_id, wait=1) for n in range(AT_ONCE)]
        await _storm(store, more, 0, "label_exists")


async def voids(store: Storefront, ceiling: bool) -> None:
    """Ten voids of one label at once, while ten ask for another one: the return ends with one label or none."""
    await store.stock([shops.order("one")], ceiling=ceiling)
    bought = await store.label("one", "bought", wait=5)
    await store.over(bought)
    return_id = (await store.get(f"/v1/return-labels/{bought.id}"))["return_id"]
    asked = [store.void(bought.id or "", f"v{n}", wait=1) for n in range(AT_ONCE)]
    asked += [store.label("one", f"n{n}", return_id=return_id, wait=1) for n in range(AT_ONCE)]
    made = await asyncio.gather(*asked)
    await asyncio.gather(*(store.over(ask) for ask in made))


async def cancels(store: Storefront, ceiling: bool) -> None:
    """Five cancel an order while five ask for 30.00 of its 50.00: one cancellation at most, and never 50.01."""
    await store.stock([shops.order("one", status="pending")], ceiling=ceiling)
    asked = [store.cancel("one", f"c{n}", wait=2) for n in range(AT_ONCE // 2)]
    asked += [store.refund("one", 3000, f"r{n}", wait=1) for n in range(AT_ONCE // 2)]
    made = await asyncio.gather(*asked)
    await asyncio.gather(*(store.over(ask) for ask in made))
    canceled = {ask.id for ask in made if ask.kind == "cancel" and ask.id is not None}
    if len(canceled) != 1:
        store.broken("I2", "one", f"{len(canceled)} cancellations of one order")


async def _storm(store: Storefront, asked: Sequence[Awaitable[Ask]], wins: int, refusal: str) -> list[Ask]:
    made = await asyncio.gather(*asked)
    won = [ask for ask in made if ask.id is not None]
    for ask, ended in zip(won, await asyncio.gather(*(store.over(ask) for ask in won)), strict=True):
        if ended not in {"succeeded", "active"}:
            store.broken("I1", ask.key, f"was let in and ended as {ended}")
    if len(won) != wins:
        store.broken("I1" if len(won) > wins else "stuck", "one", f"{len(won)} of {len(made)} were let in, not {wins}")
    others = {ask.code for ask in made if ask.id is None} - {refusal}
    if others:
        store.broken("I1", "one", f"refused with {sorted(str(code) for code in others)}, not {refusal}")
    return won


Race = Callable[[Storefront, bool], Awaitable[None]]
RACES: dict[str, Race] = {
    "refunds": refunds,
    "first_seen": first_seen,
    "split": split,
    "outside": outside,
    "same_key": same_key,
    "caps": caps,
    "labels": labels,
    "voids": voids,
    "cancels": cancels,
}
