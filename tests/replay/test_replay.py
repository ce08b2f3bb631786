"""The replay over HTTP: a handful of tasks and attempts hold, and no task whose expectation is altered does."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.replay import __main__ as command
from tests.replay import runner
from tests.replay.cases import OK, Case, load_negatives, load_tasks
from tests.replay.comparison import Shop, differences
from tests.replay.reached import reached
from tests.replay.world import Fault, world
from tests.tools import retail

Json = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]


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
    """The task with one value of what is expected of it changed, another one for each task."""
    changed = copy.deepcopy(task.expected)
    leaves = list(_leaves(changed))
    if leaves:
        holder, name = random.Random(task.id).choice(leaves)
        holder[name] = _other(holder[name])
    else:
        number, order = next(iter(shop["orders"].items()))
        changed = {"orders": {number: {**order, "status": "cancelled"}}}
    return replace(task, id=f"{task.id} altered", expected=changed)


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + (0.01 if isinstance(value, int | float) else "x")


def _leaves(value: Any) -> Iterable[tuple[Any, Any]]:
    for name, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, dict | list):
            yield from _leaves(item)
        else:
            yield value, name


def test_every_task_holds_in_the_state_that_it_expects_and_none_with_one_expected_value_altered(
    shop: Json, tasks: list[Case]
) -> None:
    before = Shop(retail.convert(shop))
    ends = {task.id: reached(shop, before, task.expected) for task in tasks}
    told = {task.id: list(differences(before, ends[task.id], task.expected)) for task in tasks}
    assert {name: found for name, found in told.items() if found} == {}
    passed = [task.id for task in tasks if not any(differences(before, ends[task.id], altered(task, shop).expected))]
    assert (len(tasks), passed) == (214, [])


async def test_a_handful_holds_and_no_attempt_with_another_code_or_status(
    data: Path, shop: Json, tasks: list[Case]
) -> None:
    forbidden = load_negatives(data / "negatives_dev.json")
    held = [*a_handful(tasks), *forbidden[::8]]
    refused = next(case for case in held if case.kind == "negatives")
    wrong = [
        replace(refused, id="another code", writes=(replace(refused.writes[0], accepts=("no_code",)),)),
        replace(refused, id="another status", writes=(replace(refused.writes[0], status=418),)),
    ]
    done = replace(refused, id="done", writes=tuple(replace(write, accepts=(OK,)) for write in refused.writes))
    cases = [*held, *wrong, done]
    async with world(shop, len(cases), lanes=3) as made:
        outcome = await runner.run(made, cases)
    assert set(outcome.wrong) == {case.id for case in [*wrong, done]}, outcome.wrong
    positives = [case for case in held if case.kind == "positives"]
    assert (outcome.right["positives"], outcome.total["positives"]) == (len(positives), len(positives))


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
    data: Path, shop: Json, tasks: list[Case], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    idle = next(task for task in tasks if not task.writes)
    asked = write_files(data, tmp_path, {idle.id: idle})
    assert command.main([*asked, "--lanes", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "positives 1/1 negatives 0/0 controls 0/0"


def test_of_altered_tasks_the_command_says_that_none_holds(
    data: Path, shop: Json, tasks: list[Case], tmp_path: Path
) -> None:
    wrong = {task.id: altered(task, shop) for task in a_handful(tasks)[:3]}
    asked = write_files(data, tmp_path, wrong)
    done = subprocess.run(
        [sys.executable, "-m", "tests.replay", *asked],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = done.stdout.splitlines()
    assert (done.returncode, said[-1]) == (1, "positives 0/3 negatives 0/0 controls 0/0"), done.stdout + done.stderr
    told = {case_id: why for case_id, _, why in (line.partition(": ") for line in said[:-2])}
    assert set(told) == set(wrong)
    assert all(why.startswith(("orders ", "users ")) for why in told.values()), "the state is wrong, not an answer"


def write_files(data: Path, folder: Path, cases: dict[str, Case]) -> list[str]:
    """The rows of the task file with these ids, each with what its case expects, and no attempts: as options."""
    lines = (data / "tasks_dev.jsonl").read_text(encoding="utf-8").splitlines()
    rows: list[Json] = [
        {**row, "expected": cases[row["id"]].expected} for row in map(json.loads, lines) if row["id"] in cases
    ]
    path, negatives = folder / "tasks.jsonl", folder / "negatives.json"
    path.write_text("\n".join(json.dumps(row, default=float) for row in rows))
    negatives.write_text(json.dumps({"cases": [], "controls": []}))
    return ["--tasks", str(path), "--negatives", str(negatives)]
