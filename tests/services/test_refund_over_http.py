"""Refunds from a request to the sandbox's ledger and back: caps, late failures, people, races with shipping."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app import clock
from app.models.orders import OrderPayment
from tests.services.durable_fixtures import ADDRESS, until
from tests.support.app import App, Tenant

CAPS = {"refund": 1200, "order": 1400, "customer": 5000, "day": 5000}


def order(number: int, currency: str = "EUR", status: str = "delivered", **given: Any) -> dict[str, Any]:
    """Three for 10.00 (or 1000 of any minor unit), paid by gift card and card."""
    done = status == "delivered"
    state = given.pop("state", "captured")
    return {
        "id": f"o-{number}",
        "number": f"#{number}",
        "customer_id": "cust-1",
        "status": status,
        "placed_at": "-9d",
        **({"delivered_at": given.pop("delivered_at", "-2d")} if done else {}),
        "currency": currency,
        "prices_include_tax": True,
        "shipping_address": ADDRESS,
        "lines": [
            {
                "id": f"l-{number}",
                "title": "Mug",
                "quantity": 3,
                "unit_price": 334,
                "discount": 2,
                "tax": 160,
                "total": 1000,
                "fulfilled_quantity": 3 if done else 0,
            }
        ],
        "shipping": 500,
        "payments": [
            {"id": f"g-{number}", "kind": "gift_card", "label": "Gift", "amount": 600, "state": state},
            {"id": f"c-{number}", "kind": "card", "label": "Visa", "amount": 900, "state": state},
        ],
        **given,
    }


SHOP: dict[str, Any] = {
    "relative_to_now": True,
    "customers": [{"id": "cust-1", "email": "mia@example.com"}],
    "orders": [
        order(1),
        order(2, "JPY"),
        order(3, "KWD"),
        order(4, status="pending"),
        order(5, status="pending", state="authorized"),
        order(6),
    ],
}


SETTINGS = {"retry_seconds": (0.1,) * 4, "recheck_seconds": (0.4,) * 3}


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store(SHOP, policy={"caps": {"EUR": CAPS}, "instant_refund": True})


def refund(store: Tenant, number: int = 1, wait: int = 10, key: str = "", **body: Any) -> Any:
    return store.post("/v1/refunds", {"order": f"#{number}", **body}, Prefer=f"wait={wait}", key=key)


def eur(amount: int, currency: str = "EUR") -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def given_back(store: Tenant, *payments: str) -> list[int]:
    return [store.sandbox.get(f"/payments/v1/payments/{payment}")["refunded"] for payment in payments]


@pytest.mark.parametrize(
    ("number", "currency", "steps"), [(1, "EUR", (1, 1, 1)), (2, "JPY", (2, 1)), (3, "KWD", (1, 2))]
)
def test_parts_of_three_for_ten_and_shipping_sum_to_the_order_at_the_provider(store, number, currency, steps):
    made = [refund(store, number, lines=[{"line_id": f"l-{number}", "quantity": step}]) for step in steps]
    made.append(refund(store, number, shipping=True))
    assert [answer.status_code for answer in made] == [201] * len(made), [answer.text for answer in made]
    bodies = [answer.json() for answer in made]
    for body in bodies:
        parts = {name: part["amount"] for name, part in body["breakdown"].items()}
        total = parts["items"] - parts["discount"] + parts["tax"] + parts["shipping"] - parts["fee"]
        assert body["amount"] == eur(total, currency)
        assert sum(row["amount"]["amount"] for row in body["allocations"]) == total
    assert sum(body["amount"]["amount"] for body in bodies) == 1500
    assert given_back(store, f"g-{number}", f"c-{number}") == [600, 900]
    shown = store.get(f"/v1/orders/%23{number}").json()
    assert (shown["payment_status"], shown["totals"]["refunded"]) == ("refunded", eur(1500, currency))
    assert shown["lines"][0]["refunded_quantity"] == 3
    more = refund(store, number, amount=eur(1, currency))
    assert (more.status_code, more.json()["code"]) == (409, "refund_exceeds_captured")


def test_a_quote_is_what_the_refund_will_be_and_reserves_nothing(store):
    body = {"order": "#1", "lines": [{"line_id": "l-1", "quantity": 2}], "shipping": True}
    quoted = [store.post("/v1/refunds/quote", body).json() for _ in range(2)]
    assert quoted[0] == quoted[1]
    made = refund(store, 1, lines=body["lines"], shipping=True).json()
    assert made["amount"] == quoted[0]["amount"]
    assert made["breakdown"] == quoted[0]["breakdown"]
    split = [{"payment_id": row["payment_id"], "amount": row["amount"]} for row in made["allocations"]]
    assert split == quoted[0]["allocations"]


def test_twelve_requests_at_once_with_the_providers_ceiling_off_stay_within_the_capture(store):
    store.sandbox.call("PUT", "/sandbox/v1/settings", {"ceiling": False})
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: refund(store, 1, amount=eur(400)), range(12)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes.count(201) + codes.count(202) == 3, codes
    assert set(codes) <= {201, 202, 409, 503}, "who waits too long for the lock is told to come again"
    until(lambda: sum(given_back(store, "g-1", "c-1")) == 1200)


def test_the_same_key_many_times_at_once_is_one_effect(store):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: refund(store, 1, key="again", amount=eur(100)), range(24)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    in_use = [answer.json()["code"] for answer in answers if answer.status_code == 409]
    assert set(in_use) <= {"idempotency_key_in_use"}
    assert len(store.sandbox.effects("refund")) == 2, "one per payment"


def test_a_shopper_is_capped_and_the_merchant_is_not(store):
    for amount, status in ((1000, 201), (500, 409)):
        answer = store.post(
            "/v1/refunds", {"order": "#1", "amount": eur(amount)}, Aftersale_Customer="cust-1", Prefer="wait=10"
        )
        assert answer.status_code == status, answer.text
    assert answer.json()["code"] == "limit_reached"
    yen = store.post("/v1/refunds", {"order": "#2", "amount": eur(1, "JPY")}, Aftersale_Customer="cust-1")
    assert (yen.status_code, yen.json()["code"]) == (409, "limit_reached"), "no cap, no automatic refund"
    assert refund(store, 2, amount=eur(1, "JPY")).status_code == 201


def test_what_was_only_authorized_is_not_refunded(store):
    answer = refund(store, 5, amount=eur(1))
    assert (answer.status_code, answer.json()["code"]) == (409, "refund_exceeds_captured")
    assert store.sandbox.effects("refund") == []


def test_a_refund_made_elsewhere_counts_at_once(store):
    store.sandbox.post("/sandbox/v1/outside-refunds", {"payment_id": "c-1", "amount": 900, "currency": "EUR"})
    answer = refund(store, 1, amount=eur(601))
    assert (answer.status_code, answer.json()["code"]) == (409, "refund_exceeds_captured")
    made = refund(store, 1, amount=eur(600)).json()
    assert [row["amount"]["amount"] for row in made["allocations"]] == [600]
    assert given_back(store, "g-1", "c-1") == [600, 900]


def test_a_bank_that_sends_the_money_back_later_frees_it_once(store):
    made = refund(store, 1, amount=eur(1500)).json()
    paid = [row["subject"] or row["reference"] for row in store.sandbox.effects("refund")]
    assert len(paid) == 2
    back = next(
        found["id"]
        for found in store.sandbox.get("/payments/v1/payments/c-1")["refunds"]
        if found["status"] == "succeeded"
    )
    store.sandbox.post(f"/sandbox/v1/refunds/{back}/fail", {"failure_code": "account_closed"})
    path = f"/v1/refunds/{made['id']}"
    shown = until(lambda: (found := store.get(path).json())["status"] == "failed" and found, 15)
    assert (shown["failure_code"], shown["amount_refunded"]) == ("account_closed", eur(600))
    assert {row["status"] for row in shown["allocations"]} == {"succeeded", "failed"}
    assert refund(store, 1, amount=eur(901)).status_code == 409
    assert refund(store, 1, amount=eur(900)).status_code == 201
    assert given_back(store, "g-1", "c-1") == [600, 900]
    kinds = [event["type"] for event in store.get(f"/v1/events?resource={made['id']}").json()["data"]]
    assert kinds.count("refund.failed") == 1


@pytest.mark.parametrize("fault", ["timeout_after_effect", "error_after_effect", "reset", "malformed"])
def test_a_lost_answer_ends_in_one_effect(store, fault):
    options = {"delay_ms": 2500} if fault.startswith("timeout") else {}
    store.sandbox.fault("refund", fault, **options)
    made = refund(store, 1, wait=15, amount=eur(600))
    assert (made.status_code, made.json()["status"]) == (201, "succeeded")
    assert sorted(row["amount"] for row in store.sandbox.effects("refund")) == [240, 360]
    assert given_back(store, "g-1", "c-1") == [240, 360]


@pytest.mark.parametrize("variant", ["wrong_amount", "wrong_currency", "wrong_id", "unknown_word"])
def test_a_yes_about_something_else_is_looked_up_and_not_believed(store, variant):
    store.sandbox.fault("refund", "malformed", variant=variant)
    store.sandbox.fault("lookup", "error_after_effect", times=1)
    made = refund(store, 1, wait=10, amount=eur(600)).json()
    assert made["status"] == "succeeded"
    outcomes = [
        [row["outcome"] for row in store.get(f"/v1/operations/{operation}").json()["attempts"]]
        for operation in made["operations"]
    ]
    assert ["unknown", "succeeded"] in outcomes
    assert given_back(store, "g-1", "c-1") == [240, 360]


# ---- a person decides -----------------------------------------------------------------------------------------------


def test_a_dead_letter_is_resolved_by_a_named_person_only(store):
    store.sandbox.fault("refund", "timeout_before_effect", rate=1, delay_ms=10)
    store.sandbox.fault("lookup", "error_after_effect", rate=1)
    made = refund(store, 1, wait=0, amount=eur(600)).json()

    first, second = left_to_a_person(store, made)
    assert store.get(f"/v1/refunds/{made['id']}").json()["status"] == "unknown"
    listed = store.get("/v1/operations?needs_person=true").json()["data"]
    assert {row["id"] for row in listed} == {first["id"], second["id"]}
    path = f"/v1/operations/{first['id']}/resolve"
    body = {"outcome": "failed", "note": "the bank has nothing"}
    nobody = store.post(path, body)
    assert (nobody.status_code, nobody.json()["code"]) == (403, "actor_required")
    done = store.post(path, body, Aftersale_Actor="agent:ana")
    assert (done.status_code, done.json()["status"]) == (200, "failed")
    assert done.json()["evidence"]["resolved_by"] == "ana"
    again = store.post(path, {**body, "outcome": "succeeded"}, Aftersale_Actor="agent:ana")
    assert (again.status_code, again.json()["code"]) == (409, "operation_settled")
    store.sandbox.call("DELETE", "/sandbox/v1/faults")
    path = f"/v1/operations/{second['id']}/resolve"
    replay = store.post(path, {"outcome": "replay", "note": "try again"}, Aftersale_Actor="agent:ana")
    assert replay.status_code == 200
    shown = until(lambda: (found := store.get(f"/v1/refunds/{made['id']}").json())["status"] == "failed" and found, 15)
    assert shown["amount_refunded"] == eur(360)
    assert given_back(store, "g-1", "c-1") == [0, 360]


def left_to_a_person(store: Tenant, made: dict[str, Any]) -> list[dict[str, Any]]:
    def dead() -> list[dict[str, Any]]:
        found = [store.get(f"/v1/operations/{operation}").json() for operation in made["operations"]]
        return found if all(row["needs_person"] for row in found) else []

    return until(dead, 20)


def said_to_have_failed(store: Tenant, operations: list[dict[str, Any]]) -> None:
    body = {"outcome": "failed", "note": "nothing in the dashboard"}
    for row in operations:
        done = store.post(f"/v1/operations/{row['id']}/resolve", body, Aftersale_Actor="agent:ana")
        assert done.json()["status"] == "failed"


@pytest.mark.parametrize("target", ["original", "store_credit"])
def test_money_that_went_out_on_what_a_person_called_failed_does_not_go_out_again(store, target):
    """Paid, the answer lost, and a person who saw nothing: the provider's ledger counts, not our word for it."""
    store.sandbox.call("PUT", "/sandbox/v1/settings", {"ceiling": False})
    kind = "refund" if target == "original" else "payout"
    store.sandbox.fault(kind, "timeout_after_effect", rate=1, delay_ms=10)
    store.sandbox.fault("lookup", "error_after_effect", rate=1)
    whole = {"amount": eur(1500), "destination": {"type": target}}
    made = refund(store, 1, wait=0, **whole).json()
    said_to_have_failed(store, left_to_a_person(store, made))
    assert store.get(f"/v1/refunds/{made['id']}").json()["status"] == "failed"
    store.sandbox.call("DELETE", "/sandbox/v1/faults")
    long_ago = update(OrderPayment).values(ledger_at=clock.now() - timedelta(hours=1))
    store.app.write(lambda session: session.execute(long_ago) and None)  # a reading of today keeps what it has seen
    again = refund(store, 1, **whole)
    assert (again.status_code, again.json()["code"]) == (409, "refund_exceeds_captured")
    assert sum(row["amount"] for row in store.sandbox.effects(kind)) == 1500


def test_what_is_being_tried_is_not_resolved(store):
    store.sandbox.fault("refund", "slow", delay_ms=1850, times=2)
    made = refund(store, 1, wait=0, amount=eur(600)).json()
    until(lambda: store.sandbox.effects("refund"))
    answer = store.post(
        f"/v1/operations/{made['operations'][0]}/resolve",
        {"outcome": "failed", "note": "x"},
        Aftersale_Actor="agent:ana",
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "operation_running")
    assert until(lambda: (found := store.get(f"/v1/refunds/{made['id']}").json())["status"] == "succeeded" and found)


# ---- the shop's word ------------------------------------------------------------------------------------------------


def cancel(store: Tenant, number: int, wait: int = 10) -> Any:
    return store.post(f"/v1/orders/%23{number}/cancel", {"reason": "late"}, Prefer=f"wait={wait}")


def test_canceling_pays_everything_back_after_the_shops_yes(store):
    answer = cancel(store, 4)
    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    made = answer.json()["refund"]
    until(lambda: store.get(f"/v1/refunds/{made}").json()["status"] == "succeeded", 15)
    assert given_back(store, "g-4", "c-4") == [600, 900]
    kinds = [row["kind"] for row in store.sandbox.ledger() if row["effect"] and row["kind"] in {"cancel", "refund"}]
    assert kinds == ["cancel", "refund", "refund"], "the money waits for the shop"
    again = cancel(store, 4)
    assert (again.status_code, again.json()["code"]) == (409, "already_canceled")


def test_an_order_that_ships_while_it_is_being_canceled_keeps_its_money(store):
    """The mirror still says pending; the shop says no; nothing has changed, and the next refund is whole."""
    store.sandbox.fault("cancel", "timeout_before_effect", delay_ms=300)
    answer = cancel(store, 4, wait=0)
    assert answer.status_code == 202, answer.text
    waiting = answer.json()["refund"]
    shipped = {"order_id": "o-4", "state": "shipped", "carrier": "NordPost", "tracking_number": f"T{time.time_ns()}"}
    store.sandbox.post("/sandbox/v1/fulfill", shipped)
    shown = until(lambda: (found := store.get(f"/v1/refunds/{waiting}").json())["status"] == "canceled" and found, 15)
    assert shown["amount_refunded"] == eur(0)
    assert store.sandbox.effects("cancel") == store.sandbox.effects("refund") == []
    assert refund(store, 4, amount=eur(1500)).status_code == 201


def test_shipping_and_canceling_race_and_one_of_them_wins(store):
    body = {"order_id": "o-4", "state": "shipped", "carrier": "N", "tracking_number": f"R{time.time_ns()}"}
    with ThreadPoolExecutor(2) as pool:
        canceling = pool.submit(cancel, store, 4)
        shipping = pool.submit(store.sandbox.call, "POST", "/sandbox/v1/fulfill", body)
    canceled, shipped = canceling.result().status_code == 200, shipping.result()[0] < 300
    assert canceled != shipped
    until(lambda: not [row for row in store.get("/v1/operations").json()["data"] if row["settled_at"] is None], 15)
    assert sum(given_back(store, "g-4", "c-4")) == (1500 if canceled else 0)
