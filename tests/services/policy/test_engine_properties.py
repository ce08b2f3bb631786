"""What holds of every accepted document and all facts, however absurd."""

import json

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.services.policy.conditions import parse
from app.services.policy.contract import Facts
from app.services.policy.document import check
from app.services.policy.engine import Guard
from app.services.policy.evaluation import compiled
from app.services.policy.names import Scene
from tests.services.policy import strategies as make

WEIGHT = {"allow": 0, "ask": 1, "refuse": 2}
slow = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@slow
@given(make.documents, make.facts)
def test_no_accepted_document_makes_any_facts_raise(document, facts):
    guard = Guard(check(document), "v")
    ruling = guard.decide(facts)
    assert (ruling.code is not None) == (ruling.outcome == "refuse")
    assert ruling.approvers == 0 if ruling.outcome != "ask" else ruling.approvers in {1, 2}
    assert ruling.reasons
    assert ruling.rules
    assert len(ruling.lines) == len(facts.lines)
    guard.returnable(facts)


@slow
@given(make.documents, make.facts)
def test_stored_facts_and_a_stored_document_decide_the_same(document, facts):
    ruling = Guard(check(document), "v").decide(facts)
    stored = Facts.model_validate(json.loads(json.dumps(ruling.facts)))
    again = Guard(check(json.loads(json.dumps(check(document).dumped()))), "v").decide(stored)
    assert again == ruling


@slow
@given(make.documents, make.facts, make.refusals, st.integers(0, 4))
def test_a_refuse_rule_more_never_makes_an_answer_milder(document, facts, rule, place):
    before = Guard(check(document), "v").decide(facts)
    rules = list(document.get("rules", []))
    rules.insert(place, {"id": "one.more", **rule})
    assume(make.accepted({**document, "rules": rules}))
    after = Guard(check({**document, "rules": rules}), "v").decide(facts)
    assert WEIGHT[after.outcome] >= WEIGHT[before.outcome]


@slow
@given(make.documents, make.facts)
def test_the_whole_is_never_milder_than_one_of_its_lines(document, facts):
    ruling = Guard(check(document), "v").decide(facts)
    assert all(WEIGHT[line.outcome] <= WEIGHT[ruling.outcome] for line in ruling.lines)


@slow
@given(make.documents, make.facts)
def test_a_fee_is_never_negative_and_never_more_than_the_goods_are_worth(document, facts):
    ruling = Guard(check(document), "v").decide(facts)
    worth = {i: max(0, line.value) for i, line in enumerate(facts.lines)}
    assert all(0 <= line.fee <= worth[i] for i, line in enumerate(ruling.lines))


@slow
@given(make.conditions, make.facts)
def test_a_condition_is_true_or_false_of_any_facts(condition, facts):
    test = compiled(parse(condition))
    scenes = [Scene(facts), *(Scene(facts, line) for line in facts.lines)]
    assert all(test(scene) in {True, False} for scene in scenes)


@slow
@given(make.comparisons(), make.facts)
def test_a_fact_that_is_not_known_makes_a_comparison_false(node, facts):
    if node["fact"].startswith("line.") and node["op"] != "exists":
        assert compiled(parse(node))(Scene(facts)) is False


def test_the_facts_and_documents_that_are_tried_meet_every_outcome():
    seen = set()

    @settings(
        max_examples=400, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(make.documents, make.facts)
    def collect(document, facts):
        ruling = Guard(check(document), "v").decide(facts)
        seen.add(ruling.outcome)
        seen.update(ruling.rules)

    collect()
    assert {"allow", "ask", "refuse"} <= seen
    assert len(seen) > 9


@slow
@given(make.documents, make.facts)
def test_automation_never_passes_a_cap(document, facts):
    ruling = Guard(check(document), "v").decide(facts)
    if ruling.outcome == "allow" and facts.actor != "merchant" and (facts.amount or 0) > 0 and facts.currency:
        caps = document["caps"][facts.currency]
        assert facts.amount <= caps["refund"]
        assert all(facts.spent.get(scope, 0) + facts.amount <= caps[scope] for scope in ("order", "customer", "day"))


@slow
@given(make.documents, make.facts, st.none() | st.sampled_from(make.REASONS))
def test_what_is_told_as_returnable_is_what_is_decided_of_the_line_then(document, facts, reason):
    """Where money may go to its origin, and no reason is missing: both are chosen later."""
    assume("original" in document.get("destinations", ["original"]) and facts.lines)
    assume(reason or not any(rule["required"] for rule in document.get("reasons", {}).values()))
    fixed = {"actor": "shopper", "proof": 2, "owner": True, "destination": "original", "destination_kind": None}
    asked = {"action": "return", "amount": None, "method": None, "instant": False, "follows": None, "reason": reason}
    facts = facts.model_copy(update={**fixed, **asked})
    each = {"photos": 10**21, "reason": reason}
    lines = [line.model_copy(update={"quantity": max(1, line.free), **each}) for line in facts.lines]
    guard = Guard(check(document), "v")
    for line, told in zip(lines, guard.returnable(facts.model_copy(update={"lines": tuple(lines)})).lines, strict=True):
        found = {}
        for way, action in (("refund", "return"), ("store_credit", "return"), ("exchange", "exchange")):
            alone = {"action": action, "lines": (line.model_copy(update={"resolution": way}),)}
            found[way] = guard.decide(facts.model_copy(update=alone))
        possible = [way for way, ruling in found.items() if ruling.outcome != "refuse"]
        assert list(told.resolutions) == possible
        first = found[possible[0]] if possible else None
        assert told.outcome == (first.outcome if first else "refuse")
        assert told.fee == (first.fee if first else 0)
