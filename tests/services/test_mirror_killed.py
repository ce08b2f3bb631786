"""Killed in the middle of a nightly pass, with another server beside it: each order once, from where it was."""

from __future__ import annotations

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app.migrate import sync_url
from app.services import mirror_nightly, stores
from tests.sandbox.many import many
from tests.sandbox.served import Served
from tests.services.durable_fixtures import until

ORDERS = 60


def test_a_pass_goes_on_where_a_killed_server_left_it(database_url, sandbox_url, run_server):
    served = Served(sandbox_url, f"nightly-{'p' if database_url.startswith('p') else 's'}")
    served.post("/sandbox/v1/import", many(ORDERS))
    served.fault("changed_orders", "slow", delay_ms=1000, times=1000)
    engine = create_engine(sync_url(database_url))
    with Session(engine) as session, session.begin():
        stores.create(session, "Shop", sandbox_shop=served.shop)
    with engine.begin() as connection:  # it was there before its last night
        connection.execute(text("UPDATE stores SET created_at = '2026-01-01 00:00:00'"))

    def found(query: str) -> int:
        with engine.connect() as connection:
            return connection.execute(text(query)).scalar_one()

    environment = {"AFTERSALE_SANDBOX_URL": sandbox_url, "AFTERSALE_NIGHTLY_SECONDS": "0.2"}
    embedded = database_url.startswith("sqlite")

    def start():
        if embedded:
            return run_server("serve", database_url=database_url, environment=environment)
        return run_server("worker", database_url=database_url, environment=environment, ready=None)

    running = [start() for _ in range(1 if embedded else 2)]
    until(lambda: found("SELECT count(*) FROM orders") > 0)
    for server in running:
        server.kill()
    stored = found("SELECT count(*) FROM orders")
    assert 0 < stored < ORDERS, "killed in the middle"
    assert found("SELECT read FROM mirror_passes") == stored, "orders and how far it has come are one transaction"
    served.call("DELETE", "/sandbox/v1/faults")
    served.fault("changed_orders", "slow", delay_ms=1, times=1000)  # each is in the ledger
    asked = len(served.ledger("changed_orders"))
    with engine.begin() as connection:  # the claim of the dead runs out
        connection.execute(text("UPDATE mirror_passes SET leased_until = NULL"))
    start()
    until(lambda: found("SELECT count(*) FROM mirror_passes WHERE ended_at IS NOT NULL") == 1)
    assert found("SELECT count(*) FROM mirror_passes") == 1
    assert found("SELECT read FROM mirror_passes") == found("SELECT missing FROM mirror_passes") == ORDERS
    assert found("SELECT count(*) FROM events WHERE type = 'order.created'") == ORDERS
    pages = -(-(ORDERS - stored) // mirror_nightly.PAGE)
    assert len(served.ledger("changed_orders")) - asked == pages, "no page was read twice"
    engine.dispose()
