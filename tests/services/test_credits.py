"""Store credit: one operation each, within caps where automation gives it, and never more than was paid for a line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.errors import AppError
from app.services.actions import goodwill_credit, registry
from app.services.actions.goodwill_credit import GoodwillParams
from app.services.params import MoneyIn
from tests.services.durable_fixtures import until
from tests.services.test_returns_and_labels import SHOP
from tests.support.app import CAPS, App, Tenant

SETTINGS = {"retry_seconds": (0.1,) * 4, "recheck_seconds": (0.4,) * 8}


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store(SHOP)


def give(store: Tenant, amount: int = 500, order: str | None = "#1", currency: str = "EUR", **more: Any) -> str:
    caller = more.pop("caller", None) or store.merchant()
    money = MoneyIn(amount=amount, currency=currency)
    params = GoodwillParams(amount=money, order=order, **more)
    return store.app.wait(registry.run(store.app.runtime, caller, goodwill_credit.ACTION, params, None))


def automation(store: Tenant) -> Any:
    """A caller of a store that lets automation give goodwill within its caps."""
    document = {"caps": {"EUR": CAPS}, "auto_approve": {"goodwill": True}}
    policy = store.post("/v1/policies", {"document": document}).json()["id"]
    assert store.post(f"/v1/policies/{policy}/activate", {}).status_code == 200
    customer = store.get("/v1/orders/1").json()["customer"]["id"]
    return replace(store.merchant(), shopper=customer, automation=True)


def settled(store: Tenant, path: str) -> dict[str, Any]:
    return until(lambda: (c := store.get(path).json())["status"] in {"succeeded", "failed"} and c)


def payouts(store: Tenant) -> list[int]:
    return [row["amount"] for row in store.sandbox.effects("payout")]


def test_goodwill_reaches_the_customer_once_and_is_told(store):
    made = give(store, reason="late delivery")
    credit = settled(store, f"/v1/credits/{made}")
    assert (credit["status"], credit["amount"], credit["reason"]) == (
        "succeeded",
        {"amount": 500, "currency": "EUR"},
        "late delivery",
    )
    assert payouts(store) == [500]
    kinds = [event["type"] for event in store.get(f"/v1/events?resource={made}").json()["data"]]
    assert kinds == ["credit.created", "credit.succeeded"]
    store.rest()
    (mail,) = store.sandbox.get("/mail/v1/messages")["data"]
    assert (mail["key"], mail["subject"]) == (f"{made}.paid", "Store credit for order #1")
    assert "€5.00 as store credit" in mail["text"]


def test_goodwill_for_an_order_is_its_customer_s_and_nobody_else_s(app: App) -> None:
    store = app.store()
    with pytest.raises(AppError) as refused:
        give(store, order="#1001", customer="cust-emma")
    assert refused.value.errors[0]["pointer"] == "/customer"
    assert payouts(store) == []
    settled(store, f"/v1/credits/{give(store, order='#1001', customer='cust-anna')}")
    assert payouts(store) == [500]


def test_goodwill_may_hang_on_a_customer_alone(store):
    made = give(store, order=None, customer="cust-1")
    assert settled(store, f"/v1/credits/{made}")["order"] is None
    assert payouts(store) == [500]


@pytest.mark.parametrize("fault", ["timeout_after_effect", "error_after_effect"])
def test_a_lost_answer_gives_store_credit_once(store, fault):
    store.sandbox.fault("payout", fault, **({"delay_ms": 2500} if fault.startswith("timeout") else {}))
    made = give(store)
    assert settled(store, f"/v1/credits/{made}")["status"] == "succeeded"
    assert payouts(store) == [500]


def test_what_the_provider_refuses_is_failed_and_given_back_to_the_caps(store):
    store.sandbox.fault("payout", "refuse", code="customer_blocked", status=422)
    caller = automation(store)
    credit = settled(store, f"/v1/credits/{give(store, 20_000, caller=caller)}")
    assert (credit["status"], credit["failure_code"]) == ("failed", "customer_blocked")
    again = give(store, 20_000, caller=caller)
    assert settled(store, f"/v1/credits/{again}")["status"] == "succeeded", "the failed one is not counted"


@pytest.mark.parametrize("amount", [20_001, 10**9])
def test_automation_gives_nothing_above_its_caps(store, amount):
    with pytest.raises(AppError) as refused:
        give(store, amount, caller=automation(store))
    assert refused.value.name == "limit_reached"
    assert payouts(store) == []


def test_what_automation_gives_counts_together(store):
    caller = automation(store)
    give(store, 20_000, caller=caller)
    with pytest.raises(AppError) as refused:
        give(store, 10_001, caller=caller)
    assert refused.value.name == "limit_reached"


def test_without_a_policy_that_says_so_automation_asks_a_person(store):
    customer = store.get("/v1/orders/1").json()["customer"]["id"]
    asked = give(store, 1, caller=replace(store.merchant(), shopper=customer, automation=True))
    waits = store.get(f"/v1/approvals/{asked}").json()
    assert (waits["status"], waits["action"]) == ("pending", "goodwill_credit")
    assert payouts(store) == []


def test_a_shopper_gives_themselves_nothing(store):
    shopper = replace(automation(store), automation=False)
    with pytest.raises(AppError) as refused:
        give(store, 1, caller=shopper)
    assert refused.value.name == "forbidden"


# ---- refunds that are paid as store credit, or to a method that did not pay ----------------------------------------


def refund(store: Tenant, destination: dict[str, Any], **body: Any) -> Any:
    return store.post("/v1/refunds", {"order": "#1", "destination": destination, **body}, Prefer="wait=10")


def test_a_refund_as_store_credit_counts_against_the_line_and_the_payment(store):
    lines = [{"line_id": "a-1", "quantity": 2}]
    paid = refund(store, {"type": "store_credit"}, lines=lines)
    assert (paid.status_code, paid.json()["status"], paid.json()["amount"]["amount"]) == (201, "succeeded", 666)
    assert (payouts(store), store.sandbox.effects("refund")) == ([666], [])
    assert refund(store, {"type": "original"}, lines=lines).json()["code"] == "refund_exceeds_captured"
    rest = {"amount": {"amount": 1500 - 666 + 1, "currency": "EUR"}}
    assert refund(store, {"type": "original"}, **rest).json()["code"] == "refund_exceeds_captured"
    rest["amount"]["amount"] -= 1
    assert refund(store, {"type": "original"}, **rest).json()["status"] == "succeeded"


def test_a_method_that_is_nobodys_gets_nothing(store):
    answer = refund(
        store, {"type": "payment_method", "payment_method_id": "pm-x"}, lines=[{"line_id": "a-1", "quantity": 1}]
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "payment_method_not_found")


def test_store_credit_that_failed_frees_what_it_reserved(store):
    store.sandbox.fault("payout", "refuse", code="customer_blocked", status=422)
    lines = [{"line_id": "a-1", "quantity": 3}]
    assert refund(store, {"type": "store_credit"}, lines=lines).json()["status"] == "failed"
    assert refund(store, {"type": "original"}, lines=lines).json()["status"] == "succeeded"


def test_a_claim_may_be_settled_by_store_credit(store):
    body = {"order": "#1", "lines": [{"line_id": "a-1", "quantity": 1, "kind": "damaged"}]}
    made = store.post("/v1/claims", body).json()
    done = store.post(f"/v1/claims/{made['id']}/accept", {"resolution": "store_credit"}, Prefer="wait=10").json()
    assert (done["status"], done["resolution"], payouts(store)) == ("completed", "store_credit", [333])


# ---- a credit that fails late ---------------------------------------------------------------------------------------


def take_back(store: Tenant) -> None:
    (payout,) = store.sandbox.effects("payout")
    store.sandbox.post(f"/sandbox/v1/payouts/{payout['subject']}/fail", {"failure_code": "account_closed"})


def test_goodwill_that_did_not_arrive_has_failed_and_gives_its_cap_back(store):
    caller = automation(store)
    whole = CAPS["refund"]
    made = give(store, whole, caller=caller)
    assert settled(store, f"/v1/credits/{made}")["status"] == "succeeded"
    with pytest.raises(AppError):  # the order's cap holds less than as much again
        give(store, whole, caller=caller)
    take_back(store)
    failed = until(lambda: (c := store.get(f"/v1/credits/{made}").json())["status"] == "failed" and c)
    assert failed["failure_code"] == "account_closed"
    again = give(store, whole, caller=caller)
    assert settled(store, f"/v1/credits/{again}")["status"] == "succeeded"


def test_a_refund_whose_credit_did_not_arrive_has_failed_and_may_be_paid_again(store):
    body = {"order": "#1", "amount": {"amount": 1500, "currency": "EUR"}, "destination": {"type": "store_credit"}}
    made = store.post("/v1/refunds", body, Prefer="wait=15").json()
    assert made["status"] == "succeeded"
    assert store.post("/v1/refunds", body).json()["code"] == "refund_exceeds_captured"
    take_back(store)
    until(lambda: store.get(f"/v1/refunds/{made['id']}").json()["status"] == "failed")
    assert store.post("/v1/refunds", body, Prefer="wait=15").json()["status"] == "succeeded"
