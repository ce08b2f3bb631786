"""Actions that have no other door, and those that other doors share: what they do, once, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.test_approvals import obey, word
from tests.services.durable_fixtures import until
from tests.support.app import Tenant

ANNA = {"Aftersale_Customer": "cust-anna"}
LUC = {"Aftersale_Customer": "cust-luc"}
LINES = [{"line_id": "ln-1001-1", "quantity": 1}]


def run(store: Tenant, name: str, body: dict[str, Any], **headers: Any) -> Any:
    return store.post(f"/v1/actions/{name}", body, **{"Prefer": "wait=10", **headers})


def told(answer: Any) -> tuple[int, Any]:
    return answer.status_code, answer.json().get("code")


def mails(store: Tenant) -> list[dict[str, Any]]:
    return store.sandbox.get("/mail/v1/messages")["data"]


def test_a_confirmation_is_mailed_again_once(store: Tenant) -> None:
    store.sandbox.fault("mail", "error_after_effect")
    first = run(store, "resend_confirmation", {"order": "#1001"}, key="mail", **ANNA)
    assert (first.status_code, first.json()["kind"]) == (201, "notice"), first.text
    assert run(store, "resend_confirmation", {"order": "#1001"}, key="mail", **ANNA).json()["id"] == first.json()["id"]
    assert told(run(store, "resend_confirmation", {"order": "#1001"}, **ANNA)) == (409, "confirmation_just_sent")
    (mail,) = mails(store)
    assert (mail["to"], "1001" in mail["subject"]) == ("anna.keller@example.com", True)
    assert told(run(store, "resend_confirmation", {"order": "#1001"}, **LUC)) == (403, "not_owner")
    assert len(mails(store)) == 1


def test_a_window_that_the_store_extends_lets_an_old_order_come_back(store: Tenant) -> None:
    late = {"order": "#1010", "lines": [{"line_id": "ln-1010-2", "quantity": 1}]}
    assert told(store.post("/v1/returns", late)) == (409, "return_window_closed")
    open_until = {"order": "#1010", "line": "ln-1010-2", "until": "2027-03-01T00:00:00Z"}
    assert told(run(store, "extend_window", open_until, **ANNA))[0] in {403, 404}
    assert told(run(store, "extend_window", {**open_until, "until": "2020-03-01T00:00:00Z"})) == (
        422,
        "validation_failed",
    )
    assert told(run(store, "extend_window", {**open_until, "line": "ln-1001-1"})) == (422, "item_not_in_order")
    made = run(store, "extend_window", open_until)
    assert (made.status_code, made.json()["until"]) == (201, "2027-03-01T00:00:00Z")
    assert store.post("/v1/returns", late).status_code == 201
    order = store.get("/v1/orders/1010").json()
    assert "order.window_extended" in [
        event["type"] for event in store.get(f"/v1/events?resource={order['id']}").json()["data"]
    ]


def test_a_label_that_the_policy_asks_about_is_bought_after_a_yes_and_not_before(store: Tenant) -> None:
    obey(store, {"auto_approve": {"return_label": False}})
    body = {"order": "#1001", "lines": LINES}
    asked = store.post("/v1/return-labels", body, key="label", **ANNA)
    assert (asked.status_code, asked.json()["status"]) == (202, "awaiting_approval")
    assert store.get("/v1/returns").json()["data"] == []
    done = word(store, asked.json()["approval"]["id"]).json()
    assert (done["status"], done["result"]["type"]) == ("approved", "label")
    again = store.post("/v1/return-labels", body, key="label", Prefer="wait=10", **ANNA)
    assert (again.status_code, again.json()["status"]) == (201, "active")
    assert len(store.sandbox.effects("label")) == 1


def test_a_label_for_a_return_that_stands_is_asked_about_too(store: Tenant) -> None:
    rule = {"id": "no-labels", "actions": ["return_label"], "outcome": "refuse"}
    obey(store, {"rules": [rule]})
    made = store.post("/v1/returns", {"order": "#1001", "lines": LINES}, **ANNA).json()
    answer = run(store, "issue_label", {"return_id": made["id"]}, **ANNA)
    assert told(answer) == (409, "item_not_returnable")
    assert store.get(f"/v1/decisions/{answer.json()['decision_id']}").json()["rules"] == ["no-labels"]
    assert store.sandbox.effects("label") == []


@pytest.mark.parametrize("who", [{}, ANNA], ids=["store", "shopper"])
def test_a_ticket_is_answered_and_handed_over_by_the_one_door(store: Tenant, who: dict[str, str]) -> None:
    ticket = store.post("/v1/tickets", {"text": "Hello", "customer": "cust-anna"}).json()["id"]
    said = run(store, "answer_ticket", {"ticket": ticket, "text": "My card is 4111 1111 1111 1111"}, **who)
    assert (said.status_code, said.json()["direction"]) == (201, "inbound" if who else "outbound")
    assert "4111" not in said.text
    given = run(store, "hand_off", {"ticket": ticket, "reason": "goodwill", "priority": "high"}, **who)
    assert (given.status_code, given.json()["priority"]) == (200, "high")
    assert store.get(f"/v1/tickets/{ticket}").json()["handoff"]["reason"] == "goodwill"
    assert told(run(store, "answer_ticket", {"ticket": ticket, "text": "x"}, **LUC)) == (404, "ticket_not_found")


def test_a_return_a_claim_and_a_withdrawal_run_by_the_one_door(store: Tenant) -> None:
    back = run(store, "request_return", {"order": "#1001", "lines": LINES}, key="k", **ANNA)
    assert (back.status_code, back.json()["status"]) == (201, "approved")
    assert run(store, "request_return", {"order": "#1001", "lines": LINES}, key="k", **ANNA).json() == back.json()
    label = run(store, "issue_label", {"return_id": back.json()["id"]}, **ANNA)
    assert (label.status_code, label.json()["status"]) == (201, "active")
    swap = {"line_id": "ln-1001-2", "variant_id": "var-socks-grey-43", "quantity": 1}
    exchange = run(store, "request_exchange", {"order": "#1001", "lines": [swap], "payment_method_id": "pm-anna-visa"})
    assert (exchange.status_code, exchange.json()["status"]) == (201, "approved"), exchange.text
    wrong = {"line_id": "ln-1004-1", "quantity": 1, "kind": "damaged"}
    claim = run(store, "open_claim", {"order": "#1004", "lines": [wrong]})
    assert (claim.status_code, claim.json()["status"]) == (202, "awaiting_approval")
    declared = run(store, "withdraw", {"order": "#1005"}, Aftersale_Customer="cust-anna")
    assert (declared.status_code, declared.json()["status"]) == (201, "requested"), declared.text
    sure = run(store, "confirm_withdrawal", {"withdrawal": declared.json()["id"]}, **ANNA)
    assert sure.json()["status"] in {"confirmed", "completed"}, sure.text
    bound = until(lambda: (w := store.get(f"/v1/withdrawals/{declared.json()['id']}").json())["settled"] and w)
    assert bound["acknowledgement"]["status"] == "succeeded"
