"""Claims that a person is asked about: among the approvals and by their own routes, the same question, paid once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.services import approvals
from tests.http.test_approvals import ANNA, CAPS, change, obey, word
from tests.services.durable_fixtures import until
from tests.support.app import App, Tenant

LINE = {"line_id": "ln-1001-1", "quantity": 1, "kind": "damaged"}


def claim(store: Tenant, resolution: str | None = "refund", **headers: Any) -> dict[str, Any]:
    body = {"order": "#1001", "lines": [LINE], "resolution": resolution}
    answer = store.post("/v1/claims", body, Prefer="wait=10", **(headers or ANNA))
    assert answer.status_code in {201, 202}, answer.text
    return answer.json()


def accept(store: Tenant, made: dict[str, Any], resolution: str = "refund", **headers: Any) -> Any:
    return store.post(f"/v1/claims/{made['id']}/accept", {"resolution": resolution}, Prefer="wait=10", **headers)


def now(store: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    return store.get(f"/v1/claims/{made['id']}").json()


def ended(store: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    return until(lambda: (found := now(store, made))["status"] == "completed" and found)


def test_a_yes_among_the_approvals_pays_what_was_wished_once(store: Tenant) -> None:
    made = claim(store)
    shown = store.get(f"/v1/approvals/{made['approval']['id']}").json()
    assert (shown["action"], shown["subject"]) == ("open_claim", {"type": "claim", "id": made["id"]})
    done = word(store, shown["id"]).json()
    assert (done["status"], done["result"]) == ("approved", {"type": "claim", "id": made["id"]})
    assert ended(store, made)["resolution"] == "refund"
    assert accept(store, made).json()["code"] == "claim_not_in_state"
    assert len(store.sandbox.effects("refund")) == 1


def test_a_claim_that_wishes_nothing_is_settled_by_its_own_route(store: Tenant) -> None:
    made = claim(store, None)
    answer = word(store, made["approval"]["id"])
    assert (answer.status_code, answer.json()["code"]) == (422, "resolution_required")
    assert now(store, made)["approval"]["status"] == "pending"
    assert accept(store, made, Aftersale_Actor="agent:kim").json()["status"] == "completed"
    shown = store.get(f"/v1/approvals/{made['approval']['id']}").json()
    assert (shown["status"], [vote["agent"] for vote in shown["votes"]]) == ("approved", ["kim"])


@pytest.mark.parametrize("door", ["claim", "approval"])
def test_a_no_declines_it_by_either_door_and_says_why(store: Tenant, door: str) -> None:
    made = claim(store)
    if door == "claim":
        answer = store.post(f"/v1/claims/{made['id']}/decline", {"reason": "seen"}, Aftersale_Actor="agent:kim")
    else:
        answer = word(store, made["approval"]["id"], "reject")
    assert answer.status_code == 200, answer.text
    found = now(store, made)
    assert (found["status"], found["reason"], found["approval"]["status"]) == ("declined", "seen", "rejected")
    assert claim(store)["status"] == "awaiting_approval", "its items are free again"


def test_above_an_amount_two_persons_settle_a_claim_and_it_is_paid_once(store: Tenant) -> None:
    obey(store, {"two_persons_above": {"EUR": 1000}})
    made = claim(store)
    unnamed = accept(store, made)
    assert (unnamed.status_code, unnamed.json()["code"]) == (403, "actor_required")
    first = accept(store, made, Aftersale_Actor="agent:kim")
    assert (first.status_code, first.json()["status"]) == (202, "awaiting_approval"), first.text
    assert accept(store, made, Aftersale_Actor="agent:kim").json()["code"] == "already_approved"
    other = accept(store, made, "store_credit", Aftersale_Actor="agent:lee")
    assert other.json()["code"] == "claim_not_in_state", "they agree on the same settlement"
    assert store.sandbox.effects("refund") == []
    assert accept(store, made, Aftersale_Actor="agent:lee").json()["status"] == "completed"
    assert len(store.sandbox.effects("refund")) == 1


def test_nobody_settles_by_any_door_what_they_have_claimed_themselves(store: Tenant) -> None:
    obey(store, {"two_persons_above": {"EUR": 1000}})
    made = claim(store, Aftersale_Actor="agent:ann")
    for answer in (accept(store, made, Aftersale_Actor="agent:ann"), word(store, made["approval"]["id"], by="ann")):
        assert (answer.status_code, answer.json()["code"]) == (403, "self_approval")
    assert accept(store, made).json()["code"] == "actor_required", "nor by leaving out their name"
    assert now(store, made)["status"] == "awaiting_approval"
    store.sandbox.fault("refund", "refuse", code="card_expired", status=422)
    for by in ("kim", "lee"):
        accept(store, made, Aftersale_Actor=f"agent:{by}")
    assert now(store, made)["failure_code"] == "card_expired"
    assert accept(store, made, Aftersale_Actor="agent:ann").json()["code"] == "self_approval", (
        "nor when it is paid again"
    )
    for by in ("kim", "lee"):
        accept(store, made, Aftersale_Actor=f"agent:{by}")
    assert ended(store, made)["payment_status"] == "succeeded"


def test_a_person_s_yes_is_above_the_caps_of_automation(store: Tenant) -> None:
    obey(store, {"caps": {"EUR": dict.fromkeys(CAPS, 100)}})
    made = claim(store)
    assert word(store, made["approval"]["id"]).json()["status"] == "approved"
    assert ended(store, made)["payment_status"] == "succeeded"


def test_today_s_facts_may_refuse_a_claim_at_the_yes(store: Tenant) -> None:
    made = claim(store)
    rule = {"id": "no-claims", "actions": ["claim"], "outcome": "refuse", "code": "limit_reached"}
    obey(store, {"rules": [rule]})
    refused = accept(store, made)
    assert (refused.status_code, refused.json()["code"]) == (409, "limit_reached")
    assert store.get(f"/v1/decisions/{refused.json()['decision_id']}").json()["rules"][0] == "no-claims"
    assert now(store, made)["status"] == "awaiting_approval", "a refused write changes nothing"
    done = word(store, made["approval"]["id"]).json()
    assert (done["status"], done["code"]) == ("refused", "limit_reached")
    assert (now(store, made)["status"], store.sandbox.effects("refund")) == ("declined", [])


def test_a_claim_that_nobody_decides_or_that_is_taken_back_ends_its_question(app: App, store: Tenant) -> None:
    made = claim(store)
    assert store.post(f"/v1/claims/{made['id']}/cancel", {}, **ANNA).json()["status"] == "canceled"
    assert store.get(f"/v1/approvals/{made['approval']['id']}").json()["status"] == "canceled"
    late = claim(store)
    change(app, late["approval"]["id"], expires_at=clock.now() - timedelta(seconds=1))
    app.write(approvals.tend)
    assert (now(store, late)["status"], now(store, late)["approval"]["status"]) == ("canceled", "expired")


def test_what_the_policy_accepts_by_itself_is_paid_at_once_within_the_caps(store: Tenant) -> None:
    obey(store, {"auto_approve": {"claim": True}, "caps": {"EUR": CAPS}})
    made = claim(store)
    assert (made["status"], made["resolution"], made["approval"]) == ("completed", "refund", None)
    assert len(store.sandbox.effects("refund")) == 1
    assert claim_code(store) == "already_claimed"


def claim_code(store: Tenant) -> str:
    return store.post("/v1/claims", {"order": "#1001", "lines": [LINE], "resolution": "refund"}, **ANNA).json()["code"]


def test_what_is_above_the_caps_waits_for_a_person_instead(store: Tenant) -> None:
    obey(store, {"auto_approve": {"claim": True}, "caps": {"EUR": dict.fromkeys(CAPS, 100)}})
    made = claim(store)
    assert (made["status"], made["approval"]["status"]) == ("awaiting_approval", "pending")
    assert store.sandbox.effects("refund") == []
