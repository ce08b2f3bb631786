"""What is on its way is pushed: the carrier is asked once, again before it lapses, and no longer than anybody waits."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from app.models.parcels import ParcelSubscription
from app.services import parcel_subscriptions
from tests.http.test_inbound_providers import ACCOUNT, CLIENT, PUSH, PUSH_SECRET, SECRET, Connected, labelled, running
from tests.integrations.ups_server import UpsServer
from tests.support.app import DEMO, App, Tenant

ALONE = True
"""Its clock is moved."""
SETTINGS: dict[str, Any] = {"loopback_addresses": True, "retry_seconds": (1, 2)}
ARRIVED, SHIPPED = f"1Z{ACCOUNT}0000001001", f"1Z{ACCOUNT}0000001002"
SHOP = json.loads(
    json.dumps(DEMO).replace("NP100100001DE", ARRIVED).replace("NP100200001FR", SHIPPED).replace('"-8d"', '"-2d"')
)
DAY = 86_400


@pytest.fixture
def carrier(app: App) -> Iterator[UpsServer]:
    made = UpsServer()
    with running(app, made):
        yield made


def connect(app: App, store: Tenant, carrier: UpsServer, **credentials: str) -> Connected:
    given = {"client_id": CLIENT, "client_secret": SECRET, "push_secret": PUSH_SECRET} | credentials
    return Connected(store, {
        "kind": "ups", "name": "UPS", "config": {"account_number": ACCOUNT, "api_base": carrier.url},
        "credentials": {name: value for name, value in given.items() if value},
    })  # fmt: skip


def rows(app: App, store: Tenant) -> dict[str, ParcelSubscription]:
    query = select(ParcelSubscription).where(ParcelSubscription.store_id == store.id)
    return {row.tracking_number: row for row in app.read(lambda session: list(session.scalars(query)))}


def asked(app: App, carrier: UpsServer) -> list[str]:
    """What the carrier is asked to push when the job has its turn."""
    carrier.subscribed.clear()
    while app.wait(parcel_subscriptions.tend(app.runtime)):
        pass
    return sorted(carrier.subscribed)


def test_a_parcel_and_a_return_label_are_subscribed_once_each(app: App, carrier: UpsServer):
    ups = connect(app, app.store(SHOP), carrier)
    for order in ("%231001", "%231002"):  # the first one has arrived: nothing more is told of it
        ups.store.get(f"/v1/orders/{order}")
    label = labelled(ups)
    assert asked(app, carrier) == sorted([SHIPPED, label["tracking_number"]])
    assert asked(app, carrier) == []
    ups.store.get("/v1/orders/%231002?refresh=true")
    assert asked(app, carrier) == []


def test_what_was_on_its_way_before_the_connection_is_subscribed_too(app: App, carrier: UpsServer):
    store = app.store(SHOP)
    for order in ("%231001", "%231002"):
        store.get(f"/v1/orders/{order}")
    assert rows(app, store) == {}
    connect(app, store, carrier)
    assert asked(app, carrier) == [SHIPPED]


def test_it_is_renewed_before_it_lapses_and_ends_with_the_parcel(app: App, carrier: UpsServer):
    with time_machine.travel("2026-12-01T10:00:00Z") as clock:
        ups = connect(app, app.store(SHOP), carrier)
        ups.store.get("/v1/orders/%231002")
        assert asked(app, carrier) == [SHIPPED]
        for _ in range(2):
            clock.shift(11 * DAY)
            assert asked(app, carrier) == []
            clock.shift(1 * DAY + 60)
            assert asked(app, carrier) == [SHIPPED]
        body = json.dumps({"trackingNumber": SHIPPED, **PUSH}).encode()
        assert ups.came_of(ups.post(body, {"x-api-key": PUSH_SECRET})) == ("done", {"parcel": SHIPPED})
        clock.shift(13 * DAY)
        assert asked(app, carrier) == []
        assert rows(app, ups.store) == {}


def test_what_never_ends_is_waited_for_no_longer_than_anybody_would(app: App, carrier: UpsServer):
    with time_machine.travel("2026-12-01T10:00:00Z") as clock:
        ups = connect(app, app.store(SHOP), carrier)
        ups.store.get("/v1/orders/%231002")
        turns = 0
        while asked(app, carrier):
            turns += 1
            clock.shift(12 * DAY + 60)
        assert turns == 10
        assert rows(app, ups.store) == {}


def test_what_the_carrier_does_not_take_is_not_asked_for_again(app: App, carrier: UpsServer):
    with time_machine.travel("2026-12-01T10:00:00Z") as clock:
        odd = json.loads(json.dumps(SHOP).replace(SHIPPED, f"1ZX{'0' * 15}"))
        ups = connect(app, app.store(odd), carrier)
        ups.store.get("/v1/orders/%231002")
        for _ in range(3):
            assert asked(app, carrier) == []
            clock.shift(13 * DAY)
        assert len(carrier.faults.asked("POST", "/api/track/v2")) == 1


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "error_after", "throttled"])
def test_a_carrier_that_is_away_is_asked_later(app: App, carrier: UpsServer, fault: str):
    with time_machine.travel("2026-12-01T10:00:00Z") as clock:
        ups = connect(app, app.store(SHOP), carrier)
        ups.store.get("/v1/orders/%231002")
        carrier.faults.plan("POST", "/api/track/v2", fault)
        app.wait(parcel_subscriptions.tend(app.runtime))
        assert asked(app, carrier) == []
        clock.shift(31 * 60)
        assert asked(app, carrier) == [SHIPPED]


def test_another_connection_subscribes_anew_and_none_forgets(app: App, carrier: UpsServer):
    ups = connect(app, app.store(SHOP), carrier)
    ups.store.get("/v1/orders/%231002")
    assert asked(app, carrier) == [SHIPPED]
    assert ups.store.send("DELETE", f"/v1/connections/{ups.connection['id']}").status_code == 200
    again = connect(app, ups.store, carrier)
    assert asked(app, carrier) == [SHIPPED]
    assert rows(app, ups.store)[SHIPPED].connection_id == again.connection["id"]


def test_without_a_push_secret_nothing_is_subscribed_until_there_is_one(app: App, carrier: UpsServer):
    ups = connect(app, app.store(SHOP), carrier, push_secret="")
    ups.store.get("/v1/orders/%231002")
    assert asked(app, carrier) == []
    assert carrier.faults.asked("POST", "/api/track/v2") == []
    credentials = {"client_id": CLIENT, "client_secret": SECRET, "push_secret": PUSH_SECRET}
    ups.store.send("PATCH", f"/v1/connections/{ups.connection['id']}", {"credentials": credentials})
    assert asked(app, carrier) == [SHIPPED]


def test_workers_that_come_at_once_ask_once(app: App, carrier: UpsServer):
    store = app.store(SHOP)
    ups = connect(app, store, carrier)
    numbers = [f"1Z{ACCOUNT}{at:010d}" for at in range(250)]

    ups.store.get("/v1/orders/%231002")
    owner = ups.store.merchant().store

    def many(session: Any) -> None:
        parcel_subscriptions.want(session, owner, numbers, livemode=False)

    app.write(many)

    async def at_once() -> None:
        await asyncio.gather(*(parcel_subscriptions.tend(app.runtime, 100) for _ in range(4)))

    app.wait(at_once())
    asked_by_all = Counter(carrier.subscribed)
    assert set(asked_by_all.values()) == {1}
    assert set(asked_by_all) == {*numbers, SHIPPED}


def test_a_store_without_such_a_carrier_writes_nothing_down(app: App):
    store = app.store(SHOP)
    store.get("/v1/orders/%231002")
    assert rows(app, store) == {}
