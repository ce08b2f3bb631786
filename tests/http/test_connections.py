"""Connections: kept sealed, shown without what is secret, one per counterpart, checked, changed and forgotten."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from sqlalchemy import select, text

from app.models.connections import Connection
from app.models.records import AuditRow
from app.models.stores import Store
from app.services import connections
from app.services.connections import SealedAnew
from app.services.keyrings import Keyring, Unreadable
from app.services.providers import StoreConnections, bound
from tests.services.durable_fixtures import until
from tests.support.app import DEMO, App, Tenant
from tests.support.tables import still

OLD_KEY, NEW_KEY = bytes(range(32)), bytes(range(32, 64))
SECRET = "whsec_" + base64.b64encode(b"a secret of forty bytes, all of it here!").decode()
CRM: dict[str, Any] = {"kind": "crm", "name": "Help desk", "credentials": {"secret": SECRET}}


def connected(store: Tenant, **fields: Any) -> dict[str, Any]:
    answer = store.post("/v1/connections", {**CRM, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def shop_of(store: Tenant, shop: str, **fields: Any) -> Any:
    return store.post("/v1/connections", {"kind": "sandbox", "name": "Shop", "config": {"shop": shop}, **fields})


def told(answer: Any) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


def test_a_connection_is_made_shown_changed_checked_and_forgotten(store: Tenant) -> None:
    made = connected(store)
    assert (made["kind"], made["name"], made["status"], made["families"]) == ("crm", "Help desk", "unchecked", [])
    assert made["capabilities"] == ["answer_ticket", "mirror_ticket", "open_ticket", "run_action", "update_ticket"]
    assert made["config"]["scopes"] == ["tickets:read", "tickets:write"]
    assert made["credentials"]["secret"]["last4"] == SECRET[-4:]
    assert made["inbound"] == f"/v1/inbound/{made['id']}"
    path = f"/v1/connections/{made['id']}"
    assert store.get(path).json() == made
    assert [row["id"] for row in store.get("/v1/connections").json()["data"]] == [made["id"]]
    assert store.get("/v1/connections?kind=sandbox").json()["data"] == []

    checked = store.post(f"{path}/check").json()
    assert (checked["status"], {row["name"]: row["ok"] for row in checked["checks"]}) == (
        "working",
        {"scopes": True, "inbound": True},
    )
    other_secret = SECRET[:-8] + "AAAAAAA="
    changed = store.send("PATCH", path, {"name": "Desk", "credentials": {"secret": other_secret}}).json()
    assert (changed["name"], changed["version"], changed["status"]) == ("Desk", 2, "unchecked")
    assert changed["credentials"] != made["credentials"]
    assert changed["former_credentials_until"] is None
    kept = store.send("PATCH", path, {"credentials": {"secret": SECRET}, "overlap_seconds": 60}).json()
    assert kept["former_credentials_until"] is not None
    assert kept["credentials"] == made["credentials"], "the same secret has the same fingerprint"
    bare = store.send("PATCH", path, {"credentials": {}}).json()
    assert bare["credentials"] == {}
    failing = store.post(f"{path}/check").json()
    assert (failing["status"], failing["checks"][-1]["ok"]) == ("failing", False)

    gone = store.send("DELETE", path).json()
    assert (gone["status"], gone["credentials"], gone["inbound"]) == ("deleted", {}, None)
    for answer in (store.get(path), store.send("DELETE", path), store.send("PATCH", path, {"name": "x"})):
        assert told(answer) == (404, "connection_not_found")
    assert store.get("/v1/connections").json()["data"] == []
    types = [row["type"] for row in store.get(f"/v1/events?resource={made['id']}").json()["data"]]
    assert types == [
        "connection.created", "connection.checked", "connection.updated", "connection.updated", "connection.updated",
        "connection.checked", "connection.deleted",
    ]  # fmt: skip


def test_a_secret_is_nowhere_in_answers_events_audit_or_tables(app: App, store: Tenant) -> None:
    made = connected(store)
    path = f"/v1/connections/{made['id']}"
    store.send("PATCH", path, {"credentials": {"secret": SECRET}, "overlap_seconds": 60})
    wrong = store.post("/v1/connections", {**CRM, "credentials": {"secret": SECRET, "more": SECRET}})
    assert told(wrong) == (422, "validation_failed")
    assert wrong.json()["errors"][0]["pointer"] == "/credentials/more"
    short = store.post("/v1/connections", {**CRM, "credentials": {"secret": "hunter2hunter2"}})
    assert told(short) == (422, "validation_failed")
    secret = SECRET.removeprefix("whsec_")
    answers = [store.get(p).text for p in (path, "/v1/connections", "/v1/events?limit=200")] + [wrong.text, short.text]
    tables = repr(still(app.settings.database))
    for said in (*answers, tables):
        for plain in (secret, base64.b64decode(secret).decode(), "hunter2hunter2"):
            assert plain not in said
    rows = app.read(lambda s: s.scalars(select(AuditRow).where(AuditRow.subject_id == made["id"])).all())
    assert sorted(row.action for row in rows) == ["connection.changed", "connection.created"]


def test_a_sealed_credential_opens_on_its_own_row_alone(app: App, store: Tenant, other: Tenant) -> None:
    mine, theirs = connected(store), connected(other)
    keyring = Keyring((OLD_KEY,))

    def swap(session: Any) -> None:
        one, two = session.get_one(Connection, mine["id"]), session.get_one(Connection, theirs["id"])
        assert keyring.open(one.credentials, bound(one.store_id, one.id, livemode=False)) == {"secret": SECRET}
        for elsewhere in (
            bound(two.store_id, one.id, livemode=False),
            bound(one.store_id, two.id, livemode=False),
            bound(one.store_id, one.id, livemode=True),
        ):
            with pytest.raises(Unreadable):
                keyring.open(one.credentials, elsewhere)
        one.credentials, two.credentials = two.credentials, one.credentials

    app.write(swap)
    checked = store.post(f"/v1/connections/{mine['id']}/check").json()
    assert (checked["status"], checked["checks"][0]["name"]) == ("failing", "credentials")


def test_keys_are_changed_without_a_moment_in_which_nothing_can_be_read(app: App, store: Tenant) -> None:
    made = connected(store)
    shop_of(store, store.sandbox.shop)
    store.send("PATCH", f"/v1/connections/{made['id']}", {"credentials": {"secret": SECRET}, "overlap_seconds": 600})
    both, new = Keyring((NEW_KEY, OLD_KEY)), Keyring((NEW_KEY,))

    def seal(session: Any, ring: Keyring, so_far: SealedAnew) -> SealedAnew:
        session.info["keyring"] = ring
        return connections.seal_anew(session, so_far, limit=1)

    def unread(session: Any, ring: Keyring) -> list[str]:
        failed: list[str] = []
        for row in session.scalars(select(Connection).where(Connection.store_id == store.id)):
            place = bound(row.store_id, row.id, livemode=row.livemode)
            kept = session.get_one(Store, row.store_id).connected.get("test", {}).get(row.id, {})
            for sealed in (row.credentials, row.former, kept.get("credentials")):
                try:
                    if sealed is not None:
                        ring.open(sealed, place)
                except Unreadable:
                    failed.append(row.id)
        return failed

    assert app.read(unread, both) == []
    assert len(app.read(unread, new)) == 4
    so_far = SealedAnew()
    while so_far.after is not None:
        so_far = app.write(seal, both, so_far)
        assert app.read(unread, both) == []
    assert so_far.done >= 2
    assert app.read(unread, new) == []
    so_far = SealedAnew()
    while so_far.after is not None:
        so_far = app.write(seal, Keyring((OLD_KEY, NEW_KEY)), so_far)
    assert store.post(f"/v1/connections/{made['id']}/check").json()["status"] == "working"


def test_a_store_s_connection_serves_instead_of_what_it_had(app: App, store: Tenant) -> None:
    elsewhere = app.store()
    elsewhere.sandbox.post("/sandbox/v1/import", {**DEMO, "orders": DEMO["orders"][:1]})
    before = len(store.get("/v1/orders").json()["data"])
    made = shop_of(store, elsewhere.sandbox.shop, families=["commerce"]).json()
    assert (made["families"], "orders" in made["capabilities"]) == (["commerce"], True)
    assert store.post(f"/v1/connections/{made['id']}/check").json()["status"] == "working"
    rows = app.read(lambda s: s.get_one(Store, store.id))
    found = app.runtime.connections.of(rows, livemode=False)
    assert isinstance(app.runtime.connections, StoreConnections)
    assert (found.commerce._shop, found.payments._shop) == (elsewhere.sandbox.shop, store.sandbox.shop)
    assert app.runtime.connections.of(rows, livemode=False).commerce is found.commerce, "made once"
    assert before > 1
    store.send("DELETE", f"/v1/connections/{made['id']}")
    rows = app.read(lambda s: s.get_one(Store, store.id))
    assert app.runtime.connections.of(rows, livemode=False).commerce._shop == store.sandbox.shop


def test_a_store_has_one_of_each_counterpart(store: Tenant) -> None:
    first = shop_of(store, store.sandbox.shop, families=["commerce", "payments"]).json()
    assert told(shop_of(store, store.sandbox.shop)) == (409, "family_taken")
    assert told(shop_of(store, store.sandbox.shop, families=["payments"])) == (409, "family_taken")
    second = shop_of(store, store.sandbox.shop, families=["carrier"])
    assert second.status_code == 201
    path = f"/v1/connections/{second.json()['id']}"
    assert told(store.send("PATCH", path, {"families": ["carrier", "payments"]})) == (409, "family_taken")
    assert store.get(path).json() == second.json(), "a refusal changes nothing"
    assert store.send("PATCH", f"/v1/connections/{first['id']}", {"families": ["commerce"]}).status_code == 200
    assert store.send("PATCH", path, {"families": ["carrier", "payments"]}).json()["families"] == [
        "payments", "carrier"
    ]  # fmt: skip


def test_what_was_begun_through_a_connection_is_not_looked_for_elsewhere(app: App, store: Tenant) -> None:
    made = shop_of(store, store.sandbox.shop).json()
    path = f"/v1/connections/{made['id']}"
    store.sandbox.fault("refund", "slow", delay_ms=1500)
    refund = store.post(
        "/v1/refunds", {"order": "#1001", "amount": {"amount": 100, "currency": "EUR"}}, Prefer="wait=0"
    )
    assert refund.status_code == 202
    assert told(store.send("DELETE", path)) == (409, "connection_in_use")
    assert told(store.send("PATCH", path, {"config": {"shop": "demo"}})) == (409, "connection_in_use")
    assert store.send("PATCH", path, {"name": "Still there"}).status_code == 200
    store.rest()
    assert store.send("DELETE", path).status_code == 200

    def foreign(session: Any) -> None:
        session.execute(
            text("UPDATE operations SET provider = 'elsewhere', status = 'pending' WHERE id = :id"),
            {"id": refund.json()["operation"]["id"]},
        )

    app.write(foreign)
    from app.errors import NotConnected
    from app.models.operations import Operation
    from app.services import tries

    operation = app.read(lambda s: s.get_one(Operation, refund.json()["operation"]["id"]))
    owner = app.read(lambda s: s.get_one(Store, store.id))
    claim = tries._Claim(1, operation.kind, operation.command, owner, False, False, None, operation.provider)
    with pytest.raises(NotConnected):
        tries._means(app.runtime, claim)


def test_live_data_is_not_connected_to_the_sandbox(app: App, store: Tenant) -> None:
    live = app.client(store.live_key)
    answer = live.post("/v1/connections", json={"kind": "sandbox", "name": "Shop"})
    assert told(answer) == (422, "kind_unknown")
    assert live.post("/v1/connections", json=CRM).json()["livemode"] is True
    kinds = {row["name"] for row in live.get("/v1/connections/kinds").json()["data"]}
    assert "sandbox" not in kinds
    assert {"sandbox", "crm"} <= {row["name"] for row in store.get("/v1/connections/kinds").json()["data"]}


def test_nobody_gives_a_connection_more_than_they_have(app: App, store: Tenant) -> None:
    key = store.issue(scopes=("connections:read", "connections:write", "tickets:read", "tickets:write"))[1]
    client = app.client(key)
    scopes = {"config": {"scopes": ["tickets:write", "refunds:write"]}}
    assert told(client.post("/v1/connections", json={**CRM, **scopes})) == (403, "scopes_exceeded")
    made = client.post("/v1/connections", json=CRM).json()
    assert told(client.patch(f"/v1/connections/{made['id']}", json=scopes)) == (403, "scopes_exceeded")
    wide = store.send("PATCH", f"/v1/connections/{made['id']}", scopes)
    assert wide.json()["config"]["scopes"] == ["tickets:write", "refunds:write"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({**CRM, "kind": "shopify2"}, "/kind"),
        ({**CRM, "config": {"scopes": ["everything:write"]}}, "/config/scopes"),
        ({**CRM, "config": {"verification": "none"}}, "/config/verification"),
        ({**CRM, "config": {"header": "Host"}}, "/config/header"),
        ({**CRM, "config": {"header": "X-A\r\nB: c"}}, "/config/header"),
        ({**CRM, "config": {"scopes": "tickets:write"}}, "/config/scopes"),
        ({**CRM, "config": {"url": "http://127.0.0.1/"}}, "/config/url"),
        ({**CRM, "credentials": {"secret": 12345678901234567890}}, "/credentials/secret"),
        ({**CRM, "credentials": {"secret": "short"}}, "/credentials/secret"),
        ({**CRM, "credentials": {"secret": "whsec_not base64 at all!"}}, "/credentials/secret"),
        ({**CRM, "credentials": {"secret": "whsec_" + "AAAA"}}, "/credentials/secret"),
        ({**CRM, "families": ["commerce"]}, "/families"),
        ({**CRM, "families": ["helpdesk"]}, "/families/0"),
        ({**CRM, "status": "working"}, "/status"),
        ({**CRM, "store_id": "sto_1"}, "/store_id"),
        ({**CRM, "name": "a\nb"}, "/name"),
        ({"kind": "sandbox", "name": "x", "config": {"shop": "../demo"}}, "/config/shop"),
        ({"kind": "sandbox", "name": "x", "credentials": {"secret": SECRET}}, "/credentials/secret"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(store: Tenant, body: dict[str, Any], pointer: str) -> None:
    answer = store.post("/v1/connections", body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer, answer.text
    assert store.get("/v1/connections").json()["data"] == []


@pytest.mark.parametrize("body", [{"name": None}, {"overlap_seconds": 5}, {"config": None}, {"kind": "sandbox"}])
def test_a_change_that_cannot_be_meant_is_refused(store: Tenant, body: dict[str, Any]) -> None:
    made = connected(store)
    assert store.send("PATCH", f"/v1/connections/{made['id']}", body).status_code == 422
    assert store.get(f"/v1/connections/{made['id']}").json() == made


def test_a_server_without_a_key_keeps_no_credentials(app: App, store: Tenant) -> None:
    app.runtime.db.info["keyring"], kept = Keyring(), app.runtime.db.info["keyring"]
    try:
        assert told(store.post("/v1/connections", CRM)) == (409, "encryption_key_missing")
    finally:
        app.runtime.db.info["keyring"] = kept
    until(lambda: store.post("/v1/connections", CRM, key="later").status_code == 201)
