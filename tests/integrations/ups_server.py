"""A small UPS of the tests: tokens, purchases without any key, recovery, voids, tracking, alerts, addresses.

What it answers has the shapes of UPS's own schemas. `labels` is its ledger; every purchase that arrives is one.
"""

from __future__ import annotations

import base64
import io
import itertools
from typing import Any

from aiohttp import web
from PIL import Image

from tests.integrations.faulty import Faults

CLIENT, SECRET, ACCOUNT = "client-1", "secret-of-client-1", "A1B2C3"


def gif(width: int = 140, height: int = 80) -> str:
    out = io.BytesIO()
    Image.new("P", (width, height), 1).save(out, "GIF")
    return base64.b64encode(out.getvalue()).decode()


def no(status: int, code: str, message: str = "No.") -> web.Response:
    return web.json_response({"response": {"errors": [{"code": code, "message": message}]}}, status=status)


class UpsServer:
    """`single`: lists of one are written as their only element, as older versions of the API do."""

    def __init__(self) -> None:
        self.url = ""
        self.faults = Faults()
        self.labels: dict[str, dict[str, Any]] = {}
        self.tokens: list[str] = []
        self.expired: set[str] = set()
        self.denied: set[str] = set()
        self.single = False
        self.image = gif()
        self.says: dict[str, Any] = {}
        """Fields of the next purchase's results."""
        self.echoes = True
        self.hidden = False
        """A label that was bought does not show up anywhere yet."""
        self.scans: dict[str, list[dict[str, Any]]] = {}
        self.subscribed: list[str] = []
        self.charged: dict[str, Any] = {"TotalCharges": {"CurrencyCode": "USD", "MonetaryValue": "12.99"}}
        self._ids = itertools.count(1)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self.faults.middleware, self._authorized])
        app.router.add_post("/security/v1/oauth/token", self._token)
        app.router.add_post("/api/shipments/v2409/ship", self._ship)
        app.router.add_delete("/api/shipments/v2409/void/cancel/{number}", self._void)
        app.router.add_post("/api/labels/v1/recovery", self._recover)
        app.router.add_get("/api/track/v1/details/{number}", self._track)
        app.router.add_get("/api/track/v1/reference/details/{reference}", self._by_reference)
        app.router.add_post("/api/track/v2/subscription/standard/package", self._subscribe)
        app.router.add_post("/api/addressvalidation/v2/1", self._address)
        return app

    @property
    def live(self) -> list[str]:
        return [number for number, label in self.labels.items() if not label["voided"]]

    def bought(self, reference: str, **more: Any) -> str:
        number = f"1Z{ACCOUNT}{next(self._ids):010d}"
        self.labels[number] = {"references": [reference], "voided": False, "image": self.image, **more}
        return number

    @web.middleware
    async def _authorized(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith("/security"):
            return await handler(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens or token in self.expired:
            return no(401, "250002", "Invalid Authentication Information.")
        if any(request.path.startswith(prefix) for prefix in self.denied):
            return no(403, "250003", "The application may not use this product.")
        assert 0 < len(request.headers["transId"]) <= 32
        assert request.headers["transactionSrc"]
        return await handler(request)

    async def _token(self, request: web.Request) -> web.Response:
        given = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {given}":
            return no(401, "10401", "ClientId is Invalid")
        assert dict(await request.post()) == {"grant_type": "client_credentials"}
        self.tokens.append(f"token-{len(self.tokens) + 1}")
        token = {"token_type": "Bearer", "access_token": self.tokens[-1], "expires_in": "14399", "status": "approved"}
        return web.json_response(token)

    async def _ship(self, request: web.Request) -> web.Response:
        asked = (await request.json())["ShipmentRequest"]
        shipment = asked["Shipment"]
        [package] = shipment["Package"]
        references = shipment.get("ReferenceNumber") or package["ReferenceNumber"]
        number = self.bought(references[0]["Value"])
        self.labels[number] |= {"references": [one["Value"] for one in references], "asked": asked}
        parcel = {
            "TrackingNumber": number,
            "ShippingLabel": {"ImageFormat": {"Code": "GIF"}, "GraphicImage": self.labels[number]["image"]},
        }
        results = {
            "ShipmentIdentificationNumber": number,
            "ShipmentCharges": self.charged,
            "PackageResults": parcel if self.single else [parcel],
            **self.says,
        }
        self.says = {}
        head: dict[str, Any] = {"ResponseStatus": {"Code": "1", "Description": "Success"}}
        if self.echoes:
            head["TransactionReference"] = asked["Request"]["TransactionReference"]
        return web.json_response({"ShipmentResponse": {"Response": head, "ShipmentResults": results}})

    async def _void(self, request: web.Request) -> web.Response:
        label = self.labels.get(request.match_info["number"])
        if label is None:
            return no(400, "190102", "No shipment found within the allowed void period")
        if label.get("used"):
            code, said = "0", "Not Voided"
        else:
            label["voided"], code, said = True, "1", "Voided"
        status = {"Code": code, "Description": said}
        body = {"Response": {"ResponseStatus": {"Code": "1", "Description": "Success"}}}
        return web.json_response({"VoidShipmentResponse": {**body, "SummaryResult": {"Status": status}}})

    async def _recover(self, request: web.Request) -> web.Response:
        asked = (await request.json())["LabelRecoveryRequest"]
        wanted = asked.get("TrackingNumber")
        reference = asked["ReferenceValues"]["ReferenceNumber"]["Value"]
        found = [
            number
            for number, label in self.labels.items()
            if (number == wanted if wanted else reference in label["references"])
            and not self.hidden
            and not label["voided"]
        ]
        if not found:
            return no(400, "300102", "No label.")
        results = [
            {
                "TrackingNumber": number,
                "LabelImage": {"LabelImageFormat": {"Code": "GIF"}, "GraphicImage": self.labels[number]["image"]},
            }
            for number in found[:1]
        ]
        candidates = [{"TrackingNumber": number} for number in found] if len(found) > 1 else []
        answer: dict[str, Any] = {
            "Response": {"ResponseStatus": {"Code": "1", "Description": "Success"}},
            "LabelResults": results[0] if self.single else results,
        }
        if candidates:
            answer |= {"LabelResults": [], "TrackingCandidate": candidates}
        return web.json_response({"LabelRecoveryResponse": answer})

    async def _track(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        if number in self.scans:
            return tracked(number, [self._package(number, self.scans[number])])
        if number not in self.labels or self.hidden:
            return no(404, "TW0001", "Tracking Information Not Found")
        return tracked(number, [self._package(number)])

    async def _by_reference(self, request: web.Request) -> web.Response:
        assert request.query["shipperNum"] == ACCOUNT
        reference = request.match_info["reference"]
        found = [number for number, label in self.labels.items() if reference in label["references"]]
        if not found or self.hidden:
            warning = {"inquiryNumber": reference, "warnings": [{"code": "TW0001", "message": "Not Found"}]}
            return web.json_response({"trackResponse": {"shipment": [warning]}})
        return tracked(reference, [self._package(number) for number in found])

    def _package(self, number: str, scans: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        label = self.labels.get(number, {"voided": False, "references": []})
        kind = "MV" if label["voided"] else "M"
        made = scan("20261127", "091500", kind, "MP", "Shipper created a label")
        found = [made] if scans is None else scans
        return {
            "trackingNumber": number,
            "activity": found[0] if self.single and len(found) == 1 else found,
            "currentStatus": found[0]["status"] if found else {},
            "referenceNumber": [{"type": "PACKAGE", "number": one} for one in label["references"]],
        }

    async def _subscribe(self, request: web.Request) -> web.Response:
        numbers = (await request.json())["trackingNumberList"]
        if not numbers:
            return no(400, "VSS200", "Tracking Number List is required.")
        if len(numbers) > 100:
            return no(400, "VSS220", "You have submitted over 100 tracking numbers")
        valid = [number for number in numbers if "X" not in number]
        self.subscribed += valid
        rest = [number for number in numbers if "X" in number]
        return web.json_response({"validTrackingNumbers": valid} | ({"invalidTrackingNumbers": rest} if rest else {}))

    async def _address(self, request: web.Request) -> web.Response:
        asked = (await request.json())["XAVRequest"]["AddressKeyFormat"]
        answer: dict[str, Any] = {"Response": {"ResponseStatus": {"Code": "1", "Description": "Success"}}}
        if asked["PoliticalDivision2"] == "Nowhere":
            answer["NoCandidatesIndicator"] = ""
        else:
            two = asked["AddressLine"] == ["Broadway"]
            answer["AmbiguousAddressIndicator" if two else "ValidAddressIndicator"] = ""
            candidate = {"AddressKeyFormat": {**asked, "PostcodeExtendedLow": "0110"}}
            answer["Candidate"] = [candidate] * 2 if two else candidate if self.single else [candidate]
        return web.json_response({"XAVResponse": answer})


def scan(date: str, clock: str, kind: str, code: str, said: str, **more: Any) -> dict[str, Any]:
    place = {"address": {"city": "Reno", "stateProvince": "NV", "countryCode": "US", "country": "US"}, "slic": "8951"}
    status = {"type": kind, "code": code, "description": said, **more.pop("status", {})}
    return {"date": date, "time": clock, "location": place, "status": status, **more}


def tracked(number: str, packages: list[dict[str, Any]]) -> web.Response:
    return web.json_response({"trackResponse": {"shipment": [{"inquiryNumber": number, "package": packages}]}})
