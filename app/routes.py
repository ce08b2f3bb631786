"""Which route a request is for: looked up among those that begin alike, not tried one after the other."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

BEGIN = 3
"""Parts of a path (that of `/v1/tickets/…` is empty) that say where to look."""


class Routes:
    """The app's routes by the beginning of their paths; a path that begins like none is the app's own router's."""

    def __init__(self, app: FastAPI) -> None:
        self._router = app.router
        self._by_begin: dict[str, APIRouter] = {}
        self._learned: dict[str, list[APIRoute]] = {}
        for route in app.router.routes:
            if not isinstance(route, APIRoute) or "{" in _begin(route.path):
                continue
            begin = _begin(route.path)
            if begin not in self._by_begin:
                self._by_begin[begin] = APIRouter(redirect_slashes=False)
            self._by_begin[begin].routes.append(route)
            self._learned.setdefault(begin, []).append(route)
        app.router.middleware_stack = self

    def find(self, scope: Scope) -> tuple[APIRoute, Mapping[str, str]] | None:
        """The first route that takes the request, and the variables of its path, which are all texts here."""
        path, method = scope["path"], scope["method"]
        for route in self._learned.get(_begin(path), ()):
            if method in route.methods and (met := route.path_regex.match(path)) is not None:
                return route, met.groupdict()
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """In place of the search through all of them."""
        router = self._by_begin.get(_begin(scope["path"])) if scope["type"] == "http" else None
        await (router or self._router).app(scope, receive, send)


def _begin(path: str) -> str:
    return "/".join(path.split("/", BEGIN)[:BEGIN])
