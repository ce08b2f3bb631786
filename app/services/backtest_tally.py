"""What a document would have decided, counted: no I/O, so that it can run beside the event loop."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from app.services.policy.contract import Facts, LineFacts, Ruling
from app.services.policy.engine import Guard

EXAMPLES = 50
OUTCOMES = ("allow", "refuse", "ask")
UNSAID = "unspecified"
"""Under this the cost of what gave no reason is summed."""
Cost = dict[str, dict[str, int]]
"""Minor units per reason and currency."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as it was kept; `facts` is its JSON text."""

    id: str
    action: str
    outcome: str
    code: str | None
    rules: list[str]
    facts: str
    order_id: str | None
    fee: int
    subject: tuple[str | None, str | None] = (None, None)
    """What it was decided about, and its id."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A return request that nobody made, for one delivered line of a past order."""

    order_id: str
    line: LineFacts
    facts: Facts


def _zero() -> dict[str, int]:
    return dict.fromkeys(OUTCOMES, 0)


@dataclass(slots=True)
class Tally:
    """Counts so far; `examples` are cases that came out differently."""

    decisions: int = 0
    requests: int = 0
    skipped: int = 0
    """Decisions that no policy made, or whose facts were not all kept."""
    changed: int = 0
    before: dict[str, int] = field(default_factory=_zero)
    after: dict[str, int] = field(default_factory=_zero)
    cost_before: Cost = field(default_factory=dict[str, dict[str, int]])
    cost_after: Cost = field(default_factory=dict[str, dict[str, int]])
    examples: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def add(self, other: Tally) -> Tally:
        """Both together."""
        for name in ("decisions", "requests", "skipped", "changed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for mine, theirs in ((self.before, other.before), (self.after, other.after)):
            for outcome, count in theirs.items():
                mine[outcome] = mine.get(outcome, 0) + count
        for mine, theirs in ((self.cost_before, other.cost_before), (self.cost_after, other.cost_after)):
            for reason, sums in theirs.items():
                for currency, amount in sums.items():
                    _count(mine, reason, currency, amount)
        self.examples = [*self.examples, *other.examples][:EXAMPLES]
        return self


def of_decisions(guard: Guard, rows: Iterable[Decided], questions: Iterable[Decided] = ()) -> Tally:
    """Decide again on what was known then, by another document.

    Money is counted once per event: where it was decided to pay, not again with what `follows` from that; and where a
    person was asked, with the first question, not again at each yes. `questions`: every one about the same orders, the
    oldest first; those of `rows` are among them.
    """
    tally = Tally()
    first: dict[Any, str] = {}
    for asked in questions:
        if not json.loads(asked.facts).get("follows"):
            first.setdefault(_event(asked), asked.id)
    for row in rows:
        try:
            facts = Facts.model_validate_json(row.facts)
        except ValidationError:
            tally.skipped += 1
            continue
        ruling = guard.decide(facts, kept=False)
        tally.decisions += 1
        before = {"outcome": row.outcome, "code": row.code, "rules": row.rules}
        _note(tally, before, ruling, {"decision": row.id, "order": row.order_id, "action": row.action})
        if facts.follows is not None:
            continue
        if row.outcome == "allow":
            _pay(tally.cost_before, facts, row.fee)
        if ruling.outcome == "allow" and (not first or row.id <= first.get(_event(row), row.id)):
            _pay(tally.cost_after, facts, ruling.fee)
    return tally


def _event(row: Decided) -> Any:
    """What is one event however often it is decided: a refund, claim or credit, else the same lines of one order."""
    if row.subject[0] not in {None, "order", "customer"}:
        return row.action, row.subject
    facts = json.loads(row.facts)
    lines = sorted((line["line_id"], line.get("quantity", 1)) for line in facts.get("lines", ()))
    return row.action, row.order_id or row.subject, tuple(lines), facts.get("amount")


def of_requests(baseline: Guard, guard: Guard, rows: Iterable[Asked]) -> Tally:
    """Decide a return of each delivered line by both documents."""
    tally = Tally()
    for row in rows:
        asked = [_with_reason(one, row.facts) for one in (baseline, guard)]
        was, now = (by.decide(facts, kept=False) for by, facts in zip((baseline, guard), asked, strict=True))
        tally.requests += 1
        _note(tally, _told(was), now, {"order": row.order_id, "line": row.line.line_id, "action": "return"})
        for ruling, cost, facts in ((was, tally.cost_before, row.facts), (now, tally.cost_after, row.facts)):
            if ruling.outcome == "allow":
                _pay(cost, facts, ruling.fee)
    return tally


def _with_reason(guard: Guard, facts: Facts) -> Facts:
    """The request with a reason that the document takes, where it takes only some."""
    reasons = guard.document.reasons.get("return") or guard.document.reasons.get("*")
    if reasons is None or (not reasons.accepted and not reasons.required):
        return facts
    reason = reasons.accepted[0] if reasons.accepted else "other"
    lines = tuple(line.model_copy(update={"reason": reason}) for line in facts.lines)
    return facts.model_copy(update={"reason": reason, "lines": lines})


def _note(tally: Tally, before: dict[str, Any], ruling: Ruling, where: dict[str, Any]) -> None:
    tally.before[before["outcome"]] = tally.before.get(before["outcome"], 0) + 1
    tally.after[ruling.outcome] += 1
    if (before["outcome"], before["code"]) == (ruling.outcome, ruling.code):
        return
    tally.changed += 1
    if len(tally.examples) < EXAMPLES:
        tally.examples.append({**where, "before": before, "after": _told(ruling)})


def _told(ruling: Ruling) -> dict[str, Any]:
    return {"outcome": ruling.outcome, "code": ruling.code, "rules": list(ruling.rules)}


def _pay(cost: Cost, facts: Facts, fee: int) -> None:
    """What an allowed case costs: its amount, else what was paid for its lines, less the fee."""
    if facts.currency is None:
        return
    if facts.amount is not None:
        _count(cost, facts.reason or UNSAID, facts.currency, max(0, facts.amount - fee))
        return
    for line in facts.lines:
        kept = min(fee, line.value)
        fee -= kept
        _count(cost, line.reason or facts.reason or UNSAID, facts.currency, line.value - kept)


def _count(cost: Cost, reason: str, currency: str, amount: int) -> None:
    if amount:
        sums = cost.setdefault(reason, {})
        sums[currency] = sums.get(currency, 0) + amount
