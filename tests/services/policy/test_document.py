"""A policy document is sound by default, and what contradicts itself is refused on save with a pointer."""

import time

import pytest

from app.errors import Invalid
from app.services.policy.conditions import MAX_DEPTH, MAX_NODES
from app.services.policy.document import check
from app.services.policy.engine import Guard
from app.services.policy.model import know
from tests.tools.measure_guard import YARDSTICK, order, seconds, yardstick

LEAF = {"fact": "proof", "op": "eq", "value": 2}
CAPS = {"refund": 100, "order": 100, "customer": 100, "day": 100}
NO = {"id": "a", "actions": ["return"], "outcome": "refuse"}


def faults(raw, currencies=None):
    with pytest.raises(Invalid) as refused:
        check(raw, currencies)
    assert refused.value.status == 422
    assert all(set(error) == {"pointer", "code", "detail"} for error in refused.value.errors)
    return {(error["pointer"], error["code"]) for error in refused.value.errors}


def rule(**fields):
    return {"rules": [{**NO, **fields}]}


def nested(levels, leaf=LEAF):
    for _ in range(levels):
        leaf = {"not": leaf}
    return leaf


def test_the_empty_document_is_sound():
    document = check({})
    assert document.windows.default_days == 30
    assert document.caps == {}
    assert document.instant_refund is False
    assert document.withdrawal.days == 14
    assert document == check({"schema": 1})


def test_reminders_that_nobody_named_come_before_the_end():
    assert check({"approvals": {"expires_after_hours": 48}}).approvals.remind_after_hours == [24]
    assert check({"approvals": {"expires_after_hours": 2}}).approvals.remind_after_hours == []
    assert check({}).approvals.remind_after_hours == [24, 72]


def test_a_document_is_given_back_as_it_was_checked():
    raw = {
        "windows": {
            "rules": [{"id": "long", "when": {"fact": "line.tags", "op": "in", "value": ["a", "b"]}, "days": None}],
            "extensions": [
                {
                    "placed_from": "2026-11-01T00:00:00Z",
                    "placed_to": "2026-12-24T00:00:00+01:00",
                    "open_until": "2027-01-31T00:00:00Z",
                }
            ],
        },
        "rules": [
            {
                **NO,
                "when": {"not": {"fact": "placed_at", "op": "lt", "value": "2026-01-01T00:00:00Z"}},
                "code": "limit_reached",
            }
        ],
        "instant_refund": {"fact": "amount", "op": "lte", "value": {"amount": 500, "currency": "EUR"}},
        "caps": {"EUR": CAPS},
    }
    once = check(raw)
    assert check(once.dumped()) == once
    assert check(once.dumped()).dumped() == once.dumped()


@pytest.mark.parametrize("raw", [None, [], "{}", 1, True, [{}]])
def test_what_is_no_object_is_no_policy(raw):
    assert {pointer for pointer, _ in faults(raw)} == {""}


@pytest.mark.parametrize(
    ("raw", "pointer", "code"),
    [
        ({"schema": 2}, "/schema", "literal_error"),
        ({"windowz": {}}, "/windowz", "extra_forbidden"),
        ({"windows": {"default_days": -1}}, "/windows/default_days", "greater_than_equal"),
        ({"windows": {"default_days": "30"}}, "/windows/default_days", "int_type"),
        ({"windows": {"default_days": True}}, "/windows/default_days", "int_type"),
        ({"windows": {"rules": [{"id": "a", "days": -5}]}}, "/windows/rules/0/days", "greater_than_equal"),
        ({"withdrawal": {"days": -1}}, "/withdrawal/days", "greater_than_equal"),
        ({"withdrawal": {"days": 13}}, "/withdrawal/days", "below_statutory"),
        ({"withdrawal": {"holidays": ["2026-02-30"]}}, "/withdrawal/holidays/0", "day"),
        ({"withdrawal": {"holidays": [20261225]}}, "/withdrawal/holidays/0", "day"),
        ({"withdrawal": {"holidays": ["2026-12-25T00:00:00Z"]}}, "/withdrawal/holidays/0", "day"),
        ({"resolutions": ["money"]}, "/resolutions/0", "literal_error"),
        ({"resolutions": []}, "/resolutions", "too_short"),
        ({"destinations": ["cash"]}, "/destinations/0", "literal_error"),
        ({"fees": [{"id": "f", "percent": 101}]}, "/fees/0/percent", "less_than_equal"),
        ({"fees": [{"id": "f"}]}, "/fees/0", "fee_empty"),
        (
            {"fees": [{"id": "f", "percent": 1, "actions": ["return", "refund"]}]},
            "/fees/0/actions/1",
            "fee_without_effect",
        ),
        ({"fees": [{"id": "f", "fixed": {"XXX": 1}}]}, "/fees/0/fixed/XXX", "currency_unknown"),
        ({"fees": [{"id": "f", "fixed": {"EUR": 1.5}}]}, "/fees/0/fixed/EUR", "int_type"),
        ({"caps": {"EURO": CAPS}}, "/caps/EURO", "currency_unknown"),
        ({"caps": {"EUR": {"refund": 1}}}, "/caps/EUR/day", "missing"),
        ({"caps": {"EUR": {**CAPS, "refund": 101}}}, "/caps/EUR/refund", "cap_above_cap"),
        ({"two_persons_above": {"EUR": -1}}, "/two_persons_above/EUR", "greater_than_equal"),
        ({"instant_refund": True}, "/instant_refund", "caps_missing"),
        ({"instant_refund": LEAF}, "/instant_refund", "caps_missing"),
        ({"proof": {"cancel": 3}}, "/proof/cancel", "less_than_equal"),
        ({"proof": {"dance": 1}}, "/proof/dance", "literal_error"),
        (
            {"approvals": {"expires_after_hours": 24, "remind_after_hours": [4, 24]}},
            "/approvals/remind_after_hours/1",
            "reminder_too_late",
        ),
        ({"keep_items": {"when": LEAF}}, "/keep_items/below", "amount_missing"),
        (rule(code="sorry"), "/rules/0/code", "code_unknown"),
        (rule(code="limit_reached", outcome="ask"), "/rules/0/code", "code_without_refusal"),
        (rule(outcome="allow", before_state=True), "/rules/0/before_state", "outcome_not_allowed"),
        (rule(id=""), "/rules/0/id", "string_too_short"),
        (rule(actions=[]), "/rules/0/actions", "too_short"),
        (rule(actions=["dance"]), "/rules/0/actions/0", "literal_error"),
        (rule(reason={"xx": "No."}), "/rules/0/reason/xx", "language_unknown"),
        (rule(when={"fact": "mood", "op": "eq", "value": 1}), "/rules/0/when/fact", "fact_unknown"),
        (rule(when={"fact": "proof", "op": "like", "value": 1}), "/rules/0/when/op", "literal_error"),
        (rule(when={"fact": "proof", "op": "contains", "value": 1}), "/rules/0/when/op", "op_not_allowed"),
        (rule(when={"fact": "proof", "op": "eq", "value": "2"}), "/rules/0/when/value", "value_type"),
        (rule(when={"fact": "proof", "op": "eq", "value": True}), "/rules/0/when/value", "value_type"),
        (rule(when={"fact": "proof", "op": "eq", "value": 2.0}), "/rules/0/when/value", "value_type"),
        (rule(when={"fact": "proof", "op": "eq"}), "/rules/0/when/value", "value_type"),
        (rule(when={"fact": "proof", "op": "in", "value": []}), "/rules/0/when/value", "value_type"),
        (rule(when={"fact": "market", "op": "in", "value": ["DE", 1]}), "/rules/0/when/value", "value_type"),
        (rule(when={"fact": "amount", "op": "gt", "value": 100}), "/rules/0/when/value", "value_type"),
        (rule(when={"fact": "order_status", "op": "eq", "value": "lost"}), "/rules/0/when/value", "value_unknown"),
        (rule(when={"fact": "market", "op": "eq", "value": "Germany"}), "/rules/0/when/value", "value_unknown"),
        (rule(when={"fact": "currency", "op": "in", "value": ["EUR", "DM"]}), "/rules/0/when/value", "value_unknown"),
        (rule(when={"fact": "language", "op": "ne", "value": "pt-BR"}), "/rules/0/when/value", "value_unknown"),
        (rule(when={"fact": "now", "op": "gt", "value": "2026-01-01"}), "/rules/0/when/value", "moment"),
        (rule(when={"fact": "now", "op": "gt", "value": "2026-01-01T00:00:00"}), "/rules/0/when/value", "moment"),
        (rule(when={"fact": "line.final_sale", "op": "eq", "value": 1}), "/rules/0/when/value", "value_type"),
        (
            rule(when={"fact": "amount", "op": "gt", "value": {"amount": 1, "currency": "DOGE"}}),
            "/rules/0/when/value",
            "currency_unknown",
        ),
        (
            rule(when={"all": [LEAF, {"any": [LEAF, {"not": {"fact": "x", "op": "eq", "value": 1}}]}]}),
            "/rules/0/when/all/1/any/1/not/fact",
            "fact_unknown",
        ),
        (rule(when={"all": []}), "/rules/0/when/all", "too_short"),
        (rule(when={}), "/rules/0/when", "condition"),
        (rule(when=[LEAF]), "/rules/0/when", "condition"),
        (rule(when={"not": LEAF, "all": [LEAF]}), "/rules/0/when/not", "extra_forbidden"),
        ({"auto_approve": {"return": {"fact": "x", "op": "eq"}}}, "/auto_approve/return/fact", "fact_unknown"),
        (
            {
                "photos": [{"id": "p", "reasons": ["odd"], "actions": ["claim"]}],
                "reasons": {"claim": {"accepted": ["a"]}},
            },
            "/photos/0/reasons",
            "reason_not_accepted",
        ),
    ],
)
def test_a_fault_is_told_with_its_pointer_and_code(raw, pointer, code):
    assert (pointer, code) in faults(raw)


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        ({"rules": [NO, {**NO, "when": LEAF}]}, "/rules/1/id"),
        ({"fees": [{"id": "f", "percent": 1}, {"id": "f", "percent": 2}]}, "/fees/1/id"),
        ({"windows": {"rules": [{"id": "w", "when": LEAF, "days": 1}, {"id": "w", "days": 2}]}}, "/windows/rules/1/id"),
    ],
)
def test_two_rules_with_one_id_are_refused(raw, pointer):
    assert (pointer, "id_duplicate") in faults(raw)


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        ({"rules": [NO, {**NO, "id": "b", "when": LEAF}]}, "/rules/1"),
        (
            {
                "rules": [
                    {**NO, "actions": ["return"]},
                    {**NO, "id": "b", "actions": ["exchange"]},
                    {**NO, "id": "c", "actions": ["exchange", "return"], "when": LEAF},
                ]
            },
            "/rules/2",
        ),
        ({"windows": {"rules": [{"id": "w", "days": 1}, {"id": "v", "when": LEAF, "days": 2}]}}, "/windows/rules/1"),
        (
            {"label": {"rules": [{"id": "a", "payer": "store"}, {"id": "b", "when": LEAF, "payer": "shopper"}]}},
            "/label/rules/1",
        ),
    ],
)
def test_a_rule_behind_an_unconditional_one_is_refused(raw, pointer):
    assert (pointer, "rule_unreachable") in faults(raw)


def test_a_rule_of_which_one_action_can_be_reached_stays():
    assert check({"rules": [NO, {**NO, "id": "b", "actions": ["return", "exchange"]}]})


def test_dates_that_run_backwards_are_refused():
    early, late = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
    extension = {"placed_from": late, "placed_to": early, "open_until": late}
    assert ("/windows/extensions/0/placed_to", "dates_backwards") in faults({"windows": {"extensions": [extension]}})
    extension = {"placed_from": early, "placed_to": late, "open_until": early}
    assert ("/windows/extensions/0/open_until", "dates_backwards") in faults({"windows": {"extensions": [extension]}})
    earlier = [{"until": late, "default_days": 1}, {"until": early, "default_days": 2}]
    assert ("/windows/earlier/1/until", "dates_backwards") in faults({"windows": {"earlier": earlier}})


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        ({"caps": {"USD": CAPS}}, "/caps/USD"),
        ({"two_persons_above": {"USD": 1}}, "/two_persons_above/USD"),
        ({"keep_items": {"below": {"USD": 1}}}, "/keep_items/below/USD"),
        ({"fees": [{"id": "f", "fixed": {"USD": 1}}]}, "/fees/0/fixed/USD"),
        (
            rule(when={"all": [{"fact": "amount", "op": "gt", "value": {"amount": 1, "currency": "USD"}}]}),
            "/rules/0/when/all/0/value/currency",
        ),
    ],
)
def test_money_in_a_currency_that_the_store_does_not_sell_in_is_refused(raw, pointer):
    assert faults(raw, ["EUR"]) == {(pointer, "currency_foreign")}
    assert faults({**raw, "currencies": ["EUR"]}) == {(pointer, "currency_foreign")}
    assert check({**raw, "currencies": ["EUR", "USD"]})


@pytest.mark.parametrize(
    ("tree", "code"),
    [
        ({"all": [LEAF] * 10_000}, "condition_too_large"),
        ({"any": [{"all": [LEAF] * 100}] * 100}, "condition_too_large"),
        (nested(10_000), "condition_too_deep"),
        (nested(100_000), "condition_too_deep"),
        (nested(MAX_DEPTH), "condition_too_deep"),
        ({"all": [LEAF] * MAX_NODES}, "condition_too_large"),
    ],
)
def test_a_tree_that_is_too_large_is_refused_at_once(tree, code):
    before = time.perf_counter()
    assert faults(rule(when=tree)) == {("/rules/0/when", code)}
    assert time.perf_counter() - before < 5  # generous: a recursion without a bound takes minutes, or fails


def test_the_largest_trees_that_are_allowed_are_accepted():
    assert check(rule(when={"all": [LEAF] * (MAX_NODES - 1)}))
    assert check(rule(when=nested(MAX_DEPTH - 1)))


def test_many_large_trees_together_are_refused():
    rules = [{**NO, "id": f"r{i}", "when": {"any": [{**LEAF, "value": i}] * (MAX_NODES - 1)}} for i in range(3)]
    assert faults({"rules": rules}) == {("", "document_too_large")}
    assert check({"rules": rules[:2]})
    listed = {"fact": "line.tags", "op": "in", "value": [f"tag{i}" for i in range(200)]}
    assert faults(rule(when={"any": [listed] * 100})) == {("", "document_too_large")}
    assert check(rule(when={"any": [listed] * 90}))


def test_the_largest_document_decides_an_order_of_fifty_lines_soon_enough():
    words = [f"tag{i}" for i in range(15)]

    def many(at):
        return {
            "any": [{"fact": "line.tags", "op": "in", "value": [f"{at}.{i}", *words]} for i in range(MAX_NODES - 1)]
        }

    rules = [{**NO, "id": f"r{at}", "when": many(at)} for at in range(10)]
    largest = next(n for n in range(10, 0, -1) if accepted({"rules": rules[:n]}))
    guard, fifty = Guard(check({"rules": rules[:largest]}), "1"), order(50)
    slowness = max(1.0, yardstick() / YARDSTICK)
    assert seconds(lambda: guard.decide(fifty), 1) < 0.05 * slowness


def accepted(raw):
    try:
        return check(raw)
    except Invalid:
        return None


def test_depth_anywhere_is_refused_without_trouble():
    deep = []
    for _ in range(50_000):
        deep = [deep]
    assert ("/destinations/0/0", "condition_too_deep") in faults({"destinations": deep})


def test_an_action_cannot_give_a_known_name_another_level_of_proof():
    know("return", 1)
    with pytest.raises(ValueError, match="return needs proof 1 already"):
        know("return", 0)


def fact(name, op, value):
    return {"fact": name, "op": op, "value": value}


def money(amount, currency="EUR"):
    return {"amount": amount, "currency": currency}


def moment(day):
    return f"2026-01-{day:02}T00:00:00Z"


DE = fact("market", "eq", "DE")


@pytest.mark.parametrize(
    "parts",
    [
        [DE, fact("market", "eq", "FR")],
        [fact("market", "in", ["DE", "FR"]), fact("market", "eq", "AT")],
        [fact("market", "in", ["DE", "FR"]), fact("market", "in", ["AT", "CH"])],
        [DE, fact("market", "ne", "DE")],
        [DE, fact("market", "not_in", ["FR", "DE"])],
        [fact("market", "in", ["DE", "FR"]), fact("market", "not_in", ["FR", "DE"])],
        [DE, {"not": DE}],
        [DE, {"not": fact("market", "in", ["DE", "FR"])}],
        [{"not": fact("line.tags", "contains", "a")}, fact("line.tags", "contains", "a")],
        [DE, fact("market", "exists", False)],
        [fact("market", "exists", True), fact("market", "exists", False)],
        [fact("line.title", "eq", "Jacket"), fact("line.title", "starts_with", "S")],
        [fact("proof", "gt", 1), fact("proof", "lt", 2)],
        [fact("proof", "gte", 2), fact("proof", "lt", 2)],
        [fact("proof", "eq", 1), fact("proof", "gte", 2)],
        [fact("proof", "gte", 2), fact("proof", "ne", 2), fact("proof", "lte", 2)],
        [fact("amount", "gt", money(500)), fact("amount", "lte", money(500))],
        [fact("amount", "gt", money(500)), fact("amount", "lt", money(900, "USD"))],
        [fact("now", "gt", moment(2)), fact("now", "lt", moment(2))],
        [fact("now", "gte", moment(3)), fact("now", "lte", moment(2))],
        [fact("items_changed", "ne", True), fact("items_changed", "ne", False)],
        [fact("line.tags", "contains", "a"), fact("line.tags", "not_in", ["a", "b"])],
        [fact("line.tags", "in", ["a", "b"]), fact("line.tags", "not_in", ["a", "b", "c"])],
    ],
)
def test_parts_that_can_never_all_be_true_are_refused_at_the_first_that_cannot(parts):
    other, last = fact("currency", "eq", "EUR"), len(parts) - 1
    assert faults(rule(when={"all": [other, *parts]})) == {(f"/rules/0/when/all/{last + 1}", "condition_never_met")}
    inner = {"any": [{"not": {"all": [parts[0], {"all": parts[1:]}]}}, other]}
    pointer = f"/rules/0/when/any/0/not/all/1/all/{last - 1}"
    assert faults(rule(when=inner)) == {(pointer, "condition_never_met")}


@pytest.mark.parametrize(
    "parts",
    [
        [fact("market", "in", ["DE", "FR"]), fact("market", "ne", "DE")],
        [DE, fact("market", "in", ["DE", "FR"])],
        [DE, DE],
        [{"not": DE}, {"not": fact("market", "eq", "FR")}, {"not": fact("market", "exists", True)}],
        [{"not": DE}, fact("market", "exists", False)],
        [fact("proof", "gte", 2), fact("proof", "lte", 2)],
        [fact("proof", "gt", 1), fact("proof", "lt", 3)],
        [fact("now", "gt", moment(2)), fact("now", "lt", moment(3))],
        [fact("amount", "gte", money(5)), {"not": fact("amount", "gte", money(5, "USD"))}],
        [fact("order_tags", "contains", "a"), fact("order_tags", "contains", "b")],
        [fact("line.tags", "not_in", ["a"]), fact("line.tags", "exists", False)],
        [fact("line.tags", "in", ["a", "c"]), fact("line.tags", "not_in", ["a", "b"])],
        [fact("items_changed", "ne", True), fact("items_changed", "eq", False)],
        [{"any": [DE, fact("market", "eq", "FR")]}, fact("market", "ne", "DE")],
    ],
)
def test_parts_that_some_facts_meet_are_accepted(parts):
    assert check(rule(when={"all": parts}))


def test_an_any_that_is_always_true_is_refused():
    raw = rule(when={"any": [DE, {"any": [LEAF, {"not": DE}]}]})
    assert faults(raw) == {("/rules/0/when/any/1/any/1", "condition_always_met")}


WHEN = {"when": LEAF}


@pytest.mark.parametrize(
    ("raw", "pointer", "code"),
    [
        ({"rules": [{**NO, **WHEN}, {**NO, **WHEN, "id": "b", "outcome": "ask"}]}, "/rules/1", "rule_unreachable"),
        (
            {
                "rules": [
                    {**NO, "actions": ["exchange"]},
                    {**NO, **WHEN, "id": "b"},
                    {**NO, **WHEN, "id": "c", "actions": ["return", "exchange"]},
                ]
            },
            "/rules/2",
            "rule_unreachable",
        ),
        (
            {"windows": {"rules": [{"id": "a", **WHEN, "days": 1}, {"id": "b", **WHEN, "days": 2}]}},
            "/windows/rules/1",
            "rule_unreachable",
        ),
        (
            {"resolution_rules": [{"id": name, **WHEN, "allowed": ["refund"]} for name in "ab"]},
            "/resolution_rules/1",
            "rule_unreachable",
        ),
        ({"destinations": []}, "/destinations", "destination_missing"),
        (
            {"resolutions": ["exchange", "store_credit"], "destinations": ["original"]},
            "/resolutions/1",
            "destination_missing",
        ),
        (
            {"photos": [{"id": "p", "reasons": ["damaged", "odd"]}], "reasons": {"*": {"accepted": ["damaged"]}}},
            "/photos/0/reasons",
            "reason_not_accepted",
        ),
        (rule(actions=["return", "withdrawal"]), "/rules/0/actions/1", "below_statutory"),
    ],
)
def test_parts_of_a_document_that_contradict_each_other_are_refused(raw, pointer, code):
    assert faults(raw) == {(pointer, code)}


@pytest.mark.parametrize(
    "raw",
    [
        {"rules": [{**NO, **WHEN}, {**NO, **WHEN, "id": "b", "actions": ["return", "exchange"]}]},
        {"rules": [{**NO, **WHEN, "before_state": True}, {**NO, **WHEN, "id": "b"}]},
        {"resolutions": ["exchange"], "destinations": []},
        {"resolutions": ["refund", "store_credit"], "destinations": ["original"]},
        {"photos": [{"id": "p", "reasons": ["odd"]}], "reasons": {"return": {"accepted": ["damaged"]}}},
        rule(actions=["withdrawal"], **WHEN),
        rule(actions=["withdrawal"], outcome="ask"),
    ],
)
def test_what_is_not_certainly_a_contradiction_is_accepted(raw):
    assert check(raw)
