"""What judges `measure_killing` can fail: requests that are lost, cut, slow, refused or never answered."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tests.faults.history import Violation
from tests.faults.world import Storefront
from tests.tools import killing_judge
from tests.tools.killing_load import Shot


class _Front:
    """A store of which it is known what it shows."""

    shop = "shop-1"

    def __init__(self, shows: dict[str, tuple[int, dict[str, Any]]] | None = None) -> None:
        self._shows = shows or {}

    async def look(self, path: str) -> tuple[int, dict[str, Any]]:
        return self._shows.get(path, (404, {}))


def shot(kind: str = "refund", seconds: float = 0.01, **more: Any) -> Shot:
    """A request that was answered; by itself an accepted refund."""
    view = more.pop("view", {"id": "rfd_1", "status": "pending"})
    front = cast("Storefront", more.pop("front", _Front()))
    given: dict[str, Any] = {"status": 202, "ended": 100 + seconds, "view": view, **more}
    return Shot(kind, front, "POST", "/v1/refunds", None, "key", 100.0, **given)


def test_a_state_that_was_told_or_a_later_one_is_right() -> None:
    assert killing_judge.amiss(shot(), 200, {"id": "rfd_1", "status": "succeeded"}) is None
    told = shot(view={"id": "rfd_1", "status": "succeeded"})
    assert killing_judge.amiss(told, 200, {"id": "rfd_1", "status": "succeeded"}) is None
    ticket = shot("ticket", view={"id": "tkt_1", "subject": "A", "status": "open"})
    assert killing_judge.amiss(ticket, 200, {"id": "tkt_1", "subject": "A", "status": "pending"}) is None
    said = shot("message", view={"ticket": {"id": "tkt_1"}, "message": {"id": "msg_1"}})
    assert killing_judge.amiss(said, 200, {"messages": [{"id": "msg_0"}, {"id": "msg_1"}]}) is None


@pytest.mark.parametrize(
    ("made", "status", "found"),
    [
        (shot(), 404, {}),
        (shot(), 200, {"id": "rfd_2", "status": "succeeded"}),
        (shot(), 200, {"id": "rfd_1", "status": "pending"}),
        (shot(view={"id": "rfd_1", "status": "succeeded"}), 200, {"id": "rfd_1", "status": "failed"}),
        (shot("ticket", view={"id": "tkt_1", "subject": "A"}), 200, {"id": "tkt_1", "subject": "B"}),
        (shot("message", view={"ticket": {"id": "t"}, "message": {"id": "m"}}), 200, {"messages": []}),
    ],
)
def test_what_is_lost_or_has_gone_back_is_told(made: Shot, status: int, found: dict[str, Any]) -> None:
    assert killing_judge.amiss(made, status, found)


@pytest.mark.anyio
async def test_each_accepted_request_is_looked_for() -> None:
    there = _Front({"/v1/refunds/rfd_1": (200, {"id": "rfd_1", "status": "succeeded"})})
    shots = [shot(front=there), shot(), shot(status=409, code="conflict"), shot("read", status=200)]
    assert [violation.invariant for violation in await killing_judge.lost(shots)] == ["lost"]


def test_refusals_and_silence_are_violations() -> None:
    shots = [shot(), shot(status=409, code="refund_exceeds_captured"), shot(ended=None, status=0)]
    assert [found.invariant for found in killing_judge.unexpected(shots)] == ["clear", "stuck"]


def test_only_those_that_were_not_cut_are_timed() -> None:
    told = killing_judge.figures([*(shot(seconds=0.01) for _ in range(99)), shot(seconds=30.0, cut=1)], [99.0])
    assert (told["requests"], told["cut"], told["p99_ms"]) == (100, 1, 10.0)
    assert killing_judge.above(told, []) == []


def test_slow_ones_no_kills_and_violations_fail() -> None:
    slow = killing_judge.figures([*(shot(seconds=0.01) for _ in range(98)), *[shot(seconds=1.5)] * 2], [99.0])
    assert killing_judge.above(slow, []) == ["p99_ms"]
    calm = killing_judge.figures([shot()], [])
    assert killing_judge.above(calm, [Violation("lost", "key", "gone")]) == ["nothing was measured", "violations"]


def test_one_that_was_never_answered_counts_as_the_patience_of_its_client() -> None:
    assert killing_judge.figures([shot(ended=None, status=0)], [99.0])["p99_ms"] == 60_000.0
