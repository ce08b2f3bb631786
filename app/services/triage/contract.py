"""What triage says of a text (contract, "Triage"), and the one method that any model behind it has."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

Confidence = Annotated[float, Field(ge=0, le=1)]
SentimentLabel = Literal["negative", "neutral", "positive", "promoter"]
UrgencyLevel = Literal["low", "normal", "high", "urgent"]


class IntentName(StrEnum):
    """The 27 things that shoppers want; the names are the contract's."""

    ORDER_STATUS = "order.status"
    ORDER_CANCEL = "order.cancel"
    ORDER_CHANGE_ADDRESS = "order.change_address"
    ORDER_CHANGE_ITEMS = "order.change_items"
    RETURN_REQUEST = "return.request"
    RETURN_POLICY = "return.policy"
    REFUND_REQUEST = "refund.request"
    REFUND_STATUS = "refund.status"
    EXCHANGE_REQUEST = "exchange.request"
    ITEM_DAMAGED = "item.damaged"
    ITEM_WRONG_OR_MISSING = "item.wrong_or_missing"
    SHIPPING_DELAY = "shipping.delay"
    SHIPPING_OPTIONS = "shipping.options"
    PAYMENT_ISSUE = "payment.issue"
    BILLING_INFO = "billing.info"
    PROMO_PRICE = "promo.price"
    SUBSCRIPTION_MANAGE = "subscription.manage"
    ACCOUNT_ACCESS = "account.access"
    ACCOUNT_UPDATE = "account.update"
    PRODUCT_QUESTION = "product.question"
    STOCK_QUESTION = "stock.question"
    LOYALTY_CREDIT = "loyalty.credit"
    SITE_CHECKOUT = "site.checkout"
    COMPLAINT = "complaint"
    PRAISE = "praise"
    HUMAN_REQUEST = "human.request"
    OTHER = "other"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Language(_Frozen):
    """The text's language: ISO 639-1 (`zh` for every Chinese), `und` where nothing tells."""

    code: str
    confidence: Confidence


class Intent(_Frozen):
    """One thing the text may want. Callers act from 0.7 up; below it they ask."""

    name: IntentName
    confidence: Confidence


class Sentiment(_Frozen):
    """The mood: `score` from -1 (worst) to 1 (best); `anger` where insults, threats or shouting show it."""

    label: SentimentLabel
    score: Annotated[float, Field(ge=-1, le=1)]
    anger: bool


class Urgency(_Frozen):
    """How soon a person should look, and the names of the signs that say so (`legal_threat`, `deadline`, …)."""

    level: UrgencyLevel
    reasons: tuple[str, ...] = ()


class Amount(_Frozen):
    """Money in the text: integer minor units by ISO 4217."""

    amount: int
    currency: str


class Entities(_Frozen):
    """What the text names, each once, in the order of appearance, as a look-up wants it (ASCII digits, no `#`).

    `phones` are E.164 with `+` where the text gave a country, else the digits as written; `dates` are ISO 8601.
    """

    order_numbers: tuple[str, ...] = ()
    tracking_numbers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    amounts: tuple[Amount, ...] = ()
    dates: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


class Triage(_Frozen):
    """Everything triage says of one text. `intents` are best first and begin with `intent`."""

    language: Language
    intent: Intent
    intents: tuple[Intent, ...]
    sentiment: Sentiment
    urgency: Urgency
    entities: Entities


class Triager(Protocol):
    """A model behind triage: pure, no I/O, safe to call from any thread."""

    def triage(self, text: str, locale_hint: str | None = None) -> Triage:
        """What `text` wants, names and feels; never raises for any string. `locale_hint` is BCP 47 (`de-AT`)."""
        ...
