"""JSON as the contract wants it: no duplicate keys, no NaN, no endless numbers, no lone surrogates, no NUL."""

import json
from typing import Any

from app.errors import InvalidJson

MAX_DIGITS = 40
MAX_DEPTH = 64


def loads(raw: bytes) -> Any:
    """Parse `raw`, or raise `invalid_json` with a sentence that says what is wrong."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJson("The body is not UTF-8.") from error
    if text.startswith("\ufeff"):
        raise InvalidJson("The body starts with a byte order mark.")
    if _depth(text) > MAX_DEPTH:
        raise InvalidJson(f"The body is nested deeper than {MAX_DEPTH} levels.")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_pairs,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_number,
        )
    except (ValueError, RecursionError) as error:
        raise InvalidJson(f"The body is not valid JSON: {_short(error)}.") from error
    # Only an escape can bring a lone surrogate or a NUL past the two checks above.
    if "\\u" in text:
        _check_strings(value)
    return value


def _depth(text: str) -> int:
    """The deepest nesting, strings passed over; counted without recursion, before anything is parsed."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0
    deepest = depth = 0
    quoted = escaped = False
    for character in text:
        if quoted:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                quoted = False
        elif character == '"':
            quoted = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidJson("An object has the same key twice.")
    return found


def _constant(name: str) -> Any:
    raise InvalidJson(f"{name} is not a JSON number.")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise InvalidJson(f"A number has more than {MAX_DIGITS} digits.")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if len(digits) > MAX_DIGITS or value in (float("inf"), float("-inf")):
        raise InvalidJson("A number is out of range.")
    return value


def _check_strings(value: Any) -> None:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.keys())  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
            waiting.extend(item.values())  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        elif isinstance(item, list):
            waiting.extend(item)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(item, str) and ("\x00" in item or any("\ud800" <= mark <= "\udfff" for mark in item)):
            raise InvalidJson("A string has a NUL or half a surrogate pair.")


def _short(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)[:120]
