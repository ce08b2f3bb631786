"""Stage `deliveries`: calls of connected systems, genuine, sent again, out of order, and forged in every way we know.

Three systems call a store of their own: a CRM that signs as Standard Webhooks does, one that can only send a secret,
and Stripe, whose ledger is a server of the stage. Genuine calls come in any order, many at once, some twice, some
before we know the order that they are about, and a server is killed in the middle: who got no answer sends again.
Everything else is made of genuine ones: a bit changed, a header changed, taken away or borrowed, an hour old or ahead,
signed by another, sent to another's address, or not to be parsed.
"""

from __future__ import annotations

import asyncio
import base64
import random
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

from tests.faults import shops
from tests.faults.senders import CAPTURED, PAYMENT, Delivery, Sender, signing_crm, stripe, telling_crm
from tests.faults.world import Storefront, World
from tests.integrations.faulty import served
from tests.integrations.stripe_server import StripeServer

COUNT = {"short": 400, "full": 5_000}
GENUINE, AGAIN = 0.25, 0.2
"""Of all calls; the rest is forged."""
AT_ONCE = 12
LATELY = 40
"""What is sent again is one of the last: what was signed five minutes ago is refused."""
REFUSED = {400, 401, 404, 422}


async def run(world: World, rng: random.Random, *, short: bool) -> int:
    """So many calls; how many there were."""
    keys = base64.b64encode(rng.randbytes(32)).decode()
    await world.start(servers=2, workers=2, loopback_addresses="true", encryption_keys=keys)
    count = COUNT["short" if short else "full"]
    async with AsyncExitStack() as means:
        provider = StripeServer()
        provider.url = await means.enter_async_context(served(provider.app()))
        senders = await _senders(world, rng, provider)
        planned = [_one(rng, senders, number) for number in range(count)]
        at_once = asyncio.Semaphore(AT_ONCE)

        async def send(number: int) -> None:
            async with at_once:
                if number == count // 4:  # what was told before was early
                    await senders[-1].store.get("/v1/orders/many")
                if number == count // 2:
                    await _kill(world)
                await planned[number]

        await asyncio.gather(*(send(number) for number in range(count)))
        for sender in senders:
            await _check(sender, provider)
        await _keep_apart(senders)
    return count


async def _senders(world: World, rng: random.Random, provider: StripeServer) -> list[Sender]:
    signs, tells, pays = await world.open_stores(3)
    order = shops.order("many", (CAPTURED,))
    order["payments"][0]["id"] = PAYMENT
    await pays.stock([order], ceiling=True)
    return [await signing_crm(signs, rng), await telling_crm(tells, rng), await stripe(pays, rng, provider)]


async def _kill(world: World) -> None:
    """`kill -9` a server, and start it again on its port."""
    world.servers[0].kill()
    await world.servers[0].dead.wait()
    world.servers[0] = await world.serve(0)


# ---- one call --------------------------------------------------------------------------------------------------------


async def _one(rng: random.Random, senders: list[Sender], number: int) -> None:
    sender = rng.choice(senders)
    kind = rng.random()
    one = sender.genuine(number)
    if kind < GENUINE or not sender.sent:
        sender.sent.append(one)
        await asyncio.gather(*(_accepted(sender, one) for _ in range(rng.choice([1, 1, 2]))))
    elif kind < GENUINE + AGAIN:
        await _accepted(sender, rng.choice(sender.sent[-LATELY:]))
    else:
        await _forged(rng, senders, sender, one)


async def _accepted(sender: Sender, one: Delivery) -> None:
    status, answer = await sender.store.call_until_answered(sender.path, one.body, one.headers)
    if status != 200 or answer.get("status") not in {"accepted", "duplicate"}:
        sender.store.broken("I6", sender.path, f"a genuine call was answered {status} {answer}")


async def _forged(rng: random.Random, senders: list[Sender], sender: Sender, one: Delivery) -> None:
    names = [*sender.forgeries, "another's address", "no address"]
    name, path = rng.choice(names), sender.path
    if name in sender.forgeries:
        made = sender.forgeries[name](rng, one, rng.choice(sender.sent))
    else:
        others = [other.path for other in senders if other is not sender]
        made, path = one, rng.choice(others) if name == "another's address" else sender.path[:-3] + "000"
    status, answer = await sender.store.call_until_answered(path, made.body, made.headers)
    if status not in REFUSED:
        sender.store.broken("I6", path, f"a call that is forged ({name}) was answered {status} {answer}")


# ---- afterwards ------------------------------------------------------------------------------------------------------


async def _keep_apart(senders: list[Sender]) -> None:
    """What one store was told no other is shown."""
    for sender in senders:
        for ticket in (await _rows(sender.store, "/v1/tickets"))[:3]:
            for other in senders:
                if await other.store.sees(f"/v1/tickets/{ticket['id']}") is not (other is sender):
                    other.store.broken("I8", f"tickets/{ticket['id']}", "is another store's, or not shown to its own")


async def _check(sender: Sender, provider: StripeServer) -> None:
    """Every genuine call was kept and worked on once, and nothing else has left anything behind."""
    store, genuine = sender.store, {one.body for one in sender.sent}
    rows = await _rows(store, f"/v1/connections/{sender.connection}/deliveries", until="pending")
    if len(rows) != len(genuine):
        store.broken("I6", sender.path, f"{len(rows)} calls are kept of {len(genuine)} genuine ones")
    opened = {one.opens for one in sender.sent if one.opens is not None}
    tickets = await _rows(store, "/v1/tickets")
    found = Counter(ticket["external_ids"].get(sender.connection) for ticket in tickets)
    if found != Counter(opened):
        store.broken("I6", sender.path, f"tickets {(found - Counter(opened)) + (Counter(opened) - found)}")
    if not opened:
        order = await store.get("/v1/orders/many")
        left = CAPTURED - provider.moved(PAYMENT)
        if order["payments"][0]["refundable"]["amount"] != left:
            store.broken("I1", sender.path, f"{order['payments'][0]['refundable']} may go back, and {left} is left")


async def _rows(store: Storefront, path: str, until: str | None = None) -> list[dict[str, Any]]:
    """All rows of a list, once none of them has the status `until` any more."""
    for _ in range(200):
        found, cursor = list[dict[str, Any]](), ""
        while True:
            page = await store.get(f"{path}?limit=200{cursor}")
            found += page["data"]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        if until is None or all(row["status"] != until for row in found):
            return found
        await asyncio.sleep(0.3)
    store.broken("stuck", path, f"some are {until} for good")
    return found
