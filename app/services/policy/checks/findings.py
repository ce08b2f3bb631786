"""What a check says, and the case that all checks look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from app.services.policy.compiled import Compiled, Ready, Window
from app.services.policy.contract import Facts, LineFacts, Outcome
from app.services.policy.names import Scene, utc
from app.services.wording import language_of
from app.services.wording.dates import day
from app.services.wording.guard import reason

BACK = frozenset({"return", "return_label", "exchange"})
"""Actions by which goods that arrived come back."""


class Finding(NamedTuple):
    """One word of one check: refuse, ask or allow, the rule that says so, and the sentence for it."""

    outcome: Outcome
    rule: str
    key: str
    code: str | None = None
    said: Mapping[str, str | datetime] = {}
    text: str | None = None
    """A sentence of the store's own."""
    approvers: int = 1


Summary = tuple[Outcome, str | None, tuple[str, ...], tuple[str, ...]]
"""Outcome, code, sentences, rule ids."""


Listed = TypeVar("Listed", Ready, Window)
MANY = 3
"""From so many lines on it pays to ask first what is the same for all."""


class Case:
    """One decision in the making: the facts, and what follows from them for every check."""

    __slots__ = (
        *("allowed", "choosing", "document", "facts", "language", "merchant", "now", "plan", "scene", "scenes"),
        "_asked",
    )

    def __init__(self, facts: Facts, plan: Compiled, *, choosing: bool = False) -> None:
        self.facts = facts
        self.plan = plan
        self.document = plan.document
        self.choosing = choosing
        """Nobody has chosen reason, resolution and destination yet: they are not held against anyone."""
        self.merchant = facts.actor == "merchant"
        self.now = utc(facts.now)
        self.language = language_of(facts.language)
        self.scene = Scene(facts)
        self.allowed: Summary = ("allow", None, (reason("allowed", self.language),), ("allowed",))
        """What is said where no check has found anything."""
        self.scenes = [Scene(facts, line) for line in facts.lines]
        self._asked: dict[int, Any] = {}

    @property
    def swaps(self) -> bool:
        """Whether goods are asked for in exchange, by this name or as the resolution of a line."""
        facts = self.facts
        return facts.action == "exchange" or (
            facts.action == "return"
            and not self.choosing
            and any(line.resolution == "exchange" for line in facts.lines)
        )

    @property
    def kept(self) -> bool:
        """Whether a shopper wants the money while the goods stay: that is bound by all that binds a return."""
        facts = self.facts
        return facts.action == "refund" and facts.instant and facts.follows is None and not self.merchant

    def every(self) -> list[Scene]:
        """A scene per line; one without a line where the caller named none."""
        return self.scenes or [self.scene]

    def first(self, listed: tuple[Listed, ...], scene: Scene) -> Listed | None:
        """The first of a list that the scene meets.

        Of many lines each would ask the same of the order again: that is asked once, and who fails is left out.
        """
        if len(self.scenes) < MANY:
            return next((one for one in listed if one.test(scene)), None)
        if id(listed) not in self._asked:
            self._asked[id(listed)] = [one for one in listed if one.once is None or one.once(self.scene)]
        asked: list[Listed] = self._asked[id(listed)]
        for one in asked:
            if one.each is None or one.each(scene):
                return one
        return None

    def tell(self, finding: Finding) -> str:
        """The finding's sentence in the shopper's language."""
        if finding.text is not None:
            return finding.text
        said = {
            name: day(value, self.language) if isinstance(value, datetime) else value
            for name, value in finding.said.items()
        }
        return reason(finding.key, self.language, **said)


def free(case: Case, line: LineFacts) -> bool:
    """Whether as many are left as are asked for."""
    return line.free >= (1 if case.choosing else line.quantity)


def sorted_by_weight(findings: Iterable[Finding]) -> list[Finding]:
    """Refusals first, then questions, then what allows; each in the order of the checks."""
    return sorted(findings, key=lambda finding: _WEIGHT[finding.outcome])


_WEIGHT: dict[Outcome, int] = {"refuse": 0, "ask": 1, "allow": 2}
