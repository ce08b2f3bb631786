"""From what a message wants and what its sender has, to the one thing that is done about it."""

from __future__ import annotations

import itertools

import pytest

from app import ids
from app.services.conversation.plans import (
    ABOUT_AN_ORDER,
    BY_INTENT,
    ELIGIBLE,
    MOVES_SOMETHING,
    OrderFacts,
    Plan,
    choose,
    lines_meant,
    plan_of,
)
from app.services.triage.contract import Entities, Intent, IntentName, Language, Sentiment, Triage, Urgency

STATES = ("pending", "processing", "shipped", "delivered", "canceled")


def _triage(*wishes: tuple[str, float], urgency: str = "normal") -> Triage:
    intents = tuple(Intent(name=IntentName(name), confidence=confidence) for name, confidence in wishes)
    return Triage(
        language=Language(code="en", confidence=1),
        intent=intents[0],
        intents=intents,
        sentiment=Sentiment(label="neutral", score=0, anger=False),
        urgency=Urgency.model_validate({"level": urgency}),
        entities=Entities(),
    )


def _plan(triage: Triage, button: str | None = None) -> Plan:
    return plan_of(
        triage, "A text that is longer than any greeting is; what it says was understood before. " * 3, button
    )


def _order(number: int, status: str) -> OrderFacts:
    return OrderFacts(f"ord_{number}", f"#{number}", status)


# ---- what a message means ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("intent", list(IntentName))
def test_a_sure_wish_is_its_plan_and_an_unsure_one_a_person_s(intent: IntentName) -> None:
    assert _plan(_triage((intent, 0.9))) is BY_INTENT.get(intent, Plan.UNSURE)
    if intent is not IntentName.HUMAN_REQUEST:
        assert _plan(_triage((intent, 0.69))) is Plan.UNSURE


@pytest.mark.parametrize(("confidence", "plan"), [(0.3, Plan.PERSON), (0.29, Plan.UNSURE)])
def test_a_wish_for_a_person_counts_where_nothing_else_is_sure(confidence: float, plan: Plan) -> None:
    assert _plan(_triage(("order.status", 0.5), ("human.request", confidence))) is plan
    assert _plan(_triage(("product.question", 0.9), ("human.request", confidence))) is plan
    assert _plan(_triage(("order.status", 0.8), ("human.request", confidence))) is Plan.STATUS


@pytest.mark.parametrize("intent", ["order.cancel", "return.request", "refund.request", "item.damaged"])
def test_what_moves_something_waits_for_a_person_when_it_is_urgent(intent: str) -> None:
    assert _plan(_triage((intent, 0.95), urgency="urgent")) is Plan.PERSON
    assert _plan(_triage((intent, 0.95), urgency="high")) is BY_INTENT[intent]


def test_a_button_means_what_it_says_whatever_the_text() -> None:
    order, text = ids.new("ord"), _triage(("praise", 0.99))
    assert _plan(text, f"cancel:{order}") is Plan.CANCEL
    assert _plan(text, f"return:{order}:all") is Plan.RETURN
    assert _plan(text, f"refund:{order}") is Plan.REFUND
    assert _plan(text, f"claim:{order}::damaged") is Plan.WRONG_OR_MISSING
    assert _plan(text, f"status:{order}") is _plan(text, "status") is Plan.STATUS
    assert _plan(text, "person") is Plan.PERSON


@pytest.mark.parametrize(
    "button", ["", "cancel", "cancel:", "cancel:1003", "return:all", "refund:ord_1", "CANCEL:x", ":"]
)
def test_a_broken_button_leaves_it_to_the_text(button: str) -> None:
    assert _plan(_triage(("praise", 0.99)), button) is Plan.THANKS


# ---- which order -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", sorted(ABOUT_AN_ORDER))
@pytest.mark.parametrize("status", STATES)
def test_the_one_named_order_is_meant_whatever_its_state(plan: Plan, status: str) -> None:
    order = _order(1, status)
    assert choose(plan, [order], named=True) == (order, [])


@pytest.mark.parametrize("plan", sorted(MOVES_SOMETHING))
@pytest.mark.parametrize("named", [True, False])
def test_an_act_never_guesses(plan: Plan, named: bool) -> None:
    for states in itertools.product(STATES, repeat=3):
        orders = [_order(number, status) for number, status in enumerate(states)]
        fitting = [order for order in orders if order.status in ELIGIBLE[plan]]
        chosen, asked = choose(plan, orders, named=named)
        if len(fitting) == 1:
            assert (chosen, asked) == (fitting[0], [])
        else:
            assert chosen is None
            assert asked == (fitting or orders)


def test_a_question_takes_the_newest_open_order_unless_several_were_named() -> None:
    orders = [_order(3, "delivered"), _order(2, "shipped"), _order(1, "pending")]
    assert choose(Plan.STATUS, orders, named=False) == (orders[1], [])
    assert choose(Plan.STATUS, [orders[0], _order(0, "canceled")], named=False)[0] is orders[0]
    assert choose(Plan.STATUS, orders, named=True) == (None, orders)
    assert choose(Plan.STATUS, [], named=False) == (None, [])


# ---- which lines -----------------------------------------------------------------------------------------------------

TITLES = {"l1": "Rain jacket Fjord", "l2": "Merino socks", "l3": "Rain boots Fjord"}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("I want to return the socks", ["l2"]),
        ("the JACKET, please!", ["l1"]),
        ("boots and merino socks", ["l2", "l3"]),
        ("my rain things", ["l1", "l3"]),
        ("everything", []),
        ("", []),
        ("the red one", []),
    ],
)
def test_words_of_a_title_tell_the_line(text: str, lines: list[str]) -> None:
    assert lines_meant(text, TITLES) == lines


def test_a_word_of_every_title_tells_nothing() -> None:
    titles = {"l1": "Shirt Oslo blue", "l2": "Shirt Oslo green"}
    assert lines_meant("the shirt from Oslo", titles) == []
    assert lines_meant("the green shirt", titles) == ["l2"]


def test_two_lines_of_one_title_are_both_meant() -> None:
    titles = {"l1": "Desk lamp", "l2": "Desk lamp", "l3": "Gift box"}
    assert lines_meant("the lamp", titles) == ["l1", "l2"]
