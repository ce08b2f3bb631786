"""Each operation's example, sent to the demo as it stands in the document, does what the document says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.http.test_approvals import ANNA, ASKS, LINES, obey
from tests.support.app import App, Tenant
from tests.support.files import picture
from tests.support.promised import Promised

DOCUMENT = Promised(orjson.loads(Path(__file__).with_name("openapi.json").read_bytes()))
"""As it was promised; that the app still makes it is `test_openapi`'s to say."""
OPERATIONS = {f"{method} {path}": operation for method, path, operation in DOCUMENT.operations()}


def documented(name: str, store: Tenant, at: str = "", **more: str) -> httpx.Response:
    """Send an operation's own example, at the path's own example or `at`."""
    method, path = name.split()
    operation = OPERATIONS[name]
    headers: dict[str, str] = {"Prefer": "wait=20"}
    for parameter in operation.get("parameters", ()):
        example = parameter.get("example")
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", at or str(example or "unknown"))
        elif parameter["in"] == "header" and example is not None:
            headers[parameter["name"]] = example
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    sent: dict[str, Any] = {"json": content["example"]} if content.get("example") is not None else {}
    if "multipart/form-data" in operation.get("requestBody", {}).get("content", {}):
        sent = {"files": {"file": ("lamp.jpg", picture())}}
    if name == STREAM:
        path += "?seconds=0"  # what is there now: the example itself goes on for an hour
    if name == MERGE:
        sent["json"] = {"into": a_ticket(store)}
    return store.client.request(method, path, headers=store.headers(**{**headers, **more}), **sent)


def made(name: str) -> Callable[[Tenant], str]:
    """The id of what an operation's own example makes."""

    def make(store: Tenant) -> str:
        answer = documented(name, store)
        assert answer.status_code in {200, 201, 202}, f"{name}: {answer.text}"
        return answer.json()["id"]

    return make


def a_customer(store: Tenant) -> str:
    return store.get("/v1/customers/cust-anna").json()["id"]


def a_ticket(store: Tenant) -> str:
    return documented("POST /v1/tickets", store).json()["id"]


def an_operation(store: Tenant) -> str:
    return documented("POST /v1/refunds", store).json()["operation"]["id"]


def a_decision(store: Tenant) -> str:
    documented("POST /v1/refunds", store)
    return store.get("/v1/decisions").json()["data"][0]["id"]


def an_approval(store: Tenant) -> str:
    obey(store, ASKS)
    asked = store.post("/v1/refunds", {"order": "#1001", "lines": LINES, "reason": "late"}, **ANNA)
    return asked.json()["approval"]["id"]


def a_backtest(store: Tenant) -> str:
    policy = made("POST /v1/policies")(store)
    return store.post("/v1/policies/backtest", {"policy": policy, "actions": ["refund"]}).json()["id"]


def a_return(store: Tenant) -> str:
    return made("POST /v1/returns")(store)


def a_return_that_arrived(store: Tenant) -> str:
    return_id = a_return(store)
    done = store.post(f"/v1/returns/{return_id}/receive", {}, Prefer="wait=20")
    assert done.status_code == 200, done.text
    return return_id


def a_return_that_waits(store: Tenant) -> str:
    obey(store, {"auto_approve": {"return": False}})
    asked = documented("POST /v1/returns", store, Aftersale_Customer="cust-anna")
    assert (asked.status_code, asked.json()["status"]) == (202, "awaiting_approval"), asked.text
    return asked.json()["id"]


def a_claim_that_is_sent_again(store: Tenant) -> str:
    claim_id = made("POST /v1/claims")(store)
    body = {"resolution": "reship", "lines": []}
    done = store.post(f"/v1/claims/{claim_id}/accept", body, Aftersale_Actor="agent:kim", Prefer="wait=20")
    assert done.status_code == 200, done.text
    return claim_id


def a_credit(store: Tenant) -> str:
    body = {"order": "#1001", "amount": {"amount": 100, "currency": "EUR"}, "reason": "late"}
    done = store.post("/v1/actions/goodwill_credit", body, Prefer="wait=20")
    assert done.status_code == 201, done.text
    return done.json()["id"]


def a_rating_link(store: Tenant) -> str:
    return store.post(f"/v1/tickets/{a_ticket(store)}/rating-links", {}).json()["token"]


STREAM = "GET /v1/events/stream"
MERGE = "POST /v1/tickets/{ticket_id}/merge"
"""What it goes on as must be there, too."""
MAKES: dict[str, Callable[[Tenant], str]] = {
    "agent_id": made("POST /v1/agents"),
    "approval_id": an_approval,
    "backtest_id": a_backtest,
    "claim_id": made("POST /v1/claims"),
    "connection_id": made("POST /v1/connections"),
    "credit_id": a_credit,
    "decision_id": a_decision,
    "endpoint_id": made("POST /v1/webhook-endpoints"),
    "exchange_id": made("POST /v1/exchanges"),
    "file_id": made("POST /v1/files"),
    "label_id": made("POST /v1/return-labels"),
    "operation_id": an_operation,
    "policy_id": made("POST /v1/policies"),
    "refund_id": made("POST /v1/refunds"),
    "return_id": a_return,
    "session_id": made("POST /v1/shopper-sessions"),
    "team_id": made("POST /v1/teams"),
    "ticket_id": a_ticket,
    "token": a_rating_link,
    "update_id": made("POST /v1/tickets/bulk"),
    "withdrawal_id": made("POST /v1/withdrawals"),
}
"""By a path's parameter: what to do first, with documented examples, so that there is something to ask for."""
FIRST: dict[str, Callable[[Tenant], str]] = {
    "GET /v1/customers/{customer_id}/export": a_customer,
    "DELETE /v1/customers/{customer_id}": a_customer,
    "POST /v1/claims/{claim_id}/complete": a_claim_that_is_sent_again,
    "POST /v1/returns/{return_id}/approve": a_return_that_waits,
    "POST /v1/returns/{return_id}/decline": a_return_that_waits,
    "POST /v1/returns/{return_id}/inspect": a_return_that_arrived,
    "POST /v1/returns/{return_id}/complete": a_return_that_arrived,
}
REFUSED = {
    "POST /v1/connections/{connection_id}/deliveries/{delivery_id}/retry": "delivery_not_found",
    "POST /v1/inbound/{connection_id}": "signature_invalid",
    "POST /v1/privacy-requests/{request_id}/decide": "privacy_request_not_found",
    "POST /v1/exchanges/{exchange_id}/retry": "return_not_in_state",
    "POST /v1/operations/{operation_id}/resolve": "operation_settled",
    "POST /v1/shopper-sessions/{session_id}/verify": "code_incorrect",
}
"""What the demo refuses, with its code: nothing fails there unless it is ordered to, a code is in a mail, and nobody
signs what is pasted."""


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_example_works_as_it_is_pasted(app: App, store: Tenant, name: str) -> None:
    """The client of the tests holds each answer against the document: status, code and shape."""
    asked = [parameter["name"] for parameter in OPERATIONS[name].get("parameters", ()) if parameter["in"] == "path"]
    make = FIRST.get(name) or next((MAKES[word] for word in asked if word in MAKES), None)
    answer = documented(name, store, make(store) if make else "")
    if name in REFUSED:
        assert (answer.status_code >= 400, answer.json()["code"]) == (True, REFUSED[name])
    else:
        assert answer.status_code < 400, answer.text[:500]


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_example_that_is_pasted_before_anything_was_made_is_answered_as_documented(
    app: App, store: Tenant, name: str
) -> None:
    assert documented(name, store).status_code < 500
