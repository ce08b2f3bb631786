"""What Stripe sends us: verified, of this account and mode, and read into our words.

`Stripe-Signature: t=<seconds>,v1=<hex>[,v1=…]`: HMAC-SHA256 of `t.body` by the endpoint's secret, several of them while
it is being rolled (docs.stripe.com/webhooks/signature). Events come more than once and in any order; what one says of a
refund is a hint to ask, never an end by itself.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from app.integrations import answers, signatures
from app.integrations.connecting import Known, NotGenuine, Received
from app.integrations.payments import stripe_wire
from app.integrations.payments.stripe_wire import Refund

MOST_SIGNATURES = 20
REFUND_TOPICS = frozenset({"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"})
CHARGE_TOPICS = frozenset({"charge.refunded", "charge.captured", "charge.expired"})


class _Charge(BaseModel, strict=True):
    id: str
    payment_intent: str | None = None


def verify(received: Received, *, secret: str, account: str | None, livemode: bool) -> Known:
    """Who sent it: raises NotGenuine where it is not signed, not recent, of another account or of the other mode."""
    parts = [part.strip().partition("=") for part in received.headers.get("stripe-signature", "").split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    given = [value for name, _, value in parts if name == "v1"][:MOST_SIGNATURES]
    at = signatures.seconds(stamps[0]) if len(stamps) == 1 else None
    if at is None or not secret:
        raise NotGenuine
    expected = hmac.new(secret.encode(), f"{stamps[0]}.".encode() + received.body, hashlib.sha256).hexdigest()
    ascii_only = [signature for signature in given if signature.isascii()]
    if not signatures.any_matches([expected], ascii_only):
        raise NotGenuine
    if not signatures.within(datetime.fromtimestamp(at, UTC), received.at):
        raise NotGenuine
    try:
        event = answers.strict_json(received.body)
    except (ValueError, RecursionError):
        return Known()  # genuine and not JSON: whoever parses it says so
    if event.get("account") != account or event.get("livemode") is not livemode:
        raise NotGenuine
    external_id, topic = event.get("id"), event.get("type")
    if not isinstance(external_id, str) or not isinstance(topic, str) or not 0 < len(external_id) <= 255:
        raise NotGenuine
    return Known(external_id=external_id, id_is_signed=True, topic=topic[:100])


def read(body: Mapping[str, Any]) -> dict[str, Any]:
    """`about` is `refund`, `payment` or `nothing`; with the payment's ids, and of a refund what the event says of it.

    `refund`: `payment_ids`, `refund_id`, `key` (None: not one of ours), `amount` (our minor units), `currency`,
    `status` (as in a receipt), `failure_code`. `payment`: `payment_ids`.
    """
    topic = str(body.get("type"))
    data: Any = body.get("data")
    thing: Any = cast("Mapping[str, Any]", data).get("object") if isinstance(data, Mapping) else None
    try:
        if topic in REFUND_TOPICS:
            return _refund(Refund.model_validate(thing))
        if topic in CHARGE_TOPICS:
            charge = _Charge.model_validate(thing)
            return {"about": "payment", "payment_ids": _ids(charge.payment_intent, charge.id)}
    except (ValidationError, ValueError, KeyError):
        return {"about": "nothing", "why": "unreadable"}
    return {"about": "nothing", "why": "topic"}


def resource(known: Known, document: Mapping[str, Any]) -> str:
    """The payment that it is about."""
    del known
    found: Any = document.get("payment_ids")
    return f"payment:{found[0]}"[:300] if found else ""


def _refund(refund: Refund) -> dict[str, Any]:
    currency = refund.currency.upper()
    return {
        "about": "refund",
        "payment_ids": _ids(refund.payment_intent, refund.charge),
        "refund_id": refund.id,
        "key": refund.key,
        "amount": stripe_wire.from_stripe(refund.amount, currency),
        "currency": currency,
        "status": refund.said,
        "failure_code": refund.failure_code,
    }


def _ids(*found: str | None) -> list[str]:
    return [one for one in found if one]
