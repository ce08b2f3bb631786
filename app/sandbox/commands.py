"""`aftersale sandbox serve | import | export | reset`: the last three speak to a running sandbox over HTTP."""

import json
import logging
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, cast

from app.sandbox.store import is_shop_name


class SandboxError(Exception):
    """The sandbox said no, or nobody answered; the text can be shown."""


def serve(host: str, port: int, database: str | Path) -> None:
    """Serve the sandbox until it is stopped."""
    # The three commands below need none of this: they start at once.
    import uvicorn

    from app.sandbox.server import create_sandbox

    logging.getLogger("uvicorn.error").addFilter(not_a_torn_answer)
    uvicorn.run(
        create_sandbox(database),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )


def not_a_torn_answer(entry: logging.LogRecord) -> bool:
    """A log filter: an answer torn on order is no error of the server's."""
    return "without completing response" not in entry.getMessage()


def import_file(url: str, shop: str, path: str | Path) -> dict[str, Any]:
    """Replace the shop with the file's content; what was taken in, counted."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise SandboxError(f"{path}: {error.strerror}") from error
    return _call("POST", url, "/sandbox/v1/import", shop, content)


def export(url: str, shop: str) -> dict[str, Any]:
    """The shop as it is now, in the import format."""
    return _call("GET", url, "/sandbox/v1/export", shop)


def reset(url: str, shop: str) -> dict[str, Any]:
    """Back to the last import."""
    return _call("POST", url, "/sandbox/v1/reset", shop)


def _call(method: str, url: str, path: str, shop: str, content: bytes | None = None) -> dict[str, Any]:
    if not url.startswith(("http://", "https://")):
        raise SandboxError(f"{url}: not an http address")
    if not is_shop_name(shop):
        raise SandboxError(f"{shop!r} is not a shop's name: 1 to 64 of A-Z a-z 0-9 _ . -")
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        url.rstrip("/") + path,
        data=content,
        method=method,
        headers={"X-Sandbox-Shop": shop, "Content-Type": "application/json"},
    )
    # No proxy: the sandbox is on this machine or beside it.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=120) as answer:
            return cast("dict[str, Any]", json.load(answer))
    except urllib.error.HTTPError as error:
        with error:
            raise SandboxError(_said(error.read())) from error
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise SandboxError(f"no sandbox answers at {url}: {error}") from error
    except ValueError as error:
        raise SandboxError(f"{url} answered something that is not JSON") from error


def _said(raw: bytes) -> str:
    try:
        problem = json.loads(raw)
        lines = [f"{problem['code']}: {problem['detail']}"]
        lines += [f"  {entry['pointer']}: {entry['detail']}" for entry in problem.get("errors", [])]
        return "\n".join(lines)
    except (ValueError, KeyError, TypeError):
        return "the sandbox answered with an error that cannot be read"
