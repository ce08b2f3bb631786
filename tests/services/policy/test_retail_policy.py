"""The written rules of a retail shop, as a policy document: what each of its sentences allows and forbids."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.services.policy.contract import Facts, LineFacts
from app.services.policy.document import check
from app.services.policy.engine import Guard

NOW = datetime(2026, 3, 1, tzinfo=UTC)
POLICY = Path(__file__).parents[2] / "replay" / "policy.json"
GUARD = Guard(check(json.loads(POLICY.read_text())), "retail")
LINE = LineFacts(line_id="a", free=1, value=4000)


def decide(action, status, **more):
    facts = {"actor": "shopper", "proof": 2, "now": NOW, "currency": "USD", "placed_at": NOW - timedelta(days=900)}
    if action in {"return", "exchange"}:
        facts |= {"lines": (LINE,), "delivered_at": NOW - timedelta(days=800)}
    ruling = GUARD.decide(Facts(**{**facts, **more}, action=action, order_status=status))
    return ruling.code if ruling.outcome == "refuse" else ruling.outcome


CHANGES = ["change_address", "swap_items", "change_payment_method"]


@pytest.mark.parametrize("reason", ["no longer needed", "ordered by mistake"])
def test_a_pending_order_is_canceled_for_either_reason(reason):
    assert decide("cancel", "pending", reason=reason, amount=123456) == "allow"


@pytest.mark.parametrize("reason", [None, "", "No longer needed", "ordered by mistake and no longer needed"])
def test_no_other_reason_cancels(reason):
    assert decide("cancel", "pending", reason=reason) == "reason_not_allowed"


@pytest.mark.parametrize("status", ["processing", "shipped", "delivered", "canceled", None])
@pytest.mark.parametrize("action", ["cancel", *CHANGES])
def test_only_a_pending_order_is_canceled_or_changed(action, status):
    assert decide(action, status, reason="no longer needed") == "order_not_pending"


@pytest.mark.parametrize("action", CHANGES)
def test_a_pending_order_is_changed(action):
    assert decide(action, "pending") == "allow"


@pytest.mark.parametrize("action", ["cancel", *CHANGES])
def test_changing_items_locks_the_order(action):
    assert decide(action, "pending", reason="no longer needed", items_changed=True) == "order_already_modified"


def test_the_payment_method_is_changed_once():
    assert decide("change_payment_method", "pending", payment_changed=True) == "payment_already_changed"
    assert decide("swap_items", "pending", payment_changed=True) == "allow"


@pytest.mark.parametrize("status", ["pending", "processing", "shipped", "canceled", None])
@pytest.mark.parametrize("action", ["return", "exchange"])
def test_only_a_delivered_order_comes_back(action, status):
    assert decide(action, status) == "order_not_delivered"


@pytest.mark.parametrize("action", ["return", "exchange"])
def test_a_delivered_order_comes_back_once_and_without_any_window(action):
    assert decide(action, "delivered") == "allow"
    assert decide(action, "delivered", delivered_at=None) == "allow"
    assert decide(action, "delivered", standing_returns=1) == "already_returned"


@pytest.mark.parametrize(
    ("destination", "kind", "said"),
    [
        ("original", None, "allow"),
        ("payment_method", "gift_card", "allow"),
        ("payment_method", "paypal", "refund_method_not_allowed"),
        ("payment_method", "card", "refund_method_not_allowed"),
        ("payment_method", None, "refund_method_not_allowed"),
        ("store_credit", "store_credit", "refund_method_not_allowed"),
    ],
)
def test_the_money_goes_back_as_it_came_or_to_a_gift_card(destination, kind, said):
    assert decide("return", "delivered", destination=destination, destination_kind=kind) == said


def test_the_difference_of_an_exchange_may_go_to_any_method():
    assert decide("exchange", "delivered", destination="payment_method", destination_kind="paypal") == "allow"


@pytest.mark.parametrize("action", ["cancel", "return", "exchange", "change_customer", *CHANGES])
def test_another_customer_is_turned_away_whatever_the_state(action):
    assert decide(action, "delivered", owner=False) == "not_owner"


def test_what_the_rules_do_not_know_waits_for_a_person():
    assert decide("claim", "delivered", lines=(LINE,)) == "ask"
    assert decide("goodwill", "delivered") == "ask"


def test_own_address_is_changed():
    assert decide("change_customer", None) == "allow"
