"""Conditions that cannot be otherwise, whatever the facts: told only where that is certain."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, cast

from app.services.policy.conditions import All, AnyOf, Compare, Not
from app.services.policy.evaluation import COMPARE
from app.services.policy.names import NAMES

Path = tuple[int | str, ...]
NEVER: tuple[str, str] = "condition_never_met", "These parts can never all be true."
ALWAYS: tuple[str, str] = "condition_always_met", "One of these parts is always true."


class Said(NamedTuple):
    """One part of an `all` or an `any`, with the path to it."""

    path: Path
    node: Any


def found(condition: Any, path: Path) -> Iterator[tuple[Path, str, str]]:
    """Every `all` of the tree that is never true, and every `any` that always is: the first part by which it is so."""
    if isinstance(condition, Not):
        yield from found(condition.not_, (*path, "not"))
    if not isinstance(condition, All | AnyOf):
        return
    kind = All if isinstance(condition, All) else AnyOf
    parts = list(_flat(condition, path, kind))
    at = _opposed(parts)
    if at is not None:
        code, detail = NEVER if kind is All else ALWAYS
        yield at, code, detail
    elif kind is All:
        yield from ((at, *NEVER) for at in _apart(parts))
    for part in parts:
        yield from found(part.node, part.path)


def same(condition: Any) -> str | None:
    """A text that two conditions share only where they ask the same."""
    return None if condition is None else cast("str", condition.model_dump_json(by_alias=True))


def _flat(node: Any, path: Path, kind: type[All | AnyOf]) -> Iterator[Said]:
    """The parts of an `all`, and those of each `all` directly within it; of an `any` likewise."""
    if not isinstance(node, kind):
        yield Said(path, node)
        return
    parts, key = (node.all, "all") if isinstance(node, All) else (node.any, "any")
    for at, part in enumerate(parts):
        yield from _flat(part, (*path, key, at), kind)


def _opposed(parts: Iterable[Said]) -> Path | None:
    """Where both something and its `not` are said."""
    plain: set[str | None] = set()
    turned: set[str | None] = set()
    for part in parts:
        inner = part.node.not_ if isinstance(part.node, Not) else None
        own = same(part.node)
        if own in turned or (inner is not None and same(inner) in plain):
            return part.path
        plain.add(own)
        if inner is not None:
            turned.add(same(inner))
    return None


def _apart(parts: Iterable[Said]) -> Iterator[Path]:
    """Per fact the first comparison that no value can meet beside those before it."""
    asked: dict[str, list[Said]] = {}
    for part in parts:
        node = part.node.not_ if isinstance(part.node, Not) else part.node
        if isinstance(node, Compare):
            asked.setdefault(node.fact, []).append(part)
    for fact, said in asked.items():
        nodes = [part.node for part in said]
        if len(nodes) > 1 and _none(fact, nodes):
            # one more never makes it possible again
            first = bisect_left(range(1, len(nodes) + 1), x=True, key=lambda many: _none(fact, nodes[:many]))
            yield said[first].path


def _none(fact: str, nodes: Sequence[Any]) -> bool:
    """Whether no value of the fact meets all of these."""
    plain = [node for node in nodes if isinstance(node, Compare)]
    denied = [node.not_ for node in nodes if not isinstance(node, Compare)]
    kind = NAMES[fact].kind
    if kind == "words":
        return _no_words(plain)
    if any(node.op == "exists" and node.value is False for node in plain):
        return any(node.op != "exists" or node.value is True for node in plain)
    plain = [node for node in plain if node.op != "exists"]
    denied = [node for node in denied if node.op != "exists"]
    if not plain:  # what is not known makes every `not` true
        return False
    if kind == "money":
        if len({node.value["currency"] for node in plain}) > 1:
            return True
        denied = [node for node in denied if node.value["currency"] == plain[0].value["currency"]]
    values = _values(plain, whole=kind in {"number", "money"}, flag=kind == "flag")
    return values is not None and not any(
        all(_meets(node, value) for node in plain) and not any(_meets(node, value) for node in denied)
        for value in values
    )


def _values(plain: Sequence[Compare], *, whole: bool, flag: bool) -> list[Any] | None:
    """The only values that can meet them; None where these are not few."""
    for node in plain:
        if node.op == "eq":
            return [_amount(node)]
        if node.op == "in":
            return list(node.value)
    if flag:
        return [True, False]
    low = [
        _amount(node) + 1 if whole and node.op == "gt" else _amount(node) for node in plain if node.op in {"gt", "gte"}
    ]
    high = [
        _amount(node) - 1 if whole and node.op == "lt" else _amount(node) for node in plain if node.op in {"lt", "lte"}
    ]
    if not low or not high or max(low) < min(high):
        return None
    return [max(low)] if max(low) == min(high) else []


def _amount(node: Compare) -> Any:
    """What is compared with; of money the amount."""
    return node.value["amount"] if NAMES[node.fact].kind == "money" else node.value


def _meets(node: Compare, value: Any) -> bool:
    return COMPARE[node.op](value, _amount(node))


def _no_words(plain: Sequence[Compare]) -> bool:
    """Whether a tag is asked for that must not be there."""
    barred = {word for node in plain if node.op == "not_in" for word in node.value}
    wanted = [{node.value} if node.op == "contains" else set(node.value) for node in plain if node.op in _WANTED]
    return any(words <= barred for words in wanted)


_WANTED = frozenset({"contains", "in"})
