"""The store's own rules, signs of abuse, caps, and who must be asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.services.policy.checks.findings import Case, Finding
from app.services.policy.compiled import Ready
from app.services.policy.names import Scene
from app.services.policy.parts import Rule

PAID_BACK = frozenset({"return", "refund", "claim", "withdrawal"})
FILED = frozenset({"claim", "withdrawal", "exchange"})
"""What a limit makes a person look at and does not turn away: what a shopper may always hand in, and goods that are to
go out before others are back (of an exchange that waits for them nothing is given)."""


def destination(case: Case) -> Iterator[Finding]:
    """Whether money may go where the facts say."""
    facts = case.facts
    if case.choosing or facts.action not in PAID_BACK:
        return
    if facts.lines and all(line.resolution != "refund" for line in facts.lines):
        return
    way = facts.destination_kind if facts.destination == "payment_method" else facts.destination
    if facts.action == "withdrawal" and way == "original":  # the law's own way
        return
    if way not in case.document.destinations:
        yield Finding("refuse", "destinations", "destinations", "refund_method_not_allowed")


KEPT = frozenset({"return", "claim"})
"""Actions by which goods may stay with the shopper."""


def kept(case: Case) -> bool:
    """Whether the policy leaves the goods with the shopper: they are worth less than their way.

    What they were let keep of the order before counts with them, so that nothing dear is kept in parts.
    """
    facts = case.facts
    below = case.document.keep_items.below.get(facts.currency or "")
    if below is None or facts.action not in KEPT or not facts.lines:
        return False
    worth = facts.let_keep + sum(line.value for line in facts.lines)
    return worth < below and all(map(case.plan.keep_when, case.scenes))


def keep(case: Case) -> Iterator[Finding]:
    """Goods stay with the shopper where the policy leaves them there, or the store itself; never in an exchange."""
    own_choice = case.merchant and not case.swaps
    if case.facts.method == "keep" and not own_choice and not kept(case):
        yield Finding("refuse", "keep_items", "keep_items", "refund_method_not_allowed")


def early_rules(case: Case) -> list[list[Finding]]:
    """Refusals of the store's own that come before the order's state, per scene; empty without such rules."""
    rules = case.plan.early_rules.get(case.facts.action, ())
    if not rules:
        return []
    found = [_first(case, rules, scene) for scene in case.every()]
    return [[] if one is None else [one] for one in found]


def rule(case: Case, scene: Scene) -> Finding | None:
    """The first of the store's own rules that the scene meets."""
    return _first(case, case.plan.rules.get(case.facts.action, ()), scene)


def _first(case: Case, rules: tuple[Ready, ...], scene: Scene) -> Finding | None:
    met = case.first(rules, scene)
    if met is None:
        return None
    part: Rule = met.part
    code = part.code or _CODES.get(case.facts.action, "limit_reached") if part.outcome == "refuse" else None
    text = part.reason.get(case.language) or part.reason.get("en")
    return Finding(part.outcome, part.id, f"rule_{part.outcome}", code, text=text)


_CODES = {
    "cancel": "order_not_pending",
    "return": "item_not_returnable",
    "return_label": "item_not_returnable",
    "exchange": "item_not_returnable",
}
"""What a refusing rule without a code of its own answers."""


def abuse(case: Case) -> Iterator[Finding]:
    """Signs of abuse in the customer's past; a person looks at what they see, or it is refused."""
    facts, policy = case.facts, case.document.abuse
    if case.merchant or facts.follows is not None or facts.action not in policy.actions:
        return
    customer = facts.customer
    for name, signal, seen in (
        ("return_rate", policy.return_rate, customer.return_rate),
        ("claims", policy.claims, customer.claims),
        ("accounts_on_address", policy.accounts_on_address, customer.accounts_on_address),
    ):
        if signal is None or seen <= signal.above or customer.orders < signal.orders_at_least:
            continue
        if signal.outcome == "refuse":
            yield Finding("refuse", f"abuse.{name}", "abuse_refuse", "limit_reached")
        else:
            yield Finding("ask", f"abuse.{name}", "abuse")


def caps(case: Case) -> Iterator[Finding]:
    """What automation may spend; the first cap that is passed says so."""
    facts = case.facts
    if case.merchant or facts.amount is None or facts.currency is None or facts.amount == 0:
        return
    found = _cap(case, facts.amount, facts.currency)
    if found is None:
        return
    rule_id, key = found
    said = {"currency": facts.currency}
    if facts.action in FILED:
        yield Finding("ask", rule_id, key, said=said)
    else:
        yield Finding("refuse", rule_id, key, "limit_reached", said)


def _cap(case: Case, amount: int, currency: str) -> tuple[str, str] | None:
    own = case.document.caps.get(currency)
    if own is None:
        return "caps.none", "caps_none"
    if amount > own.refund:
        return "caps.refund", "caps_refund"
    spent = case.facts.spent
    for scope, cap in (("order", own.order), ("customer", own.customer), ("day", own.day)):
        if spent.get(scope, 0) + amount > cap:
            return f"caps.{scope}", f"caps_{scope}"
    return None


def instant(case: Case) -> Iterator[Finding]:
    """Money before goods, where the policy does not allow it or there is nothing to keep yet, needs a person."""
    facts = case.facts
    if facts.action not in {"refund", "exchange"} or not facts.instant or case.merchant:
        return
    if facts.order_status != "delivered" or not all(map(case.plan.instant, case.every())):
        yield Finding("ask", "instant_refund", "instant")


def two_persons(case: Case) -> Iterator[Finding]:
    """Above an amount two persons must agree, whoever asks, in however many parts it is asked for.

    What follows from a decision is paid by its own amount, all of its parts together: it was looked at there. Money
    before goods is asked for as other refunds are, line by line if one likes.
    """
    facts = case.facts
    above = case.document.two_persons_above.get(facts.currency or "")
    if above is None or not facts.amount:
        return
    before = facts.given if facts.follows is None or facts.instant else facts.paid_before
    if facts.amount + before > above:
        yield Finding("ask", "two_persons", "two_persons", approvers=2)


def approval(case: Case, scenes: Sequence[Scene]) -> Iterator[Finding]:
    """What waits for a person's yes; an action that nobody has named does."""
    if case.merchant:
        return
    actions = {case.facts.action, "exchange"} if case.swaps else {case.facts.action}
    for action in actions:
        test = case.plan.approve.get(action)
        if test is None or not all(map(test, scenes)):
            yield Finding("ask", "approval", "approval")
            return
