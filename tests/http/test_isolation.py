"""Who reaches what: each route, each caller, each resource; what is another store's does not exist.

`ROUTES` states every route's scope and callers. A route of the app that it does not list fails.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from app import clock, ids
from app.models.privacy_requests import PrivacyRequest
from app.models.stores import SCOPES, SHOPPERS_SCOPES, Store
from app.services import approvals
from app.services.callers import Caller
from app.services.policy.contract import Ruling
from tests.http.storefront import Page, rest, vouched
from tests.services.durable_fixtures import until
from tests.support.app import CAPS, DEMO, App, Tenant
from tests.support.files import picture, sent
from tests.support.tables import differing, still

ALONE = True
"""Every table is looked at, as it was and as it is."""

Answer = tuple[int, str | None]
"""A status and, where it is a refusal, its code."""
OK: Answer = (200, None)
NOT_OWNER: Answer = (403, "not_owner")
FORBIDDEN: Answer = (403, "forbidden")


@dataclass(frozen=True)
class Route:
    """A route, what it is called with, and what each caller gets."""

    name: str
    scope: str
    resource: str = ""
    """What `{}` in the path, in `query` or in `body` stands for; empty: the route names nothing."""
    body: Callable[[str], Any] | None = None
    form: bool = False
    """It takes a form with a file."""
    query: str = ""
    own: tuple[Answer, ...] = (OK,)
    """What the merchant may get for the store's own; a refusal by state has let the caller in, too."""
    missing: str = ""
    """The code where there is no such thing, or it is another store's or of another mode."""
    live: Answer = OK
    """What the store's live key gets where the route names nothing."""
    stranger: Answer = OK
    """What a shopper gets for another shopper's."""
    standing: str = ""
    """What `{}` stands for where it names what is nobody's own."""
    told_nothing: bool = False
    """A shopper is not even told whether another's is there."""
    shopper: tuple[Answer, ...] = field(default=())
    """What a shopper gets for their own; empty: what the merchant gets."""
    at: str = ""
    """Where it is called, if its path takes something that is no resource."""

    @property
    def method(self) -> str:
        return self.name.split()[0]

    @property
    def path(self) -> str:
        return self.at or self.name.split()[1]


def refused(status: int, code: str) -> Answer:
    return status, code


def merchant_only(name: str, scope: str, resource: str, missing: str, *own: Answer, body: Any = None) -> Route:
    return Route(
        name,
        scope,
        resource,
        body=None if body is None else lambda _: body,
        own=own or (OK,),
        missing=missing,
        stranger=FORBIDDEN,
        shopper=(FORBIDDEN,),
    )


def of_order(name: str, scope: str, *own: Answer, body: Callable[[str], Any] | None = None, query: str = "") -> Route:
    return Route(
        name, scope, "order", body=body, query=query, own=own or (OK,), missing="order_not_found", stranger=NOT_OWNER
    )


def of(name: str, scope: str, resource: str, *own: Answer, body: Callable[[str], Any] | None = None) -> Route:
    missing = f"{resource}_not_found"
    return Route(name, scope, resource, body=body, own=own or (OK,), missing=missing, stranger=(404, missing))


def of_profile(name: str, body: Any) -> Route:
    return Route(name, "customers:write", "customer", body=lambda _: body, missing="customer_not_found",
                 stranger=NOT_OWNER, told_nothing=True)  # fmt: skip


CENT = {"amount": 1, "currency": "EUR"}
ELSEWHERE = {"address1": "Lindenweg 4", "city": "Hamburg", "country_code": "DE"}
NOT_PENDING = refused(409, "order_not_pending")
IN_STATE = refused(409, "return_not_in_state")
DECIDED = refused(409, "approval_not_pending")
BEFORE_GOODS = ((202, None),)
"""Money while the goods stay: a person says yes first."""
CLAIM_STATE = refused(409, "claim_not_in_state")
HOOK = "https://crm.example.com/hooks/aftersale"
ENDPOINT = ("endpoint", "webhook_endpoint_not_found")
ROUTES = [
    Route("POST /v1/messages", "messages:write", body=lambda _: {"channel": "chat", "text": "Hi"}, own=((201, None),)),
    of("POST /v1/messages", "messages:write", "ticket", (201, None),
       body=lambda ref: {"channel": "chat", "text": "Hi", "ticket_id": ref}),
    Route("POST /v1/shopper-sessions", "sessions:write", own=((201, None),), shopper=(FORBIDDEN,),
          body=lambda _: {"order_number": "#1001", "email": "anna.keller@example.com"}),
    merchant_only("POST /v1/shopper-sessions/{}/verify", "sessions:write", "session", "session_not_found",
                  (403, "code_incorrect"), (409, "session_locked"), body={"code": "000000"}),
    Route("POST /v1/triage", "triage:read", body=lambda _: {"text": "Where is my order?"}),
    Route("POST /v1/tickets", "tickets:write", body=lambda _: {"subject": "A lamp"}, own=((201, None),)),
    of_order("POST /v1/tickets", "tickets:write", (201, None), body=lambda ref: {"subject": "x", "order": ref}),
    of("POST /v1/tickets", "tickets:write", "customer", (201, None), body=lambda ref: {"text": "x", "customer": ref}),
    Route("GET /v1/tickets", "tickets:read"),
    of_order("GET /v1/tickets", "tickets:read", query="?order={}"),
    of("GET /v1/tickets/{}", "tickets:read", "ticket"),
    merchant_only("PATCH /v1/tickets/{}", "tickets:write", "ticket", "ticket_not_found", body={"priority": "high"}),
    of("POST /v1/tickets/{}/messages", "tickets:write", "ticket", (201, None), body=lambda _: {"text": "Thanks"}),
    of("POST /v1/tickets/{}/handoff", "tickets:write", "ticket", body=lambda _: {"reason": "goodwill"}),
    merchant_only("POST /v1/tickets/{}/merge", "tickets:write", "ticket", "ticket_not_found", (404, "ticket_not_found"),
                  body={"into": "tkt_1"}),
    of("POST /v1/tickets/{}/ratings", "tickets:write", "ticket", (201, None), (409, "already_rated"),
       body=lambda _: {"csat": 5}),
    merchant_only("POST /v1/tickets/{}/rating-links", "tickets:write", "ticket", "ticket_not_found", (201, None),
                  body={}),
    of("GET /v1/tickets/{}/timeline", "tickets:read", "ticket"),
    Route("POST /v1/tickets/bulk", "tickets:write", own=((201, None),), shopper=(FORBIDDEN,),
          body=lambda _: {"tickets": ["tkt_1"], "changes": {"priority": "high"}}),
    merchant_only("GET /v1/tickets/bulk/{}", "tickets:read", "ticket_update", "ticket_update_not_found"),
    Route("GET /v1/agents", "agents:read", shopper=(FORBIDDEN,)),
    Route("POST /v1/agents", "agents:write", own=((201, None), (409, "agent_exists")), shopper=(FORBIDDEN,),
          body=lambda _: {"id": "lee"}),
    merchant_only("GET /v1/agents/{}", "agents:read", "agent", "agent_not_found"),
    merchant_only("PATCH /v1/agents/{}", "agents:write", "agent", "agent_not_found", body={"name": "Kim"}),
    Route("GET /v1/teams", "agents:read", shopper=(FORBIDDEN,)),
    Route("POST /v1/teams", "agents:write", own=((201, None), (409, "team_exists")), shopper=(FORBIDDEN,),
          body=lambda _: {"id": "care"}),
    merchant_only("GET /v1/teams/{}", "agents:read", "team", "team_not_found"),
    merchant_only("PATCH /v1/teams/{}", "agents:write", "team", "team_not_found", body={"name": "Returns"}),
    Route("GET /v1/connections", "connections:read", shopper=(FORBIDDEN,)),
    Route("GET /v1/connections/kinds", "connections:read", shopper=(FORBIDDEN,)),
    Route("POST /v1/connections", "connections:write", own=((201, None),), shopper=(FORBIDDEN,),
          body=lambda _: {"kind": "crm", "name": "Desk"}),
    merchant_only("GET /v1/connections/{}", "connections:read", "connection", "connection_not_found"),
    merchant_only("PATCH /v1/connections/{}", "connections:write", "connection", "connection_not_found",
                  body={"name": "Front desk"}),
    merchant_only("POST /v1/connections/{}/check", "connections:write", "connection", "connection_not_found"),
    merchant_only("GET /v1/connections/{}/deliveries", "connections:read", "connection", "connection_not_found"),
    merchant_only("POST /v1/connections/{}/deliveries/{}/retry", "connections:write", "connection",
                  "connection_not_found", (404, "delivery_not_found")),
    merchant_only("DELETE /v1/connections/{}", "connections:write", "connection", "connection_not_found"),
    Route("GET /v1/webhook-endpoints", "webhooks:read", shopper=(FORBIDDEN,)),
    Route("POST /v1/webhook-endpoints", "webhooks:write", own=((201, None),), shopper=(FORBIDDEN,),
          body=lambda _: {"url": HOOK}),
    merchant_only("GET /v1/webhook-endpoints/{}", "webhooks:read", *ENDPOINT),
    merchant_only("PATCH /v1/webhook-endpoints/{}", "webhooks:write", *ENDPOINT, body={"description": "CRM"}),
    merchant_only("POST /v1/webhook-endpoints/{}/rotate-secret", "webhooks:write", *ENDPOINT, body={}),
    merchant_only("POST /v1/webhook-endpoints/{}/test", "webhooks:write", *ENDPOINT, (202, None), body={}),
    merchant_only("GET /v1/webhook-endpoints/{}/deliveries", "webhooks:read", *ENDPOINT),
    merchant_only("POST /v1/webhook-endpoints/{}/replay", "webhooks:write", *ENDPOINT, (202, None),
                  body={"failed": True}),
    merchant_only("DELETE /v1/webhook-endpoints/{}", "webhooks:write", *ENDPOINT),
    Route("GET /v1/orders", "orders:read", live=(409, "not_connected")),
    of_order("GET /v1/orders/{}", "orders:read"),
    of_order("GET /v1/orders/{}/status", "orders:read"),
    of_order("GET /v1/orders/{}/returnable", "orders:read"),
    of_order("POST /v1/orders/{}/cancel", "orders:write", (409, "order_not_pending"), body=lambda _: {"reason": "no"}),
    of_order("PUT /v1/orders/{}/shipping-address", "orders:write", NOT_PENDING, body=lambda _: ELSEWHERE),
    of_order("POST /v1/orders/{}/items", "orders:write", NOT_PENDING, (409, "already_returned"),
             body=lambda _: {"lines": [{"line_id": "ln-1001-1", "variant_id": "var-jacket-navy-l"}]}),
    of_order("PUT /v1/orders/{}/payment-method", "orders:write", NOT_PENDING, (422, "same_payment_method"),
             body=lambda _: {"payment_method_id": "pm-anna-visa"}),
    of_profile("PUT /v1/customers/{}/address", ELSEWHERE),
    of_profile("PATCH /v1/customers/{}", {"name": "Anna Keller"}),
    Route("GET /v1/products/{}/variants", "orders:read", standing="prd-lamp", live=(409, "not_connected")),
    of_order("POST /v1/refunds/quote", "refunds:write", body=lambda ref: {"order": ref, "amount": CENT}),
    Route("POST /v1/refunds", "refunds:write", "order", body=lambda ref: {"order": ref, "amount": CENT},
          own=((201, None),), shopper=BEFORE_GOODS, missing="order_not_found", stranger=NOT_OWNER),
    of("GET /v1/refunds/{}", "refunds:read", "refund"),
    Route("GET /v1/refunds", "refunds:read"),
    of_order("GET /v1/refunds", "refunds:read", query="?order={}"),
    of_order("POST /v1/returns", "returns:write", (409, "already_returned"),
             body=lambda ref: {"order": ref, "lines": [{"line_id": "ln-1001-1", "quantity": 1}]}),
    of("GET /v1/returns/{}", "returns:read", "return"),
    Route("GET /v1/returns", "returns:read"),
    of_order("GET /v1/returns", "returns:read", query="?order={}"),
    merchant_only("POST /v1/returns/{}/approve", "returns:write", "return", "return_not_found", IN_STATE),
    merchant_only("POST /v1/returns/{}/decline", "returns:write", "return", "return_not_found", IN_STATE),
    merchant_only("POST /v1/returns/{}/receive", "returns:write", "return", "return_not_found", OK, IN_STATE),
    merchant_only("POST /v1/returns/{}/inspect", "returns:write", "return", "return_not_found", OK, IN_STATE),
    Route("POST /v1/returns/{}/complete", "returns:write", "return", own=(OK, IN_STATE), missing="return_not_found",
          stranger=(404, "return_not_found"), shopper=(FORBIDDEN, IN_STATE)),
    of("POST /v1/returns/{}/cancel", "returns:write", "return", IN_STATE),
    of_order("POST /v1/exchanges", "returns:write", (409, "already_returned"),
             body=lambda ref: {"order": ref, "lines": [
                 {"line_id": "ln-1001-1", "variant_id": "var-jacket-navy-l", "quantity": 1}]}),
    of("GET /v1/exchanges/{}", "returns:read", "exchange"),
    Route("GET /v1/exchanges", "returns:read"),
    of_order("GET /v1/exchanges", "returns:read", query="?order={}"),
    of("POST /v1/exchanges/{}/cancel", "returns:write", "exchange", OK, IN_STATE),
    merchant_only("POST /v1/exchanges/{}/retry", "returns:write", "exchange", "exchange_not_found", IN_STATE),
    of("POST /v1/return-labels", "labels:write", "return", (409, "label_exists"), (409, "return_not_in_state"),
       body=lambda ref: {"return_id": ref}),
    of_order("POST /v1/return-labels", "labels:write", (409, "already_returned"),
             body=lambda ref: {"order": ref, "lines": [{"line_id": "ln-1001-1", "quantity": 1}]}),
    of("GET /v1/return-labels/{}", "labels:read", "label"),
    of("GET /v1/return-labels/{}/file", "labels:read", "label"),
    Route("GET /v1/return-labels", "labels:read"),
    of_order("GET /v1/return-labels", "labels:read", query="?order={}"),
    of("DELETE /v1/return-labels/{}", "labels:write", "label", OK, (202, None), (409, "label_not_active")),
    of("GET /v1/operations/{}", "operations:read", "operation"),
    Route("GET /v1/operations", "operations:read", shopper=(FORBIDDEN,)),
    merchant_only("POST /v1/operations/{}/resolve", "operations:write", "operation", "operation_not_found",
                  (409, "operation_settled"), body={"outcome": "succeeded", "note": "seen"}),
    of_order("POST /v1/claims", "claims:write", (202, None), (409, "already_claimed"), body=lambda ref: {
        "order": ref, "lines": [{"line_id": "ln-1001-2", "quantity": 1, "kind": "damaged"}]}),
    of("GET /v1/claims/{}", "claims:read", "claim"),
    of("GET /v1/credits/{}", "credits:read", "credit"),
    Route("GET /v1/claims", "claims:read"),
    of_order("GET /v1/claims", "claims:read", query="?order={}"),
    merchant_only("POST /v1/claims/{}/accept", "claims:write", "claim", "claim_not_found", CLAIM_STATE,
                  body={"resolution": "refund"}),
    merchant_only("POST /v1/claims/{}/decline", "claims:write", "claim", "claim_not_found", CLAIM_STATE,
                  body={"reason": "no"}),
    merchant_only("POST /v1/claims/{}/complete", "claims:write", "claim", "claim_not_found", CLAIM_STATE),
    of("POST /v1/claims/{}/cancel", "claims:write", "claim", CLAIM_STATE),
    of_order("POST /v1/withdrawals", "withdrawals:write", (201, None),
             body=lambda ref: {"order": ref, "lines": [{"line_id": "ln-1001-2", "quantity": 1}]}),
    of("GET /v1/withdrawals/{}", "withdrawals:read", "withdrawal"),
    Route("GET /v1/withdrawals", "withdrawals:read"),
    of_order("GET /v1/withdrawals", "withdrawals:read", query="?order={}"),
    of("POST /v1/withdrawals/{}/confirm", "withdrawals:write", "withdrawal", OK, (202, None)),
    Route("POST /v1/files", "files:write", form=True, own=((201, None),)),
    of("GET /v1/files/{}", "files:read", "file"),
    of("GET /v1/files/{}/content", "files:read", "file"),
    of("GET /v1/customers/{}", "customers:read", "customer"),
    Route("GET /v1/customers", "customers:read"),
    Route("GET /v1/privacy-requests", "privacy:read", shopper=(FORBIDDEN,)),
    merchant_only("POST /v1/privacy-requests/{}/decide", "privacy:write", "privacy_request",
                  "privacy_request_not_found", OK, (409, "privacy_request_ended"), body={"decision": "stop"}),
    merchant_only("GET /v1/customers/{}/export", "privacy:read", "customer", "customer_not_found"),
    merchant_only("DELETE /v1/customers/{}", "privacy:write", "customer", "customer_not_found",
                  (409, "erasure_too_early")),
    merchant_only("GET /v1/customers/{}/timeline", "customers:read", "customer", "customer_not_found"),
    merchant_only("POST /v1/customers/{}/merge", "customers:write", "customer", "customer_not_found",
                  (404, "customer_not_found"), body={"into": "cus_1"}),
    Route("POST /v1/policies", "policies:write", body=lambda _: {"document": {}}, own=((201, None),),
          shopper=(FORBIDDEN,)),
    Route("GET /v1/policies", "policies:read", shopper=(FORBIDDEN,)),
    merchant_only("GET /v1/policies/{}", "policies:read", "policy", "policy_not_found"),
    merchant_only("PATCH /v1/policies/{}", "policies:write", "policy", "policy_not_found", OK,
                  (409, "policy_not_draft"), body={"name": "Winter"}),
    merchant_only("POST /v1/policies/{}/activate", "policies:write", "policy", "policy_not_found"),
    Route("POST /v1/policies/backtest", "policies:write", "policy", body=lambda ref: {"policy": ref},
          own=((201, None), (202, None)), missing="policy_not_found", stranger=FORBIDDEN, shopper=(FORBIDDEN,)),
    merchant_only("GET /v1/policies/backtests/{}", "policies:read", "backtest", "backtest_not_found"),
    merchant_only("GET /v1/decisions/{}", "decisions:read", "decision", "decision_not_found"),
    merchant_only("POST /v1/decisions/{}/replay", "decisions:read", "decision", "decision_not_found"),
    Route("GET /v1/decisions", "decisions:read", shopper=(FORBIDDEN,)),
    Route("GET /v1/decisions", "decisions:read", "order", query="?order={}", missing="order_not_found",
          stranger=FORBIDDEN, shopper=(FORBIDDEN,)),
    merchant_only("GET /v1/approvals/{}", "approvals:read", "approval", "approval_not_found"),
    Route("GET /v1/approvals", "approvals:read", shopper=(FORBIDDEN,)),
    Route("GET /v1/approvals", "approvals:read", "order", query="?order={}", missing="order_not_found",
          stranger=FORBIDDEN, shopper=(FORBIDDEN,)),
    merchant_only("POST /v1/approvals/{}/approve", "approvals:write", "approval", "approval_not_found", DECIDED,
                  (403, "scope_missing")),  # of what a yes makes, where the key has no more than the route's own
    merchant_only("POST /v1/approvals/{}/reject", "approvals:write", "approval", "approval_not_found", DECIDED),
    Route("GET /v1/actions", "actions:read"),
    Route("POST /v1/actions/{}", "refunds:write", "order", at="/v1/actions/refund_order", own=((201, None),),
          shopper=BEFORE_GOODS, missing="order_not_found", stranger=NOT_OWNER,
          body=lambda ref: {"order": ref, "amount": CENT}),
    Route("POST /v1/actions/{}", "orders:write", "order", at="/v1/actions/cancel_order", missing="order_not_found",
          own=((409, "order_not_pending"),), stranger=NOT_OWNER, body=lambda ref: {"order": ref, "reason": "no"}),
    Route("POST /v1/events/stream-tickets", "messages:write", body=lambda _: {}, own=((201, None),)),
    Route("GET /v1/events", "events:read", shopper=(FORBIDDEN,)),
    Route("GET /v1/events", "events:read", "event", query="?after={}", missing="event_not_found", stranger=FORBIDDEN,
          shopper=(FORBIDDEN,)),
]  # fmt: skip
CRM: dict[str, Any] = {"kind": "crm", "name": "Desk", "credentials": {"secret": "whsec_" + "q" * 32}}
SCOPE_MISSING: Answer = (403, "scope_missing")
CONFIRM: Answer = (409, "confirmation_required")
BY_PAGE: dict[tuple[str, str], Answer] = {
    ("POST /v1/messages", ""): (201, None),
    ("POST /v1/messages", "ticket"): FORBIDDEN,
    ("POST /v1/shopper-sessions", ""): (201, None),
    ("POST /v1/events/stream-tickets", ""): (422, "validation_failed"),
    ("POST /v1/shopper-sessions/{}/verify", "session"): (404, "session_not_found"),
}
"""What a publishable key gets, by route and resource; everywhere else it lacks the scope."""
COSTS = {
    "POST /v1/orders/{}/cancel", "POST /v1/orders/{}/items", "PUT /v1/orders/{}/payment-method", "POST /v1/refunds",
    "POST /v1/returns", "POST /v1/exchanges", "POST /v1/return-labels", "POST /v1/claims", "POST /v1/actions/{}",
}  # fmt: skip
"""What a shopper's token gets only with the token of a preview."""
OPEN = {"GET /healthz", "GET /readyz", "GET /metrics"}
"""Routes without a key."""
BY_LINK = {"GET /v1/ratings/{}", "POST /v1/ratings/{}", "POST /v1/inbound/{}", "GET /v1/events/stream"}
"""Routes whose token, or whose caller's signature, is the credential: tests/http/test_ratings.py, test_inbound.py and
test_event_streams.py say whom they let in."""
DOCUMENTATION = {
    "GET /openapi.json", "HEAD /openapi.json", "GET /docs", "GET /docs/oauth2-redirect", "GET /redoc",
    "MOUNT /static-offline-docs",
}  # fmt: skip
LISTS = ["orders", "claims", "withdrawals", "refunds", "returns", "exchanges", "return-labels", "tickets", "customers"]
PREFIX = {"order": "ord", "refund": "rfd", "return": "ret", "label": "lbl", "operation": "opr", "ticket": "tkt",
          "customer": "cus", "event": "evt", "decision": "dec", "policy": "pol", "approval": "apr",
          "backtest": "bkt", "ticket_update": "tup", "agent": "agt", "team": "tea",
          "credit": "crd", "file": "fil", "claim": "clm", "exchange": "exc",
          "withdrawal": "wdr", "session": "ses", "connection": "con", "endpoint": "whe",
          "privacy_request": "prv"}  # fmt: skip


@dataclass
class World:
    """A store that has one of everything, and one that has nothing of it."""

    mine: Tenant
    theirs: Tenant
    has: dict[str, str]
    keys: dict[str, str]
    """Bad keys by what is wrong with them."""
    clients: dict[str, httpx.Client]
    page: Page
    """A page of the first store, with its publishable key."""
    tokens: dict[str, str]
    """Shoppers' own tokens, by who they are."""


def _shop_asks(session: Any, store_id: str, connection_id: str, ticket_id: str) -> str:
    request = PrivacyRequest(
        id=ids.new("prv"), store_id=store_id, livemode=False, created_at=clock.now(), connection_id=connection_id,
        delivery_id=ids.new("inb"), asked="shop_redact", ticket_id=ticket_id, due_at=clock.now(), outcome={},
    )  # fmt: skip
    session.add(request)
    session.flush()
    return request.id


@pytest.fixture(scope="module")
def world(app: App) -> World:
    mine, theirs = app.store(), app.store(_renamed(DEMO))
    assert theirs.get("/v1/orders").status_code == 200
    order = mine.get("/v1/orders/1001").json()
    refund = mine.post("/v1/refunds", {"order": "#1001", "amount": CENT}).json()
    line = {"line_id": "ln-1001-1", "quantity": 1}
    back = mine.post("/v1/returns", {"order": "#1001", "lines": [line]}).json()
    label = mine.post("/v1/return-labels", {"return_id": back["id"]}).json()
    swap = {"line_id": "ln-1001-2", "variant_id": "var-socks-grey-43", "quantity": 1}
    method = {"payment_method_id": "pm-anna-visa"}
    exchange = mine.post("/v1/exchanges", {"order": "#1001", "lines": [swap], **method}).json()
    ticket = mine.post("/v1/tickets", {"text": "Hello", "order": "#1001"}).json()
    credit = gift(mine, order["id"])
    second = {"line_id": "ln-1001-2", "quantity": 1}
    withdrawal = mine.post("/v1/withdrawals", {"order": "#1001", "lines": [second]}).json()
    wrong = {**line, "kind": "damaged"}
    claim = mine.post("/v1/claims", {"order": "#1001", "lines": [wrong]}).json()
    assert mine.post(f"/v1/claims/{claim['id']}/cancel", {}).json()["status"] == "canceled"
    event = mine.get("/v1/events").json()["data"][0]
    asked = app.write(_ask, mine.id, order["id"])
    assert mine.post(f"/v1/approvals/{asked}/reject", {}, Aftersale_Actor="agent:lee").json()["status"] == "rejected"
    assert (refund["status"], back["status"], label["status"]) == ("succeeded", "approved", "active")
    mine.rest()
    revoked, expired = mine.issue(), mine.issue()
    mine.change_key(revoked[0], revoked_at=clock.now())
    mine.change_key(expired[0], expires_at=clock.now() - timedelta(seconds=1))
    keys = {
        "none": "",
        "garbage": "Bearer garbage",
        "another scheme": f"Basic {mine.key}",
        "nobody's": "Bearer sk_test_" + "x" * 43,
        "of the other mode's form": "Bearer " + mine.key.replace("sk_test_", "sk_live_"),
        "cut": f"Bearer {mine.key[:-1]}",
        "much too long": "Bearer sk_test_" + "x" * 4000,
        "revoked": f"Bearer {revoked[1]}",
        "expired": f"Bearer {expired[1]}",
    }
    has = {
        "order": order["id"], "customer": order["customer"]["id"], "refund": refund["id"], "return": back["id"],
        "exchange": exchange["id"],
        "label": label["id"], "ticket": ticket["id"], "operation": refund["operation"]["id"], "event": event["id"],
        "policy": mine.post("/v1/policies", {"document": {"caps": {"EUR": CAPS}}}).json()["id"],
        "backtest": mine.post("/v1/policies/backtest", {"document": {}}).json()["id"],
        "ticket_update": mine.post("/v1/tickets/bulk", {"tickets": ["tkt_1"], "changes": {"tags": []}}).json()["id"],
        "agent": mine.post("/v1/agents", {"id": "kim-of-mine"}).json()["id"],
        "team": mine.post("/v1/teams", {"id": "desk-of-returns"}).json()["id"],
        "decision": mine.get("/v1/decisions").json()["data"][0]["id"],
        "approval": asked,
        "connection": (connection := mine.post("/v1/connections", CRM).json()["id"]),
        "privacy_request": app.write(_shop_asks, mine.id, connection, ticket["id"]),
        "endpoint": mine.post("/v1/webhook-endpoints", {"url": HOOK}).json()["id"],
        "file": sent(mine, Aftersale_Customer="cust-anna"),
        "claim": claim["id"], "credit": credit, "withdrawal": withdrawal["id"],
        "session": mine.post("/v1/shopper-sessions", {"order_number": "#1001", "postal_code": "1"}).json()["id"],
    }  # fmt: skip
    clients = {
        "mine": mine.client,
        "theirs": theirs.client,
        "live": app.client(mine.live_key),
        "keyless": app.client(),
    }
    page = Page.of(mine)
    page.looked_for(has["session"])
    return World(mine, theirs, has, keys, clients, page, {who: vouched(mine, f"cust-{who}") for who in ("anna", "luc")})


def _ask(session: Any, store_id: str, order_id: str) -> str:
    """A question to a person at this store."""
    caller = Caller(session.get_one(Store, store_id), livemode=False, key_id="key", scopes=frozenset(), request_id="r")
    ruling = Ruling(outcome="ask", reasons=("May it be?",), rules=("approval",), policy_version="1", approvers=1)
    about: dict[str, Any] = {"order": order_id, "reason": "no"}
    return approvals.open_for(
        session,
        caller,
        action="cancel_order",
        ruling=ruling,
        subject=("action", None),
        order_id=order_id,
        parameters=about,
    ).id


def gift(store: Tenant, order: str) -> str:
    """Store credit for an order's customer, once it is there."""
    given = {"order": order, "amount": {"amount": 100, "currency": "EUR"}}
    made = store.post("/v1/actions/goodwill_credit", given).json()["id"]
    until(lambda: store.get(f"/v1/credits/{made}").json()["status"] == "succeeded")
    return made


def _renamed(document: dict[str, Any]) -> dict[str, Any]:
    """The demo shop with other ids and numbers throughout, so that nothing of it is named as in the first."""
    text = re.sub(r"\b(ord|ln|pay|shp|rf|cust)-", r"\1-b-", repr(document))
    found = eval(re.sub(r"'#1(\d{3})'", r"'#9\1'", text))  # our own text, a literal
    assert found != document
    return copy.deepcopy(found)


def ask(world: World, who: str, route: Route, ref: str, **headers: str) -> httpx.Response:
    """Call the route, by a named person; `ref` stands where it names a resource."""
    ref = ref or route.standing
    headers = {"Aftersale-Actor": "agent:kim", **headers}
    given: dict[str, Any] = {} if route.body is None else {"json": route.body(ref)}
    if route.form:
        given["files"] = {"file": ("a.jpg", picture())}
    if route.method != "GET":
        headers = {"Idempotency-Key": ids.new("key"), **headers}
    path = (route.path + route.query).replace("{}", ref)
    return world.clients[who].request(route.method, path, headers=headers, **given)


def from_page(
    world: World, route: Route, ref: str, who: str = "", *, preview: bool = False, **headers: str
) -> httpx.Response:
    """Call the route as a web page does: by the publishable key, or by a shopper's own token."""
    ref = ref or route.standing
    body = None if route.body is None else {**route.body(ref), **({"preview": True} if preview else {})}
    if route.method != "GET":
        headers = {"Idempotency-Key": ids.new("key"), **headers}
    path = (route.path + route.query).replace("{}", ref)
    form = {"file": ("a.jpg", picture())} if route.form else None
    return world.page.send(route.method, path, body, token=world.tokens.get(who, ""), form=form, **headers)


def told(answer: httpx.Response) -> Answer:
    return answer.status_code, answer.json()["code"] if answer.status_code >= 400 else None


def alike(answer: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """The answer as it is on the wire, but for the ids of request and decision, the moment, and what is left."""
    own = {"x-request-id", "date", "ratelimit-remaining", "ratelimit-reset"}
    headers = [(name, value) for name, value in answer.headers.multi_items() if name not in own]
    request_id = answer.headers["x-request-id"].encode()
    content = re.sub(rb'"decision_id":"dec_[0-9a-z]{26}"', b'"decision_id":""', answer.content)
    return answer.status_code, content.replace(request_id, b""), headers


def test_every_route_of_the_app_is_in_the_table(app: App) -> None:
    there = {
        f"{method} {re.sub('{[^}]+}', '{}', str(route.path))}"
        for route in iter_route_contexts(app.inner.routes)
        for method in route.methods or ("MOUNT",)
    }
    assert there == {route.name for route in ROUTES} | OPEN | BY_LINK | DOCUMENTATION


def test_every_scope_opens_a_route(app: App) -> None:
    later = {"credits:write"}  # an action's
    assert {route.scope for route in ROUTES} == set(SCOPES) - later


@pytest.mark.parametrize("name", sorted(OPEN))
def test_an_open_route_asks_for_no_key_and_says_nothing_of_a_store(world: World, name: str) -> None:
    answer = world.clients["keyless"].get(name.split()[1])
    assert answer.status_code == 200
    for secret in (*world.has.values(), world.mine.id, world.mine.key, world.mine.sandbox.shop):
        assert secret not in answer.text


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.name} {route.resource}".strip())
def test_a_route_lets_in_whom_the_table_says(app: App, world: World, route: Route) -> None:
    mine = world.has.get(route.resource, "")
    none = ids.new(PREFIX[route.resource]) if route.resource else ""
    rest(world.mine)  # what the route before this one has begun, mails included
    before = still(app.settings.database)

    for wrong, credential in world.keys.items():
        headers = {"Authorization": credential} if credential else {}
        there, not_there = (ask(world, "keyless", route, ref, **headers) for ref in (mine, none))
        assert told(there) == (401, "unauthorized"), wrong
        assert there.headers["www-authenticate"] == "Bearer", wrong
        assert alike(there) == alike(not_there), wrong

    limited = world.mine.issue(scopes=tuple(scope for scope in SCOPES if scope != route.scope))[1]
    headers = {"Authorization": f"Bearer {limited}"}
    there, not_there = (ask(world, "keyless", route, ref, **headers) for ref in (mine, none))
    assert told(there) == (403, "scope_missing")
    assert alike(there) == alike(not_there)

    if route.resource:
        for who in ("theirs", "live"):
            there, not_there = (ask(world, who, route, ref) for ref in (mine, none))
            assert told(there) == (404, route.missing), who
            assert alike(there) == alike(not_there), who
        assert told(ask(world, "mine", route, none)) == (404, route.missing)
        stranger = {"Aftersale-Customer": "cust-luc"}
        there, not_there = (ask(world, "mine", route, ref, **stranger) for ref in (mine, none))
        assert told(there) == route.stranger
        if route.stranger == NOT_OWNER and not route.told_nothing:
            assert told(not_there) == (404, route.missing)
        else:
            assert alike(there) == alike(not_there)
    elif route.method == "GET":
        live = ask(world, "live", route, "")
        assert told(live) == route.live
        everybodys = route.path in {"/v1/actions", "/v1/connections/kinds"}  # what can be done is no store's secret
        assert everybodys or live.json().get("data", []) == []

    changed = differing(before, still(app.settings.database))
    # the keys; luc; 404s; an order whose mirror has grown old meanwhile is read again
    # with its parcels, and why a stranger was refused
    may_change = {"api_keys", "audit_log", "customers", "events", "answers", "orders", "decisions"}
    may_change |= {"parcels", "parcel_scans", "parcel_alerts"}
    assert set(changed) <= may_change, sorted(changed)

    owner = {"Aftersale-Customer": "cust-anna"}
    assert told(ask(world, "mine", route, mine, **owner)) in (route.shopper or route.own)
    assert told(ask(world, "mine", route, mine)) in route.own


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.name} {route.resource}".strip())
def test_a_route_lets_a_web_page_in_as_the_table_says(app: App, world: World, route: Route) -> None:
    mine = world.has.get(route.resource, "")
    none = ids.new(PREFIX[route.resource]) if route.resource else ""
    rest(world.mine)
    before = still(app.settings.database)

    by_key = BY_PAGE.get((route.name, route.resource), SCOPE_MISSING)
    if by_key[0] >= 400:
        there, not_there = (from_page(world, route, ref) for ref in (mine, none))
        assert told(there) == by_key
        assert alike(there) == alike(not_there)
    for name, value in (("Aftersale-Customer", "cust-anna"), ("Aftersale-Actor", "agent:kim")):
        for who in ("", "anna"):
            assert told(from_page(world, route, mine, who, **{name: value})) == FORBIDDEN, name

    ours = route.scope in SHOPPERS_SCOPES and route.stranger != FORBIDDEN
    costs = ours and route.name in COSTS
    if route.resource:
        there, not_there = (from_page(world, route, ref, "luc") for ref in (mine, none))
        assert told(there) == (CONFIRM if costs else (404, route.missing) if ours else FORBIDDEN)
        assert alike(there) == alike(not_there)
        if costs:
            there, not_there = (from_page(world, route, ref, "luc", preview=True) for ref in (mine, none))
            assert told(there) == (404, route.missing)
            assert alike(there) == alike(not_there)
    changed = differing(before, still(app.settings.database))
    # the key's last use; 404s that are kept for their key; the shopper's own orders, which were looked through
    may_change = {"api_keys", "answers", "orders", "events", "customers", "parcels", "parcel_scans", "parcel_alerts"}
    assert set(changed) <= may_change, sorted(changed)

    own = told(from_page(world, route, mine, "anna"))
    if costs:
        assert own == CONFIRM
        assert told(from_page(world, route, mine, "anna", preview=True)) != CONFIRM
    else:
        assert own in ((FORBIDDEN,) if route.scope not in SHOPPERS_SCOPES else route.shopper or route.own)
    if by_key[0] < 400:
        assert told(from_page(world, route, mine)) == by_key


@pytest.mark.parametrize("path", [*LISTS, "operations"])
def test_a_list_shows_one_store_and_one_mode(world: World, path: str) -> None:
    mine = {row["id"] for row in world.clients["mine"].get(f"/v1/{path}").json()["data"]}
    theirs = {row["id"] for row in world.clients["theirs"].get(f"/v1/{path}").json()["data"]}
    assert mine
    assert not mine & theirs


@pytest.mark.parametrize("path", LISTS)
def test_a_shopper_s_list_shows_what_is_theirs(world: World, path: str) -> None:
    def listed(**headers: str) -> list[dict[str, Any]]:
        answer = world.clients["mine"].get(f"/v1/{path}", headers=headers)
        assert answer.status_code == 200
        return answer.json()["data"]

    def whose(row: dict[str, Any]) -> str:
        return row["id"] if path == "customers" else row["customer"]["id"] if path == "orders" else row["customer"]

    anna = listed(**{"Aftersale-Customer": "cust-anna"})
    assert {whose(row) for row in anna} == {world.has["customer"]}
    luc = listed(**{"Aftersale-Customer": "cust-luc"})
    assert world.has["customer"] not in {whose(row) for row in luc}


def test_the_shop_s_own_ids_and_numbers_lead_nowhere_in_another_store(world: World) -> None:
    for ref in ("1001", "%231001", "ord-1001"):
        assert world.clients["mine"].get(f"/v1/orders/{ref}").status_code == 200
        foreign, none = (world.clients["theirs"].get(f"/v1/orders/{which}") for which in (ref, "ord-none"))
        assert told(foreign) == (404, "order_not_found")
        assert alike(foreign) == alike(none)
        assert told(world.clients["live"].get(f"/v1/orders/{ref}")) == (409, "not_connected")
    foreign, none = (world.clients["theirs"].get(f"/v1/customers/{which}") for which in ("cust-anna", "cust-nobody"))
    assert told(foreign) == (404, "customer_not_found")
    assert alike(foreign) == alike(none)


def test_a_shopper_of_another_store_is_nobody_here(world: World) -> None:
    for ref in (world.has["customer"], "cust-anna", ids.new("cus"), "cust-nobody"):
        answer = world.clients["theirs"].get("/v1/orders", headers={"Aftersale-Customer": ref})
        assert told(answer) == (404, "customer_not_found")


def test_a_cursor_of_another_store_is_refused(world: World) -> None:
    cursor = world.clients["mine"].get("/v1/events?limit=1").json()["next_cursor"]
    assert world.clients["mine"].get(f"/v1/events?cursor={cursor}").status_code == 200
    for who in ("theirs", "live"):
        assert told(world.clients[who].get(f"/v1/events?cursor={cursor}")) == (400, "invalid_cursor")


def test_the_same_idempotency_key_in_two_stores_is_two_keys(world: World) -> None:
    body = {"order": "#9002", "amount": CENT}
    own = {"order": "#1002", "amount": CENT}
    theirs = world.theirs.post("/v1/refunds", body, key="shared")
    mine = world.mine.post("/v1/refunds", own, key="shared")
    assert theirs.status_code == mine.status_code == 201
    assert theirs.json()["id"] != mine.json()["id"]
    live = world.clients["live"].post("/v1/refunds", json=own, headers={"Idempotency-Key": "shared"})
    assert told(live) == (409, "not_connected")
