"""Structured logs, one JSON object a line; redacted before the first byte is written."""

import asyncio
import atexit
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, cast

import orjson
import structlog

from app import clock
from app.services.redaction import redact_tree

log = structlog.get_logger()
SOON = 0.05
"""Seconds."""
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure(level: str = "info") -> None:
    """Send structlog and the standard library's loggers through redaction to standard error."""
    _lines.shown = LEVELS.get(level.lower(), 20) <= LEVELS["info"]
    threshold = LEVELS.get(level.lower(), 20)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_ToStructlog()]
    root.setLevel(max(threshold, logging.WARNING))


def request(request_id: str, method: str, route: str, status: int, seconds: float) -> None:
    """The line of one request, as `log.info("request", …)` would write it: of our own words, and an id that is safe.

    Written here because most of what is logged is this; some of them go out together, within `SOON`.
    """
    if _lines.shown is None:  # nobody has configured us
        log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 2))
        return
    if not _lines.shown:
        return
    line: dict[str, Any] = {
        "request_id": request_id,
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 2),
        "event": "request",
        "level": "info",
        "timestamp": clock.now(),
    }
    _lines.add(orjson.dumps(line, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))


class _Lines:
    """Lines that wait for a moment, so that one call to the system writes many."""

    def __init__(self) -> None:
        self.shown: bool | None = None
        self._waiting: list[bytes] = []

    def add(self, line: bytes) -> None:
        self._waiting.append(line)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(SOON, self.write)

    def write(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            sys.stderr.write(b"".join(waiting).decode())
            sys.stderr.flush()


_lines = _Lines()
atexit.register(_lines.write)


def _redact(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    del logger, method
    return cast("dict[str, Any]", redact_tree(dict(event)))


def _dumps(event: Any, **options: Any) -> str:
    del options
    return orjson.dumps(event, default=str).decode()


class _ToStructlog(logging.Handler):
    """The standard library's records (uvicorn's, the engine's) in the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        trouble = {"exc_info": record.exc_info} if record.exc_info else {}
        structlog.get_logger(record.name).log(record.levelno, record.getMessage(), logger=record.name, **trouble)
