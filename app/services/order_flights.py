"""Asking the shop and the carriers about an order: one flight however many wait for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from app import clock
from app.errors import OrderNotFound, ProviderUnavailable
from app.integrations.carriers.contract import Tracking
from app.integrations.commerce.contract import OrderQuery, OrderSnapshot
from app.integrations.errors import ProviderError, Refused
from app.services import events, mirror, parcel_scans, parcels
from app.services.callers import Caller
from app.services.runtime import Runtime

T = TypeVar("T")
_flights: dict[tuple[str, bool, str], asyncio.Task[Any]] = {}
_asked: dict[tuple[str, bool, str], float] = {}
"""When each reference was last asked for by both kinds, oldest first."""
REMEMBERED = 10_000
OWN = 10
"""So many of a shopper's newest orders are asked for, where they name one that is not in the mirror."""


def asked_lately(caller: Caller, ref: str, seconds: float) -> bool:
    """Whether the shop has told this process within so many seconds all that it has by `ref`."""
    at = _asked.get((caller.store_id, caller.livemode, ref))
    return at is not None and time.monotonic() - at <= seconds


def _remember(caller: Caller, ref: str) -> None:
    key = (caller.store_id, caller.livemode, ref)
    _asked.pop(key, None)
    _asked[key] = time.monotonic()
    if len(_asked) > REMEMBERED:
        del _asked[next(iter(_asked))]


async def fetch(runtime: Runtime, caller: Caller, ref: str, *, tolerate: bool = False) -> None:
    """Mirror whatever the shop has by its own id or by the number `ref`.

    Raises `order_not_found` where the shop refuses the look-up, `provider_unavailable` where it does not answer; with
    `tolerate` the mirror stays as it is then. Without it something may be about to be decided, as in `refresh`.
    """

    async def ask() -> None:
        await keep(runtime, caller, await _named(runtime, caller, ref), carriers_again=not tolerate)
        _remember(caller, ref)

    try:
        await _fly((caller.store_id, caller.livemode, f"{'ref' if tolerate else 'now-ref'}:{ref}"), ask)
    except ProviderError as error:
        if not tolerate:
            raise (OrderNotFound if isinstance(error, Refused) else ProviderUnavailable) from error


async def fetch_own(runtime: Runtime, caller: Caller, customer_id: str, number: str, *, tolerate: bool = False) -> None:
    """Mirror the shop's orders of one customer (the shop's id) by that number, else the newest of them.

    Raises `provider_unavailable` where it does not answer, unless it is to `tolerate` that.
    """

    async def ask() -> None:
        commerce = runtime.providers(caller).commerce
        page = await commerce.find_orders(OrderQuery(customer_id=customer_id, number=number, limit=3))
        if not page.orders:  # it may be the shop's own id of one
            page = await commerce.find_orders(OrderQuery(customer_id=customer_id, limit=OWN))
        await keep(runtime, caller, page.orders)
        _remember(caller, f"{caller.shopper} {number}")

    try:
        await _fly((caller.store_id, caller.livemode, f"own:{customer_id}:{number}"), ask)
    except Refused:
        return
    except ProviderError as error:
        if not tolerate:
            raise ProviderUnavailable from error


async def look_up(runtime: Runtime, caller: Caller, ref: str) -> list[OrderSnapshot]:
    """Whatever the shop has by its own id or by the number `ref`, and nothing written: as many calls whatever it has.

    Raises `provider_unavailable` where it does not answer.
    """

    async def ask() -> list[OrderSnapshot]:
        return await _named(runtime, caller, ref)

    try:
        return await _fly((caller.store_id, caller.livemode, f"look:{ref}"), ask)
    except Refused:
        return []
    except ProviderError as error:
        raise ProviderUnavailable from error


async def _named(runtime: Runtime, caller: Caller, ref: str) -> list[OrderSnapshot]:
    commerce = runtime.providers(caller).commerce
    by_id, by_number = await asyncio.gather(
        commerce.get_order(ref), commerce.find_orders(OrderQuery(number=ref, limit=3))
    )
    found = {order.external_id: order for order in (*by_number.orders, *([by_id] if by_id else []))}
    return list(found.values())


async def refresh(runtime: Runtime, caller: Caller, external_id: str, *, tolerate: bool = False) -> None:
    """Ask the shop for one order again; with `tolerate` a shop that does not answer leaves the mirror as it is.

    Without it something is about to be decided: the carriers are asked too, however young their word is.
    """

    async def ask() -> None:
        snapshot = await runtime.providers(caller).commerce.get_order(external_id)
        if snapshot is not None:
            await keep(runtime, caller, [snapshot], carriers_again=not tolerate)

    try:
        await _fly((caller.store_id, caller.livemode, f"{'id' if tolerate else 'now'}:{external_id}"), ask)
    except ProviderError as error:
        if not tolerate:
            raise ProviderUnavailable from error


async def _fly(key: tuple[str, bool, str], ask: Callable[[], Awaitable[T]]) -> T:
    """Join the flight of that name, or start it; whoever goes away leaves it to the others."""
    flight = _flights.get(key)
    if flight is None or flight.get_loop() is not asyncio.get_running_loop():
        flight = asyncio.create_task(_run(ask))
        _flights[key] = flight
        flight.add_done_callback(lambda landed: _land(key, landed))
    return await asyncio.shield(flight)


async def _run(ask: Callable[[], Awaitable[T]]) -> T:
    return await ask()


def _land(key: tuple[str, bool, str], flight: asyncio.Task[Any]) -> None:
    if _flights.get(key) is flight:
        del _flights[key]
    if not flight.cancelled():
        flight.exception()  # whoever waited has it; where everybody went away nobody misses it


async def keep(
    runtime: Runtime,
    caller: Caller,
    snapshots: Iterable[OrderSnapshot],
    *,
    carriers_again: bool = False,
    told_by: str | None = None,
) -> list[str]:
    """Ask the carriers where the parcels are and write the orders into the mirror; our ids.

    What a carrier said a moment ago is not asked again, unless `carriers_again`. `told_by`: the connection whose call
    is why they were read.
    """

    def write(session: Session, snapshot: OrderSnapshot, tracking: dict[str, Tracking | None]) -> str:
        with events.caused_by(told_by):
            return mirror.store(session, caller, snapshot, tracking).id

    kept: list[str] = []
    for snapshot in snapshots:
        tracking = await _track(runtime, caller, snapshot, again=carriers_again)
        kept.append(await runtime.db.write(write, snapshot, tracking))
    return kept


async def _track(
    runtime: Runtime, caller: Caller, snapshot: OrderSnapshot, *, again: bool
) -> dict[str, Tracking | None]:
    """What the carrier answers by number: None where it does not know one, nothing where it is away or not asked."""
    numbers = {number for parcel in snapshot.shipments if (number := parcel_scans.number_of(parcel.tracking_number))}
    if numbers and not again:
        young = timedelta(seconds=runtime.settings.tracking_seconds)
        numbers -= await runtime.db.read(parcels.asked_lately, caller, frozenset(numbers), clock.now() - young)
    answered = await asyncio.gather(*(ask_carrier(runtime, caller, number) for number in sorted(numbers)))
    return {number: said for found in answered for number, said in found.items()}


async def ask_carrier(runtime: Runtime, caller: Caller, number: str) -> dict[str, Tracking | None]:
    """Its answer under the number; empty where it is away: that must not hide the order."""
    try:
        return {number: await runtime.providers(caller).carrier.track(number)}
    except ProviderError:
        return {}
