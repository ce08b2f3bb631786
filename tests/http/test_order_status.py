"""Where an order is: parcels merged from push and poll, delays told on their day, split orders told right."""

from __future__ import annotations

import copy
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from app import clock
from app.integrations.carriers.contract import Tracking, TrackingEvent
from app.models.parcels import Parcel, ParcelScan
from app.services import mirror, orders, parcel_pushes, stores
from app.services.wording import LANGUAGES
from tests.support.app import DEMO, App, Tenant

ALONE = True
"""Its clock is moved."""
NUMBER = "NP700100001DE"
SECOND = timedelta(seconds=1)


def lines(fulfilled: int = 3) -> list[dict[str, Any]]:
    one = {"title": "Rain jacket", "quantity": 1, "unit_price": 8900, "total": 8900}
    return [
        {**one, "id": "ln-1", "fulfilled_quantity": min(1, fulfilled)},
        {**one, "id": "ln-2", "title": "Socks", "quantity": 2, "unit_price": 500, "total": 1000,
         "fulfilled_quantity": max(0, fulfilled - 1)},
    ]  # fmt: skip


def parcel(number: str = NUMBER, *scans: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": f"shp-{number}", "carrier": "NordPost", "tracking_number": number, "line_ids": ["ln-1"],
            "scans": list(scans), **more}  # fmt: skip


def shop(*parcels: dict[str, Any], fulfilled: int = 3, **order: Any) -> dict[str, Any]:
    """The demo with one order more, #7001 of Anna in Berlin."""
    document = copy.deepcopy(DEMO)
    placed = {"id": "ord-7001", "number": "#7001", "customer_id": "cust-anna", "status": "shipped", "placed_at": "-2d"}
    address = {"address1": "Lindenstraße 14", "city": "Berlin", "country_code": "DE", "postal_code": "10969"}
    paid = [{"id": "pay-7001", "kind": "card", "label": "Visa", "amount": 9900}]
    document["orders"].append(
        {**placed, "currency": "EUR", "prices_include_tax": True, "lines": lines(fulfilled), "payments": paid,
         "shipping_address": address, "shipments": list(parcels), **order}
    )  # fmt: skip
    return document


def shipped(app: App, *parcels: dict[str, Any], **order: Any) -> Tenant:
    return app.store(shop(*(parcels or (parcel(NUMBER, scan("-1d", "PICKED_UP")),)), **order))


def scan(at: str, word: str, **more: Any) -> dict[str, Any]:
    return {"at": at, "word": word, **more}


def status(store: Tenant, query: str = "?locale=en") -> dict[str, Any]:
    answer = store.get(f"/v1/orders/ord-7001/status{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def one(store: Tenant, place: int = 0) -> dict[str, Any]:
    return status(store)["shipments"][place]


def push(app: App, store: Tenant, word: str, *, at: datetime | None = None, number: str = NUMBER, **more: Any) -> Any:
    """The carrier scans the parcel, and pushes what it has scanned."""
    told = {"tracking_number": number, "word": word, **more}
    document = store.sandbox.post("/sandbox/v1/scans", told | ({"at": clock.rfc3339(at)} if at else {}))
    return pushed(app, store, document)


def pushed(app: App, store: Tenant, document: dict[str, Any]) -> Any:
    caller = store.merchant()
    tracking = app.runtime.providers(caller).carrier.pushed(document)
    return app.write(parcel_pushes.push, caller, tracking)


def words(shown: dict[str, Any]) -> list[str]:
    return [event["status"] for event in shown["events"]]


def asked(store: Tenant, kind: str) -> int:
    """How often the shop or the carrier was asked since it was made slow."""
    return len([row for row in store.sandbox.ledger(kind) if row["fault"] == "slow"])


def updates(store: Tenant) -> list[dict[str, Any]]:
    return store.get("/v1/events?type=order.updated&limit=200").json()["data"]


# ---- push and poll ---------------------------------------------------------------------------------------------


def test_what_is_pushed_shows_at_once_and_asks_nobody(app: App) -> None:
    store = shipped(app)
    assert one(store)["status"] == "in_transit"
    store.sandbox.fault("*", "error_after_effect", times=100)
    pushed(app, store, {"tracking_number": NUMBER, "carrier": "NordPost", "scans": [
        scan(clock.rfc3339(clock.now()), "OUT_FOR_DELIVERY", description="Out", location="Berlin")]})  # fmt: skip
    told = status(store)
    assert told["summary"] == "Order #7001 is out for delivery today."
    assert told["shipments"][0]["events"][-1]["location"] == "Berlin"
    assert [row for row in store.sandbox.ledger() if row["fault"]] == []


def test_a_scan_that_is_pushed_and_polled_is_one_scan_and_one_event(app: App) -> None:
    store = shipped(app)
    status(store)
    document = store.sandbox.post("/sandbox/v1/scans", {"tracking_number": NUMBER, "word": "ARRIVED_AT_FACILITY"})
    for _ in range(3):
        pushed(app, store, document)
    assert words(one(store)) == ["in_transit", "in_transit"]
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        assert words(one(store)) == ["in_transit", "in_transit"]
    (event,) = updates(store)
    assert list(event["data"]["previous"]) == ["shipments"]
    kept = app.read(lambda session: [row.source for row in session.query(ParcelScan).join(Parcel, Parcel.id == ParcelScan.parcel_id).filter(Parcel.store_id == store.id, Parcel.tracking_number == NUMBER).order_by(ParcelScan.at)])  # noqa: E501  # fmt: skip
    assert kept == ["poll", "push"], "whichever told it first"


def test_a_young_word_of_the_carrier_is_not_asked_for_again(app: App) -> None:
    store = shipped(app)
    status(store)
    store.sandbox.fault("tracking", "slow", delay_ms=1, times=100)
    store.sandbox.fault("order", "slow", delay_ms=1, times=100)
    start = clock.now()
    with time_machine.travel(start + timedelta(seconds=31)):
        status(store)
        assert (asked(store, "order") > 0, asked(store, "tracking")) == (True, 0)
    with time_machine.travel(start + timedelta(seconds=301)):
        status(store)
        status(store)
        assert asked(store, "tracking") == 1


def test_a_parcel_that_has_ended_is_asked_about_once_a_day(app: App) -> None:
    store = shipped(app, parcel(NUMBER, scan("-1h", "DELIVERED")))
    status(store)
    store.sandbox.fault("tracking", "slow", delay_ms=1, times=100)
    start = clock.now()
    with time_machine.travel(start + timedelta(hours=23)):
        status(store)
        assert asked(store, "tracking") == 0
    with time_machine.travel(start + timedelta(hours=25)):
        status(store)
        assert asked(store, "tracking") == 1


@pytest.mark.parametrize("ref", ["ord-7001", "#7001", ""])
def test_before_something_is_decided_the_carrier_is_asked_whatever_its_age(app: App, ref: str) -> None:
    store = shipped(app)
    ref = ref or status(store)["order"]["id"]
    status(store)
    store.sandbox.fault("tracking", "slow", delay_ms=1, times=100)
    app.wait(orders.load(app.runtime, store.merchant(), ref))
    assert asked(store, "tracking") == 0
    app.wait(orders.load(app.runtime, store.merchant(), ref, fresh=True))
    assert asked(store, "tracking") == 1


def test_late_and_unknown_scans_are_shown_and_move_nothing_back(app: App) -> None:
    store, now = shipped(app), clock.now()
    status(store)
    push(app, store, "DELIVERED", at=now - timedelta(minutes=10))
    push(app, store, "OUT_FOR_DELIVERY", at=now - timedelta(minutes=50))
    push(app, store, "SURVEY_SENT", at=now - timedelta(minutes=5), description="How was it?")
    shown = one(store)
    assert shown["status"] == "delivered"
    assert words(shown) == ["in_transit", "out_for_delivery", "delivered", "unknown"]
    assert shown["events"][-1]["description"] == "How was it?"


def test_what_is_pushed_before_its_order_is_known_is_not_lost(app: App) -> None:
    store = shipped(app)
    store.sandbox.fault("tracking", "error_after_effect", times=100)
    pushed(app, store, {"tracking_number": NUMBER, "carrier": "NordPost",
                        "scans": [scan(clock.rfc3339(clock.now()), "OUT_FOR_DELIVERY")]})  # fmt: skip
    assert one(store)["status"] == "out_for_delivery"


def test_another_store_with_the_same_number_hears_nothing(app: App) -> None:
    store, other = shipped(app), shipped(app)
    before = [one(store), one(other)][1]
    push(app, store, "OUT_FOR_DELIVERY")
    assert one(store)["status"] == "out_for_delivery"
    assert one(other) == before
    assert updates(other) == []


def test_pushes_and_polls_that_race_end_alike(app: App) -> None:
    store, now = shipped(app), clock.now()
    told = ("ARRIVED_AT_FACILITY", "DEPARTED_FACILITY", "OUT_FOR_DELIVERY", "DELIVERED")
    documents = [
        store.sandbox.post("/sandbox/v1/scans", {"tracking_number": NUMBER, "word": word,
                                                 "at": clock.rfc3339(now - timedelta(minutes=9 - place))})
        for place, word in enumerate(told)
    ]  # fmt: skip
    with ThreadPoolExecutor(8) as pool:
        reads = [pool.submit(status, store) for _ in range(4)]
        pushes = [pool.submit(pushed, app, store, document) for document in (*reversed(documents), *documents)]
        for waited in (*reads, *pushes):
            waited.result(60)
    shown = one(store)
    assert (shown["status"], len(shown["events"])) == ("delivered", 5)


def test_the_newest_expectation_counts_however_late_an_older_one_is_pushed(app: App) -> None:
    store, now = shipped(app), clock.now()
    status(store)
    push(app, store, "IN_TRANSIT", at=now - timedelta(minutes=1), eta="2030-01-02T12:00:00Z")
    old = {"tracking_number": NUMBER, "carrier": "NordPost", "eta": "2030-01-01T12:00:00Z",
           "scans": [scan(clock.rfc3339(now - timedelta(hours=1)), "IN_TRANSIT")]}  # fmt: skip
    pushed(app, store, old)
    assert one(store)["eta"] == "2030-01-02T12:00:00Z"


# ---- bad input -------------------------------------------------------------------------------------------------


def test_ten_thousand_scans_are_kept_to_the_newest_and_answered_quickly(app: App) -> None:
    store, now = shipped(app), clock.now()
    status(store)
    many = [TrackingEvent(at=now - timedelta(seconds=place), status="in_transit", description="x", word=f"W{place}")
            for place in range(10_000)]  # fmt: skip
    began = time.monotonic()
    for _ in range(2):
        app.write(parcel_pushes.push, store.merchant(), Tracking(
            tracking_number=NUMBER, carrier="NordPost", status="in_transit", events=tuple(many)))  # fmt: skip
    assert time.monotonic() - began < 20
    shown = one(store)
    assert (len(shown["events"]), shown["status"]) == (50, "in_transit")
    kept = app.read(lambda session: session.query(ParcelScan).join(Parcel, Parcel.id == ParcelScan.parcel_id).filter(Parcel.store_id == store.id).count())  # noqa: E501  # fmt: skip
    assert kept == 1000


@pytest.mark.parametrize("number", ["", "\x00", " \u200b ", "N" * 5000, "-"])
def test_what_no_tracking_number_can_be_is_none(app: App, number: str) -> None:
    store = shipped(app)
    caller = store.merchant()
    snapshot = app.wait(app.runtime.providers(caller).commerce.get_order("ord-7001"))
    odd = snapshot.shipments[0].model_copy(update={"tracking_number": number})
    order = app.write(mirror.store, caller, snapshot.model_copy(update={"shipments": (odd,)}), {})
    (shown,) = store.get(f"/v1/orders/{order.id}/status").json()["shipments"]
    assert (shown["tracking_number"], shown["status"], shown["events"]) == (None, "unknown", [])
    nothing = Tracking(tracking_number=number, carrier="x", status="unknown")
    assert app.write(parcel_pushes.push, caller, nothing) is None


def test_a_number_with_spaces_around_it_is_that_number(app: App) -> None:
    store = shipped(app)
    status(store)
    spaced = {"tracking_number": f" {NUMBER[:4]} {NUMBER[4:]}\n", "carrier": "NordPost",
              "scans": [scan(clock.rfc3339(clock.now()), "DELIVERED")]}  # fmt: skip
    pushed(app, store, spaced)
    assert one(store)["status"] == "delivered"


def test_a_scan_without_zone_and_one_from_the_future_do_no_harm(app: App) -> None:
    store = shipped(app)
    status(store)
    pushed(app, store, {"tracking_number": NUMBER, "carrier": "NordPost", "scans": [
        scan("2026-01-01T10:00:00", "CUSTOMS"), scan("2099-01-01T10:00:00Z", "DELIVERED"),
        scan("9999-12-31T23:59:59-12:00", "DELIVERED"),
        scan("0001-01-01T00:00:00+14:00", "LABEL_CREATED")]})  # fmt: skip
    shown = one(store)
    assert shown["status"] == "in_transit"
    assert words(shown) == ["in_transit", "in_transit", "unknown"]


@pytest.mark.parametrize(
    "never",
    ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00"],
)
def test_an_expectation_that_can_be_none_is_none(app: App, never: str) -> None:
    store = shipped(app)
    pushed(app, store, {"tracking_number": NUMBER, "carrier": "NordPost", "eta": never, "scans": []})
    assert (one(store)["eta"], status(store)["delayed"]) == (None, False)


# ---- delays ----------------------------------------------------------------------------------------------------


def midnight_in_berlin(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T00:00:00+01:00")


def test_nothing_is_late_before_its_day_is_over_where_it_goes(app: App) -> None:
    with time_machine.travel("2026-12-01T10:00:00Z"):
        store = shipped(app, parcel(NUMBER, scan("-1h", "PICKED_UP"), promised_by="2026-12-03"))
        told = status(store)
        assert (told["delayed"], told["delay_reason"], told["shipments"][0]["promised_by"]) == (
            False, None, "2026-12-03")  # fmt: skip
        assert told["summary"] == "Order #7001 is on its way and should arrive by December 3, 2026."
    with time_machine.travel(midnight_in_berlin("2026-12-04") - 20 * SECOND):
        assert status(store)["delayed"] is False
    with time_machine.travel(midnight_in_berlin("2026-12-04") + SECOND):
        told = status(store)
        assert (told["delayed"], told["delay_reason"]) == (True, "promised_date_passed")
        assert (told["shipments"][0]["delayed"], told["shipments"][0]["delay_reason"]) == (True, "promised_date_passed")
        assert told["summary"] == "Order #7001 is on its way but late: it should have arrived by December 3, 2026."
        push(app, store, "DELIVERED")
        told = status(store)
        assert (told["delayed"], told["delay_reason"]) == (False, None)
        assert told["summary"] == "Order #7001 was delivered on December 4, 2026."


def test_the_carriers_expectation_passes_too(app: App) -> None:
    with time_machine.travel("2026-12-01T10:00:00Z"):
        store = shipped(app, parcel(NUMBER, scan("-1h", "PICKED_UP"), eta="2026-12-02T14:00:00Z"))
        assert status(store)["delayed"] is False
    with time_machine.travel("2026-12-02T20:00:00Z"):
        assert status(store)["delayed"] is False, "the day is not over"
    with time_machine.travel(midnight_in_berlin("2026-12-03") + SECOND):
        assert status(store)["delay_reason"] == "eta_passed"
        push(app, store, "IN_TRANSIT", eta="2026-12-05T14:00:00Z")
        told = status(store)
        assert (told["delayed"], told["summary"]) == (
            False, "Order #7001 is on its way and should arrive by December 5, 2026.")  # fmt: skip


def test_a_silence_becomes_a_delay_and_then_a_loss_by_the_stores_own_days(app: App) -> None:
    with time_machine.travel("2026-12-01T10:00:00Z"):
        store = shipped(app, parcel(NUMBER, scan("-1h", "PICKED_UP"), service="Sameday"))
        rules = {"services": {"sameday": {"silent_days": 1, "lost_days": 3}}}
        app.write(lambda session: stores.change(session, session.get_one(stores.Store, store.id), delays=rules))
        assert status(store)["delayed"] is False
    with time_machine.travel("2026-12-03T10:00:00Z"):
        told = status(store)
        assert told["delay_reason"] == "silent"
        assert told["summary"] == "Order #7001 is on its way; the carrier has had no news of it for 2 days."
    with time_machine.travel("2026-12-05T10:00:00Z"):
        told = status(store)
        assert told["delay_reason"] == "lost"
        assert told["summary"].startswith("The parcel of order #7001 has probably been lost")
        push(app, store, "IN_TRANSIT")
        assert status(store)["delayed"] is False, "found again"


def test_a_carrier_that_is_away_makes_no_parcel_silent(app: App) -> None:
    with time_machine.travel("2026-12-01T10:00:00Z"):
        store = shipped(app)
        status(store)
        store.sandbox.fault("tracking", "error_after_effect", times=1000)
    with time_machine.travel("2026-12-20T10:00:00Z"):
        assert status(store)["delayed"] is False


def test_an_order_that_is_not_shipped_by_its_promised_day_is_late(app: App) -> None:
    with time_machine.travel("2026-12-01T10:00:00Z"):
        store = app.store(shop(status="processing", fulfilled=0, promised_by="2026-12-02"))
        assert status(store)["summary"] == "Order #7001 is being prepared for shipping."
    with time_machine.travel("2026-12-03T10:00:00Z"):
        told = status(store)
        assert (told["delayed"], told["delay_reason"]) == (True, "promised_date_passed")
        assert told["summary"] == "Order #7001 should have arrived by December 2, 2026 but has not been shipped yet."


# ---- split orders ----------------------------------------------------------------------------------------------


def test_a_split_order_tells_each_parcel_with_its_lines_and_what_is_still_to_come(app: App) -> None:
    first = parcel("NP1", scan("-1d", "PICKED_UP"), scan("-1h", "DELIVERED"))
    second = parcel("NP2", scan("-1h", "PICKED_UP"), line_ids=["ln-2"])
    store = shipped(app, first, second, fulfilled=2)
    told = status(store)
    by_number = {row["external_id"]: row["id"] for row in store.get("/v1/orders/ord-7001").json()["lines"]}
    assert [one["lines"] for one in told["shipments"]] == [[by_number["ln-1"]], [by_number["ln-2"]]]
    assert told["summary"] == (
        "Order #7001 comes in parts: 1 parcel delivered, 1 parcel on the way, 1 item still being prepared."
    )
    assert told["order"]["delivered_at"] is None


def test_what_is_in_a_parcel_is_not_still_to_be_prepared(app: App) -> None:
    store = shipped(app, parcel(NUMBER, scan("-1h", "PICKED_UP"), line_ids=["ln-1", "ln-2"]), status="processing",
                    fulfilled=0)  # fmt: skip
    assert status(store)["summary"] == "Order #7001 is on its way."


def test_what_was_paid_back_instead_is_not_still_to_come(app: App) -> None:
    store = shipped(app, parcel(NUMBER, scan("-1h", "PICKED_UP")), fulfilled=1)
    assert status(store)["summary"].endswith("1 parcel on the way, 2 items still being prepared.")
    body = {"order": "#7001", "lines": [{"line_id": "ln-2", "quantity": 2}], "reason": "other"}
    assert store.post("/v1/refunds", body, Prefer="wait=10").status_code == 201
    assert status(store)["summary"].startswith("Order #7001 is on its way. Your refund of €10.00")


def test_an_order_whose_every_parcel_has_arrived_is_delivered_whatever_the_shop_says(app: App) -> None:
    store = shipped(app, parcel("NP1", scan("-1d", "DELIVERED")), parcel("NP2", scan("-1h", "DELIVERED")))
    assert "delivered on" in status(store)["summary"]


def test_parcels_that_come_back_are_told(app: App) -> None:
    store = shipped(app, parcel(NUMBER, scan("-1d", "RETURN_TO_SENDER")))
    assert status(store)["summary"] == "The parcel of order #7001 is going back to the sender."


# ---- languages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_summary_and_the_conversation_say_the_same(app: App, language: str) -> None:
    store = app.store(shop(parcel(NUMBER, scan("-1h", "PICKED_UP")), parcel("NP2", scan("-1h", "DELIVERED"))))
    told = status(store, f"?locale={language}")
    assert told["locale"] == language
    body = {"channel": "chat", "text": "?", "customer": {"email": "anna.keller@example.com"}, "locale": language,
            "order_number": "#7001", "button": "status:ord-7001"}  # fmt: skip
    answer = store.post("/v1/messages", body).json()
    if answer["reply"]["language"] == language:
        assert answer["reply"]["text"] == told["summary"]
    else:
        again = status(store, f"?locale={answer['reply']['language']}")
        assert answer["reply"]["text"] == again["summary"]


@pytest.mark.parametrize(
    ("order", "query", "expected"),
    [
        ({}, "?locale=tr", "tr"),
        ({}, "?locale=pt-BR", "pt"),
        ({"locale": "pl-PL"}, "", "pl"),
        ({"locale": "pl-PL"}, "?locale=sv", "pl"),
        ({}, "", "de"),
        ({"customer_id": None}, "", "en"),
        ({"customer_id": None, "locale": "xx"}, "?locale=", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_the_orders_the_customers_or_the_stores(
    app: App, order: dict[str, Any], query: str, expected: str
) -> None:
    assert status(shipped(app, **order), query)["locale"] == expected
