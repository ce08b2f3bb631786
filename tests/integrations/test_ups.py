"""UPS's adapter keeps the contract, whatever UPS does: one label per reference, scans with their own times."""

from __future__ import annotations

import asyncio
import base64
import io
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from PIL import Image
from pydantic import ValidationError

from app.integrations import connecting
from app.integrations.addresses import Addresses
from app.integrations.carriers import ups_labels, ups_shipping
from app.integrations.carriers.contract import BuyLabel, Parcel, VoidLabel
from app.integrations.carriers.ups import KIND, SETTLES, Config, Credentials, Ups, adapter, check
from app.integrations.commerce.contract import Address
from app.integrations.connecting import Account, NotGenuine, Received
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.integrations.http import load
from tests.integrations.faulty import AFTER, BEFORE, PATIENCE, served
from tests.integrations.ups_server import ACCOUNT, CLIENT, SECRET, UpsServer, gif, scan

KEY = "opr_01kb0000000000000000000000"
JANE = Address(
    name="Jane Miller", address1="1 Main St", address2="Apt 4", city="Reno", province="NV", postal_code="89501-1234",
    country_code="us", phone="+1 (775) 555-0100",
)  # fmt: skip
WAREHOUSE = Address(
    name="Lamps Inc.", address1="350 5th Ave", city="New York", province="US-NY", postal_code="10118", country_code="US"
)
BONN = Address(name="Mia Weber", address1="Hauptstr. 1", city="Bonn", postal_code="53111", country_code="DE")
WIEN = Address(name="Lager", address1="Ring 1", city="Wien", postal_code="1010", country_code="AT", phone="+4311234")
LABEL = BuyLabel(key=KEY, rma="RMA-1", sender=JANE, recipient=WAREHOUSE, parcel=Parcel(weight_grams=900))
PUSH_SECRET = "a-secret-for-pushes"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
NUMBER = "1Z204W4R0308071865"


def local(*parts: int) -> datetime:
    return datetime(*parts)  # noqa: DTZ001 - as UPS tells times without a zone


def account(url: str | None = None, *, livemode: bool = False, secret: str = SECRET, **config) -> Account:
    return Account(
        "con_1",
        livemode=livemode,
        config=Config(account_number=ACCOUNT, api_base=url, **config),
        credentials=Credentials(client_id=CLIENT, client_secret=secret, push_secret=PUSH_SECRET),
        seconds=PATIENCE,
        addresses=Addresses(loopback=True),
    )


@pytest.fixture
async def server():
    load()
    made = UpsServer()
    async with served(made.app()) as made.url:
        yield made


@pytest.fixture
async def connected(server):
    """A function: an account at that server, closed with the test."""
    made = []

    def make(**given) -> Account:
        made.append(account(server.url, **given))
        return made[-1]

    yield make
    for one in made:
        await one.close()


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ups(connected, clock) -> Ups:
    made = adapter(connected())
    made._now = clock
    return made


# ---- buying --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("single", [False, True])
async def test_a_label_is_bought_and_found_again(server, ups, single):
    server.single = single
    assert await ups.find_label(LABEL) is None
    made = await ups.buy_return_label(LABEL)
    found = await ups.find_label(LABEL)
    assert (made.status, found.status) == ("succeeded", "succeeded")
    assert made.external_id == found.external_id == made.tracking_number == found.tracking_number
    assert (made.cost, made.currency, made.tracking_url) == (1299, "USD", found.tracking_url)
    assert found.live == (made.external_id,)
    assert not found.voided


@pytest.mark.parametrize("fault", BEFORE)
async def test_a_lost_call_is_unknown_and_only_once_it_has_settled_is_it_certain_that_nothing_was_bought(
    server, ups, clock, fault
):
    server.faults.plan("POST", "/api/shipments", fault)
    with pytest.raises(OutcomeUnknown) as caught:
        await ups.buy_return_label(LABEL)
    assert type(caught.value) is OutcomeUnknown
    with pytest.raises(OutcomeUnknown):
        await ups.find_label(LABEL)
    assert await ups.find_label(LABEL.model_copy(update={"key": "opr_another"})) is None
    clock.time += SETTLES + 1
    assert await ups.find_label(LABEL) is None
    assert (await ups.buy_return_label(LABEL)).status == "succeeded"
    assert len(server.labels) == 1


@pytest.mark.parametrize("fault", AFTER)
async def test_a_lost_answer_is_unknown_and_the_look_up_finds_the_label(server, ups, fault):
    server.faults.plan("POST", "/api/shipments", fault)
    with pytest.raises(OutcomeUnknown) as caught:
        await ups.buy_return_label(LABEL)
    assert type(caught.value) is OutcomeUnknown
    found = await ups.find_label(LABEL)
    assert (found.status, found.external_id) == ("succeeded", server.live[0])
    assert len(server.labels) == 1


async def test_a_label_that_does_not_show_up_at_once_is_not_bought_again(server, ups, clock):
    server.faults.plan("POST", "/api/shipments", "reset_after")
    with pytest.raises(OutcomeUnknown):
        await ups.buy_return_label(LABEL)
    server.hidden = True
    for _ in range(3):
        with pytest.raises(OutcomeUnknown):
            await ups.find_label(LABEL)
    server.hidden = False
    assert (await ups.find_label(LABEL)).status == "succeeded"


@pytest.mark.parametrize("path", ["/api/labels", "/api/track/v1/reference"])
@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
async def test_a_look_up_that_fails_in_either_place_says_nothing(server, ups, path, fault):
    method = "POST" if path == "/api/labels" else "GET"
    for _ in range(2 if fault.startswith("reset") else 1):  # a read that was hung up on is asked once more
        server.faults.plan(method, path, fault)
    with pytest.raises(OutcomeUnknown):
        await ups.find_label(LABEL)


async def test_a_label_that_only_one_place_shows_is_found(server, ups):
    number = server.bought(KEY)
    server.faults.plan("POST", "/api/labels", (400, {"response": {"errors": [{"code": "1", "message": "No."}]}}, {}))
    assert (await ups.find_label(LABEL)).external_id == number
    server.faults.plan("GET", "/api/track/v1/reference", (404, {"response": {"errors": [{"code": "TW0001"}]}}, {}))
    assert (await ups.find_label(LABEL)).external_id == number


async def test_a_live_label_is_told_before_a_voided_one_and_every_live_one_is_named(server, ups):
    gone = server.bought(KEY, voided=True)
    assert (await ups.find_label(LABEL)).voided
    one, two = server.bought(KEY), server.bought(KEY)
    found = await ups.find_label(LABEL)
    assert (found.voided, found.external_id in {one, two}, set(found.live)) == (False, True, {one, two})
    assert gone not in found.live
    assert found.evidence["all"] == 3


async def test_another_s_parcel_with_a_similar_reference_is_not_ours(server, ups):
    body = {"trackResponse": {"shipment": [{"package": [
        {"trackingNumber": NUMBER, "referenceNumber": [{"number": "opr_other"}]}]}]}}  # fmt: skip
    server.faults.plan("GET", "/api/track/v1/reference", (200, body, {}))
    assert await ups.find_label(LABEL) is None


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_refusal_is_a_no_and_what_was_lost_before_it_stays_unknown(server, ups, status):
    refusal = (status, {"response": {"errors": [{"code": "120100", "message": "Missing postal code"}]}}, {})
    for _ in range(2 if status == 401 else 1):
        server.faults.plan("POST", "/api/shipments", refusal)
    with pytest.raises(Refused) as caught:
        await ups.buy_return_label(LABEL)
    assert caught.value.code == ("provider_refused" if status == 400 else "provider_unauthorized")
    assert caught.value.evidence["code"] == "120100"
    assert await ups.find_label(LABEL) is None
    server.faults.plan("POST", "/api/shipments", "reset_before")
    server.faults.plan("POST", "/api/shipments", refusal if status == 400 else (429, {}, {}))
    for error in (OutcomeUnknown, Refused if status == 400 else NotExecuted):
        with pytest.raises(error):
            await ups.buy_return_label(LABEL)
    with pytest.raises(OutcomeUnknown):
        await ups.find_label(LABEL)


@pytest.mark.parametrize("retry_after", [None, 5])
async def test_a_throttled_purchase_was_not_executed(server, ups, retry_after):
    body = {"response": {"errors": [{"code": "10429", "message": "Too many."}]}}
    server.faults.plan("POST", "/api/shipments", (429, body, {"Retry-After": str(retry_after)} if retry_after else {}))
    with pytest.raises(NotExecuted) as caught:
        await ups.buy_return_label(LABEL)
    assert caught.value.retry_after == retry_after


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"response": {"errors": [{"code": "10004", "message": "Sorry."}]}}),
        (503, {}),
        (400, {"message": "of a proxy"}),
        (404, {}),
        (302, {}),
    ],
)
async def test_what_is_not_ups_s_clear_no_is_unknown(server, ups, status, body):
    server.faults.plan("POST", "/api/shipments", (status, body, {}))
    with pytest.raises(OutcomeUnknown) as caught:
        await ups.buy_return_label(LABEL)
    assert type(caught.value) is OutcomeUnknown


PDF = base64.b64encode(b"%PDF-1.4\n...\n%%EOF\n").decode()
NO_LABELS = {
    "nothing": "",
    "words": base64.b64encode(b"<html>Sorry</html>").decode(),
    "no base64": "GIF89a!",
    "half a GIF": base64.b64encode(base64.b64decode(gif())[:60]).decode(),
    "a GIF's head": base64.b64encode(b"GIF89a").decode(),
    "half a PDF": base64.b64encode(b"%PDF-1.4 ...").decode(),
    "an SVG": base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>").decode(),
    "too many dots": gif(6000, 4000),
}


@pytest.mark.parametrize("image", NO_LABELS)
async def test_a_label_that_is_no_image_is_not_taken_for_one(server, ups, image):
    server.image = NO_LABELS[image]
    made = await ups.buy_return_label(LABEL)
    assert made.status == "unknown"
    assert made.evidence["printable"] is False
    if server.image:
        assert (await ups.find_label(LABEL)).status == "unknown"
    with pytest.raises(OutcomeUnknown):
        await ups.label_file(made.external_id, "pdf")
    assert len(server.labels) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"PackageResults": []},
        {"PackageResults": [{"TrackingNumber": "1"}, {"TrackingNumber": "2"}]},
        {"PackageResults": {"TrackingNumber": "1"}},
    ],
)
async def test_an_answer_about_other_parcels_than_one_with_a_label_is_unknown(server, ups, said):
    server.says = said
    assert (await ups.buy_return_label(LABEL)).status == "unknown"
    assert (await ups.find_label(LABEL)).status == "succeeded"


@pytest.mark.parametrize(
    "said", [{"PackageResults": "x"}, {"PackageResults": [{}]}, {"ShipmentIdentificationNumber": None}]
)
async def test_an_answer_that_is_none_is_unknown(server, ups, said):
    server.says = said
    with pytest.raises(OutcomeUnknown):
        await ups.buy_return_label(LABEL)
    assert (await ups.find_label(LABEL)).status == "succeeded"


async def test_the_answer_to_another_purchase_is_unknown(server, ups):
    server.faults.plan("POST", "/api/shipments", (200, {"ShipmentResponse": {
        "Response": {"TransactionReference": {"CustomerContext": "opr_other"}},
        "ShipmentResults": {"ShipmentIdentificationNumber": NUMBER, "PackageResults": [
            {"TrackingNumber": NUMBER, "ShippingLabel": {"GraphicImage": gif()}}]},
    }}, {}))  # fmt: skip
    assert (await ups.buy_return_label(LABEL)).status == "unknown"
    server.echoes = False
    assert (await ups.buy_return_label(LABEL)).status == "succeeded"


COSTS = [
    ({"TotalCharges": {"CurrencyCode": "EUR", "MonetaryValue": "7.5"}}, None, (750, "EUR")),
    ({"TotalCharges": {"CurrencyCode": "JPY", "MonetaryValue": "900"}}, None, (900, "JPY")),
    ({"TotalCharges": {"CurrencyCode": "EUR", "MonetaryValue": "7.50"}},
     {"TotalCharge": {"CurrencyCode": "EUR", "MonetaryValue": "4.00"}}, (400, "EUR")),
    ({"TotalCharges": {"CurrencyCode": "JPY", "MonetaryValue": "9.50"}}, None, (None, None)),
    ({"TotalCharges": {"CurrencyCode": "XQQ", "MonetaryValue": "1"}}, None, (None, None)),
    ({"TotalCharges": {"CurrencyCode": "EUR", "MonetaryValue": "NaN"}}, None, (None, None)),
    ({}, None, (None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("charges", "negotiated", "cost"), COSTS)
async def test_the_cost_is_exact_or_not_told(server, ups, charges, negotiated, cost):
    server.charged = charges
    server.says = {"NegotiatedRateCharges": negotiated} if negotiated else {}
    made = await ups.buy_return_label(LABEL)
    assert (made.status, made.cost, made.currency) == ("succeeded", *cost)


# ---- what is sent --------------------------------------------------------------------------------------------------


def sent(command: BuyLabel, **services) -> dict:
    return ups_shipping.purchase(command, ACCOUNT, services, 1000)["ShipmentRequest"]["Shipment"]


def test_a_return_within_the_us_has_its_reference_on_the_parcel_in_pounds_and_inches():
    parcel = Parcel(weight_grams=900, length_mm=100, width_mm=305, height_mm=51)
    shipment = sent(LABEL.model_copy(update={"parcel": parcel}))
    [package] = shipment["Package"]
    assert package["PackageWeight"] == {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "2.0"}
    assert package["Dimensions"] == {"UnitOfMeasurement": {"Code": "IN"}, "Length": "13", "Width": "4", "Height": "3"}
    assert package["ReferenceNumber"] == [{"Value": KEY}, {"Code": "RZ", "Value": "RMA-1"}]
    assert "ReferenceNumber" not in shipment
    assert (shipment["ReturnService"], shipment["Service"]) == ({"Code": "9"}, {"Code": "03"})
    sender = {"AddressLine": ["1 Main St", "Apt 4"], "City": "Reno", "CountryCode": "US", "StateProvinceCode": "NV"}
    assert shipment["ShipFrom"]["Address"] == sender | {"PostalCode": "895011234"}
    assert shipment["ShipFrom"]["Phone"] == {"Number": "17755550100"}
    assert shipment["ShipTo"]["Address"]["StateProvinceCode"] == "NY"
    assert shipment["Shipper"] == {**shipment["ShipTo"], "ShipperNumber": ACCOUNT}


def test_a_return_elsewhere_has_its_reference_on_the_shipment_in_kilograms():
    shipment = sent(LABEL.model_copy(update={"sender": BONN, "recipient": WIEN, "parcel": Parcel()}))
    [package] = shipment["Package"]
    assert package["PackageWeight"] == {"UnitOfMeasurement": {"Code": "KGS"}, "Weight": "1.0"}
    assert "ReferenceNumber" not in package
    assert shipment["ReferenceNumber"][0] == {"Value": KEY}
    assert shipment["Service"] == {"Code": "11"}
    assert "StateProvinceCode" not in shipment["ShipFrom"]["Address"]


def test_the_policy_s_service_is_ups_s_by_the_connection_s_table():
    assert sent(LABEL.model_copy(update={"service": "fast"}), fast="02")["Service"] == {"Code": "02"}
    assert sent(LABEL.model_copy(update={"service": "12"}))["Service"] == {"Code": "12"}


def test_long_streets_are_broken_between_words_and_long_names_cut():
    street = "4711 The Very Long Boulevard of the Founders and Settlers"
    shipment = sent(LABEL.model_copy(update={"sender": JANE.model_copy(update={"address1": street, "name": "N" * 50})}))
    assert shipment["ShipFrom"]["Address"]["AddressLine"] == [
        "4711 The Very Long Boulevard of the", "Founders and Settlers", "Apt 4",
    ]  # fmt: skip
    assert shipment["ShipFrom"]["Name"] == "N" * 35


@pytest.mark.parametrize(
    "change",
    [
        {"country_code": None},
        {"country_code": "Germany"},
        {"city": None},
        {"city": "C" * 31},
        {"address1": None, "address2": None},
        {"address1": "S" * 36},
        {"address1": "long " * 40},
        {"province": None},
        {"province": "Nevada"},
        {"postal_code": None},
        {"postal_code": "ABC"},
        {"postal_code": "1" * 10},
    ],
)
async def test_an_address_that_ups_cannot_take_is_refused_before_anything_is_sent(server, ups, change):
    with pytest.raises(Refused) as caught:
        await ups.buy_return_label(LABEL.model_copy(update={"sender": JANE.model_copy(update=change)}))
    assert caught.value.code == "address_invalid"
    assert server.faults.heard == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"qr": True}, "unsupported"),
        ({"key": "k" * 36}, "request_invalid"),
        ({"parcel": Parcel(weight_grams=2_000_000)}, "parcel_invalid"),
        ({"parcel": Parcel(length_mm=30_000, width_mm=1, height_mm=1)}, "parcel_invalid"),
    ],
)
async def test_what_ups_does_not_do_is_refused_before_anything_is_sent(server, ups, change, code):
    with pytest.raises(Refused) as caught:
        await ups.buy_return_label(LABEL.model_copy(update=change))
    assert caught.value.code == code
    assert server.faults.heard == []


# ---- the label's file ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wanted", "head"), [("pdf", b"%PDF-"), ("png", b"\x89PNG\r\n\x1a\n")])
@pytest.mark.parametrize("single", [False, True])
async def test_a_label_s_file_is_in_the_form_that_was_asked_for(server, ups, wanted, head, single):
    server.single = single
    content = await ups.label_file(server.bought(KEY), wanted)
    assert content.startswith(head)
    if wanted == "png":
        assert Image.open(io.BytesIO(content)).size == (140, 80)


def test_a_pdf_of_ups_s_stays_as_it_is():
    assert ups_labels.as_file(PDF, "pdf") == base64.b64decode(PDF)
    with pytest.raises(OutcomeUnknown):
        ups_labels.as_file(PDF, "png")


async def test_the_label_of_another_parcel_is_not_taken(server, ups):
    other = {
        "LabelRecoveryResponse": {"LabelResults": [{"TrackingNumber": "1Z", "LabelImage": {"GraphicImage": gif()}}]}
    }
    server.faults.plan("POST", "/api/labels", (200, other, {}))
    with pytest.raises(OutcomeUnknown):
        await ups.label_file(server.bought(KEY), "pdf")


@pytest.mark.parametrize("label_id", ["", "../ship", "1Z/..", "x y", "É" * 8])
async def test_what_is_no_number_is_asked_of_nobody(server, ups, label_id):
    for doing in (ups.label_file(label_id, "pdf"), ups.void_label(VoidLabel(key="v", label_id=label_id))):
        with pytest.raises(Refused):
            await doing
    assert await ups.track(label_id) is None
    assert server.faults.heard == []


# ---- voids ---------------------------------------------------------------------------------------------------------


async def test_a_label_is_voided_once_and_again(server, ups):
    command = VoidLabel(key="v1", label_id=server.bought(KEY))
    assert await ups.find_void(command) is None
    for _ in range(2):
        assert (await ups.void_label(command)).status == "succeeded"
    assert (await ups.find_void(command)).status == "succeeded"
    assert server.live == []


@pytest.mark.parametrize("fault", BEFORE)
async def test_a_lost_void_is_unknown_and_may_be_sent_again(server, ups, fault):
    command = VoidLabel(key="v1", label_id=server.bought(KEY))
    for _ in range(2 if fault.startswith("reset") else 1):
        server.faults.plan("DELETE", "/api/shipments", fault)
    with pytest.raises(OutcomeUnknown) as caught:
        await ups.void_label(command)
    assert type(caught.value) is OutcomeUnknown
    assert await ups.find_void(command) is None
    assert (await ups.void_label(command)).status == "succeeded"


@pytest.mark.parametrize("fault", AFTER)
async def test_a_void_whose_answer_is_lost_is_found(server, ups, fault):
    command = VoidLabel(key="v1", label_id=server.bought(KEY))
    for _ in range(2 if fault.startswith("reset") else 1):
        server.faults.plan("DELETE", "/api/shipments", fault)
    with pytest.raises(OutcomeUnknown) as caught:
        await ups.void_label(command)
    assert type(caught.value) is OutcomeUnknown
    assert (await ups.find_void(command)).status == "succeeded"


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
async def test_a_look_up_of_a_void_that_fails_says_nothing(server, ups, fault):
    command = VoidLabel(key="v1", label_id=server.bought(KEY, voided=True))
    for _ in range(2 if fault.startswith("reset") else 1):
        server.faults.plan("GET", "/api/track", fault)
    with pytest.raises(OutcomeUnknown):
        await ups.find_void(command)


async def test_a_void_that_ups_refuses_is_a_no(server, ups):
    used = VoidLabel(key="v1", label_id=server.bought(KEY, used=True))
    with pytest.raises(Refused) as caught:
        await ups.void_label(used)
    assert caught.value.code == "label_not_voided"
    assert await ups.find_void(used) is None
    with pytest.raises(Refused) as caught:
        await ups.void_label(VoidLabel(key="v1", label_id=NUMBER))
    assert caught.value.code == "provider_refused"


async def test_words_about_a_void_that_we_do_not_know(server, ups):
    command = VoidLabel(key="v1", label_id=server.bought(KEY))
    already = {"response": {"errors": [{"code": "190117", "message": "The shipment has already been voided"}]}}
    server.faults.plan("DELETE", "/api/shipments", (400, already, {}))
    assert (await ups.void_label(command)).status == "succeeded"
    odd = {"VoidShipmentResponse": {"SummaryResult": {"Status": {"Code": "7", "Description": "?"}}}}
    server.faults.plan("DELETE", "/api/shipments", (200, odd, {}))
    assert (await ups.void_label(command)).status == "unknown"


# ---- tracking ------------------------------------------------------------------------------------------------------

WORDS = [
    ("M", "MP", {}, "label_created"),
    ("MP", "MP", {}, "label_created"),
    ("P", "PU", {}, "in_transit"),
    ("I", "AR", {}, "in_transit"),
    ("I", "OT", {}, "out_for_delivery"),
    ("I", "XX", {"statusCode": "021"}, "out_for_delivery"),
    ("O", "OF", {}, "out_for_delivery"),
    ("D", "FS", {}, "delivered"),
    ("D", "9E", {}, "delivered"),
    ("D", "OT", {}, "out_for_delivery"),
    ("X", "A1", {}, "exception"),
    ("RS", "RS", {}, "returned"),
    ("MV", "VP", {}, "unknown"),
    ("U", "SD", {}, "unknown"),
    ("tomorrow's", "?", {}, "unknown"),
    (None, None, {}, "unknown"),
]


@pytest.mark.parametrize(("kind", "code", "more", "ours"), WORDS)
async def test_every_word_of_a_scan(server, ups, kind, code, more, ours):
    server.scans[NUMBER] = [scan("20261127", "101500", kind, code, "A scan", status=more)]
    found = await ups.track(NUMBER)
    assert (found.status, found.events[0].status, found.carrier) == (ours, ours, "ups")
    assert found.events[0].word == f"{kind or ''} {code or ''}".strip()
    assert (found.delivered_at is not None) == (ours == "delivered")


async def test_every_scan_has_its_own_time(server, ups):
    pacific = {"gmtDate": "20261127", "gmtTime": "151356", "gmtOffset": "-08:00"}
    server.scans[NUMBER] = [
        scan("20261127", "071356", "I", "AR", "Arrived", **pacific),
        scan("20261126", "74700", "I", "DP", "Left", gmtDate="2026-11-26", gmtTime="15:47:00"),
        scan("20261126", "070000", "P", "PU", "Picked up"),
        scan("20261125", "", "M", "MP", "Label created"),
    ]
    at = [event.at for event in (await ups.track(NUMBER)).events]
    assert at == [
        datetime(2026, 11, 27, 7, 13, 56, tzinfo=timezone(-timedelta(hours=8))),
        datetime(2026, 11, 26, 15, 47, tzinfo=UTC),
        local(2026, 11, 26, 7),
        local(2026, 11, 25),
    ]
    assert {event.location for event in (await ups.track(NUMBER)).events} == {"Reno, NV, US"}


async def test_a_parcel_that_is_lost_is_told_so(server, ups):
    server.scans[NUMBER] = [scan("20261127", "101500", "X", "LX", "The package has been reported lost.")]
    assert (await ups.track(NUMBER)).events[0].lost
    server.scans[NUMBER] = [scan("20261127", "101500", "I", "LX", "Nothing is lost")]
    assert not (await ups.track(NUMBER)).events[0].lost


async def test_when_it_is_expected(server, ups):
    package = {
        "trackingNumber": NUMBER,
        "deliveryDate": [{"type": "SDD", "date": "20261201"}, {"type": "RDD", "date": "20261202"}],
        "deliveryTime": {"type": "EDW", "startTime": "130000", "endTime": "170000"},
    }
    for more, expected in (
        ({}, local(2026, 12, 2, 17)),
        ({"deliveryTime": {"type": "EOD"}}, local(2026, 12, 2, 23, 59, 59)),
        ({"deliveryDate": [{"type": "DEL", "date": "20261130"}]}, None),
        ({"deliveryDate": None, "deliveryTime": None}, None),
    ):
        body = {"trackResponse": {"shipment": [{"package": [package | more]}]}}
        server.faults.plan("GET", "/api/track", (200, body, {}))
        assert (await ups.track(NUMBER)).eta == expected


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"response": {"errors": [{"code": "TW0001", "message": "Tracking Information Not Found"}]}}),
        (400, {"response": {"errors": [{"code": "TV1002", "message": "Invalid inquiry number"}]}}),
        (200, {"trackResponse": {"shipment": [{"inquiryNumber": NUMBER, "warnings": [{"code": "TW0001"}]}]}}),
        (200, {"trackResponse": {"shipment": [{"package": [{"trackingNumber": "1Z0000000000000001"}]}]}}),
        (200, {"trackResponse": {"shipment": []}}),
    ],
)
async def test_a_number_that_ups_does_not_know_is_none(server, ups, status, body):
    server.faults.plan("GET", "/api/track", (status, body, {}))
    assert await ups.track(NUMBER) is None


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
async def test_tracking_that_fails_is_no_answer(server, ups, fault):
    server.bought(KEY)
    for _ in range(2 if fault.startswith("reset") else 1):
        server.faults.plan("GET", "/api/track", fault)
    with pytest.raises(OutcomeUnknown):
        await ups.track(server.live[0])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"trackResponse": None},
        {"trackResponse": {"shipment": [{"package": [{"trackingNumber": NUMBER, "activity": ["x"]}]}]}},
        {"trackResponse": {"shipment": [{"package": [
            {"trackingNumber": NUMBER, "activity": [{"date": "20261350", "time": "101500"}]}]}]}},
        {"trackResponse": {"shipment": [{"package": [
            {"trackingNumber": NUMBER, "activity": [{"date": "20261127", "time": "259900"}]}]}]}},
    ],
)  # fmt: skip
async def test_tracking_that_cannot_be_read_is_no_answer(server, ups, body):
    server.faults.plan("GET", "/api/track", (200, body, {}))
    with pytest.raises(OutcomeUnknown):
        await ups.track(NUMBER)


# ---- pushes --------------------------------------------------------------------------------------------------------

OUT = {
    "trackingNumber": NUMBER, "localActivityDate": "20240423", "localActivityTime": "091519",
    "activityLocation": {"city": "Charlotte", "stateProvince": "NC", "postalCode": "30004", "country": "US"},
    "activityStatus": {"type": "I", "code": "OT", "description": "Out for Delivery", "descriptionCode": "021"},
    "scheduledDeliveryDate": "20240423", "gmtActivityDate": "20240423", "gmtActivityTime": "131519",
    "deliveryTimeDescription": "end of day",
}  # fmt: skip


def pushed(**more):
    return adapter(account()).pushed(OUT | more)


def test_a_push_is_one_scan():
    found = pushed()
    [event] = found.events
    assert (found.tracking_number, found.status, event.word) == (NUMBER, "out_for_delivery", "I OT")
    assert (event.at, event.location) == (datetime(2024, 4, 23, 13, 15, 19, tzinfo=UTC), "Charlotte, NC, US")
    assert found.eta == local(2024, 4, 23, 23, 59, 59)
    with_offset = pushed(gmtOffset="-04.00")
    assert with_offset.events[0].at == event.at


@pytest.mark.parametrize(
    ("status", "more", "ours"),
    [
        ({"type": "D", "code": "FS", "descriptionCode": "011"}, {}, "delivered"),
        ({"type": "D", "code": "ZZ", "descriptionCode": 11}, {}, "delivered"),
        ({"type": "D", "code": "ZZ"}, {"actualDeliveryDate": "20240423"}, "delivered"),
        ({"type": "D", "code": "LV"}, {}, "unknown"),
        ({"type": "D", "code": "OT"}, {}, "out_for_delivery"),
        ({"type": "U", "code": "SD"}, {}, "unknown"),
        ({"type": "X", "code": "A1"}, {}, "exception"),
        ({"type": "MV", "code": "VP"}, {}, "unknown"),
        ({}, {}, "unknown"),
    ],
)
def test_every_word_of_a_push(status, more, ours):
    found = pushed(activityStatus=status, **more)
    assert found.status == ours
    assert (found.delivered_at is not None) == (ours == "delivered")


@pytest.mark.parametrize(
    "more",
    [
        {"trackingNumber": None},
        {"activityStatus": None},
        {"activityStatus": "D"},
        {"localActivityDate": "yesterday", "gmtActivityDate": None},
        {"gmtActivityTime": "990000"},
    ],
)
def test_a_push_that_is_none_cannot_be_read(more):
    with pytest.raises(OutcomeUnknown):
        pushed(**more)


def known(headers, *, secret: str | None = PUSH_SECRET):
    assert KIND.inbound is not None
    connected = account()
    connected.credentials = Credentials(client_id=CLIENT, client_secret=SECRET, push_secret=secret)
    return KIND.inbound.verify(connected, Received(headers, b"{}", NOW))


def test_a_push_is_known_by_our_secret_alone():
    for headers in ({"x-api-key": PUSH_SECRET}, {"authorization": f"Bearer {PUSH_SECRET}"}):
        assert known(headers).external_id is None
    for headers in (
        {},
        {"x-api-key": ""},
        {"x-api-key": CLIENT},
        {"x-api-key": PUSH_SECRET[:-1]},
        {"x-api-key": PUSH_SECRET + "é"},
        {"authorization": PUSH_SECRET},
        {"authorization": f"Basic {PUSH_SECRET}"},
        {"user-agent": "UPSPubSubTrackingService"},
    ):
        with pytest.raises(NotGenuine):
            known(headers)
    for headers in ({"x-api-key": ""}, {"authorization": "Bearer "}, {"x-api-key": PUSH_SECRET}):
        with pytest.raises(NotGenuine):
            known(headers, secret=None)
    assert KIND.inbound is not None
    assert KIND.inbound.configured(account())


def test_a_push_is_kept_without_photo_and_signature_in_order_of_its_parcel():
    assert KIND.inbound is not None
    kept = KIND.inbound.read(account(), {**OUT, "deliveryPhoto": "abc", "receivedBy": "John"})
    assert kept == {"tracking_number": NUMBER, "push": OUT}
    taken = known({"x-api-key": PUSH_SECRET})
    assert KIND.inbound.resource(taken, kept) == f"parcel:{NUMBER}"
    assert KIND.inbound.read(account(), {"trackingNumber": 1})["tracking_number"] is None
    assert KIND.inbound.resource(taken, {"tracking_number": None}) == ""


async def test_parcels_are_subscribed_in_hundreds_and_renewed_by_the_same(server, ups):
    numbers = [f"1Z{ACCOUNT}{number:010d}" for number in range(250)]
    for _ in range(2):
        found = await ups.subscribe([*numbers, numbers[0], f"1ZX{'0' * 15}", "9400 1"])
        assert found.taken == tuple(numbers)
        assert found.refused == (f"1ZX{'0' * 15}", "9400 1")
        assert timedelta(days=13) < found.until - datetime.now(UTC) <= timedelta(days=14)
    assert len(server.faults.asked("POST", "/api/track")) == 6
    assert (await ups.subscribe([])).taken == ()


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
async def test_a_subscription_that_fails_may_be_sent_again(server, ups, fault):
    server.faults.plan("POST", "/api/track", fault)
    with pytest.raises(OutcomeUnknown):
        await ups.subscribe([NUMBER])
    assert (await ups.subscribe([NUMBER])).taken == (NUMBER,)


# ---- addresses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("single", [False, True])
async def test_an_address_is_valid_ambiguous_or_not_there(server, ups, single):
    server.single = single
    found = await ups.check_address(WAREHOUSE)
    assert (found.status, len(found.candidates)) == ("valid", 1)
    assert found.candidates[0].postal_code == "10118-0110"
    assert (await ups.check_address(WAREHOUSE.model_copy(update={"address1": "Broadway"}))).status == "ambiguous"
    assert (await ups.check_address(WAREHOUSE.model_copy(update={"city": "Nowhere"}))).status == "not_found"
    server.faults.plan("POST", "/api/addressvalidation", (200, {"XAVResponse": {}}, {}))
    assert (await ups.check_address(WAREHOUSE)).status == "unknown"


async def test_an_address_elsewhere_is_not_checked(server, ups):
    with pytest.raises(Refused) as caught:
        await ups.check_address(BONN)
    assert caught.value.code == "unsupported"
    assert server.faults.heard == []


# ---- tokens, permissions -------------------------------------------------------------------------------------------


async def test_fifty_that_need_a_token_fetch_one(server, ups):
    await asyncio.gather(*(ups.track(NUMBER) for _ in range(50)))
    assert len(server.tokens) == 1


async def test_a_token_that_ups_does_not_take_any_more_is_renewed_once(server, ups):
    assert (await ups.buy_return_label(LABEL)).status == "succeeded"
    server.expired = {"token-1"}
    assert await ups.track(NUMBER) is None
    assert server.tokens == ["token-1", "token-2"]
    server.expired = {"token-2", "token-3"}
    with pytest.raises(Refused) as caught:
        await ups.track(NUMBER)
    assert caught.value.code == "provider_unauthorized"
    assert len(server.tokens) == 3


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
async def test_without_a_token_a_purchase_was_not_executed(server, ups, fault):
    server.faults.plan("POST", "/security", fault)
    with pytest.raises(NotExecuted):
        await ups.buy_return_label(LABEL)
    assert server.labels == {}
    assert await ups.find_label(LABEL) is None


@pytest.mark.parametrize(
    "token",
    [{}, {"access_token": "t"}, {"access_token": "t", "expires_in": "soon"}, {"access_token": "t", "expires_in": "nan"},
     {"access_token": "a b", "expires_in": "60"}, {"access_token": "a\r\nX: y", "expires_in": "60"}],
)  # fmt: skip
async def test_a_token_that_is_none_is_not_used(server, ups, token):
    server.faults.plan("POST", "/security", (200, token, {}))
    with pytest.raises(NotExecuted):
        await ups.track(NUMBER)


async def test_wrong_credentials_are_told(server, connected):
    wrong = connected(secret="wrong")
    for doing in (adapter(wrong).buy_return_label(LABEL), check(wrong)):
        with pytest.raises(Refused) as caught:
            await doing
        assert caught.value.code == "provider_unauthorized"
        assert "wrong" not in caught.value.detail
        assert SECRET not in str(caught.value.evidence)


async def test_a_check_finds_what_works_and_changes_nothing(server, connected):
    found = await check(connected())
    assert [(one.name, one.ok) for one in found] == [
        (name, True) for name in ("credentials", "shipping", "tracking", "tracking pushes", "addresses")
    ]
    assert (server.labels, server.subscribed) == ({}, [])


async def test_a_check_names_the_product_that_is_missing(server, connected):
    server.denied = {"/api/labels", "/api/track/v2"}
    found = {one.name: one.missing for one in await check(connected()) if not one.ok}
    assert found == {"shipping": "Shipping", "tracking pushes": "Track Alert"}


def test_the_kind_is_found_by_folder_and_calls_ups_alone():
    assert connecting.every()["ups"] is KIND
    assert set(KIND.connect(account())) == {"carrier"}
    for livemode, host in ((False, "https://wwwcie.ups.com"), (True, "https://onlinetools.ups.com")):
        assert adapter(account(livemode=livemode))._calls._http.base_url == host
    for wrong in ({"account_number": "12345"}, {"account_number": "abc123"}, {"api_base": "https://evil.example"},
                  {"services": {"fast": "2"}}, {"services": {"": "02"}}, {"default_weight_grams": 0}):  # fmt: skip
        with pytest.raises(ValidationError):
            Config(**{"account_number": ACCOUNT} | wrong)
    assert not re.search("secret-of|client-1|a-secret", repr(account()))
