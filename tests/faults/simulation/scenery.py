"""What every history begins with: two stores with their connections, orders and endpoints, written once per process."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.orders import Order
from app.models.stores import Store as StoreRow
from app.services import audit, connections, mirror, stores, webhook_endpoints
from app.services.callers import Caller
from app.services.keyrings import Keyring
from app.services.policy.plain import Policy
from tests.faults import shops
from tests.faults.simulation import seams
from tests.faults.simulation.shop import ORDERS, snapshot
from tests.faults.simulation.storage import Jobs, Store

KEYRING = Keyring((b"k" * 32,))
SHOPS = ("alpha", "beta")
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
CAPS = {"refund": 4000, "order": 4500, "customer": 9000, "day": 12_000}
DOMAIN = "{}.myshopify.com"
RECHECKS = (10.0,)
"""Virtual seconds after which a success is looked up again; by then whatever fails late has failed."""


@dataclass(frozen=True)
class Site:
    """One store as a history finds it."""

    shop: str
    caller: Caller
    customer: str
    orders: dict[str, str]
    """Our ids, by the shop's."""
    connections: dict[str, str]
    """Our ids, by kind."""
    endpoint: str


def build(template: Path) -> tuple[Store, list[Site]]:
    """Tables in memory, filled from a migrated file, and what stands in them."""
    store = Store(template)

    def ago() -> float:
        return -3600.0

    info = {"jobs": Jobs(ago, lambda: None), "keyring": KEYRING, "recheck_seconds": RECHECKS}
    with seams.moved(ago, "scenery"):
        store.begin()
        sites = [store.unit(lambda session, shop=shop: _site(session, shop), info) for shop in SHOPS]
        store.unit(audit.seal, info)
        store.end(keep=True)
    return store, sites


def _site(session: Session, shop: str) -> Site:
    policy = Policy.model_validate(shops.policy(**CAPS))
    row = stores.create(session, shop, policy=policy, sandbox_shop=shop, return_address=shops.RETURN_ADDRESS)
    caller = Caller(store=row, livemode=False, key_id="key_1", scopes=frozenset({"*"}), request_id="req_1")
    made = {kind: connections.create(session, caller, _given(kind, shop)).id for kind in _CREDENTIALS}
    session.refresh(row)
    caller = Caller(store=row, livemode=False, key_id="key_1", scopes=frozenset({"*"}), request_id="req_1")
    for order in ORDERS:
        mirror.store(session, caller, snapshot(shop, order, {}), {})
    rows = session.scalars(select(Order).where(Order.store_id == row.id)).all()
    fields: dict[str, Any] = {"url": f"https://{shop}.example.com/hooks", "description": "", "types": []}
    endpoint = webhook_endpoints.create(session, caller, {**fields, "connection": None}).id
    customer = rows[0].customer_id
    assert customer is not None
    session.flush()
    session.expunge_all()
    loaded = session.get_one(StoreRow, row.id)
    caller = Caller(store=loaded, livemode=False, key_id="key_1", scopes=frozenset({"*"}), request_id="req_1")
    return Site(shop, caller, customer, {one.external_id: one.id for one in rows}, made, endpoint)


_CREDENTIALS: dict[str, dict[str, str]] = {
    "shopify": {"access_token": "shpat_0123456789abcdef", "webhook_secret": SECRET},
    "stripe": {"secret_key": "sk_test_0123456789abcdef", "webhook_secret": SECRET},
    "ups": {"client_id": "client", "client_secret": "client", "push_secret": SECRET},
    "crm": {"secret": SECRET},
}


def _given(kind: str, shop: str) -> dict[str, Any]:
    config: dict[str, dict[str, Any]] = {"shopify": {"shop": DOMAIN.format(shop)}, "ups": {"account_number": "A1B2C3"}}
    families = {"shopify": ["commerce"], "stripe": ["payments"], "ups": ["carrier"], "crm": None}[kind]
    return {
        "kind": kind,
        "name": kind,
        "config": config.get(kind, {}),
        "credentials": _CREDENTIALS[kind],
        "families": families,
    }
