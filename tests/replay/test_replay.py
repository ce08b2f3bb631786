"""The replay over HTTP: a handful of tasks and attempts hold, and none whose expectation is altered does."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.replay import __main__ as command
from tests.replay import runner
from tests.replay.cases import OK, Case, load_negatives, load_tasks
from tests.replay.world import Fault, world
from tests.tools import retail

Json = dict[str, Any]


@pytest.fixture(scope="module")
def data(specs: Path) -> Path:
    return specs / "data" / "retail"


@pytest.fixture(scope="module")
def shop(data: Path) -> Json:
    return retail.load(data / "db.json")


@pytest.fixture(scope="module")
def tasks(data: Path, shop: Json) -> list[Case]:
    return load_tasks(data / "tasks_dev.jsonl", shop)


def a_handful(tasks: Iterable[Case]) -> list[Case]:
    """The first task of each kind: by the tools that it uses, and one that is refused."""
    found: dict[tuple[Any, ...], Case] = {}
    for task in tasks:
        for write in task.writes:
            found.setdefault((write.name, write.accepts == (OK,)), task)
    return list({task.id: task for task in found.values()}.values())


def altered(task: Case, shop: Json) -> Case:
    """The task with one value of what is expected of it changed."""
    changed = copy.deepcopy(task.expected)
    leaves = list(_leaves(changed))
    if leaves:
        holder, name = leaves[len(task.id) * 7 % len(leaves)]
        holder[name] = holder[name] + (0.01 if isinstance(holder[name], int | float) else "x")
    else:
        number, order = next(iter(shop["orders"].items()))
        changed = {"orders": {number: {**order, "status": "cancelled"}}}
    return replace(task, id=f"{task.id} altered", expected=changed)


def _leaves(value: Any) -> Iterable[tuple[Any, Any]]:
    for name, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, dict | list):
            yield from _leaves(item)
        else:
            yield value, name


async def test_a_handful_holds_and_none_with_one_expected_value_altered(
    data: Path, shop: Json, tasks: list[Case]
) -> None:
    forbidden = load_negatives(data / "negatives_dev.json")
    held = [*a_handful(tasks), *forbidden[::8]]
    wrong = [altered(task, shop) for task in held if task.kind == "positives"]
    refused = next(case for case in held if case.kind == "negatives")
    wrong.append(replace(refused, id="another code", writes=(replace(refused.writes[0], accepts=("no_code",)),)))
    wrong.append(replace(refused, id="another status", writes=(replace(refused.writes[0], status=418),)))
    done = replace(refused, id="done", writes=tuple(replace(write, accepts=(OK,)) for write in refused.writes))
    cases = [*held, *wrong, done]
    async with world(shop, len(cases), lanes=3) as made:
        outcome = await runner.run(made, cases)
    assert set(outcome.wrong) == {case.id for case in [*wrong, done]}, outcome.wrong
    positives = [case for case in held if case.kind == "positives"]
    assert outcome.right["positives"] == len(positives)
    assert outcome.total["positives"] == 2 * len(positives)


async def test_lost_answers_change_nothing_on_postgresql(
    shop: Json, tasks: list[Case], postgres_url: Callable[..., str]
) -> None:
    cases = a_handful(tasks)[:4]
    fault = Fault(("timeout_after_effect", "error_after_effect"), 2)
    async with world(shop, len(cases), lanes=2, database_url=postgres_url(empty=True), struck=True) as made:
        outcome = await runner.run(made, cases, fault)
    assert outcome.wrong == {}
    assert outcome.struck > 0


def test_the_last_line_counts_and_the_exit_code_tells(
    data: Path, tasks: list[Case], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    idle = next(task for task in tasks if not task.writes)
    lines = (data / "tasks_dev.jsonl").read_text(encoding="utf-8").splitlines()
    right: Json = next(row for row in map(json.loads, lines) if row["id"] == idle.id)
    wrong = {**right, "id": "other", "expected": {"orders": {"#W0": {}}}}
    path, negatives = tmp_path / "tasks.jsonl", tmp_path / "negatives.json"
    negatives.write_text(json.dumps({"cases": [], "controls": []}))
    for rows, code, last in (
        ([right], 0, "positives 1/1 negatives 0/0 controls 0/0"),
        ([right, wrong], 1, "positives 1/2 negatives 0/0 controls 0/0"),
    ):
        path.write_text("\n".join(map(json.dumps, rows)))
        assert command.main(["--tasks", str(path), "--negatives", str(negatives), "--lanes", "1"]) == code
        said = capsys.readouterr().out.splitlines()
        assert said[-1] == last
        assert any(line.startswith("other: orders #W0: is not there") for line in said) == (code == 1)
