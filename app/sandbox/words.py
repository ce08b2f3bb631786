"""The words that every document of the sandbox is made of: ids, texts, moments, amounts."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo

from app.clock import rfc3339
from app.money import MAX_AMOUNT, known_currencies

_RELATIVE = re.compile(r"([+-])([0-9]{1,6})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def _moment(value: Any, info: ValidationInfo) -> str:
    if not isinstance(value, str):
        raise ValueError("a time is a string")  # noqa: TRY004 - pydantic turns a ValueError into a 422
    relative = _RELATIVE.fullmatch(value)
    context: dict[str, Any] = info.context or {}
    if relative:
        start = context.get("now")
        if not isinstance(start, datetime):
            raise ValueError("a relative time needs relative_to_now: true")
        distance = timedelta(**{_UNITS[relative[3]]: int(relative[1] + relative[2])})
        return rfc3339(start + distance)
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise ValueError("not an RFC 3339 time with a zone")
    return rfc3339(moment)


def _day(value: Any, info: ValidationInfo) -> str:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return date.fromisoformat(value).isoformat()
    if not isinstance(value, str) or not _RELATIVE.fullmatch(value):
        raise ValueError("a day is written 2026-11-30")
    return _moment(value, info)[:10]


def _known(value: str) -> str:
    if value not in known_currencies():
        raise ValueError("not a currency of ISO 4217")
    return value


Id = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f/?]+$")]
Text = Annotated[str, StringConstraints(max_length=1000)]
Moment = Annotated[str, BeforeValidator(_moment)]
Day = Annotated[str, BeforeValidator(_day)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), BeforeValidator(_known)]
Amount = Annotated[int, Field(ge=0, le=MAX_AMOUNT)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
