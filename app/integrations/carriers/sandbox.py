"""Our sandbox's carrier: no idempotency when buying, so look up by reference before buying again."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from app.integrations.carriers.contract import (
    BuyLabel,
    LabelFormat,
    LabelReceipt,
    ShipmentStatus,
    Tracking,
    TrackingEvent,
    VoidLabel,
)
from app.integrations.errors import OutcomeUnknown, Refused
from app.integrations.http import Http, segment
from app.integrations.receipts import Receipt, ReceiptStatus

LABEL_WORDS: dict[str, ReceiptStatus] = {"active": "succeeded", "used": "succeeded", "voided": "succeeded"}
SCAN_WORDS: dict[str, ShipmentStatus] = {
    "LABEL_CREATED": "label_created",
    "PICKED_UP": "in_transit",
    "IN_TRANSIT": "in_transit",
    "ARRIVED_AT_FACILITY": "in_transit",
    "DEPARTED_FACILITY": "in_transit",
    "CUSTOMS": "in_transit",
    "OUT_FOR_DELIVERY": "out_for_delivery",
    "DELIVERED": "delivered",
    "DELIVERY_ATTEMPTED": "exception",
    "HELD": "exception",
    "DAMAGED": "exception",
    "LOST": "exception",
    "RETURN_TO_SENDER": "returned",
    "RETURNED": "returned",
}
LOST_WORDS = frozenset({"LOST"})
ORDER: dict[ShipmentStatus, int] = {
    "label_created": 0,
    "unknown": 1,
    "in_transit": 2,
    "exception": 3,
    "out_for_delivery": 4,
    "delivered": 5,
    "returned": 6,
}
"""Which of two scans of the same moment is the later one."""
FILES: dict[LabelFormat, bytes] = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n"}
MAX_FILE = 10 << 20


class _Cost(BaseModel, strict=True):
    amount: int
    currency: str


class _Label(BaseModel, strict=True):
    id: str
    reference: str
    tracking_number: str
    tracking_url: str | None = None
    service: str
    cost: _Cost
    credited: _Cost | None = None
    status: str
    created_at: str
    expires_at: str | None = None


class _Labels(BaseModel, strict=True):
    data: list[_Label]


class _Scan(BaseModel, strict=True):
    at: str
    word: str
    description: str = ""
    location: str | None = None


class _Parcel(BaseModel, strict=True):
    tracking_number: str
    carrier: str
    eta: str | None = None
    scans: list[_Scan]


class SandboxCarrier:
    """The carrier of one sandbox shop."""

    name = "sandbox"

    def __init__(self, http: Http, shop: str, timeout: float = 10.0) -> None:
        self._http, self._shop, self._timeout = http, shop, timeout

    async def buy_return_label(self, command: BuyLabel) -> LabelReceipt:
        """Buy the label; every call that arrives buys one."""
        answer = await self._call(
            "POST",
            "/carrier/v1/return-labels",
            json={
                "reference": command.key,
                "rma": command.rma,
                "sender": command.sender.model_dump(mode="json"),
                "recipient": command.recipient.model_dump(mode="json"),
                "parcel": command.parcel.model_dump(mode="json"),
                "service": command.service,
                "qr": command.qr,
            },
        )
        return _label_receipt(answer, command.key)

    async def find_label(self, command: BuyLabel) -> LabelReceipt | None:
        """The label that the carrier has under our reference, a live one before a voided one; None where none."""
        answer = await self._call("GET", "/carrier/v1/return-labels", params={"reference": command.key})
        try:
            found = _Labels.model_validate(answer).data
        except ValidationError as error:
            raise OutcomeUnknown("the labels that came back cannot be read") from error
        if not found:
            return None
        receipts = [_label_receipt(label.model_dump(), command.key) for label in found]
        live = [receipt for receipt in receipts if not receipt.voided]
        best = (live or receipts)[0]
        counted = best.evidence | {"live": len(live), "all": len(receipts)}
        return best.model_copy(update={"evidence": counted, "live": tuple(one.external_id or "" for one in live)})

    async def label_file(self, label_id: str, file_format: LabelFormat) -> bytes:
        """The label's bytes, which begin as the format does."""
        content = await self._http.call(
            "GET",
            f"/carrier/v1/return-labels/{segment(label_id)}/file",
            params={"format": file_format},
            headers={"X-Sandbox-Shop": self._shop},
            timeout=self._timeout,
            expect="bytes",
            max_bytes=MAX_FILE,
        )
        if not content.startswith(FILES[file_format]):
            raise OutcomeUnknown(f"the label's file is not a {file_format}")
        return content

    async def void_label(self, command: VoidLabel) -> Receipt:
        """Void; a label already voided is a success."""
        path = f"/carrier/v1/return-labels/{segment(command.label_id)}/void"
        answer = await self._call("POST", path, json={}, key=command.key)
        label = _label(answer)
        voided = label.id == command.label_id and label.status == "voided"
        if not voided:
            return Receipt(status="unknown", external_id=label.id, evidence=_evidence(label))
        return _voided(label)

    async def find_void(self, command: VoidLabel) -> Receipt | None:
        """Whether the label is voided at the carrier; None where it is still live."""
        label = _label(await self._call("GET", f"/carrier/v1/return-labels/{segment(command.label_id)}"))
        if label.id != command.label_id or label.status not in LABEL_WORDS:
            return Receipt(status="unknown", external_id=command.label_id, evidence=_evidence(label))
        if label.status != "voided":
            return None
        return _voided(label)

    async def track(self, tracking_number: str) -> Tracking | None:
        """Where the parcel is; None where the carrier does not know the number."""
        try:
            answer = await self._call("GET", f"/carrier/v1/tracking/{segment(tracking_number)}")
        except Refused as refusal:
            if refusal.code in {"tracking_not_found", "request_invalid"}:
                return None
            raise
        tracking = self.pushed(answer)
        if tracking.tracking_number != tracking_number:
            raise OutcomeUnknown("another parcel came back than was asked for")
        return tracking

    def pushed(self, document: dict[str, Any]) -> Tracking:
        """What a pushed document says: it is written as the answer to a look-up is, with some of the scans."""
        try:
            return _tracking(_Parcel.model_validate(document))
        except (ValueError, OverflowError) as error:  # pydantic's ValidationError is a ValueError
            raise OutcomeUnknown("the tracking that came cannot be read") from error

    async def _call(
        self, method: str, path: str, *, json: Any = None, params: dict[str, str] | None = None, key: str | None = None
    ) -> dict[str, Any]:
        headers = {"X-Sandbox-Shop": self._shop} | ({"Idempotency-Key": key} if key else {})
        return await self._http.call(method, path, json=json, params=params, headers=headers, timeout=self._timeout)


def _label(answer: dict[str, Any]) -> _Label:
    try:
        return _Label.model_validate(answer)
    except ValidationError as error:
        raise OutcomeUnknown("the label that came back cannot be read") from error


def _evidence(label: _Label) -> dict[str, Any]:
    return {"id": label.id, "reference": label.reference, "status": label.status, "created_at": label.created_at}


def _voided(label: _Label) -> Receipt:
    """Gone, with what the carrier gives back of its cost."""
    back = label.credited
    return Receipt(
        status="succeeded",
        external_id=label.id,
        amount=None if back is None else back.amount,
        currency=None if back is None else back.currency,
        evidence=_evidence(label),
    )


def _label_receipt(answer: dict[str, Any], reference: str) -> LabelReceipt:
    label = _label(answer)
    try:
        expires_at = datetime.fromisoformat(label.expires_at) if label.expires_at else None
    except ValueError as error:
        raise OutcomeUnknown("the label that came back cannot be read") from error
    same = label.reference == reference
    return LabelReceipt(
        status=LABEL_WORDS.get(label.status, "unknown") if same else "unknown",
        external_id=label.id,
        amount=label.cost.amount,
        currency=label.cost.currency,
        tracking_number=label.tracking_number,
        tracking_url=label.tracking_url,
        service=label.service,
        cost=label.cost.amount,
        expires_at=expires_at,
        voided=label.status == "voided",
        evidence=_evidence(label) | {"as_asked": same},
    )


def _tracking(parcel: _Parcel) -> Tracking:
    """Scans in the order of their own time, doubles gone; the status is that of the last word that we know."""
    unique: dict[tuple[datetime, str, str | None], TrackingEvent] = {}
    for scan in parcel.scans:
        at = datetime.fromisoformat(scan.at)
        event = TrackingEvent(
            at=at,
            status=SCAN_WORDS.get(scan.word, "unknown"),
            description=scan.description or scan.word,
            location=scan.location,
            word=scan.word,
            lost=scan.word in LOST_WORDS,
        )
        unique.setdefault((at, scan.word, scan.location), event)
    events = sorted(unique.values(), key=lambda event: (_comparable(event.at), ORDER[event.status]))
    known: list[ShipmentStatus] = [event.status for event in events if event.status != "unknown"]
    status: ShipmentStatus = known[-1] if known else "unknown"
    delivered = [event.at for event in events if event.status == "delivered"]
    return Tracking(
        tracking_number=parcel.tracking_number,
        carrier=parcel.carrier,
        status=status,
        eta=datetime.fromisoformat(parcel.eta) if parcel.eta else None,
        delivered_at=delivered[0] if delivered and status == "delivered" else None,
        events=tuple(events),
    )


def _comparable(at: datetime) -> datetime:
    """A scanner's clock without zone beside others: good enough to sort by."""
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
