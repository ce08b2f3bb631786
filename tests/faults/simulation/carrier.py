"""The virtual carrier: it knows no keys, sells whatever arrives, finds it by reference, and voids what is unused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app import clock
from app.integrations.carriers.contract import (
    BuyLabel,
    LabelFormat,
    LabelReceipt,
    Tracking,
    TrackingEvent,
    VoidLabel,
)
from app.integrations.errors import OutcomeUnknown, Refused
from app.integrations.receipts import Receipt
from tests.faults.history import Row
from tests.faults.simulation.trouble import Trouble

COST = 490


@dataclass
class Sold:
    """A label as the carrier has it."""

    id: str
    key: str
    rma: str
    voided_at: datetime | None = None
    scanned_at: datetime | None = None


@dataclass
class Carrier:
    """The carrier of one store."""

    shop: str
    trouble: Trouble
    told: Callable[[Sold], None]
    """Called when a parcel is scanned: the carrier's push."""
    sold: list[Sold] = field(default_factory=list[Sold])
    name: str = "ups"

    async def buy_return_label(self, command: BuyLabel) -> LabelReceipt:
        """Every call that arrives buys one."""

        def do(fault: str | None, detail: str | None) -> LabelReceipt:
            number = f"1Z{self.shop.upper()}{len(self.sold) + 1:04d}"
            one = Sold(number, command.key, command.rma)
            self.sold.append(one)
            self.trouble.note("label", command.key, one.id, COST, fault=fault, detail=detail)
            return self._receipt(one, alone=True)

        return await self.trouble.caused("label", command.key, do)

    async def find_label(self, command: BuyLabel) -> LabelReceipt | None:
        """A live one before a voided one."""
        await self.trouble.asked("label")
        mine = sorted((one for one in self.sold if one.key == command.key), key=lambda one: one.voided_at is not None)
        found = self._receipt(mine[0], alone=False) if mine else None
        await self.trouble.scheduler.step("hear of the look-up")
        return found

    async def void_label(self, command: VoidLabel) -> Receipt:
        """A label already voided is a success; what was scanned is not taken back."""

        def do(fault: str | None, detail: str | None) -> Receipt:
            one = self._named(command.label_id)
            if one.scanned_at is not None:
                raise Refused("label_used", "The parcel is on its way.", evidence={"status": 409})
            fresh = one.voided_at is None
            one.voided_at = one.voided_at or clock.now()
            self.trouble.note("label_void", command.key, one.id, effect=fresh, fault=fault, detail=detail)
            return _voided(one)

        return await self.trouble.caused("label_void", command.key, do)

    async def find_void(self, command: VoidLabel) -> Receipt | None:
        """None where it is still live."""
        await self.trouble.asked("label_void")
        one = self._named(command.label_id)
        found = None if one.voided_at is None else _voided(one)
        await self.trouble.scheduler.step("hear of the look-up")
        return found

    async def label_file(self, label_id: str, file_format: LabelFormat) -> bytes:
        """What is printed; nobody looks at it here, the shop is handed it."""
        await self.trouble.asked("label file")
        return f"{label_id}.{file_format}".encode()

    async def track(self, tracking_number: str) -> Tracking | None:
        """Where the parcel is."""
        await self.trouble.asked("tracking")
        one = next((one for one in self.sold if one.id == tracking_number), None)
        return None if one is None else self._tracking(one.id, one.scanned_at)

    def pushed(self, document: dict[str, Any]) -> Tracking:
        """A push as `scan` writes it."""
        try:
            return self._tracking(str(document["trackingNumber"]), datetime.fromisoformat(document["at"]))
        except (KeyError, ValueError) as error:
            raise OutcomeUnknown("the push cannot be read") from error

    def scan(self, one: Sold) -> None:
        """The parcel is on its way."""
        if one.voided_at is None and one.scanned_at is None:
            one.scanned_at = clock.now()
            self.trouble.scheduler.note(f"{one.id} is scanned")
            self.told(one)

    def labels(self) -> list[Row]:
        """Each label as the checker reads it."""
        return [{"id": one.id, "rma": one.rma, "voided_at": one.voided_at} for one in self.sold]

    def _tracking(self, number: str, scanned_at: datetime | None) -> Tracking:
        scan = () if scanned_at is None else (TrackingEvent(at=scanned_at, status="in_transit", description="scanned"),)
        status = "label_created" if scanned_at is None else "in_transit"
        return Tracking(tracking_number=number, carrier=self.name, status=status, events=scan)

    def _named(self, label_id: str) -> Sold:
        found = next((one for one in self.sold if one.id == label_id), None)
        if found is None:
            raise Refused("label_not_found", "There is no such label.", evidence={"status": 404})
        return found

    def _receipt(self, one: Sold, *, alone: bool) -> LabelReceipt:
        live = () if alone else tuple(two.id for two in self.sold if two.key == one.key and two.voided_at is None)
        return LabelReceipt(
            status="succeeded",
            external_id=one.id,
            amount=COST,
            currency="EUR",
            tracking_number=one.id,
            service="return_standard",
            cost=COST,
            voided=one.voided_at is not None,
            live=live,
            evidence={"id": one.id},
        )


def _voided(one: Sold) -> Receipt:
    return Receipt(status="succeeded", external_id=one.id, amount=COST, currency="EUR", evidence={"id": one.id})
