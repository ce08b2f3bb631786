"""What a shop tells in free text, without card numbers and keys (I13): shoppers write in there, too.

Where the shop means an id or a contact (order numbers, SKUs, e-mail addresses, telephones, postal codes), it is kept
as it is.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from app.integrations.commerce.contract import Address, CustomerSnapshot, OrderSnapshot
from app.services.redaction import may_hold, redact

ADDRESS = ("name", "address1", "address2", "city", "province")
"""What of an address is neither a code nor a number to call."""


def of_order(snapshot: OrderSnapshot) -> OrderSnapshot:
    """The order with its texts redacted, but for its customer's: its own numbers and those of its parcels stay."""
    known = {snapshot.number, snapshot.external_id, *(parcel.tracking_number or "" for parcel in snapshot.shipments)}
    lines = tuple(
        line.model_copy(
            update={
                "title": _text(line.title, known),
                "options": {_text(name, known): _text(value, known) for name, value in line.options.items()},
                "tags": tuple(_text(tag, known) for tag in line.tags),
            }
        )
        for line in snapshot.lines
    )
    payments = tuple(row.model_copy(update={"label": _text(row.label, known)}) for row in snapshot.payments)
    found: dict[str, Any] = {
        "lines": lines,
        "payments": payments,
        "tags": tuple(_text(tag, known) for tag in snapshot.tags),
        "shipping_address": None if snapshot.shipping_address is None else _address(snapshot.shipping_address, known),
    }
    return snapshot.model_copy(update=found)


def of_customer(snapshot: CustomerSnapshot) -> CustomerSnapshot:
    """The customer with name, addresses and what their methods are called redacted."""
    methods = tuple(row.model_copy(update={"label": _text(row.label)}) for row in snapshot.payment_methods)
    addresses = tuple(_address(address) for address in snapshot.addresses)
    name = snapshot.name and _text(snapshot.name)
    return snapshot.model_copy(update={"name": name, "addresses": addresses, "payment_methods": methods})


def _address(address: Address, known: Collection[str] = ()) -> Address:
    given: dict[str, str | None] = {name: getattr(address, name) for name in ADDRESS}
    return address.model_copy(update={name: text and _text(text, known) for name, text in given.items()})


def _text(text: str, known: Collection[str] = ()) -> str:
    """Asked before: most are short, there are hundreds in an order, and it is read by whoever waits for an answer."""
    return redact(text, known).text if may_hold(text) else text
