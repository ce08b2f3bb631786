"""What a shop calls to tell: an order that changed there, a refund, a return, and what the law makes it ask.

A call is a hint to ask: calls come late, twice and in any order. So the order is read again, whatever it says, and
what of it is our own act's echo changes nothing. A shop's privacy requests are acted on in `privacy_requests.py`.
"""

from __future__ import annotations

from typing import Any

from app.errors import Invalid, ProviderUnavailable
from app.integrations.errors import ProviderError
from app.services import inbound, inbound_payments, order_flights, privacy_requests
from app.services.callers import Caller
from app.services.inbound import Delivered, Handler
from app.services.providers import serves
from app.services.runtime import Runtime

KINDS = ("shopify",)
"""Kinds of connections whose calls are read into `about` (`order`, `privacy` or `nothing`) and the shop's ids."""


def check(document: dict[str, Any], topic: str | None) -> None:
    """Raise where it says nothing that could be meant."""
    del topic
    if document.get("about") not in {"order", "privacy", "nothing"}:
        raise Invalid("The call is about nothing that is known here.")


async def run(runtime: Runtime, caller: Caller, delivered: Delivered) -> dict[str, Any]:
    """Read the order again, or tell a person; run again it finds the same."""
    document = delivered.document
    if document["about"] == "nothing":
        return {"ignored": document.get("why", "topic")}
    if document["about"] == "privacy":
        return await runtime.db.write(privacy_requests.take, caller, delivered)
    connection = caller.connection or ""
    if not serves(caller.store, connection, "commerce", livemode=caller.livemode):
        return {"ignored": "not_serving"}
    pays = serves(caller.store, connection, "payments", livemode=caller.livemode)
    key = document.get("key")
    ours = await inbound_payments.settle_ours(runtime, caller, key, KINDS) if key and pays else None
    found = await _read_anew(runtime, caller, document["order_id"])
    if found is None:
        return {"ignored": "not_found_there", **(ours or {})}
    if document["what"] == "Refund" and pays:
        await inbound_payments.read_ledger(runtime, caller, found)
    return {"order": found, **(ours or {})}


async def _read_anew(runtime: Runtime, caller: Caller, external_id: str) -> str | None:
    """Our id of the order as the shop has it now; whoever asks at the same time may have asked before it changed."""
    try:
        snapshot = await runtime.providers(caller).commerce.get_order(external_id)
    except ProviderError as error:
        raise ProviderUnavailable from error
    if snapshot is None:
        return None
    [order_id] = await order_flights.keep(runtime, caller, [snapshot], told_by=caller.connection)
    return order_id


for _kind in KINDS:
    inbound.register(_kind, Handler(check=check, run=run))
