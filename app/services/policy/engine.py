"""The guard: a policy document applied to facts; the same facts always give the same ruling."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Literal, NamedTuple

from app.services.policy.checks import gates, limits, lines
from app.services.policy.checks.findings import Case, Finding, Summary, sorted_by_weight
from app.services.policy.compiled import Compiled
from app.services.policy.contract import Facts, LineRuling, Outcome, Ruling
from app.services.policy.model import PolicyDocument
from app.services.policy.names import Scene


class Guard:
    """Decides by one document. Refuse weighs more than ask, ask more than allow; every check's word is told."""

    def __init__(self, document: PolicyDocument, version: str, plan: Compiled | None = None) -> None:
        self.document = document
        self.version = version
        self.plan = plan or Compiled(document)

    def under(self, bought: Guard) -> Guard:
        """The same guard, judging by the windows under which an order was bought."""
        return Guard(self.document, self.version, self.plan.under(bought.plan))

    def decide(self, facts: Facts, *, kept: bool = True) -> Ruling:
        """Allow, refuse, or ask a person; never raises, whatever the facts.

        `kept`: with the facts, for whoever stores it; who only counts spares itself their writing.
        """
        case = Case(facts, self.plan)
        found = _findings(case)
        return self._ruling(case, found.every(), _lines(case, found), kept=kept)

    def returnable(self, facts: Facts) -> Ruling:
        """What could be returned or exchanged of each line, until when, as what, for which fee; if not, why not.

        The facts name every line with its `free` quantity, and perhaps the reason that would be given; resolution,
        photos, destination and amount are nobody's choice yet and are not looked at.
        """
        back, swap = self._way(facts, "return", "refund"), self._way(facts, "exchange", "exchange")
        alike = self.plan.alike("return", "exchange")
        returned = credited = _findings(back)
        swapped = _findings(swap, returned.own if alike else None)
        returns = credits_ = _lines(back, returned)
        swaps = returns if alike and swapped == returned else _lines(swap, swapped)
        if self.plan.resolution_asked:
            credit = self._way(facts, "return", "store_credit")
            credited = _findings(credit)
            credits_ = _lines(credit, credited)
        lines_ = tuple(map(_either, returns, credits_, swaps))
        outcomes = {line.outcome for line in lines_} or {_summed(back, returned.every())[0]}
        best = next(outcome for outcome in _LIGHT if outcome in outcomes)
        spoke = [[one for one in way.every() if one.outcome == best] for way in (returned, credited, swapped)]
        return self._ruling(back, next((found for found in spoke if found), spoke[0]), lines_, kept=False)

    def _way(self, facts: Facts, action: str, resolution: str) -> Case:
        """All lines as if they were asked for this way."""
        chosen: dict[str, Any] = {"action": action, "amount": None, "destination": "original"}
        if self.plan.resolution_asked:
            chosen["lines"] = tuple(line.model_copy(update={"resolution": resolution}) for line in facts.lines)
        return Case(facts.model_copy(update=chosen), self.plan, choosing=True)

    def window_days(self, facts: Facts) -> int | None:
        """For how many days after delivery all of the facts' lines may come back, without lines whatever is bought now.

        None where that is no one number: it never closes, differs, or is longer for the time being.
        """
        case = Case(facts, self.plan)
        rules = self.plan.windows_of(facts.placed_at)
        if not case.scenes and len(rules) > 1:
            return None
        extended = any(line.extended_until for line in facts.lines) or self.plan.extended(facts.placed_at or facts.now)
        days = {next(rule for rule in rules if rule.test(scene)).days for scene in case.every()}
        only = days.pop() if len(days) == 1 else None
        return None if only is None or extended else only.days

    def instant_refund(self, facts: Facts) -> bool:
        """Whether the policy lets automation pay before the goods come back; the caps are another matter."""
        return all(map(self.plan.instant, Case(facts, self.plan).every()))

    def _ruling(self, case: Case, found: Sequence[Finding], told: tuple[LineRuling, ...], *, kept: bool) -> Ruling:
        outcome, code, reasons, rules = _summed(case, found)
        refused = outcome == "refuse"
        fee = sum(line.fee for line in told) if told else lines.fee(case, case.scene)[0]
        return Ruling(
            outcome=outcome,
            code=code,
            reasons=reasons,
            rules=rules,
            policy_version=self.version,
            approvers=max(one.approvers for one in found if one.outcome == "ask") if outcome == "ask" else 0,
            fee=0 if refused else fee,
            label_payer=_payer(case),
            keep_items=not refused and limits.kept(case),
            lines=told,
            facts=case.facts.model_dump(mode="json") if kept else {},
        )


class Own(NamedTuple):
    """What speaks for each line by itself, and whether a rule of the store's own allows it."""

    findings: list[list[Finding]]
    waived: list[bool]


class Found(NamedTuple):
    """What was found: for all before the lines, for each line, and for all after them."""

    before: list[Finding]
    own: Own | None
    """None: it was not even looked at them."""
    after: list[Finding]
    early: Sequence[list[Finding]] = ()
    """While nobody has chosen lines: what would come before and after each, were it asked for alone."""
    asking: Sequence[list[Finding]] = ()

    def every(self) -> list[Finding]:
        """Every finding, the heaviest first."""
        own = self.own.findings if self.own else []
        return sorted_by_weight([*chain(*self.early), *self.before, *chain(*own), *self.after, *chain(*self.asking)])

    def of(self, at: int) -> list[Finding]:
        """What is found of one line, the heaviest first."""
        early = self.early[at] if self.early else []
        own = self.own.findings[at] if self.own else []
        asking = self.asking[at] if self.asking else []
        return sorted_by_weight([*early, *self.before, *own, *self.after, *asking])


def _findings(case: Case, own: Own | None = None) -> Found:
    """`own`: what speaks for each line, where that is known already."""
    barred = gates.identity(case)
    if barred is not None:  # who may not know the order is told nothing else about it
        return Found([barred], None, [])
    early = limits.early_rules(case)
    before = [] if case.choosing else [*chain(*early)]
    early = early if case.choosing else []
    state = gates.state(case)
    if state is not None:
        return Found([*before, state], None, [], early)
    before += [*gates.changes(case), *gates.once(case)]
    own = own or _own(case)
    after = [*limits.keep(case), *limits.destination(case), *limits.caps(case)]
    after += [*limits.instant(case), *limits.two_persons(case)]
    abuse = [*limits.abuse(case)]
    if not case.choosing:
        asking = _asking([*abuse, *limits.approval(case, case.every())], waived=all(own.waived))
        return Found(before, own, [*after, *asking])
    apart = zip(case.every(), own.waived, strict=True)
    asked = [_asking([*abuse, *limits.approval(case, [scene])], waived=waived) for scene, waived in apart]
    return Found(before, own, after, early, asked)


def _own(case: Case) -> Own:
    scenes = case.every()
    own = [list(lines.of(case, scene)) for scene in scenes]
    ruled = [limits.rule(case, scene) for scene in scenes]
    for part, finding in zip(own, ruled, strict=True):
        if finding is not None:
            part.append(finding)
    return Own(own, [finding is not None and finding.outcome == "allow" for finding in ruled])


def _asking(found: Sequence[Finding], *, waived: bool) -> list[Finding]:
    """Of abuse and approvals what still counts; a rule that allows waives what would only ask."""
    return [finding for finding in found if finding.outcome == "refuse" or not waived]


def _summed(case: Case, found: Sequence[Finding]) -> Summary:
    """The heaviest outcome, its first code, its sentences, and the ids of every rule that said something."""
    if not found:
        return case.allowed
    first = found[0]
    told = [finding for finding in found if finding.outcome == first.outcome]
    reasons = tuple(dict.fromkeys(map(case.tell, told)))
    rules = tuple(dict.fromkeys(finding.rule for finding in found))
    return first.outcome, first.code, reasons, rules


def _lines(case: Case, found: Found) -> tuple[LineRuling, ...]:
    """What the findings mean for each line."""
    return tuple(_line(case, scene, found.of(at)) for at, scene in enumerate(case.scenes))


def _line(case: Case, scene: Scene, found: Sequence[Finding]) -> LineRuling:
    line = scene.line
    assert line is not None
    outcome, code, reasons, rules = _summed(case, found)
    refused = outcome == "refuse"
    quantity = line.free if case.choosing else line.quantity
    fee, fixed = (0, 0) if refused else lines.fee(case, scene)
    return LineRuling(
        line_id=line.line_id,
        quantity=0 if refused else quantity,
        outcome=outcome,
        code=code,
        reasons=reasons,
        rules=rules,
        returnable_until=lines.until(case, scene),
        fee=fee,
        fee_fixed=fixed,
        resolutions=() if refused else lines.offered(case, scene),
    )


def _either(refund: LineRuling, credit: LineRuling, swapped: LineRuling) -> LineRuling:
    """One line as money, as store credit and as other goods: what is possible by any, and how by the first of those."""
    ways = ((refund, "refund"), (credit, "store_credit"), (swapped, "exchange"))
    words = tuple(word for line, word in ways if word in line.resolutions)
    if words:
        better = next(line for line, word in ways if word in line.resolutions)
    else:  # it is why not that is told
        better = next((line for line, _ in ways if line.outcome == "refuse"), refund)
    return better if better.resolutions == words else better.model_copy(update={"resolutions": words})


_LIGHT: list[Outcome] = ["allow", "ask", "refuse"]


def _payer(case: Case) -> Literal["store", "shopper"]:
    for ready in case.plan.label_rules:
        if all(map(ready.test, case.every())):
            return ready.part.payer
    return case.document.label.payer
