"""Lists: every row once over the pages, newest first, whatever comes in between; each filter is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.app import App, Tenant

CENT = {"amount": 1, "currency": "EUR"}
MANY = 7


def paged(store: Tenant, path: str, limit: int, between: Callable[[], Any] = lambda: None) -> list[list[str]]:
    """The ids of every page, something happening after each."""
    pages: list[list[str]] = []
    mark = "&" if "?" in path else "?"
    cursor = ""
    while True:
        answer = store.get(f"{path}{mark}limit={limit}{cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["data"]) <= limit
        pages.append([row["id"] for row in page["data"]])
        if page["next_cursor"] is None:
            return pages
        cursor = f"&cursor={page['next_cursor']}"
        between()


def refund(store: Tenant) -> str:
    return store.post("/v1/refunds", {"order": "#1001", "amount": CENT}).json()["id"]


def ticket(store: Tenant) -> str:
    return store.post("/v1/tickets", {"subject": "Lamp"}).json()["id"]


def one_return(store: Tenant) -> str:
    made = store.post("/v1/returns", {"order": "#1001", "lines": [{"line_id": "ln-1001-1", "quantity": 1}]}).json()
    assert store.post(f"/v1/returns/{made['id']}/cancel").status_code == 200
    return made["id"]


def label(store: Tenant) -> str:
    body = {"order": "#1001", "lines": [{"line_id": "ln-1001-1", "quantity": 1}]}
    made = store.post("/v1/return-labels", body).json()
    assert store.send("DELETE", f"/v1/return-labels/{made['id']}").json()["status"] == "voided"
    assert store.post(f"/v1/returns/{made['return_id']}/cancel").status_code == 200
    return made["id"]


MAKERS = {"refunds": refund, "tickets": ticket, "returns": one_return, "return-labels": label}


@pytest.mark.parametrize("path", MAKERS)
def test_pages_bring_every_row_once_newest_first(store: Tenant, path: str) -> None:
    made = [MAKERS[path](store) for _ in range(MANY)][::-1]
    for limit in (1, 3, MANY, 200):
        pages = paged(store, f"/v1/{path}", limit)
        assert [row for page in pages for row in page] == made
        assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
        assert pages[-1] != []


@pytest.mark.parametrize("path", ["refunds", "tickets"])
def test_what_comes_in_meanwhile_disturbs_no_page(store: Tenant, path: str) -> None:
    made = [MAKERS[path](store) for _ in range(5)][::-1]
    pages = paged(store, f"/v1/{path}", 2, between=lambda: MAKERS[path](store))
    assert [row for page in pages for row in page] == made


def test_operations_and_customers_are_paged_too(store: Tenant) -> None:
    assert store.get("/v1/orders?limit=200").status_code == 200
    for _ in range(3):
        refund(store)
    for path in ("operations", "customers"):
        whole = paged(store, f"/v1/{path}", 200)[0]
        assert len(whole) == len(set(whole)) >= 3
        assert [row for page in paged(store, f"/v1/{path}", 2) for row in page] == whole


def test_the_shop_s_orders_are_paged_through_once_newest_first(store: Tenant) -> None:
    whole = store.get("/v1/orders?limit=200").json()
    assert whole["next_cursor"] is None
    placed = [row["placed_at"] for row in whole["data"]]
    assert len(placed) == 16
    assert placed == sorted(placed, reverse=True)
    for limit in (1, 5, 16):
        assert [row for page in paged(store, "/v1/orders", limit) for row in page] == [
            row["id"] for row in whole["data"]
        ]


@pytest.mark.parametrize("status", ["pending", "processing", "shipped", "delivered", "canceled"])
def test_the_orders_of_a_status_are_found_on_whatever_page_they_are(store: Tenant, status: str) -> None:
    whole = store.get("/v1/orders?limit=200").json()["data"]
    wanted = [row["id"] for row in whole if row["status"] == status]
    assert wanted
    for limit in (1, 2, 50):
        pages = paged(store, f"/v1/orders?status={status}", limit)
        assert [row for page in pages for row in page] == wanted


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("number=1001", {"#1001"}),
        ("number=%231001", {"#1001"}),
        ("external_id=ord-1002", {"#1002"}),
        ("email=ANNA.Keller@example.com", {"#1001", "#1005", "#1015"}),
        ("email=anna.keller@example.com&number=1001", {"#1001"}),
        ("external_id=ord-1002&number=1001", set()),
        ("external_id=ord-1002&status=delivered", set()),
        ("customer=cust-yuki", {"#1006"}),
        ("phone=%2B49%2030%20901820", {"#1001", "#1005", "#1015"}),
        ("email=nobody@example.com", set()),
        ("number=777", set()),
        ("customer=cust-nobody", set()),
        ("status=nothing", set()),
    ],
)
def test_orders_are_found_by_what_the_contract_names(store: Tenant, query: str, numbers: set[str]) -> None:
    found = store.get(f"/v1/orders?{query}").json()
    assert {row["number"] for row in found["data"]} == numbers


def test_what_hangs_on_an_order_is_filtered_by_it_by_customer_and_by_status(store: Tenant) -> None:
    mine = refund(store)
    other = store.post("/v1/refunds", {"order": "#1002", "amount": CENT}).json()
    order = store.get("/v1/orders/1001").json()

    def found(query: str) -> list[str]:
        return [row["id"] for row in store.get(f"/v1/refunds?{query}").json()["data"]]

    for ref in (order["id"], "1001", "%231001", "ord-1001"):
        assert found(f"order={ref}") == [mine]
    for ref in (order["customer"]["id"], "cust-anna"):
        assert found(f"customer={ref}") == [mine]
    assert found("status=succeeded") == [other["id"], mine]
    assert found("status=failed") == []
    assert found("status=succeeded&customer=cust-luc") == [other["id"]]
    assert found("customer=cust-nobody") == []


def test_tickets_are_filtered_by_everything_that_the_contract_names(store: Tenant) -> None:
    fields = {"channel": "email", "priority": "high", "assignee": "kim", "team": "returns", "order": "#1001"}
    mine = store.post("/v1/tickets", {"subject": "A broken Lamp", "text": "100% <b>", "tags": ["vip"], **fields}).json()
    other = store.post("/v1/tickets", {"subject": "Nothing", "customer": "cust-luc", "text": "Hello"}).json()
    assert store.send("PATCH", f"/v1/tickets/{mine['id']}", {"status": "pending_internal"}).status_code == 200

    def found(query: str) -> list[str]:
        return [row["id"] for row in store.get(f"/v1/tickets?{query}").json()["data"]]

    for query in (
        "channel=email", "priority=high", "assignee=kim", "team=returns", "tag=vip", "status=pending_internal",
        "order=1001", f"order={mine['order']}", f"customer={mine['customer']}", "customer=cust-anna", "q=lamp",
        "q=broken%20lamp", "q=100%25", f"created_before={other['created_at']}",
    ):  # fmt: skip
        assert found(query) == [mine["id"]], query
    assert found(f"created_after={mine['created_at']}") == [other["id"]]
    for query in ("channel=sms", "tag=vi", "q=lamp%20nothing", "q=_", "customer=cust-nobody", "assignee=Kim"):
        assert found(query) == [], query


def test_the_customer_filter_takes_the_shop_s_id_only_of_this_store(app: App, store: Tenant, other: Tenant) -> None:
    for tenant in (store, other):
        tenant.post("/v1/tickets", {"subject": "x", "customer": "cust-anna"})
    for tenant in (store, other):
        assert len(tenant.get("/v1/tickets?customer=cust-anna").json()["data"]) == 1
    assert app.client(store.live_key).get("/v1/tickets?customer=cust-anna").json()["data"] == []


def test_operations_are_filtered(store: Tenant) -> None:
    refund(store)
    body = {"order": "#1001", "lines": [{"line_id": "ln-1001-1", "quantity": 1}]}
    back = store.post("/v1/returns", body, Prefer="wait=10").json()["id"]
    store.sandbox.fault("label", "refuse", code="no_pickup")
    assert store.post("/v1/return-labels", {"return_id": back}, Prefer="wait=10").status_code == 201

    def kinds(query: str) -> list[str]:
        rows = store.get(f"/v1/operations?{query}").json()["data"]
        return [row["kind"] for row in rows if row["kind"] != "notice"]  # mails tell of it, before or after this

    assert kinds("") == ["return_label", "return_open", "refund"]
    assert kinds("status=succeeded") == ["return_open", "refund"]
    assert kinds("status=failed") == ["return_label"]
    assert kinds("kind=refund") == ["refund"]
    assert kinds("needs_person=true") == []
    assert kinds("needs_person=false") == ["return_label", "return_open", "refund"]
