"""Structured logs, one JSON object a line; redacted before the first byte is written."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, cast

import orjson
import structlog

from app.services.redaction import redact_tree

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure(level: str = "info") -> None:
    """Send structlog and the standard library's loggers through redaction to standard error."""
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
