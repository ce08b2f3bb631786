"""Conditions: a typed tree of all, any, not and comparisons on named facts, bounded in size and in cost."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from app.money import MAX_AMOUNT, known_currencies
from app.services.policy.names import NAMES, Kind, Name, utc

MAX_NODES = 500
MAX_DEPTH = 20
MAX_WORDS = 200
"""How many values `in` may list."""
TAG = "node:"
"""Begins what pydantic puts into a path to say which kind of node it tried; it is no step of a JSON pointer."""

Op = Literal["eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "contains", "starts_with", "exists"]

_ORDER = frozenset({"lt", "lte", "gt", "gte"})
OPS: dict[Kind, frozenset[str]] = {
    "text": frozenset({"eq", "ne", "in", "not_in", "contains", "starts_with", "exists"}),
    "number": frozenset({"eq", "ne", "in", "not_in", "exists"}) | _ORDER,
    "money": frozenset({"eq", "ne", "exists"}) | _ORDER,
    "flag": frozenset({"eq", "ne", "exists"}),
    "moment": frozenset({"eq", "ne", "exists"}) | _ORDER,
    "words": frozenset({"contains", "in", "not_in", "exists"}),
}
"""Which comparisons a fact of each type takes; of tags, `contains` asks for one and `in` for any of several."""


class Node(BaseModel):
    """One node of the tree."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class All(Node):
    """True where every part is."""

    all: Annotated[list[Part], Field(min_length=1)]


class AnyOf(Node):
    """True where one part is."""

    any: Annotated[list[Part], Field(min_length=1)]


class Not(Node):
    """True where its part is not."""

    not_: Annotated[Part, Field(alias="not")]


class Compare(Node):
    """One comparison; a fact that is not known makes it false, whatever it asks but `exists: false`."""

    fact: str
    op: Op
    value: Any = Field(True, validate_default=True)

    @field_validator("fact")
    @classmethod
    def _known(cls, fact: str) -> str:
        if fact not in NAMES:
            raise PydanticCustomError("fact_unknown", "There is no fact of this name.")
        return fact

    @field_validator("op")
    @classmethod
    def _fits(cls, op: Op, info: ValidationInfo) -> Op:
        name = NAMES.get(info.data.get("fact", ""))
        if name is not None and op not in OPS[name.kind]:
            raise PydanticCustomError("op_not_allowed", "This fact cannot be compared in this way.")
        return op

    @field_validator("value")
    @classmethod
    def _typed(cls, value: Any, info: ValidationInfo) -> Any:
        name, op = NAMES.get(info.data.get("fact", "")), info.data.get("op")
        if name is None or op is None:
            return value
        if op == "exists":
            return _flag(value)
        if op in {"in", "not_in"}:
            return _listed(value, name)
        return _one(value, name, whole=op in {"eq", "ne"})


def _wrong(detail: str) -> PydanticCustomError:
    return PydanticCustomError("value_type", cast("Any", detail))


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong("The value must be true or false.")
    return value


def _listed(value: Any, name: Name) -> list[Any]:
    items = cast("list[Any]", value) if isinstance(value, list) else []
    if not 1 <= len(items) <= MAX_WORDS:
        raise _wrong(f"The value must be a list of 1 to {MAX_WORDS} values.")
    return [_one(item, name, whole=True) for item in items]


def _one(value: Any, name: Name, *, whole: bool) -> Any:
    """One value; `whole`: it is compared with the whole of the fact, so that it must be one of its values."""
    kind = name.kind
    if kind in {"text", "words"}:
        return _text(value, name if whole else None)
    if kind == "number":
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > MAX_AMOUNT:
            raise _wrong("The value must be a whole number.")
        return value
    if kind == "flag":
        return _flag(value)
    return _money(value) if kind == "money" else read_moment(value)


def _text(value: Any, name: Name | None) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 200:
        raise _wrong("The value must be a text of 1 to 200 characters.")
    if name is None:
        return value
    if (name.words and value not in name.words) or (name.form and not re.fullmatch(name.form, value)):
        raise PydanticCustomError("value_unknown", "This fact never has that value.")
    return value


def _money(value: Any) -> dict[str, Any]:
    given = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    amount, currency = given.get("amount"), given.get("currency")
    if set(given) != {"amount", "currency"} or not isinstance(amount, int) or isinstance(amount, bool):
        raise _wrong('The value must be money: {"amount": 1299, "currency": "EUR"}.')
    if not 0 <= amount <= MAX_AMOUNT:
        raise _wrong("The amount is out of bounds.")
    if not isinstance(currency, str) or currency not in known_currencies():
        raise PydanticCustomError("currency_unknown", "There is no such currency.")
    return {"amount": amount, "currency": currency}


def read_moment(value: Any) -> datetime:
    """A moment out of RFC 3339; raises where it is none or names no zone."""
    if isinstance(value, str) and len(value) <= 40 and "T" in value:
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime) or value.tzinfo is None or not 1900 < value.year < 9000:
        raise PydanticCustomError("moment", "This must be a moment by RFC 3339, with its zone.")
    return utc(value)


def read_day(value: Any) -> date:
    """A day out of `YYYY-MM-DD`; raises where it is none."""
    if isinstance(value, str) and len(value) == 10:
        try:
            value = date.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, date) or isinstance(value, datetime) or not 1900 < value.year < 9000:
        raise PydanticCustomError("day", "This must be a day, YYYY-MM-DD.")
    return value


def _kind(value: Any) -> str | None:
    if isinstance(value, dict):
        named = (tag for key, tag in _KEYS.items() if key in cast("dict[str, Any]", value))
    else:
        named = (tag for tag, kind in (("all", All), ("any", AnyOf), ("not", Not)) if isinstance(value, kind))
    tag = next(named, "compare" if isinstance(value, Compare) else None)
    return None if tag is None else TAG + tag


_KEYS = {"all": "all", "any": "any", "not": "not", "fact": "compare"}


Part = Annotated[
    Annotated[All, Tag(f"{TAG}all")]
    | Annotated[AnyOf, Tag(f"{TAG}any")]
    | Annotated[Not, Tag(f"{TAG}not")]
    | Annotated[Compare, Tag(f"{TAG}compare")],
    Discriminator(
        _kind,
        custom_error_type="condition",
        custom_error_message="A condition is one of all, any, not, or fact with op and value.",
    ),
]


def _bounded(value: Any) -> Any:
    """Refuse a tree that is too large or too deep, before anything walks it by recursion."""
    waiting: list[tuple[Any, int]] = [(value, 1)]
    nodes = 0
    while waiting:
        node, depth = waiting.pop()
        nodes += 1
        if depth > MAX_DEPTH:
            raise PydanticCustomError("condition_too_deep", cast("Any", f"At most {MAX_DEPTH} levels."))
        given = cast("dict[str, Any]", node) if isinstance(node, dict) else {}
        for key in ("all", "any"):
            parts = given.get(key)
            if isinstance(parts, list):
                waiting.extend((part, depth + 1) for part in cast("list[Any]", parts[: MAX_NODES + 1]))
        if "not" in given:
            waiting.append((given["not"], depth + 1))
        if nodes + len(waiting) > MAX_NODES:
            raise PydanticCustomError("condition_too_large", cast("Any", f"At most {MAX_NODES} nodes."))
    return value


Condition = Annotated[Part, BeforeValidator(_bounded)]
"""The whole tree, as a policy document holds it."""

for _model in (All, AnyOf, Not):
    _model.model_rebuild()
_adapter: TypeAdapter[Any] = TypeAdapter(Condition)


def parse(raw: Any) -> All | AnyOf | Not | Compare:
    """A condition out of JSON; raises pydantic's ValidationError."""
    return _adapter.validate_python(raw)


def named(condition: All | AnyOf | Not | Compare | None) -> frozenset[str]:
    """The facts that a condition asks for."""
    if isinstance(condition, Compare):
        return frozenset({condition.fact})
    if isinstance(condition, Not):
        return named(condition.not_)
    parts = condition.all if isinstance(condition, All) else condition.any if isinstance(condition, AnyOf) else ()
    return frozenset[str]().union(*map(named, parts))
