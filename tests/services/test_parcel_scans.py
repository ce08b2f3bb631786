"""Scans as they are kept: whatever order they come in, once each, and never a step back."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.integrations.carriers.contract import TrackingEvent
from app.models.parcels import ENDED, MOVES
from app.services.parcel_scans import MOST_KEPT, cleaned, follow, number_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
STATUSES = tuple(MOVES)


def scan(hours: float, status: str, word: str = "", *, place: str | None = None, **more) -> TrackingEvent:
    """A scan so many hours ago."""
    at = NOW - timedelta(hours=hours)
    return TrackingEvent(at=at, status=status, description=word or status, word=word or status, location=place, **more)


def standing(*events: TrackingEvent):
    return follow(cleaned(events, BERLIN, NOW))


events = st.lists(
    st.builds(scan, st.integers(1, 200), st.sampled_from(STATUSES), place=st.sampled_from([None, "Bonn", "Köln"])),
    max_size=12,
)


@given(events, st.randoms())
def test_the_order_in_which_scans_come_changes_nothing(told, chance):
    shuffled = [*told, *told]
    chance.shuffle(shuffled)
    assert cleaned(shuffled, BERLIN, NOW) == cleaned(told, BERLIN, NOW)
    assert standing(*shuffled) == standing(*told)


@given(events)
def test_a_parcel_that_has_ended_stays_so_whatever_is_scanned_later(told):
    before = standing(*told)
    after = standing(*told, scan(0.5, "in_transit"), scan(0.4, "exception"), scan(0.3, "label_created"))
    if before.status in ENDED:
        assert (after.status, after.delivered_at) == (before.status, before.delivered_at)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ([], "unknown"),
        ([scan(9, "unknown", "ROUTE_RECALCULATED")], "unknown"),
        ([scan(9, "label_created"), scan(8, "unknown")], "label_created"),
        ([scan(9, "in_transit"), scan(8, "unknown")], "in_transit"),
        ([scan(9, "in_transit"), scan(8, "label_created")], "in_transit"),
        ([scan(9, "out_for_delivery"), scan(8, "in_transit")], "in_transit"),
        ([scan(9, "exception"), scan(8, "out_for_delivery")], "out_for_delivery"),
        ([scan(9, "exception"), scan(8, "delivered")], "delivered"),
        ([scan(9, "delivered"), scan(8, "exception")], "delivered"),
        ([scan(9, "delivered"), scan(8, "out_for_delivery")], "delivered"),
        ([scan(9, "delivered"), scan(8, "returned")], "returned"),
        ([scan(9, "returned"), scan(8, "delivered")], "returned"),
        ([scan(9, "out_for_delivery"), scan(9, "delivered")], "delivered"),
        ([scan(9, "delivered"), scan(9, "in_transit")], "delivered"),
    ],
)
def test_the_next_scan_by_its_own_time_moves_a_parcel_by_the_table(told, status):
    assert standing(*told).status == status
    assert standing(*reversed(told)).status == status


def test_a_late_older_scan_is_shown_in_its_place_and_moves_nothing():
    known = [scan(3, "out_for_delivery"), scan(1, "delivered")]
    late = cleaned([*known, scan(2, "in_transit")], BERLIN, NOW)
    assert [one.status for one in late] == ["out_for_delivery", "in_transit", "delivered"]
    assert follow(late) == standing(*known)


def test_the_same_time_word_and_place_is_the_same_scan():
    assert len(cleaned([scan(1, "in_transit", "HUB", place="Bonn"), scan(1, "in_transit", "hub", place="bonn")],
                       BERLIN, NOW)) == 1  # fmt: skip
    others = [scan(1, "in_transit", "HUB", place="Köln"), scan(1, "in_transit", "OUT"), scan(2, "in_transit", "HUB")]
    assert len(cleaned([scan(1, "in_transit", "HUB", place="Bonn"), *others], BERLIN, NOW)) == 4


def test_a_word_that_nobody_knows_is_kept_with_its_text():
    (kept,) = cleaned([scan(1, "unknown", "ROUTE_RECALCULATED")], BERLIN, NOW)
    assert (kept.status, kept.word, kept.description) == ("unknown", "ROUTE_RECALCULATED", "ROUTE_RECALCULATED")


def test_the_carriers_own_word_for_lost_counts_until_the_next_scan_that_moves_it():
    assert standing(scan(3, "exception", "LOST", lost=True)).lost
    assert standing(scan(3, "exception", "LOST", lost=True), scan(2, "unknown", "SURVEY")).lost
    assert not standing(scan(3, "exception", "LOST", lost=True), scan(2, "in_transit", "FOUND")).lost


# ---- bad input -------------------------------------------------------------------------------------------------


def test_a_time_without_zone_is_read_in_the_stores():
    naive = TrackingEvent(at=datetime(2026, 11, 20, 9), status="in_transit", description="", word="HUB")  # noqa: DTZ001
    (kept,) = cleaned([naive], BERLIN, NOW)
    assert kept.at == datetime(2026, 11, 20, 8, tzinfo=UTC)


def test_a_local_time_told_as_utc_has_happened_when_we_heard_of_it():
    (kept,) = cleaned([scan(-8, "delivered")], BERLIN, NOW)
    assert (kept.status, kept.at) == ("delivered", NOW)
    (again,) = cleaned([scan(-8, "delivered")], BERLIN, NOW + timedelta(hours=1))
    assert again.digest == kept.digest, "heard again it is the same scan"


def test_a_scan_from_the_far_future_is_an_expectation_and_moves_nothing():
    (kept,) = cleaned([scan(-24 * 3, "delivered", "DELIVERED")], BERLIN, NOW)
    assert (kept.status, kept.description, kept.at) == ("unknown", "DELIVERED", NOW)
    assert standing(scan(5, "in_transit"), scan(-24 * 365 * 70, "delivered")).status == "in_transit"


@pytest.mark.parametrize(
    "at",
    [
        datetime(1, 1, 1),  # noqa: DTZ001
        datetime(9999, 12, 31, 23, 59, 59),  # noqa: DTZ001
        datetime(1970, 1, 1, tzinfo=UTC),
    ],
)
def test_a_time_that_no_scan_can_have_is_passed_over(at):
    told = [TrackingEvent(at=at, status="delivered", description="", word="X"), scan(1, "in_transit")]
    assert standing(*told).status == "in_transit"


def test_rubbish_in_texts_is_made_one_plain_line():
    odd = "Left\x00 with\r\n a \ud800neighbour\u2028 " + "x" * 10_000
    (kept,) = cleaned([scan(1, "in_transit", odd, place="\x07Bonn\t")], BERLIN, NOW)
    assert kept.description.startswith("Left with a neighbour xxx")
    assert (len(kept.description), len(kept.word), kept.location) == (500, 100, "Bonn")
    (kept.description + kept.word).encode()  # no lone surrogate is left


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (" NP1002 00001FR\n", "NP100200001FR"),
        ("1Z\u200b999\u00a0AA1\u202e", "1Z999AA1"),
        ("np-1", "np-1"),
        ("", None),
        (None, None),
        ("   \x00\u200b", None),
        ("---", None),
        ("N" * 101, None),
        ("../../etc/passwd", "../../etc/passwd"),
        ("\ud800", None),
        ("運送状12345", "運送状12345"),
    ],
)
def test_a_tracking_number_is_kept_without_what_nobody_sees(text, number):
    assert number_of(text) == number


def test_ten_thousand_scans_are_read_at_once_and_the_newest_kept():
    told = [scan(10_000 - hours, "in_transit", f"W{hours}") for hours in range(10_000)]
    began = time.process_time()
    kept = cleaned(told, BERLIN, NOW + timedelta(hours=1))
    assert time.process_time() - began < 5
    assert (len(kept), kept[-1].word, kept[0].word) == (MOST_KEPT, "W9999", "W9000")


@pytest.mark.parametrize("place", ["description", "word", "location"])
def test_what_a_courier_notes_is_kept_without_card_numbers_but_with_the_parcels_own(place):
    number = "4111111111111111"
    event = scan(1, "in_transit").model_copy(update={place: f"paid by 5555 5555 5555 4444 for {number}"})
    (kept,) = cleaned([event], BERLIN, NOW, {number})
    assert getattr(kept, place) == f"paid by [card] for {number}"
    (kept,) = cleaned([event], BERLIN, NOW)
    assert getattr(kept, place) == "paid by [card] for [card]"
