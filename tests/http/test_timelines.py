"""Timelines: every event, decision and operation in one list, in order, page by page."""

from __future__ import annotations

from typing import Any

from tests.http.talk import tell
from tests.support.app import App, Tenant

Json = dict[str, Any]


def pages(store: Tenant, path: str, limit: int = 200) -> list[list[Json]]:
    found: list[list[Json]] = []
    cursor = ""
    while True:
        answer = store.get(f"{path}?limit={limit}{cursor}")
        assert answer.status_code == 200, answer.text
        found.append(answer.json()["data"])
        if answer.json()["next_cursor"] is None:
            return found
        cursor = f"&cursor={answer.json()['next_cursor']}"


def test_a_ticket_shows_events_decisions_and_operations_in_one_list(store: Tenant) -> None:
    said = tell(store, "Please cancel my order #1003", channel="email", shopper="cust-emma")
    store.rest()
    path = f"/v1/tickets/{said['ticket']['id']}"
    [rows] = pages(store, f"{path}/timeline")
    whats = {row["what"] for row in rows}
    assert whats == {"event", "decision", "operation"}, said["outcome"]
    assert [row["id"][4:] for row in rows] == sorted((row["id"][4:] for row in rows), reverse=True)
    assert len({row["id"] for row in rows}) == len(rows)
    assert {one["id"] for one in said["operations"]} <= {row["id"] for row in rows}
    assert {one["id"] for one in said["decisions"]} <= {row["id"] for row in rows}
    operations = [row for row in rows if row["what"] == "operation"]
    assert {row["type"] for row in operations} == {"operation.succeeded"}
    assert "message_delivery" in {row["details"]["kind"] for row in operations}
    own = [row["sequence"] for row in rows if row["resource"] == {"type": "ticket", "id": said["ticket"]["id"]}]
    log = store.get(f"/v1/events?resource={said['ticket']['id']}&limit=200").json()["data"]
    logged = {row["id"] for row in log}
    assert logged <= {row["id"] for row in rows}
    assert len(own) <= len(logged)
    whole = store.get(path).json()["timeline"]
    assert whole == rows[::-1]


def test_a_timeline_goes_on_by_its_cursor(store: Tenant) -> None:
    said = tell(store, "Please cancel my order #1003", shopper="cust-emma", channel="email")
    store.rest()
    customer = store.get("/v1/customers?external_id=cust-emma").json()["data"][0]["id"]
    for path in (f"/v1/tickets/{said['ticket']['id']}/timeline", f"/v1/customers/{customer}/timeline"):
        [whole] = pages(store, path)
        for limit in (1, 3):
            assert [row for page in pages(store, path, limit) for row in page] == whole
    cursor = store.get(f"/v1/tickets/{said['ticket']['id']}/timeline?limit=1").json()["next_cursor"]
    assert store.get(f"/v1/customers/{customer}/timeline?cursor={cursor}").json()["code"] == "invalid_cursor"


def test_a_customer_shows_their_tickets_orders_and_money(store: Tenant) -> None:
    ticket = store.post("/v1/tickets", {"text": "The lamp", "customer": "cust-anna"}).json()["id"]
    refund = store.post("/v1/refunds", {"order": "#1001", "amount": {"amount": 1, "currency": "EUR"}}).json()
    store.rest()
    [rows] = pages(store, "/v1/customers/cust-anna/timeline")
    resources = {row["resource"]["id"] for row in rows if row["resource"]}
    assert {ticket, refund["id"]} <= resources
    assert refund["operation"]["id"] in {row["id"] for row in rows}
    assert {"ticket.created", "message.received", "refund.succeeded"} <= {row["type"] for row in rows}
    assert [row["id"][4:] for row in rows] == sorted((row["id"][4:] for row in rows), reverse=True)
    [others] = pages(store, "/v1/customers/cust-luc/timeline")
    assert not resources & {row["resource"]["id"] for row in others if row["resource"]}


def test_a_shopper_sees_the_ticket_s_events_and_nothing_of_the_store_s(app: App, store: Tenant, other: Tenant) -> None:
    said = tell(store, "Please cancel my order #1003", shopper="cust-emma", channel="email")
    store.rest()
    path = f"/v1/tickets/{said['ticket']['id']}"
    assert store.post(f"{path}/messages", {"text": "Odd", "internal": True}).status_code == 201
    emma = {"Aftersale_Customer": "cust-emma"}
    rows = store.get(f"{path}/timeline", **emma).json()["data"]
    assert {row["what"] for row in rows} == {"event"}
    assert "message.noted" not in {row["type"] for row in rows}
    assert "message.received" in {row["type"] for row in rows}
    assert store.get(f"{path}/timeline", Aftersale_Customer="cust-luc").json()["code"] == "ticket_not_found"
    assert store.get("/v1/customers/cust-emma/timeline", **emma).status_code == 403
    assert other.get(f"{path}/timeline").json()["code"] == "ticket_not_found"
    assert other.get(f"/v1/customers/{said['ticket']['customer']}/timeline").json()["code"] == "customer_not_found"
    live = app.client(store.live_key)
    assert live.get(f"{path}/timeline").json()["code"] == "ticket_not_found"


def test_what_happened_to_a_ticket_that_was_merged_stands_in_the_one_that_goes_on(store: Tenant) -> None:
    first, second, last = (
        store.post("/v1/tickets", {"text": text, "customer": "cust-emma"}).json()["id"] for text in "abc"
    )
    assert store.post(f"/v1/tickets/{first}/messages", {"text": "Odd", "internal": True}).status_code == 201
    before = {
        row["id"] for one in (first, second) for page in pages(store, f"/v1/tickets/{one}/timeline") for row in page
    }
    for source, into in ((first, second), (second, last)):
        assert store.post(f"/v1/tickets/{source}/merge", {"into": into}).status_code == 200
    path = f"/v1/tickets/{last}/timeline"
    [rows] = pages(store, path)
    assert before <= {row["id"] for row in rows}
    types = [row["type"] for row in rows]
    assert (types.count("message.received"), types.count("ticket.merged"), types.count("message.noted")) == (3, 2, 1)
    assert [row["id"] for page in pages(store, path, 2) for row in page] == [row["id"] for row in rows]
    assert store.get(f"/v1/tickets/{last}").json()["timeline"] == rows[::-1]
    seen = store.get(path, Aftersale_Customer="cust-emma").json()["data"]
    assert [row["type"] for row in seen] == [name for name in types if name != "message.noted"]
