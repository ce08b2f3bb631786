"""What a provider's answer is taken for: a JSON object, a refusal, or an outcome that nobody knows."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Literal, NoReturn, cast

from app.clock import now
from app.integrations.errors import NotExecuted, OutcomeUnknown, ProviderError, Refused

REFUSALS = frozenset({400, 401, 403, 404, 409, 410, 422})
"""Statuses that are a no, if the answer says in JSON which one."""
THROTTLED = frozenset({"throttled", "rate_limited", "rate_limit", "too_many_requests"})
MAX_RETRY_AFTER = 86_400.0
LONGEST = 30
"""Digits before or behind the point of a number that is read as it is written."""


def read(
    status: int,
    headers: Mapping[str, str],
    content: bytes,
    expect: Literal["json", "bytes"],
    evidence: dict[str, Any],
) -> dict[str, Any] | bytes:
    """What a 2xx answer says; raises Refused for a clear no, NotExecuted where throttled, else OutcomeUnknown."""
    if 200 <= status < 300:
        return content if expect == "bytes" else document(status, headers, content, evidence)
    code, detail = _problem(_kind(headers), content)
    raise error_of(status, headers, code, detail, evidence)


def document(
    status: int,
    headers: Mapping[str, str],
    content: bytes,
    evidence: dict[str, Any],
    *,
    fractions: Callable[[str], Any] | None = None,
) -> dict[str, Any]:
    """The JSON object of a 2xx answer; raises OutcomeUnknown where it is none. `fractions`: see `strict_json`."""
    found = json_or_none(headers, content, fractions)
    if found is None:
        evidence["error"] = "malformed"
        where = f"{evidence['method']} {evidence['path']}"
        raise OutcomeUnknown(f"{where}: {status} with an answer that cannot be read", evidence=evidence)
    return found


def json_or_none(
    headers: Mapping[str, str], content: bytes, fractions: Callable[[str], Any] | None = None
) -> dict[str, Any] | None:
    """The JSON object of any answer, None where it is none: for providers that tell their errors in their own way."""
    return _strict_or_none(content, fractions) if _kind(headers) == "application/json" else None


def error_of(
    status: int, headers: Mapping[str, str], code: str | None, detail: str | None, evidence: dict[str, Any]
) -> ProviderError:
    """What an answer that is not 2xx is to us; `code` is what the provider stated, None where it stated nothing."""
    where = f"{evidence['method']} {evidence['path']}"
    evidence["error"] = code
    retry_after = _retry_after(headers.get("retry-after"))
    if status == 429 or (status == 503 and retry_after is not None and code in THROTTLED):
        return NotExecuted(f"{where}: throttled", evidence=evidence, retry_after=retry_after)
    if status == 401 or (status == 403 and code is not None):
        return Refused("provider_unauthorized", detail or f"{where}: {status}", evidence=evidence)
    if status in REFUSALS and code is not None:
        return Refused(code, detail or f"{where}: {status}", evidence=evidence)
    return OutcomeUnknown(f"{where}: {status}", evidence=evidence, retry_after=retry_after)


def _kind(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").split(";")[0].strip().lower()


def _problem(kind: str, content: bytes) -> tuple[str | None, str | None]:
    """The `code` and `detail` of a JSON refusal; a body that is not one has neither."""
    if kind not in {"application/json", "application/problem+json"}:
        return None, None
    found = _strict_or_none(content) or {}
    code, detail = found.get("code"), found.get("detail")
    if not isinstance(code, str) or not code:
        return None, None
    return code[:100], detail[:500] if isinstance(detail, str) else None


def _retry_after(text: str | None) -> float | None:
    """Seconds from a Retry-After header: a number or an HTTP date; None where it says nothing usable."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return min(max((moment - now()).total_seconds(), 0.0), MAX_RETRY_AFTER)


def _strict_or_none(content: bytes, fractions: Callable[[str], Any] | None = None) -> dict[str, Any] | None:
    try:
        return strict_json(content, fractions)
    except (ValueError, RecursionError):
        return None


def strict_json(content: bytes, fractions: Callable[[str], Any] | None = None) -> dict[str, Any]:
    """One JSON object; ValueError for duplicate keys, NaN, numbers out of range, lone surrogates and NUL.

    `fractions` makes of a number with a point or an exponent what is wanted of it: `exact`, where it may be money.
    """
    document: Any = json.loads(
        content.decode(), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=fractions or _finite
    )
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - a malformed answer, not a caller's mistake
    if b"\\u" in content:  # only an escape can bring what UTF-8 itself does not allow
        _check_text(document)
    return cast("dict[str, Any]", document)


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return document


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number


def exact(text: str) -> Decimal:
    """A number of JSON as it is written; ValueError where it is out of the range of what is counted."""
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > LONGEST:
        raise ValueError("a number is out of range")
    return number


def _check_text(value: Any) -> None:
    if isinstance(value, str):
        value.encode()  # a lone surrogate raises UnicodeEncodeError, a ValueError
        if "\0" in value:
            raise ValueError("a string holds NUL")
    elif isinstance(value, dict):
        for name, item in cast("dict[str, Any]", value).items():
            _check_text(name)
            _check_text(item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            _check_text(item)
