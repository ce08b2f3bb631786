"""Working hours: seconds of work, over nights, weekends, holidays and the nights in which the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.services.service_levels import ServiceLevels
from app.services.working_hours import Calendar, after, between

OFFICE: dict[str, Any] = {day: [["09:00", "12:30"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def calendar(zone: str = "Europe/Berlin", **fields: Any) -> Calendar:
    return ServiceLevels.model_validate(fields).calendar(zone)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2027-03-23T10:00+01:00", 60, "2027-03-23T11:00+01:00"),
        ("2027-03-23T12:00+01:00", 60, "2027-03-23T13:30+01:00"),  # lunch
        ("2027-03-23T07:00+01:00", 60, "2027-03-23T10:00+01:00"),  # before work
        ("2027-03-23T16:30+01:00", 60, "2027-03-24T09:30+01:00"),  # over night
        ("2027-03-26T16:30+01:00", 60, "2027-03-29T09:30+02:00"),  # over a weekend in which the clocks go forward
        ("2027-10-29T16:30+02:00", 60, "2027-11-01T09:30+01:00"),  # and back
        ("2027-03-27T12:00+01:00", 60, "2027-03-29T10:00+02:00"),  # on a Saturday
        ("2027-03-23T16:00+01:00", 60, "2027-03-23T17:00+01:00"),  # to the minute
        ("2027-03-23T17:00+01:00", 1, "2027-03-24T09:01+01:00"),
        ("2027-03-22T09:00+01:00", 5 * 450, "2027-03-26T17:00+01:00"),  # a whole week
    ],
)
def test_work_goes_on_where_it_was_left(start: str, minutes: int, due: str) -> None:
    office = calendar(hours=OFFICE)
    assert after(office, at(start), minutes * 60) == at(due)
    assert between(office, at(start), at(due)) == minutes * 60


def test_a_night_in_which_the_clocks_change_is_as_long_as_it_is() -> None:
    nights = calendar(hours={"sun": [["00:00", "24:00"]]})
    for sunday, hours in ((date(2027, 3, 28), 23), (date(2027, 10, 31), 25), (date(2027, 3, 21), 24)):
        start = datetime(sunday.year, sunday.month, sunday.day, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
        assert between(nights, start, start + timedelta(days=2)) == hours * 3600
    # 02:00 to 03:00 is not there in March, and there twice in October: its first hour counts.
    early = calendar(hours={"sun": [["02:00", "03:00"]]})
    assert between(early, at("2027-03-28T00:00+01:00"), at("2027-03-29T00:00+02:00")) == 0
    assert between(early, at("2027-10-31T00:00+02:00"), at("2027-11-01T00:00+01:00")) == 2 * 3600


def test_holidays_of_the_store_s_country_and_days_of_its_own_are_free() -> None:
    fields: dict[str, Any] = {"hours": OFFICE, "holidays": {"country": "DE", "subdivision": "BE"}}
    berlin = calendar(**fields, closed_on=["2026-12-24"])
    # Wednesday the 23rd, then Christmas, a weekend, and Monday.
    assert after(berlin, at("2026-12-23T16:30+01:00"), 3600) == at("2026-12-28T09:30+01:00")
    assert after(calendar(**fields), at("2026-12-23T16:30+01:00"), 3600) == at("2026-12-24T09:30+01:00")
    # The 8th of March is one in Berlin, not in Bavaria.
    monday = at("2027-03-05T16:30+01:00")
    bavaria = calendar(hours=OFFICE, holidays={"country": "DE", "subdivision": "BY"})
    assert (after(berlin, monday, 3600), after(bavaria, monday, 3600)) == (
        at("2027-03-09T09:30+01:00"),
        at("2027-03-08T09:30+01:00"),
    )


def test_around_the_clock_is_every_second_but_of_a_free_day() -> None:
    start = at("2027-03-27T23:00+01:00")
    assert after(calendar(), start, 7200) == start + timedelta(hours=2)
    free = calendar(closed_on=["2027-03-28"])
    assert after(free, start, 7200) == at("2027-03-29T01:00+02:00")
    assert between(calendar(), start, start - timedelta(hours=1)) == 0


def test_a_store_that_never_works_promises_no_moment() -> None:
    assert after(Calendar(ZoneInfo("UTC"), ((),) * 7), at("2027-01-01T00:00+00:00"), 1) is None


@given(
    start=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  its zone is given beside
    seconds=st.integers(1, 400_000),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_what_lies_between_is_what_was_added(start: datetime, seconds: int, zone: str) -> None:
    office = calendar(zone, hours=OFFICE)
    due = after(office, start, seconds)
    assert due is not None
    assert due > start
    assert between(office, start, due) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("document", "word"),
    [
        ({"hours": {"mon": [["17:00", "09:00"]]}}, "forward"),
        ({"hours": {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}}, "overlap"),
        ({"hours": {"mon": [["9:00", "12:00"]]}}, "two times"),
        ({"hours": {"mon": [["09:00"]]}}, "two times"),
        ({"hours": {"mon": [["09:00", "25:00"]]}}, "two times"),
        ({"hours": {}}, "no time for work"),
        ({"hours": {"Monday": []}}, "mon"),
        ({"holidays": {"country": "XX"}}, "XX"),
        ({"holidays": {"country": "DE", "subdivision": "ZZ"}}, "ZZ"),
        ({"targets": {"asap": {}}}, "low"),
        ({"targets": {"urgent": {"first_answer": 0}}}, "greater"),
        ({"targets": {"urgent": {"first_answer": "30"}}}, "integer"),
        ({"targets": {"urgent": {"answer": 30}}}, "permitted"),
        ({"closed_on": ["Christmas"]}, "date"),
    ],
)
def test_a_promise_that_cannot_be_meant_is_refused_with_its_reason(document: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        ServiceLevels.model_validate(document)
