"""Whether a parcel is late, silent or lost: facts and the store's rules in, a finding out; no I/O.

Every limit is a day, and nothing is found before that day is over where the parcel goes: of a country with several
time zones in the one where days end last, without a country in the store's.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import get_global
from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.models.parcels import ENDED
from app.models.stores import Store

Reason = Literal["promised_date_passed", "eta_passed", "silent", "lost"]
GRAVEST: tuple[Reason, ...] = ("lost", "promised_date_passed", "eta_passed", "silent")
"""Which of several reasons is told."""
MIDNIGHT = time(0)


class Silence(BaseModel):
    """After how many days without a scan a parcel is `silent`, and then `lost`."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    silent_days: int = Field(ge=1, le=365)
    lost_days: int = Field(ge=1, le=365)

    @model_validator(mode="after")
    def _in_order(self) -> Silence:
        if self.lost_days <= self.silent_days:
            raise ValueError("lost_days comes after silent_days")
        return self


class DelayRules(BaseModel):
    """A store's setting; what is not given is as it stands here."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    open_tickets: bool = False
    """Whether a delayed or lost parcel opens a ticket before the shopper asks."""
    usual: Silence = Silence(silent_days=5, lost_days=14)
    """A long weekend with a holiday passes without a scan."""
    abroad: Silence = Silence(silent_days=9, lost_days=30)
    """To another country than the store's: customs are silent."""
    services: dict[str, Silence] = Field(
        default_factory=lambda: {
            "express": Silence(silent_days=2, lost_days=7),
            "economy": Silence(silent_days=10, lost_days=30),
        },
        max_length=100,
    )
    """By what the shop calls the parcel's service, upper and lower case alike; goes before the two above."""

    def of(self, service: str | None, country: str | None, home: str) -> Silence:
        """What holds for a parcel of `service` to `country`."""
        named = (service or "").strip().casefold()
        for name, silence in self.services.items():
            if name.strip().casefold() == named:
                return silence
        return self.abroad if country is not None and country != home else self.usual


DEFAULT = DelayRules()


def rules_of(store: Store) -> DelayRules:
    """The store's rules."""
    return DelayRules.model_validate(store.delays) if store.delays else DEFAULT


@dataclass(frozen=True, slots=True)
class Place:
    """Where a parcel goes, as far as its days are concerned."""

    country: str | None
    zone: str
    """The store's, where the country is not known."""
    home: str
    """The store's country."""

    @classmethod
    def of(cls, store: Store, snapshot: Mapping[str, Any]) -> Place:
        """Of an order's snapshot."""
        address: dict[str, Any] = snapshot.get("shipping_address") or {}
        return cls(address.get("country_code"), store.timezone, store.country_code)

    def day(self, moment: datetime) -> date:
        """Which day it is there; of a country with several time zones in most of them."""
        quarter = moment.replace(minute=moment.minute - moment.minute % 15, second=0, microsecond=0)
        return _day(self.country, self.zone, quarter)

    def over(self, day: date) -> datetime:
        """When that day is over there."""
        return _over(self.country, self.zone, day)


@lru_cache(maxsize=512)
def _zones(country: str | None, fallback: str) -> tuple[ZoneInfo, ...]:
    named: Iterable[str] = get_global("territory_zones").get((country or "").upper()) or ()
    found = (_zone(name) for name in named)
    return tuple(zone for zone in found if zone is not None) or (ZoneInfo(fallback),)


def _zone(name: str) -> ZoneInfo | None:
    for spelled in spellings(name):
        with contextlib.suppress(ZoneInfoNotFoundError):
            return ZoneInfo(spelled)
    return None


def spellings(name: str) -> list[str]:
    """A zone's names: CLDR and the machine may each know it by the old one or the new one alone (Kiev, Kyiv)."""
    aliases = get_global("zone_aliases")
    today = aliases.get(name, name)
    return [name, today, *(alias for alias, meant in aliases.items() if meant == today)]


@lru_cache(maxsize=4096)
def _day(country: str | None, fallback: str, quarter: datetime) -> date:
    """No zone's day begins within a quarter of an hour, so that few moments are reckoned."""
    days = Counter(quarter.astimezone(zone).date() for zone in _zones(country, fallback))
    return max(days, key=lambda day: (days[day], day))


@lru_cache(maxsize=4096)
def _over(country: str | None, fallback: str, day: date) -> datetime:
    if day >= date.max - timedelta(days=2):
        return datetime.max.replace(tzinfo=UTC)
    ends = (datetime.combine(day + timedelta(days=1), MIDNIGHT, zone) for zone in _zones(country, fallback))
    return max(end.astimezone(UTC) for end in ends)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a parcel; `silent_from` is its newest scan, or when it was shipped or first seen."""

    status: str
    service: str | None
    promised_by: date | None
    eta: datetime | None
    lost: bool
    silent_from: datetime | None
    asked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delay:
    """A finding: why, which day it was expected (None: no day was told), and for how many days nothing was heard."""

    reason: Reason
    since: datetime
    expected: date | None = None
    silent_days: int = 0


def due(eta: datetime, place: Place) -> date:
    """The day that a carrier's expectation means; midnight in UTC is how carriers write a day without a time."""
    moment = eta.astimezone(UTC)
    return moment.date() if moment.time() == MIDNIGHT else place.day(moment)


def find(facts: Facts, place: Place, rules: DelayRules, now: datetime) -> Delay | None:
    """Why the parcel is late at `now`, the gravest reason; None while it is not."""
    found = [delay for delay in _limits(facts, place, rules, now) if delay.since <= _known_until(facts, delay, now)]
    return min(found, key=lambda delay: GRAVEST.index(delay.reason), default=None)


def next_look(facts: Facts, place: Place, rules: DelayRules, now: datetime) -> datetime | None:
    """When the next limit of the parcel passes; None where none is ahead."""
    return min((delay.since for delay in _limits(facts, place, rules, now) if delay.since > now), default=None)


def passed(facts: Facts, place: Place, rules: DelayRules, now: datetime) -> bool:
    """Whether a limit lies behind, even if nobody has asked the carrier since."""
    return any(delay.since <= now for delay in _limits(facts, place, rules, now))


def _known_until(facts: Facts, delay: Delay, now: datetime) -> datetime:
    """A silence is only as long as somebody has listened: a carrier that is away says nothing about the parcel."""
    if delay.reason in {"silent", "lost"} and not facts.lost and facts.asked_at is not None:
        return min(now, facts.asked_at)
    return now


def _limits(facts: Facts, place: Place, rules: DelayRules, now: datetime) -> list[Delay]:
    if facts.status in ENDED:
        return []
    limits: list[Delay] = []
    if facts.promised_by is not None:
        limits.append(Delay("promised_date_passed", place.over(facts.promised_by), facts.promised_by))
    if facts.eta is not None:
        day = due(facts.eta, place)
        limits.append(Delay("eta_passed", place.over(day), day))
    if facts.silent_from is not None:
        silence = rules.of(facts.service, place.country, place.home)
        last, heard = place.day(facts.silent_from), min(now, facts.asked_at or now)
        kinds: tuple[tuple[Reason, int], ...] = (("silent", silence.silent_days), ("lost", silence.lost_days))
        for reason, days in kinds:
            passed = place.over(last + timedelta(days=days))
            limits.append(Delay(reason, passed, silent_days=max(days, (place.day(heard) - last).days)))
    if facts.lost:
        limits.append(Delay("lost", facts.silent_from or now))
    return limits
