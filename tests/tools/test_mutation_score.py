"""The mutation score counts what nobody looked at as missed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.tools.mutation_score import main, score

if TYPE_CHECKING:
    from pathlib import Path


def test_a_change_that_no_test_runs_is_not_noticed() -> None:
    assert score({"killed": 8, "timeout": 1, "no_tests": 1, "total": 10}) == 0.9
    assert score({"total": 0}) == 0.0


def test_below_the_goal_the_command_fails(tmp_path: Path) -> None:
    stats = tmp_path / "stats.json"
    stats.write_text(json.dumps({"killed": 89, "survived": 11, "total": 100}))
    assert main(stats) == 1
    stats.write_text(json.dumps({"killed": 90, "survived": 10, "total": 100}))
    assert main(stats) == 0
