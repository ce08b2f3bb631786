"""A store that wrote only the plain policy gets the same answers from the engine as from the plain guard."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.services.policy.contract import Facts
from app.services.policy.document import PolicyDocument
from app.services.policy.engine import Guard
from app.services.policy.plain import Caps, PlainGuard, Policy

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REASONS = ["damaged", "too small", "other"]
CAPS = st.builds(Caps, **dict.fromkeys(("refund", "order", "customer", "day"), st.integers(min_value=0, max_value=300)))
POLICIES = st.builds(
    Policy,
    return_window_days=st.integers(min_value=0, max_value=60),
    auto_approve_returns=st.booleans(),
    instant_refund=st.booleans(),
    reasons=st.none() | st.lists(st.sampled_from(REASONS), max_size=2),
    caps=st.dictionaries(st.sampled_from(["EUR", "JPY"]), CAPS),
)
FACTS = st.builds(
    Facts,
    action=st.sampled_from(["order_status", "cancel", "return", "return_label", "refund"]),
    actor=st.sampled_from(["merchant", "shopper", "automation"]),
    proof=st.sampled_from([0, 1, 2, 2, 2]),
    now=st.just(NOW),
    owner=st.sampled_from([True, True, True, False]),
    order_status=st.sampled_from([None, "pending", "processing", "shipped", "delivered", "delivered", "canceled"]),
    delivered_at=st.none() | st.integers(-1, 70).map(lambda days: NOW - timedelta(days=days)),
    line_final_sale=st.sampled_from([False, False, True]),
    quantity_free=st.sampled_from([True, True, False]),
    amount=st.none() | st.integers(min_value=0, max_value=400),
    currency=st.sampled_from([None, "EUR", "EUR", "USD"]),
    reason=st.none() | st.sampled_from(REASONS),
    spent=st.dictionaries(st.sampled_from(["order", "customer", "day"]), st.integers(0, 300)),
)
"""What callers fill who know nothing of lines."""


def expected(plain, facts):
    """The plain guard's word; where it asks for the day of delivery, what else speaks against it weighs more."""
    ruling = plain.decide(facts)
    if ruling.rules == ("window.unknown",):
        known = plain.decide(facts.model_copy(update={"delivered_at": NOW}))
        ruling = known if known.outcome == "refuse" else ruling
    return ruling.outcome, ruling.code


@settings(deadline=None)
@given(POLICIES, FACTS)
def test_the_outcome_and_the_code_are_those_of_the_plain_guard(policy, facts):
    ruling = Guard(PolicyDocument.of_plain(policy), "v").decide(facts)
    assert (ruling.outcome, ruling.code) == expected(PlainGuard(policy), facts)


@settings(deadline=None)
@given(POLICIES, FACTS)
def test_the_rule_that_decided_keeps_its_id(policy, facts):
    plain = PlainGuard(policy).decide(facts)
    ruling = Guard(PolicyDocument.of_plain(policy), "v").decide(facts)
    assert plain.rules[0] in ruling.rules
