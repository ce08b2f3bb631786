"""Where an order is, in a sentence of the shopper's language; two where money is on its way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter

from app import clock
from app.models.orders import Order
from app.models.refunds import Refund
from app.models.stores import Store
from app.money import Money
from app.services.delays import Delay, Place
from app.services.shipments import Shipment
from app.services.wording import say, say_counted
from app.services.wording.dates import day

TOLD = (
    "delivered",
    "out_for_delivery",
    "shipped_eta",
    "shipped",
    "announced",
    "exception",
    "delayed",
    "silent",
    "lost",
    "returned",
)
"""What a parcel can be for its shopper, in the order in which an order's parts are told."""
ON_THE_WAY = frozenset({"shipped", "shipped_eta"})
BACK = {"succeeded": "succeeded", "pending": "pending", "unknown": "pending", "failed": "failed"}
"""Of a refund's statuses those that a summary tells of; what nobody has decided yet is no news."""


@dataclass(frozen=True, slots=True)
class Subject:
    """All that a summary is about."""

    order: Order
    store: Store
    parcels: Sequence[Shipment]
    unsent: int
    """Pieces that are still to be shipped."""
    delay: Delay | None
    refund: Refund | None = None
    """The newest."""

    @property
    def place(self) -> Place:
        """Where its days are counted."""
        return Place.of(self.store, self.order.snapshot)

    def states(self) -> list[tuple[str, Shipment]]:
        """Each parcel with what it is for its shopper, in the order in which they are told."""
        place = self.place
        today = place.day(clock.now())
        told = [(_state(parcel, place, today), parcel) for parcel in self.parcels]
        return sorted(told, key=lambda one: TOLD.index(one[0]))


def told(subject: Subject, language: str) -> str:
    """The summary."""
    first = _where(subject, language)
    if subject.refund is None or subject.refund.status not in BACK:
        return first
    amount = Money(subject.refund.amount, subject.refund.currency).text(language)
    key = f"refund.status_{BACK[subject.refund.status]}"
    second = say(key, language, amount=amount, number=subject.order.number)
    return f"{first}{second}" if first.endswith("。") else f"{first} {second}"


def _where(subject: Subject, language: str) -> str:
    order, found = subject.order, subject.states()
    states = {state for state, _ in found}
    if order.status == "canceled":
        return say("status.canceled", language, number=order.number)
    if order.status == "delivered" and not _partly(subject.parcels):
        return _delivered(subject, order.delivered_at, language)
    if not states or (order.status in {"pending", "processing"} and not _moved(subject.parcels)):
        return _without_parcels(subject, language)
    if subject.unsent or (len(states) > 1 and not states <= ON_THE_WAY):
        return _parts(subject, found, language)
    return _as_one(subject, states.pop() if len(states) == 1 else "shipped", language)


def _partly(parcels: Sequence[Shipment]) -> bool:
    """Whether the carrier has handed over some, and has others in its hands: whatever the shop calls it."""
    under_way = {"in_transit", "out_for_delivery", "exception"}
    statuses = {parcel.status for parcel in parcels}
    return "delivered" in statuses and bool(statuses & under_way)


def _moved(parcels: Sequence[Shipment]) -> bool:
    """Whether a carrier has had any of them in its hands: a label alone is still the shop's preparing."""
    return any(parcel.status not in {"unknown", "label_created"} for parcel in parcels)


def _state(parcel: Shipment, place: Place, today: date) -> str:
    """What the parcel is for its shopper, of `TOLD`: what is wrong with it goes before where it is."""
    if parcel.status in {"delivered", "returned"}:
        return parcel.status
    if parcel.delay is not None and parcel.delay.reason == "lost":
        return "lost"
    if parcel.status == "exception":
        return "exception"
    if parcel.delay is not None:
        return "silent" if parcel.delay.reason == "silent" else "delayed"
    heard: str | None = parcel.read.get("scanned_at")
    if parcel.status == "out_for_delivery" and heard and place.day(datetime.fromisoformat(heard)) >= today:
        return "out_for_delivery"  # of a day that is over it is only on its way
    if parcel.status == "label_created":
        return "announced"
    return "shipped" if parcel.expected is None else "shipped_eta"


def _without_parcels(subject: Subject, language: str) -> str:
    order, number = subject.order, subject.order.number
    if subject.delay is not None and subject.delay.expected is not None:
        key = "status.delayed" if order.status == "shipped" else "status.unshipped_late"
        return say(key, language, number=number, date=day(subject.delay.expected, language))
    if order.status == "shipped":
        promised = order.snapshot.get("promised_by")
        if promised is None:
            return say("status.shipped", language, number=number)
        return say("status.shipped_eta", language, number=number, date=day(date.fromisoformat(promised), language))
    return say("status.processing" if order.status == "processing" else "status.pending", language, number=number)


def _delivered(subject: Subject, at: datetime | None, language: str) -> str:
    number = subject.order.number
    if at is None:
        return say("status.delivered", language, number=number)
    return say("status.delivered_on", language, number=number, date=day(subject.place.day(at), language))


def _as_one(subject: Subject, state: str, language: str) -> str:
    """All parcels are alike: one sentence for the whole order."""
    number, parcels = subject.order.number, subject.parcels
    if state == "delivered":
        moments = [parcel.read.get("delivered_at") for parcel in parcels]
        arrived = [datetime.fromisoformat(moment) for moment in moments if moment]
        return _delivered(subject, max(arrived, default=None), language)
    if state == "silent":
        days = max(parcel.delay.silent_days for parcel in parcels if parcel.delay is not None)
        return say_counted("status.silent", language, days, number=number)
    if state == "shipped_eta":
        return say("status.shipped_eta", language, number=number, date=day(_last_expected(parcels), language))
    if state == "delayed":
        late = max(parcel.delay.expected for parcel in parcels if parcel.delay and parcel.delay.expected)
        return say("status.delayed", language, number=number, date=day(late, language))
    return say(f"status.{state}", language, number=number)


def _last_expected(parcels: Sequence[Shipment]) -> date:
    return max(parcel.expected for parcel in parcels if parcel.expected is not None)


def _parts(subject: Subject, found: Sequence[tuple[str, Shipment]], language: str) -> str:
    """Every part of the order: its parcels by what they are, and what is still to be shipped."""
    parts: list[str] = []
    for state, alike in groupby(found, key=itemgetter(0)):
        group = [parcel for _, parcel in alike]
        date_of = {"date": day(_last_expected(group), language)} if state == "shipped_eta" else {}
        counted = say_counted("parcels", language, len(group))
        parts.append(say(f"part.{state}", language, parcels=counted, **date_of))
    if subject.unsent:
        parts.append(say("part.preparing", language, items=say_counted("items", language, subject.unsent)))
    joined = say("part.join", language).join(parts)
    return say("status.parts", language, number=subject.order.number, parts=joined)
