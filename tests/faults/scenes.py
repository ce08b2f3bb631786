"""What goes on while a process is killed: one order each, a client that asks until it knows, and asks once more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.faults import shops
from tests.faults.history import Ask
from tests.faults.sagas import SAGAS, Saga
from tests.faults.world import Storefront

Scene = Callable[[Storefront], Awaitable[None]]


async def _refund(store: Storefront, *amounts: int, shopper: str | None = None) -> None:
    await store.stock([shops.order("one", amounts or (5000,))], ceiling=_ceiling(store))
    await _asked_twice(store, lambda: store.refund("one", 3000, "first", shopper=shopper))


async def _asked_twice(store: Storefront, ask: Callable[[], Awaitable[Ask]]) -> None:
    """Ask, wait for the end, and ask once more with the same key: that is the same resource."""
    first = await ask()
    await store.over(first, 90)
    again = await ask()
    if first.id != again.id:
        store.broken("I2", first.key, f"one key, and {first.id} and {again.id}")


def _ceiling(store: Storefront) -> bool:
    """The provider's own ceiling is on in every other shop."""
    return int(store.shop.rpartition("-")[2]) % 2 == 0


async def _plain(store: Storefront) -> None:
    await _refund(store)


async def _shopper(store: Storefront) -> None:
    await _refund(store, 2000, 3000, shopper=shops.CUSTOMER)


def _struck(fault: str, *, lookup: bool = False) -> Scene:
    async def scene(store: Storefront) -> None:
        await store.stock([shops.order("one")], ceiling=_ceiling(store))
        await _order(store, "refund", fault, lookup=lookup)
        await _asked_twice(store, lambda: store.refund("one", 3000, "first"))

    return scene


async def _order(store: Storefront, operation: str, fault: str, *, lookup: bool) -> None:
    """Faults that a kill may keep from striking: they are not counted as ordered."""
    wanted = [{"operation": operation, "fault": fault}]
    wanted += [{"operation": "lookup", "fault": "malformed", "variant": "not_json"}] if lookup else []
    for body in wanted:
        await store.sandbox("POST", "/sandbox/v1/faults", body)


def _label(fault: str | None = None, *, lookup: bool = False) -> Scene:
    async def scene(store: Storefront) -> None:
        await store.stock([shops.order("one")], ceiling=True)
        if fault is not None:
            await _order(store, "label", fault, lookup=lookup)
        await _asked_twice(store, lambda: store.label("one", "first"))

    return scene


async def _void(store: Storefront) -> None:
    await store.stock([shops.order("one")], ceiling=True)
    bought = await store.label("one", "bought")
    if await store.over(bought, 90) == "active" and bought.id is not None:
        label_id = bought.id
        await _asked_twice(store, lambda: store.void(label_id, "void"))


async def _cancel(store: Storefront) -> None:
    await store.stock([shops.order("one", status="pending")], ceiling=_ceiling(store))
    await _asked_twice(store, lambda: store.cancel("one", "cancel"))
    await store.world.settle(30)


def _of(saga: Saga) -> Scene:
    """A saga, told once more from its beginning after its end: the same keys, and nothing new."""

    async def scene(store: Storefront) -> None:
        await saga.stock(store, "one", ceiling=_ceiling(store))
        await saga.play(store, "one")
        await saga.play(store, "one")

    return scene


SCENES: dict[str, Scene] = {
    "refund": _plain,
    "refund by a shopper over two payments": _shopper,
    "refund throttled": _struck("throttle"),
    "refund refused": _struck("refuse"),
    "refund reset": _struck("reset"),
    "refund lost with its look-up": _struck("error_after_effect", lookup=True),
    "label": _label(),
    "label refused": _label("refuse"),
    "label reset": _label("reset"),
    "label lost with its look-up": _label("error_after_effect", lookup=True),
    "void": _void,
    "cancel": _cancel,
    **{name: _of(saga) for name, saga in SAGAS.items()},
}
