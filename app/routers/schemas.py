"""What every resource's schemas share: strict input, money, lists, the problem body."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from app.routers import examples
from app.services.params import Currency, In, Line, Moment, MoneyIn, Quantity, Ref, Text

__all__ = [
    "Confirmable",
    "Currency",
    "FieldError",
    "In",
    "Line",
    "Moment",
    "MoneyIn",
    "MoneyOut",
    "NothingIn",
    "OperationOut",
    "Out",
    "Page",
    "PreviewOut",
    "Problem",
    "Quantity",
    "Ref",
    "Text",
    "WaitingOut",
]
T = TypeVar("T")


class Out(BaseModel):
    """An answer; clients must accept fields that are added later."""

    model_config = ConfigDict(extra="forbid")


class Confirmable(In):
    """A write that can be previewed, and brings the preview's token."""

    preview: bool = Field(
        False, description="Answer what would happen, with a `confirmation_token`; nothing happens, nothing is stored."
    )
    confirmation_token: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description="Of a preview by the same caller with the same body: 15 minutes, once; 409 `facts_changed`."
    )


class NothingIn(In):
    """No fields."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{}]})


class MoneyOut(Out):
    """An amount in integer minor units by ISO 4217 (EUR 2, JPY 0, KWD 3 decimals)."""

    amount: int = Field(examples=[1299])
    currency: str = Field(examples=["EUR"])


class Page(Out, Generic[T]):
    """A page of a list, newest first."""

    data: list[T]
    next_cursor: str | None = Field(description="Send it back as `cursor`; null at the end.")


class FieldError(Out):
    """What is wrong with one field."""

    pointer: str = Field(description="JSON pointer into the body, or the name of the parameter.", examples=["/amount"])
    code: str = Field(examples=["int_type"])
    detail: str = Field(examples=["Input should be a valid integer"])


class Problem(Out):
    """RFC 9457; `detail` is a sentence that may be shown, `code` is stable."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldError] | None = None
    decision_id: str | None = Field(None, description="The decision behind the refusal: `GET /v1/decisions/{id}`.")


class PreviewOut(Out):
    """What the same request without `preview` would do at this moment."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.PREVIEW]})

    preview: Literal[True]
    decision: dict[str, Any] | None
    effects: list[dict[str, Any]] = Field(description="kind, amount, lines with quantities, destination")
    confirmation_token: str
    expires_at: str


class OperationOut(Out):
    """The durable record of one outside effect."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.OPERATION]})

    id: str = Field(examples=["opr_01m7zskg3kes4tpxfpb1m0gczt"])
    livemode: bool
    kind: str = Field(examples=["refund"])
    provider: str = Field(examples=["sandbox"])
    key: str = Field(description="The idempotency key that the provider is sent, the same at every try.")
    subject: dict[str, str] = Field(examples=[{"type": "refund", "id": "rfd_01m7zskg3kes4tpxfpb1m0gczt"}])
    status: Literal["pending", "succeeded", "failed", "unknown", "canceled"] | str
    tries: int
    needs_person: bool = Field(
        description="We gave up trying: a named person resolves or replays it. Of one that has ended: the provider "
        "says otherwise by now, and a person takes note of it by `resolve`."
    )
    external_id: str | None
    error: dict[str, Any] | None
    evidence: dict[str, Any]
    next_try_at: str | None
    created_at: str
    settled_at: str | None
    attempts: list[dict[str, Any]] | None = None


class WaitingOut(Out):
    """Nothing has been made yet: a person must say yes first."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.WAITING]})

    status: str = Field(description="awaiting_approval; else how the approval has ended")
    operation: OperationOut | None
    approval: dict[str, Any]
