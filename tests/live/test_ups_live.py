"""Every request of UPS's adapter against Prism, which serves UPS's own OpenAPI documents and refuses what they forbid.

The requests are those that the adapter sends to the small UPS of the tests; each is sent again, to the byte, to the
Prism of its document. What Prism answers is made from the same documents, and has to parse.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass

import pytest

from app.integrations.carriers import ups_addresses, ups_alerts, ups_shipping, ups_tracking, ups_wire
from app.integrations.carriers.contract import BuyLabel
from app.integrations.carriers.ups_shipping import Recovered
from app.integrations.carriers.ups_tracking import Tracked
from tests.integrations.ups_documents import FILES, Documents
from tests.integrations.ups_server import ACCOUNT
from tests.integrations.ups_tour import JANE, requests
from tests.live import packages

PRISM = "node_modules/@stoplight/prism-cli/dist/index.js"
NOT_SENT = {"host", "content-length", "connection", "accept-encoding"}
pytestmark = pytest.mark.usefixtures("npm")


@dataclass
class Told:
    """What Prism said to one request."""

    path: str
    status: int
    violations: str
    body: bytes


@pytest.fixture(scope="module")
def prisms(npm, specs, tmp_path_factory):
    """By document, the Prism that serves it; they start at once."""
    folder, logs = specs / "specs" / "ups", tmp_path_factory.mktemp("prism")
    prism = (str(packages.HERE / PRISM), "mock", "-h", "127.0.0.1", "-p", "{port}")
    with packages.all_running({name: (*prism, str(folder / name)) for name in FILES}, logs=logs) as running:
        yield running


@pytest.fixture(scope="module")
async def told(prisms, specs) -> list[Told]:
    documents = Documents(specs / "specs" / "ups")
    return [again(prisms, documents, *request) for request in await requests()]


def again(prisms, documents: Documents, method: str, target: str, headers, body: bytes) -> Told:
    operation = documents.operation(method, target.partition("?")[0])
    server = prisms[operation.document]
    asked = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
    sent = {name: value for name, value in headers.items() if name.lower() not in NOT_SENT}
    asked.request(method, target.removeprefix(FILES[operation.document]), body or None, sent)
    answer = asked.getresponse()
    said = Told(operation.path, answer.status, answer.getheader("sl-violations", ""), answer.read())
    asked.close()
    return said


async def test_every_request_passes_without_a_violation(told):
    assert [(one.path, one.status, one.violations or one.body) for one in told if one.status != 200] == []
    # Prism holds its own answers against the document, too, and UPS's examples break its own lengths there.
    of_requests = [one.path for one in told for found in violations(one) if found["location"][0] == "request"]
    assert of_requests == []
    assert len({one.path for one in told}) == 8


def violations(one: Told) -> list[dict]:
    return json.loads(one.violations) if one.violations else []


async def test_every_answer_of_prism_s_parses(told):
    parsed: dict[str, int] = {}
    label = BuyLabel(key="string", rma="R", sender=JANE, recipient=JANE)
    for one in told:
        document = json.loads(one.body)
        kind = one.path.split("/")[2] if "/track/" not in one.path else one.path.split("/")[4]
        match kind:
            case "shipments" if "void" in one.path:
                assert ups_shipping.voided(document, "1Z").status == "unknown"
            case "shipments":
                assert ups_shipping.bought(document, label).external_id
            case "labels":
                assert ups_wire.parsed(Recovered, document).images()
            case "details":
                [package, *_] = ups_wire.parsed(Tracked, document).packages()
                assert ups_tracking.tracking(document, package.trackingNumber) is not None
            case "reference":
                assert ups_wire.parsed(Tracked, document).packages()
            case "subscription":
                assert ups_alerts.taken(document, ["1Z"]) == []
            case "addressvalidation":
                assert ups_addresses.checked(document).status in {"not_found", "valid", "ambiguous"}
            case _:
                assert one.path == "/security/v1/oauth/token"
                continue
        parsed[kind] = parsed.get(kind, 0) + 1
    assert set(parsed) == {"shipments", "labels", "details", "reference", "subscription", "addressvalidation"}


async def test_prism_refuses_what_the_document_forbids(prisms, specs):
    documents = Documents(specs / "specs" / "ups")
    headers = {"Content-Type": "application/json", "Authorization": "Bearer x"}
    body = ups_shipping.purchase(BuyLabel(key="opr_1", rma="R", sender=JANE, recipient=JANE), ACCOUNT, {}, 1000)
    body["ShipmentRequest"]["Shipment"]["ShipTo"] = {"Name": "N" * 36}
    said = again(prisms, documents, "POST", "/api/shipments/v2409/ship", headers, json.dumps(body).encode())
    assert said.status >= 400
    assert "Name" in {found["location"][-1] for found in violations(said)}
