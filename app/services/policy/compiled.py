"""A policy document made ready to decide: every condition compiled once, every list looked up by action."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from app.services.policy.conditions import named
from app.services.policy.evaluation import Test, apart, compiled
from app.services.policy.model import AUTO_APPROVE, PROOF, PolicyDocument
from app.services.policy.names import ACTIONS, Scene
from app.services.policy.parts import Excluded, Fee, PhotoDuty, Rule

REASON = frozenset({"reason", "line.reason"})
RESOLVED = ("return", "exchange")
"""What goods come back as."""


class Window(NamedTuple):
    """So many days for what the test meets; None never closes."""

    rule: str
    test: Test
    days: timedelta | None
    once: Test | None = None
    """What of the test asks about no line, so that its answer is the same for each; None: nothing of it."""
    each: Test | None = None
    """The rest of it."""


class Windows(NamedTuple):
    """The windows of orders placed before `until`; None: of all others."""

    until: datetime | None
    rules: tuple[Window, ...]


class Ready(NamedTuple):
    """One entry of a list beside its compiled condition; `once` and `each` as a window has them."""

    part: Any
    test: Test
    once: Test | None = None
    each: Test | None = None


class Compiled:
    """What the checks read; made once per document."""

    def __init__(self, document: PolicyDocument) -> None:
        self.document = document
        windows = document.windows
        now = Windows(None, (*map(_window, windows.rules), _default(windows.default_days)))
        self.windows = (
            *(
                Windows(part.until, (*map(_window, part.rules), _default(part.default_days)))
                for part in windows.earlier
            ),
            now,
        )
        self.extensions = tuple(windows.extensions)
        self.window_actions = frozenset(windows.actions)
        self.final_sale = _excluded(document.final_sale)
        self.hygiene = _excluded(document.hygiene)
        self.resolution_rules = _ready(document.resolution_rules)
        self.label_rules = _ready(document.label.rules)
        self.keep_when = compiled(document.keep_items.when)
        self.instant = _switch(document.instant_refund)
        self.proof = {action: document.proof.get(action, PROOF.get(action, 2)) for action in ACTIONS}
        self.approve = {
            action: _switch(document.auto_approve.get(action, AUTO_APPROVE.get(action, True))) for action in ACTIONS
        }
        self.reasons = {action: document.reasons.get(action, document.reasons.get("*")) for action in ACTIONS}
        self.fees = {action: _of_action(document.fees, action) for action in ACTIONS}
        self.photos = {action: _of_action(document.photos, action) for action in ACTIONS}
        late = [rule for rule in document.rules if not rule.before_state]
        self.rules = _shared({action: _of_action(late, action) for action in ACTIONS})
        early = [rule for rule in document.rules if rule.before_state]
        self.early_rules = _shared({action: _of_action(early, action) for action in ACTIONS})
        asked = [rule.when for rule in (*windows.rules, *document.rules, *document.resolution_rules)]
        asked += [rule.when for part in windows.earlier for rule in part.rules]
        asked += [part.when for part in (document.final_sale, document.hygiene)]
        self.action_asked = any("action" in named(when) for when in asked)
        """Whether a window, a rule or an exclusion asks for the action."""
        asked += [part.when for part in (*document.fees, *document.label.rules)]
        yes = [document.auto_approve.get(action, True) for action in RESOLVED]
        asked += [when for when in yes if not isinstance(when, bool)]
        listed = any(rule is not None and rule.accepted is not None for rule in map(self.reasons.get, RESOLVED))
        self.reason_asked = listed or any(not REASON.isdisjoint(named(when)) for when in asked)
        """Whether what could come back, until when, for which fee or after whose yes may hang on the reason given."""
        every = [when for _, when in document.conditions() if when is not None and not isinstance(when, bool)]
        facts = frozenset[str]().union(*map(named, every))
        self.resolution_asked = "line.resolution" in facts
        """Whether anything hangs on what a line is to be turned into, beside what it may be."""
        self.spent_asked = any(fact.startswith("spent.") for fact in facts)
        """Whether a condition looks at what automation has spent; caps are another matter."""
        signals = document.abuse
        self.customer_asked = any((signals.return_rate, signals.claims, signals.accounts_on_address)) or any(
            fact.startswith("customer.") for fact in facts
        )
        """Whether anything hangs on how the customer has behaved."""

    def alike(self, one: str, other: str) -> bool:
        """Whether what speaks for and against a line is the same whichever of the two actions is asked for."""
        bound = {action in self.window_actions for action in (one, other)}
        same_rules = self.rules.get(one) is self.rules.get(other)
        same_reasons = self.reasons.get(one) == self.reasons.get(other)
        asked = self.action_asked or self.resolution_asked
        return not asked and len(bound) == 1 and same_rules and same_reasons

    def windows_of(self, placed_at: datetime | None) -> tuple[Window, ...]:
        """The windows under which an order of that moment was bought."""
        if placed_at is not None:
            for windows in self.windows:
                if windows.until is None or placed_at < windows.until:
                    return windows.rules
        return self.windows[-1].rules

    def extended(self, placed_at: datetime) -> list[datetime]:
        """Until when at least an order of that moment may come back."""
        return [part.open_until for part in self.extensions if part.placed_from <= placed_at < part.placed_to]

    def under(self, bought: Compiled) -> Compiled:
        """The same, with the windows of another version: what this one says of `earlier` orders itself goes before.

        An extension can only lengthen, so that those of both count.
        """
        both = copy(self)
        both.windows = (*self.windows[:-1], *bought.windows)
        both.extensions = (*self.extensions, *bought.extensions)
        both.window_actions = bought.window_actions
        both.action_asked = self.action_asked or bought.action_asked
        both.reason_asked = self.reason_asked or bought.reason_asked
        both.resolution_asked = self.resolution_asked or bought.resolution_asked
        both.spent_asked = self.spent_asked or bought.spent_asked
        return both


def _always(scene: Scene) -> bool:
    del scene
    return True


def _never(scene: Scene) -> bool:
    del scene
    return False


def _switch(value: Any) -> Test:
    if isinstance(value, bool):
        return _always if value else _never
    return compiled(value)


def _window(rule: Any) -> Window:
    days = None if rule.days is None else timedelta(days=rule.days)
    return Window(f"window.{rule.id}", compiled(rule.when), days, *apart(rule.when))


def _default(days: int | None) -> Window:
    return Window("window", _always, None if days is None else timedelta(days=days))


def _ready(parts: Iterable[Any]) -> tuple[Ready, ...]:
    return tuple(Ready(part, compiled(part.when), *apart(part.when)) for part in parts)


def _of_action(parts: Iterable[Fee | PhotoDuty | Rule], action: str) -> tuple[Ready, ...]:
    return _ready(part for part in parts if action in part.actions)


def _shared(rules: dict[str, tuple[Ready, ...]]) -> dict[str, tuple[Ready, ...]]:
    """The same, with one list for all actions that have the same rules."""
    known: dict[tuple[int, ...], tuple[Ready, ...]] = {}
    return {action: known.setdefault(tuple(id(one.part) for one in ready), ready) for action, ready in rules.items()}


def _excluded(part: Excluded) -> Test | None:
    """Whether a line is excluded, by tag or by condition; None where nothing is."""
    tags = frozenset(part.tags)
    test = _never if part.when is None else compiled(part.when)
    if not tags and part.when is None:
        return None
    return lambda scene: (scene.line is not None and not tags.isdisjoint(scene.line.tags)) or test(scene)
