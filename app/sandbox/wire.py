"""What goes over the sandbox's wire: strict JSON in, problem+json out."""

import json
import math
from collections.abc import Sequence
from typing import Any, TypeVar, cast

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.sandbox.store import is_shop_name

MAX_BODY = 1 << 20
MAX_IMPORT = 64 << 20


class Strict(BaseModel):
    """A body that says what it means: no unknown fields, no strings for numbers."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Problem(Exception):
    """A refusal with a stable code; nothing was changed."""

    def __init__(
        self, status: int, code: str, detail: str, *, errors: list[dict[str, str]] | None = None,
        subject: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(detail)
        self.status, self.code, self.detail, self.errors, self.subject = status, code, detail, errors, subject

    def response(self, headers: dict[str, str] | None = None) -> Response:
        """The refusal as RFC 9457 problem+json."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.code.replace("_", " "),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.errors is not None:
            body["errors"] = self.errors
        return Response(encode(body), self.status, headers, "application/problem+json")


class Json(Response):
    """A JSON answer; `document` stays at hand for a fault that garbles it."""

    media_type = "application/json"

    def __init__(self, document: dict[str, Any], status_code: int = 200) -> None:
        self.document = document
        super().__init__(encode(document), status_code)


def encode(document: Any) -> bytes:
    """A document as JSON bytes."""
    try:
        return orjson.dumps(document)  # a whole shop is told in a fourth of the time
    except TypeError:  # an integer of more than 64 bits, as a garbled answer may hold
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, value in pairs:
        if name in document:
            raise ValueError(f"the key {name!r} stands twice in one object")
        document[name] = value
    return document


def _constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
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


def decode(raw: bytes) -> dict[str, Any]:
    """One JSON object, strictly: no duplicate keys, no NaN, no lone surrogates, no NUL. Raises Problem 400."""
    try:
        document: Any = json.loads(
            raw.decode(), object_pairs_hook=_unique, parse_constant=_constant, parse_float=_finite
        )
        if b"\\u" in raw:  # only an escape can bring what UTF-8 itself does not allow
            _check_text(document)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "malformed_json", f"The body is not strict JSON: {error}"[:300]) from error
    if not isinstance(document, dict):
        raise Problem(400, "malformed_json", "The body must be one JSON object.")
    return cast("dict[str, Any]", document)


async def body(request: Request, limit: int = MAX_BODY) -> bytes:
    """The request's bytes; Problem 413 above `limit`."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise Problem(413, "body_too_large", f"The body is larger than {limit} bytes.")
            parts.append(part)
    except ClientDisconnect as error:
        raise Problem(400, "malformed_json", "The body did not arrive.") from error
    return b"".join(parts)


Model = TypeVar("Model", bound=BaseModel)


def check(model: type[Model], document: Any, context: dict[str, Any] | None = None) -> Model:
    """`document` as `model`; Problem 422 with one JSON pointer per fault."""
    try:
        return model.model_validate(document, context=context)
    except ValidationError as error:
        raise invalid(
            [
                ("/" + "/".join(_escape(str(part)) for part in item["loc"]), item["type"], item["msg"])
                for item in error.errors(include_url=False, include_context=False, include_input=False)
            ]
        ) from error


def invalid(faults: list[tuple[str, str, str]]) -> Problem:
    """422 `validation_failed`; `faults` are (pointer, code, detail), at most 100 are told."""
    errors = [{"pointer": pointer, "code": code, "detail": detail} for pointer, code, detail in faults[:100]]
    first = f"{errors[0]['pointer']}: {errors[0]['detail']}" if errors else "not valid"
    return Problem(422, "validation_failed", first, errors=errors)


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def shop_of(request: Request) -> str:
    """The shop that the request is about: header `X-Sandbox-Shop`, by default `demo`."""
    name = request.headers.get("x-sandbox-shop", "demo")
    if not is_shop_name(name):
        raise Problem(400, "shop_invalid", "X-Sandbox-Shop must be 1 to 64 of A-Z a-z 0-9 _ . -")
    return name
