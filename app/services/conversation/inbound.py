"""What comes in, redacted before anything of it is written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from app.services.callers import Caller
from app.services.proofs import phone_key
from app.services.runtime import Runtime
from app.services.scrubbing import scrub


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message with what its channel says of the sender."""

    channel: str
    text: str
    customer: dict[str, str | None] = field(default_factory=dict[str, str | None])
    """`email phone external_id handle name`, as claimed or, by `identity`, proved."""
    identity: str = "none"
    external_id: str | None = None
    ticket_id: str | None = None
    by_token: bool = False
    """The ticket's id comes from its conversation's own token: the writer is the browser that it was with."""
    order_number: str | None = None
    subject: str | None = None
    locale: str | None = None
    files: tuple[dict[str, Any], ...] = ()
    context: dict[str, Any] = field(default_factory=dict[str, Any])
    button: str | None = None
    department: str | None = None
    occurred_at: datetime | None = None

    def loose(self, country: str) -> dict[str, Any]:
        """Everything that is free text or may hide some, for redaction.

        A phone number that is one stays out: one in ten German mobile numbers looks like a card of thirteen digits.
        """
        phone = self.customer.get("phone")
        real = phone is not None and phone.strip().startswith("+") and phone_key(phone, country) is not None
        return {
            "text": self.text,
            "subject": self.subject,
            "customer": {name: value for name, value in self.customer.items() if not (real and name == "phone")},
            "files": list(self.files),
            "context": self.context,
            "order_number": self.order_number,
            "external_id": self.external_id,
            "button": self.button,
            "department": self.department,
        }


async def redacted(runtime: Runtime, caller: Caller, inbound: Inbound) -> Inbound:
    """The same message without card numbers, security codes and keys; known order and tracking numbers stay.

    The channel's own message id tells one message from another: one that looks like a card is kept as its hash, so
    that two such messages stay two.
    """
    clean = await scrub(runtime, caller, inbound.loose(caller.store.country_code))
    if clean["external_id"] != inbound.external_id:
        clean["external_id"] = f"sha256:{sha256((inbound.external_id or '').encode()).hexdigest()}"
    customer = {**inbound.customer, **clean["customer"]}
    return replace(inbound, **{**clean, "customer": customer, "files": tuple(clean["files"])})
