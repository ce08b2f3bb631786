"""The files of /docs and /redoc, none of which asks another machine for anything."""

from functools import cache
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PICTURE = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
"""ReDoc's script fetches its maker's logo from there."""
NOTHING = b"data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="


class OfflineFiles(StaticFiles):
    """The package's files, but ReDoc's script without the picture from elsewhere."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or 404."""
        if path == "redoc.standalone.js" and self.directory is not None:
            return Response(_script(Path(self.directory) / path), media_type="text/javascript")
        return await super().get_response(path, scope)


@cache
def _script(file: Path) -> bytes:
    return file.read_bytes().replace(PICTURE, NOTHING)


def close_the_way_out(app: Starlette) -> None:
    """Have the files of fastapi-offline served by `OfflineFiles`."""
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, StaticFiles):
            route.app = OfflineFiles(directory=route.app.directory)
