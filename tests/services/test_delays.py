"""When a parcel is late: never before its day is over where it goes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from babel.core import get_global
from pydantic import ValidationError

from app.services import delays
from app.services.delays import DEFAULT, DelayRules, Facts, Place

DE = Place("DE", "UTC", "DE")
NOWHERE = Place(None, "Asia/Tokyo", "JP")
US = Place("US", "Europe/Berlin", "DE")
SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def facts(**told) -> Facts:
    none = dict.fromkeys(("service", "promised_by", "eta", "silent_from", "asked_at"))
    return Facts(**{"status": "in_transit", "lost": False, **none, **told})


def reason(found: Facts, place: Place, now: datetime, rules: DelayRules = DEFAULT) -> str | None:
    delay = delays.find(found, place, rules, now)
    return None if delay is None else delay.reason


@pytest.mark.parametrize(
    ("place", "over"),
    [
        (DE, "2026-12-08T23:00:00+00:00"),  # midnight in Berlin
        (NOWHERE, "2026-12-08T15:00:00+00:00"),  # no country: the store's own midnight, in Tokyo
        (US, "2026-12-09T10:00:00+00:00"),  # days end last in Hawaii
        (Place("XX", "America/New_York", "US"), "2026-12-09T05:00:00+00:00"),
    ],
)
@pytest.mark.parametrize("told", [{"promised_by": date(2026, 12, 8)}, {"eta": at("2026-12-08T00:00:00+00:00")}])
def test_a_day_passes_when_it_is_over_where_the_parcel_goes(told, place, over):
    expected = "promised_date_passed" if "promised_by" in told else "eta_passed"
    assert reason(facts(**told), place, at(over) - SECOND) is None
    assert reason(facts(**told), place, at(over)) == expected


def test_an_hour_that_the_carrier_expects_is_the_day_that_it_is_there():
    eta = at("2026-12-08T23:30:00+00:00")  # half past midnight of the 9th in Berlin
    assert delays.due(eta, DE) == date(2026, 12, 9)
    assert reason(facts(eta=eta), DE, at("2026-12-09T22:59:59+00:00")) is None
    assert reason(facts(eta=eta), DE, at("2026-12-09T23:00:00+00:00")) == "eta_passed"


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-12-09T09:45:59.5Z", date(2026, 12, 9)),  # Hawaii alone is still in the 8th
        ("2026-12-09T04:45:00Z", date(2026, 12, 8)),
        ("2026-12-09T04:45:00-12:00", date(2026, 12, 9)),
    ],
)
def test_a_moment_is_of_the_day_that_most_zones_of_the_country_have(moment, day):
    assert US.day(at(moment)) == day


def test_an_expected_hour_is_never_past_before_it_has_come():
    for hours in range(24 * 7):
        eta = at("2026-12-01T00:30:00Z") + timedelta(hours=hours)
        for place in (DE, US, NOWHERE, Place("RU", "UTC", "DE"), Place("KI", "UTC", "DE")):
            assert place.over(delays.due(eta, place)) > eta


def test_the_clock_change_moves_the_end_of_a_day():
    assert DE.over(date(2026, 3, 28)) == at("2026-03-28T23:00:00+00:00")
    assert DE.over(date(2026, 3, 29)) == at("2026-03-29T22:00:00+00:00")


def test_a_silence_is_counted_in_whole_days_of_the_destination():
    last = at("2026-12-01T22:30:00+00:00")  # 23:30 on the 1st in Berlin
    found = facts(silent_from=last)
    assert reason(found, DE, at("2026-12-06T22:59:59+00:00")) is None
    assert reason(found, DE, at("2026-12-06T23:00:00+00:00")) == "silent"
    assert reason(found, DE, at("2026-12-15T22:59:59+00:00")) == "silent"
    assert reason(found, DE, at("2026-12-15T23:00:00+00:00")) == "lost"
    delay = delays.find(found, DE, DEFAULT, at("2026-12-09T12:00:00+00:00"))
    assert delay is not None
    assert delay.silent_days == 8


@pytest.mark.parametrize(
    ("service", "country", "silent", "lost"),
    [
        (None, "DE", 5, 14),
        ("standard", None, 5, 14),
        (" Express ", "DE", 2, 7),
        ("economy", "DE", 10, 30),
        (None, "FR", 9, 30),
        ("express", "FR", 2, 7),
    ],
)
def test_how_long_a_silence_is_usual_depends_on_the_service_and_the_border(service, country, silent, lost):
    found = DEFAULT.of(service, country, "DE")
    assert (found.silent_days, found.lost_days) == (silent, lost)


def test_a_silence_is_only_as_long_as_somebody_has_listened():
    found = facts(silent_from=at("2026-12-01T10:00:00Z"), asked_at=at("2026-12-03T10:00:00Z"))
    assert reason(found, DE, at("2026-12-31T10:00:00Z")) is None, "the carrier has been away since the 3rd"
    heard = facts(silent_from=at("2026-12-01T10:00:00Z"), asked_at=at("2026-12-31T10:00:00Z"))
    assert reason(heard, DE, at("2026-12-31T10:00:00Z")) == "lost"


@pytest.mark.parametrize("status", ["delivered", "returned"])
def test_what_has_ended_is_never_late(status):
    found = facts(status=status, eta=at("2026-01-01T00:00:00Z"), promised_by=date(2026, 1, 1), lost=True,
                  silent_from=at("2026-01-01T00:00:00Z"))  # fmt: skip
    assert reason(found, DE, at("2026-12-31T10:00:00Z")) is None
    assert delays.next_look(found, DE, DEFAULT, at("2026-01-01T00:00:00Z")) is None


def test_the_gravest_reason_is_told():
    found = facts(promised_by=date(2026, 12, 2), eta=at("2026-12-03T00:00:00Z"), silent_from=at("2026-12-01T10:00:00Z"))
    assert reason(found, DE, at("2026-12-08T10:00:00Z")) == "promised_date_passed"
    assert reason(found, DE, at("2026-12-30T10:00:00Z")) == "lost"
    assert reason(facts(lost=True, silent_from=at("2026-12-01T10:00:00Z")), DE, at("2026-12-01T10:00:01Z")) == "lost"


def test_the_next_look_is_at_the_next_limit_ahead():
    found = facts(promised_by=date(2026, 12, 3), silent_from=at("2026-12-01T10:00:00Z"))
    looks = [at("2026-12-01T11:00:00Z")]
    while (following := delays.next_look(found, DE, DEFAULT, looks[-1])) is not None:
        looks.append(following)
    assert looks[1:] == [DE.over(date(2026, 12, day)) for day in (3, 6, 15)]


def test_a_day_at_the_end_of_time_never_passes():
    assert reason(facts(promised_by=date.max), DE, at("2026-12-01T10:00:00Z")) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"open_tickets": "yes"},
        {"usual": {"silent_days": 0, "lost_days": 3}},
        {"usual": {"silent_days": 5, "lost_days": 5}},
        {"usual": {"silent_days": 5}},
        {"services": {"express": 3}},
        {"silent_days": 5},
        {"usual": {"silent_days": 5.5, "lost_days": 9}},
        {"usual": {"silent_days": True, "lost_days": 9}},
    ],
)
def test_rules_that_cannot_be_meant_are_refused(wrong):
    with pytest.raises(ValidationError):
        DelayRules.model_validate(wrong)


def test_every_country_has_a_zone_whatever_a_machine_calls_it():
    countries = get_global("territory_zones")
    assert len(countries) > 200
    missing = [country for country in countries if not delays._zones(country, "UTC")]
    assert missing == []
    for name in ("Asia/Calcutta", "Asia/Kolkata"):
        assert {"Asia/Calcutta", "Asia/Kolkata"} <= set(delays.spellings(name))
    current = {name for name in available_timezones() if "/" in name}
    for names in countries.values():
        for name in names:
            assert name == "Etc/Unknown" or set(delays.spellings(name)) & current, name


def test_a_country_that_is_none_is_the_stores_own_zone():
    assert Place("QX", "Asia/Tokyo", "JP").over(date(2026, 12, 8)) == NOWHERE.over(date(2026, 12, 8))
    assert Place("de", "Asia/Tokyo", "JP").over(date(2026, 12, 8)) == DE.over(date(2026, 12, 8))
