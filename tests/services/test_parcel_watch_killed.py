"""Killed in the middle of a watch over parcels, with another server beside it: each late parcel has one ticket."""

from __future__ import annotations

from typing import Any

import httpx
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app.migrate import sync_url
from app.models.stores import Store
from app.services import stores
from tests.http.test_order_status import parcel, scan, shop
from tests.sandbox.served import Served
from tests.services.durable_fixtures import until

PARCELS = 12


def document() -> dict[str, Any]:
    """As many orders with a late parcel each."""
    made = shop()
    (order,) = (one for one in made["orders"] if one["id"] == "ord-7001")
    made["orders"] = [
        order
        | {
            "id": f"ord-{place}",
            "number": f"#{place}",
            "payments": [order["payments"][0] | {"id": f"pay-{place}"}],
            "shipments": [parcel(f"P{place}", scan("-6h", "PICKED_UP"), eta="-3d")],
        }
        for place in range(PARCELS)
    ]
    return made


def test_two_servers_of_which_one_is_killed_open_one_ticket_per_parcel(postgres_url, sandbox_url, run_server):
    url, served = postgres_url(), Served(sandbox_url, "watched")
    served.post("/sandbox/v1/import", document())
    engine = create_engine(sync_url(url))
    with Session(engine) as session, session.begin():
        store = stores.create(session, "Shop", sandbox_shop=served.shop, delays={"open_tickets": True})
        key = stores.issue_key(session, session.get_one(Store, store.id), name="all", livemode=False)[1]

    def count(query: str) -> int:
        with engine.connect() as connection:
            return connection.execute(text(query)).scalar_one()

    environment = {"AFTERSALE_SANDBOX_URL": sandbox_url}
    api = run_server("serve", database_url=url, environment=environment)
    for place in range(PARCELS):
        told = httpx.get(f"{api.url}/v1/orders/ord-{place}/status", headers={"Authorization": f"Bearer {key}"})
        assert told.json()["delay_reason"] == "eta_passed", told.text
    served.fault("tracking", "slow", delay_ms=1500, times=1000)
    pair = [run_server("worker", database_url=url, environment=environment, ready=None) for _ in range(2)]
    until(lambda: count("SELECT count(*) FROM parcel_alerts") > 0)
    pair[0].kill()
    pair[1].kill()
    raised = count("SELECT count(*) FROM parcel_alerts")
    assert raised < PARCELS, "killed in the middle"
    assert count("SELECT count(*) FROM tickets") == raised, "an alert and its ticket are one transaction"
    with engine.begin() as connection:  # the claims of the dead run out
        connection.execute(text("UPDATE parcels SET look_at = now() - interval '1 second'"))
    for _ in range(2):
        run_server("worker", database_url=url, environment=environment, ready=None)
    until(lambda: count("SELECT count(*) FROM parcel_alerts") == PARCELS)
    assert count("SELECT count(DISTINCT order_id) FROM tickets") == PARCELS
    assert count("SELECT count(*) FROM tickets") == PARCELS
    assert count("SELECT count(*) FROM events WHERE type = 'order.delayed'") == PARCELS
    assert count("SELECT count(*) FROM events WHERE type = 'ticket.handed_off'") == PARCELS
    engine.dispose()
