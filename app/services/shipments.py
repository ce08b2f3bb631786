"""An order's parcels: the shop's word on what is in them, the carrier's on where they are, and which is late."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app import clock
from app.models.orders import Order, OrderLine
from app.models.stores import Store
from app.services import delays
from app.services.delays import GRAVEST, Delay, Facts, Place
from app.services.ledgers import Ledger

OVER = frozenset({"delivered", "canceled"})
"""Of an order: nothing of it is waited for, whatever a carrier forgot to scan."""


@dataclass(frozen=True, slots=True)
class Shipment:
    """One parcel of an order as it is told."""

    told: dict[str, Any]
    """The shop's word."""
    read: dict[str, Any]
    """The carrier's, as it stands in `Order.tracking`; empty where it has not said anything."""
    status: str
    expected: date | None
    """The day that the carrier expects, else the one that the shop promised."""
    delay: Delay | None


def shipments_of(order: Order, store: Store) -> list[Shipment]:
    """Every parcel of the order, in the shop's order."""
    place, rules, now = Place.of(store, order.snapshot), delays.rules_of(store), clock.now()
    shown: list[Shipment] = []
    for told in order.snapshot["shipments"]:
        read: dict[str, Any] = order.tracking.get(told["tracking_number"] or "") or {}
        facts = facts_of(order, told, read)
        waited_for = order.status not in OVER
        expected = facts.promised_by if facts.eta is None else delays.due(facts.eta, place)
        delay = delays.find(facts, place, rules, now) if waited_for else None
        shown.append(Shipment(told, read, facts.status, expected, delay))
    return shown


def facts_of(order: Order, told: dict[str, Any], read: dict[str, Any]) -> Facts:
    """What decides about a delay."""
    promised = told.get("promised_by") or order.snapshot.get("promised_by")
    heard = read.get("scanned_at") or told.get("shipped_at") or read.get("seen_at")
    return Facts(
        status=read.get("status") or "unknown",
        service=told.get("service"),
        promised_by=date.fromisoformat(promised) if promised else None,
        eta=_moment(read.get("eta")),
        lost=bool(read.get("lost")),
        silent_from=_moment(heard) if told["tracking_number"] else None,
        asked_at=_moment(read.get("asked_at")),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def order_delay(order: Order, store: Store, parcels: Sequence[Shipment], unsent: int) -> Delay | None:
    """The gravest delay of its parcels; of `unsent` pieces only the shop's own promise can pass."""
    found = [parcel.delay for parcel in parcels if parcel.delay is not None]
    if found:
        return min(found, key=lambda delay: GRAVEST.index(delay.reason))
    promised = order.snapshot.get("promised_by")
    if promised is None or order.status in OVER or (parcels and not unsent):
        return None
    day = date.fromisoformat(promised)
    over = Place.of(store, order.snapshot).over(day)
    return Delay("promised_date_passed", over, day) if over <= clock.now() else None


def unsent_items(order: Order, lines: Iterable[OrderLine], ledger: Ledger) -> int:
    """How many pieces are still to be shipped: neither in a parcel nor paid back instead.

    A line that is in a parcel, of which the shop has not counted any as shipped yet, is in it whole.
    """
    if order.status in OVER or order.snapshot["fulfillment_status"] == "fulfilled":
        return 0
    packed = {line for told in order.snapshot["shipments"] for line in told["line_ids"]}
    apart = ledger.refunded_apart
    return sum(
        max(0, line.quantity - line.fulfilled_quantity - apart.get(line.id, 0))
        for line in lines
        if line.fulfilled_quantity or line.external_id not in packed
    )


def readings(order: Order) -> list[dict[str, Any]]:
    """What the carrier has told of each of the order's parcels; empty where nothing."""
    return [order.tracking.get(parcel["tracking_number"] or "") or {} for parcel in order.snapshot["shipments"]]


def shipments_view(order: Order, lines: list[OrderLine], store: Store) -> list[dict[str, Any]]:
    """The order's parcels as the contract shows them."""
    return viewed(shipments_of(order, store), lines)


def viewed(parcels: Iterable[Shipment], lines: list[OrderLine]) -> list[dict[str, Any]]:
    """Parcels as the contract shows them."""
    ours = {line.external_id: line.id for line in lines}
    return [
        {
            "id": parcel.told["external_id"],
            "carrier": parcel.told["carrier"],
            "tracking_number": parcel.told["tracking_number"],
            "tracking_url": parcel.told["tracking_url"],
            "service": parcel.told.get("service"),
            "status": parcel.status,
            "eta": parcel.read.get("eta"),
            "promised_by": parcel.told.get("promised_by"),
            "delayed": parcel.delay is not None,
            "delay_reason": None if parcel.delay is None else parcel.delay.reason,
            "lines": [ours[line] for line in parcel.told["line_ids"] if line in ours],
            "events": parcel.read.get("events") or [],
        }
        for parcel in parcels
    ]
