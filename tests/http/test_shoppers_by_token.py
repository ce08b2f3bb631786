"""A shopper with a token of their own: all that comes after checkout for their own orders, nothing of anybody's."""

from __future__ import annotations

import copy
from typing import Any

import httpx
import pytest

from app import ids
from tests.http.storefront import ANNAS, SHOP, Page, vouched
from tests.support.app import DEMO, App, Tenant

LINES = [{"line_id": "ln-1001-1", "quantity": 1}]
WRITES: dict[str, tuple[str, str, Any]] = {
    "return": ("POST", "/v1/returns", {"order": "#1001", "lines": LINES}),
    "label": ("POST", "/v1/return-labels", {"order": "#1001", "lines": LINES}),
    "cancel": ("POST", "/v1/orders/1016/cancel", {"reason": "no longer needed"}),
    "claim": ("POST", "/v1/claims", {"order": "#1001", "lines": [{"line_id": "ln-1001-2", "quantity": 1,
                                                                "kind": "damaged"}]}),
    "action": ("POST", "/v1/actions/cancel_order", {"order": "#1016", "reason": "no longer needed"}),
}  # fmt: skip


@pytest.fixture
def page(store: Tenant) -> Page:
    return Page.of(store)


def write(page: Page, token: str, name: str, **more: Any) -> httpx.Response:
    method, path, body = WRITES[name]
    return page.send(method, path, {**body, **more}, token=token, Idempotency_Key=ids.new("key"), Prefer="wait=15")


def owner(store: Tenant, number: str) -> str:
    return vouched(store, store.get(f"/v1/orders/{number}").json()["customer"]["id"])


@pytest.mark.parametrize("name", WRITES)
def test_what_costs_needs_the_token_of_a_preview_once(page: Page, name: str) -> None:
    token = owner(page.store, "1016" if name in {"cancel", "action"} else "1001")
    refused = write(page, token, name)
    assert (refused.status_code, refused.json()["code"]) == (409, "confirmation_required")
    assert refused.headers["access-control-allow-origin"] == SHOP
    assert [page.store.sandbox.effects(kind) for kind in ("refund", "label", "cancel")] == [[], [], []]
    shown = write(page, token, name, preview=True)
    assert shown.status_code == 200, shown.text
    confirmed = shown.json()["confirmation_token"]
    another = owner(page.store, "1016" if name in {"cancel", "action"} else "1001")
    stolen = write(page, another, name, confirmation_token=confirmed)
    assert stolen.json()["code"] == "confirmation_required", "it is bound to the session that saw it"
    done = write(page, token, name, confirmation_token=confirmed)
    assert done.status_code in {200, 201, 202}, done.text
    assert write(page, token, name, confirmation_token=confirmed).json()["code"] in {
        "confirmation_required", "facts_changed"
    }  # fmt: skip


def test_the_way_of_a_return_from_the_code_to_the_printed_label(page: Page) -> None:
    token = page.token(ANNAS)
    (order,) = [row for row in page.send("GET", "/v1/orders", token=token).json()["data"] if row["number"] == "#1001"]
    assert page.send("GET", f"/v1/orders/{order['id']}/status", token=token).json()["order"]["status"] == "delivered"
    lines = page.send("GET", f"/v1/orders/{order['id']}/returnable", token=token)
    assert lines.status_code == 200
    shown = write(page, token, "label", preview=True).json()
    label = write(page, token, "label", confirmation_token=shown["confirmation_token"]).json()
    assert label["status"] == "active"
    file = page.send("GET", label["file"], token=token)
    assert file.content.startswith(b"%PDF-")
    assert file.headers["access-control-allow-origin"] == SHOP
    back = page.send("GET", f"/v1/returns/{label['return_id']}", token=token).json()
    assert back["customer"] == order["customer"]["id"]
    quote = page.send("POST", "/v1/refunds/quote", {"order": order["id"], "lines": LINES}, token=token)
    assert quote.status_code == 200
    audit = page.store.app.read(_actors, back["id"])
    assert {"type": "shopper", "id": order["customer"]["id"]}.items() <= audit.items()


def _actors(session: Any, subject: str) -> Any:
    from app.models.records import AuditRow

    return session.query(AuditRow).filter_by(subject_id=subject).first().actor


def test_what_the_store_s_people_and_providers_write_is_not_for_a_browser(app: App) -> None:
    document = copy.deepcopy(DEMO)
    next(order for order in document["orders"] if order["number"] == "#1001")["tags"] = ["watch this one"]
    store = app.store(document)
    refund = store.post("/v1/refunds", {"order": "#1001", "amount": {"amount": 1, "currency": "EUR"}}).json()
    assert store.get("/v1/orders/1001").json()["tags"] == ["watch this one"]
    assert refund["operation"]["evidence"] != {}
    page, token = Page.of(store), vouched(store, "cust-anna")
    order = page.send("GET", "/v1/orders/1001", token=token)
    listed = page.send("GET", "/v1/orders", token=token)
    assert (order.json()["tags"], order.json()["number"]) == ([], "#1001")
    seen = page.send("GET", f"/v1/refunds/{refund['id']}", token=token).json()
    operation = page.send("GET", f"/v1/operations/{refund['operation']['id']}", token=token).json()
    assert (operation["status"], operation["evidence"], operation["attempts"]) == ("succeeded", {}, None)
    assert (seen["operation"]["evidence"], seen["amount"]) == ({}, refund["amount"])
    for text in (order.text, listed.text):
        assert "watch this one" not in text
    assert order.headers["access-control-allow-origin"] == SHOP


def test_what_is_not_shown_to_a_browser_is_not_found_by_it(page: Page) -> None:
    wanted = {"tag": "fraud", "assignee": "kim", "team": "returns"}
    ticket = {"text": "Hello", "customer": "cust-anna", "tags": ["fraud"], "assignee": "kim", "team": "returns"}
    assert page.store.post("/v1/tickets", ticket).status_code == 201
    token = vouched(page.store, "cust-anna")
    for name, value in wanted.items():
        for guess in (value, "x"):
            refused = page.send("GET", f"/v1/tickets?{name}={guess}", token=token)
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        found = page.store.get(f"/v1/tickets?{name}={value}", Aftersale_Customer="cust-anna").json()["data"]
        assert len(found) == 1


def test_how_urgent_a_ticket_is_and_who_gets_it_no_shopper_says(page: Page) -> None:
    assert page.store.post("/v1/agents", {"id": "kim"}).status_code == 201
    assert page.store.post("/v1/teams", {"id": "returns"}).status_code == 201
    token = vouched(page.store, "cust-anna")
    opened = page.post("/v1/tickets", {"text": "It hums", "priority": "normal", "tags": []}, token=token)
    assert opened.status_code == 201, opened.text
    wanted = {"priority": "urgent", "tags": ["vip"], "assignee": "kim", "team": "returns", "department": "legal"}
    path = f"/v1/tickets/{opened.json()['id']}/handoff"
    for name, value in [*wanted.items(), ("assignee", "nobody"), ("team", "nobody")]:
        refused = page.post("/v1/tickets", {"text": "It hums", name: value}, token=token)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), name
    for more in ({"team": "returns"}, {"team": "nobody"}, {"priority": "urgent"}):
        for way in (path, "/v1/actions/hand_off"):
            ticket = {} if way == path else {"ticket": opened.json()["id"]}
            refused = page.post(
                way, {**ticket, "reason": "please", **more}, token=token, Idempotency_Key=ids.new("key")
            )
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), refused.text
    assert page.post(path, {"reason": "please"}, token=token).status_code == 200
    seen = page.store.get(f"/v1/tickets/{opened.json()['id']}").json()
    assert (seen["priority"], seen["team"], seen["tags"]) == ("normal", None, [])


def test_a_shopper_s_lists_hold_what_is_theirs(page: Page) -> None:
    page.store.get("/v1/orders")
    anna, luc = (vouched(page.store, f"cust-{who}") for who in ("anna", "luc"))
    found = {who: {row["number"] for row in page.send("GET", "/v1/orders?limit=200", token=token).json()["data"]}
             for who, token in (("anna", anna), ("luc", luc))}  # fmt: skip
    assert found["anna"]
    assert found["luc"]
    assert not found["anna"] & found["luc"]
    for query in ("number=%231001", "email=anna.keller@example.com", "customer=cust-anna", "external_id=ord-1001"):
        assert page.send("GET", f"/v1/orders?{query}", token=luc).json()["data"] == [], query


@pytest.mark.parametrize("ref", ["1001", "%231001", "ord-1001"])
def test_another_s_order_is_no_order_by_whatever_name_and_is_not_even_looked_up(page: Page, ref: str) -> None:
    luc = vouched(page.store, "cust-luc")
    assert page.send("GET", "/v1/orders/1002", token=luc).status_code == 200
    page.store.sandbox.fault("*", "slow", delay_ms=0, rate=1.0)

    def calls(name: str) -> list[str]:
        before = len(page.store.sandbox.ledger())
        answer = page.send("GET", f"/v1/orders/{name}", token=luc)
        assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")
        return sorted(row["kind"] for row in page.store.sandbox.ledger()[before:] if row["fault"])

    calls("9998")  # the carriers of their own newest orders are asked once
    assert calls(ref) == calls("9999")


def test_their_own_order_is_found_by_number_and_by_the_shop_s_id_when_it_is_new(store: Tenant, app: App) -> None:
    for ref in ("1002", "%231002", "ord-1002"):
        fresh = app.store()
        page = Page.of(fresh)
        answer = page.send("GET", f"/v1/orders/{ref}", token=vouched(fresh, "cust-luc"))
        assert (answer.status_code, answer.json().get("number")) == (200, "#1002"), answer.text


def test_a_shopper_changes_their_own_profile_only(page: Page) -> None:
    page.store.get("/v1/customers/cust-anna")
    luc = vouched(page.store, "cust-luc")
    mine = page.send("GET", "/v1/customers", token=luc).json()["data"]
    assert [row["external_id"] for row in mine] == ["cust-luc"]
    elsewhere = {"address1": "Lindenweg 4", "city": "Hamburg", "country_code": "DE"}
    answers = [page.send("PUT", f"/v1/customers/{ref}/address", elsewhere, token=luc, Idempotency_Key=ids.new("key"))
               for ref in ("cust-anna", "cust-nobody")]  # fmt: skip
    assert [answer.json()["code"] for answer in answers] == ["customer_not_found"] * 2
    done = page.send("PUT", "/v1/customers/cust-luc/address", elsewhere, token=luc, Idempotency_Key=ids.new("key"))
    assert done.status_code in {200, 202}, done.text


@pytest.mark.parametrize(
    "path",
    ["/v1/policies", "/v1/approvals", "/v1/decisions", "/v1/events", "/v1/operations"],
)
def test_what_is_the_store_s_is_refused_in_a_sentence(page: Page, path: str) -> None:
    answer = page.send("GET", path, token=vouched(page.store, "cust-anna"))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "Only the store" in answer.json()["detail"]
    by_key = page.send("GET", path)
    assert (by_key.status_code, by_key.json()["code"]) == (403, "scope_missing")
    assert "publishable key" in by_key.json()["detail"]


def test_a_token_of_live_data_sees_no_test_data(page: Page, store: Tenant, app: App) -> None:
    del page
    order = store.get("/v1/orders/1001").json()
    live = app.client(store.live_key)
    refused = live.post("/v1/shopper-sessions", json={"customer": order["customer"]["id"]})
    assert refused.json()["code"] == "customer_not_found"
    pending = Page.of(store, live=True).post("/v1/shopper-sessions", ANNAS)
    assert (pending.status_code, pending.json()["status"]) == (201, "pending_verification")
