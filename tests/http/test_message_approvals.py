"""What a shopper asks for in a message and a person must allow: one question, the same approval, one effect."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.talk import tell
from tests.http.test_approvals import CAPS, obey, settled, word
from tests.services.durable_fixtures import until
from tests.support.app import Tenant


def waiting(store: Tenant) -> list[dict[str, Any]]:
    return store.get("/v1/approvals?status=pending").json()["data"]


def ask(store: Tenant, text: str, shopper: str) -> dict[str, Any]:
    """Say it, and give what now waits for a person."""
    answer = tell(store, text, shopper=shopper, locale="en")
    assert answer["outcome"] == "handed_off", answer
    (asked,) = waiting(store)
    assert (asked["requested_by"]["type"], asked["requested_by"]["proof"]) == ("automation", 2)
    return asked


def test_a_cancellation_is_carried_out_at_the_yes_and_not_before(store: Tenant) -> None:
    obey(store, {"auto_approve": {"cancel": False}, "caps": {"EUR": CAPS}, "instant_refund": True})
    asked = ask(store, "Please cancel my order #1016", "cust-ines")
    assert asked["action"] == "cancel_order"
    assert store.sandbox.effects("cancel") == []
    done = word(store, asked["id"]).json()
    assert (done["status"], done["result"]["type"]) == ("approved", "cancellation")
    until(lambda: store.get("/v1/orders/1016").json()["status"] == "canceled", 15)
    assert len(store.sandbox.effects("cancel")) == 1


def test_a_return_is_approved_by_either_door(store: Tenant) -> None:
    obey(store, {"auto_approve": {"return": False}})
    asked = ask(store, "I want to return order #1005", "cust-anna")
    assert (asked["action"], asked["subject"]["type"]) == ("request_return", "return")
    made = asked["subject"]["id"]
    assert store.get(f"/v1/returns/{made}").json()["ticket"] is not None
    assert store.post(f"/v1/returns/{made}/approve", {}, Prefer="wait=10").json()["status"] == "approved"
    assert waiting(store) == []


def test_a_refund_is_paid_once_at_the_yes(store: Tenant) -> None:
    obey(store, {"auto_approve": {"refund": False}, "caps": {"EUR": CAPS}, "instant_refund": True})
    asked = ask(store, "I want a refund for order #1005", "cust-anna")
    assert asked["action"] == "refund_order"
    assert store.sandbox.effects("refund") == []
    assert word(store, asked["id"]).json()["status"] == "approved"
    assert settled(store, f"/v1/refunds/{asked['subject']['id']}")["status"] == "succeeded"
    assert len(store.sandbox.effects("refund")) == 1


@pytest.mark.parametrize("rule", ["ask", "refuse"])
def test_a_label_that_may_not_be_made_leaves_the_return_to_a_person(store: Tenant, rule: str) -> None:
    obey(store, {"rules": [{"id": "labels", "actions": ["return_label"], "outcome": rule}]})
    answer = tell(store, "I want to return order #1005", shopper="cust-anna", locale="en")
    assert answer["outcome"] == "handed_off"
    (made,) = store.get("/v1/returns").json()["data"]
    assert (made["status"], store.sandbox.effects("label")) == ("approved", [])
    assert [row["action"] for row in waiting(store)] == (["issue_label"] if rule == "ask" else [])
