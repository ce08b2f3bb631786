"""The parts of a policy document: windows, fees, duties and limits, each strict and sound by default."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_after_validator_function

from app import clock
from app.money import MAX_AMOUNT, known_currencies
from app.services.policy.conditions import Condition, read_day, read_moment
from app.services.policy.contract import Outcome
from app.services.policy.names import ACTIONS
from app.services.wording import LANGUAGES

MAX_RULES = 200
"""Of each list in a document."""


class Strict(BaseModel):
    """A part of the document: no unknown field, no string for a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


def _currency(code: str) -> str:
    if code not in known_currencies():
        raise PydanticCustomError("currency_unknown", "There is no such currency.")
    return code


def _language(code: str) -> str:
    if code not in LANGUAGES:
        raise PydanticCustomError("language_unknown", "There are no sentences in this language.")
    return code


Currency = Annotated[str, AfterValidator(_currency)]
Language = Annotated[str, AfterValidator(_language)]
Amount = Annotated[int, Field(ge=0, le=MAX_AMOUNT)]
Amounts = dict[Currency, Amount]
"""Minor units per currency."""
Days = Annotated[int, Field(ge=0, le=3650)]
Moment = Annotated[datetime, BeforeValidator(read_moment), PlainSerializer(clock.rfc3339, when_used="json")]
Day = Annotated[date, BeforeValidator(read_day), PlainSerializer(date.isoformat, when_used="json")]
RuleId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
Tag = Annotated[str, Field(min_length=1, max_length=100)]
Reason = Annotated[str, Field(min_length=1, max_length=100)]
Resolution = Literal["refund", "store_credit", "exchange"]
Way = Literal["original", "store_credit", "gift_card", "card", "paypal", "bank", "other"]
"""Where money may go: back the way it came, to store credit, or to a method of the customer's of that kind."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The name of an action that the guard knows, or one of `more`; which they are is said once, in `names`."""

    more: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        del schema, handler
        return {"enum": [*ACTIONS, *self.more], "type": "string"}

    def _checked(self, word: str) -> str:
        if word not in ACTIONS and word not in self.more:
            raise PydanticCustomError("literal_error", "The guard knows no such action.")
        return word


Action = Annotated[str, _Known()]
ActionOrAny = Annotated[str, _Known(("*",))]
When = Condition | None


class WindowRule(Strict):
    """So many days from delivery for what its condition meets; `days: null` never closes."""

    id: RuleId
    when: When = None
    days: Days | None


class Extension(Strict):
    """What was ordered from `placed_from` to before `placed_to` may come back until `open_until` at least."""

    placed_from: Moment
    placed_to: Moment
    open_until: Moment


class Earlier(Strict):
    """The windows of orders placed before `until`: an order keeps those under which it was bought."""

    until: Moment
    default_days: Days | None
    rules: Annotated[list[WindowRule], Field(max_length=MAX_RULES)] = []


class Windows(Strict):
    """How long after delivery; the first rule that meets the line says, else `default_days` (null: no end)."""

    default_days: Days | None = 30
    rules: Annotated[list[WindowRule], Field(max_length=MAX_RULES)] = []
    extensions: Annotated[list[Extension], Field(max_length=MAX_RULES)] = []
    earlier: Annotated[list[Earlier], Field(max_length=50)] = []
    actions: list[Literal["return", "exchange", "claim"]] = ["return", "exchange"]
    """What they bind; a withdrawal has its own."""


class Excluded(Strict):
    """Products that do not come back: by tag, or by condition."""

    tags: Annotated[list[Tag], Field(max_length=MAX_RULES)] = []
    when: When = None


class ResolutionRule(Strict):
    """What those lines that meet the condition may be turned into."""

    id: RuleId
    when: When = None
    allowed: Annotated[list[Resolution], Field(min_length=1)]


class Fee(Strict):
    """What is kept back: per cent of the line's value, and a fixed sum per currency for each line."""

    id: RuleId
    when: When = None
    actions: Annotated[list[Literal["return", "exchange", "refund", "claim"]], Field(min_length=1)] = ["return"]
    percent: Annotated[int, Field(ge=0, le=100)] = 0
    fixed: Amounts = {}


class LabelRule(Strict):
    """Who pays the label where the condition is met."""

    id: RuleId
    when: When = None
    payer: Literal["store", "shopper"]


class Label(Strict):
    """Who pays the way back; the first rule that is met says, else `payer`."""

    payer: Literal["store", "shopper"] = "store"
    rules: Annotated[list[LabelRule], Field(max_length=MAX_RULES)] = []


class Reasons(Strict):
    """Which reasons an action takes: `accepted: null` any; `required`: one must be given."""

    accepted: Annotated[list[Reason], Field(min_length=1, max_length=MAX_RULES)] | None = None
    required: bool = False


class PhotoDuty(Strict):
    """So many photos at least for those reasons (null: for any); without them a person is asked, or it is refused."""

    id: RuleId
    reasons: Annotated[list[Reason], Field(min_length=1, max_length=MAX_RULES)] | None = None
    when: When = None
    count: Annotated[int, Field(ge=1, le=20)] = 1
    actions: Annotated[list[Literal["return", "exchange", "claim"]], Field(min_length=1)] = ["return", "claim"]
    outcome: Literal["ask", "refuse"] = "ask"


class Inspection(Strict):
    """Per cent of what was paid for a line that are kept back where it came back otherwise than it was sent."""

    damaged: Annotated[int, Field(ge=0, le=100)] = 0
    wrong_item: Annotated[int, Field(ge=0, le=100)] = 100


class KeepItems(Strict):
    """Goods worth less than that stay with the shopper."""

    below: Amounts = {}
    when: When = None


class Changes(Strict):
    """What may be changed before an order ships."""

    address: Outcome = "allow"
    items: Outcome = "allow"
    payment_method: Outcome = "allow"
    items_once: bool = True
    items_lock: bool = False
    """After its items were changed an order can be neither changed nor canceled."""
    payment_method_once: bool = True
    statuses: Annotated[list[Literal["pending", "processing"]], Field(min_length=1)] = ["pending"]


class Signal(Strict):
    """More than `above` of it: ask a person, or refuse."""

    above: Annotated[int, Field(ge=0, le=10**9)]
    outcome: Literal["ask", "refuse"] = "ask"
    orders_at_least: Annotated[int, Field(ge=0, le=10**9)] = 0
    """Only of customers with so many orders."""


class Abuse(Strict):
    """What in a customer's past makes automation stop."""

    return_rate: Signal | None = None
    """Per cent of the orders of the last 365 days that had a return."""
    claims: Signal | None = None
    """Claims in the last 365 days."""
    accounts_on_address: Signal | None = None
    actions: list[Action] = ["return", "exchange", "claim", "refund", "goodwill"]


class Withdrawal(Strict):
    """The statutory right to withdraw: so many days from delivery, and before it.

    A period that would end on a Saturday, a Sunday or one of `holidays` ends with the next working day.
    """

    days: Days = 14
    holidays: Annotated[list[Day], Field(max_length=1000)] = []
    """Public holidays where the store is; nothing here knows them by itself."""
    before_delivery: bool = True


class Approvals(Strict):
    """How long a question to a person stands, and when it is asked again."""

    expires_after_hours: Annotated[int, Field(ge=1, le=24 * 365)] = 168
    remind_after_hours: Annotated[list[Annotated[int, Field(ge=1, le=24 * 365)]], Field(max_length=10)] = [24, 72]
    """Where they are not named: those of these that come before the end."""

    @model_validator(mode="before")
    @classmethod
    def _in_time(cls, given: Any) -> Any:
        fields = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
        expires = fields.get("expires_after_hours")
        if isinstance(expires, int) and "remind_after_hours" not in fields:
            return {**fields, "remind_after_hours": [hours for hours in (24, 72) if hours < expires]}
        return cast("Any", given)


class Rule(Strict):
    """A rule of the store's own; the first that is met decides. `allow` waives what else would only ask."""

    id: RuleId
    actions: Annotated[list[Action], Field(min_length=1)]
    when: When = None
    outcome: Outcome
    code: str | None = None
    """Of a refusal: one of the contract's codes."""
    reason: dict[Language, Annotated[str, Field(min_length=1, max_length=500)]] = {}
    """The sentence per language; without one the guard's own is told."""
    before_state: bool = False
    """Whether it is asked before the order's state is looked at, so that its code is the one that is told."""
