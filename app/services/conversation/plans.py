"""What to do about a message: from its triage and what the sender may see, to one plan. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app import ids
from app.services.triage.contract import Triage

GREETING_LENGTH = 40
"""What is about nothing in particular and longer than this is more than a greeting."""
SURE = 0.7
"""Below this confidence nothing is acted on."""
ASKED = 0.3
"""From this confidence on a wish for a person is granted, where nothing else is sure."""


class Plan(StrEnum):
    """One thing to do."""

    STATUS = "order.status"
    CANCEL = "order.cancel"
    RETURN = "return.request"
    REFUND = "refund.request"
    REFUND_STATUS = "refund.status"
    DAMAGED = "item.damaged"
    WRONG_OR_MISSING = "item.wrong_or_missing"
    POLICY = "return.policy"
    PERSON = "human.request"
    THANKS = "praise"
    HELLO = "greeting"
    UNSURE = "unsure"


BY_INTENT = {
    "order.status": Plan.STATUS,
    "shipping.delay": Plan.STATUS,
    "order.cancel": Plan.CANCEL,
    "return.request": Plan.RETURN,
    "refund.request": Plan.REFUND,
    "refund.status": Plan.REFUND_STATUS,
    "item.damaged": Plan.DAMAGED,
    "item.wrong_or_missing": Plan.WRONG_OR_MISSING,
    "return.policy": Plan.POLICY,
    "human.request": Plan.PERSON,
    "praise": Plan.THANKS,
}
BY_BUTTON = {
    "status": Plan.STATUS,
    "cancel": Plan.CANCEL,
    "return": Plan.RETURN,
    "refund": Plan.REFUND,
    "claim": Plan.WRONG_OR_MISSING,
}
PAYS_BACK = frozenset({Plan.CANCEL, Plan.REFUND})
MOVES_SOMETHING = PAYS_BACK | {Plan.RETURN, Plan.DAMAGED, Plan.WRONG_OR_MISSING}
ABOUT_AN_ORDER = MOVES_SOMETHING | {Plan.STATUS, Plan.REFUND_STATUS}


def plan_of(triage: Triage, text: str, button: str | None) -> Plan:
    """A button means what it says; a text means what triage is sure of; anger goes to a person before any act."""
    if button is not None:
        if button == "person":
            return Plan.PERSON
        verb, *named = button.split(":")
        pressed = BY_BUTTON.get(verb)
        # What moves something must name its order: a broken button never falls on the only order that fits.
        if pressed is not None and (pressed not in MOVES_SOMETHING or (named and ids.is_id(named[0], "ord"))):
            return pressed
    plan = BY_INTENT.get(triage.intent.name.value, Plan.UNSURE)
    if triage.intent.confidence < SURE:
        plan = Plan.UNSURE
    if plan is Plan.UNSURE and _asks_for_a_person(triage):
        return Plan.PERSON
    if _only_greets(triage, text):
        return Plan.HELLO
    if triage.urgency.level == "urgent" and plan in MOVES_SOMETHING:
        return Plan.PERSON
    return plan


def _only_greets(triage: Triage, text: str) -> bool:
    """Small talk, sure and short: whatever else is about nothing in particular is for a person to read."""
    nothing = triage.intent.name.value == "other" and triage.intent.confidence >= SURE
    return nothing and len(text.strip()) <= GREETING_LENGTH and not triage.sentiment.anger


def _asks_for_a_person(triage: Triage) -> bool:
    return any(wish.name.value == "human.request" and wish.confidence >= ASKED for wish in triage.intents)


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """The few facts by which one of several orders is chosen."""

    id: str
    number: str
    status: str


ELIGIBLE = {
    Plan.CANCEL: frozenset({"pending"}),
    Plan.RETURN: frozenset({"delivered"}),
    Plan.REFUND: frozenset({"delivered", "canceled", "pending"}),
    Plan.DAMAGED: frozenset({"delivered"}),
    Plan.WRONG_OR_MISSING: frozenset({"delivered", "shipped"}),
    Plan.REFUND_STATUS: frozenset({"delivered", "canceled", "pending", "processing", "shipped"}),
}
OPEN_FIRST = ("shipped", "processing", "pending")


def choose(plan: Plan, orders: Sequence[OrderFacts], *, named: bool) -> tuple[OrderFacts | None, list[OrderFacts]]:
    """The one order that the message must be about, or the ones to ask about. Newest first.

    A question about where things are takes the newest order that is still open; an act never guesses.
    """
    if len(orders) == 1 and (named or plan not in MOVES_SOMETHING):
        return orders[0], []
    if plan is Plan.STATUS:
        if named:
            return None, list(orders)
        still_open = [order for order in orders if order.status in OPEN_FIRST]
        return (still_open or list(orders) or [None])[0], []
    fitting = [order for order in orders if order.status in ELIGIBLE.get(plan, frozenset())]
    if len(fitting) == 1:
        return fitting[0], []
    return None, fitting or list(orders)


def lines_meant(text: str, titles: dict[str, str]) -> list[str]:
    """Ids of the lines whose title shares a telling word with the text."""
    spoken = {word for word in _words(text) if len(word) >= 4}
    shared = {line: _words(title) & spoken for line, title in titles.items()}
    # A word that stands in every title tells nothing about which one is meant.
    common = set[str].intersection(*(_words(title) for title in titles.values())) if len(titles) > 1 else set[str]()
    return [line for line, words in shared.items() if words - common]


def _words(text: str) -> set[str]:
    return {
        word for word in "".join(mark if mark.isalnum() else " " for mark in text.casefold()).split() if len(word) >= 4
    }
