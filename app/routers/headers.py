"""Headers that most routes take: read from the request, and told to the document once.

As parameters of FastAPI each of them would be analysed anew for each route at start, and solved anew for each request.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi.dependencies.models import Dependant

F = TypeVar("F", bound=Callable[..., Any])
_told: dict[Callable[..., Any], tuple[dict[str, Any], ...]] = {}


def header(name: str, description: str, pattern: str | None = None) -> dict[str, Any]:
    """An optional header as OpenAPI says it; who reads it refuses what is not of this `pattern`."""
    schema: dict[str, Any] = {"type": "string", "description": description, "title": name.title()}
    if pattern is not None:
        schema["pattern"] = pattern
    return {"name": name, "in": "header", "required": False, "schema": schema, "description": description}


def reads(*headers: dict[str, Any]) -> Callable[[F], F]:
    """Mark a dependency that reads these headers from the request."""

    def mark(dependency: F) -> F:
        _told[dependency] = headers
        return dependency

    return mark


def read_by(dependant: Dependant) -> list[dict[str, Any]]:
    """The headers that a route's dependencies read, in their order, each once."""
    found: list[dict[str, Any]] = []
    for inner in dependant.dependencies:
        found += [told for told in (*_told.get(inner.call or read_by, ()), *read_by(inner)) if told not in found]
    return found
