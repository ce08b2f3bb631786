"""Every refused write leaves its decision, and every decision says the same when it is asked again."""

from __future__ import annotations

import time
from typing import Any

import pytest

from app.models.records import Decision
from app.models.stores import Store
from tests.services.durable_fixtures import until
from tests.support.app import POLICY, App, Tenant

LINE = {"line_id": "ln-1001-1", "quantity": 1}
ANNA = {"Aftersale_Customer": "cust-anna"}


def decision(store: Tenant, refused: Any) -> dict[str, Any]:
    """The decision that the refusal names."""
    answer = store.get(f"/v1/decisions/{refused.json()['decision_id']}")
    assert answer.status_code == 200, refused.text
    return answer.json()


def replayed(store: Tenant, decision_id: str) -> dict[str, Any]:
    answer = store.post(f"/v1/decisions/{decision_id}/replay")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_refusal_that_the_shop_gives_after_we_had_accepted_names_its_decision_too(store: Tenant) -> None:
    store.sandbox.fault("cancel", "timeout_before_effect", delay_ms=300)
    body = {"reason": "late"}
    first = store.post("/v1/orders/1016/cancel", body, key="k", Prefer="wait=0")
    assert first.status_code == 202, first.text
    shipped = {
        "order_id": "ord-1016",
        "state": "shipped",
        "carrier": "NordPost",
        "tracking_number": f"T{time.time_ns()}",
    }
    store.sandbox.post("/sandbox/v1/fulfill", shipped)
    refused = until(lambda: (a := store.post("/v1/orders/1016/cancel", body, key="k")).status_code != 202 and a, 15)
    assert (refused.status_code, refused.json()["code"]) == (409, "order_not_pending"), refused.text
    found = decision(store, refused)
    assert (found["outcome"], found["action"], found["rules"]) == ("refuse", "cancel", ["state"])
    assert replayed(store, found["id"])["agrees"]
    again = store.post("/v1/orders/1016/cancel", body, key="k")
    assert (again.headers["Idempotent-Replayed"], again.json()) == ("true", refused.json())


@pytest.mark.parametrize(
    ("path", "body", "code", "action"),
    [
        ("returns", {"order": "#1002", "lines": [{"line_id": "ln-1002-1", "quantity": 1}]}, "order_not_delivered",
         "return"),
        ("returns", {"order": "#1010", "lines": [{"line_id": "ln-1010-1", "quantity": 1}]}, "item_not_returnable",
         "return"),
        ("orders/1002/cancel", {"reason": "late"}, "order_not_pending", "cancel"),
        ("refunds", {"order": "#1001", "amount": {"amount": 9_000_000, "currency": "EUR"}}, "refund_exceeds_captured",
         "refund"),
        ("return-labels", {"order": "#1001", "lines": [{"line_id": "ln-9", "quantity": 1}]}, "item_not_in_order",
         "return_label"),
    ],
)  # fmt: skip
def test_a_refused_write_names_its_decision(store: Tenant, path: str, body: Any, code: str, action: str) -> None:
    refused = store.post(f"/v1/{path}", body, key="no")
    assert refused.json()["code"] == code
    found = decision(store, refused)
    number = "1001" if "order" not in body else body["order"][1:]
    meant = store.get(f"/v1/orders/{'1002' if path.startswith('orders') else number}").json()["id"]
    assert (found["outcome"], found["code"], found["action"], found["order"]) == ("refuse", code, action, meant)
    assert found["policy_version"] == "plain-1"
    assert replayed(store, found["id"])["agrees"] is True
    if refused.status_code == 409:
        again = store.post(f"/v1/{path}", body, key="no")
        assert again.content == refused.content, "the same refusal, the same decision"


def test_a_refused_write_leaves_nothing_but_its_decision(app: App, store: Tenant) -> None:
    refused = store.post("/v1/refunds", {"order": "#1001", "amount": {"amount": 25_000, "currency": "EUR"}}, **ANNA)
    assert refused.json()["code"] in {"limit_reached", "refund_exceeds_captured", "proof_required"}
    assert store.get("/v1/refunds").json()["data"] == []
    listed = store.get("/v1/decisions?outcome=refuse").json()["data"]
    assert [row["id"] for row in listed] == [refused.json()["decision_id"]]
    assert app.read(lambda session: session.query(Decision).filter_by(id=listed[0]["id"]).count()) == 1


def test_a_decision_that_allowed_is_replayed_under_the_rules_of_its_day(app: App, store: Tenant) -> None:
    assert store.post("/v1/returns", {"order": "#1001", "lines": [LINE]}, **ANNA).status_code == 201
    [made] = store.get("/v1/decisions?order=%231001&action=return").json()["data"]
    assert (made["outcome"], made["actor"]["type"], made["facts"]["actor"]) == ("allow", "shopper", "shopper")

    def shut(session: Any) -> None:
        session.get_one(Store, store.id).policy = {**POLICY, "return_window_days": 0}

    app.write(shut)
    refused = store.post("/v1/returns", {"order": "#1004", "lines": [{"line_id": "ln-1004-1", "quantity": 1}]})
    assert refused.json()["code"] == "return_window_closed"
    assert replayed(store, made["id"])["agrees"] is True
    assert replayed(store, refused.json()["decision_id"])["agrees"] is True


def test_a_decision_that_was_tampered_with_does_not_agree(app: App, store: Tenant) -> None:
    assert store.post("/v1/returns", {"order": "#1001", "lines": [LINE]}, **ANNA).status_code == 201
    [made] = store.get("/v1/decisions?action=return").json()["data"]

    def tamper(session: Any) -> None:
        row = session.get_one(Decision, made["id"])
        row.facts = {**row.facts, "order_status": "shipped"}

    app.write(tamper)
    again = replayed(store, made["id"])
    assert (again["agrees"], again["ruling"]["code"]) == (False, "order_not_delivered")
    assert again["stored"]["outcome"] == "allow"


def test_a_decision_without_its_facts_cannot_be_replayed(app: App, store: Tenant) -> None:
    assert store.post("/v1/returns", {"order": "#1001", "lines": [LINE]}).status_code == 201
    [made] = store.get("/v1/decisions?action=return").json()["data"]

    def empty(session: Any) -> None:
        session.get_one(Decision, made["id"]).facts = {}

    app.write(empty)
    refused = store.post(f"/v1/decisions/{made['id']}/replay")
    assert (refused.status_code, refused.json()["code"]) == (409, "decision_not_replayable")


def test_a_refusal_that_nobody_decided_has_no_decision(store: Tenant) -> None:
    unknown = store.post("/v1/refunds", {"order": "#777777", "shipping": True})
    assert (unknown.status_code, unknown.json().get("decision_id")) == (404, None)
    unread = store.post("/v1/refunds", {"order": "#1001", "amount": 5})
    assert (unread.status_code, unread.json().get("decision_id")) == (422, None)
    assert store.get("/v1/decisions").json()["data"] == []


def test_an_order_of_another_shopper_is_refused_with_a_decision(store: Tenant) -> None:
    assert store.get("/v1/customers?external_id=cust-luc").status_code == 200
    refused = store.post("/v1/returns", {"order": "#1001", "lines": [LINE]}, Aftersale_Customer="cust-luc")
    assert refused.json()["code"] == "not_owner"
    found = decision(store, refused)
    assert (found["code"], found["actor"]["type"]) == ("not_owner", "shopper")
