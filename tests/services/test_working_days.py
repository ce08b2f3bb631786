"""A period ends with a working day (article 3 of Regulation 1182/71), and a withdrawal may be declared until then."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.models.orders import Order
from app.models.stores import Store
from app.services import withdrawal_rights
from app.services.policy.document import check
from app.services.policy.parts import Withdrawal
from app.services.working_days import working_day

CHRISTMAS = [date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 28)]


@pytest.mark.parametrize(
    ("day", "holidays", "ends"),
    [
        (date(2026, 11, 20), [], date(2026, 11, 20)),  # a Friday
        (date(2026, 11, 21), [], date(2026, 11, 23)),  # a Saturday
        (date(2026, 11, 22), [], date(2026, 11, 23)),  # a Sunday
        (date(2026, 12, 23), CHRISTMAS, date(2026, 12, 23)),
        (date(2026, 12, 24), CHRISTMAS, date(2026, 12, 29)),  # a Thursday, then Friday, the weekend, and Monday
    ],
)
def test_a_period_ends_with_a_working_day(day, holidays, ends):
    assert working_day(day, holidays) == ends


def order(delivered_at: datetime) -> Order:
    return Order(status="delivered", delivered_at=delivered_at, snapshot={"shipments": []}, tracking={})


@pytest.mark.parametrize(
    ("delivered", "zone", "ends"),
    [
        (datetime(2026, 11, 6, 12, tzinfo=UTC), "Europe/Berlin", "2026-11-20T23:59:59+01:00"),
        (datetime(2026, 11, 7, 12, tzinfo=UTC), "Europe/Berlin", "2026-11-23T23:59:59+01:00"),
        (datetime(2026, 11, 6, 23, 30, tzinfo=UTC), "Europe/Berlin", "2026-11-23T23:59:59+01:00"),  # Saturday there
        (datetime(2026, 12, 11, 12, tzinfo=UTC), "UTC", "2026-12-29T23:59:59+00:00"),
    ],
)
def test_the_right_to_withdraw_ends_with_a_working_day_where_the_store_is(delivered, zone, ends):
    right = check({"withdrawal": {"holidays": [day.isoformat() for day in CHRISTMAS]}}).withdrawal
    found = withdrawal_rights.ends(order(delivered), Store(timezone=zone), right)
    assert found is not None
    assert found.isoformat() == ends


def test_goods_are_sent_back_by_a_working_day():
    declared = datetime(2026, 11, 7, 9, tzinfo=UTC)
    assert withdrawal_rights.back_by(declared, Withdrawal()) == date(2026, 11, 23)
