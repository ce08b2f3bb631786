"""The policy document: what a store decides once, as versioned JSON, checked before it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

from pydantic import ValidationError

from app.errors import Invalid
from app.services.policy import contradictions
from app.services.policy.conditions import TAG
from app.services.policy.model import AUTO_APPROVE, PROOF, PolicyDocument

__all__ = ["AUTO_APPROVE", "PROOF", "PolicyDocument", "check"]

MAX_DEPTH = 64
MAX_VALUES = 100_000


def check(raw: Any, currencies: Iterable[str] | None = None) -> PolicyDocument:
    """The document out of JSON; raises Invalid with a pointer, a code and a sentence for each fault.

    `currencies` are the store's own; null where nobody has said. The document can narrow them down.
    """
    _bounded(raw)
    try:
        document = PolicyDocument.model_validate(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise _refused([_told(item["loc"], item["type"], item["msg"]) for item in found]) from None
    faults = contradictions.of(document, None if currencies is None else frozenset(currencies))
    if faults:
        raise _refused([_told(path, code, detail) for path, code, detail in faults])
    return document


def _refused(errors: list[dict[str, str]]) -> Invalid:
    unique = list({(error["pointer"], error["code"]): error for error in errors}.values())
    return Invalid("The policy is refused; the active one stays.", errors=unique[:50])


def _told(path: Iterable[int | str], code: str, detail: str) -> dict[str, str]:
    return {"pointer": "".join(_steps(path)), "code": code, "detail": detail}


def _steps(path: Iterable[int | str]) -> Iterator[str]:
    for step in path:
        word = str(step)
        # pydantic also names which of several types it tried: that is no step into the document
        if not word.startswith((TAG, "function-before", "union", "literal", "list[", "tagged-union")) and word not in {
            "bool",
            "[key]",
        }:
            yield "/" + word.replace("~", "~0").replace("/", "~1")


def _bounded(raw: Any) -> None:
    """Refuse what is too deep or too long to be a policy, before anything walks it by recursion."""
    waiting: list[tuple[Any, int]] = [(raw, 1)]
    seen = 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        inner: Iterable[Any] = ()
        if isinstance(value, dict):
            inner = cast("dict[str, Any]", value).values()
        elif isinstance(value, list):
            inner = cast("list[Any]", value)
        if depth > MAX_DEPTH and inner:
            _raise_deep(raw)
        waiting.extend((part, depth + 1) for part in inner)
        if seen + len(waiting) > MAX_VALUES:
            raise _refused([_told((), "document_too_large", f"At most {MAX_VALUES} values.")])


def _raise_deep(raw: Any) -> None:
    """Say where the depth is: at the first step into it."""
    pointer: list[str] = []
    value = raw
    while len(pointer) < 3:
        steps: list[tuple[str, Any]] = []
        if isinstance(value, dict):
            steps = list(cast("dict[str, Any]", value).items())
        elif isinstance(value, list):
            steps = [(str(i), part) for i, part in enumerate(cast("list[Any]", value))]
        deep = [(key, part) for key, part in steps if _depth(part) > MAX_DEPTH - 3]
        if not deep:
            break
        pointer.append(deep[0][0])
        value = deep[0][1]
    raise _refused([_told(pointer, "condition_too_deep", f"At most {MAX_DEPTH} levels.")])


def _depth(value: Any) -> int:
    waiting: list[tuple[Any, int]] = [(value, 1)]
    deepest = 0
    while waiting:
        part, depth = waiting.pop()
        deepest = max(deepest, depth)
        if isinstance(part, dict):
            waiting.extend((inner, depth + 1) for inner in cast("dict[str, Any]", part).values())
        elif isinstance(part, list):
            waiting.extend((inner, depth + 1) for inner in cast("list[Any]", part))
    return deepest
