"""Ids: typed, in the order of time, and told apart from everything that is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app import ids


def test_ids_are_typed_unique_and_sorted_by_the_moment_they_were_made():
    made = [ids.new("rfd") for _ in range(500)]
    assert made == sorted(made)
    assert len(set(made)) == 500
    assert all(ids.is_id(name, "rfd") and name.startswith("rfd_") and len(name) == 30 for name in made)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rfd",
        "rfd_",
        "ord_01m7zskg3kes4tpxfpb1m0gczt",
        "rfd_81m7zskg3kes4tpxfpb1m0gczt",
        "rfd_01M7ZSKG3KES4TPXFPB1M0GCZT",
        "rfd_01m7zskg3kes4tpxfpb1m0gcz",
        "rfd_01m7zskg3kes4tpxfpb1m0gcztt",
        "rfd_01m7zskg3kes4tpxfpb1m0gczl",
        "rfd_01m7zskg3kes4tpxfpb1m0gczt\n",
        " rfd_01m7zskg3kes4tpxfpb1m0gczt",
        "rfd01m7zskg3kes4tpxfpb1m0gczt",
        "x_rfd_01m7zskg3kes4tpxfpb1m0gczt",
    ],
)
def test_what_is_not_an_id_of_that_type_is_none(text):
    assert not ids.is_id(text, "rfd")


def test_a_well_formed_id_is_one():
    assert ids.is_id("rfd_01m7zskg3kes4tpxfpb1m0gczt", "rfd")


def test_an_id_stands_between_the_moments_before_and_after_it_was_made():
    before = ids.least("rfd", datetime.now(UTC) - timedelta(milliseconds=5))
    made = ids.new("rfd")
    after = ids.least("rfd", datetime.now(UTC) + timedelta(milliseconds=5))
    assert before < made < after
    for year in (1, 1969, 9999):
        assert ids.is_id(ids.least("rfd", datetime(year, 6, 1, tzinfo=UTC)), "rfd")
    assert ids.least("rfd", datetime(1, 6, 1, tzinfo=UTC)) < made < ids.least("rfd", datetime(9999, 6, 1, tzinfo=UTC))
