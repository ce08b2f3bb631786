"""The words that every write's parameters are made of: strict, bounded, without surprises."""

import re
from datetime import UTC, datetime
from typing import Annotated
from unicodedata import category

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from app.money import MAX_AMOUNT, known_currencies

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class In(BaseModel):
    """A request body: unknown fields and values of another type are refused."""

    model_config = ConfigDict(strict=True, extra="forbid")


def _currency(value: str) -> str:
    if value not in known_currencies():
        raise ValueError("not a currency of ISO 4217")
    return value


def _visible(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value


def _one_line(value: str) -> str:
    if not value.isprintable() and any(category(mark) in {"Cc", "Zl", "Zp"} for mark in value):
        raise ValueError("must not contain line breaks or control characters")
    return value


def _written(value: object) -> object:
    if not isinstance(value, str) or not RFC_3339.fullmatch(value):
        raise ValueError("must be RFC 3339 with its zone, such as 2026-11-21T19:26:00Z")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is out of range") from error


Currency = Annotated[str, Field(min_length=3, max_length=3, examples=["EUR"]), AfterValidator(_currency)]
Text = Annotated[str, AfterValidator(_visible)]
Line = Annotated[str, AfterValidator(_visible), AfterValidator(_one_line)]
Ref = Annotated[Line, Field(min_length=1, max_length=255)]
PathRef = Annotated[str, Field(max_length=8192, examples=["#1001"])]
"""A reference that a route takes from its path: whatever stands there is looked up, and is found or not."""
Quantity = Annotated[int, Field(ge=1, le=100_000)]
Moment = Annotated[datetime, Field(strict=False), BeforeValidator(_written), AfterValidator(_in_utc)]


class MoneyIn(In):
    """A positive amount in integer minor units by ISO 4217."""

    amount: Annotated[int, Field(gt=0, le=MAX_AMOUNT, examples=[1299])]
    currency: Currency
