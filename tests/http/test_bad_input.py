"""Bad input gets a clear error, and every table is as it was, here and at the backend."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import httpx
import pytest

from app import ids
from tests.http import bad_requests, bad_store_requests
from tests.http.bad_requests import Bad
from tests.support.app import App, Tenant
from tests.support.tables import Tables, differing, still, tables

ROWS = [*bad_requests.ROWS, *bad_store_requests.ROWS]
ALONE = True
"""Every table is looked at, as it was and as it is."""


@dataclass
class World:
    """A store that has something, another one, and the database at rest."""

    store: Tenant
    client: httpx.Client
    names: dict[str, str]
    rest: Tables
    effects: int

    def said(self, text: str) -> str:
        return re.sub("@([a-z_]+)@", lambda found: self.names[found.group(1)], text)


@pytest.fixture(scope="module")
def world(app: App) -> World:
    store, other = app.store(), app.store()
    names: dict[str, str] = {}
    for tenant, prefix in ((store, ""), (other, "foreign_")):
        for path in ("orders", "customers?external_id=cust-luc", "customers?external_id=cust-anna"):
            assert tenant.get(f"/v1/{path}").status_code == 200
        order, second = tenant.get("/v1/orders/1001").json(), tenant.get("/v1/orders/1004").json()
        refunds = [
            tenant.post("/v1/refunds", {"order": "#1001", "amount": {"amount": 1, "currency": "EUR"}}, key=key).json()
            for key in ("used", "")
        ]
        line = {"line_id": second["lines"][0]["id"], "quantity": 1}
        back = tenant.post("/v1/returns", {"order": "#1004", "lines": [line]}).json()
        label = tenant.post("/v1/return-labels", {"return_id": back["id"]}).json()
        drafts = [tenant.post("/v1/policies", {"document": {}}).json()["id"] for _ in "ab"]
        assert tenant.post(f"/v1/policies/{drafts[1]}/activate").status_code == 200
        tickets = [tenant.post("/v1/tickets", {"text": "Hello"}).json()["id"] for _ in "ab"]
        assert tenant.send("PATCH", f"/v1/tickets/{tickets[1]}", {"status": "closed"}).status_code == 200
        desk = {"kind": "crm", "name": "Desk", "credentials": {"secret": "a secret of 20 and more".replace(" ", "-")}}
        connection = tenant.post("/v1/connections", desk).json()["id"]
        endpoint = tenant.post("/v1/webhook-endpoints", {"url": "https://crm.example.com/"}).json()["id"]
        for number in ("#1001", "#1004"):  # what has just been refunded and returned is in the mirror again
            again = {"order": number, "amount": {"amount": 1, "currency": "EUR"}}
            assert tenant.post("/v1/refunds/quote", again).status_code == 200
        names |= {
            f"{prefix}{name}": value
            for name, value in {
                "store": tenant.id, "order": order["id"], "line": order["lines"][0]["id"], "refund": refunds[0]["id"],
                "other_line": second["lines"][0]["id"], "returned_line": line["line_id"], "return": back["id"],
                "label": label["id"], "operation": refunds[0]["operation"]["id"], "customer": order["customer"]["id"],
                "draft": drafts[0], "policy": drafts[1], "ticket": tickets[0], "closed": tickets[1],
                "busy": second["customer"]["id"], "connection": connection, "endpoint": endpoint,
                "cursor": tenant.get("/v1/refunds?limit=1").json()["next_cursor"],
                "event": tenant.get("/v1/events").json()["data"][0]["id"],
            }.items()
        }  # fmt: skip
        tenant.rest()
    cursor = names["cursor"]
    names["flipped"] = cursor[:30] + ("A" if cursor[30] != "A" else "B") + cursor[31:]
    names["cut"] = cursor[:-2]
    rest = still(app.settings.database)
    return World(store, app.client(), names, rest, effects(store))


def effects(store: Tenant) -> int:
    return len([entry for entry in store.sandbox.ledger() if entry["effect"]])


def send(world: World, row: Bad) -> httpx.Response:
    headers: dict[str, str | bytes | None] = {"Authorization": f"Bearer {world.store.key}", **row.headers}
    content = row.content()
    if row.method not in {"GET", "HEAD", "OPTIONS", "TRACE"}:
        headers = {"Idempotency-Key": ids.new("key"), **headers}
        if content is not None:
            headers = {"Content-Type": "application/json", **headers}
            content = world.said(content.decode("latin-1")).encode("latin-1")
    pairs = [(name, value) for name, value in [*headers.items(), *row.pairs] if value is not None]
    encoded = [
        (name.encode(), value if isinstance(value, bytes) else world.said(value).encode()) for name, value in pairs
    ]
    return world.client.request(row.method, world.said(row.path), headers=encoded, content=content)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says[:60])
def test_bad_input_is_refused_and_changes_nothing(app: App, world: World, row: Bad) -> None:
    answer = send(world, row)
    after = tables(app.settings.database)
    changed, world.rest = differing(world.rest, after), after

    if row.method != "HEAD":
        problem = answer.json()
        assert (answer.status_code, problem.get("code", "")) == (row.status, row.code), answer.text[:500]
        assert row.status >= 400 or problem["data"] == []
        assert "Traceback" not in answer.text
        if row.status >= 400:
            assert len(problem["detail"]) > 10
            assert problem["request_id"] == answer.headers["x-request-id"]
    assert answer.status_code == row.status

    if row.status in {404, 409}:  # a refusal by state is kept with its key; it is all that is written
        kept = changed.pop("answers", (0, 1))
        assert kept[1] == kept[0] + 1
    if row.method != "HEAD" and answer.json().get("decision_id"):  # so is why the write was refused
        kept = changed.pop("decisions")
        assert kept[1] == kept[0] + 1
    assert changed == {}
    before, world.effects = world.effects, effects(world.store)
    assert world.effects == before


def test_no_two_rows_are_named_alike() -> None:
    names = [row.says for row in ROWS]
    assert sorted(names) == sorted(set(names))


def test_every_route_that_writes_has_a_bad_request(app: App) -> None:
    tried = {(row.method, app.promised.find(row.method, row.path.partition("?")[0])[0]) for row in ROWS}
    routes = {(method, path) for method, path, _ in app.promised.operations() if method not in {"GET", "HEAD"}}
    assert routes - tried == set()


def test_a_refused_field_is_pointed_at(world: World) -> None:
    body = {"order": "#1001", "amount": {"amount": "100", "currency": "eur"}, "status": "paid"}
    answer = world.store.post("/v1/refunds", body)
    found = {error["pointer"]: error["code"] for error in answer.json()["errors"]}
    assert found == {"/amount/amount": "int_type", "/amount/currency": "value_error", "/status": "extra_forbidden"}
    listed = world.store.get("/v1/refunds?limit=0").json()["errors"]
    assert [error["pointer"] for error in listed] == ["query:limit"]


def test_a_refusal_repeats_nothing_that_was_sent(world: World) -> None:
    secret = "4111 1111 1111 1111"
    for body in ({"order": secret, "note": secret, "x": secret}, {"order": "#1001", "reason": secret + "\n"}):
        assert secret not in world.store.post("/v1/refunds", body).text
    raw = json.dumps({"order": secret})[:-1].encode()
    headers = {**world.store.headers(Idempotency_Key="x"), "Content-Type": "application/json"}
    answer = world.client.post("/v1/refunds", content=raw, headers=headers)
    assert answer.json()["code"] == "invalid_json"
    assert "4111" not in answer.text


def test_a_method_that_is_not_taken_is_told_which_are(app: App, world: World) -> None:
    for path, methods in (
        ("/v1/refunds", "GET, POST"),
        ("/v1/customers/cust-anna", "DELETE, GET, PATCH"),
        ("/v1/webhook-endpoints/x", "DELETE, GET, PATCH"),
        ("/v1/refunds/quote", "POST"),
        ("/v1/files", "POST"),
        ("/healthz", "GET"),
    ):
        for method in ("TRACE", "OPTIONS", "PUT"):
            answer = world.store.send(method, path)
            assert (answer.status_code, answer.headers["allow"]) == (405, methods), (method, path)


def test_what_is_not_here_is_told_before_what_its_body_should_be(world: World) -> None:
    form = {**world.store.headers(), "Content-Type": "multipart/form-data; boundary=b"}
    for method, path, status in (("TRACE", "/v1/files", 405), ("PUT", "/v1/refunds", 405), ("POST", "/v1/no", 404)):
        assert world.client.request(method, path, content=b"--b--", headers=form).status_code == status
    assert world.client.post("/v1/refunds", content=b"--b--", headers=form).status_code == 415
