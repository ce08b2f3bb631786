"""What waits for a person: without effect until they say yes, decided again on the day, one effect whoever says it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.models.approvals import Approval
from app.services import approvals
from tests.support.app import App, Tenant

LINES = [{"line_id": "ln-1001-1", "quantity": 1}]
ANNA = {"Aftersale_Customer": "cust-anna"}
INES = {"Aftersale_Customer": "cust-ines"}
CAPS = {"refund": 20_000, "order": 30_000, "customer": 50_000, "day": 500_000}
ASKS: dict[str, Any] = {
    "caps": {"EUR": CAPS},
    "instant_refund": True,
    "auto_approve": {"refund": False, "cancel": False},
}


def obey(store: Tenant, document: dict[str, Any]) -> None:
    made = store.post("/v1/policies", {"document": document})
    assert made.status_code == 201, made.text
    done = store.post(f"/v1/policies/{made.json()['id']}/activate", Aftersale_Actor="agent:boss")
    assert done.status_code == 200, done.text


@pytest.fixture
def store(app: App) -> Tenant:
    store = app.store()
    obey(store, ASKS)
    return store


def ask(store: Tenant, **headers: str) -> dict[str, Any]:
    answer = store.post("/v1/refunds", {"order": "#1001", "lines": LINES, "reason": "late"}, **(headers or ANNA))
    assert answer.status_code == 202, answer.text
    return answer.json()


def word(store: Tenant, approval: str, verb: str = "approve", by: str = "kim", **headers: Any) -> Any:
    path = f"/v1/approvals/{approval}/{verb}"
    return store.post(path, {"note": "seen"}, Aftersale_Actor=f"agent:{by}", **headers)


def settled(store: Tenant, path: str) -> dict[str, Any]:
    give_up = clock.now() + timedelta(seconds=20)
    while (found := store.get(path).json())["status"] in {"pending", "unknown"}:
        assert clock.now() < give_up
    return found


def change(app: App, approval: str, **fields: Any) -> None:
    def work(session: Any) -> None:
        row = session.get_one(Approval, approval)
        for name, value in fields.items():
            setattr(row, name, value)

    app.write(work)


def kinds(store: Tenant, resource: str) -> list[str]:
    return [event["type"] for event in store.get(f"/v1/events?resource={resource}").json()["data"]]


def test_a_refund_that_is_asked_about_waits_and_reserves_nothing(store):
    made = ask(store)
    assert (made["status"], made["allocations"], made["operations"]) == ("awaiting_approval", [], [])
    assert made["approval"]["status"] == "pending"
    shown = store.get(f"/v1/approvals/{made['approval']['id']}").json()
    assert (shown["action"], shown["order"], shown["approvers"]) == ("refund_order", made["order"], 1)
    assert shown["subject"] == {"type": "refund", "id": made["id"]}
    assert store.get(f"/v1/decisions/{shown['decision_id']}").json()["outcome"] == "ask"
    order = store.get("/v1/orders/1001").json()
    assert [payment["reserved"]["amount"] for payment in order["payments"]] == [0]
    assert order["lines"][0]["refunded_quantity"] == 0
    assert store.sandbox.effects("refund") == []
    listed = store.get("/v1/approvals?status=pending&action=refund_order&order=1001").json()["data"]
    assert [row["id"] for row in listed] == [shown["id"]]
    assert store.get("/v1/approvals?action=cancel_order").json()["data"] == []


def test_a_named_person_says_yes_and_the_money_goes_back_once(store):
    made = ask(store)
    approval = made["approval"]["id"]
    done = word(store, approval, key="yes")
    assert (done.status_code, done.json()["status"]) == (200, "approved")
    assert done.json()["result"] == {"type": "refund", "id": made["id"]}
    assert done.json()["votes"][0]["agent"] == "kim"
    again = word(store, approval, key="yes")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert word(store, approval).json()["code"] == "approval_not_pending"
    assert settled(store, f"/v1/refunds/{made['id']}")["status"] == "succeeded"
    assert [row["amount"] for row in store.sandbox.effects("refund")] == [made["amount"]["amount"]]
    assert kinds(store, approval) == ["approval.requested", "approval.approved"]
    assert kinds(store, made["id"])[:3] == ["refund.created", "refund.approved", "refund.succeeded"]


def test_the_same_key_asks_one_person_and_tells_how_it_is_now(store):
    body = {"order": "#1001", "lines": LINES}
    first = store.post("/v1/refunds", body, key="k", **ANNA).json()
    second = store.post("/v1/refunds", body, key="k", **ANNA)
    assert (second.status_code, second.json()["id"]) == (202, first["id"])
    assert word(store, first["approval"]["id"]).status_code == 200
    third = store.post("/v1/refunds", body, key="k", Prefer="wait=10", **ANNA)
    assert (third.status_code, third.json()["status"]) == (201, "succeeded")
    assert len(store.get("/v1/approvals").json()["data"]) == 1


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_nobody_without_a_name_and_no_shopper_decides(store, verb):
    approval = ask(store)["approval"]["id"]
    path = f"/v1/approvals/{approval}/{verb}"
    assert store.post(path, {}).json()["code"] == "actor_required"
    assert store.post(path, {}, Aftersale_Actor="agent:kim", **ANNA).json()["code"] == "forbidden"
    assert store.get(f"/v1/approvals/{approval}").json()["status"] == "pending"


def test_nobody_approves_what_they_have_asked_for(store):
    approval = ask(store, **ANNA, Aftersale_Actor="agent:kim")["approval"]["id"]
    answer = word(store, approval, by="kim")
    assert (answer.status_code, answer.json()["code"]) == (403, "self_approval")
    assert word(store, approval, by="lee").json()["status"] == "approved"


def test_above_an_amount_two_different_persons_must_agree_even_for_the_store(store):
    obey(store, {**ASKS, "two_persons_above": {"EUR": 1000}})
    made = ask(store, Aftersale_Actor="agent:ann")
    approval = made["approval"]["id"]
    assert store.get(f"/v1/approvals/{approval}").json()["approvers"] == 2
    assert word(store, approval, by="ann").json()["code"] == "self_approval"
    assert word(store, approval, by="kim").json()["status"] == "pending"
    answer = word(store, approval, by="kim")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_approved")
    assert store.sandbox.effects("refund") == []
    assert word(store, approval, by="lee").json()["status"] == "approved"
    assert settled(store, f"/v1/refunds/{made['id']}")["status"] == "succeeded"


def test_another_spelling_of_a_name_is_no_other_person(store: Tenant) -> None:
    obey(store, {**ASKS, "two_persons_above": {"EUR": 1}})
    approval = ask(store, Aftersale_Actor="agent:alice")["approval"]["id"]
    for same in ("alice", "Alice", "ALICE"):
        assert word(store, approval, by=same).json()["code"] == "self_approval"
    assert word(store, approval, by="bob").json()["status"] == "pending"
    assert word(store, approval, by="Bob").json()["code"] == "already_approved"
    assert store.sandbox.effects("refund") == []
    assert word(store, approval, by="kim").json()["status"] == "approved"


def test_a_yes_needs_the_scope_of_what_it_makes(store: Tenant) -> None:
    """A key that may file claims and say yes, but not pay, pays nothing."""
    _, weak = store.issue(scopes=("claims:write", "approvals:write", "approvals:read", "orders:read"))
    line = {"line_id": "ln-1001-1", "quantity": 1, "kind": "damaged"}
    claimed = store.post("/v1/claims", {"order": "#1001", "lines": [line], "resolution": "refund"}, **ANNA).json()
    refund = ask(store)["approval"]["id"]
    for approval in (claimed["approval"]["id"], refund):
        answer = store.client.post(
            f"/v1/approvals/{approval}/approve",
            json={},
            headers={"Authorization": f"Bearer {weak}", "Idempotency-Key": approval, "Aftersale-Actor": "agent:kim"},
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
        assert store.get(f"/v1/approvals/{approval}").json()["votes"] == []
    assert store.sandbox.effects("refund") == []


def test_a_rejected_refund_is_canceled(store):
    made = ask(store)
    done = word(store, made["approval"]["id"], "reject").json()
    assert (done["status"], done["result"]) == ("rejected", None)
    assert store.get(f"/v1/refunds/{made['id']}").json()["status"] == "canceled"
    assert store.sandbox.effects("refund") == []


def test_what_today_s_facts_refuse_ends_the_approval_and_moves_no_money(store):
    made = ask(store)
    obey(store, {**ASKS, "auto_approve": {}})
    paid = store.post("/v1/refunds", {"order": "#1001", "lines": LINES}, Prefer="wait=10")
    assert paid.status_code == 201, paid.text
    done = word(store, made["approval"]["id"]).json()
    assert (done["status"], done["code"], done["result"]) == ("refused", "refund_exceeds_captured", None)
    assert done["reasons"] != []
    assert store.get(f"/v1/refunds/{made['id']}").json()["status"] == "canceled"
    assert len(store.sandbox.effects("refund")) == 1


def test_two_persons_at_once_make_one_effect(store):
    made = ask(store)
    with ThreadPoolExecutor(6) as pool:
        words = list(pool.map(lambda n: word(store, made["approval"]["id"], by=f"p{n}"), range(6)))
    assert sorted(answer.status_code for answer in words) == [200] + [409] * 5
    assert settled(store, f"/v1/refunds/{made['id']}")["status"] == "succeeded"
    assert len(store.sandbox.effects("refund")) == 1


def test_a_lost_answer_after_a_yes_pays_once(store):
    made = ask(store)
    store.sandbox.fault("refund", "error_after_effect")
    assert word(store, made["approval"]["id"]).json()["status"] == "approved"
    assert settled(store, f"/v1/refunds/{made['id']}")["status"] == "succeeded"
    assert len(store.sandbox.effects("refund")) == 1


def test_a_question_is_asked_again_and_ends_by_the_store_s_hours(app, store):
    obey(store, {**ASKS, "approvals": {"expires_after_hours": 10, "remind_after_hours": [2, 5]}})
    made = ask(store)
    approval = made["approval"]["id"]
    shown = store.get(f"/v1/approvals/{approval}").json()
    change(app, approval, remind_at=clock.now() - timedelta(seconds=1))
    app.write(approvals.tend)
    assert kinds(store, approval) == ["approval.requested", "approval.reminded"]
    assert shown["expires_at"] == store.get(f"/v1/approvals/{approval}").json()["expires_at"]
    change(app, approval, expires_at=clock.now() - timedelta(seconds=1))
    assert word(store, approval).json()["code"] == "approval_not_pending", "it is over before anybody has tidied up"
    app.write(approvals.tend)
    assert store.get(f"/v1/approvals/{approval}").json()["status"] == "expired"
    assert kinds(store, approval)[-1] == "approval.expired"
    assert store.get(f"/v1/refunds/{made['id']}").json()["status"] == "canceled"


def test_a_cancellation_waits_as_its_name_and_parameters(store):
    body = {"reason": "no longer needed"}
    asked = store.post("/v1/orders/1016/cancel", body, key="k", **INES)
    assert (asked.status_code, asked.json()["status"], asked.json()["operation"]) == (202, "pending", None)
    approval = asked.json()["approval"]["id"]
    shown = store.get(f"/v1/approvals/{approval}").json()
    assert (shown["action"], shown["subject"], shown["parameters"]["reason"]) == ("cancel_order", None, body["reason"])
    assert store.sandbox.effects("cancel") == []
    done = word(store, approval).json()
    assert (done["status"], done["result"]["type"]) == ("approved", "cancellation")
    now = store.post("/v1/orders/1016/cancel", body, key="k", Prefer="wait=10", **INES)
    assert (now.status_code, now.json()["status"]) == (200, "canceled")


def test_what_waits_already_is_not_asked_about_again_by_another_key(store: Tenant) -> None:
    body = {"reason": "no longer needed"}

    def one(number: int) -> str:
        asked = store.post("/v1/orders/1016/cancel", body, key=f"k{number}", **INES)
        assert asked.status_code == 202, asked.text
        return asked.json()["approval"]["id"]

    with ThreadPoolExecutor(6) as pool:
        [approval] = set(pool.map(one, range(6)))
    assert [row["id"] for row in store.get("/v1/approvals").json()["data"]] == [approval]
    other = store.post("/v1/orders/1016/cancel", {"reason": "too late"}, **INES).json()["approval"]["id"]
    assert other != approval, "in other words it is another question"
    assert word(store, approval, "reject").json()["status"] == "rejected"
    again = store.post("/v1/orders/1016/cancel", body, key="anew", **INES).json()["approval"]["id"]
    assert again not in {approval, other}, "what was answered may be asked again"


def test_two_gestures_of_the_same_amount_are_two_questions(store: Tenant) -> None:
    obey(store, {**ASKS, "two_persons_above": {"EUR": 1}})
    body = {"order": "1001", "amount": {"amount": 500, "currency": "EUR"}}
    asked = [store.post("/v1/actions/goodwill_credit", body).json()["approval"]["id"] for _ in range(2)]
    assert len(set(asked)) == 2


def test_a_cancellation_that_has_shipped_meanwhile_is_refused_on_the_day(store):
    asked = store.post("/v1/orders/1016/cancel", {"reason": "late"}, **INES).json()
    gone = store.post("/v1/orders/1016/cancel", {"reason": "by the store"}, Prefer="wait=10")
    assert gone.status_code == 200, gone.text
    done = word(store, asked["approval"]["id"]).json()
    assert (done["status"], done["code"]) == ("refused", "already_canceled")
    refused = store.get(f"/v1/approvals/{asked['approval']['id']}").json()["decision_id"]
    assert store.get(f"/v1/decisions/{refused}").json()["action"] == "cancel", "as a policy calls it"


def test_a_preview_of_what_is_asked_about_tells_so_and_asks_nobody(store):
    shown = store.post("/v1/refunds", {"order": "#1001", "lines": LINES, "preview": True}, **ANNA).json()
    assert shown["decision"]["outcome"] == "ask"
    assert [(effect["kind"], effect["needs_approval"]) for effect in shown["effects"]] == [("refund", True)]
    assert store.get("/v1/approvals").json()["data"] == []
    body = {"order": "#1001", "lines": LINES, "confirmation_token": shown["confirmation_token"]}
    assert store.post("/v1/refunds", body, **ANNA).status_code == 202


def test_another_store_sees_no_approval(app, store):
    approval = ask(store)["approval"]["id"]
    other = app.store()
    assert word(other, approval).json()["code"] == "approval_not_found"
    assert other.get("/v1/approvals").json()["data"] == []
