"""Answers and refusals: JSON by orjson, problem+json declared per endpoint, strict request bodies."""

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute

from app import errors, strict_json
from app.errors import AppError


class Json(Response):
    """A JSON answer."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Bytes as they are, everything else by orjson."""
        return content if isinstance(content, bytes) else orjson.dumps(content)


class StrictRequest(Request):
    """A request whose body is parsed strictly."""

    async def json(self) -> Any:
        """The body; raises `invalid_json`."""
        if not hasattr(self, "_json"):
            self._json = strict_json.loads(await self.body())
        return self._json


class StrictRoute(APIRoute):
    """A route that reads its body by `strict_json`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with the strict request put in."""
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handler(StrictRequest(request.scope, request.receive))

        return strict


def refusals(*kinds: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's words for what an endpoint may refuse, and every endpoint with it; an example for each code."""
    always = (errors.Unauthorized, errors.ScopeMissing, errors.Invalid, errors.TooManyRequests)
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
