"""A UPS return shipment: our words in the fields and limits of UPS's Ship API, and its answer in ours.

Lengths are those of UPS's schema. What does not fit is refused before anything is sent, except names, which are cut: a
label with a wrong street is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any, NoReturn

from pydantic import BaseModel

from app.integrations.carriers.contract import BuyLabel, LabelReceipt, Parcel
from app.integrations.carriers.ups_labels import is_label
from app.integrations.carriers.ups_wire import Listed, parsed
from app.integrations.commerce.contract import Address
from app.integrations.errors import Refused
from app.integrations.receipts import Receipt
from app.money import Money

REFERENCE = re.compile(r"[!-~]{1,35}", re.ASCII)
POUND, INCH, CENTIMETRE = Decimal("453.59237"), Decimal("25.4"), Decimal(10)
AMERICAN = frozenset({"US", "PR"})
STATES = frozenset({"US", "PR", "CA", "VN", "IE"})
"""Where UPS wants a state or county; elsewhere it is left out."""
SERVICE = re.compile(r"[0-9A-Z]{2}", re.ASCII)
TRACK = "https://www.ups.com/track?tracknum="


class _Charge(BaseModel):
    CurrencyCode: str
    MonetaryValue: str


class _Charges(BaseModel):
    TotalCharges: _Charge | None = None
    TotalCharge: _Charge | None = None


class Image(BaseModel):
    """A label's image, in base64."""

    GraphicImage: str = ""


class PackageResult(BaseModel):
    """One parcel of what was bought."""

    TrackingNumber: str
    ShippingLabel: Image | None = None


class _Results(BaseModel):
    ShipmentIdentificationNumber: str
    PackageResults: Listed[PackageResult]
    ShipmentCharges: _Charges | None = None
    NegotiatedRateCharges: _Charges | None = None


class _Reference(BaseModel):
    CustomerContext: str | None = None


class _Head(BaseModel):
    TransactionReference: _Reference | None = None


class _Shipped(BaseModel):
    Response: _Head = _Head()
    ShipmentResults: _Results


class Shipped(BaseModel):
    """The answer to a purchase."""

    ShipmentResponse: _Shipped


class _LabelResult(BaseModel):
    TrackingNumber: str = ""
    LabelImage: Image | None = None


class _Candidate(BaseModel):
    TrackingNumber: str


class _Recovered(BaseModel):
    ShipmentIdentificationNumber: str | None = None
    LabelResults: Listed[_LabelResult] = []
    TrackingCandidate: Listed[_Candidate] = []


class Recovered(BaseModel):
    """The answer to a label's recovery: its image, or, where several have the reference, their numbers."""

    LabelRecoveryResponse: _Recovered

    def images(self) -> dict[str, str]:
        """By tracking number, its image in base64; empty where there is none."""
        found = self.LabelRecoveryResponse
        labels = {
            one.TrackingNumber: "" if one.LabelImage is None else one.LabelImage.GraphicImage
            for one in found.LabelResults
            if one.TrackingNumber
        }
        return labels | {one.TrackingNumber: "" for one in found.TrackingCandidate if one.TrackingNumber not in labels}


class _Status(BaseModel):
    Code: str


class _Summary(BaseModel):
    Status: _Status


class _Voided(BaseModel):
    SummaryResult: _Summary


class Voided(BaseModel):
    """The answer to a void: code 1 is voided, or voided already; 0 is not."""

    VoidShipmentResponse: _Voided


def invalid(detail: str) -> NoReturn:
    """Refuse before anything is sent."""
    raise Refused("address_invalid", detail)


def purchase(command: BuyLabel, account: str, services: Mapping[str, str], default_grams: int) -> dict[str, Any]:
    """The body of a purchase: a return label to print (`ReturnService` 9), billed to the store's account."""
    if not REFERENCE.fullmatch(command.key):
        raise Refused("request_invalid", "UPS takes references of at most 35 characters.")
    if command.qr:
        raise Refused("unsupported", "UPS's Ship API makes no code for a phone: ask for a label to print.")
    sender, recipient = _party(command.sender, "Customer"), _party(command.recipient, "Returns")
    countries = (sender["Address"]["CountryCode"], recipient["Address"]["CountryCode"])
    references = [{"Value": command.key}, {"Code": "RZ", "Value": command.rma[:35]}]
    shipment: dict[str, Any] = {
        "Description": "Return of goods",
        "ReturnService": {"Code": "9"},
        "Shipper": {**recipient, "ShipperNumber": account},
        "ShipTo": recipient,
        "ShipFrom": sender,
        "PaymentInformation": {"ShipmentCharge": [{"Type": "01", "BillShipper": {"AccountNumber": account}}]},
        "Service": {"Code": _service(command.service, services, countries)},
        "Package": [_package(command.parcel, default_grams, american=countries[0] in AMERICAN)],
    }
    # UPS takes references of the parcel within the US and within Puerto Rico, and of the shipment elsewhere.
    inland = countries in {("US", "US"), ("PR", "PR")}
    (shipment["Package"][0] if inland else shipment)["ReferenceNumber"] = references
    return {
        "ShipmentRequest": {
            "Request": {
                "RequestOption": "nonvalidate",
                "SubVersion": "2205",
                "TransactionReference": {"CustomerContext": command.key},
            },
            "Shipment": shipment,
            "LabelSpecification": {
                "LabelImageFormat": {"Code": "GIF"},
                "HTTPUserAgent": "Mozilla/4.5",
                "LabelStockSize": {"Height": "6", "Width": "4"},
            },
        }
    }


def recovery(account: str, reference: str, tracking_number: str | None = None) -> dict[str, Any]:
    """The body of a label's recovery, by its number or by our reference.

    UPS's schema requires both lists, also where one number is given, and allows no `LabelImageFormat` at all (`GIF` has
    three characters, it wants four): without one UPS sends a GIF. The reference is not looked at beside a number.
    """
    body: dict[str, Any] = {
        "Request": {"RequestOption": "Non_Validate", "SubVersion": "1903"},
        "TrackingNumbers": [],
        "ReferenceValues": {"ReferenceNumber": {"Value": reference}, "ShipperNumber": account},
    }
    return {"LabelRecoveryRequest": body | ({"TrackingNumber": tracking_number} if tracking_number else {})}


def bought(document: Mapping[str, Any], command: BuyLabel) -> LabelReceipt:
    """What was bought; `unknown` where it is another's, of several parcels, or its label is no image."""
    told = parsed(Shipped, document).ShipmentResponse
    results = told.ShipmentResults
    context = None if told.Response.TransactionReference is None else told.Response.TransactionReference.CustomerContext
    parcels = results.PackageResults
    same = context in {None, command.key} and len(parcels) == 1
    image = parcels[0].ShippingLabel if parcels else None
    printable = image is not None and is_label(image.GraphicImage)
    cost = _cost(results)
    number = parcels[0].TrackingNumber if len(parcels) == 1 else None
    return LabelReceipt(
        status="succeeded" if same and printable else "unknown",
        external_id=results.ShipmentIdentificationNumber,
        amount=None if cost is None else cost.amount,
        currency=None if cost is None else cost.currency,
        tracking_number=number,
        tracking_url=None if number is None else TRACK + number,
        service=command.service,
        cost=None if cost is None else cost.amount,
        evidence={
            "id": results.ShipmentIdentificationNumber,
            "tracking_numbers": [parcel.TrackingNumber for parcel in parcels][:10],
            "as_asked": same,
            "printable": printable,
        },
    )


def voided(document: Mapping[str, Any], label_id: str) -> Receipt:
    """What became of a void; Refused where UPS says that the label is not voided."""
    code = parsed(Voided, document).VoidShipmentResponse.SummaryResult.Status.Code
    evidence = {"id": label_id, "status": code}
    if code == "0":
        raise Refused("label_not_voided", "UPS has not voided the label.", evidence=evidence)
    return Receipt(status="succeeded" if code == "1" else "unknown", external_id=label_id, evidence=evidence)


def _cost(results: _Results) -> Money | None:
    """What it costs the account: the negotiated rate, where there is one. None where UPS does not say it clearly."""
    for charges in (results.NegotiatedRateCharges, results.ShipmentCharges):
        total = None if charges is None else charges.TotalCharge or charges.TotalCharges
        if total is None:
            continue
        try:
            return Money.of(total.MonetaryValue, total.CurrencyCode)
        except (ValueError, KeyError):
            return None
    return None


def _service(asked: str, services: Mapping[str, str], countries: tuple[str, str]) -> str:
    if asked in services:
        return services[asked]
    if SERVICE.fullmatch(asked):
        return asked
    return "03" if set(countries) <= AMERICAN else "11"


def _party(address: Address, nobody: str) -> dict[str, Any]:
    name = " ".join((address.name or "").split())[:35].strip() or nobody
    phone = re.sub(r"[^0-9]", "", address.phone or "")[-15:]
    party: dict[str, Any] = {"Name": name, "AttentionName": name, "Address": postal(address)}
    return party | ({"Phone": {"Number": phone}} if phone else {})


def postal(address: Address) -> dict[str, Any]:
    """An address in the Ship API's fields; Refused("address_invalid") where it does not fit."""
    country = (address.country_code or "").upper()
    city = " ".join((address.city or "").split())
    if not re.fullmatch(r"[A-Z]{2}", country, re.ASCII):
        invalid("UPS needs the country of the address, as two letters.")
    if not 0 < len(city) <= 30:
        invalid("UPS needs a city of at most 30 characters.")
    told: dict[str, Any] = {"AddressLine": _lines(address), "City": city, "CountryCode": country}
    if country in STATES:
        state = (address.province or "").strip().upper().removeprefix(f"{country}-")
        if country in {"US", "CA"} and not re.fullmatch(r"[A-Z]{2}", state, re.ASCII):
            invalid("UPS needs the state or province as its two letters.")
        if 0 < len(state) <= 5:
            told["StateProvinceCode"] = state
    code = (address.postal_code or "").strip().upper()
    code = re.sub(r"[\s-]", "", code) if country in {"US", "PR", "CA"} else code
    if len(code) > 9 or (country in AMERICAN and not re.fullmatch(r"[0-9]{5}([0-9]{4})?", code, re.ASCII)):
        invalid("The postal code is none of that country's.")
    return told | ({"PostalCode": code} if code else {})


def _lines(address: Address) -> list[str]:
    """At most three lines of 35 characters, broken between words."""
    lines: list[str] = []
    for given in (address.address1, address.address2):
        line = ""
        for word in (given or "").split():
            if line and len(line) + 1 + len(word) > 35:
                lines.append(line)
                line = ""
            line = f"{line} {word}".strip()
        lines += [line] if line else []
    if not lines:
        invalid("UPS needs a street.")
    if len(lines) > 3 or any(len(line) > 35 for line in lines):
        invalid("UPS takes three lines of 35 characters of an address.")
    return lines


def _package(parcel: Parcel, default_grams: int, *, american: bool) -> dict[str, Any]:
    """Weight and size, rounded up, in the units of where it is sent from."""
    grams = Decimal(parcel.weight_grams or default_grams)
    weight = (grams / (POUND if american else Decimal(1000))).quantize(Decimal("0.1"), ROUND_CEILING)
    if weight > 999:
        raise Refused("parcel_invalid", "UPS takes no parcel as heavy as that.")
    package: dict[str, Any] = {
        "Description": "Return of goods",
        "Packaging": {"Code": "02"},
        "PackageWeight": {"UnitOfMeasurement": {"Code": "LBS" if american else "KGS"}, "Weight": str(weight)},
    }
    sides = [side for side in (parcel.length_mm, parcel.width_mm, parcel.height_mm) if side]
    if len(sides) == 3:
        whole = [_rounded_up(side, american=american) for side in sorted(sides, reverse=True)]
        if whole[0] > 999:
            raise Refused("parcel_invalid", "UPS takes no parcel as long as that.")
        package["Dimensions"] = {"UnitOfMeasurement": {"Code": "IN" if american else "CM"}} | {
            name: str(side) for name, side in zip(("Length", "Width", "Height"), whole, strict=True)
        }
    return package


def _rounded_up(millimetres: int, *, american: bool) -> int:
    units = Decimal(millimetres) / (INCH if american else CENTIMETRE)
    return int(units.to_integral_value(ROUND_CEILING))
