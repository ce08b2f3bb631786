"""Every request of UPS's adapter passes UPS's own OpenAPI documents, and every sample of an answer there parses."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest

from app.integrations.carriers import ups_alerts, ups_shipping, ups_tracking, ups_wire
from app.integrations.carriers.contract import BuyLabel
from app.integrations.carriers.ups_shipping import Shipped
from app.integrations.errors import Refused
from app.integrations.http import Answer
from tests.integrations.ups_documents import Documents
from tests.integrations.ups_server import ACCOUNT
from tests.integrations.ups_tour import JANE, requests


@pytest.fixture(scope="session")
def documents(specs) -> Documents:
    return Documents(specs / "specs" / "ups")


async def test_every_request_passes_ups_s_own_documents(documents):
    passed = {documents.check(*request).path for request in await requests()}
    assert passed == {
        "/security/v1/oauth/token",
        "/api/shipments/{version}/ship",
        "/api/shipments/{version}/void/cancel/{shipmentidentificationnumber}",
        "/api/labels/{version}/recovery",
        "/api/track/v1/details/{inquiryNumber}",
        "/api/track/v1/reference/details/{referenceNumber}",
        "/api/track/v2/subscription/{type}/package",
        "/api/addressvalidation/{version}/{requestoption}",
    }


def test_what_the_documents_forbid_fails_here(documents):
    """The check itself is checked: a body without what is required, one too long, an unknown parameter."""
    body = ups_shipping.purchase(
        BuyLabel(key="opr_1", rma="R", sender=JANE, recipient=JANE), ACCOUNT, {}, 1000
    )  # fmt: skip
    headers = {"Content-Type": "application/json", "transId": "1", "transactionSrc": "x"}
    ship = ("POST", "/api/shipments/v2409/ship", headers)
    documents.check(*ship, json.dumps(body).encode())
    for path, wrong in (
        (("Request",), {}),
        (("Shipment", "ShipTo", "Name"), "N" * 36),
        (("Shipment", "Service"), None),
        (("Shipment", "Package"), {"Packaging": {"Code": "02"}}),
        (("Shipment", "Shipper", "ShipperNumber"), "12345"),
    ):
        changed = json.loads(json.dumps(body))
        place = changed["ShipmentRequest"]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = wrong
        with pytest.raises(jsonschema_rs.ValidationError):
            documents.check(*ship, json.dumps(changed).encode())
    with pytest.raises(AssertionError, match="transId"):
        documents.check("GET", "/api/track/v1/details/1Z", {}, b"")
    with pytest.raises(AssertionError, match="unknown"):
        documents.check("GET", "/api/track/v1/details/1Z?what=1", headers, b"")


def test_the_request_that_was_found_to_pass_is_made_of_the_same_parts(documents, specs):
    recorded = json.loads((specs / "specs/ups/return-label-request-that-validates.json").read_text())
    headers = {"Content-Type": "application/json"}
    documents.check("POST", "/api/shipments/v2409/ship", headers, json.dumps(recorded["request"]).encode())
    theirs = recorded["request"]["ShipmentRequest"]["Shipment"]
    ours = ups_shipping.purchase(
        BuyLabel(key="opr_1", rma="R", sender=JANE, recipient=JANE), ACCOUNT, {}, 1000
    )["ShipmentRequest"]["Shipment"]  # fmt: skip
    assert set(theirs) <= set(ours)
    assert ours["ReturnService"]["Code"] == theirs["ReturnService"]["Code"]


@pytest.mark.parametrize("single", [False, True])
def test_the_recorded_purchase_parses_in_both_shapes(specs, single):
    answer = json.loads((specs / "specs/ups/return-label-request-that-validates.json").read_text())["response"]
    results = answer["ShipmentResponse"]["ShipmentResults"]
    assert isinstance(results["PackageResults"], list)
    if single:
        results["PackageResults"] = results["PackageResults"][0]
    found = ups_wire.parsed(Shipped, answer).ShipmentResponse.ShipmentResults
    assert [one.TrackingNumber for one in found.PackageResults] == ["stringstringstring"]
    receipt = ups_shipping.bought(answer, BuyLabel(key="string", rma="R", sender=JANE, recipient=JANE))
    assert (receipt.status, receipt.evidence["printable"]) == ("unknown", False)  # "string" is no label


def test_every_sample_of_an_answer_parses(documents):
    told: dict[str, int] = {}
    for name, status, sample in documents.answers():
        told[f"{name} {status}"] = told.get(f"{name} {status}", 0) + 1
        if status == "webhook":
            found = ups_tracking.pushed(sample)
            assert found.tracking_number == sample["trackingNumber"]
            assert found.status in {"out_for_delivery", "delivered"}
        elif status == "200" and "validTrackingNumbers" in sample:
            numbers = sample["validTrackingNumbers"]
            assert ups_alerts.taken(sample, [*numbers, "another"]) == numbers
        elif status in {"400", "401", "404"}:
            answer = Answer(int(status), {"content-type": "application/json"}, json.dumps(sample).encode())
            evidence: dict[str, object] = {"method": "POST", "path": "/x"}
            with pytest.raises(Refused) as caught:
                ups_wire.read(answer, evidence)
            assert caught.value.evidence["code"] == sample["response"]["errors"][0]["code"]
    alerts = "UPSTrackAlert.patched.yaml"
    assert {name: told[f"{alerts} {name}"] for name in ("200", "400", "webhook")} == {"200": 4, "400": 3, "webhook": 2}
