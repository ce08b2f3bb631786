"""Track Alert v2: which parcels UPS pushes the scans of and for how long, and whether a push is UPS's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from app.integrations import signatures
from app.integrations.carriers.ups_wire import Listed, parsed
from app.integrations.connecting import Known, NotGenuine, Received

BATCH = 100
LAPSES = timedelta(days=14)


class _Answer(BaseModel):
    validTrackingNumbers: Listed[str] = []  # noqa: N815 - UPS's name


def subscription(numbers: Sequence[str]) -> dict[str, Any]:
    """The body of the request; at most `BATCH` numbers."""
    return {"locale": "en_US", "countryCode": "US", "trackingNumberList": list(numbers)}


def taken(document: Mapping[str, Any], asked: Sequence[str]) -> list[str]:
    """What of the batch was taken: what UPS does not name as valid was not."""
    valid = set(parsed(_Answer, document).validTrackingNumbers)
    return [number for number in asked if number in valid]


def verify(received: Received, secret: str) -> Known:
    """Whether it brings our secret. Nothing is signed, and events have no id: the body's hash tells copies."""
    bearer = received.headers.get("authorization", "")
    given = [received.headers.get("x-api-key", ""), bearer[7:] if bearer.lower().startswith("bearer ") else ""]
    if not secret or not signatures.any_matches([secret], given):
        raise NotGenuine
    return Known(topic="tracking")


def resource(known: Known, document: Mapping[str, Any]) -> str:
    """The parcel that a push is about."""
    del known
    number = document.get("tracking_number")
    return f"parcel:{number}"[:300] if isinstance(number, str) else ""


def read(body: Mapping[str, Any]) -> dict[str, Any]:
    """`tracking_number`, and the `push` for `Ups.pushed`, without its photo and who took the parcel in."""
    number = body.get("trackingNumber")
    push = {name: value for name, value in body.items() if name not in {"deliveryPhoto", "receivedBy"}}
    return {"tracking_number": number if isinstance(number, str) else None, "push": push}
