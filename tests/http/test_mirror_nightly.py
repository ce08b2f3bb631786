"""Every night our copy of the orders is held against the shop: what differs is stored once, and told."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any, cast

import pytest
import time_machine
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from app.integrations.commerce.contract import ChangedPage, ChangedQuery, OrderSnapshot
from app.models.mirror_passes import MirrorPass
from app.models.stores import Store
from app.services import mirror_nightly, mirror_passes, mirror_reading, stores
from app.services.providers import Connections, Providers
from tests.http.shopify_store import Connected
from tests.http.shopify_store import running as shopify
from tests.sandbox.many import many
from tests.support.app import App, Tenant

ALONE = True
"""Its clock is moved."""
SETTINGS: dict[str, Any] = {"loopback_addresses": True}
DAY = "2026-12-01T20:00:00Z"
EVENING, NIGHT, MORNING = "2026-12-02T02:58:00Z", "2026-12-02T03:02:00Z", "2026-12-02T04:00:00Z"
NEXT_NIGHT = "2026-12-03T03:02:00Z"
ORDERS = 25


def filled(app: App, *, fill: bool = True) -> Tenant:
    store = app.store(many(ORDERS))

    async def to_the_end() -> None:
        found = await app.runtime.db.read(mirror_passes.sources, store.id, "sandbox")
        passing = await app.runtime.db.write(mirror_passes.begin_fill, found[0])
        while passing.ended_at is None:
            passing = await mirror_reading.advance(app.runtime, passing)

    if fill:
        app.wait(to_the_end())
    return store


def tend(app: App) -> int:
    return app.wait(mirror_nightly.tend(app.runtime))


def nights(app: App, store: Tenant) -> list[MirrorPass]:
    query = select(MirrorPass).where(MirrorPass.store_id == store.id, MirrorPass.kind == "nightly")
    return app.read(lambda session: list(session.scalars(query.order_by(MirrorPass.id))))


def refunded(store: Tenant, *numbers: int) -> None:
    """The merchant gives money back in the shop, and its call to us gets lost."""
    for number in numbers:
        given = {"payment_id": f"pay-{number}", "amount": 100, "currency": "EUR", "reason": "sorry"}
        store.sandbox.post("/sandbox/v1/outside-refunds", given)


def kinds(store: Tenant) -> dict[str, int]:
    found: dict[str, int] = {}
    for kind in ("order.created", "order.updated"):
        found[kind] = len(store.get(f"/v1/events?type={kind}&limit=200").json()["data"])
    return found


def test_what_differs_is_stored_and_told_once(app: App) -> None:
    with time_machine.travel(DAY):
        store = filled(app)
        refunded(store, 3, 11)
    with time_machine.travel(EVENING):
        assert (tend(app), nights(app, store)) == (0, [])
    with time_machine.travel(NIGHT):
        tend(app)
        [night] = nights(app, store)
        assert (night.read, night.missing, night.changed, night.unreadable) == (ORDERS, 0, 2, 0)
        assert night.ended_at is not None
        assert [one["what"] for one in night.examples] == ["changed", "changed"]
        assert {"payments", "payment_status", "totals"} <= set(night.examples[0]["fields"])
        order = store.get("/v1/orders/ord-000003").json()
        assert {one["order"] for one in night.examples} >= {order["id"]}
        assert "shopper" not in str(night.examples)
        assert kinds(store) == {"order.created": ORDERS, "order.updated": 2}
    with time_machine.travel(MORNING):
        tend(app)
        assert len(nights(app, store)) == 1, "one a night"
        assert kinds(store)["order.updated"] == 2
    with time_machine.travel(NEXT_NIGHT):
        tend(app)
        _, night = nights(app, store)
        assert (night.read, night.missing, night.changed) == (0, 0, 0), "nothing changed since"


def test_orders_that_nobody_told_of_are_found(app: App) -> None:
    with time_machine.travel(DAY):
        store = filled(app, fill=False)
    with time_machine.travel(NIGHT):
        tend(app)
        [night] = nights(app, store)
        assert (night.read, night.missing, night.changed) == (ORDERS, ORDERS, 0)
        assert len(night.examples) == mirror_passes.EXAMPLES
        assert kinds(store) == {"order.created": ORDERS, "order.updated": 0}
        told = {
            (sample.labels["reason"], sample.labels["mode"]): sample.value
            for family in text_string_to_metric_families(app.client().get("/metrics").text)
            if family.name == "aftersale_mirror_differences"
            for sample in family.samples
        }
        assert told["missing", "test"] >= ORDERS
        assert told["missing", "live"] == 0


def test_it_is_night_by_the_store_s_own_clock(app: App) -> None:
    with time_machine.travel(DAY):
        store = filled(app)
        zone = {"timezone": "America/New_York"}
        app.write(lambda session: stores.change(session, session.get_one(Store, store.id), **zone))
    with time_machine.travel(MORNING):  # 23:00 there
        tend(app)
        assert nights(app, store) == []
    with time_machine.travel("2026-12-02T08:01:00Z"):
        tend(app)
        assert len(nights(app, store)) == 1


def test_two_servers_at_once_do_it_once(app: App) -> None:
    with time_machine.travel(DAY):
        store = filled(app)
        refunded(store, *range(ORDERS))

    async def both() -> None:
        shops = await app.runtime.db.read(mirror_nightly.due)
        await asyncio.gather(*(app.runtime.db.write(mirror_nightly.plan, shops) for _ in range(2)))
        await asyncio.gather(*(mirror_nightly.tend(app.runtime) for _ in range(3)))

    with time_machine.travel(NIGHT):
        app.wait(both())
        [night] = nights(app, store)
        assert (night.read, night.changed) == (ORDERS, ORDERS)
        assert night.pages == 3
        assert kinds(store)["order.updated"] == ORDERS


def test_a_shop_that_is_away_is_asked_again_where_it_was(app: App) -> None:
    with time_machine.travel(DAY):
        store = filled(app)
        refunded(store, *range(ORDERS))
    with time_machine.travel(NIGHT):
        store.sandbox.fault("changed_orders", "slow", delay_ms=1, times=1)
        store.sandbox.fault("changed_orders", "reset", times=1000)
        tend(app)
        [night] = nights(app, store)
        assert (night.pages, night.read, night.failure) == (1, mirror_nightly.PAGE, "provider_unavailable")
        assert night.ended_at is None
        before = len(store.sandbox.ledger("changed_orders"))
        tend(app)
        assert len(store.sandbox.ledger("changed_orders")) == before, "not before some time has passed"
        store.sandbox.call("DELETE", "/sandbox/v1/faults")
    with time_machine.travel(MORNING):
        tend(app)
        [night] = nights(app, store)
        assert (night.pages, night.read, night.changed, night.failure) == (3, ORDERS, ORDERS, None)
        assert night.ended_at is not None
        assert kinds(store)["order.updated"] == ORDERS


def test_a_server_that_died_leaves_a_claim_that_runs_out(app: App) -> None:
    with time_machine.travel(DAY):
        store = filled(app)
    with time_machine.travel(NIGHT):
        app.write(mirror_nightly.plan, app.read(mirror_nightly.due))
        while app.write(mirror_nightly.claim) is not None:
            pass
        assert tend(app) == 0, "others hold them"
    with time_machine.travel(MORNING):
        tend(app)
        [night] = nights(app, store)
        assert night.ended_at is not None


class Odd:
    """The store's own shop, one of whose orders tells a price that no table holds."""

    def __init__(self, inner: Connections, odd: str) -> None:
        self._inner, self._odd = inner, odd

    def of(self, store: Store, *, livemode: bool) -> Providers:
        found = self._inner.of(store, livemode=livemode)
        self._shop = found.commerce
        return dataclasses.replace(found, commerce=cast("Any", self))

    async def changed_orders(self, query: ChangedQuery) -> ChangedPage:
        page = await self._shop.changed_orders(query)
        return page.model_copy(update={"orders": tuple(self._spoiled(order) for order in page.orders)})

    def _spoiled(self, order: OrderSnapshot) -> OrderSnapshot:
        if order.external_id != self._odd:
            return order
        return order.model_copy(update={"lines": (order.lines[0].model_copy(update={"total": 2**70}),)})


def test_what_cannot_be_stored_is_named_and_keeps_out_nothing_else(app: App) -> None:
    with time_machine.travel(DAY):
        store = filled(app, fill=False)
    with time_machine.travel(NIGHT):
        odd = cast("Any", Odd(app.runtime.connections, "ord-000004"))
        app.wait(mirror_nightly.tend(dataclasses.replace(app.runtime, connections=odd)))
        [night] = nights(app, store)
        assert (night.read, night.missing, night.unreadable) == (ORDERS, ORDERS - 1, 1)
        assert {"external_id": "ord-000004", "what": "unreadable"} in night.examples
        assert kinds(store)["order.created"] == ORDERS - 1


def test_a_shop_that_is_another_s_by_now_ends_the_pass(app: App, specs: Any) -> None:
    with time_machine.travel(DAY), shopify(app, specs) as shop:
        connected = Connected(app, shop)
        connected.shop.order("#1001")
        store = connected.store
        with time_machine.travel(NIGHT):
            app.write(mirror_nightly.plan, app.read(mirror_nightly.due))
            answer = store.send("DELETE", f"/v1/connections/{connected.connection['id']}")
            assert answer.status_code in {200, 204}, answer.text
            tend(app)
            night = nights(app, store)[0]
            assert (night.connection, night.failure) == (connected.connection["id"], "not_connected")
            assert night.ended_at is not None


def test_shopify_s_orders_are_read_again_and_say_who_told(app: App, specs: Any) -> None:
    with time_machine.travel(DAY), shopify(app, specs) as shop:
        connected = Connected(app, shop)
        orders = [shop.order(f"#{1001 + at}", updatedAt="2026-12-01T19:00:00Z") for at in range(12)]
        shop.order("#900", updatedAt="2026-10-01T10:00:00Z")
        connected.order()
        shop.paid(orders[0], 500, "REFUND")
        with time_machine.travel(NIGHT):
            tend(app)
            [night] = nights(app, connected.store)
            assert (night.read, night.missing, night.changed) == (12, 11, 1)
            events = connected.store.get("/v1/events?type=order.updated").json()["data"]
            assert [event["origin"] for event in events] == [connected.connection["id"]]


@pytest.mark.parametrize("code", ["provider_unauthorized", "unsupported"])
def test_a_refusal_waits_and_what_a_shop_cannot_do_ends(app: App, code: str) -> None:
    with time_machine.travel(DAY):
        store = filled(app, fill=False)
    with time_machine.travel(NIGHT):
        store.sandbox.fault("changed_orders", "refuse", code=code, times=1000)
        tend(app)
        [night] = nights(app, store)
        assert night.failure == code
        assert (night.ended_at is not None) == (code == "unsupported")
