"""Stripe's answers in its own words: objects, errors and amounts, read and brought into ours.

Source: Stripe's API reference and docs.stripe.com/currencies, read in November 2026.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar, cast

from pydantic import BaseModel, ValidationError

from app import money
from app.integrations import answers
from app.integrations.errors import OutcomeUnknown, ProviderError, Refused
from app.integrations.http import Answer
from app.integrations.receipts import ReceiptStatus

KEY = "aftersale_key"
"""The entry of a refund's metadata that holds our key."""
PAYMENT_ID = re.compile(r"(pi|ch|py)_[A-Za-z0-9]{1,250}", re.ASCII)
STATUS_WORDS: dict[str, ReceiptStatus] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}
State = Literal["pending", "authorized", "captured", "voided"]
INTENT_WORDS: dict[str, State] = {
    "requires_payment_method": "pending",
    "requires_confirmation": "pending",
    "requires_action": "pending",
    "processing": "pending",
    "requires_capture": "authorized",
    "succeeded": "captured",
    "canceled": "voided",
}
EXPONENTS = {"ISK": 2, "UGX": 2, "MGA": 0}
"""Where Stripe counts in other decimals than ISO 4217 does."""
REFUSALS = {
    "charge_already_refunded": "refund_exceeds_captured",
    "charge_disputed": "payment_disputed",
    "refund_disputed_payment": "payment_disputed",
    "resource_missing": "payment_not_found",
    "balance_insufficient": "insufficient_funds",
    "insufficient_funds": "insufficient_funds",
    "amount_too_small": "amount_invalid",
    "amount_too_large": "amount_invalid",
    "invalid_charge_amount": "amount_invalid",
    "invalid_charge_amount_no_decimal_compatible": "amount_invalid",
    "parameter_invalid_integer": "amount_invalid",
}
_PERMISSION = re.compile(r"\brak_[a-z0-9_]{1,80}\b", re.ASCII)
Wire = TypeVar("Wire", bound=BaseModel)


class Refund(BaseModel, strict=True):
    """A refund; `amount` in Stripe's minor units of `currency` (lower case)."""

    id: str
    amount: int
    currency: str
    charge: str | None = None
    payment_intent: str | None = None
    status: str | None = None
    failure_reason: str | None = None
    metadata: dict[str, str] | None = None
    created: int

    @property
    def key(self) -> str | None:
        """Our key, where it is one of ours."""
        return (self.metadata or {}).get(KEY)

    @property
    def said(self) -> ReceiptStatus:
        """Its status in our words."""
        return STATUS_WORDS.get(self.status or "", "unknown")

    @property
    def failure_code(self) -> str | None:
        """Why it failed; a refund that was canceled gives no other reason."""
        return (self.failure_reason or self.status) if self.said == "failed" else None


class Refunds(BaseModel, strict=True):
    """One page of refunds, newest first."""

    data: list[Refund]
    has_more: bool = False


class Charge(BaseModel, strict=True):
    """A charge. `amount_captured` is not there in old versions of the API."""

    id: str
    amount: int
    amount_captured: int | None = None
    captured: bool
    currency: str
    refunded: bool = False
    status: str

    def ledger(self) -> tuple[State, int]:
        """Its state and what was captured; raises KeyError for a word that we do not know."""
        whole = self.amount if self.captured else 0
        taken = whole if self.amount_captured is None else self.amount_captured
        if self.status == "succeeded":
            released: State = "voided" if self.refunded else "authorized"
            return ("captured" if self.captured else released), taken
        states: dict[str, State] = {"pending": "pending", "failed": "voided"}
        return states[self.status], 0


class Intent(BaseModel, strict=True):
    """A payment intent."""

    id: str
    amount_received: int
    currency: str
    status: str

    def ledger(self) -> tuple[State, int]:
        """Its state and what was captured; raises KeyError for a word that we do not know."""
        return INTENT_WORDS[self.status], self.amount_received


def parsed(model: type[Wire], document: dict[str, Any]) -> Wire:
    """The object; raises OutcomeUnknown where it is none."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise OutcomeUnknown(f"Stripe's answer is no {model.__name__.lower()}") from error


def read(answer: Answer, evidence: dict[str, Any]) -> dict[str, Any]:
    """The object of a 2xx answer; raises Stripe's errors in our words."""
    if 200 <= answer.status < 300:
        return answers.document(answer.status, answer.headers, answer.content, evidence)
    error: Any = (answers.json_or_none(answer.headers, answer.content) or {}).get("error")
    if not isinstance(error, dict):
        raise answers.error_of(answer.status, answer.headers, None, None, evidence)
    raise _error_of(answer, cast("dict[str, Any]", error), evidence)


def _error_of(answer: Answer, error: dict[str, Any], evidence: dict[str, Any]) -> ProviderError:
    kind, code, param, message = (_word(error.get(name)) for name in ("type", "code", "param", "message"))
    evidence["type"], evidence["code"], evidence["error"] = kind, code, code or kind
    evidence["request_id"] = answer.headers.get("request-id", "")[:100] or None
    if answer.status == 409 or kind == "idempotency_error":  # under this key something did happen, or is happening
        return OutcomeUnknown("Stripe has the key, or the payment, in another request.", evidence=evidence)
    if answer.status == 403:
        found = _PERMISSION.search(message or "")
        evidence["permission"] = found.group() if found else None
    ours = REFUSALS.get(code or "", "provider_refused") if kind else None
    if code is None and param == "amount":
        ours = "refund_exceeds_captured" if "greater than" in (message or "") else "amount_invalid"
    detail = None if answer.status in {401, 403} else f"Stripe refused the request: {code or kind}."
    if answer.status == 402 and ours is not None:  # understood, and refused by whoever holds the money
        return Refused(ours, detail or "", evidence=evidence)
    told = answers.error_of(answer.status, answer.headers, ours, detail, evidence)
    told.evidence["error"] = code or kind
    return told


def _word(value: Any) -> str | None:
    return value[:1000] if isinstance(value, str) and value else None


def _shift(currency: str) -> int:
    return EXPONENTS[currency] - money.exponent(currency) if currency in EXPONENTS else 0


def to_stripe(amount: int, currency: str) -> int:
    """Our minor units in Stripe's; raises Refused("amount_invalid") where that is no whole number."""
    shift = _shift(currency)
    if shift >= 0:
        return amount * 10**shift
    whole, rest = divmod(amount, 10**-shift)
    if rest:
        raise Refused("amount_invalid", f"Stripe counts {currency} in larger units.")
    return whole


def from_stripe(amount: int, currency: str) -> int:
    """Stripe's minor units in ours; `currency` in upper case; raises ValueError where that is no whole number."""
    shift = _shift(currency)
    if shift <= 0:
        return amount * 10**-shift
    whole, rest = divmod(amount, 10**shift)
    if rest:
        raise ValueError(f"an amount of {currency} that has fractions")
    return whole


def moment(seconds: int) -> datetime:
    """A Unix time; raises ValueError where it is none."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("no time") from error
