"""Conditions that nothing can ever meet: parts that must hold together and cannot.

Only what is certain is told; a condition that is false for a deeper reason passes.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

from app.services.policy.conditions import All, AnyOf, Compare, Not
from app.services.policy.names import NAMES

Condition = All | AnyOf | Not | Compare
_ORDERED = frozenset({"number", "moment"})
_BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def never(condition: Condition | None) -> bool:
    """Whether no facts can meet it."""
    if condition is None or isinstance(condition, Compare):
        return False
    if isinstance(condition, Not):
        return False
    if isinstance(condition, AnyOf):
        return all(never(part) for part in condition.any)
    parts = list(_together(condition))
    denied = [part.not_ for part in parts if isinstance(part, Not)]
    return (
        any(never(part) for part in parts)
        or any(part in denied for part in parts)
        or any(_empty(fact, found) for fact, found in _by_fact(parts).items())
    )


def _together(condition: All) -> Iterator[AnyOf | Not | Compare]:
    for part in condition.all:
        if isinstance(part, All):
            yield from _together(part)
        else:
            yield part


def _by_fact(parts: list[Any]) -> dict[str, list[Compare]]:
    found: dict[str, list[Compare]] = {}
    for part in parts:
        if isinstance(part, Compare):
            found.setdefault(part.fact, []).append(part)
    return found


def _empty(fact: str, asked: list[Compare]) -> bool:
    """Whether the comparisons of one fact leave no value for it."""
    kind = NAMES[fact].kind
    exists = {one.value for one in asked if one.op == "exists"}
    others = any(one.op != "exists" for one in asked)
    # No tags at all are still tags, of which `not_in` is true.
    if len(exists) == 2 or (False in exists and others and kind != "words"):
        return True
    if kind in {"words", "money"}:  # tags are many at once; amounts have a currency each
        return False
    allowed = [{one.value} if one.op == "eq" else set(one.value) for one in asked if one.op in {"eq", "in"}]
    barred: set[Any] = {one.value for one in asked if one.op == "ne"}
    barred |= {value for one in asked if one.op == "not_in" for value in one.value}
    if allowed and not (set[Any].intersection(*allowed) - barred):
        return True
    return kind in _ORDERED and _out_of_order(asked, set[Any].intersection(*allowed) if allowed else None)


def _out_of_order(asked: list[Compare], allowed: set[Any] | None) -> bool:
    """Whether the bounds leave nothing between them, or none of the values that are `allowed`."""
    bounds = [(one.op, one.value) for one in asked if one.op in _BOUNDS]
    if allowed is not None:
        return bool(bounds) and not any(all(_BOUNDS[op](value, bound) for op, bound in bounds) for value in allowed)
    least = [(value, op == "gt") for op, value in bounds if op in {"gt", "gte"}]
    most = [(value, op == "lt") for op, value in bounds if op in {"lt", "lte"}]
    if not least or not most:
        return False
    low, high = max(least), min(most, key=lambda bound: (bound[0], not bound[1]))
    return low[0] > high[0] or (low[0] == high[0] and (low[1] or high[1]))
