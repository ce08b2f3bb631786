"""Units of work: a synchronous function of a session, run in one transaction; and how its JSON is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import orjson
from sqlalchemy.orm import Session

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[Concatenate[Session, P], T]


def dumps(value: Any) -> str:
    """What stands in a JSON column."""
    return orjson.dumps(value).decode()
