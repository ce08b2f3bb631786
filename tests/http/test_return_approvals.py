"""Returns and exchanges that a person is asked about: one question, two doors to it, today's facts at the yes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.services import approvals
from tests.http.test_approvals import ANNA, LINES, change, kinds, obey, settled, word
from tests.services.durable_fixtures import until
from tests.support.app import App, Tenant

ASKS: dict[str, Any] = {"auto_approve": {"return": False, "exchange": False}}
SWAP = {"line_id": "ln-1001-1", "variant_id": "var-jacket-navy-l", "quantity": 1}


@pytest.fixture
def store(app: App) -> Tenant:
    store = app.store()
    obey(store, ASKS)
    return store


def ask(store: Tenant, **headers: Any) -> dict[str, Any]:
    answer = store.post("/v1/returns", {"order": "#1001", "lines": LINES}, **(headers or ANNA))
    assert answer.status_code == 202, answer.text
    return answer.json()


def swap(store: Tenant) -> dict[str, Any]:
    body = {"order": "#1001", "lines": [SWAP], "payment_method_id": "pm-anna-visa"}
    answer = store.post("/v1/exchanges", body, **ANNA)
    assert answer.status_code == 202, answer.text
    return answer.json()


def say(store: Tenant, made: dict[str, Any], verb: str, **headers: Any) -> Any:
    """A word by the return's own route."""
    return store.post(f"/v1/returns/{made['id']}/{verb}", {}, Prefer="wait=10", **headers)


def now(store: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    return store.get(f"/v1/returns/{made['id']}").json()


def test_a_return_that_waits_is_among_the_approvals(store):
    made = ask(store)
    assert (made["status"], made["approval"]["status"]) == ("awaiting_approval", "pending")
    shown = store.get(f"/v1/approvals/{made['approval']['id']}").json()
    assert (shown["action"], shown["subject"]) == ("request_return", {"type": "return", "id": made["id"]})
    assert store.get(f"/v1/decisions/{shown['decision_id']}").json()["outcome"] == "ask"
    assert store.sandbox.effects("open_return") == []


def test_a_yes_among_the_approvals_has_the_shop_expect_it_once(store):
    made = ask(store)
    done = word(store, made["approval"]["id"]).json()
    assert (done["status"], done["result"]) == ("approved", {"type": "return", "id": made["id"]})
    assert (now(store, made)["status"], now(store, made)["approval"]["status"]) == ("approved", "approved")
    assert say(store, made, "approve").json()["code"] == "return_not_in_state"
    assert kinds(store, made["id"])[:3] == ["return.requested", "return.awaiting_approval", "return.approved"]


def test_the_return_s_own_route_is_a_door_to_the_same_approval(store):
    made = ask(store)
    done = say(store, made, "approve", Aftersale_Actor="agent:kim")
    assert (done.status_code, done.json()["status"], done.json()["operation"]["status"]) == (
        200,
        "approved",
        "succeeded",
    )
    shown = store.get(f"/v1/approvals/{made['approval']['id']}").json()
    assert (shown["status"], [vote["agent"] for vote in shown["votes"]]) == ("approved", ["kim"])
    assert word(store, made["approval"]["id"]).json()["code"] == "approval_not_pending"
    assert len(store.sandbox.effects("open_return")) == 1


@pytest.mark.parametrize("door", ["return", "approval"])
def test_a_no_declines_it_by_either_door(store, door):
    made = ask(store)
    answer = say(store, made, "decline") if door == "return" else word(store, made["approval"]["id"], "reject")
    assert answer.status_code == 200
    assert (now(store, made)["status"], now(store, made)["approval"]["status"]) == ("declined", "rejected")
    assert ask(store)["status"] == "awaiting_approval", "its items are free again"


def test_nobody_approves_their_own_return_by_either_door(store):
    made = ask(store, **ANNA, Aftersale_Actor="agent:kim")
    for answer in (say(store, made, "approve", Aftersale_Actor="agent:kim"), word(store, made["approval"]["id"])):
        assert (answer.status_code, answer.json()["code"]) == (403, "self_approval")
    assert say(store, made, "approve", Aftersale_Actor="agent:lee").json()["status"] == "approved"


@pytest.mark.parametrize("door", ["return", "approval"])
def test_today_s_policy_decides_at_the_yes(store, door):
    made = ask(store)
    obey(store, {**ASKS, "hygiene": {"when": {"fact": "order_tags", "op": "contains", "value": "newsletter"}}})
    if door == "return":
        assert say(store, made, "approve").json()["status"] == "declined"
    else:
        assert word(store, made["approval"]["id"]).json()["code"] == "item_not_returnable"
    shown = store.get(f"/v1/approvals/{made['approval']['id']}").json()
    assert (shown["status"], shown["code"]) == ("refused", "item_not_returnable")
    assert store.get(f"/v1/decisions/{shown['decision_id']}").json()["outcome"] == "refuse"
    assert now(store, made)["status"] == "declined"
    assert store.sandbox.effects("open_return") == []


def test_what_was_refunded_meanwhile_does_not_come_back(store):
    made = ask(store)
    assert store.post("/v1/refunds", {"order": "#1001", "lines": LINES}, Prefer="wait=10").status_code == 201
    done = word(store, made["approval"]["id"]).json()
    assert (done["status"], done["code"]) == ("refused", "already_returned")
    assert len(store.sandbox.effects("refund")) == 1


def test_an_exchange_waits_and_goes_on_with_its_return(store):
    made = swap(store)
    assert made["approval"]["status"] == "pending"
    shown = store.get(f"/v1/approvals/{made['approval']['id']}").json()
    assert (shown["action"], shown["subject"]["id"]) == ("request_exchange", made["return"])
    done = word(store, made["approval"]["id"]).json()
    assert (done["status"], done["result"]) == ("approved", {"type": "exchange", "id": made["id"]})
    settled(store, f"/v1/returns/{made['return']}")
    assert store.get(f"/v1/exchanges/{made['id']}").json()["status"] == "approved"


def test_an_exchange_for_what_is_sold_out_meanwhile_is_refused_at_the_yes(store):
    made = swap(store)
    shop = store.sandbox.get("/sandbox/v1/export")
    for product in shop["products"]:
        for variant in product["variants"]:
            variant["available"] = variant["id"] != SWAP["variant_id"] and variant.get("available", True)
    store.sandbox.post("/sandbox/v1/import", shop)
    done = word(store, made["approval"]["id"]).json()
    assert (done["status"], done["code"]) == ("refused", "new_item_unavailable")
    assert store.get(f"/v1/exchanges/{made['id']}").json()["status"] == "declined"
    assert store.sandbox.effects("open_exchange") == []


def test_the_items_of_an_exchange_that_waits_are_not_refunded_beside_it(store):
    made = swap(store)
    paid = store.post("/v1/refunds", {"order": "#1001", "lines": LINES})
    assert paid.json()["code"] in {"refund_exceeds_captured", "already_returned"}, "the exchange holds them"
    assert word(store, made["approval"]["id"]).json()["status"] == "approved"


def test_a_shopper_who_cancels_ends_the_question(store):
    made = ask(store)
    assert say(store, made, "cancel", **ANNA).json()["status"] == "canceled"
    assert store.get(f"/v1/approvals/{made['approval']['id']}").json()["status"] == "canceled"
    assert word(store, made["approval"]["id"]).json()["code"] == "approval_not_pending"


def test_a_question_that_nobody_answers_expires_with_its_return(app, store):
    made = ask(store)
    change(app, made["approval"]["id"], expires_at=clock.now() - timedelta(seconds=1))
    late = say(store, made, "approve").json()["code"]
    assert late in {"approval_not_pending", "return_not_in_state"}, "the second where its end was noted already"
    app.write(approvals.tend)
    assert (now(store, made)["status"], now(store, made)["approval"]["status"]) == ("expired", "expired")


def test_six_yeses_by_both_doors_make_one_effect(store):
    made = ask(store)

    def one(n: int) -> int:
        by = {"Aftersale_Actor": f"agent:p{n}"}
        answer = say(store, made, "approve", **by) if n % 2 else word(store, made["approval"]["id"], by=f"p{n}")
        return answer.status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(one, range(6))) == [200] + [409] * 5
    until(lambda: now(store, made)["operation"]["status"] == "succeeded", 15)
    assert len(store.sandbox.effects("open_return")) == 1


def test_what_the_store_itself_asks_for_needs_a_named_person(store):
    rule = {"id": "look", "actions": ["return"], "outcome": "ask"}
    obey(store, {"rules": [rule]})
    made = store.post("/v1/returns", {"order": "#1001", "lines": LINES}).json()
    answer = say(store, made, "approve")
    assert (answer.status_code, answer.json()["code"]) == (403, "actor_required")
    assert say(store, made, "approve", Aftersale_Actor="agent:kim").json()["status"] == "approved"


# ---- the money of a return that two persons must agree to ---------------------------------------------------------


def test_a_completed_return_whose_refund_needs_two_persons_waits_for_them_and_is_paid_once(store):
    obey(store, {"two_persons_above": {"EUR": 1000}})
    made = store.post("/v1/returns", {"order": "#1001", "lines": LINES}, Prefer="wait=10").json()
    assert say(store, made, "receive").status_code == 200
    done = say(store, made, "complete", key="done", Aftersale_Actor="agent:ann")
    assert (done.status_code, done.json()["status"]) == (202, "completed"), done.text
    refund, approval = done.json()["refund"], done.json()["approval"]
    assert approval["status"] == "pending"
    assert store.get(f"/v1/refunds/{refund}").json()["status"] == "awaiting_approval"
    assert store.sandbox.effects("refund") == []
    assert word(store, approval["id"], by="ann").json()["code"] == "self_approval"
    assert word(store, approval["id"], by="kim").json()["status"] == "pending"
    assert word(store, approval["id"], by="lee").json()["status"] == "approved"
    paid = settled(store, f"/v1/refunds/{refund}")
    assert (paid["status"], paid["return"]) == ("succeeded", made["id"])
    assert len(store.sandbox.effects("refund")) == 1
    again = say(store, made, "complete", key="done", Aftersale_Actor="agent:ann")
    assert (again.status_code, again.json()["refund"]) == (200, refund)
    second = store.post("/v1/refunds", {"order": "#1001", "lines": LINES})
    assert second.json()["code"] == "refund_exceeds_captured"


def test_a_completed_return_whose_refund_is_rejected_pays_nothing(store):
    obey(store, {"two_persons_above": {"EUR": 1000}})
    made = store.post("/v1/returns", {"order": "#1001", "lines": LINES}, Prefer="wait=10").json()
    say(store, made, "receive")
    done = say(store, made, "complete").json()
    assert word(store, done["approval"]["id"], "reject").json()["status"] == "rejected"
    assert store.get(f"/v1/refunds/{done['refund']}").json()["status"] == "canceled"
    assert store.sandbox.effects("refund") == []
