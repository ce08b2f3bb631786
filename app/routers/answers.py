"""Answers and refusals: JSON by orjson, problem+json declared per endpoint, strict request bodies."""

from collections.abc import Callable, Coroutine
from typing import Any, cast

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute

from app import errors, strict_json
from app.errors import AppError
from app.work import packed


class Json(Response):
    """A JSON answer."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Bytes as they are, everything else by orjson."""
        return content if isinstance(content, bytes) else packed(content)


class StrictRequest(Request):
    """A request whose body is parsed strictly."""

    async def json(self) -> Any:
        """The body; raises `invalid_json`."""
        if not hasattr(self, "_json"):
            self._json = strict_json.loads(await self.body())
        return self._json


THE_STORES: dict[str, Any] = {
    "tags": [],
    "assignee": None,
    "team": None,
    "handoff": None,
    "evidence": {},
    "attempts": None,
}
"""What the store's people and their providers write, and what stands in its place where a shopper's browser reads."""


def for_browser(answer: Json) -> Json:
    """The answer without what is the store's, wherever in it that stands."""
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return Json(_without(orjson.loads(bytes(answer.body))), status_code=answer.status_code, headers=headers)


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        return {name: THE_STORES[name] if name in THE_STORES else _without(part) for name, part in found.items()}
    return [_without(part) for part in cast("list[Any]", value)] if isinstance(value, list) else value


class StrictRoute(APIRoute):
    """A route that reads its body by `strict_json`, and tells a shopper's browser nothing of the store's own."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with the strict request put in."""
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            answer = await handler(StrictRequest(request.scope, request.receive))
            if isinstance(answer, Json) and answer.status_code < 400 and getattr(request.state, "in_browser", False):
                return for_browser(answer)
            return answer

        return strict


def bytes_of(*kinds: str) -> dict[str, Any]:
    """OpenAPI's words for an answer of bytes of these media types."""
    return {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}


def refusals(*kinds: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's words for what an endpoint may refuse, and every endpoint with it; an example for each code."""
    always = (
        errors.Unauthorized,
        errors.ScopeMissing,
        errors.Forbidden,
        errors.OriginNotAllowed,
        errors.Invalid,
        errors.TooManyRequests,
    )
    return declare(*always, *kinds, errors.StorageUnavailable)


def declare(*kinds: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's words for these refusals by status, an example for each code."""
    declared: dict[int | str, dict[str, Any]] = {}
    for kind in dict.fromkeys(kinds):
        entry = declared.setdefault(
            kind.status,
            {
                "description": kind.title,
                "content": {"application/problem+json": {"examples": {}}},
            },
        )
        entry["content"]["application/problem+json"]["examples"][kind.code] = {
            "summary": (kind.__doc__ or kind.code).strip().splitlines()[0],
            "value": kind().problem("req_01m7zskg3kes4tpxfpb1m0gczt"),
        }
    return declared
