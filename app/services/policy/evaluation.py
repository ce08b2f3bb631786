"""Conditions made into one function each; a comparison with a fact that is not known is false."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, cast

from app.services.policy.conditions import All, AnyOf, Compare, Not, named
from app.services.policy.names import NAMES, Scene

Test = Callable[[Scene], bool]


def compiled(condition: All | AnyOf | Not | Compare | None) -> Test:
    """The condition as one function; None is always true."""
    if condition is None:
        return _always
    if isinstance(condition, Compare):
        return _comparison(condition)
    if isinstance(condition, Not):
        part = compiled(condition.not_)
        return lambda scene: not part(scene)
    if isinstance(condition, All):
        return _all(tuple(compiled(part) for part in condition.all))
    return _any(tuple(compiled(part) for part in condition.any))


def apart(condition: All | AnyOf | Not | Compare | None) -> tuple[Test | None, Test | None]:
    """The same as two conditions that must both be met: what asks about no line, and the rest; None asks nothing."""
    parts = list(_conjuncts(condition))
    once = tuple(compiled(part) for part in parts if not _of_lines(part))
    each = tuple(compiled(part) for part in parts if _of_lines(part))
    return _together(once), _together(each)


def _conjuncts(condition: All | AnyOf | Not | Compare | None) -> Iterator[AnyOf | Not | Compare]:
    if isinstance(condition, All):
        for part in condition.all:
            yield from _conjuncts(part)
    elif condition is not None:
        yield condition


def _of_lines(condition: AnyOf | Not | Compare) -> bool:
    return any(NAMES[fact].of_line for fact in named(condition))


def _together(tests: tuple[Test, ...]) -> Test | None:
    return tests[0] if len(tests) == 1 else _all(tests) if tests else None


def _all(tests: tuple[Test, ...]) -> Test:
    def test(scene: Scene) -> bool:
        for part in tests:  # noqa: SIM110  a loop takes half the time of `all` with a generator
            if not part(scene):
                return False
        return True

    return test


def _any(tests: tuple[Test, ...]) -> Test:
    def test(scene: Scene) -> bool:
        for part in tests:  # noqa: SIM110  as above
            if part(scene):
                return True
        return False

    return test


def _always(scene: Scene) -> bool:
    del scene
    return True


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "in": lambda found, value: found in value,
    "not_in": lambda found, value: found not in value,
    "contains": operator.contains,
    "starts_with": lambda found, value: found.startswith(value),
}
_COMPARE_WORDS: dict[str, Callable[[Any, Any], bool]] = {
    "contains": operator.contains,
    "in": lambda found, value: not value.isdisjoint(found),
    "not_in": lambda found, value: value.isdisjoint(found),
}


def _comparison(node: Compare) -> Test:
    name, op, value = NAMES[node.fact], node.op, node.value
    read = name.read
    if op == "exists":
        return lambda scene: (read(scene) not in {None, ()}) is value
    if name.kind == "money":
        return _of_money(read, COMPARE[op], value["amount"], value["currency"])
    compare = (_COMPARE_WORDS if name.kind == "words" else COMPARE)[op]
    if isinstance(value, list):
        value = frozenset(cast("list[Any]", value))

    def test(scene: Scene) -> bool:
        found = read(scene)
        return found is not None and compare(found, value)

    return test


def _of_money(read: Callable[[Scene], Any], compare: Callable[[Any, Any], bool], amount: int, currency: str) -> Test:
    """Amounts of two currencies are never compared: that is false too."""

    def test(scene: Scene) -> bool:
        found = read(scene)
        return found is not None and scene.facts.currency == currency and compare(found, amount)

    return test
