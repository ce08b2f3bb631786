"""A carrier without idempotency, as the big ones are: each call buys another label, a look-up finds them all."""

import sqlite3
import zlib
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.clock import now, rfc3339
from app.ids import new
from app.sandbox.effects import Call, Done, effect, read
from app.sandbox.imports import AddressIn, Id
from app.sandbox.store import dumps, loads, next_position, one, rows
from app.sandbox.wire import Problem, Strict

COSTS = {"return_standard": 490, "return_express": 1290}
CURRENCY = "EUR"
MAX_WEIGHT_GRAMS = 31_500
VALID_FOR = timedelta(days=30)
Measure = int | None


class ParcelIn(Strict):
    """What is sent, where somebody measured it."""

    weight_grams: Measure = Field(default=None, gt=0)
    length_mm: Measure = Field(default=None, gt=0)
    width_mm: Measure = Field(default=None, gt=0)
    height_mm: Measure = Field(default=None, gt=0)


class LabelIn(Strict):
    """Buy one return label from `sender` (the shopper) to `recipient` (the store)."""

    reference: Id
    rma: str = Field(min_length=1, max_length=100)
    sender: AddressIn
    recipient: AddressIn
    parcel: ParcelIn = ParcelIn()
    service: str = "return_standard"
    qr: bool = False


class VoidIn(Strict):
    """Nothing needs saying."""


def label_view(row: sqlite3.Row) -> dict[str, Any]:
    """A label as the carrier shows it: `active`, `used` once scanned, or `voided`."""
    status = "voided" if row["voided_at"] else "used" if row["scanned"] else "active"
    body = loads(row["body"])
    credited = body["cost"] if row["voided_at"] else None
    return body | {"status": status, "voided_at": row["voided_at"], "credited": credited}


def label_row(db: sqlite3.Connection, shop: str, label_id: str) -> sqlite3.Row:
    """The label; Problem 404 where there is none."""
    row = one(db, "SELECT * FROM labels WHERE shop = ? AND id = ?", shop, label_id)
    if row is None:
        raise Problem(404, "label_not_found", "There is no such label.")
    return row


def _buy(call: Call, wanted: LabelIn) -> Done:
    if wanted.service not in COSTS:
        raise Problem(422, "service_unavailable", f"There is no service {wanted.service!r}.")
    for name, address in (("sender", wanted.sender), ("recipient", wanted.recipient)):
        if not address.address1 or not address.country_code:
            raise Problem(422, "address_invalid", f"The {name} needs address1 and country_code.")
    if (wanted.parcel.weight_grams or 0) > MAX_WEIGHT_GRAMS:
        raise Problem(422, "parcel_too_heavy", f"At most {MAX_WEIGHT_GRAMS} g.")
    place = next_position(call.db, "labels", call.shop)
    made, label_id = now(), new("sbxlbl")
    # Readable, one per label, and the same shop gets the same numbers on every machine.
    number = f"SBX{zlib.crc32(call.shop.encode()) % 10**5:05d}{place + 1:07d}"
    label: dict[str, Any] = {
        "id": label_id,
        "reference": wanted.reference,
        "rma": wanted.rma,
        "tracking_number": number,
        "tracking_url": f"https://carrier.example/track/{number}",
        "service": wanted.service,
        "cost": {"amount": COSTS[wanted.service], "currency": CURRENCY},
        "created_at": rfc3339(made),
        "expires_at": rfc3339(made + VALID_FOR),
        "qr": wanted.qr,
        "sender": wanted.sender.model_dump(),
        "recipient": wanted.recipient.model_dump(),
        "parcel": wanted.parcel.model_dump(),
    }
    insert_label(call.db, call.shop, label, voided_at=None, scanned=False)
    add_scan(
        call.db,
        call.shop,
        number,
        {"at": label["created_at"], "word": "LABEL_CREATED", "description": "Label created", "location": None},
    )
    row = label_row(call.db, call.shop, label_id)
    return Done(
        label_view(row), label_id, 201, reference=wanted.reference, amount=COSTS[wanted.service], currency=CURRENCY
    )


def insert_label(
    db: sqlite3.Connection, shop: str, label: dict[str, Any], *, voided_at: str | None, scanned: bool
) -> None:
    """Keep a label and open its parcel."""
    db.execute(
        "INSERT INTO labels (shop, id, position, reference, tracking_number, voided_at, scanned, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            shop,
            label["id"],
            next_position(db, "labels", shop),
            label["reference"],
            label["tracking_number"],
            voided_at,
            int(scanned),
            dumps(label),
        ),
    )
    open_parcel(db, shop, label["tracking_number"], "sandbox", None)


def open_parcel(db: sqlite3.Connection, shop: str, tracking_number: str, carrier: str, eta: str | None) -> None:
    """Make a tracking number known."""
    db.execute(
        "INSERT INTO parcels (shop, tracking_number, carrier, eta) VALUES (?, ?, ?, ?)",
        (shop, tracking_number, carrier, eta),
    )


def add_scan(db: sqlite3.Connection, shop: str, tracking_number: str, scan: dict[str, Any]) -> None:
    """Append a scan as it came; nothing sorts, checks or merges here, as at a real carrier."""
    last = one(
        db,
        "SELECT coalesce(max(position), -1) + 1 AS next FROM scans WHERE shop = ? AND tracking_number = ?",
        shop,
        tracking_number,
    )
    db.execute(
        "INSERT INTO scans (shop, tracking_number, position, body) VALUES (?, ?, ?, ?)",
        (shop, tracking_number, last["next"] if last is not None else 0, dumps(scan)),
    )


def scans_of(db: sqlite3.Connection, shop: str, tracking_number: str) -> list[dict[str, Any]]:
    """The scans of a parcel in the order in which they came."""
    found = rows(
        db, "SELECT body FROM scans WHERE shop = ? AND tracking_number = ? ORDER BY position", shop, tracking_number
    )
    return [loads(row["body"]) for row in found]


def pushed(db: sqlite3.Connection, shop: str, tracking_number: str, scan: dict[str, Any]) -> dict[str, Any]:
    """What the carrier would push of one scan: the answer to a look-up with that scan alone."""
    row = one(db, "SELECT * FROM parcels WHERE shop = ? AND tracking_number = ?", shop, tracking_number)
    assert row is not None
    return {"tracking_number": tracking_number, "carrier": row["carrier"], "eta": row["eta"], "scans": [scan]}


async def post_label(request: Request) -> Response:
    """POST /carrier/v1/return-labels: buys a new label at every call."""
    return await effect(request, "label", LabelIn, _buy, reference_of=lambda wanted: wanted.reference)


async def get_labels(request: Request) -> Response:
    """GET /carrier/v1/return-labels?reference= : all with our reference, oldest first."""

    def answer(db: sqlite3.Connection, shop: str) -> dict[str, Any]:
        reference = request.query_params.get("reference")
        if not reference:
            raise Problem(400, "reference_required", "Ask with ?reference=.")
        found = rows(db, "SELECT * FROM labels WHERE shop = ? AND reference = ? ORDER BY position", shop, reference)
        return {"data": [label_view(row) for row in found]}

    return read(request, "lookup", answer)


async def get_label(request: Request) -> Response:
    """GET /carrier/v1/return-labels/{id}."""
    return read(request, "lookup", lambda db, shop: label_view(label_row(db, shop, request.path_params["id"])))


FORMATS: dict[str, tuple[Literal["pdf", "png"], str]] = {
    "pdf": ("pdf", "application/pdf"),
    "png": ("png", "image/png"),
}


async def get_label_file(request: Request) -> Response:
    """GET /carrier/v1/return-labels/{id}/file?format=pdf|png."""

    def answer(db: sqlite3.Connection, shop: str) -> Response:
        wanted = FORMATS.get(request.query_params.get("format", "pdf"))
        if wanted is None:
            raise Problem(400, "format_invalid", "format is pdf or png.")
        label = label_view(label_row(db, shop, request.path_params["id"]))
        # Drawing needs reportlab and its fonts: a sandbox that never prints stays small.
        from app.sandbox import labels

        return Response(labels.render(label, wanted[0]), media_type=wanted[1])

    return read(request, "file", answer)


def _void(call: Call, _: VoidIn) -> Done:
    row = label_row(call.db, call.shop, call.path["id"])
    if row["voided_at"]:
        return Done(label_view(row), row["id"], effect=False, reference=row["reference"])
    if row["scanned"]:
        raise Problem(409, "label_used", "The parcel is on its way.", subject=row["id"])
    call.db.execute("UPDATE labels SET voided_at = ? WHERE shop = ? AND id = ?", (rfc3339(now()), call.shop, row["id"]))
    view = label_view(label_row(call.db, call.shop, row["id"]))
    cost = view["credited"]
    return Done(view, row["id"], reference=row["reference"], amount=cost["amount"], currency=cost["currency"])


async def post_void(request: Request) -> Response:
    """POST /carrier/v1/return-labels/{id}/void: again 200 where it is voided already."""
    return await effect(request, "label_void", VoidIn, _void)


async def get_tracking(request: Request) -> Response:
    """GET /carrier/v1/tracking/{number}: raw scans as they came."""

    def answer(db: sqlite3.Connection, shop: str) -> dict[str, Any]:
        number = request.path_params["number"]
        row = one(db, "SELECT * FROM parcels WHERE shop = ? AND tracking_number = ?", shop, number)
        if row is None:
            raise Problem(404, "tracking_not_found", "There is no such parcel.")
        return {
            "tracking_number": number,
            "carrier": row["carrier"],
            "eta": row["eta"],
            "scans": scans_of(db, shop, number),
        }

    return read(request, "tracking", answer)


ROUTES = [
    Route("/carrier/v1/return-labels", post_label, methods=["POST"]),
    Route("/carrier/v1/return-labels", get_labels),
    Route("/carrier/v1/return-labels/{id}", get_label),
    Route("/carrier/v1/return-labels/{id}/file", get_label_file),
    Route("/carrier/v1/return-labels/{id}/void", post_void, methods=["POST"]),
    Route("/carrier/v1/tracking/{number}", get_tracking),
]
