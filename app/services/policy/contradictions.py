"""What a policy document may not say at once: found on save, each with the path to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from app.services.policy import impossible
from app.services.policy.conditions import All, AnyOf, Compare, Not
from app.services.policy.model import Path, PolicyDocument
from app.services.policy.names import NAMES
from app.services.policy.parts import Windows

Fault = tuple[Path, str, str]

REFUSAL_CODES = frozenset(
    {
        "not_owner",
        "proof_required",
        "order_not_found",
        "order_not_pending",
        "order_not_delivered",
        "order_already_modified",
        "already_canceled",
        "already_returned",
        "payment_already_changed",
        "return_window_closed",
        "item_not_returnable",
        "refund_exceeds_captured",
        "limit_reached",
        "no_items",
        "item_not_in_order",
        "item_count_mismatch",
        "different_product",
        "new_item_not_found",
        "new_item_unavailable",
        "same_item",
        "reason_not_allowed",
        "refund_method_not_allowed",
        "payment_method_not_found",
        "same_payment_method",
        "gift_card_insufficient",
        "currency_mismatch",
    }
)
"""The contract's codes that a policy can mean."""

KEPT_BACK = frozenset({"return", "exchange"})
"""Actions of which a fee is kept back. A refund pays what its caller names, a claim what a person grants."""

MAX_NODES = 1000
"""Of all conditions of a document together, so that a decision on fifty lines stays far under a tenth of a second."""
WORDS = 20
"""So many listed words count as one node more: to look one up costs nearly nothing, to keep and compile them does."""


_TOO_LARGE = f"At most {MAX_NODES} nodes in all conditions together; {WORDS} listed words count as one more."


def of(document: PolicyDocument, currencies: frozenset[str] | None) -> list[Fault]:
    """Every contradiction of the document."""
    faults = [*_windows(document.windows), *_rules(document), *_money(document), *_reasons(document)]
    faults += [*_statutory(document), *_ids(document), *_ways(document)]
    faults += [fault for where, condition in document.conditions() for fault in impossible.found(condition, where)]
    named = document.currencies
    if named is not None and currencies is not None:
        faults += [(("currencies", at), *_NOT_SOLD) for at, code in enumerate(named) if code not in currencies]
    own = currencies if named is None else frozenset(named)
    if own is not None:
        faults += _foreign(document, own)
    if sum(_size(condition) for _, condition in document.conditions()) > MAX_NODES:
        faults.append(((), "document_too_large", _TOO_LARGE))
    return faults


def _windows(windows: Windows) -> Iterator[Fault]:
    yield from _unreachable(("windows", "rules"), windows.rules)
    for at, extension in enumerate(windows.extensions):
        where: Path = ("windows", "extensions", at)
        if extension.placed_to <= extension.placed_from:
            yield (*where, "placed_to"), "dates_backwards", "It must be after placed_from."
        if extension.open_until < extension.placed_to:
            yield (*where, "open_until"), "dates_backwards", "It must not be before placed_to."
    before = None
    for at, earlier in enumerate(windows.earlier):
        if before is not None and earlier.until <= before:
            yield ("windows", "earlier", at, "until"), "dates_backwards", "Each must be later than the one before it."
        before = earlier.until
        yield from _unreachable(("windows", "earlier", at, "rules"), earlier.rules)


def _rules(document: PolicyDocument) -> Iterator[Fault]:
    yield from _unreachable(("label", "rules"), document.label.rules)
    yield from _unreachable(("resolution_rules",), document.resolution_rules)
    closed: dict[tuple[bool, str | None], set[str]] = {}
    for at, rule in enumerate(document.rules):
        own = (rule.before_state, impossible.same(rule.when))
        before = closed.setdefault(own, set())
        if set(rule.actions) <= before | closed.get((rule.before_state, None), set()):
            yield ("rules", at), *_BEHIND
        before |= set(rule.actions)
        if rule.code is not None and rule.outcome != "refuse":
            yield ("rules", at, "code"), "code_without_refusal", "Only a refusal has a code."
        elif rule.code is not None and rule.code not in REFUSAL_CODES:
            yield ("rules", at, "code"), "code_unknown", "This is no refusal code."
        if rule.before_state and rule.outcome != "refuse":
            yield ("rules", at, "before_state"), "outcome_not_allowed", "Only a refusal may come before the state."


def _unreachable(where: Path, rules: Iterable[Any]) -> Iterator[Fault]:
    closed: set[str | None] = set()
    for at, rule in enumerate(rules):
        own = impossible.same(rule.when)
        if closed & {own, None}:
            yield (*where, at), *_BEHIND
        closed.add(own)


_BEHIND = "rule_unreachable", "An earlier rule without a condition, or with the same, always decides first."


def _money(document: PolicyDocument) -> Iterator[Fault]:
    if document.instant_refund is not False and not document.caps:
        yield ("instant_refund",), "caps_missing", "An instant refund needs caps."
    for code, caps in document.caps.items():
        if caps.refund > min(caps.order, caps.customer, caps.day):
            detail = "One refund may not be more than what an order, a customer or a day may have."
            yield ("caps", code, "refund"), "cap_above_cap", detail
    for at, hours in enumerate(document.approvals.remind_after_hours):
        if hours >= document.approvals.expires_after_hours:
            where: Path = ("approvals", "remind_after_hours", at)
            yield where, "reminder_too_late", "A reminder must come before the approval expires."
    for at, fee in enumerate(document.fees):
        if not fee.percent and not fee.fixed:
            yield ("fees", at), "fee_empty", "A fee needs per cent or a fixed sum."
        for place, action in enumerate(fee.actions):
            if action not in KEPT_BACK:
                detail = "Nothing is kept back of this: only a return and an exchange have a fee."
                yield ("fees", at, "actions", place), "fee_without_effect", detail
    if document.keep_items.when is not None and not document.keep_items.below:
        yield ("keep_items", "below"), "amount_missing", "Say below which value goods are kept."


STATUTORY_DAYS = 14
"""Article 9 of Directive 2011/83/EU: a store may give more, never less."""


def _statutory(document: PolicyDocument) -> Iterator[Fault]:
    if document.withdrawal.days < STATUTORY_DAYS:
        detail = f"The law gives {STATUTORY_DAYS} days at least."
        yield ("withdrawal", "days"), "below_statutory", detail
    for at, rule in enumerate(document.rules):
        if rule.outcome == "refuse" and rule.when is None and "withdrawal" in rule.actions:
            where: Path = ("rules", at, "actions", rule.actions.index("withdrawal"))
            yield where, "below_statutory", "The law gives a right to withdraw: no rule can refuse all of it."


def _ways(document: PolicyDocument) -> Iterator[Fault]:
    """What a line may be turned into must have a way to go; a rule may widen it for the lines that it is about."""
    allowed, ways = document.resolutions, document.destinations
    if "refund" in allowed and not ways:
        yield ("destinations",), "destination_missing", "A refund must be able to go somewhere."
    elif "refund" not in allowed and "store_credit" in allowed and "store_credit" not in ways:
        where: Path = ("resolutions", allowed.index("store_credit"))
        yield where, "destination_missing", "Store credit is none of the destinations."


def _reasons(document: PolicyDocument) -> Iterator[Fault]:
    for at, duty in enumerate(document.photos):
        never = set(duty.reasons or ())
        for action in duty.actions:
            rule = document.reasons.get(action, document.reasons.get("*"))
            accepted = None if rule is None else rule.accepted
            never &= set() if accepted is None else never - set(accepted)
        if never:
            yield ("photos", at, "reasons"), "reason_not_accepted", "This reason is accepted for no such action."


def _ids(document: PolicyDocument) -> Iterator[Fault]:
    """Ids name one rule each, within their list; a window's versions stand apart."""
    lists: list[tuple[Path, Iterable[Any]]] = [
        (("windows", "rules"), document.windows.rules),
        (("label", "rules"), document.label.rules),
        (("resolution_rules",), document.resolution_rules),
        (("fees",), document.fees),
        (("photos",), document.photos),
        (("rules",), document.rules),
    ]
    lists += [(("windows", "earlier", at, "rules"), part.rules) for at, part in enumerate(document.windows.earlier)]
    for where, rules in lists:
        seen: set[str] = set()
        for at, rule in enumerate(rules):
            if rule.id in seen:
                yield (*where, at, "id"), "id_duplicate", "Another rule has this id."
            seen.add(rule.id)


_NOT_SOLD = "currency_foreign", "The store does not sell in this currency."


def _foreign(document: PolicyDocument, own: frozenset[str]) -> Iterator[Fault]:
    named: list[tuple[Path, Iterable[str]]] = [
        (("caps",), document.caps),
        (("two_persons_above",), document.two_persons_above),
        (("keep_items", "below"), document.keep_items.below),
    ]
    named += [(("fees", at, "fixed"), fee.fixed) for at, fee in enumerate(document.fees)]
    for where, codes in named:
        for code in codes:
            if code not in own:
                yield (*where, code), *_NOT_SOLD
    for where, condition in document.conditions():
        for path, node in _walk(condition, where):
            if NAMES[node.fact].kind == "money" and node.op != "exists":
                code = node.value["currency"]
                if code not in own:
                    yield (*path, "value", "currency"), *_NOT_SOLD


def _walk(node: Any, path: Path) -> Iterator[tuple[Path, Compare]]:
    if isinstance(node, All | AnyOf):
        parts, key = (node.all, "all") if isinstance(node, All) else (node.any, "any")
        for at, part in enumerate(parts):
            yield from _walk(part, (*path, key, at))
    elif isinstance(node, Not):
        yield from _walk(node.not_, (*path, "not"))
    elif isinstance(node, Compare):
        yield path, node


def _size(condition: Any) -> int:
    if isinstance(condition, Not):
        return 1 + _size(condition.not_)
    if isinstance(condition, All | AnyOf):
        parts = condition.all if isinstance(condition, All) else condition.any
        return 1 + sum(_size(part) for part in parts)
    if not isinstance(condition, Compare):
        return 0
    return 1 + (len(condition.value) // WORDS if condition.op in {"in", "not_in"} else 0)
