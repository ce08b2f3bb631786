"""Where a parcel is, in UPS's words and in ours: asked (Track) and pushed (Track Alert).

Both tell a scan by its type and code; the type alone says less: `D` of a push is also "on the vehicle" and "out for
delivery", `U` is a new date and no scan. Times are local, with an offset or GMT beside them, or neither.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator

from app.integrations.carriers.contract import ShipmentStatus, Tracking, TrackingEvent
from app.integrations.carriers.ups_wire import Listed, parsed
from app.integrations.errors import OutcomeUnknown

TYPES: dict[str, ShipmentStatus] = {
    "M": "label_created",
    "MP": "label_created",
    "P": "in_transit",
    "I": "in_transit",
    "O": "out_for_delivery",
    "X": "exception",
    "RS": "returned",
}
NUMBERS: dict[str, ShipmentStatus] = {"003": "label_created", "011": "delivered", "021": "out_for_delivery"}
"""`statusCode` of Track, `descriptionCode` of Track Alert: what a shopper is shown."""
CODES: dict[str, ShipmentStatus] = {"OT": "out_for_delivery", "FS": "delivered", "KB": "delivered", "KM": "delivered"}
VOIDED = "MV"
LOST = re.compile(r"\b(is|was|been|declared|reported|confirmed) lost\b", re.ASCII | re.IGNORECASE)
"""UPS documents no code for it; the texts are asked for in English."""
NUMBER = re.compile(r"(?=.*[0-9])[0-9A-Z]{7,34}", re.ASCII)
SUBSCRIBABLE = re.compile(r"1Z[0-9A-Z]{16}|1R[0-9A-Z]{14}|1R[0-9A-Z]{26}", re.ASCII)
_OFFSET = re.compile(r"([+-])([0-9]{2})[:.]?([0-9]{2})", re.ASCII)

Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else str(value))]
"""Also where UPS writes a number, or null."""


class _Address(BaseModel):
    city: Text = ""
    stateProvince: Text = ""  # noqa: N815 - UPS's names, here and below
    country: Text = ""
    countryCode: Text = ""  # noqa: N815

    @property
    def place(self) -> str | None:
        return (
            ", ".join(part for part in (self.city, self.stateProvince, self.countryCode or self.country) if part)
            or None
        )


class _Location(BaseModel):
    address: _Address | None = None


class _Status(BaseModel):
    type: Text = ""
    code: Text = ""
    statusCode: Text = ""  # noqa: N815
    descriptionCode: Text = ""  # noqa: N815
    description: Text = ""
    simplifiedTextDescription: Text = ""  # noqa: N815

    def ours(self, *, pushed: bool) -> ShipmentStatus:
        """Our word for it."""
        number = (self.statusCode or self.descriptionCode).zfill(3)
        if self.type in {"D", "I"}:
            said = NUMBERS.get(number) or CODES.get(self.code)
            if said is not None:
                return said
        if self.type == "D" and not pushed:
            return "delivered"
        return TYPES.get(self.type, "unknown")


class _Activity(BaseModel):
    date: Text = ""
    time: Text = ""
    gmtDate: Text = ""  # noqa: N815
    gmtTime: Text = ""  # noqa: N815
    gmtOffset: Text = ""  # noqa: N815
    location: _Location | None = None
    status: _Status = _Status()


class _Named(BaseModel):
    type: Text = ""
    date: Text = ""
    number: Text = ""
    code: Text = ""


class _DeliveryTime(BaseModel):
    type: Text = ""
    endTime: Text = ""  # noqa: N815


class Package(BaseModel):
    """One parcel of a shipment, with its scans."""

    trackingNumber: Text = ""  # noqa: N815
    activity: Listed[_Activity] = []
    currentStatus: _Status = _Status()  # noqa: N815
    deliveryDate: Listed[_Named] = []  # noqa: N815
    deliveryTime: _DeliveryTime | None = None  # noqa: N815
    referenceNumber: Listed[_Named] = []  # noqa: N815

    @property
    def voided(self) -> bool:
        """Whether its label was voided before it was used."""
        newest = self.activity[0].status.type if self.activity else ""
        return VOIDED in {self.currentStatus.type, newest}

    def refers(self, reference: str) -> bool:
        """Whether it has our reference, or tells none at all."""
        told = {one.number for one in self.referenceNumber}
        return not told or reference in told


class _Shipment(BaseModel):
    package: Listed[Package] = []
    warnings: Listed[_Named] = []


class _Response(BaseModel):
    shipment: Listed[_Shipment]


class Tracked(BaseModel):
    """Track's answer. What is not found may also be told as a warning, without a parcel."""

    trackResponse: _Response  # noqa: N815

    def packages(self) -> list[Package]:
        """Every parcel in it."""
        return [package for shipment in self.trackResponse.shipment for package in shipment.package]


class Pushed(BaseModel):
    """One event as Track Alert pushes it."""

    trackingNumber: str  # noqa: N815
    localActivityDate: Text = ""  # noqa: N815
    localActivityTime: Text = ""  # noqa: N815
    gmtActivityDate: Text = ""  # noqa: N815
    gmtActivityTime: Text = ""  # noqa: N815
    gmtOffset: Text = ""  # noqa: N815
    activityLocation: _Address | None = None  # noqa: N815
    activityStatus: _Status  # noqa: N815
    scheduledDeliveryDate: Text = ""  # noqa: N815
    actualDeliveryDate: Text = ""  # noqa: N815
    deliveryEndTime: Text = ""  # noqa: N815


def tracking(document: Mapping[str, Any], number: str) -> Tracking | None:
    """What Track says of one parcel; None where it has none of that number."""
    found = [one for one in parsed(Tracked, document).packages() if one.trackingNumber == number]
    if not found:
        return None
    package = found[0]
    events = tuple(_scan(one) for one in package.activity if one.date)
    status = package.currentStatus.ours(pushed=False)
    if status == "unknown" and package.activity:
        status = package.activity[0].status.ours(pushed=False)
    arrived = [event.at for event in events if event.status == "delivered"]
    return Tracking(
        tracking_number=number,
        carrier="ups",
        status=status,
        eta=_eta(package),
        delivered_at=arrived[0] if arrived and status == "delivered" else None,
        events=events,
    )


def pushed(document: Mapping[str, Any]) -> Tracking:
    """What one push says; raises OutcomeUnknown where it is none."""
    told = parsed(Pushed, document)
    status = told.activityStatus.ours(pushed=True)
    if told.activityStatus.type == "D" and told.actualDeliveryDate and status == "unknown":
        status = "delivered"
    event = _event(
        told.activityStatus, status, told.activityLocation, _moment(
            (told.localActivityDate, told.localActivityTime), told.gmtOffset,
            (told.gmtActivityDate, told.gmtActivityTime),
        ),
    )  # fmt: skip
    expected = told.scheduledDeliveryDate if status != "delivered" else ""
    return Tracking(
        tracking_number=told.trackingNumber,
        carrier="ups",
        status=status,
        eta=_local(expected, told.deliveryEndTime or "235959") if expected else None,
        delivered_at=event.at if status == "delivered" else None,
        events=(event,),
    )


def _scan(activity: _Activity) -> TrackingEvent:
    at = _moment((activity.date, activity.time), activity.gmtOffset, (activity.gmtDate, activity.gmtTime))
    address = None if activity.location is None else activity.location.address
    return _event(activity.status, activity.status.ours(pushed=False), address, at)


def _event(status: _Status, ours: ShipmentStatus, address: _Address | None, at: datetime) -> TrackingEvent:
    description = status.description or status.simplifiedTextDescription
    return TrackingEvent(
        at=at,
        status=ours,
        description=description,
        location=None if address is None else address.place,
        word=f"{status.type} {status.code}".strip(),
        lost=status.type == "X" and LOST.search(description) is not None,
    )


def _moment(local: tuple[str, str], offset: str, gmt: tuple[str, str]) -> datetime:
    """The scan's own time: local with its offset, else GMT, else local without a zone."""
    match = _OFFSET.fullmatch(offset)
    if match is not None and local[0]:
        away = timedelta(hours=int(match[2]), minutes=int(match[3]))
        if away < timedelta(hours=24):
            return _local(*local).replace(tzinfo=timezone(-away if match[1] == "-" else away))
    return _local(*gmt).replace(tzinfo=UTC) if gmt[0] else _local(*local)


def _local(date: str, clock: str) -> datetime:
    """`YYYYMMDD` and `HHMMSS`, the latter also without leading zeros, both also with marks between."""
    day, hour = re.sub(r"[^0-9]", "", date), re.sub(r"[^0-9]", "", clock).zfill(6)
    try:
        at = datetime.strptime(day, "%Y%m%d")  # noqa: DTZ007 - the zone is told apart
        return datetime.combine(at.date(), time(int(hour[:2]), int(hour[2:4]), int(hour[4:6])))
    except ValueError as error:
        raise OutcomeUnknown("UPS's scan has no time that can be read") from error


def _eta(package: Package) -> datetime | None:
    dates = {one.type: one.date for one in package.deliveryDate if one.date}
    date = dates.get("RDD") or dates.get("SDD")
    if date is None or "DEL" in dates:
        return None
    ends = package.deliveryTime
    return _local(date, ends.endTime if ends is not None and ends.endTime and ends.type != "DEL" else "235959")


def batches(numbers: Sequence[str], most: int) -> list[list[str]]:
    """Numbers in batches, each once, in their order."""
    unique = list(dict.fromkeys(numbers))
    return [unique[at : at + most] for at in range(0, len(unique), most)]
