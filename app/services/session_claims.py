"""What whoever wants a shopper's session claims, in the form in which it may be kept until the order was looked for."""

from __future__ import annotations

import time

from app.errors import NotConnected, ProviderUnavailable
from app.services import order_flights, steps
from app.services.callers import Caller
from app.services.proofs import email_key, phone_key, postal_key
from app.services.redaction import redact
from app.services.runtime import Runtime
from app.services.shopper_sessions import Claim


async def read(runtime: Runtime, caller: Caller, order_ref: str, kind: str, contact: str) -> Claim:
    """The claim as keys. What looks like a card number is kept only where the shop has an order of that name."""
    key = _key(caller, kind, contact)
    if kind != "phone" and key is not None and redact(key).text != key:
        key = None  # no contact on an order is a card number
    harmless = redact(order_ref).text == order_ref or await _is_known(runtime, caller, order_ref)
    return Claim(order_ref if harmless else None, kind, key)


async def _is_known(runtime: Runtime, caller: Caller, order_ref: str) -> bool:
    """Whether the shop has an order of that name; told at a whole step of time, for the answer waits for it."""
    began = time.monotonic()
    try:
        return bool(await order_flights.look_up(runtime, caller, order_ref))
    except (ProviderUnavailable, NotConnected):
        return False
    finally:
        await steps.wait_for_next(began)


def _key(caller: Caller, kind: str, contact: str) -> str | None:
    if kind == "email":
        return email_key(contact)
    if kind == "phone":
        return phone_key(contact, caller.store.country_code)
    return postal_key(contact)
